/** A catalog → the statements that create it in an empty database, in an order that loads. */
import {
  type Catalog,
  type CatalogObject,
  describeObject,
  keyOf,
  type ObjectKey,
} from "../catalog/catalog.ts";
import { type Diagnostic, MigrateError } from "../errors.ts";
import { asOptions, type OptionNames } from "../option-names.ts";
import { qualified } from "../quote.ts";
import { inOrder } from "./order.ts";
import { others } from "./others.ts";
import { has, type Lookup, lookupOf, type Piece, phase, text, type Writer } from "./piece.ts";
import { relations } from "./relations.ts";
import { routines } from "./routines.ts";
import { SETTINGS } from "./settings.ts";
import { tables } from "./tables.ts";
import { types } from "./types.ts";

/** One or more statements that belong to one object, each without a semicolon at its end. */
export type DumpPiece = Piece;

export interface Dump {
  readonly pieces: readonly DumpPiece[];
  /** What is written, and is not all: each a sentence. */
  readonly warnings: readonly string[];
}

/**
 * `owner`: the role that loads it, whose the objects are without a word. Rows, large objects among them, are not a schema's.
 * Throws `usage/cannot-dump`, which names each object that no SQL can be written for.
 */
export function dumpOf(catalog: Catalog, owner: string, names: OptionNames = asOptions): Dump {
  const lookup = lookupOf(catalog, owner);
  const refused = catalog.objects.flatMap((object) => {
    const refusal = refusalOf(object, catalog);
    return refusal === undefined ? [] : [cannotDump(names, object, refusal)];
  });
  if (refused.length > 0) throw MigrateError.all(refused);
  const made = catalog.objects.flatMap((object) => writtenAs(object, lookup));
  const { pieces, cycles } = inOrder([...absent(catalog), ...made]);
  if (cycles.length > 0) {
    const reason = "they need each other, so none can be created first";
    throw MigrateError.all(
      cycles.map((group) => cannotDump(names, group[0]!, { reason }, group.map(describeObject).join(", "))),
    );
  }
  return {
    pieces: withComments(pieces).map(withStableArrays),
    warnings: catalog.objects.flatMap((object) => warningOf(object) ?? []),
  };
}

const writers: Readonly<Record<string, Writer>> = {
  ...types,
  ...routines,
  ...tables,
  ...relations,
  ...others,
};

/** The pieces of an object, each with the relation that it stands on. */
function writtenAs(object: CatalogObject, lookup: Lookup): readonly Piece[] {
  const home = relationOf(object, lookup);
  return (writers[object.class]?.(object, lookup) ?? []).map((piece) => ({
    ...piece,
    home,
    ...(isSpread(piece) ? { behind: lookup.heirs(home) } : {}),
  }));
}

/** What a table made later would have from its parent is made when all heirs are there: each has its own, by its own name. */
const isSpread = ({ object, phase: at }: Piece): boolean =>
  object.class === "index" || (object.class === "constraint" && at !== phase("foreign key"));

function relationOf(object: CatalogObject, lookup: Lookup): ObjectKey {
  const { parent } = object;
  if (parent === undefined || parent.class === "schema") return object;
  const owner = lookup.get(parent.class, ...parent.identity);
  return owner === undefined || !STANDS_ON.has(object.class) ? object : relationOf(owner, lookup);
}

const STANDS_ON = new Set(["column", "constraint", "index", "trigger", "rule", "policy", "statistics"]);

/** Why no SQL can be written for an object, and what to do about it; by default, to leave the object out. */
interface Refusal {
  readonly reason: string;
  readonly hint?: string;
}

function refusalOf(object: CatalogObject, catalog: Catalog): Refusal | undefined {
  const name = qualified(...object.identity);
  if (object.class === "subscription") return { reason: "its connection string is not read" };
  if (isUnusable(object)) {
    const rebuild = `make it valid: REINDEX INDEX CONCURRENTLY ${name}`;
    const drop = `drop it: DROP INDEX CONCURRENTLY ${name}`;
    // That of a partition cannot be dropped without the whole.
    const isOfWhole = text(object, "partOf") !== undefined;
    const next = isOfWhole ? rebuild : isCopy(object, catalog) ? drop : `${rebuild}; or ${drop}`;
    return { reason: "it is invalid", hint: `unless another session is building it, ${next}` };
  }
  if (has(object, "detachPending")) {
    const whole = text(object, "partitionOf");
    return {
      reason: "it is being detached",
      hint: `finish that: ALTER TABLE ${whole} DETACH PARTITION ${name} FINALIZE`,
    };
  }
  return undefined;
}

/** An index that a build left behind; that of a partitioned table is invalid as long as a partition has none. */
const isUnusable = (object: CatalogObject): boolean =>
  object.class === "index" && has(object, "invalid") && !/ ON ONLY /.test(text(object, "definition") ?? "");

/** What REINDEX CONCURRENTLY leaves beside the index when it is stopped. PostgreSQL cuts the end off a long name. */
function isCopy({ identity: [schema, name] }: CatalogObject, { objects }: Catalog): boolean {
  const original = /^(.+)_cc(?:new|old)\d*$/.exec(name ?? "")?.[1];
  return (
    original !== undefined &&
    objects.some(
      ({ class: of, identity }) =>
        of === "index" && identity[0] === schema && identity[1] !== name && identity[1]!.startsWith(original),
    )
  );
}

const warningOf = (object: CatalogObject): string | undefined =>
  JSON.stringify(object.properties["foreignOptions"] ?? []).includes("=***")
    ? `${describeObject(object)}: its secret is not read, and is written as ***`
    : undefined;

function cannotDump(
  names: OptionNames,
  object: ObjectKey,
  { reason, hint = leavingOut(object, names) }: Refusal,
  what = describeObject(object),
): Diagnostic {
  return { code: "usage/cannot-dump", message: `cannot dump ${what}: ${reason}`, hint };
}

function leavingOut(object: ObjectKey, names: OptionNames): string {
  const pattern = `${object.class}:${object.identity.join(".")}`;
  return `leave ${describeObject(object)} out: ${names.given("ignore", pattern)}, or "ignore": [${JSON.stringify(pattern)}] in the config file`;
}

/**
 * PostgreSQL takes a cast of ARRAY[…] to be one of each item, and writes one of the whole the same way: behind a cast to the
 * type that the items have it stays one of the whole.
 */
const withStableArrays = (piece: Piece): Piece => ({
  ...piece,
  statements: piece.statements.map((each) =>
    // The text of a function is nobody's to change.
    each.includes("AS $function")
      ? each
      : each.replaceAll(CAST_OF_ARRAY, (_, array: string, type: string) => `(${array}::${type}[])::`),
  ),
});

const CAST_OF_ARRAY =
  /\((ARRAY\[(?:'(?:[^']|'')*'::[a-z ]+, )*'(?:[^']|'')*'::([a-z ]+)\])\)::(?=[a-z ]+\[\])/g;

/** What a new database has, and this one has not. */
function absent({ objects }: Catalog): readonly Piece[] {
  const keys = new Set(objects.map(keyOf));
  const gone = (key: ObjectKey, statement: string): readonly Piece[] =>
    keys.has(keyOf(key)) ? [] : [{ object: key, phase: phase("schema"), statements: [statement] }];
  const publicSchema = { class: "schema", identity: ["public"] };
  return [
    ...gone(publicSchema, "DROP SCHEMA public"),
    ...gone({ class: "extension", identity: ["plpgsql"] }, "DROP EXTENSION plpgsql"),
    ...(keys.has(keyOf(publicSchema))
      ? gone({ class: "comment", identity: ["schema", "public"] }, "COMMENT ON SCHEMA public IS NULL")
      : []),
  ];
}

/** Each comment behind the last piece that makes its object; where several have its name, at the end. */
function withComments(pieces: readonly Piece[]): readonly Piece[] {
  const isComment = (piece: Piece): boolean => piece.phase === phase("comment");
  const exact = new Map<string, Piece>();
  const named = new Map<string, Map<string, Piece>>();
  for (const piece of pieces.filter((each) => !isComment(each))) {
    const key = keyOf(piece.object);
    exact.set(key, piece);
    const name = nameKey(piece.object);
    named.set(name, (named.get(name) ?? new Map<string, Piece>()).set(key, piece));
  }
  const ownerOf = (object: ObjectKey): Piece | undefined => {
    const known = exact.get(keyOf(object));
    if (known !== undefined) return known;
    // One that stands in CREATE TABLE.
    if (object.class === "constraint")
      return exact.get(keyOf({ ...object, class: "table", identity: object.identity.slice(0, 2) }));
    const candidates = [...(named.get(nameKey(object))?.values() ?? [])];
    return candidates.length === 1 ? candidates[0] : undefined;
  };
  const comments = new Map<Piece, string[]>();
  const others = pieces.filter((each) => {
    const owner = isComment(each) ? ownerOf(each.object) : undefined;
    if (owner !== undefined) comments.set(owner, [...(comments.get(owner) ?? []), ...each.statements]);
    return owner === undefined;
  });
  return others.map((each) => ({ ...each, statements: [...each.statements, ...(comments.get(each) ?? [])] }));
}

/** A type of any class, or another object, by its schema and name alone. */
const nameKey = ({ class: name, identity }: ObjectKey): string =>
  JSON.stringify([name in types ? "type" : name, ...identity.slice(0, 2)]);

/** One file. It begins with what its session must be set to. */
export function dumpText({ pieces }: Dump): string {
  const parts = [SETTINGS.map((each) => `${each};`).join("\n"), ...pieces.map(pieceText)];
  return `${parts.join("\n\n")}\n`;
}

export const pieceText = ({ statements }: Piece): string =>
  statements.map((each) => (each.endsWith(";") ? each : `${each};`)).join("\n");
