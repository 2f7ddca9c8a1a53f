/** Texts of flags → numbers and times, or an error that gives an example. */
import { MigrateError } from "../core/errors.ts";

/** A number of seconds from a flag. Throws `usage/number`. */
export function seconds(text: string | undefined, flagName: string): number | undefined {
  return number(text, flagName, "a number of seconds", (found) => found >= 0);
}

/** How many, from a flag: 0 or more. Throws `usage/number`. */
export function count(text: string | undefined, flagName: string): number | undefined {
  return number(text, flagName, "a whole number", (found) => Number.isInteger(found) && found >= 0);
}

function number(
  text: string | undefined,
  flagName: string,
  what: string,
  fits: (found: number) => boolean,
): number | undefined {
  if (text === undefined) return undefined;
  const found = Number(text);
  if (text.trim() !== "" && Number.isFinite(found) && fits(found)) return found;
  throw new MigrateError({
    code: "usage/number",
    message: `${flagName} takes ${what}, not '${text}'`,
    hint: `for example: ${flagName} 30`,
  });
}

/** A time in PostgreSQL's form: `5s`, `500ms`, `0`. Throws `usage/interval`. */
export function interval(text: string | undefined, flagName: string): string | undefined {
  if (text === undefined || /^\d+ ?(us|ms|s|min|h|d)?$/.test(text)) return text;
  throw new MigrateError({
    code: "usage/interval",
    message: `${flagName} takes a time, not '${text}'`,
    hint: `for example: ${flagName} 5s, ${flagName} 500ms, ${flagName} 0`,
  });
}
