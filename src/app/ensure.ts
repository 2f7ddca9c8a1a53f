/** A database → its ledger is there, with nothing applied where it was missing. */
import { type LedgerSql, ledgerSql } from "../core/ledger-sql.ts";
import { compileLedger, type Plan } from "../core/plan.ts";
import { readLedger } from "../io/ledger.ts";
import { sha256 } from "../io/sha256.ts";
import { connect, refusePooledTransactions } from "./connect.ts";
import { type Deps, openConfig, type ProjectOptions } from "./project.ts";
import { type SendOptions, send } from "./send.ts";

export type EnsureOptions = ProjectOptions & SendOptions;

/** Creates the ledger where it is missing. Returns whether it was. Throws `MigrateError` of every kind but source and graph. */
export async function ensureLedger(
  deps: Deps,
  options: EnsureOptions,
): Promise<{ readonly created: boolean }> {
  const config = await openConfig(deps, options);
  const ledger = ledgerSql(config.ledger, sha256);
  const session = await connect(deps, config, { creates: true });
  const stop = (): void => void session.cancel().catch(() => {});
  deps.signal?.addEventListener("abort", stop);
  try {
    if ((await readLedger(session, ledger)).exists) return { created: false };
    await refusePooledTransactions(session);
    await send(compileLedger({ ledger, pins: config.session }), session, { config, ledger }, deps, options);
    return { created: true };
  } finally {
    deps.signal?.removeEventListener("abort", stop);
    await session.close();
  }
}

/** The plan of the script that creates the ledger; asks no database. */
export async function ledgerScript(
  deps: Deps,
  options: ProjectOptions,
): Promise<{ readonly plan: Plan; readonly ledger: LedgerSql }> {
  const config = await openConfig(deps, options);
  const ledger = ledgerSql(config.ledger, sha256);
  return { plan: compileLedger({ ledger, pins: config.session }), ledger };
}
