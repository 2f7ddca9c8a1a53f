/** All rules of `migrate lint`, and the versions of the set that they make up. */
import { addCheck } from "./add-check.ts";
import { addColumnCheck } from "./add-column-check.ts";
import { addColumnDomain } from "./add-column-domain.ts";
import { addColumnGenerated } from "./add-column-generated.ts";
import { addColumnNotNull } from "./add-column-not-null.ts";
import { addColumnSerial } from "./add-column-serial.ts";
import { addColumnUnique } from "./add-column-unique.ts";
import { addColumnVolatileDefault } from "./add-column-volatile-default.ts";
import { addExclusion } from "./add-exclusion.ts";
import { addForeignKey } from "./add-foreign-key.ts";
import { addPrimaryKey } from "./add-primary-key.ts";
import { addUnique } from "./add-unique.ts";
import { attachPartition } from "./attach-partition.ts";
import { blockedWork } from "./blocked-work.ts";
import { blockingAdvisoryLock } from "./blocking-advisory-lock.ts";
import { changeAllRows } from "./change-all-rows.ts";
import { changeColumnType } from "./change-column-type.ts";
import { changeTimeZone } from "./change-time-zone.ts";
import { columnJson } from "./column-json.ts";
import { concurrentlyIfNotExists } from "./concurrently-if-not-exists.ts";
import { createDomainConstraint } from "./create-domain-constraint.ts";
import { createEnum } from "./create-enum.ts";
import { createExtension } from "./create-extension.ts";
import { createIndex } from "./create-index.ts";
import { createPartition } from "./create-partition.ts";
import { detachPartition } from "./detach-partition.ts";
import { disableTriggers } from "./disable-triggers.ts";
import { domainConstraint } from "./domain-constraint.ts";
import { dropCascade } from "./drop-cascade.ts";
import { dropColumn } from "./drop-column.ts";
import { dropDatabase } from "./drop-database.ts";
import { dropForeignKey } from "./drop-foreign-key.ts";
import { dropIndex } from "./drop-index.ts";
import { dropNotNull } from "./drop-not-null.ts";
import { dropSchema } from "./drop-schema.ts";
import { dropTable } from "./drop-table.ts";
import { duplicateAssignment } from "./duplicate-assignment.ts";
import { endlessBatch } from "./endless-batch.ts";
import { enumValueOrder } from "./enum-value-order.ts";
import { enumValueUsed } from "./enum-value-used.ts";
import { foreignKeyWithoutIndex } from "./foreign-key-without-index.ts";
import { grantPublic } from "./grant-public.ts";
import { identifierTooLong } from "./identifier-too-long.ts";
import { ifNotExists } from "./if-not-exists.ts";
import { invisibleCharacter } from "./invisible-character.ts";
import { noLockTimeout } from "./no-lock-timeout.ts";
import { notEnforced } from "./not-enforced.ts";
import { pendingTriggerEvents } from "./pending-trigger-events.ts";
import { preferBigint } from "./prefer-bigint.ts";
import { preferIdentity } from "./prefer-identity.ts";
import { preferNumeric } from "./prefer-numeric.ts";
import { preferText } from "./prefer-text.ts";
import { preferTimestamptz } from "./prefer-timestamptz.ts";
import { primaryKeyNullable } from "./primary-key-nullable.ts";
import { refreshMaterializedView } from "./refresh-materialized-view.ts";
import { reindex } from "./reindex.ts";
import { renameColumn } from "./rename-column.ts";
import { renameEnumValue } from "./rename-enum-value.ts";
import { renameIndexAsTable } from "./rename-index-as-table.ts";
import { renameSchema } from "./rename-schema.ts";
import { renameTable } from "./rename-table.ts";
import { rewriteTable } from "./rewrite-table.ts";
import { rowSecurityWithoutPolicy } from "./row-security-without-policy.ts";
import type { Rule } from "./rule.ts";
import { securityDefiner } from "./security-definer.ts";
import { setExpression } from "./set-expression.ts";
import { setLogged } from "./set-logged.ts";
import { setNotNull } from "./set-not-null.ts";
import { setTablespace } from "./set-tablespace.ts";
import { severalScans } from "./several-scans.ts";
import { severalTablesLocked } from "./several-tables-locked.ts";
import { statementFails } from "./statement-fails.ts";
import { truncate } from "./truncate.ts";
import { unqualifiedName } from "./unqualified-name.ts";
import { unreadEffect } from "./unread-effect.ts";
import { validateWithAdd } from "./validate-with-add.ts";
import { wideIndex } from "./wide-index.ts";
import { workUnderLock } from "./work-under-lock.ts";

/** The newest version of the rule set. It grows when a rule is added, or finds more, or weighs more than before. */
export const RULE_SET = 1;

/** In the order of their names. */
export const allRules: readonly Rule[] = [
  addCheck,
  addColumnCheck,
  addColumnDomain,
  addColumnGenerated,
  addColumnNotNull,
  addColumnSerial,
  addColumnUnique,
  addColumnVolatileDefault,
  addExclusion,
  addForeignKey,
  addPrimaryKey,
  addUnique,
  attachPartition,
  blockedWork,
  blockingAdvisoryLock,
  changeAllRows,
  changeColumnType,
  changeTimeZone,
  columnJson,
  concurrentlyIfNotExists,
  createDomainConstraint,
  createEnum,
  createExtension,
  createIndex,
  createPartition,
  detachPartition,
  disableTriggers,
  domainConstraint,
  dropCascade,
  dropColumn,
  dropDatabase,
  dropForeignKey,
  dropIndex,
  dropNotNull,
  dropSchema,
  dropTable,
  duplicateAssignment,
  endlessBatch,
  enumValueOrder,
  enumValueUsed,
  foreignKeyWithoutIndex,
  grantPublic,
  identifierTooLong,
  ifNotExists,
  invisibleCharacter,
  noLockTimeout,
  notEnforced,
  pendingTriggerEvents,
  preferBigint,
  preferIdentity,
  preferNumeric,
  preferText,
  preferTimestamptz,
  primaryKeyNullable,
  refreshMaterializedView,
  reindex,
  renameColumn,
  renameEnumValue,
  renameIndexAsTable,
  renameSchema,
  renameTable,
  rewriteTable,
  rowSecurityWithoutPolicy,
  securityDefiner,
  setExpression,
  setLogged,
  setNotNull,
  setTablespace,
  severalScans,
  severalTablesLocked,
  statementFails,
  truncate,
  unqualifiedName,
  unreadEffect,
  validateWithAdd,
  wideIndex,
  workUnderLock,
];
