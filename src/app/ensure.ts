/** A database → its ledger is there and of this format, with nothing applied where it was missing. */
import { type Ledger, ledgerOf } from "../core/ledger/calls.ts";
import { FORMAT } from "../core/ledger/format.ts";
import type { LedgerState } from "../core/ledger/types.ts";
import { compileLedger } from "../core/plan/compile.ts";
import type { Plan } from "../core/plan/types.ts";
import { readLedger } from "../io/queries.ts";
import { connect, ownBackend } from "./connect.ts";
import { type Deps, openConfig, type ProjectOptions } from "./project.ts";
import { type SendOptions, send, type Target } from "./send.ts";

export type EnsureOptions = ProjectOptions & SendOptions;

export interface Ensured {
  /** The ledger was missing. */
  readonly created: boolean;
  /** The format that it was brought to this one from. */
  readonly upgradedFrom?: number;
}

/**
 * Creates the ledger where it is missing, and brings an older one to this format. Throws `MigrateError` of every kind but
 * source and graph.
 */
export async function ensureLedger(deps: Deps, options: EnsureOptions): Promise<Ensured> {
  const config = await openConfig(deps, options);
  const ledger = ledgerOf(config.ledger);
  const session = await connect(deps, config, { creates: true });
  const stop = (): void => void session.cancel().catch(() => {});
  deps.signal?.addEventListener("abort", stop);
  try {
    const { format } = await readLedger(session, ledger);
    if (format === FORMAT) return { created: false };
    await sendLedger({ session, backend: await ownBackend(session), config, ledger }, deps, options);
    return { created: format === undefined, ...(format === undefined ? {} : { upgradedFrom: format }) };
  } finally {
    deps.signal?.removeEventListener("abort", stop);
    await session.close();
  }
}

/** Brings a ledger of an older format to this one, and says so; whoever writes does this first. */
export async function bringUp(
  { format }: LedgerState,
  target: Target,
  deps: Deps,
  options: SendOptions,
): Promise<void> {
  if (format === undefined || format === FORMAT) return;
  await sendLedger(target, deps, options);
  const message = `the ledger was upgraded from format ${format} to format ${FORMAT}`;
  deps.onNotice?.({ severity: "NOTICE", message });
}

function sendLedger(target: Target, deps: Deps, options: SendOptions): Promise<void> {
  const { ledger, config } = target;
  return send(compileLedger({ ledger, pins: config.session }), target, deps, options);
}

/** The plan of the script that creates the ledger or brings it to this format; asks no database. */
export async function ledgerScript(
  deps: Deps,
  options: ProjectOptions,
): Promise<{ readonly plan: Plan; readonly ledger: Ledger }> {
  const config = await openConfig(deps, options);
  const ledger = ledgerOf(config.ledger);
  return { plan: compileLedger({ ledger, pins: config.session }), ledger };
}
