/**
 * A name that the server does not know, and the migrations before → the statement of theirs that took it away, that made it, or
 * that would have made it if it had run; and what to type.
 */
import { items, kindOf, node, objectName, rangeName, stringOf, word } from "../core/ast.ts";
import { createdBy } from "../core/diff/schema-files.ts";
import { type Gone, goneHint, leftHint, stampedHint } from "../core/failure/missing.ts";
import type { Applied } from "../core/ledger/types.ts";
import type { Plan, PlanStep } from "../core/plan/types.ts";
import { bare } from "../core/quote.ts";
import type { LintedStatement } from "../core/rules/lint.ts";
import { locate } from "../core/source.ts";
import { createGrammar } from "../io/grammar.ts";
import { readTrees } from "../io/trees.ts";
import type { Project } from "./project.ts";

/** What is applied before the plan, and how, where that is known. */
type Before = Pick<Applied, "revision"> & Partial<Pick<Applied, "how">>;

/** Answers of a step of a plan what happened to a name before it: in `applied`, in order, or in a step before. */
export const goneIn =
  (project: Project, applied: () => readonly Before[], { steps }: Pick<Plan, "steps">) =>
  (step: PlanStep, name: string): Promise<Gone | undefined> => {
    const before = steps.slice(0, steps.indexOf(step)).map(({ revision }) => ({ revision }));
    return goneBy(project, [...applied(), ...before], name);
  };

/** Undefined where none has named it so, or the last that did made it in the run that does not find it. */
async function goneBy(
  { migrations, config }: Project,
  before: readonly Before[],
  name: string,
): Promise<Gone | undefined> {
  const grammar = createGrammar();
  // A name alone is that of a schema of search_path, where more is not known.
  const path = config.session.searchPath ?? ["public"];
  const isIt = (other: string): boolean => {
    if (bare(other) !== bare(name)) return false;
    const [one, another = one] = [other, name].filter((each) => each.includes(".")).map(schemaOf);
    return one === another && (other === name || path.includes(one!));
  };
  const isStamped = ({ how }: Before): boolean => how === "stamp";
  const madeBy = (row: Before, place: string): Gone | undefined => {
    if (isStamped(row)) return { hint: stampedHint(place, row.revision, before.every(isStamped)) };
    return row.how === undefined ? undefined : { hint: leftHint(place), isLeft: true };
  };
  for (const row of [...before].reverse()) {
    const up = migrations.get(row.revision)?.up;
    if (up?.source.text.toLowerCase().includes(bare(name).toLowerCase()) !== true) continue;
    const { source } = up;
    const { statements } = (await readTrees(grammar, up)).file;
    for (const statement of [...statements].reverse()) {
      const { start, end } = statement;
      const made = createdBy(source.text.slice(start, end))?.name;
      const place = (): string => `${source.path}:${locate(source, start).line}`;
      if (made !== undefined && isIt(made)) return madeBy(row, place());
      const does = takenBy(statement, isIt);
      if (does !== undefined) return { hint: goneHint(`${place()} ${does}`) };
    }
  }
  return undefined;
}

const schemaOf = (name: string): string => name.slice(0, name.lastIndexOf("."));

function takenBy(
  { ast, losses }: Pick<LintedStatement, "ast" | "losses">,
  isIt: (name: string) => boolean,
): string | undefined {
  if (losses.some(({ kind, object }) => WHOLE.test(kind) && isIt(object))) return "drops it";
  const [kind, tree] = kindOf(ast);
  if (kind !== "RenameStmt" || !RENAMED.test(word(tree["renameType"]))) return undefined;
  const names = items(node(node(tree["object"])["List"])["items"]).map(stringOf);
  const { schema, name } =
    tree["relation"] === undefined
      ? objectName(names.length === 0 ? [word(tree["subname"])] : names)
      : rangeName(tree["relation"]);
  const was = schema === undefined ? name : `${schema}.${name}`;
  return isIt(was) ? `renames it to ${word(tree["newname"])}` : undefined;
}

const WHOLE = /^drop (?:table|foreign table|view|materialized view|sequence|index|type|domain|schema)$/;
const RENAMED = /^OBJECT_(?:TABLE|FOREIGN_TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|TYPE|DOMAIN|SCHEMA)$/;
