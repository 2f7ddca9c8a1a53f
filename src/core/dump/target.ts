/** An object, or its address in a comment → how COMMENT ON, ALTER and SECURITY LABEL name it. */
import type { CatalogObject, ObjectKey } from "../catalog/catalog.ts";
import { nameOf, partsOf } from "./names.ts";
import { text } from "./piece.ts";

/** The words of the classes that are named by a class and a name alone. */
const WORDS: Readonly<Record<string, string>> = {
  schema: "SCHEMA",
  extension: "EXTENSION",
  language: "LANGUAGE",
  "access method": "ACCESS METHOD",
  "event trigger": "EVENT TRIGGER",
  publication: "PUBLICATION",
  "foreign-data wrapper": "FOREIGN DATA WRAPPER",
  server: "SERVER",
  table: "TABLE",
  "foreign table": "FOREIGN TABLE",
  view: "VIEW",
  "materialized view": "MATERIALIZED VIEW",
  sequence: "SEQUENCE",
  index: "INDEX",
  statistics: "STATISTICS",
  "statistics object": "STATISTICS",
  "enum type": "TYPE",
  "composite type": "TYPE",
  "range type": "TYPE",
  "base type": "TYPE",
  domain: "DOMAIN",
  collation: "COLLATION",
  conversion: "CONVERSION",
  "text search configuration": "TEXT SEARCH CONFIGURATION",
  "text search dictionary": "TEXT SEARCH DICTIONARY",
  "text search parser": "TEXT SEARCH PARSER",
  "text search template": "TEXT SEARCH TEMPLATE",
};

/** `TABLE shop.users`, `FUNCTION shop.f(integer)` */
export function targetOf(object: CatalogObject): string {
  const { class: name, identity } = object;
  const [schema = "", own = "", last = ""] = identity;
  const word = WORDS[name];
  if (word !== undefined) return `${word} ${nameOf(...identity)}`;
  switch (name) {
    case "aggregate":
      return `AGGREGATE ${nameOf(schema, own)}(${text(object, "arguments") ?? "*"})`;
    case "operator":
      return `OPERATOR ${nameOf(schema)}.${own} (${last})`;
    case "operator class":
    case "operator family":
      return `${name.toUpperCase()} ${nameOf(schema, own)} USING ${nameOf(last)}`;
    default:
      return `${name.toUpperCase()} ${nameOf(schema, own)}(${last})`;
  }
}

/** What a comment, a label or a dependency is on. */
export interface Address {
  /** As SQL names it. */
  readonly target: string;
  /** The object that it goes with, as far as its address tells; undefined where it does not. */
  readonly object?: ObjectKey;
}

/** An address as the catalog has it: a class or PostgreSQL's word for one, then the names and the argument types. */
export function addressOf([kind = "", ...names]: readonly string[]): Address {
  const word = WORDS[kind];
  const on = (own: string, relation: readonly string[]): string => `${nameOf(own)} ON ${nameOf(...relation)}`;
  const [first = "", second = "", third = ""] = names;
  if (word !== undefined && names.length === 3)
    return { target: `COLUMN ${nameOf(...names)}`, object: { class: kind, identity: names.slice(0, 2) } };
  switch (kind) {
    case "table constraint":
      return {
        target: `CONSTRAINT ${on(third, names.slice(0, 2))}`,
        object: { class: "constraint", identity: names },
      };
    case "trigger":
    case "rule":
    case "policy":
      return {
        target: `${kind.toUpperCase()} ${on(third, names.slice(0, 2))}`,
        object: { class: kind, identity: names },
      };
    case "domain constraint":
      return { target: `CONSTRAINT ${nameOf(second)} ON DOMAIN ${first}`, object: typeKey(first) };
    case "type":
      return { target: `TYPE ${first}`, object: typeKey(first) };
    case "function":
    case "procedure":
    case "aggregate":
      return {
        target: `${kind.toUpperCase()} ${nameOf(first, second)}(${argumentsOf(kind, names.slice(2))})`,
        object: { class: kind, identity: names },
      };
    case "operator":
      return { target: `OPERATOR ${nameOf(first)}.${second} (${operands(names.slice(2))})` };
    case "operator class":
    case "operator family":
      return { target: `${kind.toUpperCase()} ${nameOf(second, third)} USING ${nameOf(first)}` };
    case "cast":
      return { target: `CAST (${first} AS ${second})` };
    case "transform":
      return { target: `TRANSFORM FOR ${first} LANGUAGE ${nameOf(second)}` };
    default:
      return {
        target: `${word ?? kind.toUpperCase()} ${nameOf(...names)}`,
        object: { class: kind, identity: names },
      };
  }
}

/** A type's class is not in its address. */
const typeKey = (name: string): ObjectKey => ({ class: "type", identity: partsOf(name) });

const argumentsOf = (kind: string, types: readonly string[]): string =>
  kind === "aggregate" && types.length === 0 ? "*" : types.join(", ");

const operands = (types: readonly string[]): string =>
  (types.length === 1 ? ["NONE", ...types] : types).join(", ");
