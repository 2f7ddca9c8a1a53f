/** Texts of flags → numbers and times, or an error that gives an example. */
import { parseDuration, type Unit } from "../core/duration.ts";
import { MigrateError } from "../core/errors.ts";
import { shorten } from "../core/fault.ts";

/** How many, from a flag: `least` or more. Throws `usage/number`. */
export function count(text: string | undefined, flagName: string, least = 0): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new MigrateError({
    code: "usage/number",
    message: `${flagName} must be a whole number, ${least} or more, not '${shorten(text)}'`,
    hint: `for example: ${flagName} 5`,
  });
}

/** What a number behind `-n` means in other programs, and the words that say it here. */
export interface SoMany {
  readonly what: string;
  readonly words: (count: number) => string;
}

/**
 * What to type in place of `-n NUMBER`; `typed` makes a command line of its own words. The hint names -n, so that none is
 * added to the command.
 */
export function soManyHint(
  soMany: SoMany | undefined,
  environment: string | undefined,
  typed: (words: string) => string,
): string | undefined {
  if (soMany === undefined || environment === undefined || !/^[1-9]\d{0,5}$/.test(environment))
    return undefined;
  return `here -n names an environment; ${soMany.what}: ${typed(soMany.words(Number(environment)))}`;
}

/** A timeout for PostgreSQL, as it was written; a number alone is milliseconds. Throws `usage/duration`. */
export function timeout(text: string | undefined, flagName: string): string | undefined {
  if (text !== undefined) duration(text, flagName, "ms");
  return text;
}

/** A time in seconds; a number alone is seconds. Throws `usage/duration`. */
export function seconds(text: string | undefined, flagName: string): number | undefined {
  return text === undefined ? undefined : duration(text, flagName, "s") / 1000;
}

/** Milliseconds. */
function duration(text: string, flagName: string, unit: Unit): number {
  const read = parseDuration(text, unit);
  if ("ms" in read) return read.ms;
  throw new MigrateError({
    code: "usage/duration",
    message: `${flagName} must be ${read.mustBe}, not '${shorten(text)}'`,
    hint: read.hint,
  });
}
