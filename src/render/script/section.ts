/** Batches of a plan → the lines of a script that send them, with words above that say what each part is for. */
import { MigrateError } from "../../core/errors.ts";
import { searchPathOf } from "../../core/failure/search-path.ts";
import { excerptAt } from "../../core/fault.ts";
import type { ScriptForm } from "../../core/plan/script.ts";
import { searchPathIs } from "../../core/plan/session.ts";
import {
  type Batch,
  isOutside,
  type Plan,
  type PlanStep,
  type Purpose,
  type Statement,
} from "../../core/plan/types.ts";
import { commentText, identifier, qualified } from "../../core/quote.ts";
import { shellWord } from "../../core/shell.ts";
import { locate } from "../../core/source.ts";
import { oneDown } from "../../core/target.ts";
import { effectLines } from "../effect.ts";
import { lossLine } from "../loss.ts";
import { keepSession } from "./client.ts";
import { folded, PAGE_WIDTH, type Page, PIECE, rule } from "./page.ts";
import { misreadByPsql, psqlText } from "./psql.ts";

/** `2 of 5: upgrade c83f1c8c9f12, create orders (0002_create_orders.up.sql)` */
export function stepTitle({ steps, kind }: Plan, index: number): string {
  const { direction, revision, message, path } = steps[index]!;
  const verb = kind === "stamp" || kind === "repair" ? kind : direction === "up" ? "upgrade" : "downgrade";
  const about = message === "" ? "" : `, ${commentText(message)}`;
  const file = path === "" ? "" : ` (${commentText(path.slice(path.lastIndexOf("/") + 1))})`;
  return `${index + 1} of ${steps.length}: ${verb} ${revision}${about}${file}`;
}

/** All batches, each step under its own heading; in pieces, where it is long. */
export function* layOut(
  page: Page,
  plan: Plan,
  batches: readonly Batch[],
  form: ScriptForm,
): Generator<string> {
  for (const [index, batch] of batches.entries()) {
    const { step, when } = batch;
    const isFirst = step !== undefined && batches[index - 1]?.step !== step;
    const isLast = step !== undefined && batches[index + 1]?.step !== step;
    if (step === undefined && index === 0) page.add(...rule("start"));
    else if (step === undefined && hasCheck(batch)) {
      page.gap();
      page.add(...rule("end"));
    }
    if (isFirst) stepHeading(page, plan, step, form, when, unseen(batches, index));
    if (batch.next !== undefined) page.add(...linesOf(batch.next), "\\gset", "\\if :retort_next");
    addBatch(page, plan, batch, form);
    if (batch.next !== undefined) page.add("\\endif");
    if (isLast && when !== undefined)
      page.add("\\else", `\\echo 'retort: ${step + 1} of ${plan.steps.length} is already done'`, "\\endif");
    if (page.size >= PIECE) yield page.take();
  }
}

/** For whoever has psql alone. */
const goOnByHand = ({ schema }: Plan, direction: "up" | "down"): readonly string[] => [
  `-- Not in a transaction. If it stops, check: SELECT * FROM ${commentText(qualified(schema))}.intent;`,
  `-- finish the step by hand and record it with its CALL of end_${direction === "up" ? "upgrade" : "downgrade"}; or, if none`,
  `-- of it is done, discard it: CALL ${commentText(qualified(schema))}.forget_intent();`,
];

export const hasCheck = ({ statements }: Batch): boolean =>
  statements.some(({ purpose }) => purpose === "check");

/** Of the step that begins with that batch, the first statement that commits by itself, so that the catalog does not show its end. */
function unseen(batches: readonly Batch[], first: number): Statement | undefined {
  for (let at = first; batches[at]?.step === batches[first]!.step; at += 1) {
    const found = batches[at]!.statements.find(({ trace }) => trace?.kind === "commits");
    if (found !== undefined) return found;
  }
  return undefined;
}

function stepHeading(
  page: Page,
  plan: Plan,
  index: number,
  { client }: ScriptForm,
  when?: string,
  commits?: Statement,
): void {
  page.gap();
  page.add(...rule(stepTitle(plan, index)));
  if (plan.kind === "stamp" || plan.kind === "repair") return;
  const { transactional, direction } = plan.steps[index]!;
  if (!transactional && when !== undefined)
    page.add(
      `-- Not in a transaction. If it is interrupted, run this script again: it resumes there${commits === undefined ? "." : ";"}`,
      ...(commits === undefined
        ? []
        : [`-- but not in its ${commits.tag}, of which the catalog does not show whether it was done.`]),
    );
  else if (!transactional) page.add(...goOnByHand(plan, direction));
  if (when !== undefined) page.add(when, "\\gset", "\\if :retort_pending");
  // Numbers only: what stands on a backslash line is psql's to interpret.
  if (client === "psql") page.add(`\\echo 'retort: ${index + 1} of ${plan.steps.length}'`);
}

/** One batch. What a script begins and ends with has words above it; of a step, ours is joined to a message each. */
function addBatch(page: Page, plan: Plan, batch: Batch, form: ScriptForm): void {
  let step = batch.step;
  let said: string | undefined;
  let ours: Statement[] = [];
  /** psql goes on only if what was sent last succeeded. */
  let passed = false;
  const flush = (): void => {
    if (ours.length > 0) page.add(...joined(ours, form));
    passed = !batch.transactional && ours.some(({ purpose }) => purpose.startsWith("guard-"));
    if (passed) page.add(...stopAfterError(form));
    ours = [];
  };
  for (const statement of batch.statements) {
    if (statement.step !== undefined && statement.step !== step) {
      // A step that shares its transaction with others.
      flush();
      step = statement.step;
      stepHeading(page, plan, step, form);
    }
    if (AUTHORS.has(statement.purpose)) {
      if (ours.length > 0) flush();
      // In psql nothing runs outside a transaction that a failed guard, or a failed SET, has not let pass.
      const outside = isOutside(batch, statement);
      if (outside && !passed) page.add(...stopAfterError(form));
      passed = false;
      addUser(page, plan, statement, { isOutside: outside, goesOn: batch.next !== undefined }, form);
    } else if (step === undefined) {
      const words = WORDS[statement.purpose];
      if (words !== undefined && words !== said) {
        page.gap();
        page.add(words);
        said = words;
      }
      page.add(...linesOf(statement.purpose === "check" ? answered(statement, form) : statement.sql));
      if (statement.purpose === "guard-session") page.add(...keepSession(form));
    } else if (statement.purpose === "cleanup") {
      if (ours.length > 0) flush();
      page.add(...linesOf(statement.sql.replace(/;$/, "")), "\\gexec", ...stopAfterError(form));
    } else ours.push(statement);
  }
  if (ours.length > 0) flush();
}

const AUTHORS: ReadonlySet<Purpose> = new Set(["user", "user-setting", "repair"]);

/** What a part of ours is for, where it is not under the heading of a step. */
const WORDS: Partial<Record<Purpose, string>> = {
  "guard-session": "-- Session: it has nothing open, set or created that this script would end or drop.",
  pin: "-- Session: names mean PostgreSQL's own objects, and text is read as written.",
  lock: "-- Lock: this is the right database, and no other migrator is running.",
  "create-ledger": "-- Ledger: created once. If it exists, this does nothing; skip it when you review.",
  "repair-ledger": "-- Repair: the ledger's tables and procedures exist, and its rows are consistent.",
  "guard-ledger": "-- Guard: the ledger has the right owner, plain tables, and exactly these procedures.",
  "guard-lock": "-- Guard: this session holds the lock.",
  "guard-start": "-- Guard: exactly the expected revisions are applied, and no step is unfinished.",
  forget: "-- Ledger: an unfinished step, which that guard lets pass here, is discarded.",
  receipt: "-- Log: the receipt of this script.",
  check: "-- Check: exactly the revisions that should be applied now are, row by row.",
  durations: "-- Durations: what this run of the script has done, as the log of the ledger has it.",
  unlock: "-- Lock: released.",
};

/** psql keeps the answer. */
const answered = ({ sql }: Statement, { client }: ScriptForm): string =>
  client === "psql" ? sql.replace(/;$/, " \\gset") : sql;

/** For a psql that was told to go on after errors. */
const stopAfterError = ({ client }: ScriptForm): readonly string[] =>
  client === "psql" ? ["\\if :ERROR \\echo 'retort: stopped' \\quit \\endif"] : [];

function addUser(
  page: Page,
  plan: Plan,
  statement: Statement,
  { isOutside, goesOn }: { isOutside: boolean; goesOn: boolean },
  form: ScriptForm,
): void {
  page.gap();
  if (form.annotate) page.add(...annotation(statement));
  if (isOutside && !goesOn)
    page.add(
      ...howToLook(plan, statement, form).map((line, index) => `${index === 0 ? IF_FAILS : "-- "}${line}`),
    );
  page.add(bytesFor(statement, form));
  if (isOutside) page.add(...stopAfterError(form));
  page.gap();
}

/** How the catalog shows what became of it. */
function howToLook(plan: Plan, statement: Statement, form: ScriptForm): readonly string[] {
  const { trace, purpose, repeatable } = statement;
  if (purpose !== "user") return [];
  const path = searchPathOf(plan, statement);
  const only = path?.length === 1 && path[0] !== "$user" ? `${qualified(path[0]!)}.` : "";
  const whole = (name = ""): string => commentText(schemaIn(name) === "" ? `${only}${name}` : name);
  const [name, second] = trace?.names ?? [];
  const first = whole(name);
  const apart = inAnotherSession(plan, path);
  switch (trace?.kind) {
    case undefined:
      return [
        ...apart,
        `${repeatable === true ? "what it did is kept. " : ""}Run this statement again by hand, then the rest of the step`,
        ...folded(
          commentText(`and its last CALL; or resume with: ${resuming(plan.steps[statement.step!]!, form)}.`),
          PAGE_WIDTH - "-- ".length,
        ),
      ];
    case "commits":
      return ["what it has committed is kept; only its own work shows how far it got."];
    case "create index": {
      // An index lies in the schema of its table. Of several schemas another may have one of that name.
      const schema = schemaIn(first) === "" && path !== undefined ? "SCHEMA." : schemaIn(first);
      const shows = `\\d ${first}${schema === "SCHEMA." ? ", which names its SCHEMA" : ""}`;
      return [
        ...apart,
        second === undefined
          ? `the server has named the index: see ${shows}; drop an INVALID one first:`
          : `check with ${shows}; drop an INVALID index first:`,
        `DROP INDEX CONCURRENTLY ${schema}${second === undefined ? "NAME" : commentText(second)};`,
      ];
    }
    case "drop index":
      return [...apart, `it is done if \\d ${first} finds none; otherwise run this statement again.`];
    case "detach partition":
      return [
        ...apart,
        `check with \\d+ ${first}; finish DETACH PENDING with:`,
        `ALTER TABLE ${first} DETACH PARTITION ${whole(second)} FINALIZE;`,
      ];
    default:
      return trace!.kind.startsWith("reindex")
        ? [
            ...apart,
            "drop INVALID indexes whose names end in _ccnew or _ccold; then run this statement again.",
          ]
        : [
            `check whether ${commentText(name ?? "")} exists: \\${LISTS[trace!.kind.replace(/^\w+ /, "") as keyof typeof LISTS]}`,
          ];
  }
}

/** As the ledger says it in an error. */
function resuming(step: PlanStep, { project = [] }: ScriptForm): string {
  const ends =
    step.direction === "up" ? ["upgrade", step.revision] : ["downgrade", shellWord(oneDown(step)[0])];
  return ["migrate", ...project, ...ends].join(" ");
}

/** What names mean in the script, for whoever goes on by hand; nothing where they mean that in each session. */
function inAnotherSession({ role }: Plan, path: readonly string[] | undefined): readonly string[] {
  const settings = [
    ...(role === undefined ? [] : [`SET ROLE ${identifier(role)};`]),
    ...(path === undefined ? [] : [`SET ${searchPathIs(path)};`]),
  ];
  if (settings.length === 0) return [];
  return folded(
    commentText(`in another session, first: ${settings.join(" ")}`),
    PAGE_WIDTH - IF_FAILS.length,
  );
}

const IF_FAILS = "-- If it fails: ";

/** `shop.` of `shop.orders`, and nothing of `orders`: names as SQL writes them. */
const schemaIn = (name: string): string => /^(?:"(?:[^"]|"")*"|[^".]+)\./.exec(name)?.[0] ?? "";

const LISTS = { database: "l", tablespace: "db", subscription: "dRs" } as const;

/** What a reviewer would not see at once: what it does to what is there; characters that hide something. */
function annotation({ losses = [], effect, sql }: Statement): readonly string[] {
  return [
    ...(effect === undefined ? [] : effectLines(effect)).map((line) => `-- >> ${commentText(line)}`),
    ...losses.map((loss) => `-- >> ${commentText(lossLine(loss))}`),
    ...UNSEEN.filter(([characters]) => characters.test(sql)).map(([, what]) => `-- >> ${what}`),
  ];
}

const UNSEEN = [
  [
    /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
    "it contains characters that change the text direction: what you see may not be what runs",
  ],
  [/\r(?!\n)/, "it contains a lone carriage return, which ends a line, and a comment with it"],
] as const;

/**
 * Statements of ours; for psql in one message, so that they take one round trip. A message is read as a whole before any
 * of it is done, so what says how text is to be read ends its message.
 */
function joined(statements: readonly Statement[], { client }: ScriptForm): readonly string[] {
  if (client === "any") return statements.flatMap(({ sql }) => linesOf(sql));
  const lines: string[] = [];
  for (const [index, { sql, purpose }] of statements.entries()) {
    const next = statements[index + 1]?.purpose;
    const ends = next === undefined || (purpose === "pin" && next !== "pin");
    const [first, ...rest] = linesOf(ends ? sql : sql.replace(/;$/, " \\;"));
    const line = lines.at(-1);
    const fits = line?.endsWith("\\;") === true && line.length + 1 + first!.length <= PAGE_WIDTH;
    // A COMMIT is not worth a line of its own.
    if (fits || (line !== undefined && purpose === "commit")) lines[lines.length - 1] = `${line} ${first}`;
    else lines.push(first!);
    lines.push(...rest);
  }
  return lines;
}

const linesOf = (sql: string): readonly string[] => sql.split("\n");

/** The bytes that make the client send exactly the statement's text. Throws `source/psql-string` and `source/psql-block`. */
function bytesFor({ sql, origin, offset = 0 }: Statement, { client }: ScriptForm): string {
  if (client === "any") return sql;
  const misread = misreadByPsql(sql);
  if (misread === undefined) return psqlText(sql);
  const source = { path: origin?.path ?? "", text: sql };
  const from = locate(source, offset);
  const to = locate(source, misread.offset);
  const line = (origin?.line ?? 1) + to.line - from.line;
  const column = to.line === from.line ? (origin?.column ?? 1) + to.column - from.column : to.column;
  const { code, message, hint } = misread;
  throw new MigrateError({
    code,
    message,
    hint,
    ...(origin === undefined
      ? {}
      : {
          location: { path: origin.path, line, column },
          // The line begins with the statement.
          excerpt: { column: to.column, ...excerptAt(source, misread.offset) },
        }),
  });
}
