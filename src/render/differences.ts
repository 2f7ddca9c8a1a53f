/** Differences of two catalogs → the lines a person reads. */
import { describeObject, type Value } from "../core/catalog/catalog.ts";
import type { Difference } from "../core/catalog/compare.ts";
import { isPrivileges, type OnlyGranted, onlyGranted, type Privilege } from "../core/catalog/privileges.ts";
import { qualified } from "../core/quote.ts";
import { counted } from "./counted.ts";
import { onOneLine } from "./terminal.ts";

/** What the two catalogs are called: `["migrations", "database"]`. */
export type Sides = readonly [first: string, second: string];

/** The end of a sentence that says that nothing differs. */
export const butIgnored = (count: number): string =>
  count === 0 ? "" : `, but for ${counted(count, "difference")} that ${count === 1 ? "is" : "are"} ignored`;

/** A line for each object, and below it one for each property. */
export function differenceLines(differences: readonly Difference[], sides: Sides): readonly string[] {
  return differences.flatMap((difference) => [
    `${difference.kind.padEnd(7)}  ${onOneLine(describeObject(difference))}`,
    ...Object.entries(difference.properties ?? {}).flatMap(([name, pair]) =>
      propertyLines(name, pair, sides),
    ),
  ]);
}

function propertyLines(
  name: string,
  [first, second]: readonly [Value | undefined, Value | undefined],
  sides: Sides,
): readonly string[] {
  if (isPrivileges(name)) return privilegeLines(name, [granted(first), granted(second)], sides);
  const width = Math.max(...sides.map((side) => side.length));
  return shown(...shortened(textOf(first), textOf(second))).map(
    (text, index) => `${" ".repeat(9)}${name}, ${sides[index]!.padEnd(width)}: ${text}`,
  );
}

/** Two texts that differ, each on a line; where nobody would see that, since only their white space does, with each character of it. */
function shown(first: string, second: string): readonly [string, string] {
  const [a, b] = [onOneLine(first), onOneLine(second)];
  return a === b ? [withSpaces(first), withSpaces(second)] : [a, b];
}

const withSpaces = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[^\S ]/g,
    (space) => `\\u${space.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const granted = (value: Value | undefined): readonly Privilege[] => (value ?? []) as readonly Privilege[];

/** For each role what only one of the two grants it: `privileges, only in database: CREATE to app`. */
function privilegeLines(
  name: string,
  [first, second]: readonly [readonly Privilege[], readonly Privilege[]],
  sides: Sides,
): readonly string[] {
  const only = [onlyGranted(first, second), onlyGranted(second, first)];
  const width = Math.max(...sides.map((side) => side.length));
  return only.flatMap((items, index) =>
    items.map(
      (item) =>
        `${" ".repeat(9)}${name}, only in ${`${sides[index]!}:`.padEnd(width + 1)} ${onOneLine(grantText(item))}`,
    ),
  );
}

function grantText({ to, names, except, by }: OnlyGranted): string {
  const less = except.length === 0 ? "" : ` except ${except.join(", ")}`;
  const whom = to === null ? "PUBLIC" : qualified(to);
  return `${names.join(", ")}${less} to ${whom}${by === undefined ? "" : `, granted by ${qualified(by)}`}`;
}

function textOf(value: Value | undefined): string {
  if (value === undefined) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const LONG = 160; // characters

/** Of long texts the part around the first place where they are not the same. */
function shortened(a: string, b: string): readonly [string, string] {
  if (Math.max(a.length, b.length) <= LONG) return [a, b];
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  const from = Math.max(0, same - LONG / 4);
  const part = (text: string): string =>
    `${from > 0 ? "… " : ""}${text.slice(from, from + LONG)}${text.length > from + LONG ? " …" : ""}`;
  return [part(a), part(b)];
}
