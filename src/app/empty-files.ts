/** Files without a statement → those that may lack one, and what a run says of them. */
import { items, kindOf, node, word } from "../core/ast.ts";
import { MigrateError } from "../core/errors.ts";
import type { Migration } from "../core/migration.ts";
import type { Plan } from "../core/plan/types.ts";
import type { ServerVersion } from "../core/server-version.ts";
import type { Facts, ParsedStatement } from "../core/statement/facts.ts";
import { createGrammar, type Grammar } from "../io/grammar.ts";
import type { Deps, Project } from "./project.ts";

/** Many are written with OR REPLACE or IF NOT EXISTS, and stay with good reason. */
const CREATES = /^CREATE (?!EXTENSION|FUNCTION|PROCEDURE)/;

/**
 * Whether the migration, whose down file has no statement, leaves what its up file makes: such an up fails the second time.
 * Not where the down file says with `accepts` what it leaves, and of an up file that has a fault nothing is known.
 */
export const leavesWhatItMakes = (migration: Migration, grammar: Grammar): Promise<boolean> =>
  // Only the tree says what an ALTER TABLE alters.
  leaves(migration, grammar, (facts, seen) => facts.some(({ tag }) => CREATES.test(tag)) || seen.some(adds));

/** Whether the statements of the up file of such a migration are of a kind; the same of `accepts` and of faults. */
async function leaves(
  { up, down }: Migration,
  grammar: Grammar,
  areSuch: (facts: readonly Facts[], seen: readonly ParsedStatement[]) => boolean,
): Promise<boolean> {
  if (down?.header.accepts !== undefined) return false;
  try {
    const seen: ParsedStatement[] = [];
    const { facts } = await grammar.parse(up, (each) => seen.push(each));
    return areSuch(facts, seen);
  } catch (error) {
    if (error instanceof MigrateError) return false;
    throw error;
  }
}

/** Whether it adds something to a table that may not be there yet. */
function adds({ ast }: Pick<ParsedStatement, "ast">): boolean {
  const [kind, tree] = kindOf(ast);
  if (kind !== "AlterTableStmt") return false;
  return items(tree["cmds"]).some((item) => {
    const { subtype, missing_ok } = node(item["AlterTableCmd"]);
    return /^AT_Add(?:Column|Constraint|Identity)$/.test(word(subtype)) && missing_ok !== true;
  });
}

/** Whether a statement is missing in an up file that has so many; one that joins what it follows, or depends on, needs none. */
export const isEmptyUp = ({ parents, dependsOn }: Migration, statements: number): boolean =>
  statements === 0 && parents.length + dependsOn.length < 2;

/** Warns of the steps that only write the ledger. */
export async function warnOfEmptyFiles(
  { migrations }: Project,
  { kind, steps }: Pick<Plan, "kind" | "steps">,
  server: ServerVersion | undefined,
  onNotice: Deps["onNotice"],
): Promise<void> {
  // A stamp runs no file.
  if (kind !== "upgrade" && kind !== "downgrade") return;
  const grammar = createGrammar(server);
  for (const { revision, direction, statements, path } of steps) {
    const migration = migrations.get(revision);
    if (statements > 0 || migration === undefined) continue;
    const lacks =
      direction === "up"
        ? isEmptyUp(migration, statements)
        : await leaves(migration, grammar, (facts) => facts.length > 0);
    if (!lacks) continue;
    const rest =
      direction === "up"
        ? `the upgrade to ${revision} only records it in the ledger`
        : `what ${migration.up.source.path} did stays, and the downgrade of ${revision} only takes it out of the ledger`;
    onNotice?.({ severity: "WARNING", message: `${path} has no statement: ${rest}` });
  }
}
