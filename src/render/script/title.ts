/** A plan → the title of its script: what it does, for whom it is, and every step in one table. */

import { distinctPrivileges, isLookedUp } from "../../core/effects/privilege.ts";
import { type EffectSummary, summaryOfStep } from "../../core/effects/summary.ts";
import type { Ledger } from "../../core/ledger/calls.ts";
import { FORMAT } from "../../core/ledger/format.ts";
import { NOTHING_TO_DO } from "../../core/outputs.ts";
import { keptWaiting } from "../../core/plan/hazards.ts";
import type { ScriptForm } from "../../core/plan/script.ts";
import type { Plan, PlanStep } from "../../core/plan/types.ts";
import { commentText, qualified } from "../../core/quote.ts";
import { ENSURES_LEDGER } from "../../core/receipt.ts";
import { majorOf } from "../../core/server-version.ts";
import type { LostData } from "../../core/statement/restored.ts";
import { effectLines, relationEffects } from "../effect.ts";
import { lossCell } from "../loss.ts";
import { needLines } from "../privilege.ts";
import { wholeFile } from "./client.ts";
import { comment, folded, PAGE_WIDTH, table } from "./page.ts";

/** Of one script. The receipt is its second line. */
export function titleLines(plan: Plan, ledger: Ledger, form: ScriptForm, receipt: string): readonly string[] {
  const first = `Retort migration script: ${whatItDoes(plan)}`;
  if (plan.batches.length === 0) return [first, NOTHING_TO_DO].map(comment);
  return titledWith(first, receipt, form, [
    ...forWhom(plan, ledger, form),
    ...runWith(form, "FILE"),
    ...(isOfLedger(plan)
      ? []
      : [
          "",
          ...startsFrom(plan),
          ...settingsLines(plan),
          "",
          ...stepsTable(plan),
          ...wayBack(plan, form),
          ...rightsLines(plan),
        ]),
  ]);
}

/** The lines under a title; what `receiptsOf` looks for stands in the first two. */
export const titledWith = (
  title: string,
  receipt: string,
  form: ScriptForm,
  lines: readonly string[],
): readonly string[] => [
  comment(title),
  comment(`Receipt: sha256:${receipt}`),
  wholeFile(form),
  ...lines.map(comment),
];

export function whatItDoes(plan: Plan): string {
  if (!isOfLedger(plan))
    return `${plan.kind} ${plan.from.join(", ") || "<base>"} -> ${plan.to.join(", ") || "<base>"}`;
  return plan.kind === "ensure" ? ENSURES_LEDGER : "makes the ledger consistent; safe to run twice";
}

/** It is about the ledger itself, and no revision. */
const isOfLedger = ({ kind, steps }: Plan): boolean =>
  kind === "ensure" || (kind === "repair" && steps.length === 0);

/** Where it is to be run: what it does not find so, it stops at. */
export function forWhom(
  { place, role }: Plan,
  { names }: Ledger,
  { source, flags: given = [], wayBack: back }: ScriptForm,
): readonly string[] {
  const { database, role: login, minimumVersion } = place;
  const parts = [
    database === undefined ? undefined : `database ${commentText(database)}`,
    login === undefined ? undefined : `connected as ${commentText(login)}`,
    role === undefined ? undefined : `SQL runs as the role ${commentText(role)}`,
    `PostgreSQL ${majorOf(minimumVersion ?? 120000)} or later`,
    `ledger ${commentText(qualified(names.schema))}, format ${FORMAT}`,
  ];
  const flags = [...given, ...(back === undefined ? [] : ["--with-downgrade FILE"])];
  return [
    ...(source === undefined ? [] : [`From: ${commentText(source)}`]),
    `For:  ${parts.filter((part) => part !== undefined).join("; ")}.`,
    ...(flags.length === 0 ? [] : hangingBy(6, `With: ${commentText(flags.join(" "))}`)),
  ];
}

/** `looks`: it has a preflight. */
export function runWith({ client }: ScriptForm, file: string, looks = true): readonly string[] {
  return client === "psql"
    ? [
        `Run:  psql -X -v ON_ERROR_STOP=1 -f ${file} DATABASE`,
        "      directly, not through a transaction pooler; not inside BEGIN, so without -1.",
        ...(looks
          ? ["      First, only to look at what it will meet: the same with -v preflight=1 (not without =1)."]
          : []),
      ]
    : [
        "Run:  with any client that sends the text as it is, in one session, and stops at the first error;",
        "      directly, not through a transaction pooler; not inside BEGIN. After an error close the session:",
        "      it may hold the lock. It has no preflight: psql -v preflight=1 runs all of it.",
      ];
}

function startsFrom(plan: Plan): readonly string[] {
  if (skips(plan.batches)) {
    return [
      `It skips what is done, and ${plan.kind === "downgrade" ? "undoes" : "applies"} the rest. In a state that is not on the way it stops, with`,
      "nothing changed. It can be run again at any time.",
    ];
  }
  const { from } = plan;
  const without = plan.start.without.length === 0 ? "" : `, without ${plan.start.without.join(", ")}`;
  const start =
    from.length === 0
      ? ["It stops, with nothing changed, if any revision is already applied."]
      : [
          "It stops, with nothing changed, unless exactly this is applied:",
          ...folded(
            `${from.join(", ")} and all that ${from.length === 1 ? "it needs" : "they need"}${without}.`,
            PAGE_WIDTH - "--   ".length,
          ).map((line) => `  ${line}`),
        ];
  const kept =
    plan.kind === "stamp" || plan.kind === "repair"
      ? "It writes only the ledger."
      : isOneTransaction(plan)
        ? "One transaction: if a step fails, all of it is rolled back."
        : transactionsText(plan);
  return [...start, ...folded(kept, PAGE_WIDTH - "-- ".length)];
}

/** Which steps are rolled back when they fail. */
function transactionsText({ steps }: Plan): string {
  const outside = steps.flatMap(({ transactional }, index) => (transactional ? [] : [String(index + 1)]));
  if (outside.length === steps.length)
    return outside.length === 1
      ? "Its step is not a transaction: what it has done when it fails is kept."
      : "No step is a transaction: what one has done when it fails is kept.";
  const but = outside.length === 0 ? "" : ` but ${listed(outside)}`;
  return `Each step${but} is a transaction: one that fails is rolled back; those before it are kept.`;
}

/** `5`, `5 and 6`, `2, 5 and 6` */
const listed = (words: readonly string[]): string =>
  [words.slice(0, -1).join(", "), words.at(-1)!].filter((each) => each !== "").join(" and ");

const isOneTransaction = ({ steps, batches }: Pick<Plan, "steps" | "batches">): boolean =>
  steps.length > 1 && batches[1]?.statements.some(({ purpose }) => purpose === "guard-step") === true;

/** Said once: each step begins with them. */
function settingsLines({ kind, settings }: Plan): readonly string[] {
  if (kind === "stamp" || kind === "repair") return [];
  const own = settings.map((setting) => commentText(setting.replaceAll(/\s+/g, " ")));
  return [
    "Each step starts with a clean session: DateStyle ISO, TimeZone UTC, lock_timeout 5s,",
    own.length === 0
      ? "statement_timeout 0 (or those of PGOPTIONS), and the search_path of the database and the role."
      : `statement_timeout 0 (or those of PGOPTIONS); then: ${own.join("; ")}.`,
  ];
}

function stepsTable({ steps, kind, batches }: Plan): readonly string[] {
  const runs = kind !== "stamp" && kind !== "repair";
  const columns = [
    { name: "#", most: 6 },
    { name: "", most: 1 },
    { name: "revision", most: 40 },
    { name: "message", most: 30 },
    ...(runs
      ? [
          { name: "transaction", most: 12 },
          { name: "takes away", most: LOSS_WIDTH },
        ]
      : []),
  ];
  const outside = new Map<number, string[]>();
  for (const batch of batches.filter(({ transactional }) => !transactional)) {
    for (const { purpose, step, tag } of batch.statements)
      if (purpose === "user") outside.set(step!, [...(outside.get(step!) ?? []), tag ?? ""]);
  }
  const rows = steps.map((step, index) => [
    String(index + 1),
    SIGNS[step.direction],
    step.revision,
    commentText(step.message),
    ...(runs
      ? [
          step.transactional ? "yes" : "no",
          (step.losses ?? []).flatMap((loss) => hanging(commentText(lossCell(loss)))).join("\n"),
        ]
      : []),
  ]);
  return [
    ...table(columns, rows, PAGE_WIDTH - "-- ".length),
    ...titled(
      "Cannot be rolled back:",
      [...outside].flatMap(([index, tags]) =>
        tags.map((tag) => `  ${index + 1}  ${steps[index]!.revision}  ${tag}`),
      ),
    ),
    ...(runs ? effectsTable({ steps }, isOneTransaction({ steps, batches })) : []),
    ...titled("Irreversible, once applied:", runs ? steps.flatMap(oneWay) : []),
  ];
}

/** Columns of "takes away". */
const LOSS_WIDTH = 40;

/** What goes on in a second line is indented there, so that it is not read as another. */
const hanging = (text: string): readonly string[] =>
  folded(text, LOSS_WIDTH - 2).map((line, index) => (index === 0 ? line : `  ${line}`));

/** What each step does to a database that others use; those that nobody notices are summed up. */
function effectsTable({ steps }: Pick<Plan, "steps">, isOne: boolean): readonly string[] {
  const noticed = steps.flatMap(({ effect }, index) =>
    effect !== undefined && effectLines(effect).length > 0 ? [{ index, effect }] : [],
  );
  if (noticed.length === 0) return [];
  const effects = noticed.map(({ effect }) => effect);
  const whole = summaryOfStep(effects, isOne)!;
  // In one transaction the work of a step is done under the locks of those before it, too.
  const held = isOne && whole.waits === true ? ({ waits: true } as const) : {};
  const columns = [
    { name: "#", most: 6 },
    { name: "", most: 1 },
    { name: "relation", most: 30 },
    { name: "lock", most: 22 },
    { name: "blocks", most: 25 },
    { name: "work", most: 20 },
  ];
  const rows = noticed.flatMap(({ index, effect }) =>
    relationEffects({ ...effect, ...held }).map(({ relation, mode = "", waiting, work }, i) => [
      i === 0 ? String(index + 1) : "",
      waiting === "" ? "" : "!",
      commentText(relation),
      mode,
      waiting,
      work,
    ]),
  );
  const unknown = noticed.flatMap(({ index, effect }) =>
    effect.unknown.map((what) => `  ${index + 1}  ${commentText(what)}`),
  );
  if (rows.length === 0) return titled("Effects not known:", unknown);
  const calm = steps.length - noticed.length;
  return [
    "",
    "Effects on other sessions (!: they are blocked):",
    ...table(columns, rows, PAGE_WIDTH - "-- ".length),
    ...(isOne || steps.some(({ transactional }) => transactional)
      ? [`A lock is held until the end of ${isOne ? "the script, which is one transaction" : "its step"}.`]
      : []),
    ...howLong(whole, effects),
    ...(calm === 0
      ? []
      : [`${calm === 1 ? "One other step affects" : `${calm} other steps affect`} no other session.`]),
    ...titled("Effects not known:", unknown),
  ];
}

/** What is known of all of them: nobody is blocked, or not for long. Of one transaction the locks last to its end. */
function howLong({ waits, unknown }: EffectSummary, effects: readonly EffectSummary[]): readonly string[] {
  if (waits === true || unknown.length > 0) return [];
  return effects.flatMap(keptWaiting).length === 0
    ? ["No table is blocked for reads or writes."]
    : ["They are blocked only briefly: meanwhile no table is scanned or rewritten."];
}

const oneWay = ({ direction, irreversible, revision }: PlanStep, index: number): readonly string[] =>
  irreversible === undefined || direction === "down"
    ? []
    : [`  ${index + 1}  ${revision}  ${commentText(irreversible)}`];

/** What is done already is passed over. */
const skips = (batches: Plan["batches"]): boolean => batches.some(({ when }) => when !== undefined);

/** What is lost for good, and what takes the rest back. */
function wayBack({ kind, steps, batches }: Plan, { wayBack: receipt }: ScriptForm): readonly string[] {
  if (kind !== "upgrade") return [];
  const objectsOf = (which: keyof LostData): readonly string[] =>
    steps.flatMap(({ revision, lost }, index) => {
      const objects = new Set(lost?.[which].map(({ object }) => commentText(object)));
      return objects.size === 0 ? [] : indented(`${index + 1}  ${revision}  ${[...objects].join(", ")}`);
    });
  return [
    ...(receipt === undefined
      ? []
      : [
          "",
          "The script that takes all of it back has the receipt",
          `  sha256:${receipt}`,
          ...(skips(batches) ? ["It also takes back those of these steps that this script finds done."] : []),
        ]),
    ...titled("A downgrade does not bring back the data of:", objectsOf("notRestored")),
    ...titled("A downgrade writes again, perhaps with other values:", objectsOf("writtenAgain")),
  ];
}

/** Who owns what is made, and what the role that runs it must be allowed to do. */
function rightsLines({ kind, steps, role }: Plan): readonly string[] {
  if (kind === "stamp" || kind === "repair") return [];
  const base = role === undefined ? "the role that connects" : `the role ${commentText(role)}`;
  const others = steps.flatMap(({ privileges = [] }, index) =>
    [...new Set(privileges.flatMap(({ as }) => as ?? []))].map(
      (as) => `; in step ${index + 1} to ${commentText(as)}, which the file sets`,
    ),
  );
  const isKnown = steps.every(({ privileges }) => privileges !== undefined);
  const all = distinctPrivileges(steps.flatMap(({ privileges = [] }) => privileges));
  const needs = needLines(all);
  // The database tells in which schema of search_path a name is found.
  const [guess] = all.filter((need) => isLookedUp(need) && needLines([need]).length > 0);
  const schema = guess?.inServersPath === undefined ? guess?.schema : "public";
  const assumed = schema === undefined ? "" : ` (${qualified(schema)} is assumed where a name has no schema)`;
  return [
    "",
    ...folded(`New objects belong to ${base}${others.join("")}.`, PAGE_WIDTH - "-- ".length),
    ...(needs.length > 0
      ? [`It needs, besides what it makes itself${assumed}:`, ...needs.flatMap(indented)]
      : []),
    ...(needs.length === 0 && isKnown
      ? ["It is not known to need anything besides what it makes itself."]
      : []),
  ];
}

/** A long line goes on further to the right. */
const indented = (line: string): readonly string[] => hangingBy(2, line).map((each) => `  ${each}`);

const hangingBy = (columns: number, line: string): readonly string[] =>
  folded(line, PAGE_WIDTH - "--   ".length - columns).map((each, index) =>
    index === 0 ? each : `${" ".repeat(columns)}${each}`,
  );

const SIGNS = { up: "+", down: "-" } as const;

const titled = (name: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ["", name, ...lines];
