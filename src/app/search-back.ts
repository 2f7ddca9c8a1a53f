/**
 * The chunks of a down file, and what a database is behind each part of its migration → which of them take back which part,
 * found by trying from the last part to the first.
 */
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs } from "../core/catalog/compare.ts";
import { counts } from "../core/diff/verdict.ts";
import type { Chunk, Part } from "../core/fix/arrange.ts";
import { backOf, type Whole } from "../core/fix/back.ts";
import type { MigrationFile } from "../core/migration.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { isRefusal, notProven } from "./refusal.ts";

/** The parts of a migration, and all of its down file. */
export interface Distribution {
  readonly parts: readonly Part[];
  readonly down: readonly Chunk[];
}

/**
 * The parts with their ways back: what is left of the down file belongs to the first that keeps any of it. `states`: before
 * the first part, and behind each. Throws `findings/not-proven`.
 */
export async function distributed(
  file: MigrationFile,
  { parts, down }: Distribution,
  search: Search,
  states: readonly Catalog[],
): Promise<readonly Whole[]> {
  let open = down.filter(({ setting }) => !setting);
  const whole: Whole[] = [];
  for (let i = parts.length - 1; i >= 0; i -= 1) {
    const { keepsBack, lines, ...part } = parts[i]!;
    const own = part.down.length === 0 ? [] : [...part.settings, ...part.down];
    const isLast = !parts.slice(0, i).some((part) => part.keepsBack);
    const isRest = isLast && keepsBack;
    const searched = isLast ? [] : await search.taking(keepsBack ? open : [], own, states[i]!);
    if (searched === undefined)
      throw notProven([
        `it would become ${parts.length} migrations, and no statements of its down file take back only ${linesText(lines)}`,
      ]);
    const taken = isRest ? open : searched;
    open = open.filter((chunk) => !taken.includes(chunk));
    const chunks = down.filter((each) => taken.includes(each) || (each.setting && taken.length > 0));
    whole.unshift({
      ...parts[i]!,
      back: backOf(
        file,
        down,
        isRest && chunks.length === down.length && own.length === 0 ? down : chunks,
        own,
      ),
    });
  }
  return whole;
}

const linesText = (lines: readonly number[]): string =>
  `what ${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")} ${lines.length === 1 ? "does" : "do"}`;

/** Which statements of a down file lead from the state of the database to the one before. */
export class Search {
  readonly #session: Session;
  readonly #catalog: () => Promise<Catalog>;
  readonly #ready: () => Promise<void>;

  /** `ready`: the session has the settings of the down file. */
  constructor(
    session: Session,
    { catalog, ready }: { readonly catalog: () => Promise<Catalog>; readonly ready: () => Promise<void> },
  ) {
    this.#session = session;
    this.#catalog = catalog;
    this.#ready = ready;
  }

  /**
   * Neighbours among the chunks that do, with `own` behind them; they are done then. Of no chunks: `own` alone. Undefined: there
   * are none.
   */
  async taking(
    chunks: readonly Chunk[],
    own: readonly string[],
    wanted: Catalog,
  ): Promise<readonly Chunk[] | undefined> {
    await this.#ready();
    if (chunks.length === 0) {
      for (const sql of own) await this.#session.send(sql);
      return compareCatalogs(wanted, await this.#catalog()).some(counts) ? undefined : [];
    }
    for (let from = 0; from < chunks.length; from += 1) {
      // The isolation level that reading a catalog asks for cannot be set later.
      await this.#session.send("BEGIN ISOLATION LEVEL REPEATABLE READ");
      for (let to = from; to < chunks.length && (await this.#works(chunks[to]!.sql)); to += 1) {
        if (!(await this.#leadsTo(own, wanted))) continue;
        for (const sql of own) await this.#session.send(sql);
        await this.#session.send("COMMIT");
        return chunks.slice(from, to + 1);
      }
      await this.#session.send("ROLLBACK");
    }
    return undefined;
  }

  /** The same statement where it must not run in a transaction. */
  async #works(sql: string): Promise<boolean> {
    await this.#session.send("SAVEPOINT before_statement");
    try {
      await this.#session.send(sql.replace(/\bCONCURRENTLY\b/i, ""));
      return true;
    } catch (error) {
      if (!(error instanceof StatementFailure) || error.lost) throw error;
      await this.#session.send("ROLLBACK TO SAVEPOINT before_statement");
      return false;
    }
  }

  async #leadsTo(own: readonly string[], wanted: Catalog): Promise<boolean> {
    // To read makes a transaction read only, unless that is rolled back.
    await this.#session.send("SAVEPOINT before_reading");
    try {
      for (const sql of own) await this.#session.send(sql);
      return !compareCatalogs(wanted, await this.#catalog()).some(counts);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return false;
    } finally {
      await this.#session.send("ROLLBACK TO SAVEPOINT before_reading");
    }
  }
}
