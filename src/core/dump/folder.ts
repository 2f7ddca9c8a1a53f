/** A dump → the files of a schema folder (one folder per schema, one file per table or kind of object), and the order that loads them. */
import { cyclesOf } from "../cycles.ts";
import { topological } from "../topological.ts";
import { type Dump, pieceText } from "./dump.ts";
import { needsOf } from "./order.ts";
import { type Piece, phase } from "./piece.ts";
import { SETTINGS } from "./settings.ts";

export interface DumpFile {
  /** Relative, with `/`: `shop/tables/users.sql`. */
  readonly path: string;
  readonly text: string;
}

/** What each file begins with: what has it may be written anew, or removed. */
export const MARK = "-- Written by migrate dump.";

/** The SQL files, and behind them `load.psql`, which psql reads to load them all. */
export function dumpFiles({ pieces }: Dump): readonly DumpFile[] {
  const needs = needsOf(pieces);
  const places = placesOf(pieces, needs);
  const byPath = new Map<string, number[]>();
  for (const [index, { path }] of places.entries()) byPath.set(path, [...(byPath.get(path) ?? []), index]);
  const paths = [...byPath.keys()];
  const at = new Map(paths.map((path, index) => [path, index]));
  const fileNeeds = paths.map((path, index) => {
    const found = new Set(
      byPath.get(path)!.flatMap((each) => needs[each]!.map((need) => at.get(places[need]!.path)!)),
    );
    found.delete(index);
    return [...found];
  });
  const ranks = paths.map((path) => places[byPath.get(path)![0]!]!.rank);
  const order = topological(ranks, fileNeeds).map((index) => paths[index]!);
  const files = order.map((path) => ({
    path,
    text: `${[MARK, ...byPath.get(path)!.map((index) => pieceText(pieces[index]!))].join("\n\n")}\n`,
  }));
  return [...files, { path: LOADER, text: loader(order) }];
}

/** The file that loads the others. */
export const LOADER = "load.psql";

const loader = (paths: readonly string[]): string =>
  [
    `${MARK} Loads all files of this folder into an empty database.`,
    "\\set ON_ERROR_STOP on",
    ...SETTINGS.map((each) => `${each};`),
    ...paths.map((path) => `\\ir '${path.replaceAll("'", "''")}'`),
    "",
  ].join("\n");

/** The text of a `load.psql` → the paths of the files that it loads, without those that lead out of its folder. */
export const loadedBy = (text: string): readonly string[] =>
  [...text.matchAll(/^\\ir '((?:[^'\n]|'')*)'\r?$/gm)]
    .map(([, path]) => path!.replaceAll("''", "'"))
    .filter((path) => path.split("/").every((part) => !["", ".", ".."].includes(part)));

// ── where a piece stands ────────────────────────────────────────────────────────────────────────────────────────

interface Place {
  readonly path: string;
  /** Which files come first where nothing else says so. */
  readonly rank: number;
}

/** Files of the whole database: before those of the schemas, and behind them. */
const BEFORE = ["schemas", "extensions", "foreign_data"];
const BEHIND = [
  "casts",
  "publications",
  "comments",
  "system_privileges",
  "event_triggers",
  "default_privileges",
];

/** The kinds of files that a schema has. */
const KINDS = ["types", "sequences", "functions", "operators", "text_search", "tables", "views"];

/** Pieces that need each other's files stand in numbered files: what comes later in `users_2.sql`. */
function placesOf(pieces: readonly Piece[], needs: readonly (readonly number[])[]): readonly Place[] {
  const safe = safeNames();
  const homes = pieces.map((piece) => homeOf(piece, safe));
  const levels = pieces.map(() => 0);
  for (const group of fileCycles(homes, needs)) {
    const isIn = new Set(group);
    // Pieces stand behind what they need, so that its level is known.
    for (const [index, home] of homes.entries()) {
      if (!isIn.has(home.path)) continue;
      for (const need of needs[index]!) {
        const other = homes[need]!;
        if (!isIn.has(other.path)) continue;
        const isBehind = keyOf(other) > keyOf(home);
        levels[index] = Math.max(levels[index]!, levels[need]! + (isBehind ? 1 : 0));
      }
    }
  }
  return homes.map((home, index) => numbered(home, levels[index]!));
}

const keyOf = ({ rank, path }: Place): string => `${String(rank).padStart(4, "0")}${path}`;

const numbered = ({ path, rank }: Place, level: number): Place =>
  level === 0
    ? { path, rank }
    : { path: path.replace(/\.sql$/, `_${level + 1}.sql`), rank: rank + level * FURTHER };

/** Numbered files, and those of foreign keys, come behind all others. */
const FURTHER = 100;
const LAST = 10_000;

function fileCycles(
  homes: readonly Place[],
  needs: readonly (readonly number[])[],
): readonly (readonly string[])[] {
  const edges = new Map<string, Set<string>>();
  for (const [index, { path }] of homes.entries()) {
    const targets = edges.get(path) ?? new Set();
    for (const need of needs[index]!) targets.add(homes[need]!.path);
    edges.set(path, targets);
  }
  return cyclesOf([...edges.keys()], (path) => [...edges.get(path)!]);
}

function homeOf(
  { object, home = object, phase: at }: Piece,
  safe: (folder: string, name: string) => string,
): Place {
  const kind = home.class.startsWith("text search") ? "text_search" : (FILES[home.class] ?? "comments");
  if (BEFORE.includes(kind)) return { path: `${kind}.sql`, rank: BEFORE.indexOf(kind) };
  if (BEHIND.includes(kind)) return { path: `${kind}.sql`, rank: LAST + BEHIND.indexOf(kind) };
  const [schema = "", name = ""] = home.identity;
  const folder = safe("", schema);
  const rank = BEFORE.length + KINDS.indexOf(kind);
  if (at === phase("foreign key")) return { path: `${folder}/foreign_keys.sql`, rank: FURTHER / 2 };
  if (kind !== "tables" && kind !== "views") return { path: `${folder}/${kind}.sql`, rank };
  return { path: `${folder}/${kind}/${safe(`${folder}/${kind}`, name)}.sql`, rank };
}

/** By class, the kind of file; comments and labels that stand behind no piece have one of their own. */
const FILES: Readonly<Record<string, string>> = {
  schema: "schemas",
  extension: "extensions",
  language: "extensions",
  "access method": "extensions",
  "foreign-data wrapper": "foreign_data",
  server: "foreign_data",
  "user mapping": "foreign_data",
  "enum type": "types",
  "composite type": "types",
  "range type": "types",
  "base type": "types",
  domain: "types",
  collation: "types",
  conversion: "types",
  sequence: "sequences",
  function: "functions",
  procedure: "functions",
  aggregate: "operators",
  operator: "operators",
  "operator class": "operators",
  "operator family": "operators",
  table: "tables",
  "foreign table": "tables",
  view: "views",
  "materialized view": "views",
  cast: "casts",
  transform: "casts",
  publication: "publications",
  "system object": "system_privileges",
  "event trigger": "event_triggers",
  "default privileges": "default_privileges",
};

/** A name as a file's: two names of one folder are two files where case does not count, too. */
function safeNames(): (folder: string, name: string) => string {
  const given = new Map<string, string>();
  const taken = new Set<string>();
  return (folder, name) => {
    const key = `${folder}\n${name}`;
    const known = given.get(key);
    if (known !== undefined) return known;
    const plain = name.replaceAll(
      /[^\p{L}\p{N}_$-]/gu,
      (each) => `%${each.codePointAt(0)!.toString(16).toUpperCase()}`,
    );
    let free = plain;
    for (let n = 2; taken.has(`${folder}\n${free}`.toLowerCase()); n += 1) free = `${plain}~${n}`;
    taken.add(`${folder}\n${free}`.toLowerCase());
    given.set(key, free);
    return free;
  };
}
