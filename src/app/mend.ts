/**
 * The catalog of a database, and the one that its migrations make → the SQL from the one to the other. Both are made on a
 * scratch database: the database itself is not asked again.
 */
import { type Catalog, describeObject } from "../core/catalog/catalog.ts";
import { compareCatalogs, type Difference, ignoredIn } from "../core/catalog/compare.ts";
import { counts } from "../core/diff/verdict.ts";
import { dumpOf, pieceText } from "../core/dump/dump.ts";
import { SETTINGS } from "../core/dump/settings.ts";
import { hintsOf, MigrateError } from "../core/errors.ts";
import { leftAlone, type Mend, mendOf } from "../core/mend.ts";
import { readCatalog } from "../io/catalog.ts";
import { pgDelta } from "../io/diff/pg-delta.ts";
import { sessionState } from "../io/queries.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { lossesOnWay } from "./autogenerate.ts";
import { findWay, readSide, standIns } from "./diff.ts";

export interface MendOptions {
  /** `deploy@db.example:5432/shop` */
  readonly database: string;
  readonly live: Catalog;
  /** What the migrations make. */
  readonly wanted: Catalog;
  /** From the wanted to the live. */
  readonly differences: readonly Difference[];
  /** Roles of the database's server. */
  readonly roles: readonly string[];
  /** Patterns of objects that are left alone. */
  readonly ignore: readonly string[];
}

/** What cannot be proven is a value too; only throws what keeps the scratch database from being used. */
export async function mend(scratch: Scratch, options: MendOptions): Promise<Mend> {
  const { database, differences } = options;
  const notes = leftAlone(differences);
  if (!differences.some(counts)) return { reasons: notes };
  try {
    const { way, secrets } = await wayOf(scratch, options);
    const losses = await lossesOnWay(way, options.wanted, scratch.version);
    const elsewhere = scratch.proves ? [] : [`it was tried on PostgreSQL ${scratch.version.text} only`];
    return mendOf({
      database,
      segments: way.segments,
      losses: losses.map(({ kind, object }) => `${kind} ${object}`),
      notes: [...notes, ...secrets, ...elsewhere],
    });
  } catch (error) {
    if (!(error instanceof MigrateError) || !NO_WAY.test(error.code)) throw error;
    return { reasons: error.diagnostics.map(({ message }) => message), hint: hintOf(error) };
  }
}

const NO_WAY = /^(?:findings\/|usage\/cannot-dump$|usage\/no-package$)/;

/** What can be typed here: the others speak of a file that is to be written. */
const hintOf = (error: MigrateError): string | undefined =>
  error.code.startsWith("usage/") ? hintsOf(error) : undefined;

async function wayOf(scratch: Scratch, { live, wanted, roles, ignore }: MendOptions) {
  const engine = await pgDelta();
  const isIgnored = ignoredIn(ignore, [live, wanted]);
  const warnings: string[] = [];
  const compared = new Set<Catalog>();
  /** Makes the database that the catalog is of. */
  const made = async (catalog: Catalog): Promise<Session> => {
    const session = await scratch.empty();
    await standIns(session, scratch, { roles });
    const objects = catalog.objects.filter((object) => !isIgnored(object));
    const dump = dumpOf({ ...catalog, objects }, (await sessionState(session)).role);
    warnings.push(...dump.warnings);
    for (const sql of [...SETTINGS, ...dump.pieces.map(pieceText)]) await loaded(session, sql);
    if (compared.has(catalog)) return session;
    const wrong = compareCatalogs(catalog, await readCatalog(session), { ignore }).filter(counts);
    if (wrong.length > 0) throw notMade(wrong.map(describeObject));
    compared.add(catalog);
    return session;
  };
  const to = { ...(await readSide(engine, await made(wanted))), roles };
  const way = await findWay(engine, { start: () => made(live), to, ignore });
  const hasSecret = way.segments.some(({ statements }) => statements.some((sql) => sql.includes("***")));
  return { way, secrets: hasSecret ? [...new Set(warnings)] : [] };
}

async function loaded(session: Session, sql: string): Promise<void> {
  try {
    await session.send(sql);
  } catch (error) {
    if (!(error instanceof StatementFailure) || error.lost) throw error;
    throw notMade([`${sql.split("\n", 1)[0]}: ${error.message}`]);
  }
}

const notMade = (objects: readonly string[]): MigrateError =>
  MigrateError.all(
    objects.map((object) => ({
      code: "findings/not-proven",
      message: `the scratch database cannot be made the same as the database: ${object}`,
    })),
  );
