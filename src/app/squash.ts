/**
 * A range of migrations → one that replaces them. It is written only after a proof on a scratch database: it leads to the same
 * schema and rows as they do, and its downgrade to the same schema as theirs.
 */

import { assemble } from "../core/assemble.ts";
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs } from "../core/catalog/compare.ts";
import { wouldBe } from "../core/diff/verdict.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { ancestors, descendants, type Graph, inOrder, nodeOf } from "../core/graph.ts";
import { describe } from "../core/graph-faults.ts";
import { type Migration, type Revision, type RevisionId, sourcesOf } from "../core/migration.ts";
import { shellWord } from "../core/shell.ts";
import { type SquashChoice, type SquashedBody, type SquashedFile, squashedBody } from "../core/squash.ts";
import { parseRange, revisionsOf } from "../core/steps.ts";
import { parseRelative } from "../core/target.ts";
import { unique } from "../core/unique.ts";
import { type RowsByTable, tablesWithOtherRows } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import { createGrammar } from "../io/grammar.ts";
import { randomHex } from "../io/random.ts";
import { readRows } from "../io/rows.ts";
import type { Scratch } from "../io/scratch/types.ts";
import type { Session } from "../io/session/types.ts";
import { emptyBefore, withPath } from "./beforehand.ts";
import { type Deps, openProject, type Project, withMigrations } from "./project.ts";
import { isRefusal, RAN_BEFORE, reasonsOf } from "./refusal.ts";
import { downwards, runSteps, trySteps, upwards, withStandIns } from "./replay.ts";
import { createSquashed, type NewRevision, type RevisionOptions, textsAround } from "./revision.ts";
import { type ScratchUse, withScratch } from "./scratch.ts";

export interface SquashOptions
  extends Omit<RevisionOptions, "heads" | "splice" | "dependsOn" | "template" | "message">,
    Pick<ScratchUse, "onScratch"> {
  /** `start:end`: what comes after the start, up to the end. */
  readonly range: string;
  /** Default: says how many were squashed. */
  readonly message?: string | undefined;
}

export interface Squashed {
  readonly created: NewRevision;
  /** In the order in which they are run. */
  readonly replaces: readonly RevisionId[];
  /** The files of these, and of squashed migrations that replace some of them; they may go when every database has them all. */
  readonly replacedFiles: readonly string[];
  /** What is created and dropped again, and stands in the new files no more. */
  readonly leftOut: readonly string[];
  /** Tables whose rows are others each time, such as by `now()`: of these the number of rows was compared. */
  readonly unsteady: readonly string[];
}

/** Throws `usage/squash` for a range that cannot be one migration, and `findings/not-proven`; then nothing is written. */
export async function squash(deps: Deps, options: SquashOptions): Promise<Squashed> {
  const project = await openProject(deps, options);
  const { graph } = project;
  // What a branch depends on is no part of it.
  const members = inOrder(graph, revisionsOf(graph, options.range, "lineage"));
  refuseRange(graph, members, options.range);
  const again = squashedBefore(project, members, options.range);
  const order = inOrder(graph, ancestors(graph, members));
  const squashed = revisionFor(project, members, options);
  return withScratch(deps, project, { revisions: order, onScratch: options.onScratch }, async (scratch) => {
    const work = {
      deps,
      project: withPath(project, scratch),
      pins: project.pins,
      scratch,
      members,
      squashed,
      range: options.range,
      before: order.filter((id) => !members.includes(id)),
    };
    const { body, unsteady } = await provenBody(work);
    return {
      created: await createSquashed(deps, project, squashed, body, options),
      replaces: members,
      replacedFiles: [...members.map((id) => project.migrations.get(id)!), ...again].flatMap(filesOf),
      leftOut: body.leftOut,
      unsteady,
    };
  });
}

const filesOf = (migration: Migration): readonly string[] => sourcesOf(migration).map(({ path }) => path);

/** Throws `usage/squash` for what is no range of several, or has others in between: these would need it, and it them. */
function refuseRange(graph: Graph, members: readonly RevisionId[], range: string): void {
  const [only, ...others] = graph.order;
  if (others.length === 0) {
    throw new MigrateError({
      code: "usage/squash",
      message: `the project has ${only === undefined ? "no migration" : `one migration, ${only}`}: there is nothing to squash`,
      hint: 'a squash replaces two or more; to write the next: migrate revision -m "…"',
    });
  }
  const sides = parseRange(range);
  const isRange = sides !== undefined;
  if (isRange && members.length > 1) {
    refuseBetween(graph, members, range);
    return;
  }
  if (isRange && members.length === 0 && sides.start !== "" && sides.end !== "") {
    const reversed = `${sides.end}:${sides.start}`;
    if (revisionsOf(graph, reversed, "lineage").size > 0) {
      throw new MigrateError({
        code: "usage/reversed-range",
        message: `'${range}' begins with the later revision`,
        hint: `a range is written start:end, and its start is not included: migrate squash ${shellWord(reversed)}`,
      });
    }
  }
  const found = members.length === 0 ? "no revision" : `only ${members[0]}`;
  // Nothing can be counted from base down, and up to the first revision there is one.
  const isEnd =
    !isRange && parseRelative(range)?.symbol !== "" && ancestors(graph, members, "lineage").size > 1;
  throw new MigrateError({
    code: "usage/squash",
    message: isRange
      ? `'${range}' covers ${found}, but a squash needs at least two`
      : `'${range}' is not a range`,
    hint: `name the start, which is not included, and the end; from the first migration: migrate squash ${isEnd ? shellWord(`base:${range}`) : "base:REVISION"}`,
  });
}

function refuseBetween(graph: Graph, members: readonly RevisionId[], range: string): void {
  const above = descendants(graph, members);
  const between = inOrder(graph, ancestors(graph, members)).find(
    (id) => above.has(id) && !members.includes(id),
  );
  if (between === undefined) return;
  const needed = ancestors(graph, [between]);
  const needing = descendants(graph, [between]);
  const last = members.findLast((id) => needed.has(id))!;
  const next = members.find((id) => needing.has(id))!;
  throw new MigrateError({
    code: "usage/squash",
    message: `'${range}' cannot be one migration: ${between}, which is not in it, needs ${last}, and ${next} needs ${between}`,
    hint: `name a range that ends before ${next}, or one that starts at ${last}`,
  });
}

/**
 * The squashed migrations that the new one takes the place of before they count. Throws `usage/squash` where one of them also
 * replaces what is outside the range, or nothing less than all of it.
 */
function squashedBefore(
  { dormant }: Project,
  members: readonly RevisionId[],
  range: string,
): readonly Migration[] {
  const before = dormant.filter(({ replaces = [] }) => replaces.some((id) => members.includes(id)));
  for (const each of before) {
    const outside = each.replaces!.filter((id) => !members.includes(id));
    if (outside.length === 0 && each.replaces!.length < members.length) continue;
    const what =
      outside.length === 0
        ? `replaces all of '${range}' already`
        : `also replaces ${outside.join(", ")}, which ${outside.length === 1 ? "is" : "are"} not in '${range}'`;
    throw new MigrateError({
      code: "usage/squash",
      message: `${describe(each)} ${what}`,
      // Once a database has it, its files must stay: that command asks.
      hint: `name a range with more than what it replaces, or, if no database has it, remove it first: migrate revision --remove --head ${each.revision}`,
    });
  }
  return before;
}

/** What follows or needs one of the members from outside; what they need from outside is what the new one needs. */
function revisionFor(
  { graph, migrations }: Project,
  members: readonly RevisionId[],
  options: SquashOptions,
): Revision {
  const outside = (ids: readonly RevisionId[]): readonly RevisionId[] =>
    ids.filter((id) => !members.includes(id));
  const nodes = members.map((id) => nodeOf(graph, id));
  const parents = unique(nodes.flatMap((node) => outside(node.parents)));
  return {
    revision: options.revision ?? randomHex(6),
    parents,
    dependsOn: unique(nodes.flatMap((node) => outside(node.dependencies))).filter(
      (id) => !parents.includes(id),
    ),
    branchLabels: unique([
      ...members.flatMap((id) => migrations.get(id)!.branchLabels),
      ...(options.branchLabels ?? []),
    ]),
    replaces: members,
    message: options.message?.trim() || `squash ${members.length} migrations`,
  };
}

// ── the proof ───────────────────────────────────────────────────────────────────────────────────────────────────

interface Work {
  readonly deps: Deps;
  readonly project: Project;
  /** What the project sets, whatever is set where it is tried. */
  readonly pins: Project["pins"];
  readonly scratch: Scratch;
  /** In order, as are those that are applied before them. */
  readonly members: readonly RevisionId[];
  readonly before: readonly RevisionId[];
  readonly squashed: Revision;
  readonly range: string;
}

/** What the way up leaves, and the way back from there where there is one. */
interface Left {
  readonly up: Catalog;
  readonly rows: RowsByTable;
  readonly down?: Catalog;
}

interface Proven {
  readonly body: SquashedBody;
  readonly unsteady: readonly string[];
}

/** Without what passes, before with it; in a transaction, before outside. */
const CHOICES: readonly SquashChoice[] = [
  { lean: true, outside: false },
  { lean: false, outside: false },
  { lean: true, outside: true },
  { lean: false, outside: true },
];

async function provenBody(work: Work): Promise<Proven> {
  const { project, members } = work;
  const migrations = members.map((id) => project.migrations.get(id)!);
  const files = await filesByDirection(work, migrations);
  const hasDown = migrations.every(({ down }) => down !== undefined);
  const expected = await leftBy(work, project, members, hasDown);
  let unsteady: readonly string[] | undefined;
  const tried = new Set<string>();
  const faults: string[] = [];
  for (const choice of CHOICES) {
    const body = squashedBody(migrations, files, work.pins, choice);
    if (tried.has(JSON.stringify(body))) continue;
    tried.add(JSON.stringify(body));
    try {
      const other = withSquashed(work, body);
      const left = await leftBy(work, other, [work.squashed.revision], hasDown);
      const differing = tablesWithOtherRows(expected.rows, left.rows);
      if (differing.length > 0) unsteady ??= await unsteadyTables(work, expected.rows);
      const fault = [
        ...differences("after the upgrade", expected.up, left.up),
        ...differences("after the downgrade", expected.down, left.down),
        ...tablesWithOtherRows(expected.rows, left.rows, unsteady).map(
          (table) => `the rows of ${table} would differ`,
        ),
      ];
      if (fault.length === 0) return { body, unsteady: differing };
      faults.push(...fault);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      faults.push(...reasonsOf(error).map(({ message }) => message));
    }
  }
  throw MigrateError.all(
    unique(faults).map((fault) => ({
      code: "findings/not-proven",
      message: `one migration would not replace the ${members.length}: ${fault}`,
      hint:
        members.length > 2
          ? "squash a smaller range, for example only the migrations before the cause: migrate squash START:END"
          : "leave the two as they are, or squash others",
    })),
  );
}

async function filesByDirection(
  { scratch, project }: Work,
  migrations: readonly Migration[],
): Promise<{ readonly up: readonly SquashedFile[]; readonly down: readonly SquashedFile[] }> {
  const grammar = createGrammar(scratch.version);
  const read = async (file: Migration["up"]): Promise<SquashedFile> => ({
    file,
    statements: await grammar.statements(file),
  });
  const up: SquashedFile[] = [];
  const down: SquashedFile[] = [];
  for (const migration of migrations) {
    up.push(await read(project.migrations.get(migration.revision)!.up));
    if (migration.down !== undefined) down.unshift(await read(migration.down));
  }
  return { up, down };
}

/** The project as it will be when the replaced files are gone. */
function withSquashed({ deps, project, squashed, members }: Work, body: SquashedBody): Project {
  const sources = textsAround(squashed, body, deps.now()).map(({ direction, text }) => ({
    path: `0000_squashed.${direction}.sql`,
    text,
  }));
  const { migrations: made, diagnostics } = assemble(sources);
  if (diagnostics.length > 0) throw MigrateError.all(diagnostics);
  const others = [...project.migrations.values()].filter(({ revision }) => !members.includes(revision));
  return withMigrations(project, [...others, ...made]);
}

/**
 * Runs revisions where those before are applied, and back. Nothing that was kept is used: rows may be others each time. Throws
 * `findings/not-proven` for a file that fails.
 */
async function leftBy(
  { deps, scratch, before, range, project: { ledger } }: Work,
  project: Project,
  revisions: readonly RevisionId[],
  back: boolean,
): Promise<Left> {
  const { schema } = ledger.names;
  const session = await withStandIns(scratch, async (makeStandIns): Promise<Session> => {
    const empty = await emptyBefore(project, scratch);
    await makeStandIns(empty);
    await runSteps(deps, project, empty, upwards([], [...before, ...revisions]));
    return empty;
  }).catch((error: unknown) => {
    throw failing("upgrade", error, () => "");
  });
  const up = await readCatalog(session, schema);
  const rows = await readRows(session, schema);
  if (!back) return { up, rows };
  const reversed = [...revisions].reverse();
  await trySteps(deps, project, session, downwards([...before, ...revisions], reversed)).catch(
    (error: unknown) => {
      const { path } = project.migrations.get(reversed[0]!)!.down!.source;
      throw failing("downgrade", error, ({ location }) =>
        location?.path === path
          ? ""
          : `${RAN_BEFORE}; to see what each of them leaves: migrate test ${shellWord(range)}\n`,
      );
    },
  );
  return { up, rows, down: await readCatalog(session, schema) };
}

/** What the server refuses in a file is a fault of the proof. `advice`: lines before what became of the proof. */
function failing(way: string, error: unknown, advice: (fault: Diagnostic) => string): unknown {
  if (!(error instanceof MigrateError) || !OF_A_FILE.has(error.code)) return error;
  return MigrateError.all(
    error.diagnostics.map((fault) => ({
      ...fault,
      code: "findings/not-proven",
      message: `the ${way} fails: ${fault.message}`,
      hint: `${fault.hint === undefined ? "" : `${fault.hint}\n`}${advice(fault)}nothing was written`,
    })),
  );
}

const OF_A_FILE: ReadonlySet<string> = new Set(["execution/statement", "execution/commit"]);

function differences(
  when: string,
  expected: Catalog | undefined,
  found: Catalog | undefined,
): readonly string[] {
  if (expected === undefined || found === undefined) return [];
  return compareCatalogs(expected, found).map((each) => `${wouldBe(each, " would differ")} ${when}`);
}

/** Those that have other rows when the same migrations are run again. */
async function unsteadyTables(work: Work, rows: RowsByTable): Promise<readonly string[]> {
  const again = await leftBy(work, work.project, work.members, false);
  return tablesWithOtherRows(rows, again.rows);
}
