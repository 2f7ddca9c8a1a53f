/** Migrations that are applied nowhere → the same in the form that does not block others, proven before it is written. */

import { isDeepStrictEqual } from "node:util";
import { MigrateError } from "../core/errors.ts";
import { arranged, type Chunk, inPlace, type Part } from "../core/fix/arrange.ts";
import { chunksOf } from "../core/fix/chunks.ts";
import { type FileChange, following } from "../core/fix/files.ts";
import type { FixedMigration, LeftAsItIs } from "../core/fix/fixed.ts";
import { ancestors, inOrder, nodeOf } from "../core/graph.ts";
import { describe } from "../core/graph-faults.ts";
import { type Migration, type MigrationFile, type RevisionId, sourcesOf } from "../core/migration.ts";
import { NEWEST } from "../core/newer-syntax.ts";
import { asOptions } from "../core/option-names.ts";
import type { Fixable } from "../core/rules/fix.ts";
import type { Finding } from "../core/rules/lint.ts";
import { majorOf, type ServerVersion } from "../core/server-version.ts";
import type { Location, Source } from "../core/source.ts";
import { type Begun, unfinishedText } from "../core/undoing.ts";
import { unique } from "../core/unique.ts";
import { databaseIfAny } from "../io/config.ts";
import { createGrammar } from "../io/grammar.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { type NewText, writeFiles } from "../io/write-files.ts";
import { withPath } from "./beforehand.ts";
import { addedSince, type Chosen, fixableDown, type LintOptions, lintChosen, named } from "./lint.ts";
import { readStanding, type Standing, unfinishedOf } from "./look.ts";
import { type Deps, openProject, type Project, withSources } from "./project.ts";
import { type ProvenFix, proveFix } from "./prove-fix.ts";
import { isRefusal, reasonsOf } from "./refusal.ts";
import { type ScratchUse, withScratch } from "./scratch.ts";
import { sharedMigrations, sharedText } from "./shared.ts";
import type { TestOn } from "./test-bench.ts";

export interface FixOptions extends Omit<LintOptions, "all">, Pick<ScratchUse, "onScratch"> {
  /** Nothing is written. */
  readonly dryRun?: boolean;
}

export interface Fixing {
  readonly fixed: readonly FixedMigration[];
  readonly left: readonly LeftAsItIs[];
  /** What differs without being at fault, and which migrations were not looked at. */
  readonly notes: readonly string[];
  /** Every file that changes, or is new. */
  readonly files: readonly FileChange[];
  /** False with `dryRun`, and where nothing changes. */
  readonly written: boolean;
  /** Of the migrations as they are now, or would be. */
  readonly findings: readonly Finding[];
  readonly migrations: number;
  readonly statements: number;
}

/**
 * Takes the chosen migrations; without a choice those that are pending and that nobody else has; in a project without a database
 * git alone says which. Throws `usage/…` for what it is told and cannot find, `state/applied` for a migration that is applied.
 */
export async function fix(deps: Deps, options: FixOptions): Promise<Fixing> {
  const choice = await choose(deps, options);
  const { chosen, kept, placeOf } = choice;
  const { project } = chosen;
  const linting = await lintChosen(chosen, options.serverVersion);
  const others = await lintChosen({ ...chosen, revisions: new Set(kept) }, options.serverVersion);
  const changeable = kept.filter(
    (id) =>
      placeOf(project.migrations.get(id)!) !== undefined &&
      others.fixable.get(id)?.some(({ parts }) => parts !== undefined),
  );
  const notes = [...choice.notes, ...keptNotes(project, changeable, choice)];
  if (![...linting.fixable.values()].flat().some(({ parts }) => parts !== undefined))
    return {
      ...resultOf(others, linting),
      fixed: [],
      left: leftIn(project, linting.fixable),
      notes,
      files: [],
      written: false,
    };
  const revisions = inOrder(project.graph, ancestors(project.graph, chosen.revisions));
  return withScratch(deps, project, { revisions, onScratch: options.onScratch }, async (scratch) => {
    const version = options.serverVersion ?? scratch.version;
    const { fixable } = majorOf(version.number) === NEWEST ? linting : await lintChosen(chosen, version);
    const found = await provenFixes({ deps, project: withPath(project, scratch), scratch, version }, fixable);
    const files = withFollowers(project, found.proven);
    const written = files.length > 0 && options.dryRun !== true;
    const changed = withSources(project, sourcesWith(project, files));
    const all = new Set([...chosen.revisions, ...found.proven.flatMap((each) => each.revisions)]);
    const after = await lintChosen({ ...chosen, project: changed, revisions: all }, version);
    if (written) await writeFiles(files.map(newText), deps);
    return {
      ...resultOf(others, after),
      fixed: found.proven.map(({ revisions, rules }) => ({ revision: revisions[0]!, revisions, rules })),
      left: [...leftIn(project, fixable), ...found.left],
      // Several migrations may write to the same table.
      notes: [
        ...new Set([
          ...notes,
          ...otherVersion(project, scratch),
          ...found.proven.flatMap((each) => each.notes),
        ]),
      ],
      files,
      written,
    };
  });
}

const newText = ({ path, before, after }: FileChange): NewText => ({
  path,
  before: before ?? null,
  pieces: [after],
});

function otherVersion({ config }: Project, { proves, version }: Scratch): readonly string[] {
  if (proves || config.database instanceof MigrateError) return [];
  return [`proven on PostgreSQL ${version.text}, which is not the version of the database`];
}

const resultOf = (
  ...all: readonly Awaited<ReturnType<typeof lintChosen>>[]
): Pick<Fixing, "findings" | "migrations" | "statements"> => ({
  findings: all.flatMap(({ findings }) => findings),
  migrations: all.reduce((sum, { linted }) => sum + linted.length, 0),
  statements: all.reduce((sum, { statements }) => sum + statements, 0),
});

// ── which ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface Choice {
  readonly chosen: Chosen;
  /** What is not changed, because others have it, or a run of it was interrupted. */
  readonly kept: readonly RevisionId[];
  /** Where they have it. */
  readonly placeOf: (migration: Migration) => string | undefined;
  readonly hasDatabase: boolean;
  readonly notes: readonly string[];
}

async function choose(deps: Deps, options: FixOptions): Promise<Choice> {
  const project = await openProject(deps, options);
  const database = databaseIfAny(project.config);
  const state = database === undefined ? undefined : await readStanding(deps, options);
  const { which = [], since } = options;
  if (which.length === 0 && since === undefined) return untouched(deps, project, state);
  const revisions = new Set(which.flatMap((each) => named(deps, project, each)));
  if (since !== undefined) for (const id of addedSince(deps, project, since)) revisions.add(id);
  if (state !== undefined) for (const id of revisions) refuseApplied(state, id);
  const notes =
    database === undefined
      ? ["no database is configured, so it is not known whether these migrations are applied anywhere"]
      : [];
  const hasDatabase = database !== undefined;
  return {
    chosen: { project, revisions, oneByOne: false },
    kept: [],
    placeOf: () => undefined,
    hasDatabase,
    notes,
  };
}

/** Those that are pending, and that nobody else has. */
function untouched(deps: Deps, project: Project, state: Standing | undefined): Choice {
  const { places, placeOf } = sharedMigrations(deps, project);
  if (state === undefined && places.length === 0) {
    throw new MigrateError({
      code: "usage/no-database",
      message: "neither a database nor git says which migrations are not applied yet",
      hint: `name the database with ${(deps.names ?? asOptions).given("database", "URL")}, or the migrations, for example: migrate lint --fix head`,
    });
  }
  const begun = state && unfinishedOf(state);
  const pending = state?.pending ?? project.graph.order;
  const open = pending.filter((id) => id !== begun?.revision);
  const place = (id: RevisionId): string | undefined => placeOf(project.migrations.get(id)!);
  const shared = open.filter((id) => place(id) !== undefined);
  const revisions = new Set(open.filter((id) => place(id) === undefined));
  const [half] = pending.filter((id) => id === begun?.revision);
  return {
    chosen: { project, revisions, oneByOne: false },
    kept: half === undefined ? shared : [...shared, half],
    placeOf,
    hasDatabase: state !== undefined,
    notes: half === undefined ? [] : [`not changed: ${unfinishedText(begun!)}; ${settling(begun!)}`],
  };
}

/** What of these would be changed, and is not. */
function keptNotes(
  { migrations }: Project,
  kept: readonly RevisionId[],
  { placeOf, hasDatabase }: Pick<Choice, "placeOf" | "hasDatabase">,
): readonly string[] {
  if (kept.length === 0) return [];
  // Without a database these may be all that were ever written.
  const few = hasDatabase || kept.length <= 8;
  const where = unique(kept.flatMap((id) => placeOf(migrations.get(id)!) ?? []));
  return [
    `not changed: ${few ? kept.join(", ") : `${kept.length} migrations`} ${sharedText(where, kept.length)}; to change ${kept.length === 1 ? "it" : "them"} anyway: migrate lint --fix ${few ? kept.join(" ") : "WHICH"}`,
  ];
}

/** What to do first about a step that somebody is at, or that was interrupted. */
const settling = ({ holders }: Pick<Begun, "holders">): string =>
  holders === undefined
    ? "to finish or discard it, see: migrate status"
    : "wait until that has ended, and run the same command again";

function refuseApplied({ applied, project, ...standing }: Standing, id: RevisionId): void {
  const begun = unfinishedOf(standing);
  const row = applied.find(({ revision }) => revision === id);
  if (row === undefined && begun?.revision !== id) return;
  const { revision } = nodeOf(project.graph, id);
  throw new MigrateError({
    code: "state/applied",
    message:
      row === undefined
        ? unfinishedText(begun!)
        : `${describe(revision)} was ${row.how === "stamp" ? "stamped" : "applied"} on ${row.appliedAt} by ${row.appliedBy}`,
    hint:
      row === undefined
        ? settling(begun!)
        : "what has run in a database is not changed; to take only what is pending: migrate lint --fix",
  });
}

// ── what is proven ──────────────────────────────────────────────────────────────────────────────────────────────

interface Work extends TestOn {
  readonly version: ServerVersion;
}

interface Found {
  readonly proven: readonly (ProvenFix & { readonly rules: readonly string[] })[];
  readonly left: readonly LeftAsItIs[];
}

async function provenFixes(work: Work, fixable: ReadonlyMap<RevisionId, readonly Fixable[]>): Promise<Found> {
  const { project } = work;
  const proven: Found["proven"][number][] = [];
  const left: LeftAsItIs[] = [];
  const replaced = new Set(project.dormant.flatMap(({ replaces = [] }) => replaces));
  for (const [id, each] of fixable) {
    const migration = project.migrations.get(id)!;
    const rules = unique(each.filter(({ parts }) => parts !== undefined).flatMap((one) => one.rules));
    if (rules.length === 0) continue;
    if (replaced.has(id) || (migration.replaces ?? []).length > 0) {
      left.push({ path: migration.path, rules, reason: "it is squashed, or replaces squashed migrations" });
      continue;
    }
    try {
      const taken = proven.flatMap((one) => one.files.map(({ path }) => path));
      proven.push({ ...(await proofOf(work, migration, each, taken)), rules });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const line = each.find(({ parts }) => parts !== undefined)!.line;
      for (const { message, location } of reasonsOf(error))
        left.push({ path: migration.path, rules, ...whyLeft(migration, line, message, location) });
    }
  }
  return { proven, left };
}

/** What fails elsewhere is the reason; the place is that of the finding. */
function whyLeft(
  migration: Migration,
  line: number,
  message: string,
  location: Location | undefined,
): Pick<LeftAsItIs, "reason"> & Partial<Pick<LeftAsItIs, "line" | "path">> {
  if (location === undefined) return { reason: message };
  const { path } = location;
  return sourcesOf(migration).some((own) => own.path === path)
    ? { path, line: location.line, reason: message }
    : { line, reason: `${path}:${location.line} fails: ${message}` };
}

async function proofOf(
  work: Work,
  migration: Migration,
  fixable: readonly Fixable[],
  taken: readonly string[],
): Promise<ProvenFix> {
  const { project, version } = work;
  const { up, down } = migration;
  const chunks = await chunksIn(version, up, fixable);
  const before = inOrder(project.graph, ancestors(project.graph, migration.parents));
  const ways =
    down === undefined
      ? []
      : await chunksIn(version, down, await fixableDown(project, before, migration, version));
  const [late, inTurn] = [arranged(chunks, true), arranged(chunks, false)];
  const arrangements: readonly (readonly Part[])[] =
    up.header.transaction === "none"
      ? [[inPlace(chunks)]]
      : isDeepStrictEqual(late, inTurn)
        ? [late]
        : [late, inTurn];
  return proveFix(work, { migration, down: ways, taken }, arrangements);
}

async function chunksIn(
  version: ServerVersion,
  file: MigrationFile,
  fixable: readonly Fixable[],
): Promise<readonly Chunk[]> {
  return chunksOf(file, await createGrammar(version).parse(file), fixable);
}

function leftIn(
  project: Project,
  fixable: ReadonlyMap<RevisionId, readonly Fixable[]>,
): readonly LeftAsItIs[] {
  return [...fixable].flatMap(([id, each]) =>
    each.flatMap(({ left, line }) =>
      left.map((one) => ({ path: project.migrations.get(id)!.path, line, ...one })),
    ),
  );
}

// ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The files that change, and those of migrations that follow one that has become several: they follow the last of these. */
function withFollowers(project: Project, proven: readonly ProvenFix[]): readonly FileChange[] {
  const last = new Map(
    proven.flatMap(({ revisions }) => (revisions.length < 2 ? [] : [[revisions[0]!, revisions.at(-1)!]])),
  );
  const changes = new Map(proven.flatMap(({ files }) => files.map((file) => [file.path, file])));
  for (const { up } of [...project.migrations.values(), ...project.dormant]) {
    const { path, text } = up.source;
    const after = following(changes.get(path)?.after ?? text, last);
    changes.set(path, { path, before: text, after });
  }
  return [...changes.values()].filter(({ before, after }) => before !== after);
}

function sourcesWith(project: Project, files: readonly FileChange[]): readonly Source[] {
  const texts = new Map(files.map(({ path, after }) => [path, after]));
  const old = [...project.migrations.values(), ...project.dormant].flatMap(sourcesOf);
  const kept = old.map(({ path, text }) => ({ path, text: texts.get(path) ?? text }));
  const known = new Set(old.map(({ path }) => path));
  return [
    ...kept,
    ...files.filter(({ path }) => !known.has(path)).map(({ path, after }) => ({ path, text: after })),
  ];
}
