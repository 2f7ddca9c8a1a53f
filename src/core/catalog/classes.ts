/** The classes of objects that `sql/catalog` reads, as patterns name them: `index:shop.*`. */
import { MigrateError } from "../errors.ts";
import { shorten } from "../fault.ts";
import { nearest } from "../nearest.ts";

export const objectClasses: readonly string[] = [
  ...["access method", "aggregate", "attribute", "base type", "cast", "collation", "column", "comment"],
  ...["composite type", "constraint", "conversion", "default privileges", "domain", "domain constraint"],
  ...["enum type", "event trigger", "extension", "extension dependency", "foreign table"],
  ...["foreign-data wrapper", "function", "index", "language", "large objects", "materialized view"],
  ...["operator", "operator class", "operator family", "policy", "procedure", "publication"],
  ...["publication table", "range type", "rule", "schema", "security label", "sequence", "server"],
  ...["statistics", "subscription", "system object", "table", "text search configuration"],
  ...["text search dictionary", "text search parser", "text search template", "transform", "trigger"],
  ...["user mapping", "view"],
];

/** Throws `usage/ignore` for a pattern of a class that there is not. */
export function refuseUnknownClass(pattern: string): void {
  const name = /^([^:]*):/.exec(pattern)?.[1]?.trim();
  if (name === undefined || objectClasses.includes(name)) return;
  const meant = nearest(name, objectClasses);
  throw new MigrateError({
    code: "usage/ignore",
    message: `the pattern '${shorten(pattern)}' names a class of objects that does not exist`,
    hint: meant === undefined ? `the classes are ${objectClasses.join(", ")}` : `did you mean ${meant}:…?`,
  });
}
