/**
 * What a caller of the API has given, perhaps without types, and the rules of each option → nothing, or `usage/option`: the
 * first that is not known, or has a value that cannot be taken. Values are not repeated: one may be an address with a password.
 */

import path from "node:path";
import { types } from "node:util";
import { isAddress, NO_ADDRESS } from "../core/address.ts";
import {
  type AnyRules,
  checkValues,
  type Fields,
  flag,
  isFields,
  isText,
  type Rule,
  rule,
  string,
  texts as strings,
  wrongOption,
} from "../core/arguments.ts";
import { durationFault } from "../core/duration.ts";
import type { MigrateError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { thereAre } from "../core/only.ts";
import { optionMeant } from "../core/option-names.ts";
import { isAssignment } from "../core/variables.ts";
import { statsAt } from "../io/files.ts";

const NOT_EMPTY = "a string that is not empty";

const addressFault = (texts: readonly unknown[]): string | undefined =>
  texts.some((each) => isText(each) && isAddress(each)) ? NO_ADDRESS : undefined;

/** May be written into a script or a file, so that it is no address, which may hold a password. */
export const text: Rule = (value) =>
  string(value) ?? (value === "" ? NOT_EMPTY : undefined) ?? addressFault([value]);
export const texts: Rule = (value) =>
  strings(value) ??
  ((value as readonly string[]).includes("") ? "a list of strings that are not empty" : undefined) ??
  addressFault(value as readonly unknown[]);
export const target: Rule = (value) =>
  isText(value) && value !== "" ? addressFault([value]) : 'a string, such as "head", "+1" or "base"';
/** `KEY=VALUE` for each; without the value a default would be taken in its place. */
export const assignments: Rule = (value) =>
  texts(value) ??
  ((value as readonly string[]).every(isAssignment)
    ? undefined
    : 'a list of "KEY=VALUE", such as "TENANT=acme"');
export const address = string;
export const seconds = rule(
  "a number of seconds, 0 or more",
  (value) => typeof value === "number" && value >= 0,
);
export const callback = rule("a function", (value) => typeof value === "function");
export const variables = rule(
  "an object such as process.env; a named environment is given with the option environment",
  isFields,
);
const date = rule(
  "a function that returns a Date: () => new Date()",
  (value) => types.isDate(value) && !Number.isNaN(value.getTime()),
);
/** It is asked for the time here, since a run asks only where there is something to record. */
export const clock: Rule = (value) => callback(value) ?? date((value as () => unknown)());
/** From where relative paths are read. */
export const folder: Rule = (value) => {
  if (!isText(value) || !path.isAbsolute(value)) return "an absolute path";
  return statsAt(value)?.isDirectory() === true ? undefined : "a folder that exists";
};
export const serverVersion = rule(
  'an object such as { number: 160000, text: "16" }',
  (value) => isFields(value) && Number.isSafeInteger(value["number"]) && isText(value["text"]),
);
export const abortSignal = rule(
  "an AbortSignal, such as the signal of an AbortController",
  (value) => isFields(value) && "aborted" in value && typeof value["addEventListener"] === "function",
);
/** Its user knows what it can be. */
export const anything: Rule = () => undefined;
/** As PostgreSQL writes it. */
export const timeout: Rule = (value) =>
  typeof value === "string"
    ? durationFault(value)?.mustBe
    : 'a string such as "5s", or "5000" for milliseconds';
export const someOf = (...values: readonly string[]): Rule =>
  rule(`a list of ${values.map((value) => JSON.stringify(value)).join(", ")}`, (value) => {
    return Array.isArray(value) && value.every((each) => values.includes(each));
  });

/** Another argument of the same call: what it takes, and what it is called: `deps, the first argument`. */
export interface OtherArgument {
  readonly rules: AnyRules;
  readonly place: string;
}

/** The rules of a verb's options, to those who look for one elsewhere. */
export const inOptions = (rules: AnyRules, nth: "second" | "third"): OtherArgument => ({
  rules,
  place: `the options, the ${nth} argument`,
});

/** Throws where something is given in `what` that belongs into another argument, and would have no effect. */
export function refuseStrayed(
  what: string,
  given: Fields,
  own: AnyRules,
  others: readonly OtherArgument[],
): void {
  for (const { rules, place } of others) {
    const strayed = Object.keys(given).find(
      (name) => given[name] !== undefined && Object.hasOwn(rules, name) && !Object.hasOwn(own, name),
    );
    if (strayed !== undefined) throw wrongOption(`${what} ${strayed}`, `give it in ${place}`);
  }
}

/** Throws where one is not known, or is wrong. `others`: where it may belong instead. */
export function checkOptions(
  options: unknown,
  rules: AnyRules,
  others: readonly OtherArgument[] = [],
): Fields {
  const given = requireFields("the options", options, hintForNone(options, rules));
  refuseConnection("the options", given, [{ rules, place: "an option" }, ...others]);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) throw unknownOption(unknown, given[unknown], rules, others);
  checkValues(given, rules);
  return given;
}

/** Throws where a connection is given in the place of `what`. `others`: where it may belong instead. */
export function refuseConnection(what: string, given: Fields, others: readonly OtherArgument[]): void {
  if (typeof given["connect"] !== "function") return;
  const taking = others.find(({ rules }) => Object.hasOwn(rules, "connection"));
  const hint = taking && `give it in ${taking.place}: { connection: pool }`;
  throw wrongOption(`${what} must not be a connection`, hint);
}

/** The options that a function over values takes as one of its arguments: the message names what is wrong in them. */
export const optionsOf =
  (rules: AnyRules): Rule =>
  (value) => {
    if (!isFields(value)) return "an object";
    checkOptions(value, rules);
    return undefined;
  };

/** What to give where no object was given. */
function hintForNone(given: unknown, rules: AnyRules): string {
  const needed = Object.keys(rules).filter((name) => rules[name]!.required === true);
  if (needed.length > 0) return `give an object with ${needed.join(", ")}`;
  if (given === undefined || given === null) return "give {} where there are none";
  return `give an object, which says what each value is; ${thereAre("option", Object.keys(rules))}`;
}

/**
 * Of a function that takes all in one object, a target too: the object, of which there may be none. Throws where something else
 * is given, or one option is not known, or is wrong. `example`: of a target.
 */
export function checkSole(
  { name, example }: { readonly name: string; readonly example: string },
  given: readonly unknown[],
  rules: AnyRules,
  others: readonly OtherArgument[] = [],
): Fields {
  const [options = {}, ...more] = given;
  if (more.some((value) => value !== undefined))
    throw wrongOption(
      `${name} takes one argument, and there are ${given.length}`,
      `give all in one object: ${name}({ ...deps, target: "${example}" })`,
    );
  if (isText(options)) {
    const option = isAddress(options) ? 'database: "postgres://..."' : `target: ${JSON.stringify(options)}`;
    throw wrongOption("the options must be an object", `give { ${option} }`);
  }
  return checkOptions(options, rules, others);
}

/** The answer to a question: only what is one, since nobody is to lose rows to a callback that forgets to say no. */
export function answerOf(name: string, answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw wrongOption(`${name} must return ${flag(answer)}`, "return true to go on, or false to stop");
}

export function requireFields(what: string, given: unknown, hint: string): Fields {
  if (isFields(given)) return given;
  throw wrongOption(`${what} must be an object`, hint);
}

function unknownOption(
  name: string,
  value: unknown,
  rules: AnyRules,
  others: readonly OtherArgument[],
): MigrateError {
  const message = `there is no option ${JSON.stringify(name)}`;
  // Where it could not be taken either, an option is meant.
  const other = others.find(
    (each) => Object.hasOwn(each.rules, name) && each.rules[name]!(value) === undefined,
  );
  if (other !== undefined) return wrongOption(`${message} here`, `give it in ${other.place}`);
  const known = Object.keys(rules);
  const alias = optionMeant(name);
  const meant = nearest(name, known) ?? known.find((each) => each === alias);
  return wrongOption(message, meant === undefined ? thereAre("option", known) : `did you mean ${meant}?`);
}
