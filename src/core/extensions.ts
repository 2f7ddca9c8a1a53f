/** What a server does not find → the extension that brings it. */
import { bare, qualified } from "./quote.ts";

const BROUGHT: Readonly<Record<string, string>> = {
  citext: "citext",
  hstore: "hstore",
  ltree: "ltree lquery ltxtquery",
  cube: "cube",
  vector: "vector halfvec sparsevec",
  postgis: "geometry geography",
  "uuid-ossp": "uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5",
  pgcrypto:
    "crypt gen_salt digest hmac gen_random_bytes pgp_sym_encrypt pgp_sym_decrypt pgp_pub_encrypt pgp_pub_decrypt",
  pg_trgm: "similarity word_similarity strict_word_similarity show_trgm gin_trgm_ops gist_trgm_ops",
  unaccent: "unaccent",
  fuzzystrmatch: "levenshtein soundex metaphone dmetaphone daitch_mokotoff",
  tablefunc: "crosstab connectby normal_rand",
  dblink: "dblink dblink_connect dblink_exec",
  earthdistance: "earth_distance ll_to_earth",
};

const BY_NAME = new Map(
  Object.entries(BROUGHT).flatMap(([extension, names]) =>
    names.split(" ").map((name) => [name, extension] as const),
  ),
);

/** By a message in English that a type, a function or an operator class does not exist; undefined where none is known. */
export function extensionHint(message: string): string | undefined {
  if (/^data type \S.* has no default operator class for access method "gist"$/.test(message))
    return creating("btree_gist", "that operator class");
  const [, quoted, called] =
    /^(?:(?:type|operator class) "([^"]+)"|function ([\w.]+)\().* does not exist\b/.exec(message) ?? [];
  const name = bare(quoted ?? called ?? "");
  const extension = BY_NAME.get(name);
  if (extension === undefined) return undefined;
  const other =
    name === "uuid_generate_v4" ? "; or use gen_random_uuid(), which PostgreSQL 13 and later have" : "";
  return `${creating(extension, name)}${other}`;
}

const creating = (extension: string, what: string): string =>
  `${what} comes with an extension: before this statement, CREATE EXTENSION IF NOT EXISTS ${qualified(extension)}`;
