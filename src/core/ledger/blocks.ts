/**
 * The names of a ledger → the DO blocks that use none of its procedures: the lock, the creation of the ledger, and what puts
 * back its tables and procedures. Each pins the search path before its first expression.
 */

import { dollarQuoted, literal, qualified } from "../quote.ts";
import { majorOf, OLDEST } from "../server-version.ts";
import {
  FORMAT,
  formatFiles,
  inSchema,
  ledgerFiles,
  othersSql,
  rightsSql,
  strangersHint,
  tableFiles,
  withParts,
} from "./format.ts";
import { mayBeCreated } from "./grants.ts";
import { type LedgerNames, sqlstates } from "./types.ts";

/** Where something may be done. */
export interface Place {
  /** `server_version_num`. */
  readonly minimumVersion?: number;
  /** Which of that its SQL needs, whatever else was asked for. */
  readonly syntaxVersion?: number;
  readonly database?: string;
  /** The role that connects. */
  readonly role?: string;
}

/** SQLSTATE `insufficient_privilege`. */
const NO_RIGHT = "42501";

/** A DO block over lines of PL/pgSQL. */
const block = (lines: readonly string[]): string =>
  `DO ${dollarQuoted(
    `\nBEGIN\n  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);\n${lines.join("\n")}\nEND\n`,
  )};`;

/** Lines that stand within an IF; what follows a line break in one of them, too. */
const indented = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => `  ${line.replaceAll("\n", "\n  ")}`);

/** `message` and `hint` are SQL expressions. */
const stopIf = (
  condition: string,
  message: string,
  hint: string,
  sqlstate: string = sqlstates.guard,
): readonly string[] => [
  `  IF ${condition} THEN`,
  `    RAISE EXCEPTION USING ERRCODE = '${sqlstate}',`,
  `      MESSAGE = ${message},`,
  `      HINT = ${hint};`,
  "  END IF;",
];

/**
 * Stops in the wrong place; then takes the lock, or stops at once: to wait in a statement would stop a CREATE INDEX
 * CONCURRENTLY of the one that holds it. Without the lock no later guard lets the session pass.
 */
export function lockBlock(key: string, { schema }: LedgerNames, place: Place): string {
  const nothing = (then = ""): string => literal(`Nothing was changed.${then}`);
  return block([
    ...stopIf(
      "length('\n') <> 1",
      literal("retort: this script was changed: its line ends were converted"),
      nothing(" Copy the file in binary mode, not as text."),
    ),
    ...(place.minimumVersion === undefined
      ? []
      : stopIf(
          `current_setting('server_version_num')::integer < ${place.minimumVersion}`,
          `concat('retort: this needs PostgreSQL ${versionName(place.minimumVersion)} or later; the server is ',\n        current_setting('server_version'))`,
          olderServerHint(place.minimumVersion, place.syntaxVersion),
        )),
    ...(place.database === undefined
      ? []
      : stopIf(
          `current_database() <> ${literal(place.database)}`,
          `concat(${literal(`retort: this script is for the database ${place.database}; connected to `)}, current_database())`,
          nothing(" Connect to the right database."),
        )),
    ...(place.role === undefined
      ? []
      : stopIf(
          `SESSION_USER <> ${literal(place.role)}`,
          `concat(${literal(`retort: this script must be run by the role ${place.role}; connected as `)}, SESSION_USER)`,
          nothing(" Connect as the right role."),
        )),
    ...stopIf(
      `NOT pg_try_advisory_lock(${key})`,
      `concat(${literal(`retort: another session holds the lock of the ledger ${qualified(schema)}`)},\n        ': ' || ${ofHolders(key, "holders")})`,
      `coalesce(${ofHolders(key, "ending")},\n        ${nothing(" Wait until it is done and try again.")})`,
      sqlstates.lockHeld,
    ),
    `  PERFORM pg_advisory_lock_shared(${key}),\n    pg_advisory_lock_shared(${key});`,
  ]);
}

/** Of those who hold the lock, as an SQL expression: null where there is none, or that session has ended since. */
const ofHolders = (key: string, part: "holders" | "ending"): string =>
  withParts(
    [
      "(SELECT",
      `          /* ${part} */`,
      "        FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid",
      "        WHERE l.granted AND l.locktype = 'advisory' AND l.objsubid = 1",
      "          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())",
      `          AND l.classid = ${BigInt.asUintN(32, BigInt(key) >> 32n)} AND l.objid = ${BigInt.asUintN(32, BigInt(key))})`,
    ].join("\n"),
  );

/** Gives the lock back, however often this session has taken it. */
export const unlockBlock = (key: string): string =>
  block(
    (["ExclusiveLock", "ShareLock"] as const).map(
      (mode) =>
        `  WHILE EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND mode = '${mode}'\n` +
        "      AND locktype = 'advisory' AND objsubid = 1\n" +
        `      AND classid = ${BigInt.asUintN(32, BigInt(key) >> 32n)} AND objid = ${BigInt.asUintN(32, BigInt(key))}) LOOP\n` +
        `    PERFORM pg_advisory_unlock${mode === "ShareLock" ? "_shared" : ""}(${key});\n  END LOOP;`,
    ),
  );

/** How it may be created, as an SQL expression. `object`: what the right is on, and `as` which part of a format. */
function creatingSql(
  on: "database" | "schema",
  object: string,
  as: string,
  { schema, role }: LedgerNames,
): string {
  const words = { object: as, to: "%2$I", schema: "%3$s", migrate: "%4$s" };
  const way = mayBeCreated({ on, ...words, isSet: role !== undefined });
  const lines = `Nothing was changed. A${way.slice(1)}`.split(/(?<=[:;] )/);
  return [
    `format(${lines.map((line) => `'${line}'`).join("\n        ")},`,
    `${object}, CURRENT_USER, ${literal(qualified(schema))},`,
    // With the flags that say which project a script is of.
    "concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), '')))",
  ].join("\n        ");
}

/** Creates the ledger where there is none; with `upgrades`, brings an older one to this format. */
export function createBlock(names: LedgerNames, upgrades: boolean): string {
  const { schema } = names;
  const execute = executing(schema);
  const place = `to_regnamespace(${literal(qualified(schema))})`;
  const others = `${othersSql(schema)}\n      UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p\n        WHERE p.pronamespace = ${place}`;
  const format = `(SELECT max(s.format) FROM ${qualified(schema)}.state AS s)`;
  const older = [
    `  IF ${format} < ${FORMAT} THEN`,
    ...keepingRights(schema, [
      ...Object.entries(formatFiles).flatMap(([to, text]) => [
        `  IF ${format} = ${Number(to) - 1} THEN`,
        execute(text, "tables"),
        "  END IF;",
      ]),
      execute(ledgerFiles.procedures, "procedures"),
    ]),
    "  END IF;",
  ];
  return block([
    // Where only some of it is there, the guard says so. The names are not looked up, which fails without USAGE.
    `  IF NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = ${place}\n      AND relname IN ('state', 'applied'))`,
    `    AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = ${place}\n      AND proname = 'lock_key') THEN`,
    ...indented([
      ...stopIf(
        `EXISTS (${others})`,
        literal(`retort: the schema ${qualified(schema)} has objects that are not the ledger's`),
        literal(strangersHint(schema, undefined)),
      ),
      ...stopIf(
        `${place} IS NULL\n    AND NOT has_database_privilege(current_database(), 'CREATE')`,
        "format('retort: %s may not create the ledger, and lacks: CREATE on the database',\n        CURRENT_USER)",
        creatingSql("database", "current_database()", "%1$I", names),
        NO_RIGHT,
      ),
      ...stopIf(
        `NOT has_schema_privilege(${place}, 'CREATE')\n    OR NOT has_schema_privilege(${place}, 'USAGE')`,
        `format('retort: %s may not create the ledger, which needs '\n        'CREATE and USAGE on the schema %s', CURRENT_USER, ${place})`,
        creatingSql("schema", place, "%1$s", names),
        NO_RIGHT,
      ),
    ]),
    `    IF ${place} IS NULL THEN`,
    `      CREATE SCHEMA ${qualified(schema)};`,
    "    END IF;",
    execute(ledgerFiles.tables, "tables"),
    execute(ledgerFiles.procedures, "procedures"),
    "  END IF;",
    ...(upgrades ? older : []),
  ]);
}

/** Creates those of the ledger's tables that are missing. */
export function restoreTablesBlock({ schema }: LedgerNames): string {
  const execute = executing(schema);
  return block(
    tableFiles().flatMap(({ name, text }) => [
      `  IF to_regclass(${literal(`${qualified(schema)}.${name}`)}) IS NULL THEN`,
      execute(text, "tables"),
      "  END IF;",
    ]),
  );
}

/** Creates the primary keys that are missing. That no rows are in their way, the guard before it has seen. */
export function restoreKeysBlock({ schema }: LedgerNames): string {
  return block(
    tableFiles().flatMap(({ name, key }) => {
      const table = `${qualified(schema)}.${name}`;
      return [
        `  IF NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'p'\n      AND conrelid = to_regclass(${literal(table)})) THEN`,
        `    ALTER TABLE ${table} ADD CONSTRAINT ${name}_pkey PRIMARY KEY (${key});`,
        "  END IF;",
      ];
    }),
  );
}

/** Creates the ledger's procedures anew. Where the schema has others, which are not ours to drop, the guard before it stops. */
export function restoreProceduresBlock({ schema }: LedgerNames): string {
  const place = `to_regnamespace(${literal(qualified(schema))})`;
  const view = `${qualified(schema)}.progress`;
  const own = `(SELECT string_agg(format('DROP ROUTINE %s;', p.oid::regprocedure), ' ') FROM pg_proc AS p\n      WHERE p.pronamespace = ${place})`;
  return block([
    ...keepingRights(schema, [
      // Without a notice where it is missing, as after a restore of the tables alone.
      `  IF to_regclass(${literal(view)}) IS NOT NULL THEN DROP VIEW ${view}; END IF;`,
      `  EXECUTE coalesce(${own}, '');`,
      executing(schema)(ledgerFiles.procedures, "procedures"),
    ]),
  ]);
}

/**
 * Lines that make the procedures anew, and give the rights on them again: those that a role was granted, or that the owner's
 * default privileges do not give, would be gone with the old ones. No line is indented, since they have the bodies.
 */
const keepingRights = (schema: string, lines: readonly string[]): readonly string[] => [
  "  DECLARE",
  "    rights CONSTANT pg_catalog.text := (",
  ...indented(indented(indented([`${rightsSql(schema)});`]))),
  "  BEGIN",
  ...lines,
  "    EXECUTE rights;",
  "  END;",
];

/** What executes the text of a file, in that schema, within a block. */
const executing =
  (schema: string) =>
  (text: string, tag: string): string =>
    `    EXECUTE ${dollarQuoted(`\n${inSchema(text, schema).trimEnd()}\n`, tag)};`;

/** 150004 → "15.4", 160000 → "16". */
/** An expression: whoever has asked for a newer server may ask for this one, as far as the SQL does not need a newer one. */
function olderServerHint(minimum: number, syntax = 0): string {
  const version = "current_setting('server_version_num')::integer";
  const asked = `concat('Nothing was changed. Write the script for this server with: --server-version ',\n        ${version} / 10000)`;
  if (syntax === 0) return asked;
  const upgrade = `Nothing was changed. Its SQL needs PostgreSQL ${versionName(syntax)}: upgrade the server`;
  const needed =
    majorOf(syntax) === OLDEST
      ? literal(`${upgrade}.`)
      : `concat('${upgrade}; '\n        'or change the statements that are named when it is written with: --server-version ',\n        ${version} / 10000)`;
  return minimum <= syntax
    ? needed
    : `CASE WHEN ${version} < ${syntax}\n        THEN ${needed}\n        ELSE ${asked} END`;
}

function versionName(number: number): string {
  const minor = number % 10000;
  return `${majorOf(number)}${minor === 0 ? "" : `.${minor}`}`;
}
