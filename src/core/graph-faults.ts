/** Revisions → everything that keeps them from being a graph, each fault with the files and ids it is about. */
import { cyclesOf } from "./cycles.ts";
import type { Diagnostic } from "./errors.ts";
import { stemOf } from "./filename.ts";
import { type Migration, type Revision, type RevisionId, sourcesOf } from "./migration.ts";
import { isOfSeries, nearestId } from "./nearest.ts";
import type { OptionNames } from "./option-names.ts";
import { shellWord } from "./shell.ts";
import { unique } from "./unique.ts";

/** The header keys a fault of the graph can point at. */
export type GraphKey = "revision" | "parent" | "depends-on" | "branch-labels" | "replaces";

/** Where a key of a revision's header stands, or an item of its list. */
export type PlaceOf<R extends Revision> = (
  revision: R,
  key: GraphKey,
  item?: string,
) => Pick<Diagnostic, "location" | "excerpt"> | undefined;

/** The place of a revision of which no more than its path is known. */
export function startOfFile({ path }: Revision): Pick<Diagnostic, "location"> | undefined {
  return path === undefined ? undefined : { location: { path, line: 1, column: 1 } };
}

/** A revision for a message: its id, its file and its date, as far as they are known. */
export function describe({ revision, path, created }: Revision): string {
  const details = [path, created].filter((detail) => detail !== undefined);
  return details.length === 0 ? revision : `${revision} (${details.join(", ")})`;
}

const stem = (path: string): string => path.replace(/^.*[\\/]/s, "").replace(/\.(?:up|down)\.sql$/, "");

/** Whether a name is the number or the name of a file: asked of many names, it looks at the files once. */
export function namesAFile(revisions: readonly Revision[]): (name: string) => boolean {
  const names = new Set(revisions.flatMap(({ number = "", path = "" }) => [number, stem(path)]));
  return (name) => names.has(stem(name));
}

/** The revision that is meant by one of its files, or by their name without the ending. */
export function ofFile<R extends Revision>(revisions: readonly R[], name: string): R | undefined {
  const meant = stem(name);
  const found = revisions.filter(({ path }) => path !== undefined && stem(path) === meant);
  return found.length === 1 ? found[0] : undefined;
}

/** The revisions whose files' names begin with that number, though a name has no number there that counts as a target. */
export const ofDigits = <R extends Revision>(revisions: readonly R[], digits: string): readonly R[] =>
  revisions.filter(({ number, path = "" }) => {
    const [first] = number === undefined ? (/^\d+/.exec(stem(path)) ?? []) : [];
    return first !== undefined && BigInt(first) === BigInt(digits);
  });

/** The command that deletes their files, as far as these are known. */
export const removalOf = (revisions: readonly (Revision & Partial<Migration>)[]): string =>
  `rm ${revisions
    .flatMap(({ path = [], up, down }) =>
      up === undefined ? path : sourcesOf({ up, ...(down && { down }) }).map((source) => source.path),
    )
    .map(shellWord)
    .join(" ")}`;

/** Where the up file of a revision is, in a folder that is not read. */
export interface UnreadFile {
  readonly path: string;
  /** The folder that is read, which this one is below; of one that was replaced, that folder itself. */
  readonly folder: string;
  /** What messages call the options. */
  readonly names: OptionNames;
  /** The caller gave the folders that are read, so that those that are configured have no effect. */
  readonly isGiven?: boolean;
  /** That folder has a file of its name. */
  readonly isTaken?: boolean;
  readonly replaced?: Replacement;
}

/** Why folders are not read: others were given in their place. */
export interface Replacement {
  /** What gave the others: `flag --directory`. */
  readonly by: string;
  /** What names those that are not read: `migrate.config.json line 2`; undefined: they are the default. */
  readonly origin: string | undefined;
}

/** The folders themselves; absolute. */
export interface ReplacedFolders extends Replacement {
  readonly directories: readonly string[];
}

export type FindUnread = (id: RevisionId) => UnreadFile | undefined;

/** Beyond so many files, no command names each. */
const MOST_NAMED = 5;

/** What to type where the files of one or more revisions are not read, and others are. */
export function unreadHint(files: readonly [UnreadFile, ...UnreadFile[]]): string {
  const below = files.filter((each) => each.replaced === undefined);
  const others = files.filter((each) => each.replaced !== undefined);
  return [
    ...(others.length > 0 ? [replacedHint(others)] : []),
    ...(below.length > 0 ? [belowHint(below)] : []),
  ].join("; ");
}

const replacedHint = (files: readonly UnreadFile[]): string =>
  `${replacedText(files)}: leave it out, or name ${readFolders(files)} with it too`;

/** `flag --directory replaces the default folder, migrations` */
function replacedText(files: readonly UnreadFile[]): string {
  const { by, origin } = files[0]!.replaced!;
  const named = origin === undefined ? "the default folder," : `the folders of ${origin}, among them`;
  return `${by} replaces ${named} ${readFolders(files)}`;
}

const readFolders = (files: readonly UnreadFile[]): string =>
  unique(files.map(({ folder }) => folder)).join(" and ");

function belowHint(files: readonly UnreadFile[]): string {
  const { folder } = files[0]!;
  const stems = files.map(({ path }) => `${shellWord(stemOf(path, "up"))}.*.sql`);
  const isNamed = files.length <= MOST_NAMED && files.every((each) => each.folder === folder);
  const command = isNamed ? `: mv ${stems.join(" ")} ${shellWord(folder)}` : "";
  // A file of the same name would be written over.
  const isFree =
    files.every(({ isTaken }) => isTaken !== true) &&
    unique(files.map(({ path }) => stem(path))).length === files.length;
  const move = isFree ? `move ${files.length === 1 ? "its" : "their"} files up${command}; or ` : "";
  return `folders below ${folder} are not read; ${move}name ${foldersOfFiles(files).join(", ")} too, ${whereFolders(files[0]!)}`;
}

/** Where to name a folder beside those that are read. */
export const whereFolders = ({ names, isGiven }: Pick<UnreadFile, "names" | "isGiven">): string =>
  isGiven === true ? `with ${names.short("directories")}` : 'in "directories"';

/** `there is a migration in migrations/billing` */
export const unreadText = (files: readonly UnreadFile[]): string =>
  `there ${files.length === 1 ? "is a migration" : `are ${files.length} migrations`} in ${namedFolders(files)}`;

/**
 * What to type where no files are read, and these are all there are: the folder that is read is not the one that is meant.
 */
export function otherFolderHint(files: readonly [UnreadFile, ...UnreadFile[]]): string {
  const configured = files.filter((each) => each.replaced !== undefined);
  // What needs nothing but to leave something out is what is meant.
  if (configured.length > 0) {
    const have = foldersOfFiles(configured).length === 1 ? "has" : "have";
    return `${replacedText(configured)}, which ${have} migrations: leave it out`;
  }
  const { names, isGiven = false } = files[0];
  const [first = "", ...others] = foldersOfFiles(files);
  if (others.length > 0)
    return `${namedFolders(files)} have migrations; name those that are meant, with ${names.short("directories")}${isGiven ? "" : ' or in "directories"'}`;
  const setting = isGiven ? "" : `, or ${JSON.stringify(first)} in "directories"`;
  return `${first} has migrations; name it: ${names.given("directories", first)}${setting}`;
}

function namedFolders(files: readonly UnreadFile[]): string {
  const folders = foldersOfFiles(files);
  return `${folders.slice(0, MOST_NAMED).join(", ")}${folders.length > MOST_NAMED ? ", …" : ""}`;
}

const foldersOfFiles = (files: readonly UnreadFile[]): readonly string[] =>
  unique(files.map(({ path }) => folderOf(path)));

/** The folder of a path. */
export const folderOf = (path: string): string => (path.includes("/") ? path.replace(/\/[^/]*$/, "") : ".");

/** Every fault: names first, then what the names refer to, then cycles; each in load order. */
export function faultsOf<R extends Revision>(
  revisions: readonly R[],
  placeOf: PlaceOf<R>,
  dormant: readonly R[] = [],
  findUnread: FindUnread = noneUnread,
): readonly Diagnostic[] {
  const names = namesOf(revisions, dormant, findUnread);
  return [...faultsOfNames(revisions, names), ...cycles(names)].map(
    ({ revision, key, item, name, message, hint }) => ({
      code: `graph/${name}`,
      message,
      hint,
      ...(placeOf(revision, key, item) ?? startOfFile(revision)),
    }),
  );
}

/** Whether every name is legal, had once, and refers to something; there may still be cycles. */
export const haveSoundNames = (revisions: readonly Revision[]): boolean =>
  faultsOfNames(revisions, namesOf(revisions)).length === 0;

function faultsOfNames<R extends Revision>(revisions: readonly R[], names: Names<R>): readonly Fault<R>[] {
  return [...wrongNames(revisions), ...duplicates(revisions, names), ...wrongReferences(revisions, names)];
}

interface Fault<R> {
  readonly revision: R;
  readonly key: GraphKey;
  /** Which of the key's list it is about. */
  readonly item?: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly hint: string;
}

/** What a name refers to; the first revision with a name has it. */
interface Names<R> {
  readonly byId: ReadonlyMap<RevisionId, R>;
  /** Ids and branch labels. */
  readonly byName: ReadonlyMap<string, R>;
  /** Squashed revisions that do not count while what they replace has files. */
  readonly dormant: readonly R[];
  readonly findUnread: FindUnread;
}

export const noneUnread: FindUnread = () => undefined;

function namesOf<R extends Revision>(
  revisions: readonly R[],
  dormant: readonly R[] = [],
  findUnread: FindUnread = noneUnread,
): Names<R> {
  const byId = new Map<RevisionId, R>();
  for (const revision of revisions) if (!byId.has(revision.revision)) byId.set(revision.revision, revision);
  const byName = new Map<string, R>(byId);
  for (const revision of revisions) {
    for (const label of revision.branchLabels) if (!byName.has(label)) byName.set(label, revision);
  }
  return { byId, byName, dormant, findUnread };
}

/** The words of target expressions. */
export const RESERVED: ReadonlySet<string> = new Set(["head", "heads", "base", "current"]);

function wrongNames<R extends Revision>(revisions: readonly R[]): readonly Fault<R>[] {
  const faults: Fault<R>[] = [];
  const check = (revision: R, key: GraphKey, what: string, text: string): void => {
    if (text === "") {
      const message = `a ${what} must not be empty`;
      faults.push({ revision, key, name: "empty-name", message, hint: "write one, or leave it out" });
    }
    if (/[@+:-]/.test(text)) {
      const illegal = [...new Set(text.match(/[@+:-]/g))].sort();
      const message = `Character(s) '${illegal.join(", ")}' not allowed in ${what} '${text}'`;
      const hint = "use only letters, digits, _ and .";
      faults.push({ revision, key, name: "illegal-character", message, hint });
    }
    if (RESERVED.has(text)) {
      const message = `'${text}' not allowed as ${what}: it has a special meaning in targets`;
      faults.push({ revision, key, name: "reserved-name", message, hint: "choose another name" });
    }
  };
  for (const revision of revisions) {
    check(revision, "revision", "revision identifier", revision.revision);
    for (const label of revision.branchLabels) check(revision, "branch-labels", "branch label", label);
  }
  return faults;
}

function duplicates<R extends Revision>(
  revisions: readonly R[],
  { byId, byName }: Names<R>,
): readonly Fault<R>[] {
  const faults: Fault<R>[] = [];
  for (const revision of revisions) {
    const id = revision.revision;
    const owner = byId.get(id)!;
    if (owner === revision) continue;
    const message = `Revision ${id} is present more than once: ${describe(owner)} and ${describe(revision)}`;
    const hint = "give one of the two files another id";
    faults.push({ revision, key: "revision", name: "duplicate-revision", message, hint });
  }
  const seen = new Set<string>();
  for (const revision of revisions) {
    for (const label of revision.branchLabels) {
      const owner = byName.get(label)!;
      // A revision may say one label twice, or one that is its own id.
      if (owner === revision && !byId.has(label) && !seen.has(label)) {
        seen.add(label);
        continue;
      }
      const message = `Branch name '${label}' in revision ${describe(revision)} already used by revision ${describe(owner)}`;
      const hint = "a label must name one revision and differ from every id: choose another";
      faults.push({ revision, key: "branch-labels", name: "duplicate-label", message, hint });
    }
  }
  return faults;
}

/** Whether the first replaces all that the second does, and more. */
export const replacesMore = (
  { replaces: first = [] }: Revision,
  { replaces: second = [] }: Revision,
): boolean => first.length > second.length && second.every((id) => first.includes(id));

/** Why a squashed revision that waits cannot be named. `counting`: the revisions that count. */
export function waitingFault<R extends Revision>(
  waiting: R,
  { counting, dormant }: { readonly counting: readonly R[]; readonly dormant: readonly R[] },
): { readonly message: string; readonly hint: string } {
  const { replaces = [] } = waiting;
  const last = replaces.at(-1);
  const isMore = (other: R): boolean => replacesMore(other, waiting);
  const instead = counting.find(isMore)?.revision ?? last;
  // Its time never comes: where only what it replaces is deleted, the other has a part of its own.
  if ([...counting, ...dormant].some(isMore))
    return {
      message: `${describe(waiting)} does nothing, since another revision replaces all that it does, and more`,
      hint: `name ${instead} instead`,
    };
  const there = counting.filter(({ revision }) => replaces.includes(revision));
  return {
    message: `${describe(waiting)} does nothing while ${replaces.join(", ")}, which it replaces, ${replaces.length === 1 ? "has files" : "have files"}`,
    hint: `name ${last} instead, or, once every database has them all, delete those files: ${removalOf(there)}`,
  };
}

/** Beyond so many missing names it is the folder that is wrong, not the spelling; suggestions would take minutes. */
const MAX_SUGGESTIONS = 20;

/**
 * What to write for a name that is no id, where it is the number or the name of a file; undefined where it is none. `self`:
 * the revision whose header has it.
 */
export function meantFile<R extends Revision>(
  revisions: readonly R[],
  wanted: string,
  self: RevisionId,
): string | undefined {
  const numbered = revisions.filter(({ number }) => number === wanted);
  if (numbered.length === 1 && numbered[0]!.revision !== self)
    return `file numbers work only on the command line: write the id, ${numbered[0]!.revision}`;
  const named = ofFile(revisions, wanted);
  return named === undefined || named.revision === self
    ? undefined
    : `the name of a file is no id: write its id, ${named.revision}`;
}

function wrongReferences<R extends Revision>(
  revisions: readonly R[],
  { byId, byName, dormant, findUnread }: Names<R>,
): readonly Fault<R>[] {
  const faults: Fault<R>[] = [];
  let suggestions = 0;
  const missing = (wanted: string, { revision: wanting, parents, dependsOn }: R): string => {
    const waiting = dormant.find(({ revision }) => revision === wanted);
    if (waiting !== undefined) {
      const { message, hint } = waitingFault(waiting, { counting: [...byId.values()], dormant });
      return `${message}; ${hint}`;
    }
    const unread = findUnread(wanted);
    if (unread !== undefined) return `${unread.path} has it, but ${unreadHint([unread])}`;
    const other = "correct the id, or restore the file of that revision";
    suggestions += 1;
    if (suggestions > MAX_SUGGESTIONS) return other;
    if (revisions.find(({ number }) => number === wanted)?.revision === wanting)
      return "this file itself has that number: name another revision; for a base, write '-- parent: none'";
    const file = meantFile(revisions, wanted, wanting);
    if (file !== undefined) return file;
    const longer = [...byId.keys()].filter(
      (id) => wanted !== "" && id.startsWith(wanted) && !isOfSeries(wanted, id),
    );
    const isShort = longer.length === 1;
    // What the header names besides is not meant a second time.
    const besides = new Set([wanting, ...parents, ...dependsOn]);
    const others = [...byName].flatMap(([name, { revision }]) => (besides.has(revision) ? [] : [name]));
    const meant = isShort ? longer[0] : nearestId(wanted, others);
    const found = meant === undefined ? undefined : byName.get(meant);
    if (found === undefined || besides.has(found.revision)) return other;
    const label = meant === found.revision ? "" : `'${meant}', a label of `;
    return `${isShort ? "write ids in full; " : ""}did you mean ${label}${describe(found)}? otherwise restore the file of ${wanted}`;
  };
  for (const revision of revisions) {
    const of = (): string => describe(revision);
    const add = (key: GraphKey, item: string, name: string, message: string, hint: string): void => {
      // A longer list is looked through once for all.
      const list = key === "parent" ? revision.parents : revision.dependsOn;
      const which = list.length > MAX_SUGGESTIONS ? undefined : item;
      faults.push({ revision, key, item: which, name, message, hint });
    };
    for (const id of unique(revision.parents)) {
      if (id === revision.revision) {
        const hint = "name another parent, or write none if it is a base";
        add("parent", id, "self-loop", `Self-loop is detected in revisions (${of()})`, hint);
      } else if (byName.has(id) && !byId.has(id)) {
        const hint = `write its id: ${byName.get(id)!.revision}`;
        add(
          "parent",
          id,
          "missing-parent",
          `Parent ${id} of revision ${of()} is a branch label, not an id`,
          hint,
        );
      } else if (!byId.has(id)) {
        const message = `Revision ${id} referenced from ${of()} as a parent is not present`;
        add("parent", id, "missing-parent", message, missing(id, revision));
      }
    }
    for (const wanted of unique(revision.dependsOn)) {
      const found = byName.get(wanted);
      if (found === undefined) {
        const message = `Revision ${wanted} referenced from ${of()} in depends-on is not present`;
        add("depends-on", wanted, "missing-dependency", message, missing(wanted, revision));
      } else if (found.revision === revision.revision) {
        const hint = `remove ${wanted} from depends-on`;
        add(
          "depends-on",
          wanted,
          "dependency-self-loop",
          `Dependency self-loop is detected in revisions (${of()})`,
          hint,
        );
      }
    }
  }
  return faults;
}

/** A cycle over parents is not reported again as one over depends-on. */
function cycles<R extends Revision>({ byId, byName }: Names<R>): readonly Fault<R>[] {
  const ids = [...byId.keys()];
  const parentsOf = (id: RevisionId): readonly RevisionId[] => byId.get(id)!.parents;
  const dependenciesOf = (id: RevisionId): readonly RevisionId[] =>
    byId.get(id)!.dependsOn.map((name) => byName.get(name)?.revision ?? name);
  const list = (members: readonly RevisionId[]): string =>
    members.map((id) => describe(byId.get(id)!)).join(", ");

  const overParents = cyclesOf(ids, parentsOf);
  const known = new Set(overParents.flat());
  const overAll = cyclesOf(ids, (id) => [...parentsOf(id), ...dependenciesOf(id)]).filter(
    (members) => !members.every((id) => known.has(id)),
  );
  return [
    ...overParents.map((members): Fault<R> => {
      const message = `Cycle is detected in revisions (${list(members)})`;
      const hint = "one of them must follow a revision that is not among them, or none";
      return { revision: byId.get(members[0]!)!, key: "parent", name: "cycle", message, hint };
    }),
    ...overAll.map((members): Fault<R> => {
      const among = new Set(members);
      const id = members.find((member) => dependenciesOf(member).some((other) => among.has(other)))!;
      const message = `Dependency cycle is detected in revisions (${list(members)})`;
      const hint = "one of them must not depend on the others";
      return { revision: byId.get(id)!, key: "depends-on", name: "dependency-cycle", message, hint };
    }),
  ];
}
