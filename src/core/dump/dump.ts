/** A catalog → the statements that make it in an empty database, in an order that loads. */
import type { Catalog, CatalogObject, ObjectKey } from "../catalog/catalog.ts";
import { keyOf } from "../catalog/catalog.ts";
import { MigrateError } from "../errors.ts";
import { inOrder } from "./order.ts";
import { others } from "./others.ts";
import { has, lookupOf, type Piece, phase, text, type Writer } from "./piece.ts";
import { relations } from "./relations.ts";
import { routines } from "./routines.ts";
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
export function dumpOf(catalog: Catalog, owner: string): Dump {
  const lookup = lookupOf(catalog, owner);
  const refused = catalog.objects.flatMap((object) => reasonOf(object) ?? []);
  if (refused.length > 0) throw cannotDump(refused);
  const made = catalog.objects.flatMap((object) => writers[object.class]?.(object, lookup) ?? []);
  const { pieces, cycles } = inOrder([...absent(catalog), ...made]);
  if (cycles.length > 0)
    throw cannotDump(cycles.map((group) => `${group.map(nameOfObject).join(", ")}: each needs the other`));
  return {
    pieces: withComments(pieces),
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

export const nameOfObject = ({ class: name, identity }: ObjectKey): string => `${name} ${identity.join(".")}`;

/** Why no SQL can be written for an object. */
function reasonOf(object: CatalogObject): string | undefined {
  const name = nameOfObject(object);
  if (object.class === "subscription") return `${name}: where it connects to is not read`;
  if (
    object.class === "index" &&
    has(object, "invalid") &&
    !/ ON ONLY /.test(text(object, "definition") ?? "")
  )
    return `${name}: it is invalid (REINDEX INDEX, or DROP INDEX)`;
  if (object.class === "table" && has(object, "detachPending"))
    return `${name}: it is being detached (ALTER TABLE … DETACH PARTITION … FINALIZE)`;
  return undefined;
}

const warningOf = (object: CatalogObject): string | undefined =>
  JSON.stringify(object.properties["foreignOptions"] ?? []).includes("=***")
    ? `${nameOfObject(object)}: its secret is written as ***`
    : undefined;

function cannotDump(refused: readonly string[]): MigrateError {
  const [first = ""] = refused;
  return new MigrateError({
    code: "usage/cannot-dump",
    message: `no SQL can be written for ${refused.join("; ")}`,
    hint: `what is left out on purpose is named: --ignore ${JSON.stringify(first.replace(/:.*$/s, "").replace(/^(\w+) /, "$1:"))}`,
  });
}

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

/** Each comment behind the piece that makes its object. */
function withComments(pieces: readonly Piece[]): readonly Piece[] {
  const isComment = (piece: Piece): boolean => piece.phase === phase("comment");
  const last = new Map(pieces.filter((each) => !isComment(each)).map((each) => [keyOf(each.object), each]));
  const comments = new Map<Piece, Piece[]>();
  const others = pieces.filter((each) => {
    const owner = isComment(each) ? last.get(keyOf(each.object)) : undefined;
    if (owner !== undefined) comments.set(owner, [...(comments.get(owner) ?? []), each]);
    return owner === undefined;
  });
  return others.flatMap((each) => {
    const own = comments.get(each) ?? [];
    return own.length === 0
      ? [each]
      : [{ ...each, statements: [...each.statements, ...own.flatMap(({ statements }) => statements)] }];
  });
}

/** What a session must be set to for the statements to mean what they mean, and for bodies of functions to be taken as they are. */
export const SETTINGS = ["SET search_path = pg_catalog, pg_temp", "SET check_function_bodies = off"];

/** One file. It begins with what its session must be set to. */
export function dumpText({ pieces }: Dump): string {
  const parts = [SETTINGS.map((each) => `${each};`).join("\n"), ...pieces.map(pieceText)];
  return `${parts.join("\n\n")}\n`;
}

export const pieceText = ({ statements }: Piece): string =>
  statements.map((each) => (each.endsWith(";") ? each : `${each};`)).join("\n");
