/**
 * A name that the server does not know, knows already or cannot forget, and the migrations → the statement of theirs that
 * took it away, that made it, that would have made it if it had run, or that makes it too late; and what to type.
 */
import { dotted, items, kindOf, node, objectName, rangeName, stringOf, word } from "../core/ast.ts";
import {
  belowHint,
  type Dependent,
  type Gone,
  goneHint,
  heldHint,
  isRoutine,
  laterHint,
  leftHint,
  madeHint,
  missingFrom,
  missingObject,
  missingRoutine,
  type Named,
  namesKind,
  ownHint,
  partThere,
  stampedHint,
  twiceMade,
  unorderedHint,
} from "../core/failure/missing.ts";
import { ancestors, descendants, nodeOf } from "../core/graph.ts";
import type { Direction } from "../core/header-keys.ts";
import type { Applied } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";
import type { Plan, PlanStep, Statement } from "../core/plan/types.ts";
import { bare } from "../core/quote.ts";
import type { LintedStatement } from "../core/rules/lint.ts";
import { locate } from "../core/source.ts";
import { type Part, partsOf } from "../core/statement/parts.ts";
import { createdBy, hasWord, renamedBy } from "../core/statement/written.ts";
import { downgradeOf, type Failed } from "../core/undoing.ts";
import { createGrammar, type Grammar } from "../io/grammar.ts";
import { readTrees } from "../io/trees.ts";
import type { Project } from "./project.ts";

/** What is applied before the plan, and how, where that is known. */
export type Before = Pick<Applied, "revision"> & Partial<Pick<Applied, "how">>;

type PlanSteps = Pick<Plan, "steps">;

/**
 * Answers of a statement of a step of a plan what happened before it to a name that the server does not find: above it in its
 * file, in `applied`, in order, or in a step before; and where it was not known then, which other migration makes it.
 */
export const goneIn =
  (project: Project, applied: () => readonly Before[], plan: PlanSteps) =>
  async (
    step: PlanStep,
    { origin }: Pick<Statement, "origin">,
    message: string,
  ): Promise<Gone | undefined> => {
    const [missing, part] = [missingObject(message) ?? missingRoutine(message), missingFrom(message)];
    const find =
      missing !== undefined
        ? finderOf(project, missing)
        : part && partFinder(project, part, (table) => isSame(project, part.table!, table));
    if (find === undefined) return undefined;
    const own = origin && (await find(step.revision, { above: origin.start, direction: step.direction }));
    if (own?.does !== undefined) return { hint: ownHint(`line ${own.line} of this file ${own.does}`) };
    const below =
      origin && (await find(step.revision, { above: Number.POSITIVE_INFINITY, direction: step.direction }));
    if (below !== undefined && below.does === undefined && below.line > origin!.line)
      return { hint: belowHint(`line ${below.line} of this file`) };
    // Of what a down file lacks an up file may be the reason; another routine of the name may have other arguments.
    if (step.direction === "down") return undefined;
    if (missing !== undefined && isRoutine(missing.kind)) return undefined;
    const before = beforeStep(plan, applied, step);
    const last = await lastOf(before, find);
    if (last !== undefined)
      return part !== undefined && last.does === undefined ? undefined : goneBy(last, before);
    return part === undefined ? await madeElsewhere(project, step, before, find) : undefined;
  };

/** Answers of a step of a plan that failed because something is there which of the migrations that ran before has made it. */
export const madeIn =
  (project: Project, applied: () => readonly Before[], plan: PlanSteps) =>
  async (step: PlanStep, failed: Failed): Promise<string | undefined> => {
    if (step.direction === "down") return undefined;
    const twice = twiceMade(failed);
    const find = twice === undefined ? await partFinderOf(project, step, failed) : finderOf(project, twice);
    const last = find && (await lastOf(beforeStep(plan, applied, step), find));
    return last === undefined || last.does !== undefined || isStamped(last.row)
      ? undefined
      : madeHint(last.place);
  };

/**
 * Answers of a step back of a plan what another migration has made of what it cannot take away, where that migration need not
 * have been undone before.
 */
export const heldIn =
  (project: Project, applied: () => readonly Before[], { steps }: PlanSteps) =>
  async (step: PlanStep, dependent: Dependent): Promise<string | undefined> => {
    const { graph, migrations } = project;
    const { revision } = step;
    const undone = new Set(steps.slice(0, steps.indexOf(step) + 1).map((each) => each.revision));
    const last = await lastOf(
      applied().filter((row) => !undone.has(row.revision)),
      finderOf(project, dependent),
    );
    if (last === undefined || last.does !== undefined) return undefined;
    const by = last.row.revision;
    // It may be an older one of which something later depends on it.
    if (
      ancestors(graph, [revision]).has(by) ||
      !hasWord(migrations.get(by)!.up.source.text, bare(dependent.on))
    )
      return undefined;
    const other = nodeOf(graph, by).revision;
    return heldHint(dependent, last.place, {
      revision: by,
      undo: downgradeOf(other),
      dependsOn: [...other.dependsOn, revision],
    });
  };

const beforeStep = (
  { steps }: PlanSteps,
  applied: () => readonly Before[],
  step: PlanStep,
): readonly Before[] => [
  ...applied(),
  ...steps.slice(0, steps.indexOf(step)).map(({ revision }) => ({ revision })),
];

export const isStamped = ({ how }: Before): boolean => how === "stamp";

/** What a statement does to what has a name: how it takes it away; undefined: it makes it. */
interface Deed {
  readonly does: string | undefined;
}

const MAKES: Deed = { does: undefined };

const taking = (does: string | undefined): Deed | undefined => (does === undefined ? undefined : { does });

/** The last statement of a migration that is about a name. */
interface Found extends Deed {
  readonly place: string;
  readonly line: number;
}

/** In its up file, or in a part of one of its files. */
type Find = (
  revision: RevisionId,
  where?: { readonly above: number; readonly direction: Direction },
) => Promise<Found | undefined>;

/** The last that is found, in the last of these in which one is. */
async function lastOf(
  rows: readonly Before[],
  find: Find,
): Promise<(Found & { readonly row: Before }) | undefined> {
  for (const row of [...rows].reverse()) {
    const found = await find(row.revision);
    if (found !== undefined) return { ...found, row };
  }
  return undefined;
}

/** Undefined where the run that does not find it made it. */
function goneBy(
  { place, does, row }: Found & { readonly row: Before },
  before: readonly Before[],
): Gone | undefined {
  if (does !== undefined) return { hint: goneHint(`${place} ${does}`) };
  if (isStamped(row)) return { hint: stampedHint(place, row.revision, before.every(isStamped)) };
  return row.how === undefined ? undefined : { hint: leftHint(place), isLeft: true };
}

/** A migration that leaves it there, and was not run before: one that can be, rather than one that waits for this step. */
async function madeElsewhere(
  { graph }: Project,
  { revision }: PlanStep,
  before: readonly Before[],
  find: Find,
): Promise<Gone | undefined> {
  const known = new Set([...ancestors(graph, [revision]), ...before.map((row) => row.revision)]);
  const after = descendants(graph, [revision]);
  let later: string | undefined;
  for (const other of graph.order) {
    const found = known.has(other) ? undefined : await find(other);
    if (found === undefined || found.does !== undefined) continue;
    if (!after.has(other)) {
      const { dependsOn } = nodeOf(graph, revision).revision;
      return { hint: unorderedHint(found.place, [...dependsOn, other]) };
    }
    later ??= found.place;
  }
  return later === undefined ? undefined : { hint: laterHint(later) };
}

function finderOf(project: Project, { kind, name }: Named): Find {
  const isIt: IsIt = (made, other) => namesKind(kind, made) && isSame(project, name, other);
  return lastIn(project, name, (statement, sql) => {
    const made = createdBy(sql) ?? renamedBy(sql);
    if (made !== undefined && isIt(made.kind, made.name)) return MAKES;
    return taking(
      takenBy(statement, isIt) ?? (kind === "index" ? partTaken(statement, isConstraintOf(name)) : undefined),
    );
  });
}

/** Its index goes with it. */
const isConstraintOf =
  (index: string) =>
  ({ kind, name }: Part): boolean =>
    kind === "constraint" && name === bare(index);

/** Of a column, a constraint or an index that the file of the step names, and that is there already. */
async function partFinderOf(
  project: Project,
  { revision }: PlanStep,
  failed: Failed,
): Promise<Find | undefined> {
  const there = partThere(failed);
  const up = project.migrations.get(revision)?.up;
  if (there === undefined || up === undefined) return undefined;
  const isNamed = ({ kind, name }: Part): boolean => kind === there.kind && name === there.name;
  const grammar = createGrammar();
  const { statements } = (await readTrees(grammar, up)).file;
  const tables = statements.flatMap(({ ast }) =>
    partsOf(ast).made.flatMap((part) => (isNamed(part) ? (part.table ?? []) : [])),
  );
  return partFinder(project, there, (table) => tables.some((each) => isSame(project, each, table)), grammar);
}

/** Of a part of one of these tables. */
function partFinder(
  project: Project,
  { kind, name }: Pick<Part, "kind" | "name">,
  isOf: (table: string) => boolean,
  grammar?: Grammar,
): Find {
  const isIt = (part: Part): boolean =>
    part.kind === kind && part.name === name && (part.table === undefined || isOf(part.table));
  const deedOf = (statement: LintedStatement): Deed | undefined =>
    partsOf(statement.ast).made.some(isIt)
      ? MAKES
      : taking(partTaken(statement, isIt) ?? takenBy(statement, (what, of) => what === "table" && isOf(of)));
  return lastIn(project, name, deedOf, grammar);
}

function partTaken({ ast }: Pick<LintedStatement, "ast">, isIt: (part: Part) => boolean): string | undefined {
  if (!partsOf(ast).gone.some(isIt)) return undefined;
  const [kind, tree] = kindOf(ast);
  return kind === "RenameStmt" ? `renames it to ${word(tree["newname"])}` : "drops it";
}

/** Whether two names may be of the same: one alone is that of a schema of search_path, where more is not known. */
function isSame({ config }: Project, name: string, other: string): boolean {
  if (bare(other) !== bare(name)) return false;
  const path = config.session.searchPath ?? ["public"];
  const [one, another = one] = [other, name].filter((each) => each.includes(".")).map(schemaOf);
  return one === another && (other === name || path.includes(one!));
}

/** The last statement of a file with that name in its text that does something to it. */
function lastIn(
  { migrations }: Project,
  name: string,
  deedOf: (statement: LintedStatement, sql: string) => Deed | undefined,
  grammar = createGrammar(),
): Find {
  return async (revision, { above, direction } = { above: Number.POSITIVE_INFINITY, direction: "up" }) => {
    const file = migrations.get(revision)?.[direction];
    if (file?.source.text.toLowerCase().includes(bare(name).toLowerCase()) !== true) return undefined;
    const { source } = file;
    const { statements } = (await readTrees(grammar, file)).file;
    for (const statement of statements.filter(({ start }) => start < above).reverse()) {
      const deed = deedOf(statement, source.text.slice(statement.start, statement.end));
      const { line } = locate(source, statement.start);
      if (deed !== undefined) return { ...deed, line, place: `${source.path}:${line}` };
    }
    return undefined;
  };
}

const schemaOf = (name: string): string => name.slice(0, name.lastIndexOf("."));

/** Whether something of a kind (`materialized view`), by its name, may be what is looked for. */
type IsIt = (kind: string, name: string) => boolean;

function takenBy({ ast, losses }: Pick<LintedStatement, "ast" | "losses">, isIt: IsIt): string | undefined {
  if (losses.some(({ kind, object }) => WHOLE.test(kind) && isIt(kind.replace("drop ", ""), object)))
    return "drops it";
  const [kind, tree] = kindOf(ast);
  if (kind === "AlterObjectSchemaStmt") {
    const moved = MOVED.exec(word(tree["objectType"]))?.[1];
    const was =
      moved === undefined || tree["relation"] === undefined ? undefined : dotted(rangeName(tree["relation"]));
    return was !== undefined && isIt(wordsOf(moved!), was)
      ? `moves it to ${word(tree["newschema"])}`
      : undefined;
  }
  const renamed = RENAMED.exec(word(tree["renameType"]))?.[1];
  if (kind !== "RenameStmt" || renamed === undefined) return undefined;
  const names = items(node(node(tree["object"])["List"])["items"]).map(stringOf);
  const was = dotted(
    tree["relation"] === undefined
      ? objectName(names.length === 0 ? [word(tree["subname"])] : names)
      : rangeName(tree["relation"]),
  );
  return isIt(wordsOf(renamed), was) ? `renames it to ${word(tree["newname"])}` : undefined;
}

/** `OBJECT_FOREIGN_TABLE` without its first word → `foreign table`. */
const wordsOf = (type: string): string =>
  type === "MATVIEW" ? "materialized view" : type.toLowerCase().replace("_", " ");

const WHOLE = /^drop (?:table|foreign table|view|materialized view|sequence|index|type|domain|schema)$/;
const RENAMED = /^OBJECT_(TABLE|FOREIGN_TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|TYPE|DOMAIN|SCHEMA)$/;
const MOVED = /^OBJECT_(TABLE|FOREIGN_TABLE|VIEW|MATVIEW|SEQUENCE)$/;
