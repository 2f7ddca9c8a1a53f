/** The types of a column before and after → whether each value that the one can hold is kept in the other. */
import type { Catalog, Value } from "./catalog.ts";

/** A type as the server's parser names it: `numeric(10,2)[]` is `numeric`, [10, 2], an array. */
export interface ColumnType {
  readonly name: string;
  /** What is in brackets: a length, or a precision and a scale. */
  readonly modifiers: readonly number[];
  readonly isArray: boolean;
}

/** What `format_type` writes → the name in `pg_type`; of what is not here it is the same, or of no type that we know. */
const NAMES: Readonly<Record<string, string>> = {
  smallint: "int2",
  integer: "int4",
  bigint: "int8",
  real: "float4",
  "double precision": "float8",
  "character varying": "varchar",
  character: "bpchar",
  "bit varying": "varbit",
  "timestamp without time zone": "timestamp",
  "timestamp with time zone": "timestamptz",
  "time without time zone": "time",
  "time with time zone": "timetz",
};

/** `text` as `format_type` writes it: `timestamp(3) without time zone[]`. */
export function columnType(text: string): ColumnType {
  const [, before = "", inside = "", behind = "", array] = /^([^([]*)(?:\(([\d,-]+)\))?([^([]*)(\[\])?$/.exec(
    text,
  ) ?? [undefined, text];
  const name = `${before}${behind}`;
  return {
    name: NAMES[name] ?? name,
    modifiers: inside === "" ? [] : inside.split(",").map(Number),
    isArray: array !== undefined,
  };
}

/** Text without a length: every value of every type can be written as one. */
export const holdsAnyText = ({ name, modifiers, isArray }: ColumnType): boolean =>
  !isArray && modifiers.length === 0 && (name === "text" || name === "varchar");

/**
 * Whether the server's own cast keeps every value. What depends on a setting, as from `timestamp` to `timestamptz` on the
 * time zone, does not; nor does a type of somebody's own, which may have become another under its name.
 */
export function keepsValues(from: ColumnType, to: ColumnType): boolean {
  if (holdsAnyText(to)) return true;
  if (from.isArray !== to.isArray) return false;
  if (holdsAnyText({ ...to, isArray: false })) return true;
  return WIDER[to.name]?.(from, to.modifiers) ?? false;
}

type Holds = (from: ColumnType, modifiers: readonly number[]) => boolean;

/** The value has no more than the new length; none is no limit. */
const noLonger =
  (...names: readonly string[]): Holds =>
  ({ name, modifiers: [old = Number.POSITIVE_INFINITY] }, [length = Number.POSITIVE_INFINITY]) =>
    names.includes(name) && old <= length;

/** As many digits of a second, of which there are six unless fewer are said. */
const noFiner =
  (...names: readonly string[]): Holds =>
  ({ name, modifiers: [old = 6] }, [digits = 6]) =>
    names.includes(name) && old <= digits;

const anyOf =
  (...names: readonly string[]): Holds =>
  ({ name }) =>
    names.includes(name);

/** Digits of the largest value. */
const DIGITS: Readonly<Record<string, number>> = { int2: 5, int4: 10, int8: 19 };

/** No fewer digits behind the point, nor before it. */
const asNumeric: Holds = ({ name, modifiers }, [precision, scale = 0]) => {
  const [digits, places = 0] = name === "numeric" ? modifiers : [DIGITS[name]];
  if (precision === undefined) return name === "numeric" || digits !== undefined;
  return digits !== undefined && places <= scale && digits - places <= precision - scale;
};

/** By the new type: which others it holds. */
const WIDER: Readonly<Record<string, Holds>> = {
  int2: anyOf("int2"),
  int4: anyOf("int2", "int4"),
  int8: anyOf("int2", "int4", "int8"),
  float4: anyOf("int2", "float4"),
  float8: anyOf("int2", "int4", "float4", "float8"),
  numeric: asNumeric,
  varchar: noLonger("varchar", "bpchar"),
  bpchar: noLonger("bpchar"),
  varbit: noLonger("bit", "varbit"),
  date: anyOf("date"),
  timestamp: (from, modifiers) => from.name === "date" || noFiner("timestamp")(from, modifiers),
  timestamptz: noFiner("timestamptz"),
  time: noFiner("time"),
  timetz: noFiner("timetz"),
  interval: noFiner("interval"),
  inet: anyOf("cidr", "inet"),
  macaddr8: anyOf("macaddr", "macaddr8"),
};

/** Whether a loss is of a column whose new type keeps all its values. */
export function isWidening(
  { kind, object }: { readonly kind: string; readonly object: string },
  before: Catalog,
  after: Catalog,
): boolean {
  if (kind !== "alter type") return false;
  const [from, to] = [before, after].map((catalog) => typeIn(catalog, object));
  return typeof from === "string" && typeof to === "string" && keepsValues(columnType(from), columnType(to));
}

/** Of a column, `shop.users.name`. */
export const typeIn = ({ objects }: Catalog, column: string): Value | undefined =>
  objects.find((each) => each.class === "column" && each.identity.join(".") === column)?.properties["type"];
