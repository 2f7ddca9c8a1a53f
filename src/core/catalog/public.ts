/** The schema `public`: what initdb gives it differs between major versions, and a catalog leaves it out. */
import type { CatalogObject, ObjectKey, Value } from "./catalog.ts";
import type { Privilege } from "./privileges.ts";

const isPublic = ({ class: name, identity }: ObjectKey): boolean =>
  name === "schema" && identity[0] === "public";

/** It, or its comment. */
export const isOfPublic = (key: ObjectKey): boolean =>
  isPublic(key) || (key.class === "comment" && key.identity.join(".") === "schema.public");

/** What initdb grants on it, as whoever owns it. */
export const initialPrivileges = (major: number, owner: string): readonly Privilege[] => [
  { grantee: owner, grantor: owner, privileges: ["CREATE", "USAGE"] },
  { grantee: null, grantor: owner, privileges: major >= 15 ? ["USAGE"] : ["CREATE", "USAGE"] },
];

/** Before 15 it belongs to the first superuser, whose name a catalog does not know. */
const initialOwner = (major: number): string | undefined => (major >= 15 ? "pg_database_owner" : undefined);

/** What is granted on a schema, also where that is what initdb has granted. `other`: the same schema, in another catalog. */
export function privilegesBeside(
  { properties, ...key }: CatalogObject,
  other: CatalogObject,
  major: number,
): readonly Privilege[] | undefined {
  const given = (of: CatalogObject["properties"]) => of["privileges"] as readonly Privilege[] | undefined;
  if (!isPublic(key) || given(properties) !== undefined) return given(properties);
  const likely = other.properties["owner"] === undefined ? given(other.properties)?.[0]?.grantor : undefined;
  const owner = initialOwner(major) ?? likely;
  return owner === undefined ? undefined : initialPrivileges(major, owner);
}

/** The object with what a catalog leaves out of it and the other has: then it is no longer the same on each version. */
export function beside(object: CatalogObject, other: CatalogObject, major: number): CatalogObject {
  if (!isPublic(object)) return object;
  const initial: Readonly<Record<string, Value | undefined>> = {
    owner: initialOwner(major),
    privileges: privilegesBeside(object, other, major),
  };
  const filled = Object.entries(initial).filter(
    ([name, value]) => value !== undefined && other.properties[name] !== undefined,
  ) as readonly (readonly [string, Value])[];
  return { ...object, properties: { ...Object.fromEntries(filled), ...object.properties } };
}

/** What makes it again what initdb made, where somebody has dropped it and created it again; run as a superuser. */
export function initialSql(major: number): string {
  const owner = initialOwner(major);
  const granted = initialPrivileges(major, "")
    .find(({ grantee }) => grantee === null)!
    .privileges.join(", ");
  return [
    ...(owner === undefined ? [] : [`ALTER SCHEMA public OWNER TO ${owner}`]),
    `GRANT ${granted} ON SCHEMA public TO PUBLIC`,
    "COMMENT ON SCHEMA public IS 'standard public schema'",
  ].join("; ");
}
