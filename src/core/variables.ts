/** A text with `${NAME}` and `${NAME:-default}` in it → the text with the values of those variables in their places. */
import { MigrateError } from "./errors.ts";
import type { Location } from "./source.ts";

/** The value of a variable; undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** Where a text stands: for messages. */
export interface Place {
  /** `.env line 3`, … */
  readonly origin: string;
  readonly location?: Location;
  /** What gives a text there its variables before the environment does: `flag -x`. */
  readonly given?: string;
  /** The line, below that place, that sets a variable: too late for it. */
  readonly setBelow?: (name: string) => number | undefined;
}

/** UTF-16 units of a text, or of a whole `.env`, with variables replaced: each of 30 lines may double the one before. */
export const MOST_EXPANDED = 1024 * 1024;

/**
 * Replaces every `${NAME}` and `${NAME:-default}`; a `${` that begins neither stays. Takes a time that grows with the
 * text and its result, which `most` bounds. Throws `usage/missing-variable`, `usage/long-variable`.
 */
export function replaceVariables(text: string, lookup: Lookup, place: Place, most = MOST_EXPANDED): string {
  const missing = new Set<string>();
  let result = "";
  let copied = 0;
  for (const { name, fallback, start, end } of references(text)) {
    const value = lookup(name);
    if (value === undefined && fallback === undefined) missing.add(name);
    result += text.slice(copied, start) + (value || (fallback ?? ""));
    copied = end;
    if (result.length > most) throw tooLong(place);
  }
  if (missing.size > 0) throw notSet([...missing], place);
  return result + text.slice(copied);
}

/** Whether it is `KEY=VALUE`. */
export const isAssignment = (text: string): boolean => /^[^=]+=/.test(text);

/** Whether a text holds `${`: a variable, or what was meant as one. */
export const mayHoldVariable = (text: string): boolean => text.includes("${");

/** What to type to set the variables of a text. */
export const settingHint = (text: string, given: string | undefined): string =>
  toSet([...variablesIn(text)], given);

/** The names of the variables of a text. */
export const variablesIn = (text: string): ReadonlySet<string> =>
  new Set([...references(text)].map(({ name }) => name));

const toSet = (names: readonly string[], given: string | undefined): string =>
  `set ${names.slice(0, 5).join(", ")} ${given === undefined ? "" : `with ${given}, `}in the environment or in .env`;

/** Whether `replaceVariables` would leave a `${`. */
export function holdsBrokenVariable(text: string): boolean {
  let copied = 0;
  for (const { start, end } of references(text)) {
    if (mayHoldVariable(text.slice(copied, start))) return true;
    copied = end;
  }
  return mayHoldVariable(text.slice(copied));
}

interface Reference {
  readonly name: string;
  readonly fallback?: string;
  readonly start: number;
  readonly end: number;
}

function* references(text: string): Generator<Reference> {
  const opening = /\$\{([A-Za-z_]\w*)(\}|:-)/g;
  const lastClose = text.lastIndexOf("}");
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const { index: start } = match;
    const [, name = "", ending] = match;
    const begin = opening.lastIndex;
    if (begin > lastClose + 1) return;
    if (ending === "}") yield { name, start, end: begin };
    else {
      const close = text.indexOf("}", begin);
      if (close < 0) return;
      opening.lastIndex = close + 1;
      yield { name, fallback: text.slice(begin, close), start, end: close + 1 };
    }
  }
}

function notSet(missing: readonly string[], { origin, location, given, setBelow }: Place): MigrateError {
  const is = missing.length === 1 ? "is" : "are";
  const shown = missing.slice(0, 5);
  const late = shown.find((name) => setBelow?.(name) !== undefined);
  const set = `${toSet(missing, given)}, or write a default: \${${missing[0]}:-value}`;
  return new MigrateError({
    code: "usage/missing-variable",
    message: `${origin} uses ${shown.map((name) => `\${${name}}`).join(", ")}, which ${is} not set, or ${is} empty`,
    hint: late === undefined ? set : `line ${setBelow?.(late)} sets ${late}: move it above this line`,
    ...(location === undefined ? {} : { location }),
  });
}

function tooLong({ origin, location }: Place): MigrateError {
  return new MigrateError({
    code: "usage/long-variable",
    message: `${origin} is longer than ${MOST_EXPANDED} characters after its variables are replaced`,
    hint: "write the value itself, without ${…}",
    ...(location === undefined ? {} : { location }),
  });
}
