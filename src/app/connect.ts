/** A project's configuration → a session on its database, waited for if asked to. */
import { setTimeout as sleep } from "node:timers/promises";
import { cancelled, MigrateError } from "../core/errors.ts";
import { type Config, requireDatabase } from "../io/config.ts";
import { type Notice, openSession, type Session } from "../io/database.ts";
import { type Deps, openConfig, openProject, type Project, type ProjectOptions } from "./project.ts";

export interface ConnectOptions {
  /** Seconds to wait until the server accepts connections. Default 0. */
  readonly wait?: number | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  /** An embedded database is made where there is none. */
  readonly creates?: boolean | undefined;
}

/** A project and a session on its database. */
export interface Connected {
  readonly project: Project;
  readonly session: Session;
}

/**
 * Opens a project and connects to its database, which answers while the files are read. What is wrong with the files
 * is thrown before what is wrong with the connection; then that is given up.
 */
export async function openConnected(
  deps: Deps,
  options: ProjectOptions & ConnectOptions,
): Promise<Connected> {
  const config = await openConfig(deps, options);
  if (config.database instanceof MigrateError || config.database.kind !== "server") {
    const project = await openProject(deps, options, config);
    return { project, session: await connect(deps, config, options) };
  }
  const needless = new AbortController();
  const signal =
    deps.signal === undefined ? needless.signal : AbortSignal.any([deps.signal, needless.signal]);
  const connecting = connect({ ...deps, signal }, config, options);
  connecting.catch(() => {});
  // It gets as far as to wait for the server.
  await new Promise(setImmediate);
  try {
    const project = await openProject(deps, options, config);
    return { project, session: await connecting };
  } catch (error) {
    needless.abort();
    await connecting.then(
      (session) => session.close(),
      () => {},
    );
    throw error;
  }
}

/** Connects, until it is told to stop. Throws `usage/no-database`, `execution/connect`, `execution/database-in-use`, `execution/cancelled`. */
export async function connect(
  deps: Pick<Deps, "signal" | "onNotice">,
  config: Config,
  options: ConnectOptions = {},
): Promise<Session> {
  const address = requireDatabase(config);
  const { onNotice = deps.onNotice, creates } = options;
  if (address.kind === "server") {
    for (const message of address.warnings) onNotice?.({ severity: "WARNING", message });
  }
  return await patiently(
    () => openSession(address, { onNotice, creates, signal: deps.signal }),
    deps,
    options,
  );
}

/** Opens again and again, until the server is there or the patience at its end. Throws `execution/cancelled` when told to stop. */
async function patiently<T>(
  open: () => Promise<T>,
  { signal }: Pick<Deps, "signal">,
  { wait = 0 }: ConnectOptions,
): Promise<T> {
  // Seconds, and free: to look at `performance` first loads all that measures it.
  const deadline = process.uptime() + wait;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const left = (deadline - process.uptime()) * 1000;
      if (signal?.aborted === true) throw cancelled("nothing was changed", error);
      if (!(error instanceof MigrateError) || !isNotYet(error) || left <= 0) throw error;
      await sleep(Math.min(500, left), undefined, signal === undefined ? {} : { signal }).catch(() => {});
    }
  }
}

/** The server is not there yet or still starting; a wrong password or certificate will not mend by waiting. */
function isNotYet({ code, sqlstate, cause }: MigrateError): boolean {
  if (code !== "execution/connect") return false;
  // Starting or stopping, or full.
  if (sqlstate !== undefined) return /^(?:57P0[1-3]|53300)$/.test(sqlstate);
  const { code: reason, message } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  return reason === undefined ? message === "Connection terminated unexpectedly" : NETWORK.has(reason);
}

/** What a network says of a host that is not there, or not yet. */
const NETWORK = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN"],
  // A name that is not known yet; a socket that is not there yet.
  ...["ENOTFOUND", "EAI_AGAIN", "ENOENT"],
]);

/** Refuses a connection on which a session's settings and locks would not stay ours. Throws `execution/pooler`. */
export async function refusePooledTransactions(session: Session): Promise<void> {
  if ((await session.pooling()) !== "transactions") return;
  throw new MigrateError({
    code: "execution/pooler",
    message:
      "a pooler in transaction mode stands before the database: locks and settings would leak to its other clients",
    hint: "connect to the server itself, or to a pool in session mode (PgBouncer: pool_mode=session)",
  });
}
