/** A project's configuration → a session on its database, waited for if asked to. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Rules, refuseTogether } from "../core/arguments.ts";
import { cancelled, MigrateError, NOTHING } from "../core/errors.ts";
import { ledgerOf } from "../core/ledger/calls.ts";
import type { LedgerState } from "../core/ledger/types.ts";
import { asOptions } from "../core/option-names.ts";
import { type Config, requireDatabase } from "../io/config.ts";
import { type Backend, backendOf, sharedMode } from "../io/queries.ts";
import { isNotYet } from "../io/session/connect.ts";
import { openSession } from "../io/session/open.ts";
import type { LentConnection, Notice, Session } from "../io/session/types.ts";
import { heldBack } from "./held-back.ts";
import { anything, callback, seconds } from "./options.ts";
import { elsewhere, type Ledgers, readLedgers, refuseInconsistent, refuseOther } from "./other-ledger.ts";
import {
  type Deps,
  openConfig,
  openProject,
  type Project,
  type ProjectOptions,
  warnOfFolders,
} from "./project.ts";
import { missingSchemas } from "./search-path.ts";

export interface ConnectOptions {
  /** Seconds to wait until the server accepts connections. Default 0. */
  readonly wait?: number | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  /**
   * A connection of the caller's: a pool or a connected client of `pg`, or a pool of slonik. It is used in the place of the
   * configured database, and left open, with the settings that it had.
   */
  readonly connection?: LentConnection | undefined;
}

/** What a verb asks for beside; no caller of the API can. */
export interface OpenOptions extends ConnectOptions {
  /** An embedded database is made where there is none. */
  readonly creates?: boolean | undefined;
  /** What is in the database is asked for: one that is not there is no empty one. */
  readonly asksContents?: boolean | undefined;
  /** Nobody is warned of a project without migrations. */
  readonly expectsNone?: boolean | undefined;
  /** The answer is what the ledger says: it is told where there is none. */
  readonly asksLedger?: boolean | undefined;
  /** It is for an upgrade, which runs nothing that another ledger of the database has. */
  readonly upgrades?: boolean | undefined;
}

export const connectRules: Rules<ConnectOptions> = {
  wait: seconds,
  onNotice: callback,
  connection: anything,
};

/** A project, a session on its database, and what the ledger there says. */
export interface Connected {
  readonly project: Project;
  readonly session: Session;
  readonly state: LedgerState;
}

/**
 * Opens a project, and reads the ledger of its database while the files are read. What is wrong with the files is thrown
 * before what is wrong with the database, which is then given up. Throws `usage/option` where two databases are named.
 */
export async function openConnected(deps: Deps, options: ProjectOptions & OpenOptions): Promise<Connected> {
  refuseTogether(options, "connection", "database");
  const config = await openConfig(deps, options);
  const open = async (): Promise<Project> => {
    const project = await openProject(deps, options, config);
    if (options.expectsNone !== true) warnOfFolders(project, deps, options.onNotice);
    return project;
  };
  const { database } = config;
  const isOwn = options.connection === undefined;
  if (isOwn && (database instanceof MigrateError || database.kind !== "server")) {
    const project = await open();
    const opened = await openLedger(deps, config, options);
    try {
      return await connected(project, opened, deps, options);
    } catch (error) {
      await opened.session.close();
      throw error;
    }
  }
  const needless = new AbortController();
  const signal =
    deps.signal === undefined ? needless.signal : AbortSignal.any([deps.signal, needless.signal]);
  const opening = openLedger({ ...deps, signal }, config, options);
  opening.catch(() => {});
  // It gets as far as to wait for the server.
  await new Promise(setImmediate);
  try {
    const project = await open();
    return await connected(project, await opening, deps, options);
  } catch (error) {
    needless.abort();
    await opening.then(
      ({ session }) => session.close(),
      () => {},
    );
    throw error;
  }
}

interface OpenLedger extends Ledgers {
  readonly session: Session;
}

/** Warns of a ledger, and of schemas, that are not where the project has them. Throws `InconsistentLedger`, and as `refuseOther`. */
async function connected(
  project: Project,
  { session, ...ledgers }: OpenLedger,
  deps: Pick<Deps, "onNotice">,
  { onNotice = deps.onNotice, asksLedger = false, upgrades = false }: OpenOptions,
): Promise<Connected> {
  const { state } = ledgers;
  refuseInconsistent(project, ledgers);
  if (upgrades) refuseOther(project, ledgers);
  const other = elsewhere(project, ledgers);
  warnOf(other, onNotice);
  if (asksLedger && other === undefined) tellOfNone(project.config, state, onNotice);
  warnOf(await missingSchemas(project, state, session), onNotice);
  return { project, session, state };
}

/** Says that there is no ledger, which an answer that is empty does not tell from one that has nothing yet. */
export function tellOfNone(
  { ledger: { schema } }: Pick<Config, "ledger">,
  { format }: LedgerState,
  onNotice: Deps["onNotice"],
): void {
  const message = `there is no ledger in the schema ${schema}, so nothing is recorded as applied`;
  if (format === undefined) onNotice?.({ severity: "NOTICE", message });
}

/** Says what is odd, and what to do. */
export function warnOf(
  odd: { readonly message: string; readonly hint: string } | undefined,
  onNotice: Deps["onNotice"],
): void {
  if (odd !== undefined) onNotice?.({ severity: "WARNING", message: `${odd.message}; ${odd.hint}` });
}

async function openLedger(
  deps: Pick<Deps, "signal" | "onNotice" | "names">,
  config: Config,
  options: OpenOptions,
): Promise<OpenLedger> {
  const session = await connect(deps, config, options);
  const watched = cancelWhenAborted(() => session, deps.signal);
  try {
    const ledger = ledgerOf(config.ledger);
    const ledgers = await readLedgers(session, ledger, options.creates === true ? "write" : "read");
    return { session, ...ledgers };
  } catch (error) {
    await session.close();
    throw error;
  } finally {
    watched.stop();
  }
}

/** ms between requests to cancel: one that arrives between two statements stops neither. */
const CANCEL_AGAIN = 200;

/** From when the user asks to stop, asks the server to, again and again, until `stop` is called. */
export function cancelWhenAborted(session: () => Session, signal: AbortSignal | undefined): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void =>
    void session()
      .cancel()
      .catch(() => {});
  const begin = (): void => {
    cancel();
    timer = setInterval(cancel, CANCEL_AGAIN);
  };
  signal?.addEventListener("abort", begin);
  return {
    stop: () => {
      signal?.removeEventListener("abort", begin);
      clearInterval(timer);
    },
  };
}

/**
 * Connects, until it is told to stop. What `onNotice` throws, `close` throws. Throws `usage/no-database`, `usage/connection`, `usage/in-transaction`,
 * `execution/connect`, `execution/database-in-use`, `execution/pooler`, `execution/cancelled`.
 */
export async function connect(
  deps: Pick<Deps, "signal" | "onNotice" | "names">,
  config: Config,
  options: OpenOptions = {},
): Promise<Session> {
  const heard = heldBack(options.onNotice ?? deps.onNotice);
  const session = await opened(deps, config, { ...options, onNotice: heard.call });
  return {
    ...session,
    close: async () => {
      await session.close();
      await heard.ended();
    },
  };
}

async function opened(
  { signal, names = asOptions }: Pick<Deps, "signal" | "names">,
  config: Config,
  options: OpenOptions,
): Promise<Session> {
  const { onNotice, creates, asksContents, connection } = options;
  if (connection !== undefined) {
    const { lentSession } = await import("../io/session/lent.ts");
    const open = () => lentSession(connection, { onNotice, signal, admit: ownBackend });
    return await patiently(open, { signal }, options);
  }
  const address = requireDatabase(config);
  for (const message of address.warnings) onNotice?.({ severity: "WARNING", message });
  if (address.kind === "pglite" && address.folder === "memory") {
    const message = `${address.display} is a new, empty database, and is gone when this command ends; to keep one, use pglite:./folder`;
    onNotice?.({ severity: "NOTICE", message });
  }
  const open = () => openSession(address, { onNotice, creates, asksContents, signal, names, waits: true });
  return await patiently(open, { signal }, options);
}

/** Opens again and again, until the server is there or the patience at its end. Throws `execution/cancelled` when told to stop. */
async function patiently<T>(
  open: () => Promise<T>,
  { signal }: { readonly signal: AbortSignal | undefined },
  { wait = 0, onNotice }: ConnectOptions,
): Promise<T> {
  let told = false;
  // Seconds, and free: to look at `performance` first loads all that measures it.
  const deadline = process.uptime() + wait;
  const stopIfAborted = (cause?: unknown): void => {
    if (signal?.aborted === true) throw cancelled(NOTHING, cause);
  };
  for (;;) {
    stopIfAborted();
    try {
      return await open();
    } catch (error) {
      const left = (deadline - process.uptime()) * 1000;
      stopIfAborted(error);
      if (!(error instanceof MigrateError) || !isNotYet(error) || left <= 0) throw error;
      if (!told) onNotice?.({ severity: "NOTICE", message: `${error.message}; waiting up to ${wait} s` });
      told = true;
      await sleep(Math.min(500, left), undefined, signal === undefined ? {} : { signal }).catch(() => {});
    }
  }
}

/** The backend, unless its session's settings and locks would not stay ours. Throws `execution/pooler`. */
export async function ownBackend(session: Session): Promise<Backend> {
  const backend = await backendOf(session);
  const mode = sharedMode(backend);
  if (mode === undefined) return backend;
  throw new MigrateError({
    code: "execution/pooler",
    message: `the database is behind a pooler in ${mode} mode: locks and settings would leak to its other clients`,
    hint: "connect to the server directly, or to a pool in session mode (PgBouncer: pool_mode=session)",
  });
}
