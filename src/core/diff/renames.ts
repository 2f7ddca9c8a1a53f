/** Declared renames, and the catalogs before and after → the statements of the renames, and possible renames that are not declared. */
import { type Catalog, type CatalogObject, describeObject, keyOf } from "../catalog/catalog.ts";
import { MigrateError } from "../errors.ts";
import { identifier, qualified, withPlainNames } from "../quote.ts";
import { tableNameOf } from "./name.ts";

/** An object and what it is called now: `shop.users.name` and `full_name`, or `shop.users` and `archive.users`. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** A table or column that goes, and one like it that comes. */
export interface Candidate extends Rename {
  /** `column shop.users.name` */
  readonly object: string;
}

/** `shop.users.name=full_name`. Throws `usage/rename`. */
export function parseRename(text: string): Rename {
  const [, from, to] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) {
    throw new MigrateError({
      code: "usage/rename",
      message: `--rename must be OLD=NEW, not ${text}`,
      hint: "for example: --rename shop.users.name=full_name",
    });
  }
  return { from: from.trim(), to: to.trim() };
}

/** Tables before columns, so that a column's table has its new name. Throws `usage/rename` where nothing has that name. */
export function renameSql(renames: readonly Rename[], from: Catalog): readonly string[] {
  const found = renames.map((rename) => ({ rename, object: objectNamed(from, rename.from) }));
  const moved = new Map<string, string>();
  return found
    .sort((a, b) => a.object.identity.length - b.object.identity.length)
    .flatMap(({ rename, object }) => {
      const parent = tableNameOf(object);
      const table = moved.get(parent) ?? parent;
      if (object.identity.length === 2) moved.set(rename.from, newPath(rename));
      return statementsFor(object, rename, table).map(withPlainNames);
    });
}

/** What takes the renames back. */
export function reversed(renames: readonly Rename[]): readonly Rename[] {
  const tables = new Map(renames.map((rename) => [rename.from, newPath(rename)]));
  return renames.map((rename) => {
    const path = newPath(rename).split(".");
    const table = tables.get(path.slice(0, -1).join("."));
    return {
      from: table === undefined ? path.join(".") : `${table}.${path.at(-1)}`,
      to: rename.to.includes(".") ? rename.from : rename.from.split(".").at(-1)!,
    };
  });
}

/** The whole name that it has then. */
function newPath({ from, to }: Rename): string {
  const parts = from.split(".");
  return to.includes(".") ? to : [...parts.slice(0, -1), to].join(".");
}

function objectNamed({ objects }: Catalog, name: string): CatalogObject {
  const found = objects.find(
    (object) =>
      RENAMED.includes(object.class) && object.identity.slice(0, namesOf(object)).join(".") === name,
  );
  if (found !== undefined) return found;
  throw new MigrateError({
    code: "usage/rename",
    message: `${name}, which is to be renamed, does not exist`,
    hint: "use its name in the migrations, with its schema: shop.users, or for a column shop.users.name",
  });
}

const namesOf = ({ class: name, identity }: CatalogObject): number =>
  ["function", "procedure", "aggregate"].includes(name) ? 2 : identity.length;

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

function statementsFor(object: CatalogObject, { to }: Rename, table: string): readonly string[] {
  const { class: kind, identity } = object;
  const [schema = "", name = "", detail = ""] = identity;
  const on = qualified(...table.split("."));
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
  const routine = ["function", "procedure", "aggregate"].includes(kind) ? `(${detail})` : "";
  const [newSchema, newName] = to.includes(".") ? (to.split(".") as [string, string]) : [schema, to];
  const moved = `ALTER ${words} ${qualified(schema, name)}${routine} SET SCHEMA ${identifier(newSchema)}`;
  const called = `ALTER ${words} ${qualified(newSchema, name)}${routine} RENAME TO ${identifier(newName)}`;
  return [...(newSchema === schema ? [] : [moved]), ...(newName === name ? [] : [called])];
}

// ── what looks like a rename ────────────────────────────────────────────────────────────────────────────────────

/** Pairs of a table, or a column, that goes and one of the same form that comes; where there are several, all of them. */
export function renameCandidates(from: Catalog, to: Catalog): readonly Candidate[] {
  const [is, desired] = [keysOf(from), keysOf(to)];
  const gone = from.objects.filter((each) => !desired.has(keyOf(each)));
  const come = to.objects.filter((each) => !is.has(keyOf(each)));
  return gone.flatMap((a) =>
    come
      .filter((b) => isAlike(a, b))
      .map((b): Candidate => ({ object: describeObject(a), ...renameOf(a, b) })),
  );
}

const keysOf = ({ objects }: Catalog): ReadonlySet<string> => new Set(objects.map(keyOf));

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
  return { from: a.join("."), to: isMoved ? b.join(".") : b.at(-1)! };
}

/** `findings/rename`: nothing is guessed. */
export function undecided(candidates: readonly Candidate[]): MigrateError {
  return MigrateError.all(
    candidates.map(({ object, from, to }) => ({
      code: "findings/rename",
      message: `${object} would be dropped with its values, and ${to} created`,
      hint: `if it is a rename, write above ${to} in the schema file: -- renamed-from: ${from.split(".").at(-1)}, or add --rename ${from}=${to}; if not, add --allow-loss`,
    })),
  );
}
