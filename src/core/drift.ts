/** The catalogs of a replay and of a live database → the replay's as it would be, had those migrated who did. */
import { type Catalog, type CatalogObject, keyOf, type ObjectKey, type Value } from "./catalog/catalog.ts";
import { isPrivileges, type Privilege } from "./catalog/privileges.ts";
import { privilegesBeside } from "./catalog/public.ts";
import { type Graph, inOrder, nodeOf } from "./graph.ts";
import type { Applied } from "./ledger/types.ts";
import type { RevisionId } from "./migration.ts";

/**
 * What belongs to `role`, who replayed, belongs to whom it belongs to in the live database, if that is one of those who
 * migrated there, else to the first of them: the migrations did not say whose it is. And who migrated there may do in a
 * schema what was granted to them: it was needed before a migration could say so. Of schemas that were there before
 * (`beforehand`) the same goes for all who may do something in them, for the owner, and for the comment.
 */
export function ownedAlike(
  replayed: Catalog,
  live: Catalog,
  role: string,
  migrators: readonly string[],
  beforehand: readonly string[] = [],
): Catalog {
  const isBeforehand = (key: ObjectKey | undefined): boolean =>
    key?.class === "schema" && beforehand.includes(key.identity[0]!);
  const there = new Map(live.objects.map((object) => [keyOf(object), object]));
  const here = new Map(replayed.objects.map((object) => [keyOf(object), object]));
  const ownerOf = (key: ObjectKey): string | undefined => {
    const owner = there.get(keyOf(key))?.properties["owner"];
    const parent = here.get(keyOf(key))?.parent;
    return typeof owner === "string" ? owner : parent === undefined ? undefined : ownerOf(parent);
  };
  return {
    major: replayed.major,
    objects: [
      ...replayed.objects.map((object) => {
        const owner = ownerOf(object);
        const isTheirs = owner !== undefined && (migrators.includes(owner) || isBeforehand(object));
        const own = ofRole(object, role, isTheirs ? owner : (migrators[0] ?? role));
        const isNeeded = ({ grantee }: Privilege): boolean =>
          isBeforehand(object) || (grantee !== null && migrators.includes(grantee));
        return withNeeded(own, there.get(keyOf(object)), replayed.major, isNeeded);
      }),
      ...live.objects.filter(
        (object) =>
          object.class === "comment" && isBeforehand(object.parent) && here.get(keyOf(object)) === undefined,
      ),
    ],
  };
}

/** A schema with what is needed of what the live one grants to others than its owner. */
function withNeeded(
  object: CatalogObject,
  live: CatalogObject | undefined,
  major: number,
  isNeeded: (privilege: Privilege) => boolean,
): CatalogObject {
  if (object.class !== "schema" || live === undefined) return object;
  const there = (live.properties["privileges"] ?? []) as readonly Privilege[];
  const needed = there.filter((each) => each.grantee !== each.grantor && isNeeded(each));
  if (needed.length === 0) return object;
  const others = (privilegesBeside(object, live, major) ?? []).filter(
    ({ grantee }) => !needed.some((each) => each.grantee === grantee),
  );
  const privileges = grantsOf([...others, ...needed], (name) => name);
  return { ...object, properties: { ...object.properties, privileges } };
}

/** The object with one role in the place of another. */
function ofRole(object: CatalogObject, role: string, owner: string): CatalogObject {
  const replaced = (name: string): string => (name === role ? owner : name);
  const properties = Object.entries(object.properties).map(([name, value]): [string, Value] => {
    if (name === "owner") return [name, replaced(String(value))];
    return [name, isPrivileges(name) && Array.isArray(value) ? grantsOf(value, replaced) : value];
  });
  const identity =
    object.class === "default privileges"
      ? [replaced(object.identity[0]!), ...object.identity.slice(1)]
      : object.identity;
  return { ...object, identity, properties: Object.fromEntries(properties) };
}

/** Privileges of other roles, in their order again. */
function grantsOf(privileges: readonly Value[], replaced: (name: string) => string): Value {
  return privileges
    .map((each) =>
      JSON.stringify(each, (key, value) =>
        (key === "grantee" || key === "grantor") && typeof value === "string" ? replaced(value) : value,
      ),
    )
    .sort()
    .map((text) => JSON.parse(text) as Value);
}

/**
 * The replay's catalog with the schemas of the live database, which it lacks, that hold something that is left alone: they
 * cannot go.
 */
export function withHolders(replayed: Catalog, live: Catalog, left: readonly CatalogObject[]): Catalog {
  const made = new Set(replayed.objects.map(keyOf));
  const holders = new Set(
    left.flatMap(({ identity, parent }) =>
      // What is in a schema is named after it; what goes away with it, as its comment, is not.
      parent?.class === "schema" && parent.identity[0] === identity[0] && !made.has(keyOf(parent))
        ? [keyOf(parent)]
        : [],
    ),
  );
  if (holders.size === 0) return replayed;
  const found = live.objects.filter(
    (object) =>
      holders.has(keyOf(object)) ||
      (object.class === "comment" && object.parent !== undefined && holders.has(keyOf(object.parent))),
  );
  return { ...replayed, objects: [...replayed.objects, ...found] };
}

/** The applied revisions in the order in which they were applied, as far as each stands behind all that it needs; else in the graph's. */
export function orderApplied(graph: Graph, rows: readonly Applied[]): readonly RevisionId[] {
  const place = new Map(
    inOrder(
      graph,
      rows.map((row) => row.revision),
    ).map((id, index) => [id, index]),
  );
  const order = [...rows]
    .sort((a, b) =>
      a.appliedAt === b.appliedAt
        ? place.get(a.revision)! - place.get(b.revision)!
        : a.appliedAt < b.appliedAt
          ? -1
          : 1,
    )
    .map((row) => row.revision);
  const seen = new Set<RevisionId>();
  for (const id of order) {
    const { parents, dependencies } = nodeOf(graph, id);
    if ([...parents, ...dependencies].some((needed) => place.has(needed) && !seen.has(needed)))
      return [...place.keys()];
    seen.add(id);
  }
  return order;
}
