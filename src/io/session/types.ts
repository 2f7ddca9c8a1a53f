/** What the rest of the program knows of a connection to a database. */

import { MigrateError } from "../../core/errors.ts";
import type { Failure } from "../../core/failure/failure.ts";
import type { OptionNames } from "../../core/option-names.ts";

/** A message from the server that is not an error. */
export interface Notice {
  readonly severity: string;
  readonly message: string;
  /** As that of a `Diagnostic`. */
  readonly beside?: true;
}

export type Row = Readonly<Record<string, unknown>>;

/** A query that only reads, and what its rows must look like. */
export interface Query<T> {
  readonly sql: string;
  /** Throws where a row is none. */
  readonly row: { readonly parse: (row: unknown) => T };
}

export interface Session {
  readonly kind: "server" | "pglite";
  /** Which one this is, for a person: `deploy@db.example:5432/shop`. */
  readonly database: string;
  /** The options for the server that it was given, as in PGOPTIONS; absent where there are none, or they are not known. */
  readonly connectionOptions?: string | undefined;
  /** Of a scratch database, where it is: `PostgreSQL 15.18, a temporary database on db.example:5432`. */
  readonly scratch?: string | undefined;
  /** `server_version_num` (150018) and what a person calls it ("15.18"). */
  readonly version: { readonly number: number; readonly text: string };
  /** The backend's process id, as it was announced; 0 for the embedded database. */
  readonly pid: number;
  /**
   * Sends one text as a message of its own, at once, behind those that are on their way; resolves with its command tag
   * when the server has done it. `label` goes before it as a comment. Throws `StatementFailure`.
   */
  send(sql: string, label?: string): Promise<string>;
  /** The rows of a query. Throws `StatementFailure`. */
  read<T>(query: Query<T>): Promise<readonly T[]>;
  /** The rows of a query over another connection, while this one is busy; none on the embedded database. */
  aside<T>(query: Query<T>): Promise<readonly T[]>;
  /** Asks the server, over another connection, to stop what runs here. */
  cancel(): Promise<void>;
  /** The whole database, roles too, for another session to begin with; only of the embedded one. */
  readonly pack?: (() => Promise<Uint8Array>) | undefined;
  close(): Promise<void>;
}

/** A `Client` of `pg` that is connected, of whichever copy of the package. */
export interface LentClient {
  query(text: string): Promise<unknown>;
  escapeIdentifier(text: string): string;
}

/** A `Pool` of `pg`: it gives one connection for as long as it is needed. */
export interface LentPool {
  readonly totalCount: number;
  /** `end()` has been called. */
  readonly ending?: boolean;
  /** As it was made with. */
  readonly options?: object;
  connect(): Promise<LentClient & { release(destroy?: boolean): void }>;
}

/** The server of a pool, and who connects to it. */
export interface ServerOfPool {
  readonly host: string;
  readonly port: number;
  readonly user?: string | undefined;
}

/** A pool of slonik: its address and its TLS are used, by a connection beside it. */
export interface SlonikPool {
  readonly configuration: { readonly connectionUri: string };
}

export type LentConnection = LentClient | LentPool | SlonikPool;

/** Whether another connection can be had from it when one is lost. */
export const isPool = (lent: LentConnection): lent is LentPool | SlonikPool =>
  !("query" in lent && "escapeIdentifier" in lent);

/** What lies beneath a session: one connection of a driver. */
export interface Wire {
  connect(): Promise<void>;
  end(): Promise<void>;
  /** Sends one message, behind those that are on their way. Its command tag, and the rows of its last query if they are wanted. */
  send(text: string, wantsRows: boolean): Promise<{ readonly tag: string; readonly rows: readonly Row[] }>;
  /** One query over another connection. */
  aside(text: string): Promise<readonly Row[]>;
  /** Asks for what runs to be cancelled, as the protocol does it: needs no password and no free connection. */
  cancel(): Promise<void>;
  /** What the server, or a pooler before it, said of itself on connecting; undefined without a connection. */
  announced(): { readonly pid: number; readonly version: string | undefined } | undefined;
  readonly pack?: () => Promise<Uint8Array>;
}

export interface WireOptions {
  /** Nobody needs it any more, so it is given up. */
  readonly signal?: AbortSignal | undefined;
  /** An embedded database is made where there is none; else one that is not there is empty, and none is made. */
  readonly creates?: boolean | undefined;
  /** What is in it is asked for: one that is not there must not pass for one that is empty, and nobody makes it. */
  readonly asksContents?: boolean | undefined;
  /** What an embedded database in memory begins as: what another session has packed. */
  readonly packed?: Uint8Array | undefined;
  /** What messages call the options. */
  readonly names?: OptionNames | undefined;
  /** An option lets it wait. */
  readonly waits?: boolean | undefined;
}

export interface WireListener {
  readonly onNotice: (notice: Notice) => void;
  readonly onLost: (error: Error) => void;
}

/** A row as its query promises it. Throws `execution/unexpected-row`. */
export function parsedRow<T>({ row: schema }: Pick<Query<T>, "row">, row: unknown): T {
  try {
    return schema.parse(row);
  } catch (cause) {
    const [issue] =
      (cause as { issues?: readonly { path: readonly string[]; message: string }[] }).issues ?? [];
    throw new MigrateError(
      {
        code: "execution/unexpected-row",
        message: `unexpected row in the answer to an internal query: ${issue?.path.join(".")}: ${issue?.message}`,
        hint: "check whether the ledger was edited by hand, or something between here and the server changes its answers",
      },
      { cause },
    );
  }
}

/** An error as a driver throws it; the server's own have a severity. */
export interface DriverError extends Error {
  readonly severity?: string;
  readonly code?: string;
  readonly position?: string | number;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly constraint?: string;
  /** Of the server's source, whatever language it speaks. */
  readonly routine?: string;
}

/** What an error says, within a sentence: drivers and Node begin theirs as one; the server's own stay as they are. */
export function clauseOf(error: DriverError): string {
  // Of a name with several addresses; its own message is empty.
  const [first] = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [];
  const { message } = first instanceof Error ? first : error;
  return sqlstateOf(error) === undefined
    ? message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
    : message;
}

/** The server refused a text, or the connection broke while it ran. */
export class StatementFailure extends Error implements Failure {
  readonly sqlstate?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly constraint?: string;
  readonly position?: number;
  readonly connectionOptions?: string | undefined;

  /** `before`: code points of the message that stand before the text it speaks of. */
  constructor(
    error: DriverError,
    { before = 0, connectionOptions }: { before?: number } & Pick<Failure, "connectionOptions"> = {},
  ) {
    super(clauseOf(error), { cause: error });
    this.name = "StatementFailure";
    const sqlstate = sqlstateOf(error);
    if (sqlstate !== undefined) this.sqlstate = sqlstate;
    this.lost = sqlstate === undefined || isAboutOurs(sqlstate, error);
    if (connectionOptions !== undefined) this.connectionOptions = connectionOptions;
    const position = Number(error.position) - 1 - before;
    if (position >= 0) this.position = position;
    for (const key of ["detail", "hint", "where", "constraint"] as const) {
      const value = error[key];
      if (typeof value === "string" && value !== "") this[key] = value;
    }
  }

  /** The connection broke: what the server did with the message is not known. */
  readonly lost: boolean;
}

/**
 * Whether an error of the server is the end of our connection to it. Class 08 is also what CREATE SUBSCRIPTION, dblink and
 * foreign tables say of theirs to another server: these leave ours as it is.
 */
const isAboutOurs = (sqlstate: string, { severity = "" }: DriverError): boolean =>
  /^(?:08P01|57P0[1-5])$/.test(sqlstate) || (sqlstate.startsWith("08") && /^(?:FATAL|PANIC)$/.test(severity));

/** `EPIPE` looks like one, and is the system's. */
export const sqlstateOf = ({ severity, code }: DriverError): string | undefined =>
  severity !== undefined && typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
