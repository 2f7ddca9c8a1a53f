/** The ledger's log: what was done to the database. */

import { MigrateError } from "../core/errors.ts";
import { ledgerOf } from "../core/ledger/calls.ts";
import { redactAll } from "../core/redact.ts";
import type { Config } from "../io/config.ts";
import { type LogEntry, readLog as read } from "../io/queries.ts";
import { connect, tellOfNone, warnOf } from "./connect.ts";
import { readable, readLedgers, refuseInconsistent } from "./other-ledger.ts";
import { type Deps, openConfig, openProject, type ProjectOptions } from "./project.ts";

export interface LogOptions extends ProjectOptions {
  /** How many entries at most; 0: all. */
  readonly last: number;
}

/** The newest entries first, without passwords; none where there is no ledger. Never writes. */
export async function readLog(deps: Deps, options: LogOptions): Promise<readonly LogEntry[]> {
  const config = await openConfig(deps, options);
  const session = await connect(deps, config);
  try {
    const ledger = ledgerOf(config.ledger);
    // The log is read without the files, which may be at fault.
    const elsewhere = async () => {
      const ledgers = await readLedgers(session, ledger);
      const isAsked = ledgers.others.length > 0;
      return {
        ledgers,
        project: isAsked ? await openProject(deps, options, config).catch(withoutFault) : undefined,
      };
    };
    const entries = await read(session, ledger, options.last).catch(async (error: unknown) => {
      const { project, ledgers } = await elsewhere();
      if (project !== undefined) refuseInconsistent(project, ledgers);
      throw error;
    });
    if (entries.length === 0) {
      const { project, ledgers } = await elsewhere();
      const other = project && readable(project, ledgers);
      warnOf(other, deps.onNotice);
      if (other === undefined) tellOfNone(config, ledgers.state, deps.onNotice);
      if (ledgers.state.format !== undefined)
        deps.onNotice?.({ severity: "NOTICE", message: "the log of the ledger is empty" });
    }
    return await withoutPasswords(entries, config, async () => {
      const project = await openProject(deps, options, config).catch(withoutFault);
      return project?.config ?? config;
    });
  } finally {
    await session.close();
  }
}

/** The files may release a word that is a password, too; they are read only where an entry has it. */
async function withoutPasswords(
  entries: readonly LogEntry[],
  { secrets }: Config,
  withFiles: () => Promise<Config>,
): Promise<readonly LogEntry[]> {
  const masked = redactAll(entries, secrets);
  const hasSecret = JSON.stringify(masked) !== JSON.stringify(redactAll(entries));
  return hasSecret ? redactAll(entries, (await withFiles()).secrets) : masked;
}

function withoutFault(error: unknown): undefined {
  if (!(error instanceof MigrateError)) throw error;
}
