/** The SQL that reads, creates, guards and writes the ledger, as text. */
import {
  type Clock,
  type Digest,
  digestOf,
  type Expected,
  type IntentRef,
  type LedgerNames,
  type NewRow,
  type Place,
  type Progress,
  type Recorded,
  type Sha256,
  type Start,
  type StepLabel,
  sqlstates,
  type Undone,
} from "./ledger.ts";
import type { RevisionId } from "./migration.ts";
import { dollarQuoted, identifier, literal, qualified, textArray } from "./quote.ts";

/** The SQL of one ledger. */
export interface LedgerSql {
  readonly sha256: Sha256;
  /** The key of the advisory lock that all who change this ledger take; PostgreSQL scopes it to the database. */
  readonly lockKey: bigint;
  readonly lock: string;
  readonly unlock: string;
  /** Creates what is missing, in one DO block that touches nothing where the ledger is there. */
  readonly create: string;
  /**
   * Stops unless this session holds the lock and is where it should be, and line ends came as they were written.
   * A session that was stopped has no lock.
   */
  guardPlace(place: Place): string;
  /** As `guardPlace`, unless what is applied is as expected; nothing half done, or exactly `intent`. */
  guardStart(start: Start, intent?: IntentRef): string;
  /**
   * Stops unless the state is as expected and this session holds the lock (`held`: the transaction has asked already);
   * begins the clock of the step. One row is read and written.
   */
  guardStep(step: StepLabel, expected: Expected, intent?: IntentRef, held?: "held"): string;
  /** As `guardStep`, for a statement outside a transaction: also re-opens the session for writing. */
  guardFuse(step: StepLabel, expected: Expected, intent: IntentRef): string;
  /** Stops where the catalog shows that a statement outside a transaction did not do what it should. */
  guardDone(undone: Undone): string;
  /** For files that follow one another: stops unless the newest entry of the log has that receipt; has not that range. */
  guardFile(newest: { readonly is: string } | { readonly isNot: string }, sentence: string): string;
  /** A query with one boolean, `retort_pending`: is the step still to be done? It stands alone, between transactions. */
  pending(step: { readonly revision: RevisionId; readonly direction: "up" | "down" }): string;
  /** Stops unless this is what is applied, row by row, and nothing is half done. Reads only. */
  check(digest: Digest): string;
  /** A query that shows what is applied now, for a person. */
  summary(heads: readonly RevisionId[], receipt: string): string;
  /**
   * Records the receipt of a script, if this session has the lock still: no guard has stopped it. `step`: and has
   * recorded a step since the last receipt; a digest: and has led to that.
   */
  receipt(sha256: string, range: string, proof: "lock" | "step" | Digest): string;
  /** What a transaction of ours begins with behind the steps of a script: our own identity, no settings of a file. */
  readonly ourselves: string;
  /** The row of a step that went up or down. A step outside a transaction is timed by its row in `progress`. */
  recordUp(row: NewRow, clock: Clock): string;
  recordDown(row: Pick<NewRow, "revision" | "checksum" | "how">, clock: Clock): string;
  stampIn(row: NewRow): string;
  stampOut(revision: RevisionId): string;
  /** Stops unless a row still says what it said when it was shown. */
  guardRow(row: Recorded): string;
  /** Makes the row of an applied revision say what its file says; the log keeps what it said. */
  accept(row: NewRow, detail: string): string;
  /** Deletes the row of a revision that no file has. */
  disown(row: Pick<NewRow, "revision" | "how">, detail: string): string;
  intend(intent: Omit<Progress, "startedAt" | "startedBy">): string;
  forget(): string;
  /** Records a failure; never part of a plan. */
  failure(row: {
    readonly revision: RevisionId;
    readonly direction: "up" | "down";
    readonly detail: string;
  }): string;
  /** Rows of `applied`, in no order. */
  readonly selectApplied: string;
  readonly selectProgress: string;
  /** The newest entries of the log; 0: all. */
  selectLog(last: number): string;
}

/** Composes the SQL of the ledger with these names. */
export function ledgerSql(names: LedgerNames, sha256: Sha256): LedgerSql {
  const applied = qualified(names.schema, "applied");
  const state = qualified(names.schema, "state");
  const log = qualified(names.schema, "log");
  const progress = qualified(names.schema, "progress");
  const lockKey = BigInt.asIntN(64, BigInt(`0x${sha256(`retort ledger ${applied}`).slice(0, 16)}`));

  // A file may have left another identity, or settings; and a role that does not inherit must be set to read.
  const asOurselves = `SET SESSION AUTHORIZATION DEFAULT; RESET ALL; ${names.role === undefined ? "" : `SET ROLE ${identifier(names.role)}; `}`;

  const doBlock = (body: string): string => `DO ${dollarQuoted(`\n${body}\n`)};`;
  /** Our identity and no settings of a file, with text read as we write it. */
  const ourselves = `${asOurselves.trimEnd()}\nSET client_encoding = 'UTF8'; SET standard_conforming_strings = on;`;
  const raising = (state: string, message: string, hint: string): string =>
    `RAISE EXCEPTION USING ERRCODE = '${state}',\n      MESSAGE = ${message},\n      HINT = ${hint};`;
  const raise = (state: string, message: string, hint: string): string =>
    raising(state, message, longLiteral(hint));
  const stop = (condition: string, message: string, hint: string): string =>
    `\n  IF ${condition} THEN\n    ${raising(sqlstates.guard, message, hint)}\n  END IF;`;
  const giveAway =
    `PERFORM pg_catalog.pg_advisory_unlock(${lockKey}),\n    ` +
    `pg_catalog.pg_advisory_unlock_shared(${lockKey}),\n    pg_catalog.pg_advisory_unlock_shared(${lockKey});`;
  /** A session whose guard has stopped it gives the lock away, and without it no later guard lets anything pass. */
  const unlocking = `EXCEPTION WHEN OTHERS OR query_canceled THEN\n  ${giveAway}\n  RAISE;\nEND`;
  const lockIsOurs =
    `EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1\n` +
    `        AND pid = pg_catalog.pg_backend_pid() AND classid = ${BigInt.asUintN(32, lockKey >> 32n)} AND objid = ${BigInt.asUintN(32, lockKey)})`;
  /**
   * The same, for what is asked at every step: the lock is also held twice in the mode that others could share, so
   * one of the two can be put down and taken up. That tells as much, and 130 µs sooner than a look at all locks.
   */
  const lockIsStillOurs = `pg_catalog.pg_advisory_unlock_shared(${lockKey})\n      AND pg_catalog.pg_try_advisory_lock_shared(${lockKey})`;
  const held = `retort: another session holds the lock of the ledger ${applied}`;
  const resume = "Look with: migrate current. Go on with: migrate upgrade.";
  const wrongState = "Look with: migrate current -v. A script fits one state: write it again from this one.";
  const stepState = "Nothing of this step was done. Look with: migrate current -v.";

  const intentIs = (intent: IntentRef | undefined): string =>
    intent === undefined
      ? `NOT EXISTS (SELECT FROM ${progress})`
      : `EXISTS (SELECT FROM ${progress}\n        WHERE revision = ${literal(intent.revision)} AND statement = ${intent.statement}\n        AND hash = ${literal(intent.hash)})`;

  const negated = (condition: string): string =>
    condition.startsWith("NOT ") ? condition.slice("NOT ".length) : `NOT ${condition}`;

  const isApplied = (revision: RevisionId): string =>
    `EXISTS (SELECT FROM ${applied} WHERE revision = ${literal(revision)})`;

  const stateIs = (expected: Expected): string => {
    if ("sum" in expected) return `revisions = ${expected.count} AND digest = ${expected.sum}`;
    const { revision, direction, needs } = expected;
    const missing = `(SELECT pg_catalog.unnest(${textArray(needs)}) EXCEPT SELECT revision FROM ${applied})`;
    const dependents = `(SELECT FROM ${applied} WHERE ${literal(revision)} = ANY (parents || depends_on))`;
    return direction === "up"
      ? `NOT ${isApplied(revision)}${needs.length === 0 ? "" : ` AND NOT EXISTS ${missing}`}`
      : `${isApplied(revision)} AND NOT EXISTS ${dependents}`;
  };

  const duration = (clock: Clock): string =>
    clock === "guard"
      ? `(SELECT pg_catalog.clock_timestamp() - step_began_at FROM ${state})`
      : `(SELECT pg_catalog.clock_timestamp() - COALESCE(\n      (SELECT started_at FROM ${progress}), step_began_at) FROM ${state})`;

  const record = (event: string, change: string, revision: RevisionId, sign: "+" | "-", more = ""): string =>
    `WITH changed AS (\n  ${change}\n), counted AS (\n` +
    `  UPDATE ${state} SET revisions = revisions ${sign} 1, digest = digest ${sign} ${digestOf(revision, sha256)}\n)\n` +
    `INSERT INTO ${log} (event, revision, checksum, how, duration${more}) SELECT '${event}', * FROM changed;`;

  const insert = (row: NewRow, took: string): string =>
    `INSERT INTO ${applied}\n    (revision, checksum, code_checksum, parents, depends_on, message, how, duration)\n` +
    `  VALUES (${literal(row.revision)},\n    ${literal(row.checksum)},\n    ${literal(row.codeChecksum)},\n` +
    `    ${textArray(row.parents)}, ${textArray(row.dependsOn)},\n    ${literal(row.message)}, '${row.how}',\n    ${took})\n` +
    "  RETURNING revision, checksum, how, duration";

  return {
    sha256,
    lockKey,

    lock: doBlock(
      `BEGIN\n  IF NOT pg_catalog.pg_try_advisory_lock(${lockKey}) THEN\n    ` +
        raise(
          sqlstates.lockHeld,
          literal(held),
          "Nothing was changed. Wait until it is done and try again.",
        ) +
        `\n  END IF;\n  PERFORM pg_catalog.pg_advisory_lock_shared(${lockKey}),\n    pg_catalog.pg_advisory_lock_shared(${lockKey});\nEND`,
    ),

    unlock: doBlock(`BEGIN\n  IF ${lockIsOurs} THEN\n    ${giveAway}\n  END IF;\nEND`),

    create: doBlock(
      `BEGIN
  IF pg_catalog.to_regclass(${literal(applied)}) IS NULL THEN
    IF pg_catalog.to_regnamespace(${literal(qualified(names.schema))}) IS NULL THEN
      CREATE SCHEMA ${qualified(names.schema)};
    END IF;
    CREATE TABLE ${applied} (
      revision text PRIMARY KEY,
      checksum text NOT NULL,
      code_checksum text NOT NULL,
      parents text[] NOT NULL,
      depends_on text[] NOT NULL,
      message text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
      applied_by text NOT NULL DEFAULT SESSION_USER,
      duration interval,
      how text NOT NULL CHECK (how IN ('run', 'script', 'stamp'))
    );
    CREATE TABLE ${state} (
      format integer PRIMARY KEY CHECK (format = 1),
      revisions bigint NOT NULL,
      digest numeric NOT NULL,
      step_began_at timestamptz
    );
    INSERT INTO ${state} (format, revisions, digest) VALUES (1, 0, 0);
    CREATE TABLE ${log} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
      by text NOT NULL DEFAULT SESSION_USER,
      event text NOT NULL,
      revision text,
      checksum text,
      how text,
      duration interval,
      detail text
    );
    CREATE TABLE ${progress} (
      id boolean PRIMARY KEY DEFAULT true CHECK (id),
      revision text NOT NULL,
      direction text NOT NULL CHECK (direction IN ('up', 'down')),
      statement integer NOT NULL,
      of integer NOT NULL,
      hash text NOT NULL,
      before text NOT NULL,
      started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
      started_by text NOT NULL DEFAULT SESSION_USER
    );
    COMMENT ON TABLE ${applied}
      IS 'Applied revisions, one row each. Written by migrate.';
    COMMENT ON TABLE ${state}
      IS 'Count and digest of the applied revisions. Written by migrate.';
    COMMENT ON TABLE ${log}
      IS 'What was done to this database, and when. Written by migrate; rows are only added.';
    COMMENT ON TABLE ${progress}
      IS 'The step outside a transaction that is under way. Written by migrate.';
  END IF;
END`,
    ),

    guardPlace: ({ minimumVersion, database, role }) => {
      const connect = (what: string): string => literal(`Nothing was changed. Connect ${what}.`);
      return doBlock(
        `BEGIN${stop(
          `NOT ${lockIsOurs}`,
          literal(`retort: this session does not hold the lock of the ledger ${applied}`),
          longLiteral(
            "Nothing was changed. The lock is taken at the beginning; a pooler must not change the session.",
          ),
        )}${stop(
          "pg_catalog.length('\n') <> 1",
          literal("retort: this is not what was written: its line ends were changed on the way"),
          literal("Nothing was changed. Copy the file as it is, not as text with CRLF."),
        )}${
          minimumVersion === undefined
            ? ""
            : stop(
                `pg_catalog.current_setting('server_version_num')::integer < ${minimumVersion}`,
                `pg_catalog.concat('retort: this needs PostgreSQL ${versionName(minimumVersion)} or later; the server is ',\n        pg_catalog.current_setting('server_version'))`,
                literal("Nothing was changed."),
              )
        }${
          database === undefined
            ? ""
            : stop(
                `pg_catalog.current_database() <> ${literal(database)}`,
                `pg_catalog.concat(${literal(`retort: this is for the database ${database}; connected to `)},\n        pg_catalog.current_database())`,
                connect("to the right database"),
              )
        }${
          role === undefined
            ? ""
            : stop(
                `SESSION_USER <> ${literal(role)}`,
                `pg_catalog.concat(${literal(`retort: this is to be run by the role ${role}; connected as `)}, SESSION_USER)`,
                connect("as the right role"),
              )
        }\n${unlocking}`,
      );
    },

    guardStart: ({ atLeast, atMost, result, again }, intent) => {
      const exact = atLeast === atMost;
      const found = (set: string): string =>
        `(SELECT pg_catalog.string_agg(r, ', ' ORDER BY r)\n    FROM (${set}) AS s (r))`;
      const hint =
        again === undefined
          ? longLiteral(wrongState)
          : `CASE WHEN EXISTS (SELECT FROM ${state}
          WHERE ${stateIs(result)})
        THEN 'Nothing was changed. All of it is done already.'
        ELSE pg_catalog.concat('Nothing was changed. Look with: migrate current -v. ',
          ${literal(`A script from this state is written by: migrate ${again.verb} `)},
          COALESCE((SELECT pg_catalog.string_agg(revision, ',' ORDER BY revision)
            FROM ${applied} WHERE revision NOT IN (
              SELECT pg_catalog.unnest(parents || depends_on) FROM ${applied})), 'base'),
          ${literal(`:${again.target} --sql`)}) END`;
      return doBlock(
        `DECLARE
  must_be text[] := ${textArray(atLeast.toSorted(), 4)};${exact ? "" : `\n  may_be text[] := ${textArray(atMost.toSorted(), 4)};`}
  found text[];
  missing text;
  unexpected text;
  interrupted text;
BEGIN${stop(
          `pg_catalog.to_regclass(${literal(applied)}) IS NULL`,
          longLiteral(`retort: this database has no ledger ${applied}, and revisions should be applied`),
          longLiteral(wrongState),
        )}
  interrupted := (SELECT pg_catalog.concat(revision, ' at statement ', statement, ' of ', of)
    FROM ${progress});${
      intent === undefined
        ? stop(
            "interrupted IS NOT NULL",
            "pg_catalog.concat('retort: a step outside a transaction was interrupted: ',\n        interrupted)",
            longLiteral(resume),
          )
        : stop(
            negated(intentIs(intent)),
            `pg_catalog.concat(${literal(`retort: ${intent.revision} should be interrupted at statement ${intent.statement}; it is `)},\n        COALESCE(interrupted, 'not'))`,
            longLiteral(resume),
          )
    }
  found := ARRAY(SELECT revision FROM ${applied});
  missing := ${found("SELECT pg_catalog.unnest(must_be) EXCEPT SELECT pg_catalog.unnest(found)")};
  unexpected := ${found(`SELECT pg_catalog.unnest(found) EXCEPT SELECT pg_catalog.unnest(${exact ? "must_be" : "may_be"})`)};${stop(
    "missing IS NOT NULL OR unexpected IS NOT NULL",
    `pg_catalog.concat('retort: this database is not in the state that was assumed',
        '; not applied, but should be: ' || pg_catalog.left(missing, 1000),
        '; applied, but should not be: ' || pg_catalog.left(unexpected, 1000))`,
    hint,
  )}
${unlocking}`,
      );
    },

    guardStep: (step, expected, intent, held) =>
      doBlock(
        `BEGIN
  UPDATE ${state} SET step_began_at = pg_catalog.clock_timestamp()
    WHERE ${stateIs(expected)}
      AND ${intentIs(intent)}${held === undefined ? `\n      AND ${lockIsStillOurs}` : ""};
  IF NOT FOUND THEN
    ${raise(sqlstates.guard, longLiteral(`retort: ${step} does not fit the state of this database, or this session lost the lock`), stepState)}
  END IF;
END`,
      ),

    guardFuse: (step, expected, intent) =>
      doBlock(
        `BEGIN${stop(
          `NOT EXISTS (SELECT FROM ${state} WHERE ${stateIs(expected)}\n      AND ${intentIs(intent)}\n      AND ${lockIsOurs})`,
          longLiteral(
            `retort: ${step} does not fit the state of this database, or this session lost the lock`,
          ),
          longLiteral(stepState),
        )}
  PERFORM pg_catalog.set_config('default_transaction_read_only', 'off', false);
${unlocking}`,
      ),

    guardDone: ({ condition, sentence, hint }) =>
      doBlock(`BEGIN${stop(condition, longLiteral(`retort: ${sentence}`), literal(hint))}\nEND`),

    guardFile: (newest, sentence) => {
      const { column, comparison, text } =
        "is" in newest
          ? { column: "checksum", comparison: "IS DISTINCT FROM", text: newest.is }
          : { column: "detail", comparison: "=", text: newest.isNot };
      return doBlock(
        `BEGIN${stop(
          `(SELECT ${column} FROM ${log} ORDER BY id DESC LIMIT 1)\n    ${comparison} ${literal(text)}`,
          longLiteral(`retort: ${sentence}`),
          longLiteral(
            "Nothing of this file was done. Run the files in order, each once. Look with: migrate log; migrate status.",
          ),
        )}\nEND`,
      );
    },

    pending: ({ revision, direction }) =>
      `${ourselves}\nSELECT ${direction === "up" ? "NOT " : ""}${isApplied(revision)} AS retort_pending`,

    check: (digest) =>
      doBlock(
        `BEGIN${stop(
          `NOT EXISTS (SELECT FROM ${state} WHERE ${stateIs(digest)})
    OR (SELECT (pg_catalog.count(*), COALESCE(pg_catalog.sum(
      ${DIGEST_IN_SQL}), 0))
      FROM ${applied}) IS DISTINCT FROM (${digest.count}::bigint, ${digest.sum}::numeric)
    OR EXISTS (SELECT FROM ${progress})`,
          literal("retort: what is applied now is not what was promised"),
          literal("Look with: migrate status; and at the errors above, if there are any."),
        )}
END`,
      ),

    summary: (heads, receipt) =>
      `SELECT revisions AS applied_revisions, ${literal(heads.join(", ") || "<base>")} AS current_heads,\n  ${literal(`sha256:${receipt}`)} AS receipt\n  FROM ${state};`,

    receipt: (receipt, range, proof) =>
      `INSERT INTO ${log} (event, checksum, how, detail)\n  SELECT 'script', ${literal(receipt)},\n    'script', ${literal(range)}\n` +
      `  WHERE ${lockIsOurs}` +
      (typeof proof === "string" ? "" : `\n    AND EXISTS (SELECT FROM ${state} WHERE ${stateIs(proof)})`) +
      (proof === "lock"
        ? ""
        : `\n    AND EXISTS (SELECT FROM ${log} WHERE how <> 'run'\n` +
          `      AND id > COALESCE((SELECT pg_catalog.max(id) FROM ${log} WHERE event = 'script'), 0)\n` +
          "      AND at >= (SELECT backend_start FROM pg_catalog.pg_stat_activity\n        WHERE pid = pg_catalog.pg_backend_pid()))") +
      ";",

    ourselves,

    recordUp: (row, clock) => record("upgrade", insert(row, duration(clock)), row.revision, "+"),

    recordDown: (row, clock) =>
      record(
        "downgrade",
        `DELETE FROM ${applied} WHERE revision = ${literal(row.revision)}\n  RETURNING revision, ${literal(row.checksum)}, '${row.how}', ${duration(clock)}`,
        row.revision,
        "-",
      ),

    stampIn: (row) => record("stamp", insert(row, "NULL"), row.revision, "+"),

    stampOut: (revision) =>
      record(
        "unstamp",
        `DELETE FROM ${applied} WHERE revision = ${literal(revision)}\n  RETURNING revision, checksum, 'stamp', NULL::interval`,
        revision,
        "-",
      ),

    guardRow: ({ revision, checksum, parents, dependsOn, message }) =>
      doBlock(
        `BEGIN
  IF NOT EXISTS (SELECT FROM ${applied} WHERE revision = ${literal(revision)} AND checksum = ${literal(checksum)}
      AND parents = ${textArray(parents)} AND depends_on = ${textArray(dependsOn)} AND message = ${literal(message)}) THEN
    ${raise(sqlstates.guard, literal(`retort: the row of ${revision} is no longer what was shown`), "Nothing was changed. Look again with: migrate verify")}
  END IF;
END`,
      ),

    accept: (row, detail) =>
      `WITH changed AS (\n  UPDATE ${applied} SET checksum = ${literal(row.checksum)}, code_checksum = ${literal(row.codeChecksum)},\n` +
      `    parents = ${textArray(row.parents)}, depends_on = ${textArray(row.dependsOn)}, message = ${literal(row.message)}\n` +
      `  WHERE revision = ${literal(row.revision)}\n  RETURNING revision, checksum\n)\n` +
      `INSERT INTO ${log} (event, revision, checksum, how, detail)\n` +
      `  SELECT 'repair', revision, checksum, '${row.how}', ${literal(detail)} FROM changed;`,

    disown: ({ revision, how }, detail) =>
      record(
        "repair",
        `DELETE FROM ${applied} WHERE revision = ${literal(revision)}\n  RETURNING revision, checksum, '${how}', NULL::interval, ${literal(detail)}`,
        revision,
        "-",
        ", detail",
      ),

    intend: (intent) => {
      const values = `${literal(intent.revision)}, '${intent.direction}', ${intent.statement}, ${intent.of},\n    ${literal(intent.hash)},\n    ${literal(intent.before)},\n    (SELECT step_began_at FROM ${state})`;
      return (
        `INSERT INTO ${progress} (revision, direction, statement, of, hash, before, started_at)\n  VALUES (${values})\n` +
        "  ON CONFLICT (id) DO UPDATE\n    SET (statement, hash, before) = (EXCLUDED.statement, EXCLUDED.hash, EXCLUDED.before);"
      );
    },

    forget: () => `DELETE FROM ${progress};`,

    failure: (row) =>
      `${asOurselves}INSERT INTO ${log} (event, revision, how, detail) VALUES ('failure', ${literal(row.revision)}, 'run', ${literal(`${row.direction}: ${row.detail}`)});`,

    selectApplied:
      `${asOurselves}SELECT revision, checksum, code_checksum, parents, depends_on, message, how, applied_by, ` +
      "pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS applied_at, " +
      `pg_catalog.date_part('epoch', duration) AS duration FROM ${applied}`,

    selectProgress:
      `${asOurselves}SELECT revision, direction, statement, of, hash, before, started_by, ` +
      `pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS started_at FROM ${progress}`,

    selectLog: (last) =>
      `${asOurselves}SELECT pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, by, event, revision, checksum, how, ` +
      `pg_catalog.date_part('epoch', duration) AS duration, detail FROM ${log} ORDER BY id DESC${last === 0 ? "" : ` LIMIT ${Math.trunc(last)}`}`,
  };
}

/** `digestOf` of a row of `applied`. */
const DIGEST_IN_SQL =
  "('x' || pg_catalog.substr(pg_catalog.encode(pg_catalog.sha256(\n" +
  "        pg_catalog.convert_to(revision, 'UTF8')), 'hex'), 1, 15))::bit(60)::bigint";

/** A literal in pieces on lines of at most 100, as the sentences of a guard have it; SQL joins them. */
function longLiteral(text: string): string {
  if (text.includes("\\") || text.length < 76) return literal(text);
  const pieces = text.match(/.{1,74}(?:\s|$)|.+/gs) ?? [text];
  return pieces.map(literal).join("\n        ");
}

/** 150004 → "15.4", 160000 → "16". */
function versionName(number: number): string {
  const minor = number % 10000;
  return `${Math.floor(number / 10000)}${minor === 0 ? "" : `.${minor}`}`;
}
