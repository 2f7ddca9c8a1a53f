/** Declared renames, and the catalogs before and after → the statements of the renames, and possible renames that are not declared. */

import { type Catalog, type CatalogObject, describeObject, keyOf } from "../catalog/catalog.ts";
import { type Diagnostic, MigrateError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { OptionNames } from "../option-names.ts";
import { identifier, qualified, withPlainNames } from "../quote.ts";
import type { Location } from "../source.ts";
import { dropConstraint } from "./fix-index-trees.ts";
import { addressed } from "./fixes.ts";

/** The names of an object, from the outermost: `["shop", "users", "name"]`. */
export type Path = readonly string[];

/** An object, and its new name (`["full_name"]`) or its whole new path (`["archive", "users"]`). */
export interface Rename {
  readonly from: Path;
  readonly to: Path;
  /** As it was written: `--rename shop.users.name=full_name`. */
  readonly said?: string;
  /** Of the comment in a schema file. */
  readonly location?: Location;
}

/** A table or column that goes, and one like it that comes. */
export interface Candidate extends Rename {
  /** `column shop.users.name` */
  readonly object: string;
}

const OLD_NEW = /^((?:"(?:[^"]|"")+"|[^"=])+)=((?:"(?:[^"]|"")+"|[^"=])+)$/;

/** `shop."My T".name`, with or without quotes → its parts; a part that holds `.` needs them. */
export const pathIn = (text: string): Path =>
  [...text.matchAll(/\s*"(?:[^"]|"")+"\s*|[^".]+/g)].map(([part]) => {
    const name = part.trim();
    return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
  });

/** As `pathIn` reads it. */
export const pathText = (path: Path): string =>
  path.map((part) => (/^[^".=]+$/.test(part) && part.trim() === part ? part : identifier(part))).join(".");

/** `shop.users.name=full_name`. Throws `usage/rename`. */
export function parseRename(text: string, names: OptionNames): Rename {
  const [from = [], to = []] = (OLD_NEW.exec(text) ?? []).slice(1).map(pathIn);
  if (from.length === 0 || to.length === 0 || [...from, ...to].includes("")) {
    throw new MigrateError({
      code: "usage/rename",
      message: `${names.short("renames")} must be OLD=NEW, not ${text}`,
      hint: `for example: ${names.given("renames", "shop.users.name=full_name")}`,
    });
  }
  return { from, to, said: names.given("renames", text) };
}

/**
 * Tables before columns, so that a column's table has its new name; a schema that something is moved to is created where
 * it is new. Each `from` exists, as `checkedRenames` sees to.
 */
export function renameSql(renames: readonly Rename[], from: Catalog): readonly string[] {
  const found = renames.map((rename) => ({ rename, object: objectAt(from, rename.from)! }));
  const moved = new Map<string, Path>();
  const schemas = new Set(
    from.objects.filter((each) => each.class === "schema").map(({ identity }) => identity[0]!),
  );
  return found
    .sort((a, b) => a.object.identity.length - b.object.identity.length)
    .flatMap(({ rename, object }) => {
      const parent = object.identity.slice(0, 2);
      const table = moved.get(pathText(parent)) ?? parent;
      if (object.identity.length === 2) moved.set(pathText(rename.from), newPath(rename));
      if (object.class === "schema") schemas.add(rename.to.at(-1)!);
      return statementsFor(object, rename, table, schemas).map(withPlainNames);
    });
}

/** What takes the renames back; the last one first, as it may have the old name of one before it. */
export function reversed(renames: readonly Rename[]): readonly Rename[] {
  return renames.toReversed().map((rename) => ({
    from: pathAfter(renames, rename),
    to: rename.to.length > 1 ? rename.from : rename.from.slice(-1),
  }));
}

/** The statements that take the renames back. What has an old name by now, such as a view in a table's place, goes first. */
export function takenBackSql(renames: readonly Rename[], is: Catalog): readonly string[] {
  const back = reversed(renames);
  const inTheWay = back.flatMap((rename) => {
    const object = objectAt(is, rename.from)!;
    const path = newPath(rename);
    if (back.some(({ from }) => isSame(from, path))) return [];
    const identity = [...path, ...object.identity.slice(path.length)];
    return is.objects.filter((each) => isSame(each.identity, identity) && shareNames(each, object));
  });
  // A view may read a column that goes.
  const drops = inTheWay.toSorted((a, b) => a.identity.length - b.identity.length).map(dropOf);
  return [...drops.map(withPlainNames), ...renameSql(back, is)];
}

/** Whether two objects of one identity cannot be there at once. */
const shareNames = (one: CatalogObject, other: CatalogObject): boolean =>
  one.class === other.class ||
  [one, other].every((each) => RENAMED.includes(each.class) && each.identity.length === 2) ||
  [one, other].every(isRoutine);

function dropOf(object: CatalogObject): string {
  const [schema = "", name = "", detail = ""] = object.identity;
  const on = qualified(schema, name);
  switch (object.class) {
    case "column":
      return `ALTER TABLE ${on} DROP COLUMN ${identifier(detail)}`;
    case "attribute":
      return `ALTER TYPE ${on} DROP ATTRIBUTE ${identifier(detail)}`;
    case "constraint":
      return dropConstraint(object);
    case "trigger":
    case "policy":
    case "rule":
      return `DROP ${object.class.toUpperCase()} ${identifier(detail)} ON ${on}`;
  }
  return `DROP ${addressed(object)}`;
}

/** The whole path that it has then, but for what becomes of its table. */
const newPath = ({ from, to }: Rename): Path => (to.length > 1 ? to : [...from.slice(0, -1), ...to]);

/** Where it is when all renames are done. */
function pathAfter(renames: readonly Rename[], rename: Rename): Path {
  const path = newPath(rename);
  const table = renames.find(({ from }) => isSame(from, path.slice(0, -1)));
  return table === undefined ? path : [...newPath(table), ...path.slice(-1)];
}

/** Whether only one of two can be done: they give one object two names, or two objects one name. */
export const isEither = (one: Rename, other: Rename): boolean =>
  isSame(one.from, other.from) || isSame(newPath(one), newPath(other));

/** Whether two are of one object and to one name. */
export const isBoth = (one: Rename, other: Rename): boolean =>
  isSame(one.from, other.from) && isSame(one.to, other.to);

const isSame = (a: Path, b: Path): boolean => a.length === b.length && a.every((part, i) => part === b[i]);

const objectAt = ({ objects }: Catalog, path: Path): CatalogObject | undefined =>
  objects.find((object) => RENAMED.includes(object.class) && isSame(pathOfObject(object), path));

const pathOfObject = (object: CatalogObject): Path => object.identity.slice(0, namesOf(object));

/**
 * The renames that are still to be done, each once. Throws what is wrong with each of the others: `usage/rename`, or
 * `source/renamed-from` where it is a comment. `source`: what has the desired schema, in words.
 */
export function checkedRenames(
  all: readonly Rename[],
  is: Catalog,
  desired: Catalog,
  source: string,
  names: OptionNames,
): readonly Rename[] {
  const faults: Diagnostic[] = [];
  const renames: Rename[] = [];
  for (const rename of all) {
    const isSaid = renames.some((each) => isBoth(each, rename));
    // What is done is no fault: the same command may be given again.
    const path = pathAfter(all, rename);
    const isOtherOne = objectAt(is, rename.from) !== undefined;
    const isMovedOn = isOtherOne && all.some((each) => isSame(each.from, newPath(rename)));
    const isDone = isRenamed(rename.from, path, is, desired) && !isMovedOn;
    if (isSaid || isDone) continue;
    const again = usedAgain(rename, all, is, desired);
    // One that is given beside the files is newer than any comment.
    if (again !== undefined && all.some((each) => isGiven(each) && isEither(each, rename))) continue;
    const fault =
      again === undefined
        ? faultOf(rename, { before: renames, all, is, desired, source })
        : unclear(rename, again, source, names);
    if (fault === undefined) renames.push(rename);
    else faults.push({ ...fault, ...codeOf(rename) });
  }
  if (faults.length > 0) throw MigrateError.all(faults);
  return renames;
}

const isGiven = ({ location }: Rename): boolean => location === undefined;

/**
 * Of a comment, what has its old name in the migrations and, unless another rename brings it, in the schema files again: the
 * comment may be of an earlier rename, and stay above what is another column by now.
 */
function usedAgain(
  rename: Rename,
  all: readonly Rename[],
  is: Catalog,
  desired: Catalog,
): CatalogObject | undefined {
  const { from } = rename;
  if (isGiven(rename) || all.some((each) => isSame(newPath(each), from))) return undefined;
  const object = objectAt(is, from);
  const like = objectAt(desired, pathAfter(all, { from, to: from.slice(-1) }));
  return object?.class === like?.class ? object : undefined;
}

const EARLIER = "if the comment is of an earlier rename, delete its line";

function unclear(
  { from, to, said }: Rename,
  object: CatalogObject,
  source: string,
  names: OptionNames,
): Pick<Diagnostic, "hint" | "message"> {
  return {
    message: `${said}: both the migrations and ${source} have ${describeObject(object)}`,
    hint: `${EARLIER}; if ${pathText(from)} is to be renamed, and made anew, add ${names.given("renames", `${pathText(from)}=${pathText(to)}`)}`,
  };
}

/** Whether a rename is done: the new name is there, and what has the old one, if anything, is another object that stays. */
export function isRenamed(from: Path, to: Path, is: Catalog, desired: Catalog): boolean {
  const isAt = (path: Path): readonly CatalogObject[] =>
    is.objects.filter((each) => RENAMED.includes(each.class) && isSame(pathOfObject(each), path));
  const staying = new Set(desired.objects.map(keyOf));
  const [old, renamed] = [isAt(from), isAt(to)];
  const stays = (each: CatalogObject): boolean => staying.has(keyOf(each));
  return renamed.length > 0 && (old.length === 0 || [...old, ...renamed].every(stays));
}

const codeOf = ({ location }: Rename): Pick<Diagnostic, "code" | "location"> =>
  location === undefined ? { code: "usage/rename" } : { code: "source/renamed-from", location };

interface Declared {
  /** Those that stand before it and have no fault. */
  readonly before: readonly Rename[];
  readonly all: readonly Rename[];
  readonly is: Catalog;
  readonly desired: Catalog;
  readonly source: string;
}

function faultOf(
  rename: Rename,
  { before, all, is, desired, source }: Declared,
): Pick<Diagnostic, "hint" | "message"> | undefined {
  const { from, to, said = pathText(from) } = rename;
  const other = before.find((each) => isSame(each.from, from));
  if (other !== undefined) {
    return {
      message: `${said}: ${pathText(from)} is named twice, and is to be ${pathText(other.to)} already`,
      hint: "leave out one of the two",
    };
  }
  const object = objectAt(is, from);
  if (object === undefined) {
    return {
      message: `${said}: the migrations make nothing named '${pathText(from)}'`,
      hint: `${meant(from, is)}write its name in the migrations, with its schema: shop.users, or for a column shop.users.name`,
    };
  }
  const taken = newPath(rename);
  const rival = before.find((each) => isSame(newPath(each), taken));
  if (
    rival !== undefined ||
    (objectAt(is, taken) !== undefined && !before.some((each) => isSame(each.from, taken)))
  ) {
    return {
      message: `${said}: ${rival === undefined ? "the migrations already have" : `${pathText(rival.from)} is to be`} ${pathText(taken)}`,
      hint: `${isGiven(rename) ? "" : `${EARLIER}; if not, `}an object that has that name is renamed first, in a migration of its own`,
    };
  }
  const path = pathAfter(all, rename);
  const isThere = desired.objects.some(
    (each) => each.class === object.class && isSame(pathOfObject(each), path),
  );
  if (isThere) return undefined;
  const [near] = nearestPaths(path, {
    ...desired,
    objects: desired.objects.filter((each) => each.class === object.class),
  });
  const again = near && (to.length > 1 ? near : near.slice(-1));
  return {
    message: `${said}: ${source} has no ${object.class} ${pathText(path)}`,
    hint: `${again === undefined ? "" : `did you mean ${pathText(again)}? `}write the name that it has there`,
  };
}

/** What may be meant by a path that is none, as the beginning of a hint. */
function meant(path: Path, catalog: Catalog): string {
  const found = nearestPaths(path, catalog).slice(0, 3);
  return found.length === 0 ? "" : `did you mean ${found.map(pathText).join(" or ")}? `;
}

/** Those that have it as their end, with a schema that was left out; else the one that is nearest. */
function nearestPaths(path: Path, { objects }: Catalog): readonly Path[] {
  const paths = objects.filter((each) => RENAMED.includes(each.class)).map(pathOfObject);
  const ending = paths.filter((each) => each.length === path.length + 1 && isSame(each.slice(1), path));
  if (ending.length > 0) return ending;
  const byText = new Map(paths.map((each) => [pathText(each), each]));
  const text = nearest(pathText(path), byText.keys());
  return text === undefined ? [] : [byText.get(text)!];
}

const isRoutine = ({ class: name }: CatalogObject): boolean =>
  ["function", "procedure", "aggregate"].includes(name);

const namesOf = (object: CatalogObject): number => (isRoutine(object) ? 2 : object.identity.length);

const RENAMED = [
  "schema",
  "table",
  "foreign table",
  "view",
  "materialized view",
  "sequence",
  "index",
  "enum type",
  "composite type",
  "range type",
  "domain",
  "function",
  "procedure",
  "aggregate",
  "column",
  "attribute",
  "constraint",
  "trigger",
  "policy",
  "rule",
];

/** `schemas`: those that exist by then; a new one is added. */
function statementsFor(
  object: CatalogObject,
  rename: Rename,
  table: Path,
  schemas: Set<string>,
): readonly string[] {
  const { class: kind, identity } = object;
  const [schema = "", name = "", detail = ""] = identity;
  const on = qualified(...table);
  const to = rename.to.at(-1)!;
  const words = kind.replace(/^(?:enum|composite|range) /, "").toUpperCase();
  switch (kind) {
    case "schema":
      return [`ALTER SCHEMA ${identifier(schema)} RENAME TO ${identifier(to)}`];
    case "column":
      return [`ALTER TABLE ${on} RENAME COLUMN ${identifier(detail)} TO ${identifier(to)}`];
    case "attribute":
      return [`ALTER TYPE ${on} RENAME ATTRIBUTE ${identifier(detail)} TO ${identifier(to)} CASCADE`];
    case "constraint":
      return [`ALTER TABLE ${on} RENAME CONSTRAINT ${identifier(detail)} TO ${identifier(to)}`];
    case "trigger":
    case "policy":
    case "rule":
      return [`ALTER ${words} ${identifier(detail)} ON ${on} RENAME TO ${identifier(to)}`];
  }
  const routine = isRoutine(object) ? `(${detail})` : "";
  const newSchema = rename.to.at(-2) ?? schema;
  const moved = `ALTER ${words} ${qualified(schema, name)}${routine} SET SCHEMA ${identifier(newSchema)}`;
  const called = `ALTER ${words} ${qualified(newSchema, name)}${routine} RENAME TO ${identifier(to)}`;
  const isNew = newSchema !== schema && !schemas.has(newSchema);
  if (isNew) schemas.add(newSchema);
  return [
    ...(isNew ? [`CREATE SCHEMA ${identifier(newSchema)}`] : []),
    ...(newSchema === schema ? [] : [moved]),
    ...(to === name ? [] : [called]),
  ];
}

// ── what looks like a rename ────────────────────────────────────────────────────────────────────────────────────

/**
 * Pairs of a table, or a column, that goes and one of the same form that comes; where there are several, all of them.
 * `said`: renames that are known already; what is in a table of them is looked for there.
 */
export function renameCandidates(
  from: Catalog,
  to: Catalog,
  said: readonly Rename[] = [],
): readonly Candidate[] {
  const all = from.objects.map((object) => ({ object, moved: withParents(object, said) }));
  const is = new Set(all.map(({ moved }) => keyOf(moved)));
  const desired = new Set(to.objects.map(keyOf));
  const gone = all.filter(({ moved }) => !desired.has(keyOf(moved)));
  const come = to.objects.filter((each) => !is.has(keyOf(each)));
  return gone.flatMap(({ object, moved }) =>
    come
      .filter((b) => isAlike(moved, b))
      .map((b): Candidate => ({ object: describeObject(object), ...renameOf(object, b) })),
  );
}

/** With the new names of what it is in, and its own old one. */
function withParents(object: CatalogObject, said: readonly Rename[]): CatalogObject {
  const { identity } = object;
  const own = { from: identity, to: identity.slice(-1) };
  return said.length === 0 ? object : { ...object, identity: pathAfter(said, own) };
}

function isAlike(a: CatalogObject, b: CatalogObject): boolean {
  if (a.class !== b.class) return false;
  const [schema, table, column] = a.identity;
  if (a.class === "column") {
    return (
      a.parent?.class === "table" &&
      schema === b.identity[0] &&
      table === b.identity[1] &&
      a.properties["type"] === b.properties["type"] &&
      column !== b.identity[2]
    );
  }
  if (a.class !== "table") return false;
  const [old, wanted] = [a, b].map(({ properties }) => (properties["columns"] ?? []) as readonly string[]);
  const common = old!.filter((each) => wanted!.includes(each)).length;
  return common > 0 && common * 2 > Math.max(old!.length, wanted!.length);
}

function renameOf({ identity: a }: CatalogObject, { identity: b }: CatalogObject): Rename {
  const isMoved = a.length === 2 && a[0] !== b[0];
  return { from: a, to: isMoved ? b : b.slice(-1) };
}

/** `findings/rename`: nothing is guessed. `hasFiles`: of the desired schema, in which it can be declared. */
export function undecided(
  candidates: readonly Candidate[],
  hasFiles: boolean,
  names: OptionNames,
): MigrateError {
  return MigrateError.all(
    candidates.map(({ object, from, to }) => ({
      code: "findings/rename",
      message: `${object} would be dropped with its values, and ${pathText(to)} created`,
      hint: `if it is a rename, ${hasFiles ? `write above ${pathText(to)} in the schema file: -- renamed-from: ${pathText(to.length > 1 ? from : from.slice(-1))}, or ` : ""}add ${names.given("renames", `${pathText(from)}=${pathText(to)}`)}; if not, add ${names.short("allowLoss")}`,
    })),
  );
}
