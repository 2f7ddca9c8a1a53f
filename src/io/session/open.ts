/** A database address → a `Session` on it. */
import { MigrateError } from "../../core/errors.ts";
import { blockComment } from "../../core/quote.ts";
import { codePoints } from "../../core/source.ts";
import { type DatabaseAddress, databaseName } from "../libpq/parameters.ts";
import type { Reader } from "./reader.ts";
import {
  type DriverError,
  type Notice,
  parsedRow,
  type Row,
  type Session,
  StatementFailure,
  sqlstateOf,
} from "./types.ts";

export interface OpenOptions {
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  /** Nobody needs it any more, so it is given up. */
  readonly signal?: AbortSignal | undefined;
  /** An embedded database is made where there is none; else one that is not there is empty, and none is made. */
  readonly creates?: boolean | undefined;
  /** What an embedded database in memory begins as: what another session has packed. */
  readonly packed?: Uint8Array | undefined;
}

/** Opens a session. Throws `MigrateError` (`execution/connect`, `execution/database-in-use`). */
export async function openSession(address: DatabaseAddress, options: OpenOptions = {}): Promise<Session> {
  const { onNotice = () => {}, signal, creates = false, packed } = options;
  let lost = false;
  const onLost = (): void => {
    lost = true;
  };
  const listener = { onNotice, onLost };
  const wire =
    address.kind === "pglite"
      ? await (await import("./embedded.ts")).embeddedWire(address, creates, listener, packed)
      : (await import("./server.ts")).serverWire(address, signal, listener);
  // What reads the ledger takes as long to load as the server to answer.
  const reading = import("./reader.ts");
  try {
    await wire.connect();
  } catch (error) {
    throw connectError(address, error as DriverError);
  }
  const rowsOf = async (sql: string): Promise<readonly Row[]> => {
    try {
      return (await wire.send(sql, true)).rows;
    } catch (error) {
      throw new StatementFailure(error as DriverError);
    }
  };
  let reader: Promise<Reader> | undefined;
  const announced = wire.announced();
  let open = true;
  return {
    kind: address.kind,
    database: databaseName(address),
    version: versionOf(announced?.version) ?? (await askedVersion(rowsOf)),
    pid: announced?.pid ?? 0,
    send: async (sql, label) => {
      const lead = label === undefined ? "" : `${blockComment(label)} `;
      try {
        return (await wire.send(lead + sql, false)).tag;
      } catch (error) {
        throw new StatementFailure(error as DriverError, codePoints(lead));
      }
    },
    read: async (query) => {
      reader ??= reading.then(({ createReader }) => createReader(rowsOf));
      return (await reader).rows(query);
    },
    aside: async (query) => (await wire.aside(query.sql)).map((row) => parsedRow(query, row)),
    cancel: () => wire.cancel(),
    pack: wire.pack,
    close: async () => {
      if (!open) return;
      open = false;
      await (await reader)?.close();
      await wire.end().catch((error: unknown) => {
        // Whoever used a connection that was lost has been told; there is nothing left to close.
        if (!lost) throw error;
      });
    },
  };
}

const UNKNOWN_VERSION = { number: 0, text: "" };

/** Where it was not announced. */
async function askedVersion(rowsOf: (sql: string) => Promise<readonly Row[]>): Promise<Session["version"]> {
  const [row] = await rowsOf("SELECT pg_catalog.current_setting('server_version') AS version");
  return versionOf(row?.["version"]) ?? UNKNOWN_VERSION;
}

/** "15.18 (Debian 15.18-1)" → 150018 and "15.18"; also 19devel. */
function versionOf(said: unknown): Session["version"] | undefined {
  const [, text, major, minor = "0"] = /^((\d+)(?:\.(\d+))?\w*)/.exec(String(said)) ?? [];
  return text === undefined ? undefined : { number: Number(major) * 10_000 + Number(minor), text };
}

function connectError(address: DatabaseAddress, error: DriverError): MigrateError {
  let cause: DriverError = error;
  while (cause.cause instanceof Error) cause = cause.cause as DriverError;
  if (cause instanceof MigrateError) return cause;
  const message =
    cause instanceof AggregateError && cause.errors[0] instanceof Error
      ? cause.errors[0].message
      : cause.message;
  const sqlstate = sqlstateOf(cause);
  return new MigrateError(
    {
      code: "execution/connect",
      message: `cannot connect to ${address.display} (from ${address.origin}): ${message}`,
      hint: connectHint(address, cause),
      ...(sqlstate === undefined ? {} : { sqlstate }),
    },
    { cause },
  );
}

function connectHint(address: DatabaseAddress, { code, message }: DriverError): string {
  if (address.kind === "pglite") return "check that this user can write to the database's folder";
  if (message.includes("does not support SSL"))
    return "give the server a certificate, or, in a trusted network, use sslmode=prefer or sslmode=disable in the address";
  if (code === "3D000") return `create the database first, for example with: createdb ${address.database}`;
  if (code === "28000" && message.includes("pg_hba.conf"))
    return `the server's pg_hba.conf does not let ${address.user} connect to ${address.database} from here: add an entry and reload, or connect as an entry requires, for example with sslmode=require`;
  if (code === "28P01" || code === "28000")
    return "check the user and password; see where they come from with: migrate config";
  return "check that the server is running and accepts connections at this address; see the settings with: migrate config";
}
