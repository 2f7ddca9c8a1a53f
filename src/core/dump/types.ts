/** Types, domains and collations → the statements that create them. */
import type { CatalogObject } from "../catalog/catalog.ts";
import { literal } from "../quote.ts";
import { nameOf, partsOf } from "./names.ts";
import {
  clauses,
  has,
  keyOfObject,
  type Lookup,
  list,
  type Piece,
  phase,
  text,
  type Writer,
} from "./piece.ts";
import { byItself, granted, grants, ownership } from "./privileges.ts";

const piece = (object: CatalogObject, lookup: Lookup, ...statements: readonly string[]): Piece => ({
  object: keyOfObject(object),
  phase: phase("type"),
  statements: [...statements, ...ownership(object, lookup)],
});

const enumType: Writer = (object, lookup) => [
  piece(
    object,
    lookup,
    `CREATE TYPE ${nameOf(...object.identity)} AS ENUM (${list(object, "labels").map(literal).join(", ")})`,
  ),
];

const compositeType: Writer = (object, lookup) => {
  const attributes = list(object, "columns")
    .flatMap((name) => lookup.get("attribute", ...object.identity, name) ?? [])
    .map((each) => `  ${clauses(nameOf(each.identity.at(-1)!), text(each, "type"), collation(each))}`);
  const body = attributes.length === 0 ? "()" : `(\n${attributes.join(",\n")}\n)`;
  return [piece(object, lookup, `CREATE TYPE ${nameOf(...object.identity)} AS ${body}`)];
};

export const collation = (object: CatalogObject): string | undefined => {
  const name = text(object, "collation");
  return name === undefined ? undefined : `COLLATE ${name}`;
};

/** `KEY = value` lines in parentheses, without those that have no value. */
export const definition = (
  entries: readonly (readonly [key: string, value: string | undefined])[],
): string => {
  const lines = entries.flatMap(([key, value]) => (value === undefined ? [] : [`  ${key} = ${value}`]));
  return `(\n${lines.join(",\n")}\n)`;
};

const domain: Writer = (object, lookup) => {
  const name = nameOf(...object.identity);
  const constraints = lookup.within(object, "domain constraint");
  const added = constraints.filter(isNotValid);
  const notNull = text(object, "notNullConstraint");
  const isNamed = notNull !== undefined && notNull !== `${object.identity[1]}_not_null`;
  const initial = text(object, "default");
  return [
    piece(
      object,
      lookup,
      clauses(
        `CREATE DOMAIN ${name} AS ${text(object, "type")}`,
        collation(object),
        initial !== undefined && `DEFAULT ${initial}`,
        has(object, "notNull") && `${isNamed ? `CONSTRAINT ${nameOf(notNull)} ` : ""}NOT NULL`,
        ...constraints.filter((each) => !isNotValid(each)).map(namedConstraint),
      ),
      ...added.map((each) => `ALTER DOMAIN ${name} ADD ${namedConstraint(each)}`),
    ),
  ];
};

export const isNotValid = (constraint: CatalogObject): boolean =>
  / NOT VALID$/.test(text(constraint, "definition") ?? "");

/** `CONSTRAINT name CHECK (…)` */
export const namedConstraint = (constraint: CatalogObject): string =>
  `CONSTRAINT ${nameOf(constraint.identity.at(-1)!)} ${text(constraint, "definition")}`;

const rangeType: Writer = (object, lookup) => {
  const name = nameOf(...object.identity);
  const multirange = text(object, "multirange");
  const canonical = text(object, "canonical");
  const created = piece(
    object,
    lookup,
    `CREATE TYPE ${name} AS RANGE ${definition([
      ["SUBTYPE", text(object, "subtype")],
      ["SUBTYPE_OPCLASS", text(object, "operatorClass")],
      ["COLLATION", text(object, "collation")],
      ["CANONICAL", canonical],
      ["SUBTYPE_DIFF", text(object, "difference")],
      ["MULTIRANGE_TYPE_NAME", multirange],
    ])}`,
  );
  if (object.properties["multirangePrivileges"] !== undefined && multirange !== undefined) {
    const initial = byItself({ owner: ["USAGE"], everybody: ["USAGE"] }, text(object, "owner")!);
    const wanted = granted(object.properties["multirangePrivileges"]);
    const on = `ON TYPE ${nameOf(...partsOf(multirange))}`;
    const statements = grants(wanted, initial, { on, major: lookup.catalog.major });
    return [
      ...shellFor(object, canonical),
      { ...created, statements: [...created.statements, ...statements] },
    ];
  }
  return [...shellFor(object, canonical), created];
};

/** The type before the functions that its definition names. */
function shellFor(object: CatalogObject, named: string | undefined): readonly Piece[] {
  if (named === undefined) return [];
  const statements = [`CREATE TYPE ${nameOf(...object.identity)}`];
  return [{ object: keyOfObject(object), phase: phase("type"), statements, isShell: true }];
}

const STORAGES: Readonly<Record<string, string>> = { p: "plain", e: "external", m: "main", x: "extended" };
const ALIGNMENTS: Readonly<Record<string, string>> = { c: "char", s: "int2", i: "int4", d: "double" };

const baseType: Writer = (object, lookup) => {
  const name = nameOf(...object.identity);
  if (has(object, "shell")) return [piece(object, lookup, `CREATE TYPE ${name}`)];
  const length = Number(text(object, "length"));
  const initial = text(object, "default");
  return [
    ...shellFor(object, text(object, "input")),
    piece(
      object,
      lookup,
      `CREATE TYPE ${name} ${definition([
        ["INPUT", text(object, "input")],
        ["OUTPUT", text(object, "output")],
        ["RECEIVE", text(object, "receive")],
        ["SEND", text(object, "send")],
        ["TYPMOD_IN", text(object, "modifierInput")],
        ["TYPMOD_OUT", text(object, "modifierOutput")],
        ["ANALYZE", text(object, "analyze")],
        ["SUBSCRIPT", text(object, "subscript")],
        ["INTERNALLENGTH", length < 0 ? "VARIABLE" : String(length)],
        ["PASSEDBYVALUE", has(object, "byValue") ? "true" : undefined],
        ["ALIGNMENT", ALIGNMENTS[text(object, "alignment")!]],
        ["STORAGE", STORAGES[text(object, "storage")!]],
        ["CATEGORY", literal(text(object, "category")!)],
        ["PREFERRED", has(object, "preferred") ? "true" : undefined],
        ["DEFAULT", initial === undefined ? undefined : literal(initial)],
        ["ELEMENT", text(object, "element")],
        ["DELIMITER", literal(text(object, "delimiter")!)],
        ["COLLATABLE", has(object, "collatable") ? "true" : undefined],
      ])}`,
    ),
  ];
};

const collationObject: Writer = (object, lookup) => {
  const quoted = (name: string): string | undefined => {
    const value = text(object, name);
    return value === undefined ? undefined : literal(value);
  };
  return [
    piece(
      object,
      lookup,
      `CREATE COLLATION ${nameOf(...object.identity)} ${definition([
        ["PROVIDER", text(object, "provider")],
        ["LOCALE", quoted("locale")],
        ["RULES", quoted("rules")],
        ["LC_COLLATE", quoted("collate")],
        ["LC_CTYPE", quoted("ctype")],
        ["DETERMINISTIC", has(object, "nondeterministic") ? "false" : undefined],
      ])}`,
    ),
  ];
};

export const types: Readonly<Record<string, Writer>> = {
  "enum type": enumType,
  "composite type": compositeType,
  domain,
  "range type": rangeType,
  "base type": baseType,
  collation: collationObject,
};
