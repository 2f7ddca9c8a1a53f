/** The ledger's log: what was done to the database. */

import { ledgerOf } from "../core/ledger/calls.ts";
import { redactAll } from "../core/redact.ts";
import { type LogEntry, readLog as read } from "../io/queries.ts";
import { connect } from "./connect.ts";
import { type Deps, openConfig, type ProjectOptions } from "./project.ts";

export interface LogOptions extends ProjectOptions {
  /** How many entries at most; 0: all. */
  readonly last: number;
}

/** The newest entries first, without passwords; none where there is no ledger. Never writes. */
export async function readLog(deps: Deps, options: LogOptions): Promise<readonly LogEntry[]> {
  const config = await openConfig(deps, options);
  const session = await connect(deps, config);
  try {
    return redactAll(await read(session, ledgerOf(config.ledger), options.last), config.secrets);
  } finally {
    await session.close();
  }
}
