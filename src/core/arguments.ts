/**
 * The arguments of a function of the API, whose caller may have no types, and a rule for each → nothing, or `usage/option`: the
 * first that cannot be taken, or that there are more than the function takes, since the rest would have no effect.
 */
import { MigrateError } from "./errors.ts";

/** The end of the sentence "NAME must be …"; undefined where the value is well. */
export interface Rule {
  (value: unknown): string | undefined;
  /** It must be given. */
  readonly required?: true;
}

/** A rule for each option of a type. */
export type Rules<T> = { readonly [Name in keyof Required<T>]: Rule };

export type AnyRules = Readonly<Record<string, Rule>>;

export const rule =
  (mustBe: string, isWell: (value: unknown) => boolean): Rule =>
  (value) =>
    isWell(value) ? undefined : mustBe;

/** The same of what must be given. */
export const required = (rule: Rule): Rule =>
  Object.assign((value: unknown) => rule(value), { required: true } as const);

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isText = (value: unknown): value is string => typeof value === "string";

export const fields = rule("an object", isFields);

export const string = rule("a string", isText);
export const flag = rule("true or false", (value) => typeof value === "boolean");
export const count = rule(
  "a whole number, 0 or more",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
export const oneOf = (...values: readonly unknown[]): Rule =>
  rule(values.map((value) => JSON.stringify(value)).join(" or "), (value) => values.includes(value));
export const texts = rule("a list of strings", (value) => Array.isArray(value) && value.every(isText));
/** The same list, which is often computed: an empty one would stand for the default, or for nothing to be done. */
export const filled =
  (list: Rule): Rule =>
  (value) =>
    list(value) ?? ((value as readonly unknown[]).length === 0 ? "a list that is not empty" : undefined);
const ids = rule(
  "a list of revisions",
  (value) => Array.isArray(value) || value instanceof Set || (isFields(value) && Symbol.iterator in value),
);
const listOf = (what: string, isOne: (value: Fields) => boolean): Rule =>
  rule(
    `a list of ${what}`,
    (value) => Array.isArray(value) && value.every((one) => isFields(one) && isOne(one)),
  );

const isGraph = (value: unknown): boolean =>
  isFields(value) && value["nodes"] instanceof Map && Array.isArray(value["order"]);
const isProject = (value: unknown): boolean => isFields(value) && isGraph(value["graph"]);

interface PlanGiven {
  readonly steps: readonly unknown[];
  readonly batches: readonly (Refers & { readonly statements: readonly Refers[] })[];
}
interface Refers {
  readonly step?: number;
}

const isPlan = (value: unknown): value is PlanGiven =>
  isFields(value) &&
  Array.isArray(value["steps"]) &&
  Array.isArray(value["batches"]) &&
  value["batches"].every((batch) => isFields(batch) && Array.isArray(batch["statements"]));

/** Whether the steps are there that the batches name by their places. */
const isWhole = ({ steps, batches }: PlanGiven): boolean =>
  batches
    .flatMap((batch) => [batch, ...batch.statements])
    .every(({ step }) => step === undefined || step in steps);

/** What functions over values take, each as far as tells it from another argument. */
export const argument = {
  graph: required(rule("a graph, as buildGraph or openProject gives it", isGraph)),
  project: required(rule("a project, as openProject gives it", isProject)),
  standing: required(
    rule(
      "a state, as readState gives it",
      (value) =>
        isFields(value) &&
        isProject(value["project"]) &&
        ["applied", "pending", "unknown"].every((name) => Array.isArray(value[name])),
    ),
  ),
  plan: required((value) => {
    if (!isPlan(value)) return "a plan, a property of what offline gives";
    return isWhole(value)
      ? undefined
      : "a plan with all its steps: for a part of them, give offline another target";
  }),
  // JSON keeps its names, and loses its functions.
  ledger: required(
    rule(
      "a ledger, a property of what offline gives, and not its JSON",
      (value) => isFields(value) && isFields(value["names"]) && typeof value["lock"] === "function",
    ),
  ),
  revisions: listOf("migrations, each with its revision", (one) => isText(one["revision"])),
  rows: required(listOf("rows, each with its revision", (one) => isText(one["revision"]))),
  steps: required(listOf("steps, each with its direction and revision", (one) => isText(one["direction"]))),
  run: required(
    rule(
      "an object such as { kind, before, after, steps }",
      (value) => isFields(value) && Array.isArray(value["steps"]) && Array.isArray(value["before"]),
    ),
  ),
  ids: required(ids),
  string: required(string),
} as const;

/** Throws where the value is wrong, or missing. */
export function checkArgument(name: string, value: unknown, isWrong: Rule, hint?: string): void {
  const mustBe = isWrong(value);
  if (mustBe !== undefined) throw wrongOption(`${name} must be ${mustBe}`, hint);
}

/** Throws where one of the fields is wrong, whatever else is given. */
export function checkValues(given: Fields, rules: AnyRules, lead = "", hint?: string): void {
  for (const [name, isWrong] of Object.entries(rules)) {
    // Who writes `name: undefined` gives none.
    if (given[name] !== undefined || isWrong.required === true)
      checkArgument(`${lead}${name}`, given[name], isWrong, hint);
  }
}

/** `taken`: what the arguments are. */
export function checkCount(given: readonly unknown[], taken: readonly string[]): void {
  // Who writes `undefined` gives nothing.
  if (given.slice(taken.length).every((value) => value === undefined)) return;
  throw wrongOption(
    `there are ${given.length} arguments, and the function takes ${taken.length}: ${taken.join(", ")}`,
    "leave out what is behind them",
  );
}

/** Throws where there are too many, or one is wrong. `rules`: in the order of the arguments. */
export function checkArguments(given: readonly unknown[], rules: AnyRules): void {
  const taken = Object.keys(rules);
  checkCount(given, taken);
  for (const [index, name] of taken.entries()) {
    const isWrong = rules[name]!;
    if (given[index] !== undefined || isWrong.required === true)
      checkArgument(name, given[index], isWrong, `the arguments are ${taken.join(", ")}`);
  }
}

/** The function, which looks at its arguments; not for one of a single value, which `map` calls with more. */
export const checked = <F extends (...given: never[]) => unknown>(work: F, rules: AnyRules): F =>
  ((...given: Parameters<F>) => {
    checkArguments(given, rules);
    return work(...given);
  }) as F;

/** The same of one of a single value. */
export const checkedSole = <F extends (value: never) => unknown>(work: F, name: string, isWrong: Rule): F =>
  ((value: Parameters<F>[0]) => {
    checkArgument(name, value, isWrong);
    return work(value);
  }) as F;

/** Throws where both are given, since one of them would have no effect. A flag that is false is not given. */
export function refuseTogether<T extends object>(
  given: T,
  ...names: readonly [keyof T & string, keyof T & string]
): void {
  if (names.some((name) => given[name] === undefined || given[name] === false)) return;
  throw wrongOption(`${names.join(" and ")} cannot be combined`, "leave one of them out");
}

export const wrongOption = (message: string, hint?: string): MigrateError =>
  new MigrateError({ code: "usage/option", message, ...(hint === undefined ? {} : { hint }) });
