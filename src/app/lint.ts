/** A project, and which of its migrations → what rules find in their up files. */

import { basename, dirname, relative, resolve } from "node:path";
import { MigrateError } from "../core/errors.ts";
import { refuseStepsDown } from "../core/history.ts";
import type { Migration, MigrationFile, RevisionId } from "../core/migration.ts";
import { asOptions } from "../core/option-names.ts";
import { defaultTimeouts } from "../core/plan/session.ts";
import { type ChangedSince, changedText } from "../core/review.ts";
import type { Fixable } from "../core/rules/fix.ts";
import { type Finding, type LintedFile, Linter } from "../core/rules/lint.ts";
import { activeRules } from "../core/rules/settings.ts";
import type { ServerVersion } from "../core/server-version.ts";
import { losesData } from "../core/statement/losses.ts";
import type { DownStatement } from "../core/statement/restored.ts";
import { parseRange } from "../core/steps.ts";
import { resolveAll } from "../core/target.ts";
import { databaseIfAny } from "../io/config.ts";
import { repositoryOf } from "../io/files.ts";
import { filesAt } from "../io/git.ts";
import { createGrammar, type Grammar } from "../io/grammar.ts";
import { type ReadFile, readTrees } from "../io/trees.ts";
import { changedSince } from "./changed-since.ts";
import { majorOrNewest, warnOfNewer } from "./effects.ts";
import { isEmptyUp } from "./empty-files.ts";
import { readStanding, type Standing, warnOfRest } from "./look.ts";
import {
  type Deps,
  openProject,
  openWarned,
  type Project,
  type ProjectOptions,
  warnOfFolders,
} from "./project.ts";
import { stepsOfRange, withEnd } from "./steps.ts";

export interface LintOptions extends ProjectOptions {
  /** Ranges `start:end`, revisions, and paths of files; with none, what is pending. */
  readonly which?: readonly string[];
  /** What a git ref has not. */
  readonly since?: string | undefined;
  /** All migrations: no database is asked what is pending. */
  readonly all?: boolean;
  /** The server that they are for; without it the newest. */
  readonly serverVersion?: ServerVersion | undefined;
}

export interface Linting {
  readonly project: Project;
  /** Which were looked at, in the order in which they would run. */
  readonly linted: readonly RevisionId[];
  /** Each was taken by itself: what an earlier one made is in use. */
  readonly oneByOne: boolean;
  /** How many statements they have. */
  readonly statements: number;
  readonly findings: readonly Finding[];
  /** Paths of the up files that lack a statement. */
  readonly emptyUps: readonly string[];
  /** What of the ref of `since` is changed here; where anything is. */
  readonly changed?: ChangedSince;
}

/** Which migrations, and whether each is taken by itself: then what an earlier one made is in use. */
export interface Chosen {
  readonly project: Project;
  readonly revisions: ReadonlySet<RevisionId>;
  readonly oneByOne: boolean;
}

/**
 * Asks the rules. Throws as `openProject`, and `usage/…` for what it is told and cannot find; with a database and
 * nothing chosen, as `readStanding`.
 */
export async function lint(deps: Deps, options: LintOptions): Promise<Linting> {
  warnOfNewer(deps, options.serverVersion);
  const chosen = await choose(deps, options);
  const { since } = options;
  const changed = since === undefined ? undefined : changedSince(deps, chosen.project, since);
  if (changed !== undefined) deps.onNotice?.({ severity: "WARNING", message: changedText(changed) });
  const { fixable: _, ...linting } = await lintChosen(chosen, options.serverVersion);
  return changed === undefined ? linting : { ...linting, changed };
}

/** Findings, and what of the statements has a safe form, by revision. */
export interface LintingWithFixes extends Linting {
  readonly fixable: ReadonlyMap<RevisionId, readonly Fixable[]>;
}

/** Asks the rules about the up files of some revisions. */
export async function lintChosen(
  { project, revisions, oneByOne }: Chosen,
  serverVersion: ServerVersion | undefined,
): Promise<LintingWithFixes> {
  const { graph, migrations } = project;
  const linter = linterFor(project, serverVersion);
  const grammar = createGrammar(serverVersion);
  const last = graph.order.findLastIndex((id) => revisions.has(id));
  const found: Finding[] = [];
  const linted: RevisionId[] = [];
  const emptyUps: string[] = [];
  const fixable = new Map<RevisionId, readonly Fixable[]>();
  let [statements, running] = [0, false];
  for (const id of graph.order.slice(0, last + 1)) {
    const migration = migrations.get(id)!;
    const { file, faults } = await readTrees(grammar, migration.up);
    const asked = revisions.has(id);
    if (asked && (oneByOne || !running)) linter.beginRun();
    running = asked;
    if (asked) {
      linted.push(id);
      statements += file.statements.length;
      found.push(...faultsOf(migration.up, faults));
      if (isEmptyUp(migration, file.statements.length + faults.length)) emptyUps.push(migration.path);
    }
    if (asked && faults.length === 0)
      fixable.set(id, linter.lint(file, await downOf(grammar, file, migration)));
    else linter.passOver(file);
  }
  const findings = inOrder([...found, ...linter.findings()], project, linted);
  return { project, linted, oneByOne, statements, findings, emptyUps, fixable };
}

/** The statements of the down file, where the up loses something that they may write again. */
const downOf = async (
  grammar: Grammar,
  { statements }: LintedFile,
  { down }: Migration,
): Promise<readonly DownStatement[]> =>
  down !== undefined && statements.some(({ losses }) => losses.some(losesData))
    ? (await readTrees(grammar, down)).file.statements
    : [];

/** What of a down file has a safe form, where its migration and these before it are applied. */
export async function fixableDown(
  project: Project,
  before: readonly RevisionId[],
  { up, down }: Migration,
  serverVersion: ServerVersion | undefined,
): Promise<readonly Fixable[]> {
  const linter = linterFor(project, serverVersion);
  const grammar = createGrammar(serverVersion);
  for (const file of [...before.map((id) => project.migrations.get(id)!.up), up])
    linter.passOver((await readTrees(grammar, file)).file);
  linter.beginRun();
  const { file, faults } = await readTrees(grammar, down!);
  return faults.length > 0 ? [] : linter.lint(file);
}

const linterFor = ({ config, pins }: Project, serverVersion: ServerVersion | undefined): Linter =>
  new Linter(activeRules(config.lint), {
    version: majorOrNewest(serverVersion),
    searchPath: pins.searchPath ?? ["public"],
    timeZone: pins.timeZone,
    checksBodies: pins.checkFunctionBodies,
    lockTimeout: pins.lockTimeout ?? defaultTimeouts.lockTimeout,
  });

async function choose(deps: Deps, options: LintOptions): Promise<Chosen> {
  const { names = asOptions } = deps;
  const { which = [], since } = options;
  if (options.all === true && (which.length > 0 || since !== undefined)) {
    throw new MigrateError({
      code: "usage/exclusive-flags",
      message: `${names.short("all")} and ${since === undefined ? which.join(" ") : names.short("since")} cannot be combined`,
      hint: "all migrations are all; leave one of them out",
    });
  }
  if (which.length === 0 && since === undefined && options.all !== true) {
    const project = await openProject(deps, options);
    const state = await standingIfAny(deps, options, project);
    if (state !== undefined) {
      warnOfRest(deps, state);
      return { project: state.project, revisions: new Set(state.pending), oneByOne: false };
    }
    warnOfFolders(project, deps);
    return { project, revisions: new Set(project.graph.order), oneByOne: true };
  }
  const project = await openWarned(deps, options);
  if (options.all === true) return { project, revisions: new Set(project.graph.order), oneByOne: true };
  const revisions = new Set(which.flatMap((each) => named(deps, project, each)));
  if (since !== undefined) for (const id of addedSince(deps, project, since)) revisions.add(id);
  return { project, revisions, oneByOne: false };
}

/** Undefined where no database is configured. What keeps one from being asked says, too, that none has to be. */
async function standingIfAny(
  deps: Deps,
  options: LintOptions,
  { config }: Project,
): Promise<Standing | undefined> {
  const { names = asOptions } = deps;
  try {
    return databaseIfAny(config) === undefined ? undefined : await readStanding(deps, options);
  } catch (error) {
    const isUnasked =
      error instanceof MigrateError && (error === config.database || error.code === "execution/connect");
    if (!isUnasked) throw error;
    throw MigrateError.all(
      error.diagnostics.map(({ hint, ...rest }) => ({
        ...rest,
        hint: `${hint === undefined ? "" : `${hint}\n`}to look at all migrations without a database, add ${names.short("all")}`,
      })),
    );
  }
}

/** What a word of the command line stands for: a range, a file, or a revision. */
export function named(deps: Deps, project: Project, word: string): readonly RevisionId[] {
  if (word.endsWith(".sql")) return [ofPath(deps, project, word)];
  const { start, end } = parseRange(withEnd(word)) ?? {};
  if (start !== undefined && end !== undefined) {
    refuseStepsDown(start, end);
    const { steps } = stepsOfRange(project, { kind: "upgrade", target: withEnd(word) });
    return steps.map(({ revision }) => revision);
  }
  const isKnown = project.graph.nodes.has(word) || project.graph.carriers.has(word);
  if (!isKnown) refuseFolder(deps, project, word);
  return word.includes("/") ? [ofPath(deps, project, word)] : resolveAll(project.graph, word);
}

/** A folder of the project is what a linter of other languages is given. */
function refuseFolder({ cwd }: Deps, { migrations }: Project, path: string): void {
  const wanted = resolve(cwd, path);
  const folders = [...migrations.values()].map(({ up }) => dirname(resolve(cwd, up.source.path)));
  if (!folders.includes(wanted)) return;
  throw new MigrateError({
    code: "usage/no-migration",
    message: `${path} is a folder of this project, not a migration`,
    hint: "leave it out, or name a file, a revision, or a range start:end",
  });
}

function ofPath({ cwd }: Deps, { migrations }: Project, path: string): RevisionId {
  const wanted = resolve(cwd, path);
  for (const { revision, up, down } of migrations.values())
    if ([up, down].some((file) => file !== undefined && resolve(cwd, file.source.path) === wanted))
      return revision;
  throw new MigrateError({
    code: "usage/no-migration",
    message: `${path} is not a migration file of this project`,
    hint: "name a file in the project's folders, a revision, or a range start:end; to list them: migrate history",
  });
}

/** The findings with paths that begin at the root of the git repository; without one, and outside it, as they are. */
export function inRepository(findings: readonly Finding[], { cwd }: Pick<Deps, "cwd">): readonly Finding[] {
  const root = repositoryOf(cwd);
  if (root === undefined) return findings;
  return findings.map((finding) => {
    const path = relative(root, resolve(cwd, finding.location.path));
    return path.startsWith("..") ? finding : { ...finding, location: { ...finding.location, path } };
  });
}

/** The migrations whose up file the ref has not. */
export function addedSince(
  { cwd, names }: Deps,
  { migrations }: Project,
  ref: string,
): readonly RevisionId[] {
  const there = new Map<string, ReadonlySet<string>>();
  const added: RevisionId[] = [];
  for (const { revision, up } of migrations.values()) {
    const file = resolve(cwd, up.source.path);
    const folder = dirname(file);
    if (!there.has(folder)) there.set(folder, filesAt(ref, folder, names));
    if (!there.get(folder)!.has(basename(file))) added.push(revision);
  }
  return added;
}

/** What keeps a file from running, as findings: they are printed and counted with the others. */
function faultsOf({ source: { path } }: MigrationFile, faults: ReadFile["faults"]): readonly Finding[] {
  return faults.map(({ code, message, hint = "", location, excerpt }) => ({
    rule: code,
    severity: "error",
    message,
    advice: hint,
    location: location ?? { path, line: 1, column: 1 },
    excerpt: excerpt ?? { line: "" },
  }));
}

/** By migration, and in each by line. */
function inOrder(
  findings: readonly Finding[],
  { migrations }: Project,
  linted: readonly RevisionId[],
): readonly Finding[] {
  const place = new Map(linted.map((id, i) => [migrations.get(id)!.up.source.path, i]));
  return findings.toSorted(
    ({ location: a }, { location: b }) =>
      (place.get(a.path) ?? 0) - (place.get(b.path) ?? 0) || a.line - b.line || a.column - b.column,
  );
}
