/**
 * What a caller of the API has given, perhaps without types, and the rules of each option → nothing, or `usage/option`: the
 * first that is not known, or has a value that cannot be taken. Values are not repeated: one may be an address with a password.
 */
import { isAddress, NO_ADDRESS } from "../core/address.ts";
import { durationFault } from "../core/duration.ts";
import { MigrateError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";

/** The end of the sentence "NAME must be …"; undefined where the value is well. */
interface Rule {
  (value: unknown): string | undefined;
  /** It must be given. */
  readonly required?: true;
}

/** A rule for each option of a type. */
export type Rules<T> = { readonly [Name in keyof Required<T>]: Rule };

const rule =
  (mustBe: string, isWell: (value: unknown) => boolean): Rule =>
  (value) =>
    isWell(value) ? undefined : mustBe;

type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === "string";

const addressFault = (texts: readonly unknown[]): string | undefined =>
  texts.some((each) => isText(each) && isAddress(each)) ? NO_ADDRESS : undefined;

/** May be written into a script or a file, so that it is no address, which may hold a password. */
export const text: Rule = (value) => address(value) ?? addressFault([value]);
export const texts: Rule = (value) =>
  Array.isArray(value) && value.every(isText) ? addressFault(value) : "a list of strings";
export const target: Rule = (value) =>
  isText(value) ? addressFault([value]) : 'a string, such as "head", "+1" or "base"';
export const address = rule("a string", isText);
export const flag = rule("true or false", (value) => typeof value === "boolean");
export const seconds = rule(
  "a number of seconds, 0 or more",
  (value) => typeof value === "number" && value >= 0,
);
export const count = rule(
  "a whole number, 0 or more",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
export const callback = rule("a function", (value) => typeof value === "function");
export const fields = rule("an object", isFields);
export const abortSignal = rule(
  "an AbortSignal, such as the signal of an AbortController",
  (value) => isFields(value) && "aborted" in value && typeof value["addEventListener"] === "function",
);
/** The same of an option that must be given. */
export const required = (rule: Rule): Rule =>
  Object.assign((value: unknown) => rule(value), { required: true } as const);
/** Its user knows what it can be. */
export const anything: Rule = () => undefined;
/** As PostgreSQL writes it. */
export const timeout: Rule = (value) =>
  typeof value === "string" ? durationFault(value)?.mustBe : 'a string with a unit, such as "5s"';
export const oneOf = (...values: readonly unknown[]): Rule =>
  rule(values.map((value) => JSON.stringify(value)).join(" or "), (value) => values.includes(value));

export const someOf = (...values: readonly string[]): Rule =>
  rule(`a list of ${values.map((value) => JSON.stringify(value)).join(", ")}`, (value) => {
    return Array.isArray(value) && value.every((each) => values.includes(each));
  });

/** Throws where one is not known, or is wrong. */
export function checkOptions(options: unknown, rules: Readonly<Record<string, Rule>>): Fields {
  const given = requireFields("the options", options, "give {} where there are none");
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) throw unknownOption(unknown, Object.keys(rules));
  checkValues(given, rules);
  return given;
}

/** Throws where one is wrong, whatever else is given. */
export function checkValues(given: Fields, rules: Readonly<Record<string, Rule>>, lead = ""): void {
  for (const [name, isWrong] of Object.entries(rules)) {
    // Who writes `name: undefined` gives none.
    if (given[name] !== undefined || isWrong.required === true)
      checkArgument(`${lead}${name}`, given[name], isWrong);
  }
}

/** Throws where the value is wrong, or missing. */
export function checkArgument(name: string, value: unknown, isWrong: Rule): void {
  const mustBe = isWrong(value);
  if (mustBe !== undefined) throw wrongOption(`${name} must be ${mustBe}`);
}

export function requireFields(what: string, given: unknown, hint: string): Fields {
  if (isFields(given)) return given;
  throw wrongOption(`${what} must be an object`, hint);
}

function unknownOption(name: string, known: readonly string[]): MigrateError {
  const meant = nearest(name, known);
  return wrongOption(
    `there is no option ${JSON.stringify(name)}`,
    meant === undefined ? `the options are ${known.join(", ")}` : `did you mean ${meant}?`,
  );
}

export const wrongOption = (message: string, hint?: string): MigrateError =>
  new MigrateError({ code: "usage/option", message, ...(hint === undefined ? {} : { hint }) });
