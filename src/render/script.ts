/**
 * A plan → the offline script: the same texts in the same order, laid out for a person to review and for a client
 * to run. Nothing here decides what is sent; same plan and form, same bytes.
 */
import type { LedgerSql } from "../core/ledger.ts";
import { type Batch, type Plan, type PlanStep, type Statement, type Text, textsOf } from "../core/plan.ts";
import { commentText } from "../core/quote.ts";
import { psqlText } from "./psql.ts";

/** How a script is laid out. */
export interface ScriptForm {
  /** `psql`: with its settings and progress lines. `any`: SQL alone, for clients that send a file as it is. */
  readonly client: "psql" | "any";
  /** A line above each of the user's statements that says what it is. */
  readonly annotate: boolean;
  /** The name the run line shows. */
  readonly fileName: string;
}

export const defaultForm: ScriptForm = { client: "psql", annotate: true, fileName: "migration.sql" };

/** A script and its receipt: the SHA-256 of the bytes between the lines `-- begin plan` and `-- end plan`. */
export interface Script {
  readonly text: string;
  readonly receipt: string;
}

const BEGIN_PLAN = "-- begin plan\n";
const END_PLAN = "-- end plan\n";
const WIDTH = 100;

/** The whole plan as one script. An empty plan is a script of comments, without a receipt of its own. */
export function renderScript(plan: Plan, ledger: LedgerSql, form: ScriptForm = defaultForm): Script {
  const body = planLines(plan, form, plan.batches.map((_, index) => index));
  const receipt = ledger.sha256(body);
  const head = [...title(plan, form), ...settings(form)];
  const tail = plan.batches.length === 0 ? [] : plan.kind === "ensure" ? closingEcho(form) : closing(plan, ledger, form, receipt);
  return { text: `${lines(head)}\n${BEGIN_PLAN}${body}${END_PLAN}${lines(tail)}`, receipt };
}

/** One numbered file for each transaction boundary, each with its own lock and guard; to be run in order. */
export function renderSplit(plan: Plan, ledger: LedgerSql, form: ScriptForm): readonly (Script & { readonly name: string })[] {
  const last = plan.batches.length - 1;
  const inner = plan.batches.map((_, index) => index).slice(1, -1);
  return inner.map((index, i) => {
    const batch = plan.batches[index]!;
    const alone = form.client === "any" && !batch.transactional;
    const body = alone
      ? lines(batch.statements.filter((s) => s.kind === "user").map((s) => s.sql))
      : planLines(plan, form, [0, index, last]);
    const receipt = ledger.sha256(body);
    const name = `${String(i + 1).padStart(4, "0")}_${partName(plan, index)}.sql`;
    const head = [
      `-- Retort migration script, file ${i + 1} of ${inner.length}: ${title(plan, form)[0]!.replace(/^-- Retort migration script: /, "")}`,
      ...(i === 0 ? [] : ["-- Run it only after the file before it has succeeded."]),
      ...(alone ? ["-- Must be sent alone, outside a transaction; the file before it holds its guard."] : []),
      ...(form.client === "psql" ? [`-- Run it with: ${runLine(name)}`] : []),
      "",
      ...settings(form),
    ];
    const tail = i === inner.length - 1 ? closing(plan, ledger, form, receipt) : closingEcho(form);
    return { name, text: `${lines(head)}\n${BEGIN_PLAN}${body}${END_PLAN}${lines(tail)}`, receipt };
  });
}

/** The bytes of a script that its receipt is the SHA-256 of; undefined where the two lines are not there. */
export function receiptBytes(script: string): string | undefined {
  const begin = script.startsWith(BEGIN_PLAN) ? 0 : script.indexOf(`\n${BEGIN_PLAN}`) + 1;
  const end = script.lastIndexOf(`\n${END_PLAN}`) + 1;
  if (!script.startsWith(BEGIN_PLAN, begin) || end <= begin) return undefined;
  return script.slice(begin + BEGIN_PLAN.length, end);
}

/** Batches that a client which sends all text at once would break: they hold user statements outside a transaction. */
export function outsideSteps(plan: Plan): readonly PlanStep[] {
  return plan.steps.filter((step) => !step.transactional);
}

function planLines(plan: Plan, form: ScriptForm, batches: readonly number[]): string {
  const out: string[] = [];
  let step: number | undefined;
  let when: string | undefined;
  for (const index of batches) {
    const batch = plan.batches[index]!;
    const own = stepOf(batch);
    if (batch.when !== when) {
      if (when !== undefined) out.push("", "\\endif");
      when = batch.when;
      if (own !== undefined) out.push(...stepHeading(plan, own, form));
      step = own;
      if (when !== undefined) out.push(when, "\\gset", "\\if :retort_pending");
    }
    if (own === undefined || plan.steps.length === 0) out.push(...heading([sectionName(plan, index)]));
    for (const group of grouped(textsOf(plan, index))) {
      const at = group[0]!.statement?.step ?? (group[0]!.sql === "BEGIN;" && index !== 1 ? own : undefined);
      if (at !== undefined && at !== step) {
        step = at;
        out.push(...stepHeading(plan, at, form));
      }
      out.push(...laidOut(group, batch, form));
    }
  }
  if (when !== undefined) out.push("", "\\endif");
  return lines([...out, ""]);
}

function stepOf(batch: Batch): number | undefined {
  return batch.statements.find((s) => s.step !== undefined)?.step;
}

function sectionName(plan: Plan, index: number): string {
  if (index === 0) return "The lock: one migrator at a time";
  if (index === plan.batches.length - 1) return "The lock is released";
  return plan.kind === "ensure" ? "The ledger, where it is missing" : "The state this script is for";
}

/** A user's `.psqlrc` may say the opposite of each, and then a guard that stops would not stop what follows. */
function settings({ client }: ScriptForm): string[] {
  if (client === "any") return [];
  return ["\\set ON_ERROR_STOP on", "\\set ON_ERROR_ROLLBACK off", "\\set AUTOCOMMIT on", "\\set QUIET on", ""];
}

function closing(plan: Plan, ledger: LedgerSql, form: ScriptForm, receipt: string): string[] {
  const last = plan.steps.at(-1)!;
  const event = plan.kind === "stamp" ? (last.direction === "up" ? "stamp" : "unstamp") : plan.kind;
  const { count, sum } = plan.result;
  return [
    ...heading(["What was done, and that it is what was promised"]),
    ledger.receipt(receipt, rangeOf(plan), { event, revision: last.revision }),
    ledger.check({ count, sum: BigInt(sum) }, plan.to),
    ...closingEcho(form),
  ];
}

function closingEcho({ client }: ScriptForm): string[] {
  return client === "psql" ? ["", "\\unset QUIET", "\\echo 'retort: done'"] : [];
}

const rangeOf = (plan: Plan): string => `${plan.from.join(",") || "base"}:${plan.to.join(",") || "base"}`;

function title(plan: Plan, form: ScriptForm): string[] {
  const arrow = `${plan.from.join(", ") || "<base>"} -> ${plan.to.join(", ") || "<base>"}`;
  if (plan.batches.length === 0) return [`-- Retort migration script: ${plan.kind} ${arrow}`, "-- Nothing to do.", ""];
  const run = form.client === "psql" ? [`-- Run it with: ${runLine(form.fileName)}`] : [];
  if (plan.kind === "ensure") return ["-- Retort migration script: creates the ledger where it is missing; safe to run twice.", ...run, ""];
  const transactions = plan.batches.filter((batch) => batch.transactional).length;
  const outside = outsideSteps(plan).map((step) => step.revision);
  const skips = plan.batches.some((batch) => batch.when !== undefined);
  return [
    `-- Retort migration script: ${plan.kind} ${arrow}`,
    "--",
    ...plan.steps.flatMap((step, i) => [
      `-- ${String(i + 1).padStart(4)}. ${SIGNS[step.direction]} ${step.revision}  ${commentText(step.message)}`,
      `--         ${commentText(fileName(step.path))}  sha256:${step.checksum}`,
    ]),
    "--",
    skips
      ? "-- It applies what is missing and skips what is done; it stops, with nothing changed, in any other state."
      : "-- It stops, with nothing changed, unless the database is exactly in the first of these states.",
    `-- Transactions: ${transactions}. A step that fails is rolled back; the steps before it stay.`,
    ...(outside.length === 0
      ? []
      : [`-- Cannot be rolled back, because it runs outside a transaction: ${outside.join(", ")}.`]),
    ...run,
    "",
  ];
}

const SIGNS = { up: "+", down: "-" } as const;

const runLine = (file: string): string => `psql -X -v ON_ERROR_STOP=1 -f ${commentText(file)} DATABASE`;

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The part of a split file's name that says what is in it. */
function partName(plan: Plan, index: number): string {
  const own = stepOf(plan.batches[index]!);
  return own === undefined ? "start" : `${plan.steps[own]!.direction}_${plan.steps[own]!.revision}`;
}

function stepHeading(plan: Plan, index: number, { client }: ScriptForm): string[] {
  const step = plan.steps[index]!;
  const runs = plan.kind === "upgrade" || plan.kind === "downgrade";
  const what = runs ? (step.direction === "up" ? "upgrade to" : "downgrade of") : `${plan.kind} of`;
  const name = `${index + 1} of ${plan.steps.length}: ${what} ${step.revision}`;
  return [
    ...heading([name, commentText(step.message), commentText(fileName(step.path))]),
    // Numbers only: what stands on a backslash line is psql's to interpret.
    ...(client === "psql" ? [`\\echo 'retort: step ${index + 1} of ${plan.steps.length}'`] : []),
  ];
}

function heading(texts: readonly string[]): string[] {
  const rule = `-- ${"-".repeat(WIDTH - 3)}`;
  return ["", rule, ...texts.filter((text) => text !== "").map((text) => `-- ${text}`), rule];
}

/** Neighbouring session statements form one group, as does everything else alone. */
function grouped(texts: readonly Text[]): Text[][] {
  const groups: Text[][] = [];
  for (const text of texts) {
    const last = groups.at(-1);
    const joins = text.statement?.kind === "session" && last?.[0]?.statement?.kind === "session";
    if (joins && last[0]!.statement!.step === text.statement!.step) last.push(text);
    else groups.push([text]);
  }
  return groups;
}

function laidOut(group: readonly Text[], batch: Batch, form: ScriptForm): string[] {
  const { statement, sql } = group[0]!;
  if (statement?.kind === "session") return wrapped(group.map((text) => text.sql));
  const text = form.client === "psql" ? psqlText(sql) : sql;
  if (statement?.kind !== "user") return [text];
  return ["", ...(form.annotate ? [annotation(statement, batch)] : []), text, ""];
}

/** What is known of a statement, in one fixed form: `-- >> TAG: where; what it destroys`. */
function annotation({ tag, destructive }: Statement, batch: Batch): string {
  const where = batch.transactional ? "in the transaction" : "outside a transaction";
  return `-- >> ${[`${tag}: ${where}`, ...(destructive ?? []).map(commentText)].join("; ")}`;
}

/** Several short statements on a line. */
function wrapped(texts: readonly string[]): string[] {
  const out: string[] = [];
  for (const text of texts) {
    const last = out.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= WIDTH) out[out.length - 1] = `${last} ${text}`;
    else out.push(text);
  }
  return out;
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join("");
