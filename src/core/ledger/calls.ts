/** The names of a ledger → the SQL that locks, guards, writes and reads it; its procedures are in `sql/ledger`. */

import type { RelationLock } from "../effects/summary.ts";
import type { RevisionId } from "../migration.ts";
import { arrayLiteral, identifier, literal, qualified } from "../quote.ts";
import {
  createBlock,
  lockBlock,
  type Place,
  restoreKeysBlock,
  restoreProceduresBlock,
  restoreTablesBlock,
  unlockBlock,
} from "./blocks.ts";
import {
  type Expectation,
  guardBlock,
  lockKeyOf,
  type Rights,
  repairRowsBlock,
  sessionBlock,
  sessionLookBlock,
} from "./format.ts";
import type { How, Intent, LedgerNames, NewRow, Recorded, Tally } from "./types.ts";

/** What must be so before a step: one state, or just that the step can be done next. */
export type Expected = Tally | { readonly needs: readonly RevisionId[] };

/** What must be so before the first step. */
export interface StartState {
  readonly must: readonly RevisionId[];
  /** May be applied besides. */
  readonly may: readonly RevisionId[];
  /** Where all is done already. */
  readonly done: Tally;
  /** The command that writes the script from another state, where there is one: `%s` stands for its heads, `%%` for `%`. */
  readonly again: string;
  /** What that one may do besides to what is applied and should not be, for which `%s` stands. */
  readonly also: string;
  /** The heads of what is expected to be applied. */
  readonly starts: readonly RevisionId[];
  readonly direction: Direction;
  /** These may be half done, and are gone on with; else nothing may be. */
  readonly halfDone: readonly RevisionId[];
  /** Any may be half done: that is discarded then. */
  readonly discards: boolean;
  /** Of a script whose steps all go in that direction, these, in their order. */
  readonly steps: readonly RevisionId[];
  /** Squashed revisions, and what each replaces, in order: a ledger that has it is to name that one first. */
  readonly replaced: Readonly<Record<RevisionId, readonly RevisionId[]>>;
  /** The code checksum of each step that may be applied already: it is to be applied with that SQL. */
  readonly codes: Readonly<Record<RevisionId, string>>;
  /** Revisions of the script that none of these has: where nothing of it all is applied, it may be another database. */
  readonly known: readonly RevisionId[];
  /** Of each of `halfDone` that a script goes on with, for each statement the hash of those before it; null where it cannot be at that. */
  readonly begun: Readonly<Record<RevisionId, readonly (string | null)[]>>;
  /** The rows that a repair corrects and deletes. */
  readonly repair?: ChangedRows;
}

type Direction = "up" | "down";

/** The rows that a repair changes, by revision, before it and after it; null: there is none. */
export interface ChangedRows {
  readonly were: RowTexts;
  readonly willBe: RowTexts;
}

type RowTexts = Readonly<Record<RevisionId, Omit<Recorded, "revision"> | null>>;

/** The SQL of one ledger. Each text is one statement and ends in `;`, but for the queries. */
export interface Ledger {
  readonly names: LedgerNames;
  /** The key of the advisory lock that all who change this ledger take; PostgreSQL scopes it to the database. */
  readonly lockKey: string;
  /** Stops in a session that holds what a script would end or drop; sets the flags that say which project it is of. */
  requireSession(project?: readonly string[]): string;
  /** Leaves in `retort_preflight.session` why that would stop; for a transaction that only reads. */
  lookAtSession(project?: readonly string[]): string;
  /** Stops in the wrong place or where the lock is held; else takes it. */
  lock(place: Place): string;
  readonly unlock: string;
  /** Creates the ledger where there is none. */
  readonly create: string;
  /** The same, and brings an older one to this format. */
  readonly upgrade: string;
  /**
   * Stops unless the ledger can be trusted, and is consistent; with `rights`, also where the role may not write to it.
   * `absent`: what to do where there is none.
   */
  guard(expected: Expectation, rights?: Rights, absent?: string): string;
  /** The same, and leaves the session its lock: for a transaction that only reads. */
  lookAtLedger(expected: Expectation, rights?: Rights, absent?: string): string;
  /** Creates the tables that are missing; the primary keys that are; creates the procedures anew; makes the rows fit together, and says so in the log, whose sequence it sets. */
  readonly restoreTables: string;
  readonly restoreKeys: string;
  readonly restoreProcedures: string;
  repairRows(how: How): string;

  readonly requireLock: string;
  requireState(state: StartState): string;
  /** A query, without `;`, of why that would stop, `fault`, what to do, `hint`, and whether nothing is left to do, `is_done`. */
  lookAtState(state: StartState): string;
  /** Stops if the first of these steps are done, but not all of them, and nothing else: the next one's file is to be run. */
  requireUnbegun(
    steps: readonly RevisionId[],
    state: Pick<StartState, "direction" | "codes">,
    done: Tally,
  ): string;
  /** Resets the session; stops unless the state is as expected. */
  beginStep(revision: RevisionId, direction: Direction, expected: Expected): string;
  resumeStep(part: PartRef): string;
  /** Takes locks, and tries again so often where others have them. */
  takeLocks(locks: readonly RelationLock[], retries: number): string;
  /** The settings that the author's SQL starts with. */
  readonly setSession: string;
  /** `isFirst` false: it may be half done already. */
  intend(intent: Omit<Intent, "startedAt" | "startedBy" | "done" | "error">, isFirst?: boolean): string;
  /** Stops unless the catalog shows that the statement was done; `mayExist`: what it creates may have been there before. */
  requireDone(intent: IntentRef, mayExist: boolean): string;
  endStatement(part: PartRef, hasLock?: boolean): string;
  /** Stops unless the statement has succeeded in a session before this one; or has not. */
  requireOutcome(part: PartRef, done: boolean): string;
  endUpgrade(row: NewRow): string;
  endDowngrade(row: Pick<NewRow, "revision" | "checksum" | "how">): string;
  stamp(row: NewRow): string;
  unstamp(revision: RevisionId): string;
  readonly forgetIntent: string;
  accept(row: NewRow, detail: string): string;
  forget(revision: RevisionId, how: How, detail: string): string;
  /** Records a failure; never part of a plan. `statement`: of the intent that it was about, else 0. */
  fail(revision: RevisionId, direction: Direction, statement: number, error: string): string;
  /** Writes down which script begins its steps, unless all is done already. */
  beginScript(receipt: string, range: string, done: Tally): string;
  /** A query that stops, or whose one column `retort_passed` is true. `left`: of the steps that may stay unfinished. */
  check(tally: Tally, left?: Pick<StartState, "halfDone" | "direction">): string;
  /** A query that shows a person what is applied now. */
  summary(heads: readonly RevisionId[], receipt: string): string;
  /** A query of how long each step took that this session's run of the script has done. */
  durations(receipt: string): string;
  /** A query of one boolean, `retort_pending`: is the step still to be done? */
  isPending(revision: RevisionId, direction: Direction): string;
  /** A query of one boolean, `retort_next`: is the step at this statement, 0 where it has not begun? */
  isNext(intent: IntentRef): string;
  /** The same, and whether it is still to be done. `twin`: of a CREATE INDEX. */
  isUndone(intent: IntentRef, twin: string | undefined): string;
  /** A query of the statements that make room for this one where it was interrupted. */
  cleanup(intent: IntentRef): string;
  /**
   * A query of what became of an interrupted statement: `outcome`, `cleanup` (JSON, a list), `finishes`, `is_there`,
   * `reason`, `remedy`, `half_dropped` (JSON, a list).
   */
  outcome(twin: string | undefined): string;
}

export type IntentRef = Pick<Intent, "revision" | "statement">;

/** What goes on with a step also tells its direction: the other one may be under way. */
export type PartRef = IntentRef & Pick<Intent, "direction">;

/** The SQL of the ledger with these names. */
export function ledgerOf(names: LedgerNames): Ledger {
  const schema = qualified(names.schema);
  const lockKey = lockKeyOf(names.schema);
  const call = (procedure: string, ...args: readonly (string | number | bigint)[]): string =>
    filled(`CALL ${schema}.${procedure}(`, args.map(String), ");");
  /** On two lines, with a checksum on each. */
  const record = (procedure: string, ...args: readonly string[]): string =>
    `CALL ${schema}.${procedure}(${[args.slice(0, 2), args.slice(2)]
      .filter((line) => line.length > 0)
      .map((line) => line.join(", "))
      .join(",\n  ")});`;
  const rowOf = (row: Omit<NewRow, "how">): string[] => [
    literal(row.revision),
    literal(row.checksum),
    literal(row.codeChecksum),
    arrayLiteral(row.parents),
    literal(row.message),
  ];
  /** What has a default in the procedure is named where it is something else. */
  const named = (name: string, value: string, isDefault: boolean): string[] =>
    isDefault ? [] : [`${name} => ${value}`];
  const namedList = (name: string, items: readonly string[]): string[] =>
    named(name, arrayLiteral(items, `${name} => `.length), items.length === 0);
  const dependsOn = (row: Pick<NewRow, "dependsOn">): string[] => namedList("depends_on", row.dependsOn);
  const how = (row: Pick<NewRow, "how">): string[] => named("how", literal(row.how), row.how === "script");
  const going = (direction: Direction): string[] =>
    named("direction", literal(direction), direction === "up");
  const argumentsOf = ({
    must,
    may,
    done,
    again,
    starts,
    direction,
    halfDone,
    discards,
    steps,
    replaced,
    codes,
    known,
    begun,
    also,
    repair,
  }: StartState): readonly string[] => [
    ...[must, may].map((revisions) => arrayLiteral(revisions)),
    ...[String(done.revisions), String(done.digest)],
    literal(again),
    ...(halfDone.length === 0 ? [] : [arrayLiteral(halfDone)]),
    ...going(direction),
    ...(again === "" ? [] : namedList("starts", starts)),
    ...namedList("steps", steps),
    ...named("replaced", literal(listsJson(replaced)), Object.keys(replaced).length === 0),
    ...named("codes", literal(codesJson(codes)), Object.keys(codes).length === 0),
    ...namedList("known", known),
    ...named("also", literal(also), also === "" || again === ""),
    ...named("begun", literal(listsJson(begun)), Object.keys(begun).length === 0),
    ...named("discards", "true", !discards),
    ...(repair === undefined
      ? []
      : [`were => ${literal(rowsJson(repair.were))}`, `will_be => ${literal(rowsJson(repair.willBe))}`]),
  ];
  const intentOf = ({ revision, statement }: IntentRef) => [literal(revision), statement] as const;
  return {
    names,
    lockKey,
    requireSession: (flags = []) => sessionBlock(names, flags),
    lookAtSession: (flags = []) => sessionLookBlock(names, flags),
    lock: (place) => lockBlock(lockKey, names, place),
    unlock: unlockBlock(lockKey),
    // Made when it is asked for: most plans have no need of these.
    get create() {
      return createBlock(names, false);
    },
    get upgrade() {
      return createBlock(names, true);
    },
    guard: (expected, rights, absent) => guardBlock(names, expected, { rights, absent }),
    lookAtLedger: (expected, rights, absent) =>
      guardBlock(names, expected, { rights, absent, releases: false }),
    get restoreTables() {
      return restoreTablesBlock(names);
    },
    get restoreKeys() {
      return restoreKeysBlock(names);
    },
    get restoreProcedures() {
      return restoreProceduresBlock(names);
    },
    repairRows: (how) => repairRowsBlock(names, how),

    requireLock: call("require_lock"),
    requireState: (state) => call("require_state", ...argumentsOf(state)),
    lookAtState: (state) => filled(`SELECT * FROM ${schema}.state_fault(`, argumentsOf(state), ")"),
    requireUnbegun: (steps, { direction, codes }, done) =>
      call(
        "require_unbegun",
        ...[arrayLiteral(steps), literal(direction), done.revisions, done.digest],
        ...named("codes", literal(codesJson(codes)), Object.keys(codes).length === 0),
      ),
    beginStep: (revision, direction, expected) => {
      if ("digest" in expected)
        return call(
          "begin_step",
          literal(revision),
          expected.revisions,
          expected.digest,
          ...going(direction),
        );
      return direction === "up"
        ? call("begin_upgrade", literal(revision), arrayLiteral(expected.needs))
        : call("begin_downgrade", literal(revision));
    },
    takeLocks: (locks, retries) =>
      call(
        "take_locks",
        arrayLiteral(locks.map(lookedUp)),
        arrayLiteral(locks.map(({ mode }) => mode)),
        retries,
      ),
    setSession: call("set_session"),
    resumeStep: (part) => call("resume_step", ...intentOf(part), ...going(part.direction)),
    intend: ({ revision, direction, statement, of, hash, before, kind, names = [] }, isFirst = true) =>
      call(
        "intend",
        literal(revision),
        literal(direction),
        statement,
        of,
        literal(hash),
        literal(before),
        ...(kind === undefined ? [] : [literal(kind)]),
        ...(names.length === 0 ? [] : [arrayLiteral(names)]),
        ...named("is_first", "false", isFirst),
      ),
    requireDone: (intent, mayExist) =>
      call("require_done", ...intentOf(intent), ...named("may_exist", "true", !mayExist)),
    endStatement: (part, hasLock = true) =>
      call(
        "end_statement",
        ...intentOf(part),
        ...named("has_lock", "false", hasLock),
        ...going(part.direction),
      ),
    requireOutcome: (part, done) =>
      call("require_outcome", ...intentOf(part), String(done), ...going(part.direction)),
    endUpgrade: (row) => record("end_upgrade", ...rowOf(row), ...dependsOn(row), ...how(row)),
    endDowngrade: (row) => record("end_downgrade", literal(row.revision), literal(row.checksum), ...how(row)),
    stamp: (row) => call("stamp", ...rowOf(row), ...dependsOn(row)),
    unstamp: (revision) => call("remove", ...[revision, "unstamp", "stamp"].map(literal), "NULL"),
    forgetIntent: call("forget_intent"),
    accept: (row, detail) =>
      call("accept", ...rowOf(row), arrayLiteral(row.dependsOn), literal(row.how), literal(detail)),
    forget: (revision, how, detail) => call("remove", ...[revision, "repair", how, detail].map(literal)),
    fail: (revision, direction, statement, error) =>
      call("fail", literal(revision), literal(direction), statement, literal(error)),
    beginScript: (receipt, range, done) =>
      call("begin_script", literal(receipt), literal(range), done.revisions, done.digest),
    check: ({ revisions, digest }, { halfDone, direction } = { halfDone: [], direction: "up" }) =>
      filled(
        `SELECT ${schema}.check(`,
        [
          ...[revisions, digest].map(String),
          ...(halfDone.length === 0 ? [] : [arrayLiteral(halfDone), ...going(direction)]),
        ],
        ") AS retort_passed;",
      ),
    summary: (heads, receipt) =>
      `SELECT revisions AS applied_revisions, ${literal(heads.join(", ") || "<base>")} AS current_heads,\n` +
      `  ${literal(`sha256:${receipt}`)} AS receipt FROM ${schema}.state;`,
    durations: (receipt) =>
      "SELECT l.event AS step, l.revision, round(date_part('epoch', l.duration) * 1000) AS milliseconds\n" +
      `  FROM ${schema}.log AS l WHERE l.event IN ('upgrade', 'downgrade') AND l.id > (\n` +
      `    SELECT max(s.id) FROM ${schema}.log AS s WHERE s.event = 'script' AND s.checksum =\n` +
      `      ${literal(receipt)}\n` +
      `      AND s.at > (SELECT ${schema}.session_start()))\n` +
      "  ORDER BY l.id;",
    isPending: (revision, direction) =>
      `SELECT ${schema}.is_pending(${literal(revision)}, ${literal(direction)}) AS retort_pending`,
    isNext: (intent) => `SELECT ${schema}.is_next(${intentOf(intent).join(", ")}) AS retort_next`,
    isUndone: (intent, twin) =>
      filled(
        `SELECT ${schema}.is_undone(`,
        [...intentOf(intent).map(String), ...(twin === undefined ? [] : [`twin => ${literal(twin)}`])],
        ") AS retort_next",
      ),
    cleanup: (intent) => `SELECT ${schema}.cleanup(${intentOf(intent).join(", ")})`,
    outcome: (twin) =>
      "SELECT o.outcome, to_json(o.cleanup) AS cleanup, o.finishes, o.is_there, o.reason, o.remedy,\n" +
      "  (SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname)), '[]')\n" +
      `    FROM ${schema}.intent AS i JOIN pg_index AS x\n` +
      `      ON x.indexrelid = ANY (${schema}.relations_now(i.places, i.place_names))\n` +
      "      JOIN pg_class AS c ON c.oid = x.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace\n" +
      "    WHERE i.kind = 'drop index' AND NOT x.indisvalid) AS half_dropped\n" +
      `  FROM ${schema}.outcome(${twin === undefined ? "NULL" : literal(twin)}) AS o;`,
  };
}

/** As `other_code` reads them: one on a line. */
export const codesJson = (codes: StartState["codes"]): string =>
  `{${Object.entries(codes)
    .map(([revision, code]) => `\n  ${JSON.stringify(revision)}: "${code}"`)
    .join(",")}}`;

/** As `begun_otherwise` and `replaced_hint` read them: one hash or revision on a line. */
export const listsJson = (lists: Readonly<Record<RevisionId, readonly (string | null)[]>>): string =>
  `{${Object.entries(lists)
    .map(([revision, items]) => {
      const list = items.map((item) => `\n    ${JSON.stringify(item)}`).join(",");
      return `\n  ${JSON.stringify(revision)}: [${list}]`;
    })
    .join(",")}}`;

/** As `changed_rows` reads them: a row on two lines. */
export const rowsJson = (rows: RowTexts): string =>
  `{${Object.entries(rows)
    .map(([revision, row]) => {
      const key = `\n  ${JSON.stringify(revision)}: `;
      if (row === null) return `${key}null`;
      const [parents, dependsOn, message] = [row.parents, row.dependsOn, row.message].map((value) =>
        JSON.stringify(value),
      );
      return `${key}{"checksum": "${row.checksum}",\n    "parents": ${parents}, "depends_on": ${dependsOn}, "message": ${message}}`;
    })
    .join(",")}}`;

/** What `to_regclass` reads. No word is reserved there. */
export const regclassText = ({ schema, name }: Pick<RelationLock, "schema" | "name">): string =>
  [schema, name].map(wordOf).join(".");

const wordOf = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : identifier(name));

/** A table as the statement that locks it finds it. */
const lookedUp = ({ schema, name, inServersPath }: RelationLock): string =>
  inServersPath === true ? wordOf(name) : regclassText({ schema, name });

/** A call on as many lines as it takes. */
function filled(head: string, args: readonly string[], tail: string): string {
  const lines = [head];
  for (const [index, arg] of args.entries()) {
    const text = index === args.length - 1 ? arg + tail : `${arg},`;
    const line = lines.at(-1)!;
    if (index === 0) lines[0] = line + text;
    else if (line.length + 1 + text.length <= WIDTH) lines[lines.length - 1] = `${line} ${text}`;
    else lines.push(`  ${text}`);
  }
  return args.length === 0 ? head + tail : lines.join("\n");
}

/** Columns. */
const WIDTH = 100;
