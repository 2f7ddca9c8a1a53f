/**
 * The names of a ledger → the DO blocks that must work before anything in the database can be trusted: the lock, the
 * creation of the ledger, and whether the ledger is ours. Each pins the search path before its first expression.
 */
import { dollarQuoted, literal, qualified } from "../quote.ts";
import { FORMAT, formatFiles, inSchema, ledgerFiles } from "./format.ts";
import { type LedgerNames, sqlstates } from "./types.ts";

/** Where something may be done. */
export interface Place {
  /** `server_version_num`. */
  readonly minimumVersion?: number;
  readonly database?: string;
  /** The role that connects. */
  readonly role?: string;
}

/** A DO block over lines of PL/pgSQL. */
const block = (lines: readonly string[]): string =>
  `DO ${dollarQuoted(
    `\nBEGIN\n  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);\n${lines.join("\n")}\nEND\n`,
  )};`;

/** `message` and `hint` are SQL expressions. */
const stopIf = (
  condition: string,
  message: string,
  hint: string,
  sqlstate: string = sqlstates.guard,
): readonly string[] => [
  `  IF ${condition} THEN`,
  `    RAISE EXCEPTION USING ERRCODE = '${sqlstate}',`,
  `      MESSAGE = ${message},`,
  `      HINT = ${hint};`,
  "  END IF;",
];

/**
 * Stops in the wrong place; then takes the lock, or stops at once: to wait in a statement would stop a CREATE INDEX
 * CONCURRENTLY of the one that holds it. Without the lock no later guard lets the session pass.
 */
export function lockBlock(key: bigint, { schema }: LedgerNames, place: Place): string {
  const nothing = (then = ""): string => literal(`Nothing was changed.${then}`);
  return block([
    ...stopIf(
      "length('\n') <> 1",
      literal("retort: this is not what was written: its line ends were changed on the way"),
      nothing(" Copy the file as it is, not as text with CRLF."),
    ),
    ...(place.minimumVersion === undefined
      ? []
      : stopIf(
          `current_setting('server_version_num')::integer < ${place.minimumVersion}`,
          `concat('retort: this needs PostgreSQL ${versionName(place.minimumVersion)} or later; the server is ',\n        current_setting('server_version'))`,
          nothing(),
        )),
    ...(place.database === undefined
      ? []
      : stopIf(
          `current_database() <> ${literal(place.database)}`,
          `concat(${literal(`retort: this is for the database ${place.database}; connected to `)}, current_database())`,
          nothing(" Connect to the right database."),
        )),
    ...(place.role === undefined
      ? []
      : stopIf(
          `SESSION_USER <> ${literal(place.role)}`,
          `concat(${literal(`retort: this is to be run by the role ${place.role}; connected as `)}, SESSION_USER)`,
          nothing(" Connect as the right role."),
        )),
    ...stopIf(
      `NOT pg_try_advisory_lock(${key})`,
      literal(`retort: another session holds the lock of the ledger ${qualified(schema)}`),
      nothing(" Wait until it is done and try again."),
      sqlstates.lockHeld,
    ),
    `  PERFORM pg_advisory_lock_shared(${key}),\n    pg_advisory_lock_shared(${key});`,
  ]);
}

/** Gives the lock back, however often this session has taken it. */
export const unlockBlock = (key: bigint): string =>
  block(
    (["ExclusiveLock", "ShareLock"] as const).map(
      (mode) =>
        `  WHILE EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND mode = '${mode}'\n` +
        "      AND locktype = 'advisory' AND objsubid = 1\n" +
        `      AND classid = ${BigInt.asUintN(32, key >> 32n)} AND objid = ${BigInt.asUintN(32, key)}) LOOP\n` +
        `    PERFORM pg_advisory_unlock${mode === "ShareLock" ? "_shared" : ""}(${key});\n  END LOOP;`,
    ),
  );

/** Creates the ledger where there is none; with `upgrades`, brings an older one to this format. */
export function createBlock({ schema }: LedgerNames, upgrades: boolean): string {
  const execute = (text: string, tag: string): string =>
    `    EXECUTE ${dollarQuoted(`\n${inSchema(text, schema).trimEnd()}\n`, tag)};`;
  const state = literal(`${qualified(schema)}.state`);
  const older = Object.entries(formatFiles).flatMap(([format, text]) => [
    `  IF (SELECT max(s.format) FROM ${qualified(schema)}.state AS s) = ${Number(format) - 1} THEN`,
    execute(text, "tables"),
    ...(Number(format) === FORMAT ? [execute(ledgerFiles.procedures, "procedures")] : []),
    "  END IF;",
  ]);
  return block([
    `  IF to_regclass(${state}) IS NULL THEN`,
    `    IF to_regnamespace(${literal(qualified(schema))}) IS NULL THEN`,
    `      CREATE SCHEMA ${qualified(schema)};`,
    "    END IF;",
    execute(ledgerFiles.tables, "tables"),
    execute(ledgerFiles.procedures, "procedures"),
    "  END IF;",
    ...(upgrades ? older : []),
  ]);
}

/** 150004 → "15.4", 160000 → "16". */
function versionName(number: number): string {
  const minor = number % 10000;
  return `${Math.floor(number / 10000)}${minor === 0 ? "" : `.${minor}`}`;
}
