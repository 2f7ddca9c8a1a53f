/**
 * The actual and the desired catalog → statements that change the name or the parent of an object and keep its contents.
 * They run before all others: a comparison by name would drop the object and create another.
 */
import { type Catalog, type CatalogObject, keyOf, type Value } from "../catalog/catalog.ts";
import { identifier, literal, qualified } from "../quote.ts";
import { tableOf } from "./name.ts";
import { type Objects, objectsOf } from "./plan.ts";

/** May fail where something else has to be done first: then they are for later. */
export function sameObjects(from: Catalog, to: Catalog): readonly string[] {
  const sides: Sides = [objectsOf(from), objectsOf(to)];
  return [
    ...inBoth(sides, "table").flatMap(([a, b]) => detached(a, b)),
    ...inBoth(sides, "enum type").flatMap(([a, b]) => renamedLabels(a, b)),
    ...renamed(sides, "constraint").map(
      ([a, b]) => `ALTER TABLE ${tableOf(a)} RENAME CONSTRAINT ${named(a)} TO ${named(b)}`,
    ),
    ...renamed(sides, "sequence").map(
      ([a, b]) => `ALTER SEQUENCE ${qualified(...a.identity)} RENAME TO ${named(b)}`,
    ),
    ...renamed(sides, "index").map(
      ([a, b]) => `ALTER INDEX ${qualified(...a.identity)} RENAME TO ${named(b)}`,
    ),
    ...inBoth(sides, "table").flatMap(([a, b]) => attached(a, b)),
    ...inBoth(sides, "constraint").flatMap(([a, b]) => validated(a, b)),
    ...[...sides[1].values()].flatMap((each) => keyOnIndex(each, sides)),
    ...inBoth(sides, "column").flatMap(([a, b]) => [...recollated(a, b), ...recomputed(a, b)]),
  ];
}

type Sides = readonly [from: Objects, to: Objects];
type Pair = readonly [from: CatalogObject, to: CatalogObject];

const named = ({ identity }: CatalogObject): string => identifier(identity.at(-1)!);

function inBoth([from, to]: Sides, name: string): readonly Pair[] {
  return [...from].flatMap(([key, a]) => {
    const b = to.get(key);
    return b === undefined || a.class !== name ? [] : [[a, b] as const];
  });
}

/** One that goes and one that comes, which differ in nothing but their name; no third is like them. */
function renamed([from, to]: Sides, name: string): readonly Pair[] {
  const gone = groups([...from].filter(([key, each]) => each.class === name && !to.has(key)));
  const made = groups([...to].filter(([key, each]) => each.class === name && !from.has(key)));
  return [...gone].flatMap(([likeness, [a, ...others]]) => {
    const [b, ...more] = made.get(likeness) ?? [];
    return a === undefined || b === undefined || others.length + more.length > 0 ? [] : [[a, b] as const];
  });
}

function groups(
  entries: readonly (readonly [string, CatalogObject])[],
): ReadonlyMap<string, readonly CatalogObject[]> {
  const found = new Map<string, CatalogObject[]>();
  for (const [, object] of entries) {
    const likeness = likenessOf(object);
    if (likeness === undefined) continue;
    const group = found.get(likeness);
    if (group === undefined) found.set(likeness, [object]);
    else group.push(object);
  }
  return found;
}

/** All of it but its name; undefined for what is renamed with something else. */
function likenessOf({ identity, parent, properties }: CatalogObject): string | undefined {
  if (
    parent?.class === "constraint" ||
    properties["partOf"] !== undefined ||
    properties["inherited"] === true
  )
    return undefined;
  const definition = String(properties["definition"]).replace(
    /^(CREATE (?:UNIQUE )?INDEX )(?:"(?:[^"]|"")*"|\S+)/,
    "$1",
  );
  return JSON.stringify([identity.slice(0, -1), parent, { ...properties, definition }]);
}

// ── partitions and inheritance ──────────────────────────────────────────────────────────────────────────────────

/** Of the table in both: what it no longer is a part of. */
function detached(a: CatalogObject, b: CatalogObject): readonly string[] {
  const table = qualified(...a.identity);
  const [parent, bound] = [a.properties["partitionOf"], a.properties["bound"]];
  if (parent !== undefined && (parent !== b.properties["partitionOf"] || bound !== b.properties["bound"]))
    return [`ALTER TABLE ${parent} DETACH PARTITION ${table}`];
  return without(a.properties["inherits"], b.properties["inherits"]).map(
    (each) => `ALTER TABLE ${table} NO INHERIT ${each}`,
  );
}

/** Of the table in both: what it becomes a part of. */
export function attached(a: CatalogObject, b: CatalogObject): readonly string[] {
  const table = qualified(...b.identity);
  const { partitionOf: parent, bound } = b.properties;
  if (parent !== undefined && (parent !== a.properties["partitionOf"] || bound !== a.properties["bound"]))
    return [`ALTER TABLE ${parent} ATTACH PARTITION ${table} ${bound}`];
  return without(b.properties["inherits"], a.properties["inherits"]).map(
    (each) => `ALTER TABLE ${table} INHERIT ${each}`,
  );
}

const without = (list: Value | undefined, other: Value | undefined): readonly string[] =>
  ((list ?? []) as readonly string[]).filter((each) => !((other ?? []) as readonly string[]).includes(each));

// ── constraints ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What differs only in that the rows have not been looked at. */
export function validated(a: CatalogObject, b: CatalogObject): readonly string[] {
  return a.properties["definition"] === `${b.properties["definition"]} NOT VALID`
    ? [`ALTER TABLE ${tableOf(b)} VALIDATE CONSTRAINT ${named(b)}`]
    : [];
}

/** A key whose index is there already, under its name. */
function keyOnIndex(key: CatalogObject, [from, to]: Sides): readonly string[] {
  if (key.class !== "constraint" || from.has(keyOf(key))) return [];
  const [schema = "", table = "", name = ""] = key.identity;
  const { partitionOf, partitionKey } = from.get(keyOf(key.parent!))?.properties ?? {};
  const [is, desired] = [from, to].map((side) =>
    side.get(keyOf({ class: "index", identity: [schema, name] })),
  );
  const kind = /^(UNIQUE|PRIMARY KEY) \([^()]*\)$/.exec(String(key.properties["definition"]))?.[1];
  const isFree =
    is !== undefined && is.parent?.class !== "constraint" && is.properties["partOf"] === undefined;
  // There it would make columns NOT NULL that are the whole table's.
  if (kind === "PRIMARY KEY" && (partitionOf ?? partitionKey) !== undefined) return [];
  return kind === undefined || !isFree || is.properties["definition"] !== desired?.properties["definition"]
    ? []
    : [
        `ALTER TABLE ${qualified(schema, table)} ADD CONSTRAINT ${named(key)} ${kind} USING INDEX ${named(key)}`,
      ];
}

// ── values and columns ──────────────────────────────────────────────────────────────────────────────────────────

/** Where there are as many labels, and each that goes stands where one comes. */
function renamedLabels(a: CatalogObject, b: CatalogObject): readonly string[] {
  const [old, wanted] = [a, b].map(({ properties }) => properties["labels"] as readonly string[] | undefined);
  if (old === undefined || wanted === undefined || old.length !== wanted.length) return [];
  const pairs = old.map((label, index) => [label, wanted[index]!] as const).filter(([x, y]) => x !== y);
  if (pairs.some(([x, y]) => wanted.includes(x) || old.includes(y))) return [];
  return pairs.map(
    ([x, y]) => `ALTER TYPE ${qualified(...a.identity)} RENAME VALUE ${literal(x)} TO ${literal(y)}`,
  );
}

export function recollated(a: CatalogObject, b: CatalogObject): readonly string[] {
  if (a.properties["collation"] === b.properties["collation"] || b.parent?.class !== "table") return [];
  const collation = b.properties["collation"] ?? 'pg_catalog."default"';
  const { type } = b.properties;
  return [`ALTER TABLE ${tableOf(b)} ALTER COLUMN ${named(b)} TYPE ${type} COLLATE ${collation}`];
}

/** Since 17 a column that is computed can be told to be computed otherwise. */
function recomputed(a: CatalogObject, b: CatalogObject): readonly string[] {
  const [old, wanted] = [a, b].map(({ properties }) =>
    /^(.*) (STORED|VIRTUAL)$/s.exec(String(properties["generated"] ?? "")),
  );
  if (old?.[2] === undefined || old[2] !== wanted?.[2] || old[1] === wanted[1]) return [];
  const table = tableOf(b);
  return [`ALTER TABLE ${table} ALTER COLUMN ${named(b)} SET EXPRESSION AS (${wanted[1]})`];
}
