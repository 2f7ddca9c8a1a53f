/**
 * The address of a server → a connection to it that sends messages ahead; or a client of the caller's → a connection that
 * sends one at a time. The only importer of pg, whose internals it uses.
 */

import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import pg from "pg";
import { MigrateError } from "../../core/errors.ts";
import { asOptions, type OptionNames } from "../../core/option-names.ts";
import { STANDARD_STRINGS } from "../../core/plan/session.ts";
import type { ServerAddress } from "../libpq/parameters.ts";
import { connectAsMode } from "../libpq/tls.ts";
import type { LentClient, LentPool, Row, ServerOfPool, Wire, WireListener } from "./types.ts";

interface Naming {
  /** What messages call the options. */
  readonly names?: OptionNames | undefined;
}

/** A connection that is not open yet; `signal` gives it up. */
export function serverWire(
  address: ServerAddress,
  { signal, names }: { readonly signal: AbortSignal | undefined } & Naming,
  { onNotice, onLost }: WireListener,
): Wire {
  let client: pg.Client;
  let ssl: false | TlsOptions = false;
  let version: string | undefined;
  // Other connections, which nobody needs when this one ends.
  const end = new AbortController();
  const untilEnd = signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]);

  const connected = async (wanted: false | TlsOptions): Promise<Connected> => {
    const made = await connectClient(address, wanted, { signal: untilEnd, names }, onLost);
    version ??= made.version;
    return made;
  };
  return {
    connect: async () => {
      ({ client, ssl } = await connectAsMode(address, connected));
      client.on("notice", noticing(onNotice));
    },
    end: () => {
      end.abort();
      return ended(client);
    },
    send: (text, wantsRows) => {
      corked(streamOf(client));
      return sent(client, text, wantsRows);
    },
    aside: async (text) => {
      const { client: other } = await connected(ssl);
      try {
        return (await givenUp(internals(other).connection, end.signal, sent(other, text, true))).rows;
      } finally {
        await ended(other);
      }
    },
    cancel: () =>
      cancelled(client, new pg.Client(configurationOf(address, ssl, { value: true })), end.signal),
    announced: () => ({ pid: internals(client).processID!, version }),
  };
}

// ── a client of the caller's ────────────────────────────────────────────────────────────────────────────────────

/** What a slonik pool connects with, and a client that is not connected. */
export function clientOf(
  connectionUri: string,
  given: unknown,
): LentClient & ServerOfPool & { connect(): Promise<unknown>; end(): Promise<void> } {
  const url = new URL(connectionUri);
  const mode = url.searchParams.get("sslmode");
  url.searchParams.delete("sslmode");
  const ssl =
    (given as pg.ClientConfig["ssl"]) ??
    (mode === "no-verify" ? { rejectUnauthorized: false } : mode === "require");
  return new pg.Client({
    application_name: "retort",
    connectionString: url.href,
    keepAlive: true,
    pipeline: true,
    ssl,
  });
}

/** How a client of pg stands: `new` has not been connected, `lost` and `ended` can never be again. */
export function standingOf(client: LentClient): "new" | "connected" | "lost" | "ended" {
  const { processID, _ending, _queryable } = client as Partial<Internals>;
  if (_ending === true) return "ended";
  if (typeof processID !== "number") return "new";
  return _queryable === false ? "lost" : "connected";
}

/** Where a pool of pg connects to; undefined where it does not say. */
export function serverOf({ options }: LentPool): ServerOfPool | undefined {
  if (options === undefined) return undefined;
  const { host, port, user } = new pg.Client(options);
  return { host, port, user };
}

/** `ann@localhost:5432/shop` */
export function databaseOf(client: LentClient): string {
  const { user = "", host, port, database = "" } = client as unknown as pg.Client;
  return `${user}@${host.startsWith("/") ? host : `${host}:${port}`}/${database}`;
}

/**
 * The connection of a client that is connected; `end` leaves it open. Unless it was made to send ahead, messages wait for
 * each other here, since pg warns of queries that wait in its own queue.
 */
export function clientWire(lent: LentClient, { onNotice, onLost }: WireListener): Wire {
  const client = lent as unknown as pg.Client;
  const heard = noticing(onNotice);
  client.on("notice", heard).on("error", onLost);
  const end = new AbortController();
  // Made like the caller's own, whose password may be the answer of a function.
  const another = (): pg.Client => {
    const { connectionParameters, password } = internals(client);
    return new pg.Client({ ...connectionParameters, password } as pg.ClientConfig);
  };
  const isAhead = internals(client).pipeline === true;
  let last: Promise<unknown> = Promise.resolve();
  return {
    connect: async () => {},
    end: async () => {
      end.abort();
      client.off("notice", heard).off("error", onLost);
      // A run deallocates what was prepared; pg would go on to use it.
      const prepared = internals(client).connection.parsedStatements ?? {};
      for (const name of Object.keys(prepared)) delete prepared[name];
    },
    send: (text, wantsRows) => {
      const sending = isAhead
        ? sent(client, text, wantsRows)
        : last.then(() => sent(client, text, wantsRows));
      last = sending.catch(() => {});
      return sending;
    },
    aside: async (text) => {
      const other = another();
      other.on("error", () => {});
      const { connection } = internals(other);
      try {
        await givenUp(connection, end.signal, other.connect());
        return (await givenUp(connection, end.signal, sent(other, text, true))).rows;
      } finally {
        await ended(other);
      }
    },
    cancel: () => cancelled(client, another(), end.signal),
    announced: () => ({ pid: internals(client).processID ?? 0, version: undefined }),
  };
}

// ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A server says the severity in the language of its messages; warnings have SQLSTATEs of their own, in any. */
const noticing =
  (onNotice: WireListener["onNotice"]) =>
  ({ severity = "NOTICE", code = "", message = "" }: NoticeFields) =>
    onNotice({ severity: code.startsWith("01") ? "WARNING" : severity, message });

type NoticeFields = { readonly [Name in "severity" | "code" | "message"]?: string | undefined };

interface Connected {
  readonly client: pg.Client;
  /** What it came to in the end. */
  readonly ssl: false | TlsOptions;
  readonly version: string | undefined;
}

async function connectClient(
  address: ServerAddress,
  wanted: false | TlsOptions,
  { signal, names }: { readonly signal: AbortSignal } & Naming,
  onLost: (error: Error) => void,
): Promise<Connected> {
  let ssl = wanted;
  let version: string | undefined;
  let strings = "on";
  const bindable = { value: false };
  const client = new pg.Client(configurationOf(address, ssl, bindable, names));
  const { connection } = internals(client);
  client.on("error", onLost);
  endWhereUnreadable(connection);
  if (ssl !== false && address.ssl !== false && address.ssl.mode === "prefer") {
    goOnPlain(connection, () => {
      ssl = false;
    });
  }
  connection.prependListener("authenticationSASL", ({ mechanisms }: { mechanisms: readonly string[] }) => {
    bindable.value = ssl !== false && mechanisms.includes("SCRAM-SHA-256-PLUS");
  });
  connection.on("parameterStatus", ({ parameterName, parameterValue }) => {
    if (parameterName === "server_version") version = parameterValue;
    if (parameterName === "standard_conforming_strings") strings = parameterValue;
  });
  if (signal.aborted) throw new Error("given up");
  try {
    await givenUp(connection, signal, client.connect());
    // It is off for this role, this database or in the options of the connection.
    if (strings === "off") await givenUp(connection, signal, sent(client, STANDARD_STRINGS, false));
  } catch (error) {
    // What fails on our side, such as for want of a password, would leave the connection open.
    connection.stream.destroy();
    throw error;
  }
  return { client, ssl, version };
}

function configurationOf(
  address: ServerAddress,
  ssl: false | TlsOptions,
  bindable: { readonly value: boolean },
  { settings }: Pick<OptionNames, "settings"> = asOptions,
): pg.ClientConfig & { readonly pipeline: true } {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    // A function, since pg would otherwise take PGPASSWORD behind the configuration's back.
    password: () => {
      if (address.channelBinding === "require" && !bindable.value) {
        throw new Error("the server does not offer channel binding, which channel_binding=require needs");
      }
      if (address.password !== undefined && address.password !== "") return address.password;
      throw new MigrateError({
        code: "execution/connect",
        message: `cannot connect to ${address.display} (from ${address.origin}): the server requires a password, but none is given`,
        hint: `put it into ${address.variables["password"] === undefined ? "the address, PGPASSWORD" : "PGPASSWORD"} or ${address.origins["passfile"] === undefined ? "~/.pgpass" : `the password file (from ${address.origins["passfile"]})`}; see the settings with: ${settings}`,
      });
    },
    ssl,
    // A message does not wait for the answer to the one before it.
    pipeline: true,
    application_name: address.applicationName ?? "retort",
    keepAlive: true,
    enableChannelBinding: address.channelBinding !== "disable",
    ...(address.options === undefined ? {} : { options: address.options }),
    ...(address.connectTimeout === undefined
      ? {}
      : { connectionTimeoutMillis: address.connectTimeout * 1000 }),
  };
}

/** What is done over a connection, which breaks when the signal fires. */
async function givenUp<T>(connection: Connection, signal: AbortSignal, doing: Promise<T>): Promise<T> {
  const giveUp = (): void => void connection.stream.destroy();
  signal.addEventListener("abort", giveUp);
  try {
    return await doing;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** ms that the server has to end its side of a connection; the network may be gone. */
const FAREWELL = 2000;

async function ended(client: pg.Client): Promise<void> {
  const late = sleep(FAREWELL, true, { ref: false });
  if ((await Promise.race([client.end(), late])) === true) streamOf(client).destroy();
}

/** One message. Rows that nobody wants are not kept: a SELECT in a migration may have any number. */
async function sent(
  client: pg.Client,
  text: string,
  wantsRows: boolean,
): Promise<{ readonly tag: string; readonly rows: readonly Row[] }> {
  const result = await new Promise<unknown>((resolve, reject) => {
    const { Query, longest } = waysOf(client);
    const query = new Query({ text, types: pg.types }, (error: Error | null | undefined, found: unknown) =>
      error ? reject(error) : resolve(found),
    );
    client.query(Object.assign(query, longest, wantsRows ? {} : { handleDataRow: () => {} }));
  });
  // Of several statements there are as many results.
  const results = (Array.isArray(result) ? result : [result]) as readonly (pg.QueryResult | undefined)[];
  const rows = results.findLast((each) => (each?.fields.length ?? 0) > 0)?.rows ?? [];
  return { tag: results.at(-1)?.command ?? "", rows: rows as readonly Row[] };
}

/** ms; the longest that a timer can be set to. */
const LONGEST = 2 ** 31 - 1;

/** A client of the caller's takes queries of its own copy of pg, and may give them a time that is meant for others. */
function waysOf(client: pg.Client) {
  const { Query = pg.Query } = client.constructor as { readonly Query?: typeof pg.Query };
  const { query_timeout: limit } = internals(client).connectionParameters;
  return { Query, longest: limit ? { query_timeout: LONGEST } : {} };
}

/** Asks, as libpq does it, over a connection that says nothing else: that of `other`, a client that is not connected. */
function cancelled(client: pg.Client, other: pg.Client, signal: AbortSignal): Promise<void> {
  const { processID, secretKey } = internals(client);
  const { connection, ssl } = internals(other);
  const { host, port } = other;
  const asked = new Promise<void>((resolve, reject) => {
    const ask = (): void => connection.cancel(processID!, secretKey);
    connection.once("connect", ssl === false ? ask : () => connection.requestSsl());
    connection.once("sslconnect", ask);
    connection.once("end", resolve);
    connection.once("error", reject);
    if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}`);
    else connection.connect(port, host);
  });
  return givenUp(connection, signal, asked);
}

/** What is sent before the program waits again goes out in one piece. */
function corked(stream: Socket): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

// What pg does not say in its types.

interface Connection extends NodeJS.EventEmitter {
  readonly stream: Socket;
  attachListeners(stream: Socket): void;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  /** The texts of prepared statements, by name. */
  readonly parsedStatements?: Record<string, string>;
}

interface Internals {
  readonly connection: Connection;
  readonly connectionParameters: object & { readonly query_timeout?: number | false };
  readonly password: unknown;
  readonly pipeline?: boolean;
  readonly ssl: pg.ClientConfig["ssl"];
  /** Null before it is connected. */
  readonly processID: number | null;
  readonly secretKey: number;
  /** `end()` has been called. */
  readonly _ending?: boolean;
  /** False once the connection is lost. */
  readonly _queryable?: boolean;
}

const internals = (client: pg.Client): Internals => client as unknown as Internals;

const streamOf = (client: pg.Client): Socket => internals(client).connection.stream;

/** Bytes that are no message of the protocol break the connection; pg would throw what it says of them at nobody. */
function endWhereUnreadable(connection: Connection): void {
  const attach = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => {
    attach(stream);
    const read = stream.listeners("data").at(-1) as (bytes: Buffer) => void;
    stream.off("data", read);
    stream.on("data", (bytes: Buffer) => {
      try {
        read(bytes);
      } catch (cause) {
        const { message } = cause as Error;
        stream.destroy(new Error(`cannot read the server's answer: ${message}`, { cause }));
      }
    });
  };
}

/**
 * Where the server answers N to being asked for TLS, the same connection goes on without, as libpq's does; pg would
 * end it, and a second one would have to be made.
 */
function goOnPlain(connection: Connection, onPlain: () => void): void {
  const { stream } = connection;
  const once = stream.once.bind(stream) as (event: string, listener: (bytes: Buffer) => void) => Socket;
  stream.once = ((event: string, listener: (bytes: Buffer) => void) =>
    once(
      event,
      event !== "data"
        ? listener
        : (bytes) => {
            if (bytes.toString("latin1") !== "N") return listener(bytes);
            onPlain();
            connection.attachListeners(stream);
            connection.emit("sslconnect");
          },
    )) as typeof stream.once;
}
