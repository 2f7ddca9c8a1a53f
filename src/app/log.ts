/** The ledger's log: what was done to the database. */

import { MigrateError } from "../core/errors.ts";
import { ledgerOf } from "../core/ledger/calls.ts";
import { redactAll } from "../core/redact.ts";
import type { Config } from "../io/config.ts";
import { type LogEntry, readLog as read } from "../io/queries.ts";
import { connect, warnOf } from "./connect.ts";
import { type Ledgers, readable, readLedgers, refuseInconsistent } from "./other-ledger.ts";
import { type Deps, openConfig, openProject, type Project, type ProjectOptions } from "./project.ts";

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
    const elsewhere = async (tell: (project: Project, ledgers: Ledgers) => void): Promise<void> => {
      const ledgers = await readLedgers(session, ledger);
      const hasOthers = ledgers.others.length > 0;
      const project = hasOthers ? await openProject(deps, options, config).catch(withoutFault) : undefined;
      if (project !== undefined) tell(project, ledgers);
    };
    const entries = await read(session, ledger, options.last).catch(async (error: unknown) => {
      await elsewhere(refuseInconsistent);
      throw error;
    });
    if (entries.length === 0)
      await elsewhere((project, ledgers) => warnOf(readable(project, ledgers), deps.onNotice));
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
