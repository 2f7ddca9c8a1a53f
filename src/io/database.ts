/**
 * A database address → a `Session`: one connection that sends texts and reads rows. The only importer of slonik
 * (over a driver of ours for `pg`, and one for PGlite).
 *
 * slonik edits the SQL it is given (`$slonik_`) and refuses empty text, so the author's bytes travel to our
 * driver as a value beside a fixed SQL text, and reach the server unchanged.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { DatabasePoolConnection } from "slonik";
import { MigrateError } from "../core/errors.ts";
import { codePoints } from "../core/source.ts";
import type { DatabaseAddress } from "./libpq/parameters.ts";
import { connectAsMode } from "./libpq/tls.ts";

/** A message from the server that is not an error. */
export interface Notice {
  readonly severity: string;
  readonly message: string;
}

export interface Session {
  readonly kind: DatabaseAddress["kind"];
  /** `server_version_num` (150018) and what a person calls it ("15.18"). */
  readonly version: { readonly number: number; readonly text: string };
  /** The backend's process id, once `pooling` has asked for it; before, what was announced. 0 for the embedded database. */
  readonly pid: number;
  /**
   * Sends the texts in one message, in order; the first that fails ends it. `onCompleted` is told, as the answers
   * arrive, how many are done. Throws `StatementFailure`.
   */
  send(texts: readonly string[], onCompleted?: (count: number) => void): Promise<void>;
  /** The rows of one query. Throws `StatementFailure`. */
  rows<T>(sql: string): Promise<readonly T[]>;
  /** The rows of one query over another connection, while this one is busy; none on the embedded database. */
  aside<T>(sql: string): Promise<readonly T[]>;
  /** Asks the server, over another connection, to stop what runs here. */
  cancel(): Promise<void>;
  /** Whether a pooler stands between, and what it pools: a session's settings and locks need `none` or `sessions`. */
  pooling(): Promise<"none" | "sessions" | "transactions">;
  close(): Promise<void>;
}

/** The server refused a text, or the connection broke while it ran. */
export class StatementFailure extends Error {
  /** Which text failed: an index into the texts sent. */
  readonly index: number;
  /** 0-based code points into that text, where the server said. */
  readonly position?: number;
  /** Absent when the connection was lost. */
  readonly sqlstate?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly constraint?: string;

  constructor(index: number, error: ServerError, position?: number) {
    super(error.message, { cause: error });
    this.name = "StatementFailure";
    this.index = index;
    if (position !== undefined) this.position = position;
    if (typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code)) this.sqlstate = error.code;
    for (const key of ["detail", "hint", "where", "constraint"] as const) {
      const value = error[key];
      if (typeof value === "string" && value !== "") this[key] = value;
    }
  }

  /** The connection broke: what the server did with the message is not known. */
  get lost(): boolean {
    return this.sqlstate === undefined || this.sqlstate.startsWith("08") || /^57P0[1-5]$/.test(this.sqlstate);
  }
}

interface ServerError extends Error {
  readonly code?: string;
  readonly position?: string | number;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly constraint?: string;
  /** How many texts of the message were completed before the error. */
  completed?: number;
}

/** What a driver of ours offers beneath slonik. */
interface Wire {
  connect(): Promise<void>;
  end(): Promise<void>;
  /** Runs texts; the rows of the last one. Errors carry `completed`. */
  run(
    texts: readonly string[],
    onCompleted: (count: number) => void,
  ): Promise<readonly Record<string, unknown>[]>;
  /** One query over another connection. */
  aside(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Asks for what runs to be cancelled, as the protocol does it: needs no password and no free connection. */
  cancel(): Promise<void>;
  /** What the server, or a pooler before it, said of itself on connecting; undefined without a connection. */
  announced(): { readonly pid: number; readonly version: string | undefined } | undefined;
}

type WireFactory = (onNotice: (notice: Notice) => void, onLost: (error: Error) => void) => Promise<Wire>;

export interface OpenOptions {
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  /** Nobody needs it any more, so it is given up. */
  readonly signal?: AbortSignal | undefined;
  /** An embedded database is made where there is none; else one that is not there is empty, and none is made. */
  readonly creates?: boolean | undefined;
}

/** Opens a session. Throws `MigrateError` (`execution/connect`, `execution/database-in-use`). */
export async function openSession(address: DatabaseAddress, options: OpenOptions = {}): Promise<Session> {
  const { onNotice = () => {}, signal, creates = false } = options;
  const wires: WireFactory =
    address.kind === "pglite" ? pgliteWire(address, creates) : serverWire(address, signal);
  return throughSlonik(address, wires, onNotice);
}

const UNKNOWN_VERSION = { number: 0, text: "" };

async function throughSlonik(
  address: DatabaseAddress,
  createWire: WireFactory,
  onNotice: (notice: Notice) => void,
): Promise<Session> {
  // slonik logs through roarr, which writes nothing unless this variable is set; a user's log must not hold SQL.
  const { default: slonik } = await import("slonik");
  const { createDriverFactory, createPool } = slonik;
  let wire: Wire | undefined;
  let messages: readonly string[] = [];
  let onCompleted: (count: number) => void = () => {};
  const driverFactory = createDriverFactory(async () => ({
    createPoolClient: async ({ clientEventEmitter }) => {
      const created = await createWire(onNotice, (error) => clientEventEmitter.emit("error", error));
      wire = created;
      return {
        connect: () => created.connect(),
        end: () => created.end(),
        query: async (sql: string) => {
          const rows = await created.run(sql === SEND ? messages : [sql], onCompleted);
          return { command: "SELECT" as const, fields: [], rowCount: rows.length, rows: [...rows] };
        },
        stream: () => {
          throw new Error("this driver does not stream");
        },
      };
    },
  }));
  const pool = await createPool("postgres://", {
    driverFactory,
    connectionRetryLimit: 0,
    connectionTimeout: "DISABLE_TIMEOUT",
    statementTimeout: "DISABLE_TIMEOUT",
    idleInTransactionSessionTimeout: "DISABLE_TIMEOUT",
    idleTimeout: "DISABLE_TIMEOUT",
    queryRetryLimit: 0,
    transactionRetryLimit: 0,
    maximumPoolSize: 1,
    typeParsers: [],
    // The session is reset by statements of the plan, and closed for good when it is released.
    resetConnection: async () => {},
  });

  const connection = await pinConnection(pool, address);
  let lost = false;
  const run = async (
    texts: readonly string[],
    sql: string,
    told: (count: number) => void = () => {},
  ): Promise<readonly Record<string, unknown>[]> => {
    messages = texts;
    onCompleted = told;
    try {
      const token = { sql, values: [], parser: anything, type: Symbol.for("SLONIK_TOKEN_QUERY") };
      return (await connection.bound.query(token as never)).rows as Record<string, unknown>[];
    } catch (error) {
      const failure = failureOf(texts, error as ServerError);
      lost ||= failure.lost;
      throw failure;
    }
  };

  const close = async (): Promise<void> => {
    connection.release();
    await connection.done;
    await pool.end().catch((error: unknown) => {
      // Whoever used a connection that was lost has been told; there is nothing left to close.
      if (!lost) throw error;
    });
  };
  const announced = wire?.announced();
  const version =
    versionOf(announced?.version) ??
    versionOf(
      (
        await run([VERSION], SEND).catch(async (error: StatementFailure) => {
          await close().catch(() => {});
          throw connectError(address, error.cause as ServerError);
        })
      )[0]?.["version"],
    );
  let pid = announced?.pid ?? 0;
  let open = true;
  return {
    kind: address.kind,
    version: version ?? UNKNOWN_VERSION,
    get pid() {
      return pid;
    },
    send: async (texts, told) => void (await run(texts, SEND, told)),
    rows: async <T>(sql: string) => (await run([sql], SEND)) as readonly T[],
    aside: async <T>(sql: string) => ((await wire?.aside(sql)) ?? []) as readonly T[],
    cancel: async () => wire?.cancel(),
    pooling: async () => {
      if (announced === undefined) return "none";
      const [mine] = await run([PID], SEND);
      pid = Number(mine?.["pid"]);
      return announced.pid === pid ? "none" : poolingOf(wire!, pid, run);
    },
    close: async () => {
      if (!open) return;
      open = false;
      await close();
    },
  };
}

/** "15.18 (Debian 15.18-1)" → 150018 and "15.18"; also 19devel. */
function versionOf(said: unknown): Session["version"] | undefined {
  const [, text, major, minor = "0"] = /^((\d+)(?:\.(\d+))?\w*)/.exec(String(said)) ?? [];
  return text === undefined ? undefined : { number: Number(major) * 10_000 + Number(minor), text };
}

/**
 * What pools, where a pooler announced a process id of its own making. If two connections that are open at once are served by one
 * backend, or one connection by two, then what is pooled are transactions.
 */
async function poolingOf(
  wire: Wire,
  pid: number,
  run: (texts: readonly string[], sql: string) => Promise<readonly Record<string, unknown>[]>,
): Promise<"sessions" | "transactions"> {
  for (let round = 0; round < POOL_ROUNDS; round += 1) {
    // A pool of sessions that is full lets the other connection wait for as long as this one lives.
    const late = sleep(POOL_PATIENCE, undefined, { ref: false });
    const refused = (): readonly Record<string, unknown>[] => [];
    const [other] = (await Promise.race([wire.aside(PID).catch(refused), late])) ?? [];
    const [mine] = await run([PID], SEND);
    if (Number(mine?.["pid"]) !== pid || Number(other?.["pid"]) === pid) return "transactions";
    if (other === undefined) return "sessions";
  }
  return "sessions";
}

const VERSION = "SELECT pg_catalog.current_setting('server_version') AS version";
const PID = "SELECT pg_catalog.pg_backend_pid() AS pid";
const POOL_ROUNDS = 3;
/** Milliseconds. */
const POOL_PATIENCE = 3000;

const SEND = "-- retort: the texts travel beside this one";
const anything = {
  safeParse: (value: unknown) => ({ success: true, data: value }),
  parse: (value: unknown) => value,
};

/** Keeps one pooled connection until it is released: a session advisory lock lives only inside it. */
async function pinConnection(
  pool: Awaited<ReturnType<typeof import("slonik").createPool>>,
  address: DatabaseAddress,
): Promise<{ bound: DatabasePoolConnection; release: () => void; done: Promise<void> }> {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let done: Promise<void> = Promise.resolve();
  const bound = await new Promise<DatabasePoolConnection>((resolve, reject) => {
    done = pool
      .connect(async (connection) => {
        resolve(connection);
        await released;
      })
      // A connection lost while pinned is reported by the statement that ran on it.
      .catch((error: unknown) => reject(connectError(address, error as ServerError)));
  });
  return { bound, release, done };
}

function connectError(address: DatabaseAddress, error: ServerError): MigrateError {
  let cause: ServerError | undefined = error;
  while (cause.cause instanceof Error) cause = cause.cause as ServerError;
  if (cause instanceof MigrateError) return cause;
  const message =
    cause instanceof AggregateError && cause.errors[0] instanceof Error
      ? cause.errors[0].message
      : cause.message;
  return new MigrateError(
    {
      code: "execution/connect",
      message: `cannot connect to ${address.display} (from ${address.origin}): ${message}`,
      hint: connectHint(address, cause),
      ...(cause.code !== undefined && /^[0-9A-Z]{5}$/.test(cause.code) ? { sqlstate: cause.code } : {}),
    },
    { cause },
  );
}

function connectHint({ kind }: DatabaseAddress, { code, message }: ServerError): string {
  if (kind === "pglite") return "check that this user may write in the folder that the database lies in";
  if (message.includes("does not support SSL"))
    return "give the server a certificate, or, where the network is trusted, say sslmode=prefer or sslmode=disable in the address";
  if (code === "3D000") return "create the database first, for example with: createdb NAME";
  if (code === "28P01" || code === "28000")
    return "check the user and the password; see where they come from with: migrate config";
  return "check that the server runs and accepts connections at this address; see what is used with: migrate config";
}

/** Which text a server's error speaks of: by its position, or by how many were completed before it. */
function failureOf(texts: readonly string[], error: ServerError): StatementFailure {
  const source = (
    error.position === undefined && error.cause instanceof Error ? error.cause : error
  ) as ServerError;
  const index = Math.min(source.completed ?? 0, texts.length - 1);
  const position = Number(source.position);
  if (!(position > 0)) return new StatementFailure(index, source);
  // A position counts code points over the whole message; texts are joined by one line feed.
  let begin = 0;
  for (const [i, text] of texts.entries()) {
    const length = codePoints(text) + 1;
    if (position - 1 < begin + length) return new StatementFailure(i, source, position - 1 - begin);
    begin += length;
  }
  return new StatementFailure(index, source);
}

function serverWire(
  address: Extract<DatabaseAddress, { kind: "server" }>,
  signal: AbortSignal | undefined,
): WireFactory {
  return async (onNotice, onLost) => {
    const { default: pg } = await import("pg");
    const configuration = (ssl: false | TlsOptions) => ({
      host: address.host,
      port: address.port,
      user: address.user,
      database: address.database,
      // A function, since pg would otherwise take PGPASSWORD behind the configuration's back.
      password: () => {
        if (address.channelBinding === "require" && !bindable) {
          throw new Error(
            "the server does not offer channel binding, and channel_binding=require asks for it",
          );
        }
        if (address.password !== undefined && address.password !== "") return address.password;
        throw new MigrateError({
          code: "execution/connect",
          message: `cannot connect to ${address.display} (from ${address.origin}): the server asks for a password, and none is given`,
          hint: "put it into the address, into PGPASSWORD or into ~/.pgpass; see what is used with: migrate config",
        });
      },
      ssl,
      application_name: address.applicationName ?? "retort",
      keepAlive: true,
      enableChannelBinding: address.channelBinding !== "disable",
      ...(address.options === undefined ? {} : { options: address.options }),
      ...(address.connectTimeout === undefined
        ? {}
        : { connectionTimeoutMillis: address.connectTimeout * 1000 }),
    });
    let bindable = false;
    let said: string | undefined;
    const connected = async (wanted: false | TlsOptions) => {
      let ssl = wanted;
      const client = new pg.Client(configuration(ssl));
      client.on("error", onLost);
      if (ssl !== false && address.ssl !== false && address.ssl.mode === "prefer") {
        goOnPlain(wireOf(client) as PlainWire, () => {
          ssl = false;
        });
      }
      wireOf(client).prependListener(
        "authenticationSASL",
        ({ mechanisms }: { mechanisms: readonly string[] }) => {
          bindable = ssl !== false && mechanisms.includes("SCRAM-SHA-256-PLUS");
        },
      );
      wireOf(client).on("parameterStatus", ({ parameterName, parameterValue }) => {
        if (parameterName === "server_version") said = parameterValue;
      });
      const giveUp = (): void => void (wireOf(client) as PlainWire).stream.destroy();
      if (signal?.aborted === true) throw new Error("given up");
      signal?.addEventListener("abort", giveUp);
      try {
        await client.connect();
      } catch (error) {
        // What fails on our side, such as for want of a password, would leave the connection open.
        giveUp();
        throw error;
      } finally {
        signal?.removeEventListener("abort", giveUp);
      }
      return { client, ssl };
    };
    let client: Awaited<ReturnType<typeof connected>>["client"];
    let ssl: false | TlsOptions = false;
    let completed = 0;
    let told: (count: number) => void = () => {};
    const complete = (): void => {
      completed += 1;
      told(completed);
    };
    return {
      connect: async () => {
        ({ client, ssl } = await connectAsMode(address, connected));
        client.on("notice", ({ severity = "NOTICE", message = "" }) => onNotice({ severity, message }));
        for (const event of ["commandComplete", "emptyQuery"]) wireOf(client).on(event, complete);
      },
      end: () => client.end(),
      run: async (texts, onCompleted) => {
        completed = 0;
        told = onCompleted;
        try {
          const result: unknown = await client.query(texts.join("\n"));
          const last = (Array.isArray(result) ? result.at(-1) : result) as {
            rows?: Record<string, unknown>[];
          };
          return last?.rows ?? [];
        } catch (error) {
          (error as ServerError).completed = completed;
          throw error;
        }
      },
      aside: async (sql) => {
        const { client: other } = await connected(ssl);
        try {
          return (await other.query(sql)).rows;
        } finally {
          await other.end();
        }
      },
      cancel: () =>
        new Promise((resolve, reject) => {
          const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
          const other = wireOf(new pg.Client(configuration(ssl))) as CancelWire;
          const ask = (): void => other.cancel(processID, secretKey);
          other.once("connect", ssl === false ? ask : () => other.requestSsl());
          other.once("sslconnect", ask);
          other.once("end", resolve);
          other.once("error", reject);
          if (address.host.startsWith("/")) other.connect(`${address.host}/.s.PGSQL.${address.port}`);
          else other.connect(address.port, address.host);
        }),
      announced: () => ({
        pid: (client as unknown as { readonly processID: number }).processID,
        version: said,
      }),
    };
  };
}

interface PlainWire extends NodeJS.EventEmitter {
  readonly stream: Socket;
  attachListeners(stream: Socket): void;
}

/**
 * Where the server answers N to being asked for TLS, the same connection goes on without, as libpq's does; pg would
 * end it, and a second one would have to be made.
 */
function goOnPlain(wire: PlainWire, onPlain: () => void): void {
  const { stream } = wire;
  const once = stream.once.bind(stream) as (event: string, listener: (bytes: Buffer) => void) => Socket;
  stream.once = ((event: string, listener: (bytes: Buffer) => void) =>
    once(
      event,
      event !== "data"
        ? listener
        : (bytes) => {
            if (bytes.toString("latin1") !== "N") return listener(bytes);
            onPlain();
            wire.attachListeners(stream);
            wire.emit("sslconnect");
          },
    )) as typeof stream.once;
}

interface CancelWire extends NodeJS.EventEmitter {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/** The protocol's messages, which pg emits on a property that its types leave out. */
function wireOf(client: object): NodeJS.EventEmitter {
  return (client as { readonly connection: NodeJS.EventEmitter }).connection;
}

function pgliteWire(address: Extract<DatabaseAddress, { kind: "pglite" }>, creates: boolean): WireFactory {
  return async (onNotice) => {
    let { folder } = address;
    if (folder !== "memory" && !creates && !existsSync(folder)) {
      const message = `there is no database in ${folder} yet; the first upgrade makes it`;
      onNotice({ severity: "WARNING", message });
      folder = "memory";
    }
    const unlock = folder === "memory" ? () => {} : lockFolder(folder);
    const { PGlite } = await import("@electric-sql/pglite");
    const extensions = Object.fromEntries(
      await Promise.all(
        PGLITE_EXTENSIONS.map(async (name) => {
          const module = (await import(`@electric-sql/pglite/contrib/${name}`)) as Record<string, unknown>;
          return [name, module[name]];
        }),
      ),
    );
    const db = new PGlite(folder === "memory" ? "memory://" : folder, { extensions });
    return {
      connect: () => db.waitReady,
      end: async () => {
        try {
          await db.close();
        } finally {
          unlock();
        }
      },
      // One backend in this process: there is no latency to save, and sent singly a failure names its text.
      run: async (texts, onCompleted) => {
        let rows: readonly Record<string, unknown>[] = [];
        for (const [index, text] of texts.entries()) {
          try {
            const results = await db.exec(text, {
              onNotice: (n) => onNotice({ severity: n.severity ?? "NOTICE", message: n.message ?? "" }),
            });
            rows = (results.at(-1)?.rows as Record<string, unknown>[] | undefined) ?? [];
            onCompleted(index + 1);
          } catch (error) {
            const failure = error as ServerError & { position?: string };
            failure.completed = index;
            if (failure.position !== undefined) {
              const before = texts.slice(0, index).reduce((n, t) => n + codePoints(t) + 1, 0);
              Object.defineProperty(failure, "position", { value: Number(failure.position) + before });
            }
            throw failure;
          }
        }
        return rows;
      },
      aside: async () => [],
      cancel: async () => {},
      announced: () => undefined,
    };
  };
}

/** Contrib modules that PGlite ships and must be given before CREATE EXTENSION can find them. */
const PGLITE_EXTENSIONS = [
  "btree_gin",
  "btree_gist",
  "citext",
  "fuzzystrmatch",
  "hstore",
  "intarray",
  "ltree",
  "pg_trgm",
  "pgcrypto",
  "unaccent",
  "uuid_ossp",
] as const;

/**
 * PGlite lets a second process open and write the same folder, which destroys it: a lock file beside the folder
 * names the process that has it. One left behind by a process that is gone is taken over.
 */
function lockFolder(folder: string): () => void {
  const file = `${path.resolve(folder)}.lock`;
  const mine = `${process.pid} ${randomUUID()}`;
  mkdirSync(path.dirname(file), { recursive: true });
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
      return () => {
        if (readText(file) === mine) rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const pid = Number.parseInt(readText(file) ?? "", 10);
      if (attempt > 2 || isAlive(pid)) {
        throw new MigrateError({
          code: "execution/database-in-use",
          message: `the embedded database ${folder} is in use by process ${pid}`,
          hint: `wait until that process has ended; if it is not a migrate process, remove ${file}`,
        });
      }
      rmSync(file, { force: true });
    }
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
