/**
 * A plan → the parts that a change system runs one by one, each in a session of its own: one for each transaction, one
 * for each statement outside; and what each needs that the parts before would have left in one session.
 */
import { type Diagnostic, MigrateError } from "./errors.ts";
import { tokens } from "./lexer.ts";
import type { Plan, Statement } from "./plan.ts";

export interface Part {
  /** From 0, in the order in which they run. */
  readonly index: number;
  /** Index into `Plan.batches`. */
  readonly batch: number;
  readonly transactional: boolean;
  /** The step it belongs to, and which part of that step it is, from 1. */
  readonly step?: number;
  readonly number: number;
  readonly of: number;
  /** The settings that its step begins with; the parts before it have made them. */
  readonly session: readonly Statement[];
  /** What the author has SET for the statement, which stands outside a transaction. */
  readonly settings: readonly Statement[];
  /** The part before it is a statement outside a transaction. */
  readonly follows: boolean;
  /** It records a step in the ledger. */
  readonly records: boolean;
}

/** The parts of a plan, in order. Throws `source/not-splittable` where a statement needs the session of one before it. */
export function partsOf(plan: Plan): readonly Part[] {
  const faults: Diagnostic[] = [];
  const parts = plan.batches.slice(1, -1).map(({ transactional, step, statements }, index): Part => {
    const batch = index + 1;
    const own = step === undefined ? [batch] : batchesOf(plan, batch, step);
    const number = own.indexOf(batch) + 1;
    const last = number === own.length;
    const before = own.slice(0, number - 1).flatMap((each) => plan.batches[each]!.statements);
    if (!last) faults.push(...statements.flatMap(leftBehind));
    return {
      index,
      batch,
      transactional,
      ...(step === undefined ? {} : { step }),
      number,
      of: own.length,
      session: number === 1 ? [] : beginning(plan.batches[own[0]!]!.statements),
      settings: transactional
        ? []
        : before.filter(({ kind, tag }) => kind === "user" && /^(?:SET|RESET)$/.test(tag ?? "")),
      follows: number > 1 && !plan.batches[batch - 1]!.transactional,
      records: step !== undefined && last,
    };
  });
  if (faults.length > 0) throw MigrateError.all(faults);
  return parts;
}

function batchesOf({ batches }: Plan, batch: number, step: number): readonly number[] {
  let first = batch;
  let last = batch;
  while (batches[first - 1]!.step === step) first -= 1;
  while (batches[last + 1]!.step === step) last += 1;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The resets and pins that a step begins with. */
function beginning(statements: readonly Statement[]): readonly Statement[] {
  const end = statements.findIndex(({ kind }) => kind !== "session");
  return statements.slice(0, end);
}

/** What a statement leaves in its session that no other session can be given. */
function leftBehind({ kind, tag = "", sql, origin }: Statement): Diagnostic[] {
  if (kind !== "user") return [];
  const words = [...tokens(sql)]
    .filter((token) => token.kind === "word")
    .map(({ start, end }) => sql.slice(start, end).toLowerCase());
  const what = /^(?:PREPARE|DECLARE CURSOR|LOAD)$/.test(tag)
    ? `what ${tag} made`
    : makesTemporary(tag, words)
      ? "a temporary object"
      : undefined;
  if (what === undefined) return [];
  return [
    {
      code: "source/not-splittable",
      message: `${what} lasts as long as its session, and the next file of a split script has a session of its own`,
      hint: "write one script, without --split",
      ...(origin === undefined ? {} : { location: origin }),
    },
  ];
}

function makesTemporary(tag: string, words: readonly string[]): boolean {
  if (tag === "SELECT INTO") return /^temp(?:orary)?$/.test(words[words.indexOf("into") + 1] ?? "");
  return (
    tag.startsWith("CREATE ") && words.slice(1, 6).some((word) => /^(?:temp|temporary|pg_temp)$/.test(word))
  );
}
