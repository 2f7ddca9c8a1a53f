/** Texts of flags → numbers and times, or an error that gives an example. */
import { MigrateError } from "../core/errors.ts";

/** A number of seconds from a flag. Throws `usage/number`. */
export function seconds(text: string | undefined, flagName: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number) && number >= 0) return number;
  throw new MigrateError({
    code: "usage/number",
    message: `${flagName} takes a number of seconds, not '${text}'`,
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
