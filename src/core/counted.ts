/** The arguments of a function of the API → nothing, or `usage/option` where there are more than it takes: the rest would have no effect. */
import { MigrateError } from "./errors.ts";

/** `taken`: what the arguments are. */
export function checkCount(given: readonly unknown[], taken: readonly string[]): void {
  // Who writes `undefined` gives nothing.
  if (given.slice(taken.length).every((value) => value === undefined)) return;
  throw new MigrateError({
    code: "usage/option",
    message: `there are ${given.length} arguments, and the function takes ${taken.length}: ${taken.join(", ")}`,
    hint: "leave out what is behind them",
  });
}

/** The function, which counts its arguments; not for one of a single value, which `map` calls with more. */
export const counted = <F extends (...given: never[]) => unknown>(work: F, taken: readonly string[]): F =>
  ((...given: Parameters<F>) => {
    checkCount(given, taken);
    return work(...given);
  }) as F;
