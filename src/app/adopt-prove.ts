/**
 * Another tool's folder, and the migrations that were made of it → whether both lead to the same catalog, on a scratch
 * database that is emptied in between: up all of them, then down as far as there is a way back.
 */

import { adjust, blanked } from "../core/adopt/adjust.ts";
import type { AdoptedMigration } from "../core/adopt/adopt.ts";
import type { ForeignMigration, Section } from "../core/adopt/foreign.ts";
import type { Tool } from "../core/adopt/tools.ts";
import { kindOf } from "../core/ast.ts";
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import { MigrateError } from "../core/errors.ts";
import type { Direction } from "../core/header.ts";
import { skipTrivia } from "../core/lexer.ts";
import type { MigrationFile, RevisionId } from "../core/migration.ts";
import { locate } from "../core/source.ts";
import { readCatalog } from "../io/catalog.ts";
import { createGrammar, type Grammar } from "../io/grammar.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { type AdoptOptions, readAdoption } from "./adopt.ts";
import { type Deps, openConfig, openProject, type Project } from "./project.ts";
import { replayRevisions, runSteps, withRoles } from "./replay.ts";
import { type ScratchUse, type UsedScratch, used, withScratch } from "./scratch.ts";
import type { Steps } from "./steps.ts";

export type AdoptProofOptions = Omit<AdoptOptions, "to" | "write"> & Pick<ScratchUse, "onScratch">;

/** What was run on both sides, and where they then were not the same. */
export interface AdoptProof {
  readonly tool: string;
  readonly folder: string;
  readonly scratch: UsedScratch;
  /** In the order in which they were run. */
  readonly up: readonly RevisionId[];
  /** In the order in which they were taken down, as far as the first without a way back. */
  readonly down: readonly RevisionId[];
  /** Of these the tool's SQL is not known, up or down: that of the file that was written was run on both sides. */
  readonly assumed: readonly RevisionId[];
  /** How many objects the catalog has after the way up. */
  readonly objects: number;
  /** From what the tool's files make to what the migrations make. */
  readonly differences: Readonly<Record<Direction, readonly Difference[]>>;
}

/**
 * Nothing is written, and no database but the scratch database is changed. Throws as `readAdoption`, `withScratch` and a
 * replay; `usage/not-adopted` where the project has not all of the migrations, and `findings/not-proven` where the server
 * refuses the tool's own files.
 */
export async function proveAdoption(deps: Deps, options: AdoptProofOptions): Promise<AdoptProof> {
  const config = await openConfig(deps, options);
  const { tool, adoption, foreign } = await readAdoption(deps, config, options);
  const project = await openProject(deps, options, config);
  const all = foreign.map((each, at) => ({ foreign: each, adopted: adoption.migrations[at]! }));
  const lost = all.find(({ adopted }) => !project.migrations.has(adopted.revision));
  if (lost !== undefined) throw notAdopted(lost.adopted, options.folder);
  const pairs = all.map((pair) => sectionsOf(pair, project));
  const up = pairs.map(({ revision }) => revision);
  const back = pairs.slice(pairs.findLastIndex((pair) => pair.down === undefined) + 1).reverse();
  const down = back.map(({ revision }) => revision);
  const ups = pairs.map((pair) => pair.up);
  const downs = back.map((pair) => pair.down!);
  const use = { revisions: up, more: [...ups, ...downs], onScratch: options.onScratch };
  return withScratch(deps, project, use, async (scratch) => {
    const work = { scratch, hidden: project.ledger.names.schema };
    const old = await madeByTool(work, tool, ups, downs);
    const own = await madeByUs(deps, project, work, up, down);
    return {
      tool: tool.name,
      folder: options.folder,
      scratch: used(scratch),
      up,
      down,
      assumed: pairs.filter((pair) => pair.isAssumed).map(({ revision }) => revision),
      objects: old.up.objects.length,
      differences: { up: compareCatalogs(old.up, own.up), down: compareCatalogs(old.down, own.down) },
    };
  });
}

interface Pair {
  readonly foreign: ForeignMigration;
  readonly adopted: AdoptedMigration;
}

/** What is run in the place of the tool; no `down`: there is no way back. */
interface Sections {
  readonly revision: RevisionId;
  readonly up: Section;
  readonly down: Section | undefined;
  readonly isAssumed: boolean;
}

function sectionsOf({ foreign, adopted }: Pair, { migrations }: Project): Sections {
  const { revision, irreversible } = adopted;
  const { up, down } = migrations.get(revision)!;
  const theirs = irreversible === undefined ? foreign.down : undefined;
  return {
    revision,
    up: foreign.up ?? sectionOf(up),
    down: down === undefined ? undefined : (theirs ?? sectionOf(down)),
    isAssumed: foreign.up === undefined || (down !== undefined && theirs === undefined),
  };
}

const sectionOf = ({ source, bodyStart, header }: MigrationFile): Section => ({
  source,
  bodyStart,
  outside: header.transaction === "none",
});

const notAdopted = ({ revision }: AdoptedMigration, folder: string): MigrateError =>
  new MigrateError({
    code: "usage/not-adopted",
    message: `${revision} is not among the project's migrations`,
    hint: `write them first: migrate adopt ${folder} --yes; or name their folder with --directory`,
  });

interface Work {
  readonly scratch: Scratch;
  /** The schema of the ledger. */
  readonly hidden: string;
}

type Catalogs = Readonly<Record<Direction, Catalog>>;

function madeByTool(
  { scratch, hidden }: Work,
  tool: Tool,
  up: readonly Section[],
  down: readonly Section[],
): Promise<Catalogs> {
  const grammar = createGrammar();
  return withRoles(scratch, async (makeRoles) => {
    const session = await scratch.empty();
    await makeRoles(session);
    for (const section of up) await runSection(session, section, tool, grammar);
    const made = await readCatalog(session, hidden);
    for (const section of down) await runSection(session, section, tool, grammar);
    return { up: made, down: await readCatalog(session, hidden) };
  });
}

async function madeByUs(
  deps: Deps,
  project: Project,
  { scratch, hidden }: Work,
  up: readonly RevisionId[],
  down: readonly RevisionId[],
): Promise<Catalogs> {
  const { session } = await replayRevisions(deps, project, scratch, up, false);
  const made = await readCatalog(session, hidden);
  const steps: Steps = {
    kind: "downgrade",
    before: up,
    after: up.slice(0, up.length - down.length),
    steps: down.map((revision) => ({ direction: "down", revision })),
  };
  if (down.length > 0) await runSteps(deps, project, session, steps);
  return { up: made, down: await readCatalog(session, hidden) };
}

/** `active_sql_transaction`: what stands outside of transactions. */
const OUTSIDE = "25001";

/** As its tool runs it: in a transaction, unless the file or the tool says otherwise, or a statement cannot stand in one. */
async function runSection(session: Session, section: Section, tool: Tool, grammar: Grammar): Promise<void> {
  const trees = await grammar.trees(section);
  const own = section.printed === undefined ? [] : adjust(section, trees, tool.name, tool.table.name).own;
  const text = blanked(section, own);
  const statements = trees
    .filter((tree) => !own.some(({ start }) => start === tree.start))
    .map(({ start, end }) => ({ start, sql: text.slice(start, end) }));
  // What the parser does not take the server refuses, and says why.
  const rest = skipTrivia(text, trees.at(-1)?.end ?? section.bodyStart);
  if (rest < text.length) statements.push({ start: rest, sql: text.slice(rest) });
  const hasControl = trees.some(({ ast }) => kindOf(ast)[0] === "TransactionStmt");
  const begins = section.printed?.begun === true || !(section.outside || hasControl);
  const send = async (): Promise<void> => {
    for (const { start, sql } of statements) await sendOf(section, start, () => session.send(sql));
  };
  if (!begins) return send();
  try {
    await session.send("BEGIN");
    await send();
    await session.send("COMMIT");
  } catch (error) {
    const cause = error instanceof MigrateError ? error.cause : undefined;
    if (!(cause instanceof StatementFailure) || cause.sqlstate !== OUTSIDE) throw error;
    await session.send("ROLLBACK");
    await send();
  }
}

async function sendOf(section: Section, start: number, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    throw new MigrateError(
      {
        code: "findings/not-proven",
        message: error.message,
        hint: "the server refuses it on the other tool's side; correct it there, or use the server that it was written for: --scratch URL",
        location: section.printed?.place ?? locate(section.source, start),
        ...(error.sqlstate === undefined ? {} : { sqlstate: error.sqlstate }),
      },
      { cause: error },
    );
  }
}
