/** A project of which nothing is applied → the other ledger of the database by which it is: the schema may be misspelt. */
import { MigrateError } from "../core/errors.ts";
import { fewOf } from "../core/few.ts";
import type { Ledger } from "../core/ledger/calls.ts";
import type { LedgerUse } from "../core/ledger/grants.ts";
import { type Applied, type LedgerState, sqlstates } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";
import { configFile } from "../io/config.ts";
import {
  hasLedger,
  type OtherLedger,
  readInconsistent,
  readLedger,
  readOtherLedgers,
} from "../io/queries.ts";
import type { Session } from "../io/session/types.ts";
import type { Project } from "./project.ts";

/** The project's ledger, and the others. */
export interface Ledgers {
  readonly state: LedgerState;
  /** Asked for only where the project's has nothing, or is not there. */
  readonly others: readonly OtherLedger[];
  /** What is wrong where the project's cannot be used; then its state is what can be read of it. */
  readonly fault?: MigrateError | undefined;
}

/** Throws as `readLedger`, but where the ledger is inconsistent, or its tables are not where other objects are in its place. */
export async function readLedgers(session: Session, ledger: Ledger, use?: LedgerUse): Promise<Ledgers> {
  let state: LedgerState;
  let fault: MigrateError | undefined;
  try {
    state = await readLedger(session, ledger, use);
  } catch (error) {
    if (!(error instanceof MigrateError) || !(await mayBeMoved(session, ledger, error))) throw error;
    fault = error;
    state = (await readInconsistent(session, ledger)) ?? { applied: [] };
  }
  const isEmpty = state.applied.length === 0 && state.intent === undefined;
  return { state, fault, others: isEmpty ? await readOtherLedgers(session, ledger) : [] };
}

/** Whether it would be another ledger, that the project's tables were moved to, what leads out. */
const mayBeMoved = async (session: Session, ledger: Ledger, { sqlstate }: MigrateError): Promise<boolean> =>
  sqlstate === sqlstates.inconsistent ||
  (sqlstate === sqlstates.guard && !(await hasLedger(session, ledger)));

/** What to say of the other, and to type. */
export interface AboutOther {
  /** Also what is so of the project's own. */
  readonly message: string;
  /** Of the other alone. */
  readonly alone: string;
  readonly hint: string;
}

/** Undefined where none is the project's. One that cannot be read may be. */
export function aboutOther(
  project: Project,
  { state: { format }, others }: Pick<Ledgers, "state" | "others">,
): AboutOther | undefined {
  const other = likeliest(project, others);
  if (other === undefined) return undefined;
  const { schema, known } = other;
  const own = `in the schema ${project.config.ledger.schema}`;
  const nothing = format === undefined ? `there is no ledger ${own}` : `the ledger ${own} is empty`;
  const hint = settingOf(project, other);
  return known === undefined
    ? {
        message: `${nothing}, but one in ${schema}, which cannot be read`,
        alone: `there is a ledger in ${schema}, which cannot be read`,
        hint,
      }
    : {
        message: `${nothing}, but that in ${schema} has ${known} of the revisions here`,
        alone: `the ledger in ${schema} has ${known} of the revisions here`,
        hint,
      };
}

/** What makes that ledger the project's, and where that is not all, what to type then. */
function settingOf({ config }: Project, { schema, applied, inconsistent = false }: OtherLedger): string {
  const place = placeOfSetting({ config });
  const then = applied === undefined ? "status" : inconsistent ? "repair" : undefined;
  return `if that is the one, set "ledger": {"schema": ${JSON.stringify(schema)}} in ${place}${then === undefined ? "" : `, and run: migrate ${then}`}`;
}

/** Where the schema of the ledger is set, or is to be. */
function placeOfSetting({ config }: Pick<Project, "config">): string {
  const { origins, file } = config;
  const { "ledger.schema": origin = "" } = origins;
  return file !== undefined && origin.startsWith(file) ? origin : configFile(config);
}

/** What to say of the other ledger that has a revision which could not be applied, since what it makes is there; undefined where there is none. */
export async function otherWith(
  project: Project,
  session: Session,
  revision: RevisionId,
): Promise<string | undefined> {
  // That the step failed is what the user must see.
  const others = await readOtherLedgers(session, project.ledger).catch(() => []);
  const having = others.filter(({ applied = [] }) =>
    applied.some((row) => row.revision === revision && isHere(project, row)),
  );
  const other = likeliest(project, having);
  return other && `the ledger in ${other.schema} has ${revision} already; ${settingOf(project, other)}`;
}

/** A ledger beside the project's that has revisions of it, too, as where each tenant has one. */
export interface Beside {
  readonly schema: string;
  readonly known: number;
  /** How many of them the project's has not: it may be the one that is meant. */
  readonly more: number;
  /** What makes it the project's. */
  readonly hint: string;
}

/** The ledgers beside the project's that have revisions of it. */
export async function ledgersBeside(
  project: Project,
  session: Session,
  { applied }: LedgerState,
): Promise<readonly Beside[]> {
  const own = new Set(applied.map(({ revision }) => revision));
  return (await readOtherLedgers(session, project.ledger)).flatMap((other) => {
    const { schema, applied: rows = [] } = other;
    const known = rows.filter((row) => isHere(project, row));
    const more = known.filter(({ revision }) => !own.has(revision)).length;
    const hint = settingOf(project, other);
    return known.length === 0 ? [] : [{ schema, known: known.length, more, hint }];
  });
}

/** Names such as 0001 occur in many projects, so its file is the one that was applied. */
const isHere = ({ migrations, dormant }: Project, { revision, checksum }: Applied): boolean =>
  [migrations.get(revision), ...dormant].some(
    (each) => each?.revision === revision && each.up.checksum === checksum,
  );

interface Likely extends OtherLedger {
  /** How many of the project's revisions it has; undefined where it cannot be read. */
  readonly known: number | undefined;
}

/**
 * The one that has revisions of the project. Of several it is the one that has no others; several of those are the
 * project's own, as where each tenant has one.
 */
function likeliest(project: Project, others: readonly OtherLedger[]): Likely | undefined {
  const all = others.map((other): Likely => {
    const known = other.applied?.filter((row) => isHere(project, row)).length;
    return { ...other, known };
  });
  const likely = all.filter(({ known = 0 }) => known > 0);
  const whole = likely.filter(({ applied, known }) => applied?.length === known);
  const unread = likely.length > 0 ? [] : all.filter(({ known }) => known === undefined);
  return [likely, whole, unread].find(({ length }) => length === 1)?.[0];
}

/** The project's ledger cannot be used, as after its tables were moved; `other`: to where they may have been. */
export class InconsistentLedger extends MigrateError {
  readonly other: AboutOther | undefined;
  constructor(fault: MigrateError, other: AboutOther | undefined) {
    const [diagnostic] = fault.diagnostics;
    const moved = other && `${other.alone}; ${other.hint}`;
    // What makes an empty ledger comes last, and not where the other would be taken for it.
    const own = moved !== undefined && fault.sqlstate !== sqlstates.inconsistent ? undefined : fault.hint;
    super(
      { ...diagnostic!, hint: [moved, own].filter((hint) => hint !== undefined).join("\n") },
      { cause: fault.cause },
    );
    this.other = other;
  }
}

/** Throws `InconsistentLedger`. */
export function refuseInconsistent(project: Project, ledgers: Ledgers): void {
  if (ledgers.fault !== undefined) throw new InconsistentLedger(ledgers.fault, readable(project, ledgers));
}

/**
 * An upgrade would make the project's ledger, and run again what another one has: its name may be misspelt. Throws
 * `state/not-recorded`, but not where the ledger is there: then somebody wants both.
 */
export function refuseOther(project: Project, ledgers: Ledgers): void {
  const other = ledgers.state.format === undefined ? elsewhere(project, ledgers) : undefined;
  if (other === undefined) return;
  throw new MigrateError({
    code: "state/not-recorded",
    message: `${other.message}: an upgrade would run them again`,
    hint: `${other.hint}\nif each is to have a ledger of its own, as one for each tenant, create this one first: migrate ensure-version`,
  });
}

/** The ledger of the database that has what the project's has not; where that is not there, also several. */
export const elsewhere = (
  project: Project,
  ledgers: Ledgers,
): Pick<AboutOther, "message" | "hint"> | undefined =>
  readable(project, ledgers) ?? aboutSeveral(project, ledgers);

/** Of which none is the likeliest. Beside one that is there and empty they are other tenants'. */
function aboutSeveral(
  project: Project,
  { state, others }: Ledgers,
): Pick<AboutOther, "message" | "hint"> | undefined {
  if (state.format !== undefined) return undefined;
  const having = others.filter(({ applied = [] }) => applied.some((row) => isHere(project, row)));
  if (having.length === 0) return undefined;
  const own = project.config.ledger.schema;
  return {
    message: `there is no ledger in the schema ${own}, but those in ${fewOf(having.map(({ schema }) => schema))} have revisions that are here`,
    hint: `if one of those is meant, name its schema in ${placeOfSetting(project)}`,
  };
}

/** One that cannot be read is another project's, most of the time. */
export const readable = (project: Project, ledgers: Ledgers): AboutOther | undefined =>
  aboutOther(project, { ...ledgers, others: ledgers.others.filter(({ applied }) => applied !== undefined) });
