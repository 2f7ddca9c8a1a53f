/** What is known of a ledger → whether it is still so, asked with the least that can be asked. */
import { cancelled } from "../core/errors.ts";
import { ledgerSql } from "../core/ledger-sql.ts";
import { requireDatabase } from "../io/config.ts";
import { openBriefly } from "../io/database.ts";
import { fingerprintOf } from "../io/ledger.ts";
import { sha256 } from "../io/sha256.ts";
import { type ConnectOptions, patiently } from "./connect.ts";
import { type Deps, openConfig, type ProjectOptions } from "./project.ts";

/** Whether the ledger of the configured database has that fingerprint. Throws as `connect`. */
export async function isLedger(
  fingerprint: string,
  deps: Deps,
  options: ProjectOptions & ConnectOptions,
): Promise<boolean> {
  const config = await openConfig(deps, options);
  const address = requireDatabase(config);
  if (address.kind !== "server" || address.warnings.length > 0) return false;
  const { signal } = deps;
  const session = await patiently(() => openBriefly(address, signal), deps, options);
  try {
    const found = await fingerprintOf(session, ledgerSql(config.ledger, sha256));
    if (signal?.aborted !== true) return found === fingerprint;
    throw cancelled("nothing was changed");
  } finally {
    // Nobody waits for the other side to close it.
    session.close().catch(() => {});
  }
}
