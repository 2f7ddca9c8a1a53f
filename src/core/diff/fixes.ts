/** A difference between the actual and the desired catalog → the statements that remove it; none if no fixer knows how. */
import { type CatalogObject, keyOf, type ObjectKey, type Value } from "../catalog/catalog.ts";
import type { Difference } from "../catalog/compare.ts";
import type { Privilege } from "../catalog/privileges.ts";
import { identifier, literal, qualified } from "../quote.ts";
import { unique } from "../unique.ts";
import { dropConstraint, droppedTree, indexOf } from "./fix-index-trees.ts";
import { families } from "./fix-operators.ts";
import { columnFixes, droppedPartition, indexFixes, tableFixes } from "./fix-relations.ts";
import { textSearch } from "./fix-text-search.ts";
import type { Fixer, Sides } from "./fixer.ts";
import { tableOf } from "./name.ts";
import { validated } from "./same.ts";

/** What goes, what comes, what is changed: in this order, the catalog read again behind each. */
export const PHASES = ["extra", "missing", "differs"] as const;

/**
 * `differences`: between the desired (first) and the actual catalog (second). The statements of one list are tried together;
 * a list that is right for several objects is there once.
 */
export function fixesOf(
  differences: readonly Difference[],
  phase: (typeof PHASES)[number],
  sides: Sides,
): readonly (readonly string[])[] {
  const [is, desired] = sides;
  const ofPhase = differences.filter(
    ({ kind }) => kind === phase || (phase === "differs" && kind === "version"),
  );
  const fixes = ofPhase.flatMap((difference) => {
    const key = keyOf(difference);
    const [a, b] = [is.get(key), desired.get(key)];
    const fixer = FIXERS[difference.class] ?? {};
    if (a === undefined) return [fixer.created?.(b!, sides) ?? []];
    if (b === undefined) return [fixer.dropped?.(a, sides) ?? []];
    return changesOf(fixer, a, b, difference.properties ?? {}, sides);
  });
  return [...new Map(fixes.map((fix) => [fix.join(";\n"), fix])).values()];
}

function changesOf(
  fixer: Fixer,
  a: CatalogObject,
  b: CatalogObject,
  properties: NonNullable<Difference["properties"]>,
  sides: Sides,
): readonly (readonly string[])[] {
  const { owner: [toOwner] = [], privileges } = properties;
  const owner = [
    ...(toOwner === undefined ? [] : [[`ALTER ${addressed(b)} OWNER TO ${identifier(String(toOwner))}`]]),
    ...(privileges === undefined ? [] : [granted(b, privileges)]),
  ];
  const rest = Object.keys(properties).filter((name) => !["owner", "privileges"].includes(name));
  if (rest.length === 0) return owner;
  if (fixer.changed !== undefined) return [...owner, fixer.changed(a, b, rest, sides)];
  if (fixer.created === undefined || fixer.dropped === undefined) return owner;
  return [[...fixer.dropped(a, sides), ...fixer.created(b, sides)], ...owner];
}

/** How a statement names an object: `OPERATOR shop.= (integer, integer)`. */
export function addressed({ class: name, identity }: ObjectKey): string {
  const [schema = "", object = "", detail = ""] = identity;
  const words = name.toUpperCase();
  switch (name) {
    case "operator":
      return `${words} ${identifier(schema)}.${object} (${detail.replaceAll(/\bnone\b/g, "NONE")})`;
    case "operator class":
    case "operator family":
      return `${words} ${qualified(schema, object)} USING ${detail}`;
    case "function":
    case "procedure":
    case "aggregate":
      return `${words} ${qualified(schema, object)}(${detail})`;
    case "cast":
      return `CAST (${schema} AS ${object})`;
    default:
      return `${words.replace("FOREIGN-DATA", "FOREIGN DATA").replace(/^(?:ENUM|RANGE|BASE|COMPOSITE) /, "")} ${qualified(...identity)}`;
  }
}

const dropped = (object: CatalogObject): readonly string[] => [`DROP ${addressed(object)}`];

/** What is granted on an object in the place of what was: the first of the two lists is the desired one. */
function granted(object: CatalogObject, lists: readonly (Value | undefined)[]): readonly string[] {
  const [wanted, old] = lists.map((list) => (list ?? []) as readonly Privilege[]);
  const on = `ON ${addressed(object)
    .replace(/^(?:VIEW|MATERIALIZED VIEW|FOREIGN TABLE) /, "TABLE ")
    .replace(/^SERVER /, "FOREIGN SERVER ")}`;
  const role = (grantee: string | null): string => (grantee === null ? "PUBLIC" : identifier(grantee));
  const isSame = (one: Privilege, list: readonly Privilege[]): boolean =>
    list.some((other) => JSON.stringify(other) === JSON.stringify(one));
  const revoked = old!.filter((each) => !isSame(each, wanted!));
  const added = wanted!.filter((each) => !isSame(each, old!));
  return [
    ...revoked.map(({ grantee }) => `REVOKE ALL ${on} FROM ${role(grantee)}`),
    ...added.flatMap(({ grantee, privileges }) =>
      privileges.map((each) => {
        const [privilege, option] = each.split(" WITH ");
        return `GRANT ${privilege} ${on} TO ${role(grantee)}${option === undefined ? "" : ` WITH ${option}`}`;
      }),
    ),
  ];
}

/** `eq(integer,text)` → `eq` */
const withoutArguments = (routine: Value | undefined): string => String(routine).replace(/\([^()]*\)$/, "");

const given = (name: string, value: Value | undefined): readonly string[] =>
  value === undefined ? [] : [`${name} = ${value}`];

// ── classes ─────────────────────────────────────────────────────────────────────────────────────────────────────

function createdCast({ identity: [source, target], properties }: CatalogObject): readonly string[] {
  const { method, context } = properties;
  const how =
    method === "function"
      ? `WITH FUNCTION ${properties["function"]}`
      : method === "inout"
        ? "WITH INOUT"
        : "WITHOUT FUNCTION";
  const as = context === "explicit" ? "" : ` AS ${String(context).toUpperCase()}`;
  return [`CREATE CAST (${source} AS ${target}) ${how}${as}`];
}

function createdOperator({ identity, properties }: CatalogObject): readonly string[] {
  const [schema, name, types] = identity as readonly [string, string, string];
  const [left, right] = types.split(", ");
  const options = [
    `FUNCTION = ${withoutArguments(properties["function"])}`,
    ...given("LEFTARG", left === "none" ? undefined : left),
    ...given("RIGHTARG", right === "none" ? undefined : right),
    ...related("COMMUTATOR", properties["commutator"]),
    ...related("NEGATOR", properties["negator"]),
    ...given("RESTRICT", properties["restriction"]),
    ...given("JOIN", properties["join"]),
    ...(properties["hashes"] === true ? ["HASHES"] : []),
    ...(properties["merges"] === true ? ["MERGES"] : []),
  ];
  return [`CREATE OPERATOR ${identifier(schema)}.${name} (${options.join(", ")})`];
}

const related = (name: string, operator: Value | undefined): readonly string[] =>
  operator === undefined ? [] : [`${name} = OPERATOR(${withoutArguments(operator)})`];

function changedOperator(a: CatalogObject, b: CatalogObject, names: readonly string[]): readonly string[] {
  if (names.some((name) => !["restriction", "join"].includes(name)))
    return [...dropped(a), ...createdOperator(b)];
  const options = [
    ["RESTRICT", "restriction"],
    ["JOIN", "join"],
  ].map(([word, name]) => `${word} = ${b.properties[name!] ?? "NONE"}`);
  return [`ALTER ${addressed(b)} SET (${options.join(", ")})`];
}

function createdStatistics({ identity, properties }: CatalogObject): readonly string[] {
  const { target } = properties;
  return [
    String(properties["definition"]),
    ...(target === undefined ? [] : [`ALTER STATISTICS ${qualified(...identity)} SET STATISTICS ${target}`]),
  ];
}

function changedStatistics(a: CatalogObject, b: CatalogObject, names: readonly string[]): readonly string[] {
  if (names.includes("definition")) return [...dropped(a), ...createdStatistics(b)];
  return [`ALTER STATISTICS ${qualified(...b.identity)} SET STATISTICS ${b.properties["target"] ?? -1}`];
}

function createdLanguage({ identity, properties }: CatalogObject): readonly string[] {
  const { trusted, handler, inline, validator } = properties;
  const parts = [
    `CREATE ${trusted === true ? "TRUSTED " : ""}LANGUAGE ${identifier(identity[0]!)} HANDLER ${handler}`,
    ...(inline === undefined ? [] : [`INLINE ${inline}`]),
    ...(validator === undefined ? [] : [`VALIDATOR ${validator}`]),
  ];
  return [parts.join(" ")];
}

function createdTransform({ identity: [type, language], properties }: CatalogObject): readonly string[] {
  const { fromSql, toSql } = properties;
  const parts = [
    ...(fromSql === undefined ? [] : [`FROM SQL WITH FUNCTION ${fromSql}(internal)`]),
    ...(toSql === undefined ? [] : [`TO SQL WITH FUNCTION ${toSql}(internal)`]),
  ];
  return [`CREATE TRANSFORM FOR ${type} LANGUAGE ${identifier(language!)} (${parts.join(", ")})`];
}

function createdConversion({ identity, properties }: CatalogObject): readonly string[] {
  const { from, to, default: isDefault } = properties;
  const words = isDefault === true ? "DEFAULT CONVERSION" : "CONVERSION";
  return [
    `CREATE ${words} ${qualified(...identity)} FOR ${literal(String(from))} TO ${literal(String(to))} FROM ${withoutArguments(properties["function"])}`,
  ];
}

/** A routine, view or trigger that goes with an extension: its type and names, and of a routine its arguments. */
function dependency(no: string): (object: CatalogObject) => readonly string[] {
  return ({ identity: [extension, type, ...names] }) => {
    const [schema = "", name = "", ...more] = names;
    const isRoutine = type === "function" || type === "procedure";
    const address =
      type === "trigger"
        ? `TRIGGER ${identifier(more[0]!)} ON ${qualified(schema, name)}`
        : `${type!.toUpperCase()} ${qualified(schema, name)}${isRoutine ? `(${more.join(", ")})` : ""}`;
    return [`ALTER ${address} ${no}DEPENDS ON EXTENSION ${identifier(extension!)}`];
  };
}

/** Of what the engine does not know. */
const COMMENTED: Readonly<Record<string, (names: readonly string[]) => string>> = {
  "statistics object": (names) => `STATISTICS ${qualified(...names)}`,
  "text search configuration": (names) => `TEXT SEARCH CONFIGURATION ${qualified(...names)}`,
  "text search dictionary": (names) => `TEXT SEARCH DICTIONARY ${qualified(...names)}`,
  "text search parser": (names) => `TEXT SEARCH PARSER ${qualified(...names)}`,
  "text search template": (names) => `TEXT SEARCH TEMPLATE ${qualified(...names)}`,
  operator: ([schema = "", name, ...types]) => `OPERATOR ${identifier(schema)}.${name} (${types.join(", ")})`,
  cast: (names) => `CAST (${names.join(" AS ")})`,
  conversion: (names) => `CONVERSION ${qualified(...names)}`,
  "access method": (names) => `ACCESS METHOD ${qualified(...names)}`,
  index: (names) => `INDEX ${qualified(...names)}`,
  "table constraint": ([schema = "", table = "", name = ""]) =>
    `CONSTRAINT ${identifier(name)} ON ${qualified(schema, table)}`,
};

function commented(
  { identity: [type, ...names] }: CatalogObject,
  text: Value | undefined,
): readonly string[] {
  const address = COMMENTED[type!]?.(names);
  const value = text === undefined ? "NULL" : literal(String(text));
  return address === undefined ? [] : [`COMMENT ON ${address} IS ${value}`];
}

const comment = (object: CatalogObject): readonly string[] => commented(object, object.properties["text"]);

const isPartitionIn = (
  schema: CatalogObject,
  { class: name, identity, properties }: CatalogObject,
): boolean =>
  name === "table" && identity[0] === schema.identity[0] && properties["partitionOf"] !== undefined;

/** A state such as `DISABLE` of a rule or trigger. */
function enabled(word: string, of: (object: CatalogObject) => string): NonNullable<Fixer["changed"]> {
  const states: Readonly<Record<string, string>> = {
    never: "DISABLE",
    replica: "ENABLE REPLICA",
    always: "ENABLE ALWAYS",
  };
  return (_, b, names) =>
    names.includes("enabled")
      ? [
          `ALTER TABLE ${of(b)} ${states[String(b.properties["enabled"])] ?? "ENABLE"} ${word} ${identifier(b.identity.at(-1)!)}`,
        ]
      : [];
}

const isInherited = ({ properties }: CatalogObject): boolean => properties["inherited"] === true;

const NO_SIDES: Sides = [new Map(), new Map()];

const constraintSql = ({ identity, properties }: CatalogObject): string =>
  `ADD CONSTRAINT ${identifier(identity[2]!)} ${properties["definition"]}`;

/** A key of a partitioned table is created for it alone, in the place of an index of that name: those of its partitions have names of their own. */
function createdConstraint(object: CatalogObject, [is]: Sides): readonly string[] {
  const isKey = /^(?:UNIQUE|PRIMARY KEY|EXCLUDE)\b/.test(String(object.properties["definition"]));
  const isPartitioned = is.get(keyOf(object.parent!))?.properties["partitionKey"] !== undefined;
  if (!isKey || !isPartitioned) return [`ALTER TABLE ${tableOf(object)} ${constraintSql(object)}`];
  const index = indexOf(object, is);
  return [
    ...(index === undefined ? [] : droppedTree(index, is)),
    `ALTER TABLE ONLY ${tableOf(object)} ${constraintSql(object)}`,
  ];
}

/** One whose index is a part of a partitioned table's goes with that. */
function droppedConstraint(object: CatalogObject, [is]: Sides): readonly string[] {
  const index = indexOf(object, is);
  return index?.properties["partOf"] === undefined ? [dropConstraint(object)] : droppedTree(index, is);
}

function changedConstraint(a: CatalogObject, b: CatalogObject, names: readonly string[]): readonly string[] {
  if (names.includes("triggers")) return changedTriggers(triggersOf(a), triggersOf(b));
  const validation = validated(a, b);
  if (validation.length > 0) return validation;
  return names.includes("definition")
    ? [dropConstraint(a), `ALTER TABLE ${tableOf(b)} ${constraintSql(b)}`]
    : [];
}

/** Of a foreign key: by the table that they are on, which may be the one that it refers to. */
const triggersOf = ({ properties }: CatalogObject): Readonly<Record<string, string>> =>
  (properties["triggers"] ?? {}) as Readonly<Record<string, string>>;

function changedTriggers(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): readonly string[] {
  const tables = unique([...Object.keys(a), ...Object.keys(b)]).filter((table) => a[table] !== b[table]);
  return tables.map(
    (table) => `ALTER TABLE ${table} ${b[table] === undefined ? "ENABLE" : "DISABLE"} TRIGGER ALL`,
  );
}

function changedMaterializedView(
  _: CatalogObject,
  b: CatalogObject,
  names: readonly string[],
): readonly string[] {
  if (!names.includes("notPopulated")) return [];
  return [
    `REFRESH MATERIALIZED VIEW ${qualified(...b.identity)}${b.properties["notPopulated"] === true ? " WITH NO DATA" : ""}`,
  ];
}

/** In a schema they only add to those in all schemas: taken back one by one, nothing is left. */
function droppedDefaults({ identity: [role, kind, schema], properties }: CatalogObject): readonly string[] {
  if (schema === undefined) return [];
  const start = `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(role!)} IN SCHEMA ${identifier(schema)}`;
  return ((properties["privileges"] ?? []) as readonly Privilege[]).map(
    ({ grantee }) =>
      `${start} REVOKE ALL ON ${kind!.toUpperCase()} FROM ${grantee === null ? "PUBLIC" : identifier(grantee)}`,
  );
}

const persistence: NonNullable<Fixer["changed"]> = (_, b, names) =>
  names.includes("persistence")
    ? [`ALTER ${addressed(b)} SET ${b.properties["persistence"] === undefined ? "LOGGED" : "UNLOGGED"}`]
    : [];

/** The properties of a base type that can be changed without making it again. */
const BASE_TYPE: Readonly<Record<string, string>> = {
  storage: "STORAGE",
  receive: "RECEIVE",
  send: "SEND",
  modifierInput: "TYPMOD_IN",
  modifierOutput: "TYPMOD_OUT",
  analyze: "ANALYZE",
  subscript: "SUBSCRIPT",
};

const STORAGE: Readonly<Record<string, string>> = { p: "plain", e: "external", m: "main", x: "extended" };

function changedBaseType(_: CatalogObject, b: CatalogObject, names: readonly string[]): readonly string[] {
  if (names.some((name) => BASE_TYPE[name] === undefined)) return [];
  const options = names.map((name) => {
    const value = b.properties[name];
    return `${BASE_TYPE[name]} = ${name === "storage" ? STORAGE[String(value)] : (value ?? "NONE")}`;
  });
  return [`ALTER TYPE ${qualified(...b.identity)} SET (${options.join(", ")})`];
}

const FIXERS: Readonly<Record<string, Fixer>> = {
  ...textSearch,
  ...families,
  table: { changed: tableFixes, dropped: droppedPartition },
  column: { changed: columnFixes },
  index: indexFixes,
  constraint: {
    created: createdConstraint,
    dropped: droppedConstraint,
    changed: changedConstraint,
  },
  schema: {
    dropped: (object, [is]) => [
      ...[...is.values()].filter((each) => isPartitionIn(object, each)).flatMap(droppedPartition),
      ...dropped(object),
    ],
  },
  sequence: { changed: persistence },
  "materialized view": { changed: changedMaterializedView },
  rule: { changed: enabled("RULE", tableOf) },
  trigger: {
    // One that a partition has from its parent stands in a catalog only where it is enabled otherwise.
    created: (object) =>
      isInherited(object) ? enabled("TRIGGER", tableOf)(object, object, ["enabled"], NO_SIDES) : [],
    dropped: (object) =>
      isInherited(object)
        ? [`ALTER TABLE ${tableOf(object)} ENABLE TRIGGER ${identifier(object.identity[2]!)}`]
        : [],
    changed: enabled("TRIGGER", tableOf),
  },
  "default privileges": { dropped: droppedDefaults },
  statistics: { created: createdStatistics, dropped, changed: changedStatistics },
  cast: { created: createdCast, dropped },
  operator: { created: createdOperator, dropped, changed: changedOperator },
  conversion: { created: createdConversion, dropped },
  language: { created: createdLanguage, dropped },
  transform: {
    created: createdTransform,
    dropped: ({ identity: [type, language] }) => [
      `DROP TRANSFORM FOR ${type} LANGUAGE ${identifier(language!)}`,
    ],
  },
  "access method": {
    created: ({ identity, properties: { type, handler } }) => [
      `CREATE ACCESS METHOD ${identifier(identity[0]!)} TYPE ${String(type).toUpperCase()} HANDLER ${handler}`,
    ],
    dropped,
  },
  "base type": {
    created: ({ identity, properties }) =>
      properties["shell"] === true ? [`CREATE TYPE ${qualified(...identity)}`] : [],
    dropped,
    changed: changedBaseType,
  },
  extension: {
    changed: (_, b, names) =>
      names.includes("version")
        ? [`ALTER ${addressed(b)} UPDATE TO ${literal(String(b.properties["version"]))}`]
        : [],
  },
  "extension dependency": { created: dependency(""), dropped: dependency("NO ") },
  comment: {
    created: comment,
    dropped: (object) => commented(object, undefined),
    changed: (_, b) => comment(b),
  },
};
