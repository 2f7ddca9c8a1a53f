/** Two types of a column → whether its rows must be rewritten, as PostgreSQL 12 to 18 decide it. */
import { type Ast, items, node, stringOf, word } from "../ast.ts";

/** A type as a statement names it: without a schema it is found through the search path. */
export interface TypeName {
  readonly schema?: string;
  readonly name: string;
  readonly modifiers: readonly number[];
  /** Of an interval: the bits of its fields. */
  readonly array: boolean;
  readonly setOf: boolean;
}

/** The type of a `TypeName` node. */
export function typeName(tree: Ast): TypeName {
  const names = items(tree["names"]).map(stringOf);
  const name = names.at(-1) ?? "";
  const schema = names.at(-2);
  return {
    ...(schema === undefined ? {} : { schema }),
    name: SERIAL[name] ?? ALIASES[name] ?? name,
    modifiers: items(tree["typmods"]).map((each) => integerOf(each)),
    array: items(tree["arrayBounds"]).length > 0,
    setOf: tree["setof"] === true,
  };
}

const SERIAL: Readonly<Record<string, string>> = {
  serial: "int4",
  serial4: "int4",
  bigserial: "int8",
  serial8: "int8",
  smallserial: "int2",
  serial2: "int2",
};

const ALIASES: Readonly<Record<string, string>> = { decimal: "numeric" };

/** Whether the type stands for a sequence and its default. */
export function isSerial(tree: Ast): boolean {
  const names = items(tree["names"]).map(stringOf);
  return names.length === 1 && SERIAL[names[0]!] !== undefined;
}

function integerOf(item: Ast): number {
  return Number(node(node(item["A_Const"])["ival"])["ival"] ?? 0);
}

/** `free`: the rows stay as they are. `no cast`: PostgreSQL refuses it without USING. */
export type Conversion = "free" | "rewrite" | "no cast" | "unknown";

/** Of types of PostgreSQL itself; `utc`: whether the session's TimeZone is UTC all year round. */
export function conversion(from: TypeName, to: TypeName, utc: boolean): Conversion {
  if (from.array !== to.array) return "no cast";
  if (from.name === to.name) {
    if (sameModifiers(from, to)) return "free";
    return !from.array && widens(from, to) ? "free" : "rewrite";
  }
  const pair = `${from.name}>${to.name}`;
  if (from.array) return castable(pair) ? "rewrite" : "no cast";
  if (BINARY.has(pair)) return noLength(from, to) ? "free" : "rewrite";
  if (pair === "timestamp>timestamptz" || pair === "timestamptz>timestamp")
    return utc && precisionOf(from) <= precisionOf(to) ? "free" : "rewrite";
  return castable(pair) ? "rewrite" : "no cast";
}

const sameModifiers = (from: TypeName, to: TypeName): boolean =>
  from.modifiers.length === to.modifiers.length &&
  from.modifiers.every((each, i) => each === to.modifiers[i]);

/** A longer limit, or none, of the types whose length function PostgreSQL leaves away then. */
function widens(from: TypeName, to: TypeName): boolean {
  if (to.modifiers.length === 0) return true;
  switch (from.name) {
    case "varchar":
    case "varbit":
      return from.modifiers.length > 0 && to.modifiers[0]! >= from.modifiers[0]!;
    case "numeric":
      return (
        from.modifiers.length > 0 &&
        to.modifiers[0]! >= from.modifiers[0]! &&
        (to.modifiers[1] ?? 0) === (from.modifiers[1] ?? 0)
      );
    case "timestamp":
    case "timestamptz":
    case "time":
    case "timetz":
      return precisionOf(to) >= precisionOf(from);
    case "interval":
      return (
        smallestField(to) <= smallestField(from) &&
        (smallestField(to) > SECOND || precisionOf(to) >= precisionOf(from))
      );
    default:
      return false;
  }
}

const PRECISE = 6;
const ALL_FIELDS = 0x7fff;

/** Digits of a second. An interval has its fields before them. */
function precisionOf({ name, modifiers }: TypeName): number {
  return modifiers[name === "interval" ? 1 : 0] ?? PRECISE;
}

/** The bits of an interval's fields, the smallest first. */
const FIELDS = [12, 11, 10, 3, 1, 2];
const SECOND = 0;

/** The smallest field that an interval keeps, as an index of `FIELDS`. */
function smallestField({ modifiers }: TypeName): number {
  const bits = modifiers[0] ?? ALL_FIELDS;
  return FIELDS.findIndex((bit) => (bits & (1 << bit)) !== 0);
}

/** A value that may be longer than the new type allows must be looked at. */
function noLength(from: TypeName, to: TypeName): boolean {
  if (to.modifiers.length === 0) return to.name !== "bpchar" || from.name !== "bpchar";
  return to.name === "varchar" && from.name === "varchar" && widens(from, to);
}

const pairs = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** The casts of pg_cast that change no byte and need no USING. */
const BINARY = pairs(`
  oid>int4 xml>bpchar xml>text xml>varchar bit>varbit cidr>inet int4>oid text>bpchar text>varchar varbit>bit
  varchar>bpchar varchar>text`);

/** The other casts that need no USING. */
const ASSIGNED = pairs(`
  bool>bpchar bool>text bool>varchar cidr>bpchar cidr>text cidr>varchar float4>int2 float4>int4 float4>int8
  float4>numeric float8>float4 float8>int2 float8>int4 float8>int8 float8>numeric inet>bpchar inet>cidr inet>text
  inet>varchar int4>int2 int4>money int8>int2 int8>int4 int8>money interval>time money>numeric name>bpchar name>varchar
  numeric>int2 numeric>int4 numeric>int8 numeric>money oid>int8 timestamp>date timestamp>time timestamptz>date
  timestamptz>time timestamptz>timestamp timestamptz>timetz timetz>time bpchar>name bpchar>text bpchar>varchar
  date>timestamp date>timestamptz float4>float8 int2>float4 int2>float8 int2>int4 int2>int8 int2>numeric int2>oid
  int4>float4 int4>float8 int4>int8 int4>numeric int8>float4 int8>float8 int8>numeric int8>oid macaddr>macaddr8
  macaddr8>macaddr name>text numeric>float4 numeric>float8 text>name time>interval time>timetz timestamp>timestamptz
  varchar>name json>jsonb jsonb>json`);

/** Anything becomes text by an assignment. */
const castable = (pair: string): boolean =>
  BINARY.has(pair) || ASSIGNED.has(pair) || />(?:text|varchar|bpchar)$/.test(pair);

/** Whether two types are compared by the same operators, so that what was compared need not be compared again. */
export function comparedAlike(from: TypeName, to: TypeName): boolean {
  const family = (type: TypeName): string => (/^(?:varchar|text)$/.test(type.name) ? "text" : type.name);
  return from.array === to.array && family(from) === family(to);
}

/** The types that PostgreSQL brings. */
export function isBuiltIn({ schema, name }: TypeName): boolean {
  return schema === "pg_catalog" || (schema === undefined && BUILT_IN.has(name));
}

const BUILT_IN = pairs(`
  bool bytea char name int8 int2 int4 text oid json jsonb xml float4 float8 money macaddr macaddr8 inet cidr bpchar varchar
  date time timetz timestamp timestamptz interval numeric uuid bit varbit tsvector tsquery record void trigger
  event_trigger anyelement anyarray point box line lseg path polygon circle int4range int8range numrange tsrange tstzrange
  daterange regclass regproc regtype regrole regnamespace pg_lsn xid xid8 cid tid cstring int2vector oidvector jsonpath
  int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange language_handler internal`);

/** The text of a type's name, for messages. */
export const typeText = (type: TypeName): string =>
  `${type.schema === undefined || type.schema === "pg_catalog" ? "" : `${type.schema}.`}${type.name}${type.array ? "[]" : ""}`;

/** What `format_type` fields are in a `TypeName`: never empty. */
export const nameOfType = (value: Ast): TypeName => typeName(node(value["TypeName"] ?? value));

/** The collation of a `CollateClause`. */
export const collationOf = (value: Ast): string | undefined =>
  items(value["collname"]).map(stringOf).at(-1) ?? (word(value["collname"]) || undefined);
