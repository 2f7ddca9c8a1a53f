/** Two catalogs → where the second is not as the first: what is missing, what is extra, what differs. */

import { asOptions, type OptionNames } from "../option-names.ts";
import { type Catalog, type CatalogObject, commented, keyOf, type ObjectKey, type Value } from "./catalog.ts";
import { refuseUnknownClass } from "./classes.ts";
import { listInMajor, type Privilege } from "./privileges.ts";
import { beside } from "./public.ts";

export interface Difference extends ObjectKey {
  /**
   * `missing`: only in the first; `extra`: only in the second; `differs`: in both, with other properties; `order`: the
   * columns are the same, in another order; `version`: of an extension or a collation.
   */
  readonly kind: "missing" | "extra" | "differs" | "order" | "version";
  /** Those that are not the same: in the first and in the second; undefined where it has none. */
  readonly properties?: Readonly<Record<string, readonly [Value | undefined, Value | undefined]>>;
}

/** Which side has what is missing, and which what is extra, for the end of a sentence. */
export const legendOf = (first: string, second: string): string =>
  `(missing: only in ${first}; extra: only in ${second})`;

/** How many differences are not shown besides, for the end of a sentence that says that something differs. */
export const moreIgnored = (count: number): string =>
  count === 0 ? "" : `, and in ${count} more that ${count === 1 ? "is" : "are"} ignored`;

export interface CompareOptions {
  /**
   * Objects to leave out, with all that is in them: names with `*` for any text (`shop.audit_*`), after a class and a colon
   * where only objects of that class are meant (`index:shop.*`).
   */
  readonly ignore?: readonly string[];
}

/** The differences by class and identity. Of an object that is missing or extra, what goes away with it is not listed. */
export function compareCatalogs(
  first: Catalog,
  second: Catalog,
  options: CompareOptions = {},
): readonly Difference[] {
  const a = byKey(first);
  const b = byKey(second);
  const isIgnored = ignoring(options.ignore ?? [], [a, b]);
  const majors = [first.major, second.major] as const;
  const differences: Difference[] = [];
  for (const [key, object] of [...a, ...[...b].filter(([each]) => !a.has(each))]) {
    if (isIgnored(object)) continue;
    const [x, y] = [a.get(key), b.get(key)];
    if (x !== undefined && y !== undefined) differences.push(...changes(x, y, majors));
    else if (!isInAbsent(object, x === undefined ? [b, a] : [a, b]))
      differences.push({ ...named(object), kind: x === undefined ? "extra" : "missing" });
  }
  return differences
    .map((difference) => ({ difference, key: keyOf(difference) }))
    .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
    .map(({ difference }) => difference);
}

type ByKey = ReadonlyMap<string, CatalogObject>;

const byKey = ({ objects }: Catalog): ByKey => new Map(objects.map((object) => [keyOf(object), object]));

const named = ({ class: name, identity }: ObjectKey): ObjectKey => ({ class: name, identity });

/** Whether what it goes away with is in the one catalog and not in the other. */
function isInAbsent({ parent }: CatalogObject, [has, lacks]: readonly [ByKey, ByKey]): boolean {
  if (parent === undefined) return false;
  const key = keyOf(parent);
  const object = has.get(key);
  return object !== undefined && (!lacks.has(key) || isInAbsent(object, [has, lacks]));
}

// ── properties ──────────────────────────────────────────────────────────────────────────────────────────────────

/** What only these major versions and later can say. */
const SINCE: Readonly<Record<string, number>> = {
  multirange: 14,
  multirangePrivileges: 14,
  subscript: 14,
  notNullConstraint: 18,
};

function changes(
  a: CatalogObject,
  b: CatalogObject,
  majors: readonly [number, number],
): readonly Difference[] {
  const found = different(beside(a, b, majors[0]), beside(b, a, majors[1]), majors);
  const { columns, version, ...rest } = found;
  return [
    ...(Object.keys(rest).length === 0 ? [] : [{ ...named(a), kind: "differs" as const, properties: rest }]),
    ...(columns === undefined || isSameOrder(columns)
      ? []
      : [{ ...named(a), kind: "order" as const, properties: { columns } }]),
    ...(version === undefined ? [] : [{ ...named(a), kind: "version" as const, properties: { version } }]),
  ];
}

type Pair = readonly [Value | undefined, Value | undefined];

function different(
  a: CatalogObject,
  b: CatalogObject,
  majors: readonly [number, number],
): Record<string, Pair> {
  const oldest = Math.min(...majors);
  const isAcross16 = oldest < 16 && Math.max(...majors) >= 16;
  const differences: Record<string, Pair> = {};
  for (const name of new Set([...Object.keys(a.properties), ...Object.keys(b.properties)])) {
    if (oldest < (SINCE[name] ?? 0)) continue;
    const pair = [a.properties[name], b.properties[name]] as const;
    const isQuery = isAcross16 && QUERIES[name]?.includes(a.class) === true;
    const [x, y] = pair.map((value) =>
      isQuery ? withoutQualifiers(String(value)) : JSON.stringify(inBoth(name, value, oldest)),
    );
    if (x !== y) differences[name] = pair;
  }
  // A column that becomes NOT NULL gets a constraint of some name.
  if ("notNull" in differences) delete differences["notNullConstraint"];
  return differences;
}

/** Without the privileges that only the newer of the two servers has. */
const inBoth = (name: string, value: Value | undefined, oldest: number): Value | undefined =>
  name === "privileges" && value !== undefined ? listInMajor(value as readonly Privilege[], oldest) : value;

/** The properties that hold queries as PostgreSQL writes them, and the classes in which they do. */
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  definition: ["view", "materialized view", "rule"],
  body: ["function", "procedure"],
};

/** Whether the columns that both have stand in the same order. */
function isSameOrder([a, b]: Pair): boolean {
  const [x, y] = [a, b].map((each) => (each ?? []) as readonly string[]) as [
    readonly string[],
    readonly string[],
  ];
  const common = (of: readonly string[], other: readonly string[]): string =>
    JSON.stringify(of.filter((name) => other.includes(name)));
  return common(x, y) === common(y, x);
}

/** Since 16 a column is written without its table where there is but one: across that version no qualifier counts. */
const withoutQualifiers = (definition: string): string =>
  definition.replaceAll(/(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)\.(?=["\p{L}_*])/gu, "");

// ── what is ignored ─────────────────────────────────────────────────────────────────────────────────────────────

/** Which objects of these catalogs the patterns of `CompareOptions.ignore` leave out. */
export function ignoredIn(
  patterns: readonly string[],
  catalogs: readonly Catalog[],
): (object: CatalogObject) => boolean {
  return ignoring(patterns, catalogs.map(byKey));
}

/** Of the patterns that a caller gave, those that leave nothing out of these catalogs; each as a sentence, with what was meant. */
export function unusedPatterns(
  patterns: readonly string[],
  catalogs: readonly Catalog[],
  names: OptionNames = asOptions,
): readonly string[] {
  const objects = catalogs.flatMap((each) => each.objects);
  return patterns.flatMap((pattern) => {
    if (objects.some(patternTest(pattern))) return [];
    const [given, only = "", name] = /^([^:]*:)?(.*)$/s.exec(pattern) ?? [];
    const meant = name === undefined || name === "" ? undefined : withSchema(only, name, objects);
    const why = pattern.includes(",")
      ? `each pattern is given by itself, as ${names.given("ignore", pattern.split(",")[0]!.trim())}`
      : meant === undefined
        ? "nothing has such a name"
        : `did you mean ${names.given("ignore", `${only}${meant}`)}?`;
    return [`${names.given("ignore", given!)} leaves nothing out: ${why}`];
  });
}

/** The name in the first schema that has such a one; else the first object of a table that has it. */
function withSchema(only: string, name: string, objects: readonly CatalogObject[]): string | undefined {
  const schemas = new Set(objects.flatMap(({ identity }) => (identity.length > 1 ? [identity[0]!] : [])));
  const named = [...schemas].map((schema) => `${schema}.${name}`);
  return (
    named.find((each) => objects.some(patternTest(only + each))) ??
    objects.find(patternTest(`${only}*.${name}`))?.identity.join(".")
  );
}

function ignoring(
  patterns: readonly string[],
  catalogs: readonly ByKey[],
): (object: CatalogObject) => boolean {
  for (const pattern of patterns) refuseUnknownClass(pattern);
  const tests = patterns.map(patternTest);
  if (tests.length === 0) return () => false;
  const matches = (key: ObjectKey): boolean => tests.some((test) => test(key));
  const isIgnored = ({ parent, ...object }: CatalogObject): boolean =>
    matches(object) ||
    (object.class === "comment" && matches(commented(object.identity))) ||
    (parent !== undefined && isIgnored(objectOf(parent)));
  const objectOf = (key: ObjectKey): CatalogObject =>
    catalogs.map((each) => each.get(keyOf(key))).find((each) => each !== undefined) ?? {
      ...key,
      properties: {},
    };
  return isIgnored;
}

function patternTest(pattern: string): (key: ObjectKey) => boolean {
  const [, only, names = ""] = /^(?:([^:]*):)?(.*)$/s.exec(pattern) ?? [];
  const text = names.split("*").map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  const expression = new RegExp(`^${text.join(".*")}$`, "s");
  return ({ class: name, identity }) =>
    (only === undefined || only.trim() === name) && expression.test(identity.join("."));
}
