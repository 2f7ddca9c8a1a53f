/** A connection of the caller's → a `Session` on it; when that is closed, the connection is as it was before, and open. */
import { addressFault, FORM } from "../../core/address.ts";
import { cancelled, MigrateError, NOTHING } from "../../core/errors.ts";
import { identifier, literal } from "../../core/quote.ts";
import { poolHint } from "./connect.ts";
import { newLoss, sessionOn } from "./open.ts";
import { clientOf, clientWire, databaseOf, serverOf, standingOf } from "./server.ts";
import {
  clauseOf,
  type DriverError,
  isPool,
  type LentClient,
  type LentConnection,
  type LentPool,
  type Notice,
  type ServerOfPool,
  type Session,
  type SlonikPool,
  sqlstateOf,
  type Wire,
} from "./types.ts";

export interface LentOptions {
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  /** A pool that is busy is waited for until then. */
  readonly signal?: AbortSignal | undefined;
  /** Asked before anything is changed; what it throws goes through, and nothing is. */
  readonly admit: (session: Session) => Promise<unknown>;
}

/**
 * Throws `usage/connection` where it cannot be used, `usage/in-transaction`, `execution/connect`, `execution/cancelled`.
 */
export async function lentSession(lent: LentConnection, options: LentOptions): Promise<Session> {
  const { onNotice = () => {}, admit } = options;
  const { client, release } = await taken(lent, options.signal);
  const loss = newLoss();
  const wire = clientWire(client, { onNotice, onLost: loss.onLost });
  let before: State | undefined;
  const end = async (): Promise<void> => {
    const isAsItWas = before === undefined || (await restored(wire, before, onNotice));
    await wire.end();
    await release(!isAsItWas || loss.isLost);
  };
  try {
    const found = await stateOf(wire, isPool(lent));
    const which = {
      kind: "server",
      database: databaseOf(client),
      connectionOptions: limitsOf(found),
    } as const;
    const session = await sessionOn({ ...wire, end }, which, loss);
    await admit(session);
    before = found;
    return session;
  } catch (error) {
    await end();
    throw error;
  }
}

// ── a client ────────────────────────────────────────────────────────────────────────────────────────────────────

interface Taken {
  readonly client: LentClient;
  /** `isSpoilt`: nobody should use it any more. */
  readonly release: (isSpoilt: boolean) => Promise<void> | void;
}

const isNone = (lent: unknown): boolean => {
  if (typeof lent !== "object" || lent === null) return true;
  if ("configuration" in lent)
    return (
      typeof (lent.configuration as Partial<SlonikPool["configuration"]> | null)?.connectionUri !== "string"
    );
  return !("totalCount" in lent && "connect" in lent) && isPool(lent as LentConnection);
};

async function taken(lent: LentConnection, signal: AbortSignal | undefined): Promise<Taken> {
  if (isNone(lent)) {
    throw new MigrateError({
      code: "usage/connection",
      message: "connection must be a connected client or a pool of pg, or a pool of slonik",
      hint:
        lent instanceof Promise
          ? "it is a promise: await it"
          : "give one of these; or, for an address, the option database: database: process.env.DATABASE_URL",
    });
  }
  if ("configuration" in lent) return ofSlonik(lent.configuration);
  if ("totalCount" in lent) return await ofPool(lent, signal);
  const standing = standingOf(lent);
  if (standing !== "connected") throw new MigrateError({ code: "usage/connection", ...UNUSABLE[standing] });
  if (lentOut.has(lent))
    throw new MigrateError({
      code: "usage/connection",
      message: "the client that was given is in use by another call",
      hint: "await one call before the next begins, or give a pool",
    });
  lentOut.add(lent);
  return { client: lent, release: () => void lentOut.delete(lent) };
}

/** Clients on which a call is at work: the lock of the ledger is the session's, so it would not part two of them. */
const lentOut = new WeakSet<LentClient>();

const UNUSABLE = {
  new: {
    message: "the connection that was given is not a connected client of pg",
    hint: "connect it first: await client.connect(), or give a pool",
  },
  ended: {
    message: "the client that was given has been ended",
    hint: "end it after the run: await upgrade({ connection: client }), then await client.end()",
  },
  lost: {
    message: "the client that was given has lost its connection",
    hint: "connect another client: await client.connect(), or give a pool",
  },
} as const;

async function ofPool(pool: LentPool, signal: AbortSignal | undefined): Promise<Taken> {
  if (pool.ending === true) {
    throw new MigrateError({
      code: "usage/connection",
      message: "the pool that was given has been ended",
      hint: "end it after the run: await upgrade({ connection: pool }), then await pool.end()",
    });
  }
  // A pool reads its address only now, and throws at once where it cannot.
  const connecting = (async () => pool.connect())();
  const had = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(cancelled(NOTHING, signal?.reason));
    signal?.addEventListener("abort", stop, { signal: had.signal });
  });
  try {
    const client = await Promise.race([connecting, aborted]);
    return { client, release: (isSpoilt) => client.release(isSpoilt) };
  } catch (cause) {
    connecting.then(
      (late) => late.release(),
      () => {},
    );
    throw cause instanceof MigrateError
      ? cause
      : notConnected("the pool gives no connection", cause as DriverError, () => serverOf(pool));
  } finally {
    had.abort();
  }
}

/**
 * slonik's own connections pass no text on as it is: it takes a message of several statements for an error, and repeats
 * what failed.
 */
async function ofSlonik(configuration: SlonikPool["configuration"]): Promise<Taken> {
  const { connectionUri, ssl, driverFactory } = configuration as SlonikPool["configuration"] & {
    readonly ssl?: unknown;
    readonly driverFactory?: unknown;
  };
  if (driverFactory !== undefined) {
    throw new MigrateError({
      code: "usage/connection",
      message:
        "the pool of slonik that was given has a driver of its own, and how that connects is not known",
      hint: 'give a client or a pool of pg, or name the database: database: "postgres://USER@HOST/NAME"',
    });
  }
  const client = clientOf(connectionUri, ssl);
  try {
    await client.connect();
  } catch (cause) {
    throw notConnected("cannot connect as the pool of slonik does", cause as DriverError, () => client);
  }
  return { client, release: () => client.end() };
}

function notConnected(
  what: string,
  cause: DriverError,
  server: () => ServerOfPool | undefined,
): MigrateError {
  // Node's error repeats the address, with its password: it is not kept as the cause.
  if (cause.code === "ERR_INVALID_URL")
    return addressFault("the pool that was given", "the database address is not a URL", FORM);
  const sqlstate = sqlstateOf(cause);
  return new MigrateError(
    {
      code: "execution/connect",
      message: `${what}: ${clauseOf(cause)}`,
      hint: poolHint(cause, server),
      ...(sqlstate === undefined ? {} : { sqlstate }),
    },
    { cause },
  );
}

// ── its state ───────────────────────────────────────────────────────────────────────────────────────────────────

/** What a session was set to, and not what it was connected with. */
interface State {
  readonly inTransaction: boolean;
  readonly user: string;
  /** `none`: the user's own. */
  readonly role: string;
  readonly channels: readonly string[];
  /** Names and values. */
  readonly settings: readonly (readonly [string, string])[] | null;
  /** What it was connected with of what may stop a run. */
  readonly limits: readonly (readonly [string, string])[] | null;
}

/** As in PGOPTIONS. */
const limitsOf = ({ limits }: State): string =>
  (limits ?? []).map(([name, value]) => `-c ${name}=${value}`).join(" ");

/** The search path is the caller's, so every name and operator says where it is. A transaction began before its second statement. */
const STATE = `SELECT pg_catalog.now() OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp() AS "inTransaction",
  session_user::pg_catalog.text AS "user", pg_catalog.current_setting('role') AS role,
  ARRAY(SELECT c FROM pg_catalog.pg_listening_channels() AS c) AS channels,
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(s.name, s.setting)) FROM pg_catalog.pg_settings AS s
    WHERE s.source OPERATOR(pg_catalog.=) 'session') AS settings,
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(s.name, s.setting)) FROM pg_catalog.pg_settings AS s
    WHERE s.source OPERATOR(pg_catalog.=) 'client' AND s.setting OPERATOR(pg_catalog.!~) '^(0|off)$'
      AND s.name OPERATOR(pg_catalog.~) '_timeout$|^default_transaction_read_only$') AS limits`;

const ABORTED_TRANSACTION = "25P02";

/** Throws `usage/in-transaction`, `execution/connect`. */
async function stateOf(wire: Wire, isOfPool: boolean): Promise<State> {
  try {
    const [state] = (await wire.send(STATE, true)).rows as unknown as readonly [State];
    if (!state.inTransaction) return state;
  } catch (error) {
    const cause = error as DriverError;
    const sqlstate = sqlstateOf(cause);
    if (sqlstate !== ABORTED_TRANSACTION)
      throw new MigrateError(
        {
          code: "execution/connect",
          message: `the connection that was given cannot be asked for its settings: ${clauseOf(cause)}`,
          ...(sqlstate === undefined ? {} : { sqlstate }),
        },
        { cause },
      );
  }
  throw new MigrateError({
    code: "usage/in-transaction",
    message: "the connection that was given is in a transaction, and migrations begin and commit their own",
    hint: isOfPool
      ? "end the transaction before the client goes back to the pool: client.release()"
      : 'end it first, with COMMIT or ROLLBACK: await client.query("COMMIT"); or give a pool',
  });
}

/** Puts the session back into the state; false where that could not be done, which is a notice. */
async function restored(
  wire: Wire,
  { user, role, settings, channels }: State,
  onNotice: (notice: Notice) => void,
): Promise<boolean> {
  const values = (settings ?? []).map(
    ([name, value]) => `pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`,
  );
  const statements = [
    "SET SESSION AUTHORIZATION DEFAULT",
    "RESET ALL",
    `SET SESSION AUTHORIZATION ${identifier(user)}`,
    ...channels.map((channel) => `LISTEN ${identifier(channel)}`),
    ...(values.length === 0 ? [] : [`SELECT ${values.join(", ")}`]),
    ...(role === "none" ? [] : [`SET ROLE ${identifier(role)}`]),
  ];
  try {
    await wire.send(`${statements.join(";\n")};`, false);
    return true;
  } catch (error) {
    const message = `the settings of the connection that was given were not put back: ${(error as Error).message}`;
    onNotice({ severity: "WARNING", message });
    return false;
  }
}
