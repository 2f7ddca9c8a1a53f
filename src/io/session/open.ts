/** A database address, or a connection that is open → a `Session` on it. */
import { blockComment } from "../../core/quote.ts";
import { codePoints } from "../../core/source.ts";
import { type DatabaseAddress, databaseName } from "../libpq/parameters.ts";
import { connectedWire } from "./connect.ts";
import type { Reader } from "./reader.ts";
import {
  type DriverError,
  type Notice,
  parsedRow,
  type Row,
  type Session,
  StatementFailure,
  sqlstateOf,
  type Wire,
  type WireOptions,
} from "./types.ts";

export interface OpenOptions extends WireOptions {
  readonly onNotice?: ((notice: Notice) => void) | undefined;
}

/** Opens a session. Throws `MigrateError` (`execution/connect`, `execution/database-in-use`, `execution/cancelled`). */
export async function openSession(address: DatabaseAddress, options: OpenOptions = {}): Promise<Session> {
  const { onNotice = () => {} } = options;
  let loss = newLoss();
  const onLost = (error: Error): void => loss.onLost(error);
  // What reads the ledger takes as long to load as the server to answer.
  const reading = import("./reader.ts");
  const { wire, address: reached } = await connectedWire(address, options, { onNotice, onLost });
  // Of another server, which was tried before.
  loss = newLoss();
  const given = reached.kind === "server" ? { connectionOptions: reached.options } : {};
  return sessionOn(wire, { kind: address.kind, database: databaseName(reached), ...given }, loss, reading);
}

/** Whether a connection was lost, and what was said then. */
export interface Loss {
  isLost: boolean;
  error?: DriverError;
  readonly onLost: (error: Error) => void;
}

export function newLoss(): Loss {
  const loss: Loss = {
    isLost: false,
    onLost: (error) => {
      loss.isLost = true;
      loss.error ??= error as DriverError;
    },
  };
  return loss;
}

/** A session over a connection that is open; `loss`: whether it was lost since. Throws `StatementFailure`. */
export async function sessionOn(
  wire: Wire,
  which: Pick<Session, "kind" | "database" | "connectionOptions">,
  loss: Pick<Loss, "isLost" | "error">,
  reading = import("./reader.ts"),
): Promise<Session> {
  // What the server said when it ended the connection, while nothing was sent, is the reason that nothing can be sent.
  const failed = (error: unknown, before = 0): StatementFailure => {
    const { error: said } = loss;
    const isReason = said !== undefined && sqlstateOf(said) !== undefined;
    const given = error as DriverError;
    const { connectionOptions } = which;
    const told = isReason && sqlstateOf(given) === undefined ? said : given;
    return new StatementFailure(told, { before, connectionOptions });
  };
  const rowsOf = async (sql: string): Promise<readonly Row[]> => {
    try {
      return (await wire.send(sql, true)).rows;
    } catch (error) {
      throw failed(error);
    }
  };
  let reader: Promise<Reader> | undefined;
  const announced = wire.announced();
  let open = true;
  return {
    ...which,
    version: versionOf(announced?.version) ?? (await askedVersion(rowsOf)),
    pid: announced?.pid ?? 0,
    send: async (sql, label) => {
      const lead = label === undefined ? "" : `${blockComment(label)} `;
      try {
        return (await wire.send(lead + sql, false)).tag;
      } catch (error) {
        throw failed(error, codePoints(lead));
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
        if (!loss.isLost) throw error;
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
