/** The differences that remain after the statements, and the objects that were created again → why nothing is written. */

import { type CatalogObject, describeObject, keyOf } from "../catalog/catalog.ts";
import type { Difference } from "../catalog/compare.ts";
import { partsOf } from "../dump/names.ts";
import { type Diagnostic, MigrateError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { asOptions, type OptionNames } from "../option-names.ts";
import { unique } from "../unique.ts";
import { tableNameOf } from "./name.ts";
import { holdsSameRows, type Objects } from "./plan.ts";

/** The order of columns cannot be changed, nor can what brought a collation. */
export const counts = ({ kind, class: name }: Difference): boolean =>
  kind !== "order" && (kind !== "version" || name === "extension");

/** `table shop.users would be missing`. `differs`: the rest of the sentence about an object that is on both sides. */
export function wouldBe(difference: Difference, differs: string): string {
  const object = describeObject(difference);
  if (difference.kind === "missing") return `${object} would be missing`;
  return difference.kind === "extra" ? `${object} would be left over` : `${object}${differs}`;
}

/** `column shop.users.name: type would be text instead of integer`: the first of the two sides is the desired one. */
export function describeDifference(difference: Difference): string {
  const changes = Object.entries(difference.properties ?? {}).map(
    ([name, [desired, is]]) => `${name} would be ${valueText(is)} instead of ${valueText(desired)}`,
  );
  return wouldBe(difference, `: ${changes.join("; ")}`);
}

function valueText(value: unknown): string {
  const text = value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/**
 * `findings/not-proven`, an object each. `refused`: what the server, or the engine, said on the way; `leftAlone`: what is
 * ignored, and a statement on the way would have made or dropped.
 */
export function notProven(
  differences: readonly Difference[],
  refused: readonly string[],
  leftAlone: readonly CatalogObject[] = [],
): MigrateError {
  const open = new Set(differences.map(keyOf));
  const parts = unique(
    leftAlone.filter(({ parent }) => parent !== undefined && open.has(keyOf(parent))).map(describeObject),
  );
  const unless = parts.length === 0 ? "" : `, or do not ignore ${parts.join(", ")}, which goes with it`;
  const said =
    refused.length === 0 ? "" : `; it was tried and refused: ${unique(refused).slice(0, 3).join("; ")}`;
  return MigrateError.all(
    differences.map(
      (difference, index): Diagnostic => ({
        code: "findings/not-proven",
        message: describeDifference(difference),
        ...(index === differences.length - 1 ? { hint: `write the SQL for it by hand${unless}${said}` } : {}),
      }),
    ),
  );
}

/** Tables, columns and sequences that are on both sides, and yet not the same ones any more. */
export function rebuilt(
  [before, after]: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>],
  [from, to]: readonly [Objects, Objects],
): readonly CatalogObject[] {
  return [...before].flatMap(([key, id]) => {
    const [a, b] = [from.get(key), to.get(key)];
    if (a === undefined || b === undefined || !holdsSameRows(a, b) || after.get(key) === id) return [];
    return [b];
  });
}

/** The table that decides whether an object may be dropped and recreated: a sequence goes with the one that owns it. */
export function ownerNameOf(object: CatalogObject): string {
  const owner = object.class === "sequence" ? object.properties["ownedBy"] : undefined;
  return owner === undefined ? tableNameOf(object) : partsOf(String(owner)).slice(0, 2).join(".");
}

/** `findings/rebuild`, an object each, without what goes with its table. `allowLoss` as in a way's options. */
export function refusedRebuild(
  objects: readonly CatalogObject[],
  {
    names = asOptions,
    allowLoss,
  }: { readonly names?: OptionNames | undefined; readonly allowLoss?: boolean | undefined },
): MigrateError {
  const tables = new Set(objects.filter((each) => each.class === "table").map(tableNameOf));
  const own = objects.filter((each) => each.class === "table" || !tables.has(ownerNameOf(each)));
  const loss = allowLoss === false ? ` and ${names.short("allowLoss")}` : "";
  return MigrateError.all(
    [...new Map(own.map((object) => [keyOf(object), object])).values()].map((object) => ({
      code: "findings/rebuild",
      message: `${describeObject(object)} would be dropped and recreated, and lose its rows`,
      hint: `allow that with ${names.given("allowRebuild", ownerNameOf(object))}${loss}, or write the SQL by hand`,
    })),
  );
}

/** Throws `usage/rebuild` for names that none of the objects has. */
export function refuseUnknownRebuilds(
  rebuilds: readonly string[],
  objects: readonly CatalogObject[],
  names: OptionNames,
): void {
  const known = new Set(objects.map(ownerNameOf));
  const unknown = rebuilds.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw MigrateError.all(
    unknown.map((name) => {
      const meant = [...known].find((each) => each.endsWith(`.${name}`)) ?? nearest(name, known);
      const advice = `write the name of the table with its schema: ${names.given("allowRebuild", "shop.events")}`;
      return {
        code: "usage/rebuild",
        message: `${names.short("allowRebuild")} names ${name}, which does not exist`,
        hint: meant === undefined ? advice : `did you mean ${names.given("allowRebuild", meant)}?`,
      };
    }),
  );
}
