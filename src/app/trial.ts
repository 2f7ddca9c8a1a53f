/** Statements in an order that may be wrong, and a session → those that the server takes, in the order in which it does. */
import type { Catalog } from "../core/catalog/catalog.ts";
import { mended } from "../core/diff/plan.ts";
import { readCatalog } from "../io/catalog.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";

/** A session, what was sent on it and taken, and what its database has become. */
export interface Trial {
  readonly session: Session;
  readonly sent: readonly string[];
  /** Throws `StatementFailure` where the server refuses it. */
  must(sql: string): Promise<void>;
  /** What the database is now. */
  catalog(): Promise<Catalog>;
  /**
   * Sends units of statements, each unit as a whole or not at all: in the given order, and what is refused again behind the
   * others, as long as that helps. Resolves with what the server said of the rest.
   */
  send(units: readonly (readonly string[])[]): Promise<readonly string[]>;
}

/** `catalog`: what the database is, where that is known already; without what is in the schema `hidden`. */
export function openTrial(
  { session, catalog: known }: { readonly session: Session; readonly catalog?: Catalog },
  hidden: string | undefined,
): Trial {
  const sent: string[] = [];
  let catalog = known;
  const take = async (unit: readonly string[]): Promise<StatementFailure | undefined> => {
    const failure = await sendUnit(session, unit);
    if (failure === undefined) {
      sent.push(...unit);
      catalog = undefined;
    }
    return failure;
  };
  const takeMended = async (unit: readonly string[]): Promise<StatementFailure | undefined> => {
    const failure = await take(unit);
    const other = failure === undefined ? undefined : mended(unit.join(";\n"), failure.sqlstate);
    return other === undefined ? failure : take(other);
  };
  const takeAll = async (units: readonly (readonly string[])[]): Promise<readonly Refused[]> => {
    const refused: Refused[] = [];
    for (const unit of units) {
      const failure = await takeMended(unit);
      if (failure !== undefined) refused.push({ unit, failure });
    }
    return refused.length === 0 || refused.length === units.length
      ? refused
      : takeAll(refused.map((each) => each.unit));
  };
  return {
    session,
    sent,
    must: async (sql) => {
      const failure = await take([sql]);
      if (failure !== undefined) throw failure;
    },
    catalog: async () => {
      catalog ??= await readCatalog(session, hidden);
      return catalog;
    },
    send: async (units) => {
      let refused = await takeAll(units.filter((unit) => unit.length > 0));
      if (refused.some(({ unit }) => isRoutine(unit)) && !sent.includes(NO_BODIES)) {
        await take([NO_BODIES]);
        refused = await takeAll(refused.map(({ unit }) => unit));
      }
      return refused.map(({ unit, failure }) => `${unit.join("; ")}: ${failure.message}${whyOf(failure)}`);
    },
  };
}

interface Refused {
  readonly unit: readonly string[];
  readonly failure: StatementFailure;
}

/** Routines that need each other cannot be made one after the other. */
export const NO_BODIES = "SET check_function_bodies = off";

const isRoutine = ([sql = ""]: readonly string[]): boolean =>
  /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) /.test(sql);

/** Whoever has written no rows himself looks for them in vain: those here are the migrations' own. */
const whyOf = ({ sqlstate }: StatementFailure): string =>
  sqlstate === "23505"
    ? " (two of the rows that migrations insert would have the same value: write a migration first that gives each its own; it adds the column where that is new)"
    : "";

/** All of the statements, or none. Resolves with what they were refused for. */
export async function sendUnit(
  session: Session,
  unit: readonly string[],
): Promise<StatementFailure | undefined> {
  const isMany = unit.length > 1;
  try {
    for (const sql of isMany ? ["BEGIN", ...unit, "COMMIT"] : unit) await session.send(sql);
    return undefined;
  } catch (error) {
    if (!(error instanceof StatementFailure) || error.lost) throw error;
    if (isMany) await session.send("ROLLBACK");
    return error;
  }
}

/** Those that the server takes, in the order in which it does. */
export async function takenOf(session: Session, statements: readonly string[]): Promise<string[]> {
  const trial = openTrial({ session }, undefined);
  await trial.send(statements.map((sql) => [sql]));
  return [...trial.sent];
}
