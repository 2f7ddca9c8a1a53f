/** A batch of a plan → the lines of a script that send it, with words above that say what each is for. */
import { MigrateError } from "../core/errors.ts";
import { DEFERRED_NOW, type Plan, type Statement, type Text, textsOf } from "../core/plan.ts";
import { commentText } from "../core/quote.ts";
import { locate } from "../core/source.ts";
import { psqlText, unreadable } from "./psql.ts";
import type { ScriptForm } from "./script.ts";

const WIDTH = 100;

/** Lines with at most one empty line between them. */
export interface Page {
  add(...lines: readonly string[]): void;
  /** An empty line before what is added next. */
  gap(): void;
  /** UTF-16 units that were added since it was taken last. */
  readonly size: number;
  /** What was added since then, every line ended. */
  take(): string;
}

export function newPage(): Page {
  let lines: string[] = [];
  let size = 0;
  let empty = true;
  let open = false;
  return {
    add: (...added) => {
      if (added.length === 0) return;
      if (open && !empty) lines.push("");
      open = false;
      empty = false;
      for (const line of added) {
        lines.push(line);
        size += line.length + 1;
      }
    },
    gap: () => {
      open = true;
    },
    get size() {
      return size;
    },
    take: () => {
      const text = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
      lines = [];
      size = 0;
      return text;
    },
  };
}

/** A title between two rules. */
export function heading(page: Page, texts: readonly string[]): void {
  const rule = `-- ${"-".repeat(WIDTH - 3)}`;
  page.gap();
  page.add(rule, ...texts.filter((text) => text !== "").map((text) => `-- ${text}`), rule);
  page.gap();
}

/** `Step 2 of 16: upgrade to 7c41d0be92f3`. */
export function stepName({ steps }: Plan, index: number): string {
  const { direction, revision } = steps[index]!;
  return `Step ${index + 1} of ${steps.length}: ${direction === "up" ? "upgrade to" : "downgrade of"} ${revision}`;
}

/** One batch. `underHeading` adds what stands between a step's heading and its first statement. */
export function layOut(
  page: Page,
  plan: Plan,
  index: number,
  form: ScriptForm,
  underHeading?: (page: Page) => void,
): void {
  const { transactional, step: own } = plan.batches[index]!;
  const isFirst = own === undefined || plan.batches[index - 1]!.step !== own;
  if (own === undefined)
    heading(page, [
      index === 0 ? "The lock" : plan.kind === "ensure" ? "The ledger" : "The state this script is for",
    ]);
  else if (isFirst) stepHeading(page, plan, own);
  underHeading?.(page);
  if (own !== undefined && isFirst) progress(page, plan, own, form);
  if (own === undefined || !isFirst || underHeading !== undefined) page.gap();
  if (!transactional && index > 0) page.add(`-- ${stepName(plan, own!)}, outside a transaction.`);

  const groups = grouped(textsOf(plan, index));
  let step = own;
  for (const [place, group] of groups.entries()) {
    const at = group[0]!.statement?.step;
    if (at !== undefined && at !== step) {
      step = at;
      if (!ledgerOnly(plan)) {
        stepHeading(page, plan, at);
        progress(page, plan, at, form);
      }
      page.gap();
    }
    addGroup(page, group, groups[place + 1]?.[0]?.statement, { plan, index, place, groups, form });
  }
}

function stepHeading(page: Page, plan: Plan, index: number): void {
  const { message, path } = plan.steps[index]!;
  heading(page, [
    stepName(plan, index),
    commentText(message),
    commentText(path.slice(path.lastIndexOf("/") + 1)),
  ]);
}

/** Numbers only: what stands on a backslash line is psql's to interpret. */
function progress(page: Page, { steps }: Plan, index: number, { client }: ScriptForm): void {
  if (client === "psql") page.add(`\\echo 'retort: step ${index + 1} of ${steps.length}'`);
}

/** Its steps run nothing of the user's. */
const ledgerOnly = ({ kind }: Plan): boolean => kind === "stamp" || kind === "repair";

/** What becomes of a row of the ledger where nothing else is done. */
const CHANGES = {
  stamp: { up: "is taken for applied", down: "is taken for not applied" },
  repair: { up: "has its row corrected", down: "has its row deleted" },
} as const;

/** What follows is run only where the query says that it is still to be done. */
export function beginSkip(page: Page, query: string): void {
  page.add("-- Only where it is not done yet:", query, "\\gset", "\\if :retort_pending");
}

export function endSkip(page: Page, { steps }: Plan, step: number): void {
  page.gap();
  page.add("\\else", `\\echo 'retort: step ${step + 1} of ${steps.length} is done already'`, "\\endif");
}

/** Neighbouring settings are one group; anything else is one alone. */
function grouped(texts: readonly Text[]): readonly (readonly Text[])[] {
  const groups: Text[][] = [];
  for (const text of texts) {
    const last = groups.at(-1);
    const joins = text.statement?.kind === "session" && last?.[0]?.statement?.kind === "session";
    if (joins && !isFuse(text) && last[0]!.statement!.step === text.statement!.step) last.push(text);
    else groups.push([text]);
  }
  return groups;
}

const isFuse = ({ sql }: Text): boolean => sql.startsWith("SET default_transaction_read_only");

interface Context {
  readonly plan: Plan;
  readonly index: number;
  readonly place: number;
  readonly groups: readonly (readonly Text[])[];
  readonly form: ScriptForm;
}

function addGroup(page: Page, group: readonly Text[], next: Statement | undefined, context: Context): void {
  const [first] = group as readonly [Text, ...Text[]];
  const { statement, sql } = first;
  const { form } = context;
  if (statement === undefined) {
    page.add(sql);
    return;
  }
  switch (statement.kind) {
    case "session": {
      const rest = group.slice(sql === `${DEFERRED_NOW};` ? 1 : 0);
      if (rest.length < group.length) {
        page.gap();
        page.add(
          "-- Deferred: what the statements above have put off is done now, as by a COMMIT of theirs.",
          sql,
        );
      }
      if (isFuse(first)) page.add("-- Fuse: nothing can be written before the guard below has let it pass.");
      else if (next?.kind === "ledger") {
        page.gap();
        page.add(words(next, context));
      } else if (next?.kind === "guard")
        page.add("-- Session: nothing that was set before reaches in; the settings of this project.");
      // What is set again right before a statement belongs to it.
      else if (next?.kind === "user") page.gap();
      page.add(
        ...sessionLines(
          rest.map((text) => text.statement!),
          form,
        ),
      );
      return;
    }
    case "user":
    case "repair": {
      const isOutside = context.plan.batches[context.index]!.transactional === false;
      if (context.groups[context.place - 1]?.[0]?.statement?.kind !== "session") page.gap();
      if (form.annotate) page.add(...annotation(statement, isOutside));
      page.add(bytesFor(statement, form));
      if (isOutside && form.client === "psql") page.add(...STOP_AFTER_ERROR);
      page.gap();
      return;
    }
    default: {
      // Said above the settings that it is written with, or above the row that it belongs to.
      const previous = context.groups[context.place - 1]?.[0]?.statement;
      const said =
        statement.kind === "ledger" && statement.step !== undefined && previous?.step === statement.step;
      if (!said || (previous?.kind !== "session" && previous?.kind !== "ledger")) {
        page.gap();
        page.add(words(statement, context));
      }
      page.add(sql);
      const guards = statement.kind === "guard" && !context.plan.batches[context.index]!.transactional;
      // Between them stands at most who the author has become.
      const coming = next?.kind === "session" ? context.groups[context.place + 2]?.[0]?.statement : next;
      if (form.client === "psql" && guards && passesFuse(coming)) page.add(...STOP_AFTER_ERROR);
    }
  }
}

/** For a psql that was told to go on after errors: what was not done must not be recorded as done. */
const STOP_AFTER_ERROR = [
  "\\if :ERROR",
  "\\echo 'retort: the statement above has failed; nothing more is run'",
  "\\quit",
  "\\endif",
];

/** What PostgreSQL lets run in a session that only reads: the fuse alone does not hold it. */
const passesFuse = (next: Statement | undefined): boolean =>
  next?.kind === "user" && /^(?:ALTER SYSTEM|VACUUM|ANALYZE|REINDEX|CLUSTER)/.test(next.tag ?? "");

/** What a statement of ours is for. */
function words({ kind, step, sql }: Statement, { plan, index, place, groups }: Context): string {
  const { transactional, statements } = plan.batches[index]!;
  const follows = plan.batches[index + 1];
  if (kind === "lock") return "-- Lock: one migrator at a time; it stops where another session has it.";
  if (kind === "ledger") {
    if ((plan.kind === "stamp" || plan.kind === "repair") && step !== undefined) {
      const { direction, revision } = plan.steps[step]!;
      return `-- Ledger, ${step + 1} of ${plan.steps.length}: ${revision} ${CHANGES[plan.kind][direction]}.`;
    }
    if (step === undefined) return "-- Ledger: its tables, where they are missing.";
    if (follows?.transactional === false && follows.step === step) {
      return "-- Ledger: what comes next cannot be rolled back; should it be interrupted, this says where.";
    }
    return `-- Ledger: this revision is ${plan.steps[step]!.direction === "up" ? "applied" : "no longer applied"}.`;
  }
  if (step === undefined) {
    if (statements.find((statement) => statement.kind === "guard")!.sql === sql) {
      return "-- Guard: this session has the lock, and is in the right place.";
    }
    return plan.batches.some((batch) => batch.when !== undefined)
      ? "-- Guard: stops unless what is applied lies on the way, and nothing is half done."
      : "-- Guard: stops unless exactly these revisions are applied, and nothing is half done.";
  }
  if (plan.kind === "repair")
    return `-- Guard: stops unless the row of ${plan.steps[step]!.revision} is as it was shown.`;
  if (!transactional) return "-- Guard: stops unless it is this statement's turn; lets it write.";
  if (plan.batches[index - 1]!.step === step && place < 3)
    return "-- Guard: stops unless this is the step that is under way.";
  const earlier = groups
    .slice(0, place)
    .some(([text]) => text?.statement?.kind === "guard" && text.statement.step === step);
  return earlier
    ? "-- Guard: stops unless the statement above has done its work."
    : "-- Guard: stops unless the database is in the state that this step begins with.";
}

/**
 * What is known of a statement, in one fixed form: `-- >> TAG: where, destructive or not`, and a line for each loss and
 * for what a reviewer would not see.
 */
function annotation({ tag = "", destructive = [], sql }: Statement, isOutside: boolean): readonly string[] {
  const where = isOutside ? "outside a transaction" : "transactional";
  const opaque = /^(?:DO|CALL|EXECUTE)\b/.test(tag) ? "what it destroys is not known" : "not destructive";
  return [
    `-- >> ${tag}: ${where}, ${destructive.length > 0 ? "destructive" : opaque}`,
    ...destructive.map((loss) => `-- >>   ${commentText(loss)}`),
    ...UNSEEN.filter(([characters]) => characters.test(sql)).map(([, what]) => `-- >>   ${what}`),
  ];
}

const UNSEEN = [
  [
    /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
    "it holds characters that turn the direction of writing: what is seen may not be what runs",
  ],
  [/\r(?!\n)/, "it holds a carriage return alone, which ends a line, and a comment with it"],
] as const;

/** The bytes that make the client send exactly the statement's text. Throws `source/psql-string`. */
function bytesFor({ kind, sql, origin, offset = 0 }: Statement, { client }: ScriptForm): string {
  if (client === "any" || kind === "session") return sql;
  const at = unreadable(sql);
  if (at === undefined) return psqlText(sql);
  const from = locate({ path: "", text: sql }, offset);
  const to = locate({ path: "", text: sql }, at);
  const line = (origin?.line ?? 1) + to.line - from.line;
  const column = to.line === from.line ? (origin?.column ?? 1) + to.column - from.column : to.column;
  throw new MigrateError({
    code: "source/psql-string",
    message:
      "psql cannot read this string: one with escapes (E'…') that goes on in a later line, with \\' in it",
    hint: "write it as one string in one piece, or with $$…$$; --client any and the run take it as it is",
    ...(origin === undefined ? {} : { location: { path: origin.path, line, column } }),
  });
}

/** Settings of ours several to a line; the author's as they are. */
export function sessionLines(statements: readonly Statement[], form: ScriptForm): readonly string[] {
  const lines: string[] = [];
  let ours: string[] = [];
  for (const statement of statements) {
    if (statement.kind === "session") {
      ours.push(statement.sql);
      continue;
    }
    lines.push(...wrapped(ours), bytesFor(statement, form));
    ours = [];
  }
  return [...lines, ...wrapped(ours)];
}

/** Several short statements on a line. */
export function wrapped(texts: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const text of texts) {
    if (line !== "" && line.length + 1 + text.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? text : `${line} ${text}`;
  }
  return line === "" ? lines : [...lines, line];
}
