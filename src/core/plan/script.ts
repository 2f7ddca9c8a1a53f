/**
 * A plan → the plan of its script: the same batches, and at its ends the statements that a script adds: which script it
 * is, whether what was promised is applied, and what a person is shown. And which forms a script can have.
 */
import { isAddress, NO_ADDRESS } from "../address.ts";
import {
  checkValues,
  count,
  flag,
  oneOf,
  type Rules,
  required,
  string,
  texts,
  wrongOption,
} from "../arguments.ts";
import { MigrateError } from "../errors.ts";
import type { Ledger } from "../ledger/calls.ts";
import type { Tally } from "../ledger/types.ts";
import { nearest } from "../nearest.ts";
import { asOptions, type OptionNames } from "../option-names.ts";
import { projectWords, type ScriptOf } from "../project-flags.ts";
import { withLocks } from "./locks.ts";
import type { CompileInput } from "./step.ts";
import type { Batch, Plan, Statement } from "./types.ts";

/** How a script is laid out. */
export interface ScriptForm {
  /** `psql`: with its settings and progress lines. `any`: SQL alone, for clients that send a file as it is. */
  readonly client: "psql" | "any";
  /** What a reviewer should know of a statement stands above it. */
  readonly annotate: boolean;
  /** One file for each transaction and each statement outside one. */
  readonly split?: boolean;
  /** Where the files come from, as the caller says it: a commit, a tag. */
  readonly source?: string;
  /** How often a step tries to lock what others use; 0: it waits as its statements do. */
  readonly lockRetries?: number;
  /** What else it was asked for with, as flags of the command line: the title says it, for who writes it again. */
  readonly flags?: readonly string[];
  /** Those of them that say which project it is, for the commands that its errors propose. */
  readonly project?: readonly string[];
  /** The receipt of the script that takes all of it back, where one was written with it. */
  readonly wayBack?: string;
}

export const defaultForm: ScriptForm = { client: "psql", annotate: true };

/** That of a script of the project that is laid out in no other way. */
export const formOf = (project: ScriptOf): ScriptForm => ({
  ...defaultForm,
  project: projectWords(project),
});

/**
 * Throws `usage/option` for what is no form, since a caller may have no types, and `usage/exclusive-flags` for what cannot
 * be combined.
 */
export function refuseForm(
  form: ScriptForm,
  {
    kind,
    singleTransaction,
    idempotent = false,
  }: Pick<CompileInput, "singleTransaction" | "idempotent"> & Pick<Plan, "kind">,
  names: OptionNames = asOptions,
): void {
  refuseNoForm(form);
  if (kind === "stamp" && idempotent) {
    throw new MigrateError({
      code: "usage/exclusive-flags",
      message: `${names.short("idempotent")} works only with upgrade and downgrade`,
      hint: `a stamp script fits one state: give it with FROM:TO or ${names.short("fromDatabase")}`,
    });
  }
  const given = {
    idempotent,
    singleTransaction,
    split: form.split === true,
    client: form.client === "any",
  };
  const named = (option: keyof typeof given): string =>
    option === "client" ? names.given(option, "any") : names.short(option);
  for (const [one, other, hint] of EXCLUSIVE) {
    if (!given[one] || !given[other]) continue;
    const message = `${named(one)} and ${named(other)} cannot be combined`;
    throw new MigrateError({ code: "usage/exclusive-flags", message, hint });
  }
}

const formRules: Rules<ScriptForm> = {
  client: required(oneOf("psql", "any")),
  annotate: required(flag),
  split: flag,
  source: (value) => string(value) ?? (isAddress(value as string) ? NO_ADDRESS : undefined),
  lockRetries: count,
  flags: texts,
  project: texts,
  wayBack: string,
};

function refuseNoForm(form: ScriptForm): void {
  const hint = 'give a form such as { client: "psql", annotate: true }';
  const given = { ...form };
  checkValues(given, formRules, "form.", hint);
  const known = Object.keys(formRules);
  const unknown = Object.entries(given).find(([name, value]) => value !== undefined && !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearest(unknown[0], known);
  throw wrongOption(
    `form has no ${JSON.stringify(unknown[0])}`,
    meant === undefined ? `a form can have ${known.join(", ")}` : `did you mean ${meant}?`,
  );
}

const SKIPPING = "skipping what is done needs psql's \\if around each transaction";
const LEAVE = "leave one of them out";
const EXCLUSIVE = [
  ["idempotent", "client", SKIPPING],
  ["idempotent", "split", SKIPPING],
  ["idempotent", "singleTransaction", SKIPPING],
  ["split", "singleTransaction", LEAVE],
] as const;

/**
 * Throws `usage/exclusive-flags` where a form would lose what the plan skips, `usage/client-cannot` where a client that
 * sends all text at once would break the plan.
 */
export function refuseLayout(plan: Plan, form: ScriptForm, names: OptionNames = asOptions): void {
  const { client, split } = form;
  const idempotent = plan.batches.some(({ when }) => when !== undefined);
  refuseForm(form, { kind: plan.kind, singleTransaction: false, idempotent }, names);
  const outside = plan.steps.filter((step) => !step.transactional).map((step) => step.revision);
  if (client !== "any" || split === true || outside.length === 0) return;
  throw new MigrateError({
    code: "usage/client-cannot",
    message: `a client other than psql sends all text at once, but ${outside.join(", ")} must run outside a transaction`,
    hint: `write one file per transaction: ${names.files}; or use psql`,
  });
}

/** `a,b:c`, or `base:c`: from which heads to which. */
export const rangeOf = ({ from, to }: Plan): string =>
  `${from.join(",") || "base"}:${to.join(",") || "base"}`;

export const resultOf = ({ result }: Plan): Tally => ({
  revisions: result.revisions,
  digest: BigInt(result.digest),
});

/**
 * The batches of one script: the session is looked at first, the receipt is written down behind the first guards, what was
 * promised is checked at the end.
 */
export function scriptBatches(
  plan: Plan,
  ledger: Ledger,
  { lockRetries = 0, project }: ScriptForm,
  receipt: string,
): readonly Batch[] {
  if (plan.batches.length === 0) return plan.batches;
  const looking = sessionBatch(ledger, project);
  if (plan.steps.length === 0) return [looking, ...plan.batches];
  const [locking, first, ...rest] = plan.batches as [Batch, Batch, ...Batch[]];
  const release = rest.pop() ?? first;
  const guards = ({ purpose }: Statement): boolean =>
    purpose === "guard-ledger" || purpose === "guard-start" || purpose === "forget";
  const begun = withStatement(
    first,
    first.statements.findLastIndex(guards) + 1,
    receiptOf(plan, ledger, receipt),
  );
  const middle = withLocks(plan, [begun, ...rest], ledger, lockRetries);
  return [looking, locking, ...middle, endBatch(plan, ledger, receipt), release];
}

/** The check of one script for all steps, and how long they took. */
function endBatch(plan: Plan, ledger: Ledger, receipt: string): Batch {
  const check = checkBatch(plan, ledger, receipt);
  if (plan.kind !== "upgrade" && plan.kind !== "downgrade") return check;
  const durations: Statement = { sql: ledger.durations(receipt), purpose: "durations" };
  return withStatement(check, check.statements.length - 1, durations);
}

/** Reads only: nothing is open or set in the session that the script would end or drop. */
export const sessionBatch = (ledger: Ledger, project?: readonly string[]): Batch => ({
  transactional: false,
  statements: [{ sql: ledger.requireSession(project), purpose: "guard-session" }],
});

/** What writes down which script is run; `part`: which of its files. */
export const receiptOf = (plan: Plan, ledger: Ledger, receipt: string, part = ""): Statement => ({
  sql: ledger.beginScript(receipt, `${rangeOf(plan)}${part}`, resultOf(plan)),
  purpose: "receipt",
});

/** The batch with a statement more, at that place. */
export const withStatement = (batch: Batch, at: number, statement: Statement): Batch => ({
  ...batch,
  statements: batch.statements.toSpliced(at, 0, statement),
});

/** Reads only: what is applied is what was promised, row by row. */
export const checkBatch = (plan: Plan, ledger: Ledger, receipt: string): Batch => ({
  transactional: true,
  statements: [
    { sql: "BEGIN TRANSACTION READ ONLY;", purpose: "begin" },
    { sql: ledger.check(resultOf(plan), plan.kind === "repair" ? plan.start : undefined), purpose: "check" },
    { sql: ledger.summary(plan.to, receipt), purpose: "summary" },
    { sql: "COMMIT;", purpose: "commit" },
  ],
});
