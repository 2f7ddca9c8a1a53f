/** Two lists of `name=value` → the `SET (…)` and `RESET (…)` that lead from one to the other. */
import type { Value } from "../catalog/catalog.ts";
import { literal } from "../quote.ts";

export function optionChanges(
  is: Value | undefined,
  desired: Value | undefined,
  prefix = "",
): readonly string[] {
  const [old, wanted] = [is ?? [], desired ?? []] as [readonly string[], readonly string[]];
  const set = wanted.filter((option) => !old.includes(option));
  const reset = old.map(nameOf).filter((name) => !wanted.map(nameOf).includes(name));
  return [
    ...(set.length === 0 ? [] : [`SET (${set.map((each) => `${prefix}${assigned(each)}`).join(", ")})`]),
    ...(reset.length === 0 ? [] : [`RESET (${reset.map((name) => prefix + name).join(", ")})`]),
  ];
}

const nameOf = (option: string): string => option.slice(0, option.indexOf("="));

const assigned = (option: string): string =>
  `${nameOf(option)} = ${literal(option.slice(option.indexOf("=") + 1))}`;

/** The same of foreign-data objects, where each change has its own word; undefined: there is none. */
export function foreignOptionChanges(is: Value | undefined, desired: Value | undefined): string | undefined {
  const [old, wanted] = [is ?? [], desired ?? []] as [readonly string[], readonly string[]];
  const names = old.map(nameOf);
  const changes = [
    ...names.filter((name) => !wanted.map(nameOf).includes(name)).map((name) => `DROP ${name}`),
    ...wanted
      .filter((each) => !old.includes(each))
      .map((each) => `${names.includes(nameOf(each)) ? "SET" : "ADD"} ${assigned(each).replace(" = ", " ")}`),
  ];
  return changes.length === 0 ? undefined : `OPTIONS (${changes.join(", ")})`;
}
