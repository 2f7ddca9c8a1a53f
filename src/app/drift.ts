/**
 * A project's database → its differences from a replay of its applied migrations, and the SQL that would mend it. Only reads
 * from the database.
 */
import { madeIn, withoutVersionTables } from "../core/adopt/version-tables.ts";
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs, type Difference, ignoredIn, unusedPatterns } from "../core/catalog/compare.ts";
import { otherLedgers, withoutSchemas } from "../core/catalog/ledgers.ts";
import { orderApplied, ownedAlike, withHolders } from "../core/drift.ts";
import { findingsOf } from "../core/integrity.ts";
import type { Applied } from "../core/ledger/types.ts";
import type { Mend } from "../core/mend.ts";
import type { RevisionId } from "../core/migration.ts";
import { searchPathSet } from "../core/plan/session.ts";
import { settledRows } from "../core/replaced.ts";
import { appliedSet } from "../core/steps.ts";
import { readCatalog } from "../io/catalog.ts";
import { rolesOf, type SessionState, sessionState } from "../io/queries.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { withPath } from "./beforehand.ts";
import { type ConnectOptions, openConnected } from "./connect.ts";
import { warnOfRest } from "./look.ts";
import type { Deps, Project, ProjectOptions } from "./project.ts";
import { replayRevisions } from "./replay.ts";
import { refuseUnfinished } from "./resume.ts";
import { type ScratchUse, type UsedScratch, used, withScratch } from "./scratch.ts";

export interface DriftOptions
  extends ProjectOptions,
    // The address says on which server, and of which version, the replay is compared.
    Omit<ConnectOptions, "connection">,
    Pick<ScratchUse, "onScratch"> {
  /** Patterns of objects to leave out, beside those that are configured (`CompareOptions.ignore`). */
  readonly ignore?: readonly string[] | undefined;
}

export interface Drift {
  /** The database that was asked: `deploy@db.example:5432/shop`. */
  readonly database: string;
  /** What the replay was run on. */
  readonly scratch: UsedScratch;
  /** What is applied, in the order in which it was replayed. */
  readonly revisions: readonly RevisionId[];
  /** Those of them whose SQL is another now: what they differ by is no drift. */
  readonly changed: readonly RevisionId[];
  /**
   * From what the migrations make to what there is: `missing` in the database, `extra` in it, `differs`, `order`,
   * `version`.
   */
  readonly differences: readonly Difference[];
  /** How many others the patterns leave out. */
  readonly ignored: number;
  /** Schemas with another ledger, which are left alone. */
  readonly otherLedgers: readonly string[];
  /** Tables in which another tool has recorded what it has run, which are left alone. */
  readonly versionTables: readonly string[];
  /** Where there are differences: what would make the database what the migrations make. Never run. */
  readonly mend?: Mend;
}

/**
 * Compares the database with the replay of what it has applied. Throws `state/interrupted`, `state/locked`,
 * `state/unknown-revision`, and what a replay throws.
 */
export async function drift(deps: Deps, options: DriftOptions): Promise<Drift> {
  const { project: read, database, rows, live: all, ledgers, roles, state } = await readLive(deps, options);
  const project = asThere(read, state);
  const revisions = orderApplied(project.graph, rows);
  // What is missing below a revision is not replayed, and what the database has of it would be extra.
  warnOfRest(deps, { project, applied: rows });
  return withScratch(deps, project, { revisions, onScratch: options.onScratch }, async (scratch) => {
    const made = await catalogOfReplay(deps, project, scratch, {
      revisions,
      role: state.role,
      live: all,
      rows,
    });
    const { catalog: live, tables } = withoutVersionTables(all, madeIn(made));
    const kept = new Set(live.objects);
    const replayed = withHolders(
      made,
      live,
      all.objects.filter((object) => !kept.has(object)),
    );
    const ignore = [...project.config.ignore, ...(options.ignore ?? [])];
    const changed = findingsOf(project.graph, rows).filter(({ kind }) => kind === "body");
    const isIgnored = ignoredIn(ignore, [replayed, live]);
    const wanted = withHolders(replayed, live, live.objects.filter(isIgnored));
    const differences = compareCatalogs(wanted, live, { ignore });
    const whole = ignore.length === 0 ? differences : compareCatalogs(wanted, live);
    for (const message of unusedPatterns(options.ignore ?? [], [replayed, live], deps.names))
      deps.onNotice?.({ severity: "WARNING", message });
    const found = {
      database,
      scratch: used(scratch),
      revisions,
      changed: changed.map(({ revision }) => revision),
      differences,
      ignored: whole.length - differences.length,
      otherLedgers: ledgers,
      versionTables: tables,
    };
    if (differences.length === 0) return found;
    // What compares and parses is loaded only where there is something to mend.
    const { mend } = await import("./mend.ts");
    const sides = { live, wanted, differences, roles, ignore };
    return { ...found, mend: await mend(scratch, { database, ...sides }) };
  });
}

interface Live {
  readonly project: Project;
  readonly database: string;
  readonly rows: readonly Applied[];
  /** Without other ledgers. */
  readonly live: Catalog;
  readonly ledgers: readonly string[];
  readonly roles: readonly string[];
  readonly state: SessionState;
}

/** What is in the database; it is left alone before the replay begins. */
async function readLive(deps: Deps, options: DriftOptions): Promise<Live> {
  const { project, session, state } = await openConnected(deps, { ...options, asksContents: true });
  try {
    await refuseUnfinished(project, state);
    const applied = settledRows(project.graph, state.applied);
    appliedSet(project.graph, applied);
    const catalog = await readCatalog(session, project.ledger.names.schema);
    const ledgers = otherLedgers(catalog);
    return {
      project,
      database: session.database,
      rows: applied,
      live: withoutSchemas(catalog, ledgers),
      ledgers,
      roles: await rolesOf(session),
      state: await sessionState(session),
    };
  } finally {
    await session.close();
  }
}

/** Names are looked for as in the live database. */
const asThere = (project: Project, { searchPath }: SessionState): Project =>
  withPath(project, { searchPath: searchPathSet(searchPath) });

/** The catalog that the migrations make, with the owners that are in the live database. */
async function catalogOfReplay(
  deps: Deps,
  project: Project,
  scratch: Scratch,
  {
    revisions,
    role,
    live,
    rows,
  }: Pick<Live, "live" | "rows"> & Pick<SessionState, "role"> & { readonly revisions: readonly RevisionId[] },
): Promise<Catalog> {
  const { session, schemas } = await replayRevisions(deps, project, scratch, revisions, {
    applied: revisions,
  });
  const replayer = project.pins.role ?? (await sessionState(session)).role;
  const replayed = await readCatalog(session, project.ledger.names.schema);
  const migrators = [...new Set([...rows.map((row) => row.appliedBy), project.pins.role ?? role])];
  return ownedAlike(replayed, live, replayer, migrators, schemas);
}
