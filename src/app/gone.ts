/** A name that the server does not know, and the migrations that ran before → the statement of theirs that took it away. */
import { items, kindOf, node, objectName, rangeName, stringOf, word } from "../core/ast.ts";
import { bare, createdBy } from "../core/diff/schema-files.ts";
import type { RevisionId } from "../core/migration.ts";
import type { Plan, PlanStep } from "../core/plan/types.ts";
import type { LintedStatement } from "../core/rules/lint.ts";
import { locate } from "../core/source.ts";
import { createGrammar } from "../io/grammar.ts";
import { readTrees } from "../io/trees.ts";
import type { Project } from "./project.ts";

/** Answers of a step of a plan which statement before it took a name away: of `applied`, in order, or of a step before. */
export const goneIn =
  (project: Project, applied: () => readonly RevisionId[], { steps }: Pick<Plan, "steps">) =>
  (step: PlanStep, name: string): Promise<string | undefined> => {
    const before = steps.slice(0, steps.indexOf(step)).map(({ revision }) => revision);
    return goneBy(project, [...applied(), ...before], name);
  };

/** `migrations/0002_b.up.sql:5 drops it`; undefined where the last statement that names it so has made it, or none has. */
async function goneBy(
  { migrations }: Project,
  before: readonly RevisionId[],
  name: string,
): Promise<string | undefined> {
  const grammar = createGrammar();
  const isIt = (other: string): boolean =>
    bare(other) === bare(name) && (!other.includes(".") || !name.includes(".") || other === name);
  for (const revision of [...before].reverse()) {
    const up = migrations.get(revision)?.up;
    if (up?.source.text.toLowerCase().includes(bare(name).toLowerCase()) !== true) continue;
    const { source } = up;
    const { statements } = (await readTrees(grammar, up)).file;
    for (const statement of [...statements].reverse()) {
      const { start, end } = statement;
      const made = createdBy(source.text.slice(start, end))?.name;
      if (made !== undefined && isIt(made)) return undefined;
      const does = takenBy(statement, isIt);
      if (does !== undefined) return `${source.path}:${locate(source, start).line} ${does}`;
    }
  }
  return undefined;
}

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
