/** A plan → the offline script: the same texts in the same order, laid out for a person to review. */
import { type Plan, type PlanStep, type Text, textsOf } from "../core/plan.ts";
import { commentText } from "../core/quote.ts";
import { psqlText } from "./psql.ts";

const WIDTH = 100;

/** The script, ready for `psql -X -f`. Same plan, same bytes. */
export function renderScript(plan: Plan): string {
  if (plan.batches.length === 0) return `${[...title(plan), "-- Nothing to do."].join("\n")}\n`;
  const lines = [...title(plan), "", ...atHomeInPsql, "", "-- begin plan"];
  let step: number | undefined;
  for (const [index, batch] of plan.batches.entries()) {
    const texts = textsOf(plan, index);
    const own = batch.statements.find((s) => s.step !== undefined)?.step;
    if (own === undefined) {
      const name = index === 0 ? "Lock" : index === plan.batches.length - 1 ? "Release" : "Starting state";
      lines.push(...heading([name]));
    }
    for (const group of grouped(texts)) {
      const at = group[0]?.statement?.step ?? (group[0]?.sql === "BEGIN;" ? own : undefined);
      if (at !== undefined && at !== step) {
        step = at;
        lines.push(...stepHeading(plan, at));
      }
      lines.push(...laidOut(group));
    }
  }
  lines.push("", "-- end plan", "", "\\unset QUIET", "\\echo 'retort: done'");
  return `${lines.join("\n")}\n`;
}

/** A user's `.psqlrc` may say the opposite of each, and then a guard that stops would not stop what follows. */
const atHomeInPsql = [
  "\\set ON_ERROR_STOP on",
  "\\set ON_ERROR_ROLLBACK off",
  "\\set AUTOCOMMIT on",
  "\\set QUIET on",
];

function title(plan: Plan): string[] {
  const arrow = `${plan.from.join(", ") || "<base>"} -> ${plan.to.join(", ") || "<base>"}`;
  const transactions = plan.batches.filter((batch) => batch.transactional).length;
  const outside = plan.steps.filter((step) => !step.transactional);
  return [
    `-- Retort migration script: ${plan.kind} ${arrow}`,
    "--",
    ...plan.steps.map((step, i) => `-- ${String(i + 1).padStart(4)}  ${stepLine(step)}`),
    ...(plan.steps.length > 0 ? ["--"] : []),
    `-- Transactions: ${transactions}. ${
      outside.length === 0
        ? "A step that fails is rolled back as a whole."
        : `Outside a transaction, where nothing can be rolled back: ${outside.map((s) => s.revision).join(", ")}.`
    }`,
    "-- Run it with: psql -X -v ON_ERROR_STOP=1 -f migration.sql DATABASE",
  ];
}

function stepLine(step: PlanStep): string {
  const sign = step.direction === "up" ? "+" : "-";
  return `${sign} ${step.revision}  ${commentText(step.message)}  (${commentText(fileName(step.path))}, sha256:${step.checksum})`;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function stepHeading(plan: Plan, index: number): string[] {
  const step = plan.steps[index]!;
  const name = `${index + 1} of ${plan.steps.length}: ${step.direction === "up" ? "upgrade to" : "downgrade of"} ${step.revision}`;
  return [
    ...heading([name, commentText(step.message), commentText(fileName(step.path))]),
    `\\echo 'retort: step ${index + 1} of ${plan.steps.length}'`,
  ];
}

function heading(lines: readonly string[]): string[] {
  const rule = `-- ${"-".repeat(WIDTH - 3)}`;
  return ["", rule, ...lines.filter((line) => line !== "").map((line) => `-- ${line}`), rule];
}

/** Neighbouring session statements form one group, as does everything else alone. */
function grouped(texts: readonly Text[]): Text[][] {
  const groups: Text[][] = [];
  for (const text of texts) {
    const last = groups.at(-1);
    if (text.statement?.kind === "session" && last?.[0]?.statement?.kind === "session") last.push(text);
    else groups.push([text]);
  }
  return groups;
}

function laidOut(group: readonly Text[]): string[] {
  const kind = group[0]!.statement?.kind;
  if (kind === "session") return wrapped(group.map((text) => text.sql));
  const text = psqlText(group[0]!.sql);
  return kind === "user" ? ["", text, ""] : [text];
}

/** Several short statements on a line. */
function wrapped(texts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= WIDTH) lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(text);
  }
  return lines;
}
