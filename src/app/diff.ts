/**
 * A database that can be made again and again, and what another one is → the statements from the one to the other, found by
 * trying and then proven: run from the beginning on a scratch database, they leave what the other is.
 */

import { type Catalog, type CatalogObject, keyOf } from "../core/catalog/catalog.ts";
import { compareCatalogs, type Difference, ignoredIn } from "../core/catalog/compare.ts";
import { fixesOf, PHASES } from "../core/diff/fixes.ts";
import { tableNameOf } from "../core/diff/name.ts";
import {
  asWritten,
  heldBack,
  isIdle,
  keeping,
  type Objects,
  objectsOf,
  type PlannedStatement,
  withEveryEncoding,
  withVirtual,
} from "../core/diff/plan.ts";
import { dropsOf, unalterable } from "../core/diff/rebuild.ts";
import { sameObjects } from "../core/diff/same.ts";
import type { Segment } from "../core/diff/text.ts";
import { counts, notProven, ownerNameOf, rebuilt, refusedRebuild } from "../core/diff/verdict.ts";
import { MigrateError } from "../core/errors.ts";
import type { OptionNames } from "../core/option-names.ts";
import { qualified, withPlainNames } from "../core/quote.ts";
import { unique } from "../core/unique.ts";
import { readCatalog } from "../io/catalog.ts";
import type { Engine, EngineState, Roles } from "../io/diff/engine.ts";
import { readIdentities } from "../io/identities.ts";
import { rolesOf } from "../io/queries.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { standInSql } from "./beforehand.ts";
import { runInSegments } from "./segments.ts";
import { openTrial, type Trial, takenOf } from "./trial.ts";

/** What a database is. */
export interface Side {
  readonly catalog: Catalog;
  readonly state: EngineState;
  /** All roles of its server but PostgreSQL's own. */
  readonly roles: readonly string[];
}

export interface WayOptions {
  /** Makes the database that the way begins at; whatever session it gave before is not used any more. */
  readonly start: () => Promise<Session>;
  /** One such database, which nobody else uses: it is the first that is used. */
  readonly begun?: Begun | undefined;
  readonly to: Side;
  /** Statements that go before all others: renames. */
  readonly first?: readonly string[];
  /** The schema that nobody looks into: the ledger's. */
  readonly hidden?: string;
  /** Patterns of objects that are left alone. */
  readonly ignore?: readonly string[];
  /** Say the same in other words, and what has to be committed before the next: the first that is proven too is taken. */
  readonly arranged?: readonly Arrangement[];
  /** Tables, as `shop.users`, that may be dropped and made again with all that is in them. */
  readonly allowRebuild?: readonly string[];
  /** Whether rows may be lost; undefined: nobody asks. */
  readonly allowLoss?: boolean | undefined;
  /** What messages call the options. */
  readonly names?: OptionNames | undefined;
}

/** A database at the beginning of a way, and what is known of it. */
export interface Begun {
  readonly session: Session;
  readonly catalog?: Catalog;
  readonly state?: EngineState;
}

export type Arrangement = (sent: readonly string[], from: Catalog) => readonly (readonly string[])[];

export interface Way {
  /** What was there before the statements, behind those of `first`. */
  readonly from: Catalog;
  readonly segments: readonly Segment[];
  /** The differences that are only in the order of columns. */
  readonly otherOrder: readonly Difference[];
  /** Of what is in `allowRebuild`. */
  readonly rebuilt: readonly CatalogObject[];
  /** The database behind the proof, until `start` is called again. */
  readonly end: Required<Pick<Begun, "session" | "catalog">>;
}

type Proven = Omit<Way, "rebuilt" | "from">;

/** Without the schema `hidden`: the ledger's. */
export async function readSide(engine: Engine, session: Session, hidden?: string): Promise<Side> {
  const roles = await rolesOf(session);
  return { catalog: await readCatalog(session, hidden), state: await engine.read(session, hidden), roles };
}

/** What the statements speak of has to be there: on a server of our own it is made. */
export async function standIns(
  session: Session,
  { ownsRoles }: Scratch,
  { roles }: Pick<Side, "roles">,
): Promise<void> {
  if (ownsRoles) for (const role of roles) await session.send(standInSql(role));
}

/** Throws `findings/not-proven` or `findings/rebuild` with every object, where there is no way. */
export async function findWay(engine: Engine, options: WayOptions): Promise<Way> {
  const attempt = await attempted(engine, options);
  const refused = attempt.rebuilt.filter(
    (object) => options.allowRebuild?.includes(ownerNameOf(object)) !== true,
  );
  if (refused.length > 0) throw refusedRebuild(refused, options);
  if (attempt.differences.length > 0) throw await unfinished(engine, options, attempt);
  const { from, sent } = attempt;
  for (const arranged of options.arranged ?? []) {
    const way = await inOtherWords(options, arranged, attempt);
    if (way !== undefined) return { ...way, from, rebuilt: attempt.rebuilt };
  }
  return { ...(await proven(options, [sent])), from, rebuilt: attempt.rebuilt };
}

async function attempted(engine: Engine, options: WayOptions): Promise<Attempt> {
  const begun = options.begun ?? { session: await options.start() };
  const cleared = await clearing(options, begun);
  const fresh = async (): Promise<Begun> => ({ session: await options.start() });
  const attempt = await tried(engine, options, cleared.isUsed ? await fresh() : begun, cleared.drops, true);
  // What was spared may have to go, so that something else can be changed.
  return attempt.differences.length > 0 && attempt.spared
    ? await tried(engine, options, await fresh(), cleared.drops, false)
    : attempt;
}

/** What would have to be made anew, and what would be left even then: only an attempt tells what goes with a table. */
async function unfinished(
  engine: Engine,
  options: WayOptions,
  { held, ...found }: Attempt,
): Promise<MigrateError> {
  if (held.length === 0) return notProven(found.differences, found.refused, found.leftAlone);
  const allowRebuild = unique([...(options.allowRebuild ?? []), ...held.map(ownerNameOf)]);
  const allowed = await attempted(engine, { ...options, begun: undefined, allowRebuild });
  const { differences, refused, leftAlone } = allowed;
  return MigrateError.all([
    ...refusedRebuild([...held, ...allowed.held, ...allowed.rebuilt], options).diagnostics,
    ...(differences.length === 0 ? [] : notProven(differences, refused, leftAlone).diagnostics),
  ]);
}

/**
 * The arranged statements, in an order in which the server takes them and without those that it has no use for; undefined
 * where they cannot be proven.
 */
async function inOtherWords(
  options: WayOptions,
  arranged: Arrangement,
  { sent, from }: Attempt,
): Promise<Proven | undefined> {
  const { first = [] } = options;
  const groups = arranged(sent.slice(first.length), from);
  try {
    // The same statements need no other trial.
    const isSame = JSON.stringify(groups) === JSON.stringify([sent.slice(first.length)]);
    return await proven(options, isSame ? [sent] : await takenInGroups(options, groups));
  } catch (error) {
    if (!(error instanceof MigrateError) || !error.code.startsWith("findings/")) throw error;
    return undefined;
  }
}

async function takenInGroups(
  { start, first = [] }: WayOptions,
  [group = [], ...others]: readonly (readonly string[])[],
): Promise<readonly (readonly string[])[]> {
  const session = await start();
  for (const sql of first) await session.send(sql);
  const taken = [[...first, ...(await takenOf(session, group))]];
  for (const each of others) taken.push(await takenOf(session, each));
  return taken;
}

function differencesOf({ to, ignore = [] }: WayOptions, catalog: Catalog): readonly Difference[] {
  return compareCatalogs(to.catalog, catalog, { ignore });
}

// ── looking for the way ─────────────────────────────────────────────────────────────────────────────────────────

interface Attempt {
  readonly from: Catalog;
  /** In the order in which the server took them. */
  readonly sent: readonly string[];
  readonly differences: readonly Difference[];
  readonly refused: readonly string[];
  readonly rebuilt: readonly CatalogObject[];
  /** Whether something of the plan was left out. */
  readonly spared: boolean;
  /** What the plan would have made anew, and holds rows. */
  readonly held: readonly CatalogObject[];
  /** What is ignored, and the plan would have made or dropped. */
  readonly leftAlone: readonly CatalogObject[];
}

/** How often the engine is asked again about what is left. */
const ROUNDS = 3;

async function tried(
  engine: Engine,
  options: WayOptions,
  begun: Begun,
  drops: readonly string[],
  sparing: boolean,
): Promise<Attempt> {
  const { to, first = [] } = options;
  const trial = openTrial(begun, options.hidden);
  const allowed = new Set(options.allowRebuild);
  const desired = objectsOf(to.catalog);
  await sendFirst(trial, first);
  const from = await trial.catalog();
  await trial.send(sameObjects(await trial.catalog(), to.catalog).map((sql) => [withPlainNames(sql)]));
  const beginning = objectsOf(await trial.catalog());
  const identities = await readIdentities(trial.session);
  let refused = await trial.send(drops.map((sql) => [sql]));
  let spared = false;
  let leftAlone: readonly CatalogObject[] = [];
  let held = unalterable(beginning, desired).filter((table) => !allowed.has(tableNameOf(table)));
  for (let round = 0; round < ROUNDS && (await remaining()).length > 0; round += 1) {
    const before = trial.sent.length;
    const state = trial.sent.length === 0 ? begun.state : undefined;
    const { plan, fault } = await planned(engine, trial, state, options);
    const is = objectsOf(await trial.catalog());
    const isIgnored = ignoredIn(options.ignore ?? [], [await trial.catalog(), to.catalog]);
    // What is in an object that is ignored is ignored, too.
    const ignoredBy = ({ creates, drops }: (typeof plan)[number]): readonly CatalogObject[] =>
      [...creates, ...drops]
        .map((key) => is.get(keyOf(key)) ?? desired.get(keyOf(key)) ?? { ...key, properties: {} })
        .filter(isIgnored);
    const needed = plan.filter((each) => !isIdle(each.sql, is) && ignoredBy(each).length === 0);
    leftAlone = [...leftAlone, ...plan.flatMap(ignoredBy)];
    const kept = keeping(needed, [is, desired], allowed, sparing);
    spared ||= kept.length < needed.length;
    held = [...held, ...heldBack(needed, kept, [is, desired])];
    refused = [...fault, ...(await trial.send(kept.map((each) => [asDesired(each, desired)])))];
    for (const phase of PHASES) {
      const sides = [objectsOf(await trial.catalog()), desired] as const;
      const fixes = fixesOf(await remaining(), phase, sides);
      refused = [...refused, ...(await trial.send(fixes.map((each) => each.map(withPlainNames))))];
    }
    if (trial.sent.length === before) break;
  }
  const after = await readIdentities(trial.session);
  return {
    from,
    sent: trial.sent,
    differences: await remaining(),
    refused,
    rebuilt: rebuilt([identities, after], [beginning, desired]),
    spared,
    held,
    leftAlone,
  };

  async function remaining(): Promise<readonly Difference[]> {
    return differencesOf(options, await trial.catalog()).filter(counts);
  }
}

/** Throws `findings/not-proven` where the server refuses a rename, or what makes room for it. */
async function sendFirst(trial: Trial, first: readonly string[]): Promise<void> {
  for (const sql of first) {
    try {
      await trial.must(sql);
    } catch (error) {
      if (!(error instanceof StatementFailure) || error.lost) throw error;
      throw new MigrateError({
        code: "findings/not-proven",
        message: `the rename does not go with the other changes in one revision: ${sql}: ${error.message}`,
        hint: "write the rename in a revision of its own, by hand or with only that change in the schema; then generate again",
      });
    }
  }
}

/**
 * What drops the tables that may be dropped and created again, and have to be, with the views and foreign keys that depend
 * on them. `isUsed`: the database is not at the beginning any more.
 */
async function clearing(
  { to, first = [], hidden, allowRebuild = [] }: WayOptions,
  begun: Begun,
): Promise<{ readonly drops: readonly string[]; readonly isUsed: boolean }> {
  if (allowRebuild.length === 0) return { drops: [], isUsed: false };
  const trial = openTrial(begun, hidden);
  await sendFirst(trial, first);
  await trial.send(sameObjects(await trial.catalog(), to.catalog).map((sql) => [withPlainNames(sql)]));
  const before = objectsOf(await trial.catalog());
  const tables = unalterable(before, objectsOf(to.catalog)).filter((table) =>
    allowRebuild.includes(tableNameOf(table)),
  );
  for (const { identity } of tables)
    await trial.must(`DROP TABLE IF EXISTS ${qualified(...identity)} CASCADE`);
  const after = objectsOf(await trial.catalog());
  const gone = [...before].flatMap(([key, object]) => (after.has(key) ? [] : [object]));
  return { drops: dropsOf(tables, gone).map(withPlainNames), isUsed: true };
}

const asDesired = (planned: PlannedStatement, desired: Objects): string =>
  asWritten(withVirtual({ ...planned, sql: withPlainNames(withEveryEncoding(planned, desired)) }, desired));

async function planned(
  engine: Engine,
  { session }: Trial,
  state: EngineState | undefined,
  { to, hidden }: WayOptions,
): Promise<{ readonly plan: readonly PlannedStatement[]; readonly fault: readonly string[] }> {
  const [roles] = await session.read({ sql: ROLES, row: { parse: (row) => row as Roles } });
  try {
    const plan = engine.plan(state ?? (await engine.read(session, hidden)), to.state, roles!);
    return { plan: plan.map((each) => ({ ...each, sql: withPlainNames(each.sql) })), fault: [] };
  } catch (error) {
    if (error instanceof StatementFailure) throw error;
    return { plan: [], fault: [(error as Error).message] };
  }
}

const ROLES = `SELECT current_user::text AS own, ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles AS r) AS known`;

// ── the proof ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Runs the statements from the beginning, in as few transactions as the server lets them. */
async function proven(options: WayOptions, groups: readonly (readonly string[])[]): Promise<Proven> {
  const session = await options.start();
  const segments: Segment[] = [];
  for (const group of groups) segments.push(...(await runInSegments(session, group)));
  const catalog = await readCatalog(session, options.hidden);
  const differences = differencesOf(options, catalog);
  if (differences.some(counts)) throw notProven(differences.filter(counts), []);
  return {
    segments,
    otherOrder: differences.filter(({ kind }) => kind === "order"),
    end: { session, catalog },
  };
}
