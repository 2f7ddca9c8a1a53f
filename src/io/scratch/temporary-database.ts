/**
 * The address of a server → room for a temporary database on it, with the encoding and the locale of the one that the
 * address names, which is only connected to.
 *
 * The connection that makes the database holds an advisory lock of its name for as long as it lives, which any other
 * session can see: a database of ours without that lock is what a crash has left behind, and the next one drops it.
 */

import { MigrateError } from "../../core/errors.ts";
import { asOptions } from "../../core/option-names.ts";
import { identifier, literal, qualified } from "../../core/quote.ts";
import type { ServerAddress } from "../libpq/parameters.ts";
import { backendOf, sharedMode } from "../queries.ts";
import { randomHex } from "../random.ts";
import { isNotYet } from "../session/connect.ts";
import { openSession } from "../session/open.ts";
import { type Session, StatementFailure } from "../session/types.ts";
import { resetSql } from "./reset.ts";
import type { NoRoom, Room, RoomOptions } from "./types.ts";

/** Room on that server, or why there is none. Throws `execution/connect` where the server does not answer. */
export async function temporaryDatabase(
  address: ServerAddress,
  options: RoomOptions,
): Promise<Room | NoRoom> {
  const admin = await openAdmin(address, options);
  try {
    const sql = factsSql(options.owner, admin);
    const facts = (await admin.read({ sql, row: { parse: (row) => row as Facts } }))[0]!;
    const none = await unfit(admin, facts, options.owner);
    if (none !== undefined) {
      await admin.close();
      return none;
    }
    await sweep(admin);
    return roomOn(address, admin, facts, await lockedName(admin), options);
  } catch (error) {
    await admin.close();
    throw error;
  }
}

async function openAdmin(address: ServerAddress, { signal, names }: RoomOptions): Promise<Session> {
  const admin = await openSession(address, { signal, names });
  try {
    await admin.send("SET search_path = pg_catalog, pg_temp");
    return admin;
  } catch (error) {
    await admin.close();
    throw error;
  }
}

/** The server that made the database could be reached, by the name of another. */
function notLetThrough(
  { host, port }: ServerAddress,
  name: string,
  error: MigrateError,
  { names = asOptions }: RoomOptions,
): MigrateError {
  const { cause } = error;
  const reason = cause instanceof Error ? cause.message : error.message;
  return new MigrateError(
    {
      ...error.diagnostics[0]!,
      message: `cannot connect to the scratch database ${name}, which was created on ${host}:${port}: ${reason}`,
      ...(isNotYet(error)
        ? {}
        : {
            hint: `a pooler or pg_hba.conf there may let through only databases that it lists; name a server that lets through any: ${names.given("scratch", "URL")}`,
          }),
    },
    { cause },
  );
}

async function lockedName(admin: Session): Promise<string> {
  const name = newName();
  await admin.send(`SELECT pg_advisory_lock(${LOCK_CLASS}, hashtext(${literal(name)}))`);
  return name;
}

interface Facts {
  readonly standby: boolean;
  readonly readOnly: boolean;
  readonly mayCreate: boolean;
  readonly role: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** Since 15: `c` libc, `i` ICU; since 17 also `b`, builtin. */
  readonly provider: string | null;
  readonly locale: string | null;
  readonly rules: string | null;
  readonly settings: string;
  readonly searchPath: string;
  /** What follows is of the role that the migrations run as; null where there is none. */
  readonly ownerExists: boolean;
  readonly owner: string | null;
  readonly mayBeOwner: boolean | null;
  readonly inheritsOwner: boolean | null;
}

/** With a superuser as owner the role that connects may stay it: that one may do all anyway. */
const factsSql = (owner: string | undefined, { version }: Session): string =>
  `SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') = 'on' AS "readOnly",
  r.rolsuper OR r.rolcreatedb AS "mayCreate", r.rolname AS role, pg_encoding_to_char(d.encoding) AS encoding,
  d.datcollate AS collate, d.datctype AS ctype, to_json(d) ->> 'datlocprovider' AS provider,
  COALESCE(to_json(d) ->> 'datlocale', to_json(d) ->> 'daticulocale') AS locale, to_json(d) ->> 'daticurules' AS rules,
  (SELECT string_agg(name || '=' || reset_val, ' ' ORDER BY name) FROM pg_settings
    WHERE context IN ('user', 'superuser') AND name <> 'application_name') ||
  -- What is set for the role in the database of the address hides what holds in another.
  COALESCE((SELECT string_agg(setconfig::text, ' ' ORDER BY setrole) FROM pg_db_role_setting
    WHERE setdatabase = 0 AND setrole IN (0, r.oid)), '') AS settings,
  (SELECT reset_val FROM pg_settings WHERE name = 'search_path') AS "searchPath",
  o.oid IS NOT NULL AS "ownerExists", CASE WHEN NOT o.rolsuper THEN o.rolname END AS owner,
  pg_has_role(r.oid, o.oid, '${version.number < 160_000 ? "MEMBER" : "SET"}') AS "mayBeOwner",
  pg_has_role(r.oid, o.oid, 'USAGE') AS "inheritsOwner"
FROM pg_database AS d CROSS JOIN pg_roles AS r LEFT JOIN pg_roles AS o ON o.rolname = ${owner === undefined ? "NULL" : literal(owner)}
WHERE d.datname = current_database() AND r.rolname = current_user`;

async function unfit(
  admin: Session,
  { standby, readOnly, mayCreate, role, ...facts }: Facts,
  owner: string | undefined,
): Promise<NoRoom | undefined> {
  if (standby) return { reason: "the server is a standby" };
  if (readOnly) return { reason: "the server's transactions are read-only" };
  if (!mayCreate) return { reason: `the role ${role} may not create databases there` };
  const mode = sharedMode(await backendOf(admin));
  if (mode !== undefined) return { reason: `the server is behind a pooler in ${mode} mode` };
  if (owner === undefined) return undefined;
  if (!facts.ownerExists)
    return {
      reason: `the role ${owner}, which the migrations run as, does not exist there`,
      hint: `create it there: CREATE ROLE ${qualified(owner)}`,
    };
  if (facts.owner === null) return undefined;
  const grant = `GRANT ${qualified(owner)} TO ${qualified(role)}`;
  if (!facts.mayBeOwner)
    return {
      reason: `the role ${role} may not become ${owner}, which the migrations run as`,
      hint: `allow it there: ${grant}`,
    };
  // Else it could neither drop the database nor copy it.
  if (!facts.inheritsOwner)
    return {
      reason: `the role ${role} does not inherit the privileges of ${owner}, which the migrations run as`,
      hint: `let it inherit them: ${
        admin.version.number < 160_000
          ? `ALTER ROLE ${qualified(role)} INHERIT`
          : `${grant} WITH INHERIT TRUE`
      }`,
    };
  return undefined;
}

function roomOn(
  address: ServerAddress,
  admin: Session,
  facts: Facts,
  name: string,
  options: RoomOptions,
): Room {
  let session: Session | undefined;
  const leave = async (): Promise<void> => {
    await session?.close();
    session = undefined;
  };
  const enter = async (): Promise<Session> => {
    try {
      const { signal, names } = options;
      session = await openSession({ ...address, database: name }, { signal, names });
      return session;
    } catch (error) {
      throw error instanceof MigrateError && error.code === "execution/connect"
        ? notLetThrough(address, name, error, options)
        : error;
    }
  };
  const noteUse = async (key: string): Promise<void> => {
    try {
      await admin.send(usedSql(key));
    } catch (error) {
      // Another has dropped it since, or notes the same.
      if (!(error instanceof StatementFailure) || error.lost) throw error;
    }
  };
  /** False where it is in use. */
  const isDropped = async (sql: string): Promise<boolean> => {
    try {
      await admin.send(sql);
      return true;
    } catch (error) {
      if (!(error instanceof StatementFailure) || error.sqlstate !== IN_USE) throw error;
      return false;
    }
  };
  const drop = async (): Promise<void> => {
    await leave();
    // Connections that are about to end are let go: the server waits 5 s for them.
    if (await isDropped(dropSql(name))) return;
    if (hasForce(admin) && (await isDropped(forcedSql(name)))) return;
    // By a subscription, which only a session on the database can drop.
    await (await enter()).send(resetSql);
    await leave();
    await admin.send(dropSql(name));
  };
  return {
    version: admin.version,
    settings: facts.settings,
    searchPath: facts.searchPath,
    place: `a temporary database on ${address.host}:${address.port}`,
    ownsRoles: false,
    keepsFrom: 1,
    address: { ...address, database: name },
    alone: async (work, doing) => {
      const key = `${ALONE_CLASS}, hashtext(${literal(work)})`;
      await admin.send(`SELECT pg_advisory_lock(${key})`);
      try {
        return await doing();
      } finally {
        await admin.send(`SELECT pg_advisory_unlock(${key})`);
      }
    },
    create: async (key) => {
      await drop();
      await admin.send(key === undefined ? createSql(name, facts) : copySql(name, keptName(key), facts));
      // If the server crashes, so does what we do.
      await admin.send(`ALTER DATABASE ${identifier(name)} SET synchronous_commit = off`);
      if (key !== undefined) await noteUse(key);
      return enter();
    },
    copy: async (database) => {
      await drop();
      try {
        await admin.send(smallSql(database));
        await admin.send(copySql(name, database, facts));
      } catch (error) {
        if (!(error instanceof StatementFailure) || error.lost) throw error;
        return undefined;
      }
      return enter();
    },
    find: async (keys) => {
      const names = (await admin.read({ sql: KEPT, row: { parse: (row) => row as Kept } })).map(
        (row) => row.name,
      );
      return keys.find((key) => names.includes(keptName(key)));
    },
    keep: async (key) => {
      await leave();
      try {
        await admin.send(`${copySql(keptName(key), name, facts)} ALLOW_CONNECTIONS false`);
        await noteUse(key);
      } catch (error) {
        // Another has kept the same, or does so now.
        if (!(error instanceof StatementFailure) || !["42P04", "23505"].includes(error.sqlstate ?? ""))
          throw error;
      }
      return enter();
    },
    beside: async () => {
      const other = await openAdmin(address, options);
      return roomOn(address, other, facts, await lockedName(other), options);
    },
    close: async () => {
      try {
        await drop();
        await sweep(admin);
      } catch (error) {
        const message = `the scratch database ${name} was not dropped: ${(error as Error).message}; the next command that creates one there tries again`;
        options.onNotice?.({ severity: "WARNING", message });
      } finally {
        await admin.close().catch(() => {});
      }
    },
  };
}

// ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** `retort_scratch_20261128t140530_4711_9f86d081`: when it was made (UTC), and by which process. */
const newName = (): string =>
  `retort_scratch_${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").toLowerCase()}_${process.pid}_${randomHex(4)}`;

const SCRATCH = "^retort_scratch_[0-9]{8}t[0-9]{6}_[0-9]+_[0-9a-f]{8}$";

const keptName = (key: string): string => `retort_kept_${key.slice(0, 32)}`;

const KEPT_NAME = "^retort_kept_[0-9a-f]{32}$";

/** The first half of the advisory locks' keys: "Rtrt"; and of those of work that only one does at a time. */
const LOCK_CLASS = 0x52747274;
const ALONE_CLASS = LOCK_CLASS + 1;

// ── SQL ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const IN_USE = "55006";

function createSql(name: string, facts: Facts): string {
  const { encoding, collate, ctype, provider, locale, rules } = facts;
  const providers: Readonly<Record<string, string>> = {
    c: "LOCALE_PROVIDER libc",
    i: `LOCALE_PROVIDER icu ICU_LOCALE ${literal(locale ?? "")}${rules === null ? "" : ` ICU_RULES ${literal(rules)}`}`,
    b: `LOCALE_PROVIDER builtin BUILTIN_LOCALE ${literal(locale ?? "")}`,
  };
  return (
    `${copySql(name, "template0", facts)} ENCODING ${literal(encoding)} ` +
    `LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)} ${providers[provider ?? ""] ?? ""}`
  );
}

const copySql = (name: string, from: string, { owner }: Pick<Facts, "owner">): string =>
  `CREATE DATABASE ${identifier(name)}${owner === null ? "" : ` OWNER ${identifier(owner)}`} TEMPLATE ${identifier(from)}`;

/** Fails where to copy that database would take long, and much room. */
const smallSql = (database: string): string =>
  `SELECT 1 / (pg_database_size(${literal(database)}) < 100000000)::integer`;

const dropSql = (name: string): string => `DROP DATABASE IF EXISTS ${identifier(name)}`;

/** Sends away whoever is connected. */
const forcedSql = (name: string): string => `${dropSql(name)} WITH (FORCE)`;

const hasForce = ({ version }: Session): boolean => version.number >= 130_000;

/** Writes down when it was used last. */
const usedSql = (key: string): string =>
  `COMMENT ON DATABASE ${identifier(keptName(key))} IS ${literal(new Date().toISOString())}`;

// ── what is left behind, and what is kept ───────────────────────────────────────────────────────────────────────

/** How many replays are kept on a server, and for how many days after they were used last. */
const KEEP = { count: 4, days: 14 };

interface Kept {
  readonly name: string;
  /** ISO 8601; null for a moment only. */
  readonly used: string | null;
}

/** Those used last first. */
const KEPT = `SELECT d.datname AS name, shobj_description(d.oid, 'pg_database') AS used FROM pg_database AS d
WHERE d.datname ~ '${KEPT_NAME}' AND pg_has_role(d.datdba, 'USAGE') ORDER BY used DESC NULLS FIRST`;

const LEFT_BEHIND = `SELECT d.datname AS name FROM pg_database AS d
WHERE d.datname ~ '${SCRATCH}' AND pg_has_role(d.datdba, 'USAGE') AND NOT EXISTS (
  SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = ${LOCK_CLASS}
    AND l.objid = hashtext(d.datname)::oid)`;

async function sweep(admin: Session): Promise<void> {
  const left = await admin.read({ sql: LEFT_BEHIND, row: { parse: (row) => row as { name: string } } });
  const kept = await admin.read({ sql: KEPT, row: { parse: (row) => row as Kept } });
  const oldest = new Date(Date.now() - KEEP.days * 86_400_000).toISOString();
  const old = kept.filter(({ used }, index) => index >= KEEP.count || (used !== null && used < oldest));
  for (const { name } of [...left, ...old]) {
    // Without FORCE: what somebody uses, or another drops at the same time, stays.
    await admin.send(dropSql(name)).catch(() => {});
  }
}
