/** A project of which nothing is applied → the other ledger of the database by which it is: the schema may be misspelt. */
import { MigrateError } from "../core/errors.ts";
import type { Ledger } from "../core/ledger/calls.ts";
import type { LedgerUse } from "../core/ledger/grants.ts";
import { type LedgerState, sqlstates } from "../core/ledger/types.ts";
import { configFile } from "../io/config.ts";
import { type OtherLedger, onlyOtherLedger, readInconsistent, readLedger } from "../io/queries.ts";
import type { Session } from "../io/session/types.ts";
import type { Project } from "./project.ts";

/** The project's ledger, and another. */
export interface Ledgers {
  readonly state: LedgerState;
  /** Asked for only where the project's has nothing, or is not there. */
  readonly other?: OtherLedger | undefined;
  /** What is wrong where the project's is inconsistent; then its state is what can be read of it. */
  readonly fault?: MigrateError | undefined;
}

/** Throws as `readLedger`, but where the ledger is inconsistent. */
export async function readLedgers(session: Session, ledger: Ledger, use?: LedgerUse): Promise<Ledgers> {
  let state: LedgerState;
  let fault: MigrateError | undefined;
  try {
    state = await readLedger(session, ledger, use);
  } catch (error) {
    if (!(error instanceof MigrateError) || error.sqlstate !== sqlstates.inconsistent) throw error;
    fault = error;
    state = (await readInconsistent(session, ledger)) ?? { applied: [] };
  }
  const isEmpty = state.applied.length === 0 && state.intent === undefined;
  return { state, fault, other: isEmpty ? await onlyOtherLedger(session, ledger) : undefined };
}

/** What to say of the other, and to type. */
export interface AboutOther {
  /** Also what is so of the project's own. */
  readonly message: string;
  /** Of the other alone. */
  readonly alone: string;
  readonly hint: string;
}

/** Undefined where it has none of the project's revisions. One that cannot be read may be. */
export function aboutOther(
  { config, migrations, dormant }: Project,
  { state: { format }, other }: Ledgers,
): AboutOther | undefined {
  if (other === undefined) return undefined;
  const { schema, applied, inconsistent = false } = other;
  const here = new Set([...migrations.keys(), ...dormant.map(({ revision }) => revision)]);
  const known = applied?.filter(({ revision }) => here.has(revision)).length;
  if (known === 0) return undefined;
  const { origins, ledger, file } = config;
  const { "ledger.schema": origin = "" } = origins;
  const place = file !== undefined && origin.startsWith(file) ? origin : configFile(config);
  const own = `in the schema ${ledger.schema}`;
  const nothing = format === undefined ? `there is no ledger ${own}` : `the ledger ${own} is empty`;
  const setting = `if that is the one, set "ledger": {"schema": ${JSON.stringify(schema)}} in ${place}`;
  return known === undefined
    ? {
        message: `${nothing}, but one in ${schema}, which cannot be read`,
        alone: `there is a ledger in ${schema}, which cannot be read`,
        hint: `${setting}, and run: migrate status`,
      }
    : {
        message: `${nothing}, but that in ${schema} has ${known} of the revisions here`,
        alone: `the ledger in ${schema} has ${known} of the revisions here`,
        hint: inconsistent ? `${setting}, and run: migrate repair` : setting,
      };
}

/** The project's ledger is inconsistent, as after its tables were moved; `other`: to where they may have been. */
export class InconsistentLedger extends MigrateError {
  readonly other: AboutOther | undefined;
  constructor(fault: MigrateError, other: AboutOther | undefined) {
    const [diagnostic] = fault.diagnostics;
    // What makes an empty ledger comes last.
    const moved = other === undefined ? "" : `${other.alone}; ${other.hint}\n      `;
    super({ ...diagnostic!, hint: moved + (fault.hint ?? "") }, { cause: fault.cause });
    this.other = other;
  }
}

/** Throws `InconsistentLedger`. */
export function refuseInconsistent(project: Project, ledgers: Ledgers): void {
  if (ledgers.fault !== undefined) throw new InconsistentLedger(ledgers.fault, readable(project, ledgers));
}

/** One that cannot be read is another project's, most of the time. */
export const readable = (project: Project, ledgers: Ledgers): AboutOther | undefined =>
  ledgers.other?.applied === undefined ? undefined : aboutOther(project, ledgers);
