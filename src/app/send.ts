/** A plan → it is executed on a session, under what the configuration and the flags say of waiting. */

import { count, type Rules } from "../core/arguments.ts";
import { MigrateError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import { turnedOff } from "../core/failure/limits.ts";
import type { Ledger } from "../core/ledger/calls.ts";
import type { Plan } from "../core/plan/types.ts";
import type { Config } from "../io/config.ts";
import { type ExecuteOptions, execute, type LockOptions } from "../io/execute.ts";
import {
  type Backend,
  blockers,
  elsewhere,
  invalidIndex,
  isStandby,
  lockHolders,
  rolesAt,
  shutSchemas,
} from "../io/queries.ts";
import type { Session } from "../io/session/types.ts";
import { callback, seconds } from "./options.ts";
import type { Deps } from "./project.ts";

export interface SendOptions {
  /** Seconds to wait for the lock; 0 tries once. Default: the configuration's, else 60. */
  readonly lockWait?: number | undefined;
  /** How often a migration that met lock_timeout is tried again. Default: the configuration's, else 5. */
  readonly lockRetries?: number | undefined;
  readonly onEvent?: ((event: Event) => void) | undefined;
}

export const sendRules: Rules<SendOptions> = { lockWait: seconds, lockRetries: count, onEvent: callback };

/** What a plan is sent over and under. */
export interface Target {
  readonly session: Session;
  readonly backend: Backend;
  readonly config: Config;
  readonly ledger: Ledger;
}

/** Executes the plan. Throws what `execute` throws, and `execution/read-only`. */
export function send(
  plan: Plan,
  target: Target,
  deps: Deps,
  options: SendOptions,
  ofFiles: Pick<
    ExecuteOptions,
    | "sourceText"
    | "limitOptions"
    | "recordFailure"
    | "recording"
    | "again"
    | "goneBy"
    | "heldBy"
    | "needs"
    | "adviceOnly"
  > = {
    sourceText: () => undefined,
  },
): Promise<void> {
  const { session, backend, config } = target;
  return execute(plan, session, {
    ...lockOptions(target, deps, options),
    lockRetries: options.lockRetries ?? config.lockRetries,
    blockers: () => blockers(session, backend.pid),
    roles: (of, message) => rolesAt(session, of, message),
    shut: (of) => shutSchemas(session, of),
    elsewhere: (name) => elsewhere(session, name),
    invalid: (name, table) => invalidIndex(session, name, table),
    connectionOptions: session.connectionOptions,
    scratch: session.scratch,
    ...ofFiles,
  }).catch(async (error: unknown) => {
    throw error instanceof MigrateError && error.sqlstate === "25006"
      ? await readOnly(error, session)
      : error;
  });
}

/** What takes no writes, in the place of the statement that found it out. */
async function readOnly(cause: MigrateError, session: Session): Promise<MigrateError> {
  const standby = await isStandby(session).catch(() => undefined);
  if (standby === undefined) return cause;
  return new MigrateError(
    {
      code: "execution/read-only",
      message: standby
        ? `${session.database} is on a standby, which is read-only`
        : `transactions on ${session.database} are read-only: default_transaction_read_only is on`,
      hint: standby
        ? "connect to the primary server"
        : turnedOff("default_transaction_read_only", "off", session.connectionOptions),
      sqlstate: "25006",
    },
    { cause },
  );
}

/** How the lock is waited for. */
export const lockOptions = (
  { session, config, ledger }: Target,
  { signal, names }: Deps,
  { lockWait = config.lockWait, onEvent = () => {} }: SendOptions,
): LockOptions => ({ lockWait, lockHolders: () => lockHolders(session, ledger), signal, onEvent, names });
