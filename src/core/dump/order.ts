/** Pieces → the same pieces, each after those that it needs. */
import type { ObjectKey } from "../catalog/catalog.ts";
import { cyclesOf } from "../cycles.ts";
import { topological } from "../topological.ts";
import { type Piece, phase } from "./piece.ts";
import { type Name, operatorName, otherName, referencesIn, routineName } from "./references.ts";

export interface Ordered {
  readonly pieces: readonly Piece[];
  /** Objects that need each other, so that none of them can come first. */
  readonly cycles: readonly (readonly ObjectKey[])[];
}

export function inOrder(given: readonly Piece[]): Ordered {
  let pieces = given;
  for (;;) {
    const needs = needsOf(pieces);
    const cycles = cyclesOf(
      pieces.map((_, index) => String(index)),
      (index) => needs[Number(index)]!.map(String),
    );
    if (cycles.length === 0) {
      const phases = pieces.map((each) => each.phase);
      const order = topological(phases, needs);
      return { pieces: order.map((index) => pieces[index]!), cycles: [] };
    }
    const inCycle = cycles.map((group) => group.map(Number));
    const split = new Set(
      inCycle.flatMap((group) => group.filter((index) => pieces[index]!.split !== undefined)),
    );
    if (split.size === 0)
      return { pieces, cycles: inCycle.map((group) => group.map((index) => pieces[index]!.object)) };
    pieces = pieces.flatMap((piece, index) =>
      split.has(index) ? piece.split!().map((each) => ({ ...piece, ...each, split: undefined })) : [piece],
    );
  }
}

/** By a piece's index, the indexes of those that come before it. */
export function needsOf(pieces: readonly Piece[]): readonly (readonly number[])[] {
  const makers = new Map<Name, number[]>();
  const shells = new Map<Name, number>();
  for (const [index, piece] of pieces.entries()) {
    const name = nameOfPiece(piece);
    if (name === undefined) continue;
    if (piece.isShell === true) shells.set(name, index);
    else if (makers.has(name)) makers.get(name)!.push(index);
    else makers.set(name, [index]);
  }
  const first = firstOf(pieces);
  const tables = tablesOf(pieces);
  return pieces.map((piece, index): readonly number[] => {
    if (piece.isShell === true) return [];
    const found = new Set<number>();
    const own = nameOfPiece(piece);
    for (const name of piece.statements.flatMap((each) => [...referencesIn(each)])) {
      if (name === own) continue;
      const shell = shells.get(name);
      const isPart = shell !== undefined && namedBy(pieces, makers.get(name) ?? [], piece);
      for (const maker of isPart ? [shell] : (makers.get(name) ?? [])) found.add(maker);
      if (shell !== undefined) found.add(shell);
    }
    for (const table of piece.behind ?? [])
      for (const each of tables.get(keyOf(table)) ?? []) found.add(each);
    // A later piece of an object comes after its first one.
    const firstPiece = first.get(keyOf(piece.object));
    if (firstPiece !== undefined) found.add(firstPiece);
    for (const each of found) if (isLater(pieces[each]!, piece)) found.delete(each);
    found.delete(index);
    return [...found];
  });
}

/** Whether the whole type, which comes after its shell, names that routine. */
function namedBy(pieces: readonly Piece[], makers: readonly number[], routine: Piece): boolean {
  const name = nameOfPiece(routine);
  if (name === undefined || routine.object.class !== "function") return false;
  return makers.some((index) => pieces[index]!.statements.some((each) => referencesIn(each).has(name)));
}

/** The same object's pieces: one that comes later by its phase is not needed by one before. */
const isLater = (one: Piece, other: Piece): boolean =>
  keyOf(one.object) === keyOf(other.object) && one.phase > other.phase;

const keyOf = ({ class: name, identity }: ObjectKey): string => JSON.stringify([name, ...identity]);

function firstOf(pieces: readonly Piece[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const [index, piece] of pieces.entries()) {
    const key = keyOf(piece.object);
    if (!first.has(key)) first.set(key, index);
  }
  return first;
}

/** By a table's key, the pieces that make and attach it. */
function tablesOf(pieces: readonly Piece[]): ReadonlyMap<string, readonly number[]> {
  const tables = new Map<string, number[]>();
  for (const [index, { object, phase: at }] of pieces.entries()) {
    if (at !== phase("table") && at !== phase("attach")) continue;
    tables.set(keyOf(object), [...(tables.get(keyOf(object)) ?? []), index]);
  }
  return tables;
}

/** The name that others name what a piece makes by; undefined for what nothing names with a schema. */
function nameOfPiece(piece: Piece): Name | undefined {
  const { class: kind, identity } = piece.object;
  const [schema, name] = identity;
  if (schema === undefined || name === undefined || !MAKERS.has(piece.phase)) return undefined;
  if (kind === "function" || kind === "procedure" || kind === "aggregate") return routineName(schema, name);
  if (kind === "operator") return operatorName(schema, name);
  return identity.length === 2 || kind.startsWith("operator ") ? otherName(schema, name) : undefined;
}

/** The phases of the pieces that make an object; the others add to what there is. */
const MAKERS = new Set(
  (
    [
      "type",
      "function",
      "operator",
      "text search",
      "sequence",
      "table",
      "index",
      "view",
      "statistics",
    ] as const
  ).map(phase),
);
