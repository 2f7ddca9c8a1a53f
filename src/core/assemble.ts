/** The sources of one or more folders → migrations, each an up and a down file, with every fault of every file. */
import type { Diagnostic } from "./errors.ts";
import {
  defaultPattern,
  type FileName,
  type FileNamePattern,
  messageOf,
  nextNumber,
  parseFileName,
  stemOf,
  type TakenBy,
} from "./filename.ts";
import { parseHeader, placeOfKey } from "./header.ts";
import type { Direction, Header } from "./header-keys.ts";
import { countLines } from "./header-line.ts";
import type { Migration, MigrationFile } from "./migration.ts";
import { sha256 } from "./sha256.ts";
import { shellWord } from "./shell.ts";
import type { Source } from "./source.ts";

export interface Assembled {
  /** In the order of the files given. Only the whole and faultless ones; use them when there are no diagnostics. */
  readonly migrations: readonly Migration[];
  /** Sorted by path, line and column. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Pairs the files by folder and name, and reads their headers. `unreadable` are the faults of files that have no
 * text; the other files of their pairs are not reported as lonely. `isCommitted`, asked only of a file that is missing or
 * empty: whether the last commit has its text.
 */
export function assemble(
  sources: readonly Source[],
  unreadable: readonly Diagnostic[] = [],
  pattern: FileNamePattern = defaultPattern,
  isCommitted: (path: string) => boolean = () => false,
): Assembled {
  const diagnostics: Diagnostic[] = [...unreadable];
  const pairs = new Map<string, Pair>();
  const strangers: Source[] = [];
  const paths = new Set(sources.map(({ path }) => path));
  const free = numberOfStem(sources, pattern);
  // Only of a name that is at fault is it asked which are taken.
  let stems: Stems | undefined;
  const takenBeside =
    (source: Source): TakenBy =>
    (name) => {
      if (paths.has(source.path.slice(0, -nameOf(source.path).length) + name)) return `'${name}' exists`;
      stems ??= stemsOf(sources, pattern);
      return numberTaken(name, source, stems, pattern);
    };
  const short = new Map<ParsedFile, Diagnostic>();
  for (const source of sources) {
    const name = nameOf(source.path);
    const read = parseFileName(name, pattern);
    if (read.fileName === undefined) {
      strangers.push(source);
      continue;
    }
    // Of strangers the numbers are given later, in another order.
    const { fault, proper = name } =
      read.fault === undefined ? read : parseFileName(name, pattern, free, false, takenBeside(source));
    const { fileName } = read;
    const { direction } = fileName;
    // The other file of its pair is where this one belongs, once it is named as it should be.
    const folder = source.path.slice(0, -name.length);
    const stem = stemOf(folder + proper, direction);
    const isTaken = pairs.get(stem)?.[direction] !== undefined;
    const file = new ParsedFile(source, fileName, isTaken ? stemOf(source.path, direction) : stem);
    if (fault !== undefined) short.set(file, { ...fault, location: startOf(source.path) });
    const pair = pairs.get(file.stem);
    if (pair === undefined) pairs.set(file.stem, { [direction]: file });
    else pair[direction] = file;
  }

  const misnamed = misnamedFiles(strangers, { free, pattern, takenBeside });
  const noText = new Set(unreadable.map((fault) => fault.location?.path));
  const lonely = lonelyFiles(pairs.values());
  for (const [file, fault] of short) diagnostics.push(besideItsOther(file, fault, lonely));
  const strays = strayFiles(misnamed.keys(), lonely);
  const squashed = squashedIn(pairs.values());
  const needed = neededBy(pairs.values());
  const faultsOfStrays = new Map([...strays.values()].map(({ source, fault }) => [source, fault]));
  for (const [source, fault] of misnamed) diagnostics.push(faultsOfStrays.get(source) ?? fault);
  const named = new Map<string | undefined, Set<Pair>>();
  for (const pair of pairs.values())
    for (const file of [pair.up, pair.down]) {
      const id = file?.header.revision;
      named.set(id, (named.get(id) ?? new Set()).add(pair));
    }
  const isFree = (id: string): boolean => named.get(id)?.size === 1;
  const repeated = repeatedRevisions(pairs.values(), noText);
  diagnostics.push(...repeated.faults);
  const migrations: Migration[] = [];
  for (const pair of pairs.values()) {
    const { up, down } = pair;
    if (repeated.surplus.has(pair)) continue;
    const swapped = swappedFiles(pair);
    if (swapped !== undefined) {
      diagnostics.push(swapped);
      continue;
    }
    if (up !== undefined) diagnostics.push(...faultsBeside(up, down, isFree, isCommitted));
    if (down !== undefined) diagnostics.push(...faultsBeside(down, up, isFree, isCommitted));
    const fault =
      up === undefined || down === undefined
        ? missingFile(pair, noText, lonely, strays, squashed, needed, isCommitted)
        : (needlessDown(up, down) ?? differentRevision(up, down, isFree));
    if (fault !== undefined) diagnostics.push(fault);
    const revision = up?.header.revision;
    if (up === undefined || revision === undefined) continue;
    const sound = fault === undefined && up.diagnostics.length === 0 && (down?.diagnostics.length ?? 0) === 0;
    if (sound) migrations.push(migrationOf(revision, up, down));
  }
  return { migrations, diagnostics: diagnostics.sort(byPlace) };
}

/** What is wrong with their names. Those that get a number get it in the order of their own: V1.2 before V1.10. */
function misnamedFiles(
  sources: readonly Source[],
  {
    free,
    pattern,
    takenBeside,
  }: {
    readonly free: (stem: string) => string;
    readonly pattern: FileNamePattern;
    readonly takenBeside: (source: Source) => TakenBy;
  },
): ReadonlyMap<Source, Diagnostic> {
  // What the order takes to load is as long as to read a thousand headers.
  if (sources.length === 0) return new Map();
  const { compare } = new Intl.Collator("en", { numeric: true });
  return new Map(
    sources
      .toSorted((a, b) => compare(nameOf(a.path), nameOf(b.path)))
      .flatMap((source) => {
        const hasParent = placeOfKey(source, "parent") !== undefined;
        const { fault } = parseFileName(nameOf(source.path), pattern, free, hasParent, takenBeside(source));
        return fault === undefined ? [] : [[source, { ...fault, location: startOf(source.path) }] as const];
      }),
  );
}

/** Of each number the files that are named as they should be, by their names without their endings. */
type Stems = ReadonlyMap<bigint, ReadonlyMap<string, readonly Source[]>>;

function stemsOf(sources: readonly Source[], pattern: FileNamePattern): Stems {
  const stems = new Map<bigint, Map<string, Source[]>>();
  for (const source of sources) {
    const name = nameOf(source.path);
    const { fileName, fault } = parseFileName(name, pattern);
    if (fileName?.number === undefined || fault !== undefined) continue;
    const number = BigInt(fileName.number);
    const named = stems.get(number) ?? new Map<string, Source[]>();
    const stem = stemOf(name, fileName.direction);
    stems.set(number, named.set(stem, [...(named.get(stem) ?? []), source]));
  }
  return stems;
}

/** That the number of a new name is that of others, which two people may choose, but no advice should. */
function numberTaken(
  name: string,
  source: Source,
  stems: Stems,
  pattern: FileNamePattern,
): string | undefined {
  const { fileName } = parseFileName(name, pattern);
  if (fileName?.number === undefined) return undefined;
  const { number, direction } = fileName;
  const named = stems.get(BigInt(number)) ?? new Map<string, readonly Source[]>();
  if (named.has(stemOf(name, direction))) return undefined;
  const [first] = [...named].find(([, files]) => !isOtherFile(files, source, direction)) ?? [];
  return first === undefined ? undefined : `'${first}' has the number ${number}`;
}

/** Whether the files of a name are just the other one of this file's pair, which was renamed apart. */
function isOtherFile(files: readonly Source[], source: Source, direction: Direction): boolean {
  const [only, ...others] = files;
  if (only === undefined || others.length > 0 || only.path.endsWith(`.${direction}.sql`)) return false;
  const revisionOf = (each: Source): string | undefined => parseHeader(each, "up").header.revision;
  const revision = revisionOf(source);
  return revision !== undefined && revisionOf(only) === revision;
}

/** A number for each name that has none: the one after all that exist, then the next. */
function numberOfStem(sources: readonly Source[], pattern: FileNamePattern): (stem: string) => string {
  const given = new Map<string, string>();
  let last: string | undefined;
  return (stem) => {
    const number = given.get(stem) ?? nextNumber(last === undefined ? numbersOf(sources, pattern) : [last]);
    if (!given.has(stem)) last = number;
    given.set(stem, number);
    return number;
  };
}

const numbersOf = (sources: readonly Source[], pattern: FileNamePattern): readonly string[] =>
  sources.flatMap(
    ({ path }) =>
      pattern.stem.exec(nameOf(path).replace(/(?:\.(?:up|down))?\.sql$/, ""))?.groups?.["number"] ?? [],
  );

/** What one file says. The header is complete only when there are no diagnostics. */
export class ParsedFile implements MigrationFile {
  readonly source: Source;
  readonly fileName: FileName;
  /** The path that it should have, without its ending. */
  readonly stem: string;
  readonly header: Header;
  readonly bodyStart: number;
  readonly diagnostics: readonly Diagnostic[];
  #checksum: string | undefined;

  constructor(source: Source, fileName: FileName, stem: string) {
    const { header, bodyStart, diagnostics } = parseHeader(source, fileName.direction);
    this.source = source;
    this.fileName = fileName;
    this.stem = stem;
    this.header = header;
    this.bodyStart = bodyStart;
    this.diagnostics = diagnostics;
  }

  /** Most commands ask for those of few files, or of none. */
  get checksum(): string {
    this.#checksum ??= checksumOf(this.source.text.slice(this.bodyStart));
    return this.#checksum;
  }
}

/** Version 1 of the checksum: SHA-256 of the body, everything after the header, with LF as the only line end. */
function checksumOf(body: string): string {
  return sha256(body.includes("\r") ? body.replace(/\r\n?/g, "\n") : body);
}

interface Pair {
  up?: ParsedFile;
  down?: ParsedFile;
}

function migrationOf(revision: string, up: ParsedFile, down: ParsedFile | undefined): Migration {
  const { fileName } = up;
  const {
    parents,
    dependsOn,
    branchLabels,
    replaces,
    message = messageOf(fileName.slug),
    created,
  } = up.header;
  return {
    revision,
    parents,
    dependsOn,
    branchLabels,
    ...(replaces.length === 0 ? {} : { replaces }),
    message,
    ...(fileName.number === undefined ? {} : { number: fileName.number }),
    path: up.source.path,
    ...(created === undefined ? {} : { created }),
    up,
    ...(down === undefined ? {} : { down }),
  };
}

// ------------------------------------------------------------------------------------------------------ faults

/** Files without their other one, by direction and revision: two of them with one revision were named apart. */
function lonelyFiles(pairs: Iterable<Pair>): ReadonlyMap<string, ParsedFile> {
  const lonely = new Map<string, ParsedFile>();
  for (const { up, down } of pairs) {
    const only = up === undefined ? down : down === undefined ? up : undefined;
    const revision = only?.header.revision;
    if (only !== undefined && revision !== undefined)
      lonely.set(`${only.fileName.direction} ${revision}`, only);
  }
  return lonely;
}

/** The fault of a short number: where its up file has another name, that is what a down file is to be named after. */
function besideItsOther(
  file: ParsedFile,
  fault: Diagnostic,
  lonely: ReadonlyMap<string, ParsedFile>,
): Diagnostic {
  const { revision } = file.header;
  const up = lonely.get(`up ${revision}`);
  const isApart = up !== undefined && up !== file && lonely.get(`down ${revision}`) === file;
  return isApart ? { ...fault, hint: `rename it to ${otherPath(up)}` } : fault;
}

/** A misnamed file that is the missing half of a pair: its header has the revision of a lonely file. */
interface Stray {
  readonly source: Source;
  readonly fault: Diagnostic;
}

/** By the path that each should have. */
function strayFiles(
  misnamed: Iterable<Source>,
  lonely: ReadonlyMap<string, ParsedFile>,
): ReadonlyMap<string, Stray> {
  const strays = new Map<string, Stray>();
  for (const source of misnamed) {
    const { revision } = parseHeader(source, "up").header;
    // Where the name does not say it: only an up file has a parent.
    const direction =
      /\.(up|down)\.sql$/i.exec(source.path)?.[1]?.toLowerCase() ??
      (placeOfKey(source, "parent") === undefined ? "down" : "up");
    const other = lonely.get(`${direction === "up" ? "down" : "up"} ${revision}`);
    if (other === undefined || lonely.has(`${direction} ${revision}`)) continue;
    const path = otherPath(other);
    if (strays.has(path)) continue;
    const fault: Diagnostic = {
      code: "source/file-name",
      message: `by its revision this is the ${direction} file of ${other.source.path}, but it is not named so`,
      hint: `rename it to ${path}`,
      location: startOf(source.path),
    };
    strays.set(path, { source, fault });
  }
  return strays;
}

/**
 * The revisions that a squashed one has taken the place of, with its up file: a file of theirs is left over, as from a
 * merge. Where any of those that it replaces still has its files, it waits, and none is left over.
 */
function squashedIn(pairs: Iterable<Pair>): ReadonlyMap<string, ParsedFile> {
  const ups: ParsedFile[] = [];
  const whole = new Set<string | undefined>();
  for (const { up, down } of pairs) {
    if (up === undefined) continue;
    ups.push(up);
    if (down !== undefined || up.header.irreversible !== undefined) whole.add(up.header.revision);
  }
  const squashing = ups.filter(({ header: { replaces } }) => !replaces.some((id) => whole.has(id)));
  return new Map(squashing.flatMap((up) => up.header.replaces.map((id) => [id, up])));
}

/** The revisions that others name: without its files, such a one would be missing to them. */
const neededBy = (pairs: Iterable<Pair>): ReadonlySet<string | undefined> =>
  new Set(
    [...pairs].flatMap(({ up }) =>
      up === undefined ? [] : [...up.header.parents, ...up.header.dependsOn, ...up.header.replaces],
    ),
  );

function missingFile(
  pair: Pair,
  noText: ReadonlySet<string | undefined>,
  lonely: ReadonlyMap<string, ParsedFile>,
  strays: ReadonlyMap<string, Stray>,
  squashed: ReadonlyMap<string, ParsedFile>,
  needed: ReadonlySet<string | undefined>,
  isCommitted: (path: string) => boolean,
): Diagnostic | undefined {
  const present = pair.up ?? pair.down!;
  const direction: Direction = pair.up === undefined ? "up" : "down";
  // Where the reason is at fault, that is said already.
  if (direction === "down" && placeOfKey(present.source, "irreversible") !== undefined) return undefined;
  const missing = otherPath(present);
  if (noText.has(missing)) return undefined;
  const revision = present.header.revision;
  const misnamed = strays.get(missing)?.source.path;
  const stray = revision === undefined ? undefined : lonely.get(`${direction} ${revision}`);
  const by = revision === undefined ? undefined : squashed.get(revision);
  const ways = (): string => {
    const isLost = isCommitted(missing);
    const restore = `restore it${isLost ? ` from the last commit: git checkout HEAD -- ${shellWord(missing)}` : ""}`;
    if (direction === "down") {
      const first = isLost ? `${restore};` : `create it, starting with '-- revision: ${revision ?? "<id>"}',`;
      const { source, bodyStart } = present;
      const below = source.text.slice(bodyStart).search(/^--[ \t]*irreversible\b/im);
      const place =
        below < 0
          ? ""
          : `, above line ${countLines(source.text, bodyStart) + 1}, not below as in line ${countLines(source.text, bodyStart + below) + 1}`;
      return `${first} or mark the migration as irreversible in this header${place}: '-- irreversible: <reason>'`;
    }
    // What has run can only come back as it was, and what others name cannot go.
    const others = [
      ...(isLost ? [] : ["create it"]),
      ...(needed.has(revision) ? [] : [`delete this file: rm ${shellWord(present.source.path)}`]),
    ].join(", or ");
    return restore + (others === "" ? "" : `; or, where no database has the revision, ${others}`);
  };
  return {
    code: `source/missing-${direction}`,
    message: `the ${direction} file is missing`,
    hint:
      by !== undefined
        ? `${by.header.revision} (${by.source.path}) replaces ${revision}: unless this file was changed since, delete it too: rm ${shellWord(present.source.path)}`
        : misnamed !== undefined
          ? `${misnamed} has the same revision: rename it to ${missing}`
          : stray !== undefined
            ? `${stray.source.path} has the same revision: rename ${direction === "down" ? `it to ${missing}` : `this file to ${otherPath(stray)}`}`
            : ways(),
    location: startOf(present.source.path),
  };
}

/** What only an up file says stands in the down file, and is missing in the other. */
function swappedFiles({ up, down }: Pair): Diagnostic | undefined {
  if (up === undefined || down === undefined || up.diagnostics.length === 0 || down.diagnostics.length === 0)
    return undefined;
  const place = placeOfKey(down.source, "parent");
  if (place === undefined || placeOfKey(up.source, "parent") !== undefined) return undefined;
  const [upPath, downPath] = [up.source.path, down.source.path].map(shellWord);
  const between = shellWord(`${up.source.path}.swap`);
  return {
    code: "source/swapped-files",
    message: `the up file and the down file are swapped: 'parent' is in the down file, and not in the up file`,
    hint: `give each the name of the other: mv ${upPath} ${between} && mv ${downPath} ${upPath} && mv ${between} ${downPath}`,
    ...place,
  };
}

function needlessDown(up: MigrationFile, down: MigrationFile): Diagnostic | undefined {
  if (up.header.irreversible === undefined) return undefined;
  return {
    code: "source/irreversible-with-down",
    message: `the migration is irreversible, but ${down.source.path} exists`,
    hint: "delete the down file, or this header line",
    ...placeOfKey(up.source, "irreversible"),
  };
}

/** Those of a file: where it lacks the revision, and the other of its pair has one that no other pair has, that is the one to write. */
function faultsBeside(
  { source, fileName: { direction }, header, diagnostics }: ParsedFile,
  other: ParsedFile | undefined,
  isFree: (id: string) => boolean,
  isCommitted: (path: string) => boolean,
): readonly Diagnostic[] {
  const { path, text } = source;
  if (text.trim() === "" && isCommitted(path)) {
    const hint = `it was not empty in the last commit: git checkout HEAD -- ${shellWord(path)}`;
    return [{ code: "source/missing-key", message: "the file is empty", hint, location: startOf(path) }];
  }
  const known = other?.header.revision;
  return diagnostics.length === 0 || header.revision !== undefined || known === undefined || !isFree(known)
    ? diagnostics
    : parseHeader(source, direction, known).diagnostics;
}

/** `isFree`: whether no file of another pair has that id. */
function differentRevision(
  up: MigrationFile,
  down: MigrationFile,
  isFree: (id: string) => boolean,
): Diagnostic | undefined {
  const expected = up.header.revision;
  const found = down.header.revision;
  if (expected === undefined || found === undefined || expected === found) return undefined;
  const ways = [
    ...(isFree(expected) ? [`'-- revision: ${expected}' here`] : []),
    ...(isFree(found) ? [`'-- revision: ${found}' in ${up.source.path}`] : []),
  ];
  return {
    code: "source/down-revision-differs",
    message: `the down file has revision '${found}', but its up file has '${expected}'`,
    hint:
      ways.length === 0
        ? `other files have both ids: write one that none has, in this file and in ${up.source.path}`
        : `if the two belong together, write ${ways.join(" or ")}; an id that is applied must stay as it is`,
    ...placeOfKey(down.source, "revision"),
  };
}

interface Repeated {
  readonly faults: readonly Diagnostic[];
  /** Pairs that are proposed for deletion: what else is wrong with them does not matter. */
  readonly surplus: ReadonlySet<Pair>;
}

/** Up files with the revision of another: a copy, or a file that was renamed and came back by a merge. */
function repeatedRevisions(pairs: Iterable<Pair>, noText: ReadonlySet<string | undefined>): Repeated {
  const faults: Diagnostic[] = [];
  const surplus = new Set<Pair>();
  const kept = new Map<string, Pair>();
  const isWhole = ({ up, down }: Pair): boolean =>
    down !== undefined || up!.header.irreversible !== undefined || noText.has(otherPath(up!));
  for (const pair of pairs) {
    const revision = pair.up?.header.revision;
    if (revision === undefined || swappedFiles(pair) !== undefined) continue;
    const earlier = kept.get(revision);
    if (earlier === undefined) {
      kept.set(revision, pair);
      continue;
    }
    const isSame = pair.up!.source.text === earlier.up!.source.text;
    // A copy may be without the down file, which must not go with the original; and its name continues the original's.
    const isOriginal =
      isWhole(pair) === isWhole(earlier) ? earlier.up!.stem.startsWith(pair.up!.stem) : isWhole(pair);
    const copy = isOriginal ? earlier : pair;
    if (isSame) {
      surplus.add(copy);
      kept.set(revision, isOriginal ? pair : earlier);
    }
    const [one, other] = [pair.down?.source.text, earlier.down?.source.text];
    const downs = one === undefined || other === undefined || one === other ? "do not differ" : "differ";
    faults.push(repeatedRevision(pair.up!, earlier.up!, isSame ? { ...copy, downs } : undefined));
  }
  return { faults, surplus };
}

/** `copy`: the one to delete, where the up files are the same. */
function repeatedRevision(
  up: ParsedFile,
  earlier: ParsedFile,
  copy: (Pair & { readonly downs: "differ" | "do not differ" }) | undefined,
): Diagnostic {
  const line = placeOfKey(earlier.source, "revision")?.location?.line ?? 1;
  const paths = [copy?.up, copy?.down].flatMap((file) =>
    file === undefined ? [] : [shellWord(file.source.path)],
  );
  // A copy that was written over has the original's parent, too.
  const followsSame = up.header.parents.join() === earlier.header.parents.join();
  return {
    code: "source/duplicate-revision",
    message: `revision '${up.header.revision}' is already used in ${earlier.source.path}:${line}`,
    hint:
      copy === undefined
        ? `give the newer of the two another id, in both its up and down file${followsSame ? ", and name in its parent the revision that it follows" : ""}`
        : copy.downs === "differ"
          ? `the up files are the same, but the down files differ: delete the pair whose down file is not the right one, for example: rm ${paths.join(" ")}`
          : `the two are the same: delete one of them${copy.down === undefined ? "" : ", with its down file"}, for example: rm ${paths.join(" ")}`,
    ...placeOfKey(up.source, "revision"),
  };
}

// ------------------------------------------------------------------------------------------------------- paths

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function otherPath({ stem, fileName: { direction } }: ParsedFile): string {
  return `${stem}.${direction === "up" ? "down" : "up"}.sql`;
}

function startOf(path: string): { readonly path: string; readonly line: number; readonly column: number } {
  return { path, line: 1, column: 1 };
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  const [one, other] = [a.location, b.location];
  return (
    compare(one?.path ?? "", other?.path ?? "") ||
    (one?.line ?? 0) - (other?.line ?? 0) ||
    (one?.column ?? 0) - (other?.column ?? 0)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
