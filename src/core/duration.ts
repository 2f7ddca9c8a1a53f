/** A time as PostgreSQL's settings write it (`500ms`, `1.5 s`, `0`) → milliseconds, or what is wrong with it. */

/** Milliseconds in each unit, by PostgreSQL's names. */
const units = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export type Unit = keyof typeof units;

/** The form, as the source of a regular expression. */
export const DURATION = `^[0-9]+(\\.[0-9]+)?[ \\t]*(${Object.keys(units).join("|")})?$`;

/** The end of the sentence "NAME must be …", and what helps. */
export interface DurationFault {
  readonly mustBe: string;
  readonly hint: string;
}

/** PostgreSQL keeps a timeout as a whole number of milliseconds with a sign, in 32 bits. */
const LONGEST = 2 ** 31 - 1;

/** Reads a time; a number without a unit counts in `unit`. */
export function parseDuration(text: string, unit: Unit = "ms"): { readonly ms: number } | DurationFault {
  const match = new RegExp(DURATION).exec(text);
  const hint = `write a number and a unit (${Object.keys(units).join(", ")}); a number without a unit is in ${unit}`;
  if (match === null) return { mustBe: "a time such as 5s, 1.5min or 500ms", hint };
  const named = match[2] as Unit | undefined;
  const ms = Number.parseFloat(text) * units[named ?? unit];
  if (ms > LONGEST) return { mustBe: "a time of at most 24d", hint };
  // PostgreSQL would round it to 0, which sets no limit.
  if (ms > 0 && ms < 1) return { mustBe: "0, or a time of at least 1ms", hint };
  return { ms };
}

/** The same with its unit, where a number stood alone. */
export const withUnit = (text: string, unit: Unit = "ms"): string =>
  /^[0-9.]*[1-9][0-9.]*$/.test(text) ? `${text}${unit}` : text;

/** What is wrong with a time; undefined where it is well. */
export function durationFault(text: string, unit?: Unit): DurationFault | undefined {
  const read = parseDuration(text, unit);
  return "mustBe" in read ? read : undefined;
}
