/** A message and where to branch off → a new pair of migration files. */

import path from "node:path";
import { MigrateError } from "../core/errors.ts";
import { formatFileName, slugOf } from "../core/filename.ts";
import { ancestors, buildGraph, type Graph, nodeOf } from "../core/graph.ts";
import { describe, startOfFile } from "../core/graph-faults.ts";
import { parseHeader } from "../core/header.ts";
import type { Direction } from "../core/header-keys.ts";
import { asOneId } from "../core/header-value.ts";
import type { Revision, RevisionId } from "../core/migration.ts";
import { newRevisionFor, parentsOf } from "../core/new-revision.ts";
import { thereAre } from "../core/only.ts";
import { asOptions, type OptionNames } from "../core/option-names.ts";
import { commentText } from "../core/quote.ts";
import { settleReplaced } from "../core/replaced.ts";
import { freeNumbers, type SharedNumber, sharedNumbers } from "../core/shared-numbers.ts";
import type { Source } from "../core/source.ts";
import { wayOutOf } from "../core/target.ts";
import { fillTemplate } from "../core/template.ts";
import type { Config } from "../io/config.ts";
import {
  createDirectory,
  createFiles,
  isPattern,
  isSameFolder,
  migrationsBeside,
  type NewFile,
} from "../io/directory.ts";
import { randomHex } from "../io/random.ts";
import type { Template } from "../io/templates.ts";
import {
  addFolder,
  type Deps,
  foldersFile,
  mayBeAdded,
  openConfig,
  openProject,
  openToWrite,
  type Project,
  type ProjectOptions,
  shownFolders,
} from "./project.ts";
import { findTemplate } from "./templates.ts";

export interface RevisionOptions extends ProjectOptions {
  readonly message: string;
  /** Targets to follow: several make a merge, `base` makes a new root. Default: `head`. */
  readonly heads?: readonly string[] | undefined;
  /** Allow a parent that already has children. */
  readonly splice?: boolean | undefined;
  readonly branchLabels?: readonly string[] | undefined;
  readonly dependsOn?: readonly string[] | undefined;
  /** The id; default 12 random hex digits. */
  readonly revision?: RevisionId | undefined;
  /** Name of a template. Default: `default`. */
  readonly template?: string | undefined;
  /** The folder to write to, one of the project's. Default: that of the parent. */
  readonly versionPath?: string | undefined;
}

export interface NewRevision {
  readonly project: Project;
  readonly revision: RevisionId;
  readonly parents: readonly RevisionId[];
  /** Paths of the up and the down file, as shown to people. */
  readonly files: readonly string[];
  /** File numbers that several migrations had before. */
  readonly sharedNumbers: readonly SharedNumber[];
}

/** Writes the pair. Throws `usage/…`, `source/…` and `graph/…`; an existing file is never touched. */
export async function createRevision(deps: Deps, options: RevisionOptions): Promise<NewRevision> {
  const config = await openConfig(deps, options);
  refuseNoMessage(options.message);
  await createConfigured(config, deps);
  const project = await openToWrite(deps, options, config);
  refuseLabelAgain(project.graph, options.branchLabels, deps);
  return write(deps, project, { place: placeOf(project, options, deps), options });
}

/** What a revision's files hold below the lines that every new one has. */
export interface RevisionBody {
  readonly up: string;
  /** Undefined where the up text begins with the header line `irreversible`. */
  readonly down?: string;
}

/** Writes a pair for each body, each on the one before it, or none; the first is where the options say. Throws as `createRevision`. */
export async function createRevisions(
  deps: Deps,
  options: RevisionOptions,
  bodies: readonly RevisionBody[],
): Promise<readonly NewRevision[]> {
  if (bodies.length === 0) return [];
  const project = await openProject(deps, options);
  refuseLabelAgain(project.graph, options.branchLabels, deps);
  const drafts: Draft[] = [];
  for (const [index, body] of bodies.entries()) {
    const last = drafts.at(-1)?.created;
    const number = bodies.length === 1 ? "" : ` (${index + 1} of ${bodies.length})`;
    const given = { ...options, message: `${options.message}${number}` };
    const drawn =
      last === undefined
        ? { place: placeOf(project, options, deps), options: given }
        : {
            place: { parents: [last.revision], dependsOn: [] },
            options: { ...given, branchLabels: [], revision: undefined },
          };
    drafts.push(draftOf(deps, project, { ...drawn, body }, drafts));
  }
  return writeAll(deps, project, drafts);
}

export const placeOf = (
  project: Project,
  options: RevisionOptions,
  { names }: Pick<Deps, "names">,
): Pick<Revision, "parents" | "dependsOn"> =>
  newRevisionFor(
    project.graph,
    {
      ...(options.heads === undefined ? {} : { heads: options.heads }),
      splice: options.splice ?? false,
      dependsOn: options.dependsOn ?? [],
    },
    names,
  );

export interface MergeOptions extends Omit<RevisionOptions, "heads" | "message" | "dependsOn"> {
  /** Targets to join; `heads` is all of them. */
  readonly targets: readonly string[];
  /** Default: says what is merged. */
  readonly message?: string | undefined;
}

/** Writes a pair that joins several revisions. Throws as `createRevision`, and `graph/nothing-to-merge`. */
export async function mergeRevisions(deps: Deps, options: MergeOptions): Promise<NewRevision> {
  const project = await openToWrite(deps, options);
  const { heads } = project.graph;
  if (options.targets.includes("head") && heads.length > 1) {
    throw new MigrateError({
      code: "graph/multiple-heads",
      message: `'head' is one revision, but there are ${heads.length} heads, and a merge joins two or more`,
      hint: wayOutOf(project.graph, heads),
    });
  }
  const { targets, splice = false } = options;
  refuseUnmergeable(project.graph, targets, deps);
  const place = newRevisionFor(project.graph, { heads: targets, splice }, deps.names);
  const { parents } = place;
  const message = parents.length > 2 ? `merge ${parents.length} heads` : `merge ${parents.join(" and ")}`;
  const given = { template: "merge", ...options, message: options.message?.trim() || message };
  return write(deps, project, { place, options: given });
}

/** Before it is said that one of them is no head, which `--splice` would not help. */
function refuseUnmergeable(graph: Graph, targets: readonly string[], { names }: Pick<Deps, "names">): void {
  const parents = parentsOf(graph, targets, names);
  if (parents.length < 2) {
    const [only] = parents.map((id) => describe(nodeOf(graph, id).revision));
    // It means those on which nothing depends.
    if (only !== undefined && targets.includes("heads") && graph.heads.length > 1) {
      const [others, all] =
        graph.heads.length > 2 ? ["each of the other heads", "all of them"] : ["the other head", "both"];
      throw new MigrateError({
        code: "graph/nothing-to-merge",
        message: `nothing to merge: '${targets.join(" ")}' is only ${only}; a revision depends on ${others}`,
        hint: `to apply ${all}: migrate upgrade heads\nto join them all the same: migrate merge ${graph.heads.join(" ")}`,
      });
    }
    throw new MigrateError({
      code: "graph/nothing-to-merge",
      message:
        targets.length === 0
          ? "nothing to merge: no revision is named"
          : `nothing to merge: '${targets.join(" ")}' is ${only === undefined ? "not a revision" : `only ${only}`}`,
      hint: "a merge joins two or more revisions; list the heads with: migrate heads",
    });
  }
  for (const parent of parents) {
    const below = parents.find((id) => id !== parent && ancestors(graph, [parent], "lineage").has(id));
    if (below === undefined) continue;
    throw new MigrateError({
      code: "graph/nothing-to-merge",
      message: `nothing to merge: ${parent} comes after ${below}`,
      hint: "a merge joins revisions of which none comes after another; list the heads with: migrate heads",
    });
  }
}

/** Writes the pair of a revision that replaces others. Throws as `createRevision`. */
export async function createSquashed(
  deps: Deps,
  project: Project,
  squashed: Revision,
  body: RevisionBody,
  options: Omit<RevisionOptions, "message">,
): Promise<NewRevision> {
  const { revision, parents, dependsOn, branchLabels, replaces, message } = squashed;
  const given = { ...options, revision, branchLabels, message };
  return write(deps, project, { place: { parents, dependsOn }, options: given, body, replaces });
}

/** What a new revision is to be. */
interface Drawn {
  readonly place: Pick<Revision, "parents" | "dependsOn">;
  readonly options: RevisionOptions;
  /** By default that of the template. */
  readonly body?: RevisionBody;
  readonly replaces?: readonly RevisionId[] | undefined;
}

/** A revision that has no files yet. */
interface Draft {
  readonly created: Revision;
  readonly number: string;
  readonly directory: string;
  readonly files: readonly NewFile[];
  /** With it. */
  readonly graph: Graph;
}

async function write(deps: Deps, project: Project, drawn: Drawn): Promise<NewRevision> {
  const [written] = await writeAll(deps, project, [draftOf(deps, project, drawn, [])]);
  return written!;
}

/** Writes the files of all of them, or none. */
async function writeAll(
  deps: Deps,
  project: Project,
  drafts: readonly Draft[],
): Promise<readonly NewRevision[]> {
  const { pattern, graph } = project;
  const paths = await createFiles(
    drafts[0]!.directory,
    drafts.flatMap(({ files }) => files),
    deps,
    // Without a number in their names two migrations of one day may have the same, and the other may be applied.
    pattern.parts.some(({ is }) => is === "slug")
      ? "give the new migration another message: its files are named by it"
      : 'another "fileName", for example one with {revision}, tells the two apart',
  );
  const left = [...paths];
  return drafts.map(({ created: { revision, parents }, number, files }) => ({
    project,
    revision,
    parents,
    files: left.splice(0, files.length),
    sharedNumbers: sharedNumbers(graph, pattern, [number]),
  }));
}

/** `before`: those that it comes after, and that are written with it. */
function draftOf(
  deps: Deps,
  project: Project,
  { place, options, body, replaces = [] }: Drawn,
  before: readonly Draft[],
): Draft {
  const { migrations, pattern, config } = project;
  const created: Revision = {
    ...place,
    revision: options.revision ?? randomHex(6),
    branchLabels: options.branchLabels ?? [],
    ...(replaces.length === 0 ? {} : { replaces }),
    message: options.message.replaceAll(/\s+/g, " ").trim(),
  };
  const all = [...migrations.values(), ...project.dormant];
  const others = [
    ...all.filter(({ revision }) => !replaces.includes(revision)),
    ...before.map((draft) => draft.created),
  ];
  if (options.revision !== undefined) refuseTaken(options.revision, others, deps);
  const present = [...migrations.values()];
  if (options.revision !== undefined) refuseNumber(options.revision, present, "revision", deps);
  for (const label of created.branchLabels) refuseNumber(label, present, "branchLabels", deps);
  // Whether the labels are free and all is legal is what the graph knows: as it will be without what is replaced.
  const graph = buildGraph<Revision>(settleReplaced<Revision>([...others, created], startOfFile).active);
  const now = deps.now();
  refuseListed(created.branchLabels, deps);
  const texts =
    body === undefined
      ? textsOf(created, findTemplate(options.template ?? "default", config.templates, deps), now)
      : textsAround(created, body, now);
  const numbers = [...all, ...before].flatMap((each) => each.number ?? []);
  const number = freeNumbers(before.at(-1)?.graph ?? project.graph, numbers)();
  const name = { number, slug: slugOf(created.message), revision: created.revision, date: now };
  return {
    created,
    number,
    directory:
      before[0]?.directory ??
      directoryFor(deps, project, [...created.parents, ...replaces], options.versionPath),
    files: texts.map(({ direction, text }) => ({
      name: formatFileName({ ...name, direction }, pattern),
      text,
    })),
    graph,
  };
}

function refuseTaken(
  id: RevisionId,
  others: readonly Revision[],
  { names = asOptions }: Pick<Deps, "names">,
): void {
  const owner = others.find(({ revision }) => revision === id);
  if (owner === undefined) return;
  throw new MigrateError({
    code: "graph/duplicate-revision",
    message: `the revision id '${id}' is used by ${describe(owner)}`,
    hint: `give another with ${names.short("revision")}, or leave it out`,
  });
}

/** A label is given once, where its branch begins: who gives it again may mean to add to that branch. */
function refuseLabelAgain(
  { nodes, carriers }: Graph,
  labels: readonly string[] = [],
  { names = asOptions }: Pick<Deps, "names">,
): void {
  const label = labels.find((each) => carriers.has(each));
  if (label === undefined) return;
  throw new MigrateError({
    code: "graph/duplicate-label",
    message: `the branch label '${label}' is used by ${describe(nodes.get(carriers.get(label)!)!.revision)}`,
    hint: `a label is given once, to the revision that its branch begins with; to add to that branch: ${names.given("heads", `${label}@head`)}`,
  });
}

/** A name that is also the number of a file would have two meanings wherever it is typed. */
function refuseNumber(
  name: string,
  migrations: readonly Revision[],
  option: "revision" | "branchLabels",
  { names = asOptions }: Pick<Deps, "names">,
): void {
  const other = migrations.find(({ number, revision }) => number === name && revision !== name);
  if (other === undefined) return;
  const what = option === "revision" ? "revision id" : "branch label";
  throw new MigrateError({
    code: "graph/ambiguous-name",
    message: `the ${what} '${name}' is also the number of the file of ${describe(other)}`,
    hint: `give another with ${names.short(option)}, or leave it out`,
  });
}

/**
 * Creates the folder that a config file names: git keeps none that are empty. One named by a flag may be misspelt, and so
 * may one beside which there are migrations.
 */
async function createConfigured(config: Config, deps: Deps): Promise<void> {
  const [only, ...others] = config.directories;
  if (foldersFile(config) === undefined || only === undefined || others.length > 0 || isPattern(only)) return;
  if (migrationsBeside(only) !== undefined || !(await createDirectory(only, deps))) return;
  const message = `the folder ${shownFolders(config, deps)} did not exist and was created`;
  deps.onNotice?.({ severity: "NOTICE", message });
}

/** Throws `usage/no-message`: it is what everybody sees of a migration, and its file's name. */
export function refuseNoMessage(message: string): void {
  // Quotes alone are what is left of an empty message that was quoted twice.
  if (/[^\s"'`]/.test(message)) return;
  throw new MigrateError({
    code: "usage/no-message",
    message: "a revision needs a message that says what it does",
    hint: 'for example: migrate revision -m "add users"',
  });
}

/** A new revision lands beside its parent; a base where the user says, if there is a choice. */
function directoryFor(
  deps: Deps,
  project: Project,
  parents: readonly RevisionId[],
  versionPath: string | undefined,
): string {
  const { directories } = project.config;
  const folders = directories.map((directory) => path.relative(deps.cwd, directory) || ".");
  if (versionPath !== undefined) {
    const chosen = directories.find((each) => isSameFolder(each, versionPath, deps));
    if (chosen !== undefined) return chosen;
    throw new MigrateError({
      code: "usage/version-path",
      message: `${versionPath} is not one of the folders of migrations`,
      hint: mayBeAdded(project.config, versionPath, deps)
        ? `${thereAre("folder", folders)}; to have ${versionPath} read too, ${addFolder(project.config, versionPath, deps)}`
        : thereAre("folder", folders),
    });
  }
  const parent = project.migrations.get(parents[0] ?? "");
  if (parent !== undefined) return path.dirname(parent.path);
  const [only, ...others] = directories;
  if (only !== undefined && others.length === 0) return only;
  throw new MigrateError({
    code: "usage/version-path",
    message: `Multiple version locations present, please specify ${(deps.names ?? asOptions).short("versionPath")}`,
    hint: `choose one of ${folders.join(", ")}`,
  });
}

export interface Text {
  readonly direction: Direction;
  readonly text: string;
}

/** The texts of the pair, the up file first; checked, so that what is written can be read. */
function textsOf(created: Revision, template: Template, now: Date): readonly Text[] {
  const headers = headersOf(created, now);
  const { message, revision } = created;
  const date = now.toISOString().slice(0, 10);
  const values = { message: commentText(message), revision, date };
  const file = (direction: Direction, source: Source) => {
    checked(`${headers[direction].join("\n")}\n`, direction);
    const text = fillTemplate(headers[direction], source, direction, values);
    return { direction, text, header: checked(text, direction, source.path) };
  };
  const up = file("up", template.up);
  if (up.header.irreversible !== undefined) return [up];
  return [up, file("down", template.down ?? { path: template.up.path, text: "" })];
}

/** The same around SQL that is no template. */
export function textsAround(created: Revision, body: RevisionBody, now: Date): readonly Text[] {
  const headers = headersOf(created, now);
  return (["up", "down"] as const).flatMap((direction) => {
    if (body[direction] === undefined) return [];
    const text = `${headers[direction].join("\n")}\n${body[direction]}`;
    checked(text, direction);
    return [{ direction, text }];
  });
}

function headersOf(
  { revision, parents, dependsOn, branchLabels, replaces = [], message }: Revision,
  now: Date,
): Readonly<Record<Direction, readonly string[]>> {
  const created = now
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "+00:00");
  const id = `-- revision: ${revision}`;
  const up = [
    id,
    `-- parent: ${parents.join(", ") || "none"}`,
    ...(branchLabels.length > 0 ? [`-- branch-labels: ${branchLabels.join(", ")}`] : []),
    ...(dependsOn.length > 0 ? [`-- depends-on: ${dependsOn.join(", ")}`] : []),
    ...(replaces.length > 0 ? [`-- replaces: ${replaces.join(", ")}`] : []),
    ...(message === "" ? [] : [`-- message: ${commentText(message)}`]),
    `-- created: ${created}`,
  ];
  return { up, down: [id] };
}

/** Throws `usage/header` for a label that the header would have as several. */
function refuseListed(branchLabels: readonly string[], { names = asOptions }: Pick<Deps, "names">): void {
  const listed = branchLabels.find((label) => /[,;\s]/.test(label));
  if (listed === undefined) return;
  const [sign] = /[,;\s]/.exec(listed)!;
  throw new MigrateError({
    code: "usage/header",
    message: `${/\s/.test(sign) ? "a blank" : `'${sign}'`} is not allowed in the branch label '${listed}'`,
    hint: labelsHint(listed, names),
  });
}

/** Words apart may be several labels, or one of several words. */
function labelsHint(listed: string, names: OptionNames): string {
  const hint = names.either(
    "repeat --branch-label for each label",
    'give each label by itself: branchLabels: ["a", "b"]',
  );
  if (listed.trim() === "") return `give one, or leave ${names.either("the flag", "it")} out`;
  return /[,;]/.test(listed) ? hint : `${hint}; or write one as ${asOneId(listed)}`;
}

/** The header that a text would be read with. Throws its faults, as those of the flags or of the template. */
function checked(text: string, direction: Direction, template?: string) {
  const { header, diagnostics } = parseHeader({ path: "", text }, direction);
  if (diagnostics.length === 0) return header;
  throw MigrateError.all(
    diagnostics.map(({ code, message, hint }) => ({
      code: template === undefined ? "usage/header" : code,
      message:
        template === undefined ? message : `a file made from this template would not be valid: ${message}`,
      ...(hint === undefined ? {} : { hint }),
      ...(template === undefined ? {} : { location: { path: template, line: 1, column: 1 } }),
    })),
  );
}
