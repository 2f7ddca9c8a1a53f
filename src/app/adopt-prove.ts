/**
 * Another tool's folder, and the migrations that were made of it → whether both lead to the same catalog, on a scratch
 * database that is emptied in between: up all of them, then down as far as there is a way back. Where a down is refused, the
 * way back goes on below it, from what the ups up to there make.
 */

import { type AdoptedMigration, isOfPlaceholder } from "../core/adopt/adopt.ts";
import type { ForeignMigration, Section } from "../core/adopt/foreign.ts";
import type { Tool } from "../core/adopt/tools.ts";
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { quotedName } from "../core/failure/failure.ts";
import { ancestors, inOrder } from "../core/graph.ts";
import type { Direction } from "../core/header-keys.ts";
import type { MigrationFile, RevisionId } from "../core/migration.ts";
import { readCatalog } from "../io/catalog.ts";
import { createGrammar } from "../io/grammar.ts";
import type { Scratch } from "../io/scratch/types.ts";
import type { Session } from "../io/session/types.ts";
import { type AdoptOptions, adoptedProject, readAdoption } from "./adopt.ts";
import { emptyBefore, standInFor } from "./beforehand.ts";
import { readier } from "./desired.ts";
import { type Refusal, runSection } from "./foreign-section.ts";
import { type Deps, openConfig, type Project } from "./project.ts";
import { RAN_BEFORE } from "./refusal.ts";
import { downwards, replayRevisions, trySteps, withStandIns } from "./replay.ts";
import { type ScratchUse, type UsedScratch, used, withScratch } from "./scratch.ts";

export interface AdoptProofOptions extends Omit<AdoptOptions, "to" | "write">, Pick<ScratchUse, "onScratch"> {
  /** Run the downs too. Default: true. */
  readonly down?: boolean | undefined;
}

/** What was run on both sides, and where they then were not the same. */
export interface AdoptProof {
  readonly tool: string;
  readonly folder: string;
  readonly scratch: UsedScratch;
  /** In the order in which they were run. */
  readonly up: readonly RevisionId[];
  /** Whose downs were compared, in that order: as far as the first without a way back, and without those that were refused. */
  readonly down: readonly RevisionId[];
  /** The downs that the server refuses: the tool's own, which cannot be compared then, and those that were written. */
  readonly refused: { readonly old: readonly Diagnostic[]; readonly new: readonly Diagnostic[] };
  /** Of these the tool's SQL is not known, up or down: that of the file that was written was run on both sides. */
  readonly assumed: readonly RevisionId[];
  /** The project runs these before them, and the folder has them not, or no longer: they were run on neither side. */
  readonly notRun: readonly RevisionId[];
  /** How many objects the catalog has after the way up. */
  readonly objects: number;
  /** From what the tool's files make to what the migrations make. */
  readonly differences: Readonly<Record<Direction, readonly Difference[]>>;
}

/**
 * Nothing is written, and no database but the scratch database is changed. Throws as `readAdoption`, `withScratch` and a
 * replay; `usage/not-adopted` where the project has not all of the migrations, and `findings/not-proven` where the server
 * refuses an up of the tool's.
 */
export async function proveAdoption(deps: Deps, options: AdoptProofOptions): Promise<AdoptProof> {
  const config = await openConfig(deps, options);
  const { tool, adoption, foreign } = await readAdoption(deps, config, options, "proof");
  const project = await adoptedProject(deps, options, config, adoption.migrations);
  const all = foreign.map((each, at) => ({ foreign: each, adopted: adoption.migrations[at]! }));
  const pairs = all.map((pair) => sectionsOf(pair, project));
  const up = pairs.map(({ revision }) => revision);
  const lowest = pairs.findLastIndex((pair) => pair.down === undefined) + 1;
  const isBack = (at: number): boolean => options.down !== false && at >= lowest;
  const back = [...pairs.keys()].filter(isBack).reverse();
  const more = [...pairs.map((pair) => pair.up), ...back.map((at) => pairs[at]!.down!)];
  return withScratch(
    deps,
    project,
    { revisions: up, more, onScratch: options.onScratch },
    async (scratch) => {
      const read = (session: Session) => readCatalog(session, project.ledger.names.schema);
      const old = await madeByTool({ project, scratch, tool, pairs, back, read });
      const own = await madeByUs(deps, project, scratch, up, old.stretches, read);
      const compared = old.stretches.flatMap(({ places, end }, at) => {
        const theirs = own.ends[at];
        if (end === undefined || theirs === undefined) return [];
        return [{ places, differences: compareCatalogs(end, theirs) }];
      });
      return {
        tool: tool.name,
        folder: options.folder,
        scratch: used(scratch),
        up,
        down: compared.flatMap(({ places }) => places.map((at) => up[at]!)),
        refused: { old: old.refused, new: own.refused },
        assumed: pairs.filter((pair) => pair.isAssumed).map(({ revision }) => revision),
        notRun: inOrder(project.graph, ancestors(project.graph, up)).filter((id) => !up.includes(id)),
        objects: old.up.objects.length,
        differences: {
          up: compareCatalogs(old.up, own.up),
          down: compared.flatMap(({ differences }) => differences),
        },
      };
    },
  );
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

type Read = (session: Session) => Promise<Catalog>;

/** Downs that follow one another, by their migrations' places, from the last on. */
interface Stretch {
  readonly places: readonly number[];
  /** What is left after them; absent where a down that was refused behind them may have changed it. */
  readonly end?: Catalog | undefined;
  /** The down behind them, which is refused. */
  readonly refused?: number;
}

interface MadeByTool {
  readonly up: Catalog;
  readonly stretches: readonly Stretch[];
  readonly refused: readonly Diagnostic[];
}

interface ToolRun {
  readonly project: Project;
  readonly scratch: Scratch;
  readonly tool: Tool;
  readonly pairs: readonly Sections[];
  /** Whose downs are run, in that order. */
  readonly back: readonly number[];
  readonly read: Read;
}

/** It begins as a migration of the project does. Throws `findings/not-proven` for an up that is refused. */
function madeByTool({ project, scratch, tool, pairs, back, read }: ToolRun): Promise<MadeByTool> {
  const grammar = createGrammar();
  return withStandIns(scratch, async (makeStandIns) => {
    const upTo = async (count: number): Promise<Session> => {
      const session = await emptyBefore(project, scratch);
      await makeStandIns(session);
      // What one file sets reaches the next: most tools have one session for all.
      await readier(project, scratch)(session);
      for (const pair of pairs.slice(0, count)) {
        const refusal = await runSection(session, pair.up, tool, grammar);
        if (refusal !== undefined)
          throw notProven(refusal, waysOut(refusal, pair, tool, project.pins.searchPath ?? []));
      }
      return session;
    };
    let session = await upTo(pairs.length);
    const up = await read(session);
    const stretches: Stretch[] = [];
    const refused: Diagnostic[] = [];
    let places: number[] = [];
    for (const at of back) {
      const refusal = await runSection(session, pairs[at]!.down!, tool, grammar);
      if (refusal === undefined) {
        places.push(at);
        continue;
      }
      const fault = notProven(refusal, places.length === 0 ? DOWN_REFUSED : `${RAN_BEFORE}; ${DOWN_REFUSED}`);
      if (scratch.ownsRoles && standInFor(fault) !== undefined) throw fault;
      refused.push(...fault.diagnostics);
      stretches.push({ places, end: refusal.isUndone ? await read(session) : undefined, refused: at });
      places = [];
      if (at !== back.at(-1)) session = await upTo(at);
    }
    if (places.length > 0) stretches.push({ places, end: await read(session) });
    return { up, stretches, refused };
  });
}

interface MadeByUs {
  readonly up: Catalog;
  /** What each stretch leaves; absent where one of its downs is refused. */
  readonly ends: readonly (Catalog | undefined)[];
  readonly refused: readonly Diagnostic[];
}

/** The way back in the same stretches; what was refused behind them is run as well, since it may have been corrected. */
async function madeByUs(
  deps: Deps,
  project: Project,
  scratch: Scratch,
  up: readonly RevisionId[],
  stretches: readonly Stretch[],
  read: Read,
): Promise<MadeByUs> {
  const upTo = async (count: number): Promise<Session> =>
    (await replayRevisions(deps, project, scratch, up.slice(0, count), { keeps: false })).session;
  let session = await upTo(up.length);
  // How many migrations are applied in it; -1: a down that was refused, or run for its sake alone, may have left anything.
  let count = up.length;
  const made = await read(session);
  const ends: (Catalog | undefined)[] = [];
  const refused: Diagnostic[] = [];
  /** Whether it could be taken down. */
  const down = async (at: number): Promise<boolean> => {
    const isFirst = count !== at + 1 || at + 1 === up.length;
    if (count !== at + 1) session = await upTo(at + 1);
    count = at;
    try {
      await trySteps(deps, project, session, downwards(up.slice(0, at + 1), [up[at]!]));
      return true;
    } catch (error) {
      if (!(error instanceof MigrateError)) throw error;
      refused.push(...(isFirst ? error.diagnostics : error.diagnostics.map(behindOthers)));
      count = -1;
      return false;
    }
  };
  for (const { places, refused: behind } of stretches) {
    let isWhole = true;
    for (const at of places) isWhole = (await down(at)) && isWhole;
    ends.push(isWhole ? await read(session) : undefined);
    if (behind === undefined) continue;
    await down(behind);
    count = -1;
  }
  return { up: made, ends, refused };
}

const behindOthers = (fault: Diagnostic): Diagnostic => ({
  ...fault,
  hint: [RAN_BEFORE, ...(fault.hint === undefined ? [] : [fault.hint])].join("\n"),
});

/** What helps where the server refuses an up of the tool's. */
function waysOut(
  { failure }: Refusal,
  { revision, up: { source } }: Sections,
  tool: Tool,
  path: readonly string[],
): string {
  if (isOfPlaceholder(revision, failure.message)) return UNWRITTEN;
  if (failure.sqlstate === "3F000") return beforehandHint(quotedName(failure.message), tool, path);
  if (failure.sqlstate !== "42601") return UP_REFUSED;
  const values = source.text.includes("${") ? SUBSTITUTION[tool.name] : undefined;
  return values === undefined ? UNREADABLE : `${values}: ${IN_A_COPY}`;
}

/** `name`: the schema that is missing; undefined where search_path, of these schemas, has none that is there. */
function beforehandHint(name: string | undefined, tool: Tool, path: readonly string[]): string {
  const schema = name ?? path[0] ?? "public";
  const said = path.includes(schema)
    ? ""
    : `name it in "session": {"searchPath": [${JSON.stringify(schema)}]} in the config file, and `;
  return `the schema ${schema} must be there before the first migration, as where ${tool.name} itself creates it: ${said}name a database that has it with --database URL`;
}

const IN_A_COPY = "correct it in a copy of the folder, and prove that: migrate adopt COPY --prove";
const UNREADABLE = `the file cannot be proven as it stands, unless a newer server reads it (--scratch URL): ${IN_A_COPY}`;

/** Tools that send something else than the file, and what. */
const SUBSTITUTION: Readonly<Record<string, string>> = {
  goose: "the file cannot be proven as it stands, since goose puts values in the place of ${…} (ENVSUB)",
  flyway:
    "the file cannot be proven as it stands, since flyway puts values in the place of ${…} (placeholders)",
};

const UNWRITTEN =
  "the new file still stops there in the place of a program: write its SQL into it first; then run this command again";
const UP_REFUSED =
  "the server refuses the other tool's SQL: name one of the version, and with the extensions and roles, that it was written for (--scratch URL); what needs something that was there before its first migration cannot be proven";
const DOWN_REFUSED =
  "the old folder stays as it was: correct it in the new file; --no-down compares only the ups";

const notProven = ({ failure, location }: Refusal, hint: string): MigrateError =>
  new MigrateError(
    {
      code: "findings/not-proven",
      message: failure.message,
      hint,
      location,
      ...(failure.sqlstate === undefined ? {} : { sqlstate: failure.sqlstate }),
    },
    { cause: failure },
  );
