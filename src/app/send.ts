/** A plan → it is executed on a session, under what the configuration and the flags say of waiting. */
import type { Event } from "../core/event.ts";
import type { LedgerSql } from "../core/ledger-sql.ts";
import type { Plan } from "../core/plan.ts";
import type { Config } from "../io/config.ts";
import type { Session } from "../io/database.ts";
import { type ExecuteOptions, execute } from "../io/execute.ts";
import { blockers, lockHolders } from "../io/sessions.ts";
import type { Deps } from "./project.ts";

export interface SendOptions {
  /** Seconds to wait for the lock; 0 tries once. Default: the configuration's, else 60. */
  readonly lockWait?: number | undefined;
  /** How often a migration that met lock_timeout is tried again. Default: the configuration's, else 5. */
  readonly lockRetries?: number | undefined;
  readonly onEvent?: ((event: Event) => void) | undefined;
}

/** Executes the plan. Throws what `execute` throws. */
export function send(
  plan: Plan,
  session: Session,
  { config, ledger }: { readonly config: Config; readonly ledger: LedgerSql },
  { signal }: Deps,
  options: SendOptions,
  ofFiles: Pick<ExecuteOptions, "sourceText" | "recordFailure"> = { sourceText: () => undefined },
): Promise<void> {
  return execute(plan, session, {
    lockWait: options.lockWait ?? config.lockWait,
    lockRetries: options.lockRetries ?? config.lockRetries,
    lockHolders: () => lockHolders(session, ledger),
    blockers: () => blockers(session),
    signal,
    onEvent: options.onEvent ?? (() => {}),
    ...ofFiles,
  });
}
