/**
 * A plan → the offline script: the same statements in the same order, laid out for a person to review and for a client
 * to run. Nothing here decides what is sent; same plan and form, same bytes.
 */
import { argument, checked, fields } from "../../core/arguments.ts";
import type { Ledger } from "../../core/ledger/calls.ts";
import { defaultForm, refuseLayout, type ScriptForm, scriptBatches } from "../../core/plan/script.ts";
import { type Part, partsOf } from "../../core/plan/split.ts";
import type { Batch, Plan, Statement } from "../../core/plan/types.ts";
import { commentText } from "../../core/quote.ts";
import { NO_RECEIPT } from "../../core/receipt.ts";
import { sha256 } from "../../core/sha256.ts";
import { beginClient, endClient } from "./client.ts";
import { newPage, PIECE } from "./page.ts";
import { ifPreflight, preflightLines } from "./preflight.ts";
import { hasCheck, layOut, stepTitle } from "./section.ts";
import { forWhom, runWith, titledWith, titleLines, whatItDoes } from "./title.ts";

/** The arguments of both. */
const TAKEN = { plan: argument.plan, ledger: argument.ledger, form: fields };

/** A script and its receipt. */
export interface Script {
  /** SHA-256 of the whole script, with zeros for its own digits. */
  readonly receipt: string;
  readonly text: string;
  /** The same in pieces: a long script need not stand in memory in one. */
  pieces(): Iterable<string>;
}

/**
 * The whole plan as one script. An empty plan is a script of comments. Throws `source/psql-string` or
 * `source/psql-block` for a statement that psql reads otherwise than the server, and what `refuseLayout` throws.
 */
export const renderScript = checked((plan: Plan, ledger: Ledger, form: ScriptForm = defaultForm): Script => {
  refuseLayout(plan, { ...form, split: false });
  return scriptOf(plan, form, {
    title: (receipt) => titleLines(plan, ledger, form, receipt),
    batches: (receipt) => scriptBatches(plan, ledger, form, receipt),
    preflight: preflightLines(plan, ledger, form),
  });
}, TAKEN);

/** A file of a split script. */
export interface SplitScript extends Script {
  readonly name: string;
}

/**
 * One numbered file for each transaction boundary, each with its own lock and guard; to be run in order. Throws
 * as `renderScript` does, and `source/not-splittable` where a statement needs what another left in its session.
 */
export const renderSplit = checked(
  (plan: Plan, ledger: Ledger, form: ScriptForm = defaultForm): readonly SplitScript[] => {
    refuseLayout(plan, { ...form, split: true });
    const parts = partsOf(plan, ledger, form);
    return parts.map((part) => {
      const name = numberedName(part.index, parts.length, nameOf(plan, part));
      const script = scriptOf(plan, form, {
        title: (receipt) => partTitle(plan, ledger, part, form, name, receipt),
        batches: (receipt) => part.batches(receipt),
        alone: part.alone,
        preflight: part.index === 0 ? preflightLines(plan, ledger, form) : IN_FIRST,
      });
      return { ...script, name };
    });
  },
  TAKEN,
);

// -------------------------------------------------------------------------------------------------- the whole file

interface Content {
  readonly title: (receipt: string) => readonly string[];
  readonly batches: (receipt: string) => readonly Batch[];
  /** One statement and nothing else but comments. */
  readonly alone?: boolean;
  /** What is run in the place of all else with `-v preflight=1`. */
  readonly preflight?: readonly string[];
}

function scriptOf(plan: Plan, form: ScriptForm, content: Content): Script {
  const isEmpty = plan.batches.length === 0;
  const pieces = function* (receipt: string): Generator<string> {
    const page = newPage();
    for (const line of content.title(receipt)) {
      page.add(line);
      if (page.size >= PIECE) yield page.take();
    }
    if (!isEmpty && content.alone !== true) beginClient(page, form);
    page.gap();
    const batches = content.batches(receipt);
    if (content.alone === true)
      page.add(...batches.flatMap(({ statements }) => statements.map(({ sql }) => sql)));
    else yield* layOut(page, plan, batches, form);
    if (!isEmpty && content.alone !== true)
      endClient(page, form, batches.some(hasCheck), content.preflight ?? []);
    yield page.take();
  };
  const receipt = sha256(pieces(NO_RECEIPT));
  return {
    receipt,
    pieces: () => pieces(receipt),
    get text() {
      return [...pieces(receipt)].join("");
    },
  };
}

// ------------------------------------------------------------------------------------------------------ split files

/** Files of so many sort by their names. */
export const numberedName = (index: number, of: number, what: string): string =>
  `${String(index + 1).padStart(Math.max(4, String(of).length), "0")}_${what}.sql`;

/** The part of a file's name that says what is in it: letters, digits, `_` and `.` only. */
function nameOf(plan: Plan, { step, number, parts }: Part): string {
  if (step === undefined) return plan.kind === "stamp" ? "stamp" : "start";
  const { direction, revision } = plan.steps[step]!;
  return `${direction}_${revision}${parts === 1 ? "" : `_${number}_of_${parts}`}`;
}

function partTitle(
  plan: Plan,
  ledger: Ledger,
  part: Part,
  form: ScriptForm,
  name: string,
  receipt: string,
): readonly string[] {
  const { index, of, step, number, parts, unsure, alone, guards } = part;
  const first = `Retort migration script, file ${index + 1} of ${of}: ${whatItDoes(plan)}`;
  const rest = [
    ...(step === undefined
      ? []
      : [`Step ${stepTitle(plan, step)}${parts === 1 ? "" : `; part ${number} of ${parts}`}`]),
    "",
    ...forWhom(plan, ledger, form),
    ...(alone
      ? ["Run:  with a client that sends this statement alone, outside a transaction."]
      : runWith(form, name, index === 0)),
    index === 0
      ? "Run the files in the order of their names, each after the one before it has succeeded."
      : "Run it only after the file before it has succeeded.",
    ...(unsure ? ["SQL alone cannot always tell whether it has."] : []),
    ...(alone ? [...(guards ? GUARDS : ALONE), ...settingsOf(part)] : []),
  ];
  return titledWith(first, receipt, form, rest);
}

const IN_FIRST = [...ifPreflight, "\\echo 'retort: the preflight is in the first file'", "\\endif"];

const GUARDS = [
  "",
  "The block must be sent alone, so this file has no lock and no settings of its own. The block itself",
  "checks that it comes next, and records that it is done.",
];

const ALONE = [
  "",
  "The statement must be sent alone, so this file has no lock, no guard and no settings of its own.",
  "The file before it has checked the state, and recorded that this comes next; the file after it",
  "checks that nothing else has happened in between. If this one fails, do not run that one.",
];

/** What a client that keeps its session may send before it. */
function settingsOf({ settings }: Part): readonly string[] {
  if (settings.length === 0) return [];
  const line = ({ sql }: Statement): string => `  ${commentText(sql)}`;
  return [
    "",
    "A client that keeps its session can send these before it, one at a time:",
    ...settings.map(line),
  ];
}
