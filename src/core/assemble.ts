/** The sources of one or more folders → migrations, each an up and a down file, with every fault of every file. */
import type { Diagnostic } from "./errors.ts";
import { defaultPattern, type FileName, type FileNamePattern, messageOf, parseFileName } from "./filename.ts";
import { type Header, parseHeader, placeOfKey } from "./header.ts";
import type { Sha256 } from "./ledger.ts";
import type { Half, HalfName, Migration } from "./migration.ts";
import type { Source } from "./source.ts";

/** What a faultless file says, besides its text: what a cache keeps of it. */
export interface FileFacts {
  readonly header: Header;
  readonly bodyStart: number;
  readonly checksum: string;
}

/** A source whose facts may be known already; then its text is not looked at. */
export interface KnownSource extends Source {
  readonly facts?: FileFacts;
}

export interface Assembled {
  /** In the order of the files given. Only the whole and faultless ones; use them when there are no diagnostics. */
  readonly migrations: readonly Migration[];
  /** Sorted by path, line and column. */
  readonly diagnostics: readonly Diagnostic[];
  /** By path, of the files that have no fault of their own. */
  readonly facts: ReadonlyMap<string, FileFacts>;
}

/**
 * Pairs the files by folder and name, and reads their headers. `unreadable` are the faults of files that have no
 * text; their other halves are not reported as lonely.
 */
export function assemble(
  sources: readonly KnownSource[],
  sha256: Sha256,
  unreadable: readonly Diagnostic[] = [],
  pattern: FileNamePattern = defaultPattern,
): Assembled {
  const diagnostics: Diagnostic[] = [...unreadable];
  const pairs = new Map<string, Pair>();
  const facts = new Map<string, FileFacts>();
  for (const source of sources) {
    const { folder, name } = splitPath(source.path);
    const { fileName, fault } = parseFileName(name, pattern);
    if (fault !== undefined) diagnostics.push({ ...fault, location: startOf(source.path) });
    if (fileName === undefined) continue;
    const { diagnostics: faults, ...known } = factsOf(source, fileName.half, sha256);
    for (const found of faults) diagnostics.push(found);
    if (faults.length === 0 && fault === undefined) facts.set(source.path, known);
    const stem = folder + name.replace(/\.(up|down)\.sql$/, "");
    const pair = pairs.get(stem) ?? {};
    pair[fileName.half] = { source, fileName, ...known, diagnostics: faults };
    pairs.set(stem, pair);
  }

  const noText = new Set(unreadable.map((fault) => fault.location?.path));
  const lonely = lonelyHalves(pairs.values());
  const ups = new Map<string, Source>();
  const migrations: Migration[] = [];
  for (const pair of pairs.values()) {
    const { up, down } = pair;
    const fault =
      up === undefined || down === undefined
        ? missingHalf(pair, noText, lonely)
        : (needlessDown(up, down) ?? differentRevision(up, down));
    if (fault !== undefined) diagnostics.push(fault);
    const revision = up?.header.revision;
    if (up === undefined || revision === undefined) continue;
    const earlier = ups.get(revision);
    if (earlier !== undefined) diagnostics.push(repeatedRevision(up, revision, earlier));
    else ups.set(revision, up.source);
    const sound = fault === undefined && up.diagnostics.length === 0 && (down?.diagnostics.length ?? 0) === 0;
    if (sound) migrations.push(migrationOf(revision, up, down));
  }
  const told = diagnostics.length === 0 ? [] : withoutHeaders([...pairs.values()], diagnostics);
  return { migrations, diagnostics: told.sort(byPlace), facts };
}

/** The faults; of another tool's folder, where no file has a header, that is one, and not two for each pair. */
function withoutHeaders(pairs: readonly Pair[], diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = pairs.flatMap(({ up, down }) => [up, down].filter((file) => file !== undefined));
  const isOurs = files.some((file) => file.header.revision !== undefined || file.diagnostics.length !== 1);
  if (isOurs || files.length < 4) return [...diagnostics];
  const none: Diagnostic = {
    code: "source/no-header",
    message: `none of the ${files.length} files has a header`,
    hint: "each begins with '-- revision: <id>', and an up file says '-- parent: <id>', or none; docs/format.md has a loop that writes this into another tool's folder",
    location: startOf(files[0]!.source.path),
  };
  return [none, ...diagnostics.filter(({ code }) => code !== "source/missing-key")];
}

function factsOf(
  source: KnownSource,
  half: HalfName,
  sha256: Sha256,
): FileFacts & { readonly diagnostics: readonly Diagnostic[] } {
  if (source.facts !== undefined) return { ...source.facts, diagnostics: [] };
  const { header, bodyStart, diagnostics } = parseHeader(source, half);
  return { header, bodyStart, checksum: checksumOf(source, bodyStart, sha256), diagnostics };
}

/** Version 1 of the checksum: SHA-256 of the body, everything after the header, with LF as the only line end. */
export function checksumOf(source: Source, bodyStart: number, sha256: Sha256): string {
  const body = source.text.slice(bodyStart);
  return sha256(body.includes("\r") ? body.replace(/\r\n?/g, "\n") : body);
}

interface ParsedFile extends FileFacts {
  readonly source: Source;
  readonly fileName: FileName;
  readonly diagnostics: readonly Diagnostic[];
}

interface Pair {
  up?: ParsedFile;
  down?: ParsedFile;
}

function migrationOf(revision: string, up: ParsedFile, down: ParsedFile | undefined): Migration {
  const { header, fileName } = up;
  return {
    revision,
    parents: header.parents,
    dependsOn: header.dependsOn,
    branchLabels: header.branchLabels,
    message: header.message ?? messageOf(fileName.slug),
    ...(fileName.number === undefined ? {} : { number: fileName.number }),
    path: up.source.path,
    ...(header.created === undefined ? {} : { created: header.created }),
    up: halfOf(up),
    ...(down === undefined ? {} : { down: halfOf(down) }),
    ...(header.irreversible === undefined ? {} : { irreversible: header.irreversible }),
    transaction: {
      ...(header.transaction === undefined ? {} : { up: header.transaction }),
      ...(down?.header.transaction === undefined ? {} : { down: down.header.transaction }),
    },
  };
}

function halfOf({ source, bodyStart, checksum, header }: ParsedFile): Half {
  return {
    source,
    bodyStart,
    checksum,
    ...(header.lockTimeout === undefined ? {} : { lockTimeout: header.lockTimeout }),
    ...(header.statementTimeout === undefined ? {} : { statementTimeout: header.statementTimeout }),
  };
}

// ------------------------------------------------------------------------------------------------------ faults

/** Halves without their other one, by half and revision: two of them with one revision were named apart. */
function lonelyHalves(pairs: Iterable<Pair>): ReadonlyMap<string, ParsedFile> {
  const lonely = new Map<string, ParsedFile>();
  for (const { up, down } of pairs) {
    const only = up === undefined ? down : down === undefined ? up : undefined;
    if (only?.header.revision !== undefined)
      lonely.set(`${only.fileName.half} ${only.header.revision}`, only);
  }
  return lonely;
}

function missingHalf(
  pair: Pair,
  noText: ReadonlySet<string | undefined>,
  lonely: ReadonlyMap<string, ParsedFile>,
): Diagnostic | undefined {
  const present = pair.up ?? pair.down!;
  const half: HalfName = pair.up === undefined ? "up" : "down";
  if (half === "down" && placeOfKey(present.source, "irreversible") !== undefined) return undefined;
  const missing = otherPath(present);
  if (noText.has(missing)) return undefined;
  const revision = present.header.revision;
  const stray = revision === undefined ? undefined : lonely.get(`${half} ${revision}`);
  return {
    code: `source/missing-${half}`,
    message: `the ${half} file is missing`,
    hint:
      stray !== undefined
        ? `${stray.source.path} has the same revision: rename it to ${missing}`
        : half === "up"
          ? `create ${missing}, or delete this file`
          : `create ${missing} beginning with '-- revision: ${revision ?? "<id>"}', or say in this header why there is no way back: '-- irreversible: <reason>'`,
    location: startOf(present.source.path),
  };
}

function needlessDown(up: ParsedFile, down: ParsedFile): Diagnostic | undefined {
  if (up.header.irreversible === undefined) return undefined;
  return {
    code: "source/irreversible-with-down",
    message: `the migration is irreversible, but ${down.source.path} exists`,
    hint: "delete the down file, or this header line",
    ...placeOfKey(up.source, "irreversible"),
  };
}

function differentRevision(up: ParsedFile, down: ParsedFile): Diagnostic | undefined {
  const expected = up.header.revision;
  const found = down.header.revision;
  if (expected === undefined || found === undefined || expected === found) return undefined;
  return {
    code: "source/down-revision-differs",
    message: `the down file says revision '${found}', its up file says '${expected}'`,
    hint: `write '-- revision: ${expected}' here, if the two belong together`,
    ...placeOfKey(down.source, "revision"),
  };
}

function repeatedRevision(up: ParsedFile, revision: string, earlier: Source): Diagnostic {
  const line = placeOfKey(earlier, "revision")?.location?.line ?? 1;
  return {
    code: "source/duplicate-revision",
    message: `revision '${revision}' is taken by ${earlier.path}:${line}`,
    hint: "give the newer of the two another id, in its up and its down file",
    ...placeOfKey(up.source, "revision"),
  };
}

// ------------------------------------------------------------------------------------------------------- paths

function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const cut = path.lastIndexOf("/") + 1;
  return { folder: path.slice(0, cut), name: path.slice(cut) };
}

function otherPath({ source, fileName }: ParsedFile): string {
  return source.path.replace(/\.(up|down)\.sql$/, fileName.half === "up" ? ".down.sql" : ".up.sql");
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
