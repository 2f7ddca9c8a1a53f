/** A revision that is applied, half so or not yet → the command that takes it away, finishes, records or forgets it. */

import { MigrateError } from "./errors.ts";
import { type Graph, nodeOf } from "./graph.ts";
import { folderOf, unreadHint } from "./graph-faults.ts";
import type { Intent, LedgerNames } from "./ledger/types.ts";
import { withoutComments } from "./lexer.ts";
import { lockHeld, sessionsText, waitHint } from "./lock-held.ts";
import type { Revision, RevisionId } from "./migration.ts";
import type { Statement } from "./plan/types.ts";
import { qualified } from "./quote.ts";
import { shellWord } from "./shell.ts";
import type { Location } from "./source.ts";
import { currentHeads, planStamp } from "./steps.ts";
import { BASE, oneDown } from "./target.ts";

/** The downgrade that runs its down file and no other. */
export const downgradeOf = (merged: Pick<Revision, "revision" | "parents">): string =>
  `migrate downgrade ${shellWord(oneDown(merged)[0])}`;

/** What finishes an interrupted step. */
export function finishing(
  graph: Graph,
  { revision, direction }: Pick<Intent, "revision" | "direction">,
): string {
  if (direction === "up") return `migrate upgrade ${shellWord(revision)}`;
  const node = graph.nodes.get(revision);
  // Where it leads, its file says.
  return node === undefined ? `migrate downgrade ${shellWord(`${revision}@-1`)}` : downgradeOf(node.revision);
}

/** A project's graph, and the name of its ledger. */
export interface GraphAndLedger {
  readonly graph: Graph;
  readonly ledger: { readonly names: Pick<LedgerNames, "schema"> };
}

/**
 * What to type about an interrupted step that is in the way, as the end of a sentence that a word begins for what finishing
 * is good for (`finish it with`).
 */
export function finishingHint(
  of: GraphAndLedger,
  applied: readonly RevisionId[],
  { revision, direction, statement, of: all, done, holders, differs }: Unfinished,
  lead: string,
): string {
  if (holders !== undefined) return waitHint(holders, AGAIN);
  const { graph } = of;
  const finish = finishing(graph, { revision, direction });
  const discard = `discard it ${discarding(of, applied)}`;
  // Nothing is left to do that could fail, and a stamp would leave what it did.
  const isWhole = done && statement === all;
  if (graph.nodes.has(revision) && differs !== undefined) {
    const { path, by } = differs;
    const correct =
      by === "statements"
        ? `the statements before that one have changed since then: restore ${path}`
        : `${path} now runs in a transaction: write '-- transaction: none' in its header`;
    // A stamp reads no ledger with a revision that no file has.
    const record = applied.every((id) => graph.nodes.has(id))
      ? `; or finish it by hand and record it${recordingByHand(graph, { revision, direction }, applied)}`
      : "";
    return `${correct} and run: ${finish}${record}; or undo by hand what it has done, and ${discard}`;
  }
  if (graph.nodes.has(revision))
    return `${lead}: ${finish}${isWhole ? "" : `; or, if that cannot succeed, ${discard}`}`;
  const file = graph.findUnread(revision);
  const restore =
    file === undefined
      ? `no file has the revision ${revision}: restore its files and run: ${finish}`
      : `its file is in ${folderOf(file.path)}: ${unreadHint([file])}; then run: ${finish}`;
  // Half undone it is in the ledger still, and a stamp reads no ledger with a revision that no file has.
  return direction === "down"
    ? `${restore}; or take back by hand what is left of it, and run: migrate repair --forget ${shellWord(revision)}`
    : `${restore}; or take back by hand what it has done, and ${discard}`;
}

/**
 * How the interrupted step is discarded, and nothing else changed in the ledger, as the end of a sentence: by a stamp of what
 * is applied; where that would record what is missing below it, or is refused for a row without a file, in SQL.
 */
export function discarding({ graph, ledger }: GraphAndLedger, applied: readonly RevisionId[]): string {
  const heads = currentHeads(graph, applied);
  const target = heads.length === 0 ? [BASE] : heads;
  return applied.every((id) => graph.nodes.has(id)) && leaves(graph, applied, target, applied)
    ? `with: migrate stamp ${target.map(shellWord).join(" ")}`
    : `in psql, with: CALL ${qualified(ledger.names.schema)}.forget_intent()`;
}

/** Whether a stamp leaves just these applied. */
function leaves(
  graph: Graph,
  applied: readonly RevisionId[],
  target: readonly string[],
  left: readonly RevisionId[],
  options: { readonly purge?: boolean } = {},
): boolean {
  const rows = applied.map((id) => ({ revision: id }));
  const { applied: after } = planStamp(graph, rows, target, options);
  return after.length === left.length && after.every((id) => left.includes(id));
}

/** It is there: a column, a database, a routine, a schema, a relation, any other object. */
export const DUPLICATE: ReadonlySet<string> = new Set(["42701", "42P04", "42723", "42P06", "42P07", "42710"]);

/** It is not there: a column, a routine, a schema, a relation, any other object. */
export const UNDEFINED: ReadonlySet<string> = new Set(["42703", "42883", "3F000", "42P01", "42704"]);

/**
 * What to type where a step failed because what it does is done already. `failed`: the tag of its statement, and what the
 * server said. Undefined where that is not why.
 */
export function recording(
  graph: Graph,
  applied: readonly RevisionId[],
  { revision, direction }: Pick<Intent, "revision" | "direction">,
  failed: Failed,
): string | undefined {
  if (!isDone(direction, failed)) return undefined;
  if (direction === "down") {
    const left = currentHeads(
      graph,
      applied.filter((id) => id !== revision),
    );
    // Those below it may be undone already, too: one stamp says so of all.
    const isAlone =
      left.length === 1 &&
      nodeOf(graph, revision).parents.includes(left[0]!) &&
      stampWithout(graph, applied, revision) !== undefined;
    const what = isAlone ? `the revision that the database is at, ${left[0]} or one below it` : "that";
    return `if all that ${revision} did is undone already, record ${what}${takingOut(graph, applied, revision)}`;
  }
  const { command, added, isBelow } = stampWith(graph, applied, revision);
  const [all, them] = added.length === 1 ? ["does", "it"] : ["do", "them"];
  // Where it is the newest, those after it may be done already, too.
  const last = isBelow ? "" : ", or the last revision of which that is so";
  return `if the database has already all that ${added.join(", ")} ${all}, record ${them}${last}: ${command}`;
}

type Said = Pick<Statement, "tag"> & Partial<Pick<Statement, "sql">>;

/** A statement, and what the server said. */
export interface Failed extends Said, Partial<Pick<Statement, "offset" | "number" | "origin">> {
  readonly sqlstate?: string;
  readonly message?: string;
  /** The other statements of its step. */
  readonly others?: readonly Said[];
  /** Those that were done before it in its transaction. */
  readonly before?: readonly Said[];
}

/** Whether a statement may have failed because it was done: one that says neither does what is usual in its direction. */
export function isDone(direction: Intent["direction"], failed: Failed): boolean {
  const { tag = "", sql = "", sqlstate = "" } = failed;
  if (isFirst(direction, failed) || isAgain(failed) || OF_SERVER.test(tag)) return false;
  const creates = tag.startsWith("CREATE") || (direction === "up" && !tag.startsWith("DROP"));
  const takesAway = tag.startsWith("ALTER") && DROPS_PART.test(withoutComments(sql));
  const isThere = creates && DUPLICATE.has(sqlstate) && TWICE[sqlstate]?.test(tag) !== true;
  return isThere || (!creates && UNDEFINED.has(sqlstate)) || (takesAway && PART.has(sqlstate));
}

/**
 * Whether a step that failed was never done before, as a statement shows that was done before in its transaction: it has made,
 * or in a downgrade taken away, what it cannot twice. Nothing shows it where the step itself may have undone that.
 */
function isFirst(direction: Intent["direction"], failed: Failed): boolean {
  const { before = [], others = [] } = failed;
  const { once, undoes } = ONCE[direction];
  const textOf = ({ sql = "" }: Said): string => withoutComments(sql).trim();
  const isOnce = (text: string): boolean => once.test(text) && !REPEATABLE.test(text);
  const mayUndo = (other: Said): boolean =>
    OPAQUE.test(other.tag ?? "") || undoes.test(textOf(other)) || MOVES.test(textOf(other));
  return before.map(textOf).some(isOnce) && !others.some(mayUndo) && !MOVES.test(textOf(failed));
}

/** Whether the same statement stands above it in its transaction. */
const isAgain = ({ sql = "", before = [] }: Failed): boolean => {
  const wordsOf = (text = ""): string => withoutComments(text).replaceAll(/\s+/g, " ").trim();
  return before.some((other) => wordsOf(other.sql) === wordsOf(sql));
};

/** What all databases of a server have says nothing of one of them. */
const OF_SERVER = / (?:ROLE|TABLESPACE)$/;

/** A column, a constraint or the like, and not what a column has. */
const DROPS_PART = /\bDROP\s+(?!DEFAULT\b|NOT\s|EXPRESSION\b|IDENTITY\b)/i;

const ONCE = {
  up: {
    once: /^(?:CREATE\s|ALTER\s+TABLE\s[^;,('$]*?\sADD\s+(?:COLUMN\s|CONSTRAINT\s+\S+\s+(?!NOT\s)|(?!(?:COLUMN|CONSTRAINT|CHECK|EXCLUDE|FOREIGN|GENERATED|NOT|PRIMARY|UNIQUE)\b)[^\s(]))/i,
    undoes: DROPS_PART,
  },
  down: {
    once: /^(?:DROP\s+(?!OWNED\s)|ALTER\s+TABLE\s[^;,('$]*?\sDROP\s+(?!DEFAULT\b|NOT\s|EXPRESSION\b|IDENTITY\b))/i,
    undoes: /\b(?:CREATE|ADD)\s/i,
  },
} as const;
/** What is temporary is made in each session; an index or statistics without a name get another one each time. */
const REPEATABLE =
  /^CREATE\s+(?:OR\s|GLOBAL\s|LOCAL\s|TEMP|(?:UNIQUE\s+)?INDEX\s+ON\s|STATISTICS\s*(?:\(|ON\s))|\bIF\s+(?:NOT\s+)?EXISTS\s|\bpg_temp\b/i;
const MOVES = /\b(?:RENAME|SET\s+SCHEMA)\s/i;
const OPAQUE = /^(?:CALL|DO|EXECUTE|SELECT)\b/;

/** Statements of which a code says that they name a column, or a constraint, twice, and nothing of what is there. */
const TWICE: Readonly<Record<string, RegExp>> = {
  42701: /^(?:COPY|CREATE|INSERT|MERGE)\b/,
  42710: /^CREATE (?:FOREIGN TABLE|SCHEMA|TABLE)\b/,
};

/** It is not there, although what would lose it is. */
const PART: ReadonlySet<string> = new Set(["42703", "42704"]);

/** The stamp that adds a revision to the ledger, with what it needs, and takes none out. */
export function stampWith(
  graph: Graph,
  applied: readonly RevisionId[],
  revision: RevisionId,
): {
  readonly command: string;
  /** What the ledger has after it, and not before. */
  readonly added: readonly RevisionId[];
  /** Revisions above it are applied. */
  readonly isBelow: boolean;
} {
  const rows = applied.map((id) => ({ revision: id }));
  const alone = planStamp(graph, rows, [revision]);
  if (alone.removed.length === 0)
    return { command: `migrate stamp ${shellWord(revision)}`, added: alone.added, isBelow: false };
  // A stamp of what is below a head takes that head out; one of the heads records what they need and lack.
  const heads = currentHeads(graph, [...applied, revision]);
  const { added } = planStamp(graph, rows, heads);
  return { command: `migrate stamp ${heads.map(shellWord).join(" ")}`, added, isBelow: true };
}

/** The stamp that says a step was finished by hand, as the end of a sentence. */
export const recordingByHand = (
  graph: Graph,
  { revision, direction }: Pick<Intent, "revision" | "direction">,
  applied: readonly RevisionId[],
): string =>
  direction === "up"
    ? `: ${stampWith(graph, applied, revision).command}`
    : takingOut(graph, applied, revision);

/** How it is taken out of the ledger, and nothing else changed there, as the end of a sentence. */
export function takingOut(graph: Graph, applied: readonly RevisionId[], revision: RevisionId): string {
  const stamp = stampWithout(graph, applied, revision);
  return stamp === undefined ? ", once what is missing below it is settled: migrate verify" : `: ${stamp}`;
}

/** The stamp that takes it out of the ledger and changes nothing else there; undefined where something is missing below what stays. */
function stampWithout(
  graph: Graph,
  applied: readonly RevisionId[],
  revision: RevisionId,
): string | undefined {
  const left = applied.filter((id) => id !== revision);
  const heads = currentHeads(graph, left);
  if (heads.length === 0) return `migrate stamp ${BASE}`;
  const branch = nodeOf(graph, revision).parents.length === 0 ? [[`${revision}@base`]] : [];
  const target = [heads, ...branch].find((each) => leaves(graph, applied, each, left));
  if (target !== undefined) return `migrate stamp ${target.map(shellWord).join(" ")}`;
  return leaves(graph, applied, heads, left, { purge: true })
    ? `migrate stamp --purge ${heads.map(shellWord).join(" ")}`
    : undefined;
}

const AGAIN = "then run the same command again";

/** An interrupted step, and what its file says of it now. */
export interface Begun extends Intent {
  /** Where the statement stands that it was interrupted at. */
  readonly location?: Location;
  /** The file, where that no longer begins with what was done, or now runs in a transaction: no run goes on with it. */
  readonly differs?: { readonly path: string; readonly by: "statements" | "transaction" };
}

type Unfinished = Pick<Begun, "direction" | "revision" | "statement" | "of" | "done" | "holders" | "differs">;

/** `the upgrade to 7c92 was interrupted at statement 2 of 5`, or `is under way at …`, with who is at it. */
export const unfinishedText = (intent: Unfinished): string =>
  `${standing(intent)}${intent.holders === undefined ? "" : ` (${sessionsText(intent.holders)})`}`;

/** `statement 2 of 5`, or that and `which is done`. */
export const statementText = ({ statement, of, done }: Pick<Intent, "statement" | "of" | "done">): string =>
  `statement ${statement} of ${of}${done ? ", which is done" : ""}`;

const standing = ({ direction, revision, holders, ...at }: Unfinished): string =>
  `the ${direction === "up" ? "upgrade to" : "downgrade of"} ${revision} ${holders === undefined ? "was interrupted" : "is under way"} at ${statementText(at)}`;

/** A `state/interrupted`; while the step is under way a `state/locked`. */
export function unfinishedError(
  project: GraphAndLedger,
  applied: readonly RevisionId[],
  intent: Intent,
  {
    after = "",
    lead,
    further = "",
  }: { readonly after?: string; readonly lead: string; readonly further?: string },
): MigrateError {
  const { holders } = intent;
  if (holders !== undefined) return lockHeld(holders, { mayDo: `, and ${standing(intent)}`, next: AGAIN });
  return new MigrateError({
    code: "state/interrupted",
    message: `${standing(intent)}${after}`,
    hint: `${finishingHint(project, applied, intent, lead)}${further}`,
  });
}
