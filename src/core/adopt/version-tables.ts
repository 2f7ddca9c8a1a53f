/** A catalog → the tables in it in which another tool has recorded what it has run, and the catalog without them. */
import { type Catalog, keyOf, type ObjectKey } from "../catalog/catalog.ts";
import { without } from "../catalog/ledgers.ts";
import type { RevisionId } from "../migration.ts";
import type { VersionRow } from "./applied.ts";
import { type Tool, tools, type VersionTable } from "./tools.ts";

/** Whether the migrations make it: a table, or a schema. */
export type Made = (object: ObjectKey) => boolean;

/** What a replay of them has made. */
export function madeIn({ objects }: Catalog): Made {
  const made = new Set(objects.map(keyOf));
  return (object) => made.has(keyOf(object));
}

/** Where there is no replay: what their texts create, in whichever schema where a name has none. */
export function madeBy(texts: readonly string[]): Made {
  const made = new Set<string>();
  for (const text of texts)
    for (const { groups } of text.matchAll(CREATES))
      made.add(
        [groups!["class"]!.toLowerCase(), groups!["schema"], groups!["name"]]
          .flatMap((part) => (part === undefined ? [] : [folded(part)]))
          .join("."),
      );
  return ({ class: name, identity }) =>
    made.has([name, ...identity].join(".")) || made.has(`${name}.${identity.at(-1)!}`);
}

const NAME = /"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*/u.source;
const CREATES = new RegExp(
  `\\bcreate\\s+(?:unlogged\\s+)?(?<class>table|schema)\\s+(?:if\\s+not\\s+exists\\s+)?(?:(?<schema>${NAME})\\s*\\.\\s*)?(?<name>${NAME})`,
  "giu",
);

const folded = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();

/** Told by name and columns; not those that the migrations make. A schema that is the tool's goes as well. */
export function withoutVersionTables(
  catalog: Catalog,
  isMade: Made,
): {
  readonly catalog: Catalog;
  readonly tables: readonly string[];
  /** The objects that went, with all that goes away with them; and their sequences, which have names of their own. */
  readonly gone: readonly ObjectKey[];
} {
  const columns = new Map<string, string[]>();
  for (const { class: name, identity } of catalog.objects) {
    if (name !== "column") continue;
    const [schema, table, column] = identity;
    const key = keyOf({ class: "table", identity: [schema!, table!] });
    columns.set(key, [...(columns.get(key) ?? []), column!]);
  }
  const found = catalog.objects.filter((object) => {
    if (object.class !== "table" || isMade(object)) return false;
    return isVersionTable(object, columns.get(keyOf(object)) ?? []);
  });
  const gone = found.flatMap(({ class: name, identity }): readonly ObjectKey[] => {
    const schema = { class: "schema", identity: identity.slice(0, 1) };
    const isTools = tools.some(({ table }) => table.schema === identity[0]) && !isMade(schema);
    return isTools ? [schema] : [{ class: name, identity }];
  });
  const rest = without(catalog, gone);
  const kept = new Set(rest.objects);
  const sequences = catalog.objects.filter((object) => object.class === "sequence" && !kept.has(object));
  return {
    catalog: rest,
    tables: found.map(({ identity }) => identity.join(".")),
    gone: [...gone, ...sequences],
  };
}

/** Beside the `schema_migrations` of Rails, which is as that of dbmate. */
const RAILS: Pick<VersionTable, "schema" | "name" | "columns"> = {
  name: "ar_internal_metadata",
  columns: ["key", "value", "created_at", "updated_at"],
};

/** What is named like one and has a single column must have no other. */
const looksLike =
  ({ identity: [schema, name] }: Pick<ObjectKey, "identity">, columns: readonly string[]) =>
  (table: Pick<VersionTable, "schema" | "name" | "columns">): boolean =>
    table.name === name &&
    (table.schema ?? schema) === schema &&
    (table.columns.length > 1 || columns.length === 1) &&
    table.columns.every((column) => columns.includes(column));

const isVersionTable = (object: ObjectKey, columns: readonly string[]): boolean =>
  [...tools.map(({ table }) => table), RAILS].some(looksLike(object, columns));

/** A table as a database has it. */
export interface FoundTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** The tool whose version table that is. */
export function toolOfTable({ schema, name, columns }: FoundTable): Tool | undefined {
  const is = looksLike({ identity: [schema, name] }, columns);
  return tools.find(({ table }) => is(table));
}

/**
 * Which of a project's revisions are recorded there: those that `adopt` makes have the version itself, or its number behind
 * an m; those that are written by hand the version or its number, such as 0001 or 0001_users. Other programs of the database
 * have version tables too.
 */
export function ranOf(rows: readonly VersionRow[], revisions: readonly RevisionId[]): readonly RevisionId[] {
  const versions = new Set(rows.map(({ version }) => version));
  const numbered = rows.flatMap(({ version, andBefore }) => {
    const digits = /^\d+/.exec(version)?.[0];
    return digits === undefined ? [] : [{ number: BigInt(digits), andBefore }];
  });
  const numbers = new Set(numbered.map(({ number }) => number));
  const before = numbered.reduce(
    (most, { number, andBefore }) => (andBefore && number > most ? number : most),
    0n,
  );
  return revisions.filter((id) => {
    if (versions.has(id)) return true;
    const own = numberIn(id);
    return own !== undefined && (numbers.has(own.number) || (own.isAdopted && own.number < before));
  });
}

/** The number that an id begins with. `isAdopted`: behind an m, as `adopt` writes it, and not a person. */
export function numberIn(
  id: RevisionId,
): { readonly number: bigint; readonly isAdopted: boolean } | undefined {
  const [, m, digits] = /^(m?)(\d+)(?:_|$)/.exec(id) ?? [];
  return digits === undefined ? undefined : { number: BigInt(digits), isAdopted: m === "m" };
}
