/** A migration, and the parts that are to take its place → their files, proven on a scratch database; or why they are not. */

import { type Catalog, describeObject } from "../core/catalog/catalog.ts";
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import { counts, wouldBe } from "../core/diff/verdict.ts";
import { MigrateError } from "../core/errors.ts";
import type { Chunk, Part } from "../core/fix/arrange.ts";
import { backOf, type Whole } from "../core/fix/back.ts";
import { singly } from "../core/fix/chunks.ts";
import type { FileChange } from "../core/fix/files.ts";
import { ancestors, inOrder } from "../core/graph.ts";
import { type Migration, type RevisionId, sourcesOf } from "../core/migration.ts";
import { unique } from "../core/unique.ts";
import { type RowsByTable, tablesWithOtherRows } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import { randomHex } from "../io/random.ts";
import { fillTables, readRows } from "../io/rows.ts";
import type { Session } from "../io/session/types.ts";
import { readier } from "./desired.ts";
import { type FilesFor, filesOf } from "./fixed-files.ts";
import { type Project, withSources } from "./project.ts";
import { isRefusal, notProven, reasonsOf } from "./refusal.ts";
import { downwards, replayRevisions, runSteps, upwards, withStandIns } from "./replay.ts";
import { type Distribution, distributed, Search } from "./search-back.ts";
import type { TestOn } from "./test-bench.ts";

/** A migration, and its down file in chunks where it has one. */
export interface ToFix {
  readonly migration: Migration;
  readonly down: readonly Chunk[];
  /** Paths that other new files will have. */
  readonly taken: readonly string[];
}

export interface ProvenFix {
  /** The migration's own files, and the new ones. */
  readonly files: readonly FileChange[];
  /** In their order; the first is the migration itself. */
  readonly revisions: readonly RevisionId[];
  /** What is not quite the same, or could not be compared. */
  readonly notes: readonly string[];
}

/**
 * Tries each arrangement until one is proven, with the statements of the down file as they are and then with each ALTER TABLE
 * in its commands. Throws what the migration itself is refused for; or what the first arrangement is, without a place.
 */
export async function proveFix(
  on: TestOn,
  toFix: ToFix,
  arrangements: readonly (readonly Part[])[],
): Promise<ProvenFix> {
  const proof = new Proof(on, toFix);
  const expected = await proof.expected();
  const refused: unknown[] = [];
  const ways = waysBack(toFix.down);
  for (const parts of arrangements) {
    for (const down of ways) {
      try {
        return await proof.prove(parts, down, expected);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push(error);
      }
    }
  }
  throw asTried(refused[ways.length - 1]);
}

/** The texts that were tried are in no file: a refusal of theirs has no place, and says what it is about. */
const asTried = (error: unknown): unknown =>
  error instanceof MigrateError && error.code.startsWith("findings/")
    ? error
    : MigrateError.all(
        reasonsOf(error).map(({ message }) => ({
          code: "findings/not-proven",
          message: `its safe form fails: ${message}`,
        })),
      );

function waysBack(down: readonly Chunk[]): readonly (readonly Chunk[])[] {
  const single = singly(down);
  return single.length === down.length ? [down] : [down, single];
}

/** What the migration itself leaves. */
interface Expected extends Left {
  readonly withRows: boolean;
}

interface Left {
  readonly before: Catalog;
  readonly up: Catalog;
  readonly rows: RowsByTable;
  readonly down?: Catalog;
}

/** What is tried: parts, their revisions, and the statements of the down file. */
interface Draft extends Distribution {
  readonly ids: readonly RevisionId[];
}

class Proof {
  readonly #on: TestOn;
  readonly #migration: Migration;
  readonly #files: FilesFor;
  readonly #before: readonly RevisionId[];

  constructor(on: TestOn, { migration, taken }: ToFix) {
    const { graph } = on.project;
    this.#files = { deps: on.deps, project: on.project, migration, taken };
    this.#on = on;
    this.#migration = migration;
    this.#before = inOrder(graph, ancestors(graph, [migration.revision])).filter(
      (id) => id !== migration.revision,
    );
  }

  /** With rows in all tables, unless the migration fails on them. */
  async expected(): Promise<Expected> {
    try {
      return await this.#expected(true);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.#expected(false);
    }
  }

  async prove(parts: readonly Part[], down: readonly Chunk[], expected: Expected): Promise<ProvenFix> {
    const ids = parts.map((_, i) => (i === 0 ? this.#migration.revision : randomHex(6)));
    const whole = await this.#withWaysBack({ parts, ids, down }, expected);
    const files = filesOf(this.#files, whole, ids);
    const found = await this.#left(this.#projectWith(files), ids, expected.withRows, expected);
    const notes = [
      ...this.#compared(AFTER_UPGRADE, expected.up, found.up),
      ...(await this.#comparedRows(expected, found)),
      ...(await this.#comparedDown(expected, found)),
    ];
    if (!expected.withRows)
      notes.push(
        `${this.#migration.path} was proven on empty tables, because it fails on the rows that were made for the proof`,
      );
    return { files, revisions: ids, notes: unique(notes) };
  }

  // ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #expected(withRows: boolean): Promise<Expected> {
    const left = await this.#left(this.#on.project, [this.#migration.revision], withRows);
    return { ...left, withRows };
  }

  /** A database where all that the migration needs is applied. */
  async #starting<T>(withRows: boolean, work: (session: Session) => Promise<T>): Promise<T> {
    const { deps, project, scratch } = this.#on;
    return withStandIns(scratch, async (makeStandIns) => {
      const { session } = await replayRevisions(deps, project, scratch, this.#before);
      await makeStandIns(session);
      if (withRows) await fillTables(session, project.ledger.names.schema);
      return work(session);
    });
  }

  /** Up through the revisions, and back where they have a way back; of several each is taken back to where it began. */
  async #left(
    project: Project,
    ids: readonly RevisionId[],
    withRows: boolean,
    expected?: Expected,
  ): Promise<Left> {
    return this.#starting(withRows, async (session) => {
      const before = await this.#catalog(session);
      const states = [before, ...(await this.#upThrough(project, session, ids))];
      const rows = await readRows(session, project.ledger.names.schema);
      const left = { before, up: states.at(-1)!, rows };
      if (expected !== undefined) this.#compared(AFTER_UPGRADE, expected.up, left.up);
      if (this.#migration.down === undefined) return left;
      return this.#blaming(expected, async () => {
        for (let i = ids.length - 1; i >= 0; i -= 1) {
          await this.#back(project, session, ids, i);
          if (i > 0)
            this.#compared(
              `after the downgrade of part ${i + 1} of ${ids.length}`,
              states[i]!,
              await this.#catalog(session),
            );
        }
        return { ...left, down: await this.#catalog(session) };
      });
    });
  }

  async #upThrough(
    project: Project,
    session: Session,
    ids: readonly RevisionId[],
  ): Promise<readonly Catalog[]> {
    const states: Catalog[] = [];
    for (const [i, id] of ids.entries()) {
      await runSteps(this.#on.deps, project, session, upwards([...this.#before, ...ids.slice(0, i)], [id]));
      states.push(await this.#catalog(session));
    }
    return states;
  }

  async #back(project: Project, session: Session, ids: readonly RevisionId[], i: number): Promise<void> {
    const applied = [...this.#before, ...ids.slice(0, i + 1)];
    await runSteps(this.#on.deps, project, session, downwards(applied, [ids[i]!]));
  }

  #catalog(session: Session): Promise<Catalog> {
    return readCatalog(session, this.#on.project.ledger.names.schema);
  }

  // ── comparing ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** What is only in another order. Throws `findings/not-proven`. */
  #compared(when: string, expected: Catalog, found: Catalog): readonly string[] {
    const differences = compareCatalogs(expected, found);
    const faults = differences.filter(counts).map((each) => `${differenceText(each)} ${when}`);
    if (faults.length > 0) throw notProven(faults);
    return differences
      .filter(({ kind }) => kind === "order")
      .map((each) => `${describeObject(each)} has its columns in a different order ${when}`);
  }

  /** What the author's downgrade leaves behind may be taken back, too. */
  async #comparedDown(expected: Expected, found: Left): Promise<readonly string[]> {
    const { down, before } = expected;
    const back = found.down;
    if (down === undefined || back === undefined) return [];
    const isExact = !compareCatalogs(before, back).some(counts);
    return this.#blaming(expected, async () =>
      this.#compared("after the downgrade", isExact ? before : down, back),
    );
  }

  /** Work on the way back: where that is refused and the author's own does not lead back either, it is that which is to be mended. */
  async #blaming<T>(expected: Expected | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { before, down } = expected ?? {};
      if (!isRefusal(error) || before === undefined || down === undefined) throw error;
      const own = compareCatalogs(before, down).filter(counts);
      if (own.length === 0) throw error;
      throw notProven(
        own.map((each) => `${notTakenBack(each)}; to see it: migrate test ${this.#migration.revision}`),
      );
    }
  }

  async #comparedRows(expected: Expected, found: Left): Promise<readonly string[]> {
    const tables = tablesWithOtherRows(expected.rows, found.rows);
    if (tables.length === 0) return [];
    const again = await this.#left(this.#on.project, [this.#migration.revision], expected.withRows);
    const unsteady = tablesWithOtherRows(expected.rows, again.rows);
    const faults = tablesWithOtherRows(expected.rows, found.rows, unsteady);
    if (faults.length > 0) throw notProven(faults.map((table) => `the rows of ${table} would differ`));
    return tables.map((table) => `${table} has different rows in each run; only their number was compared`);
  }

  // ── the way back ────────────────────────────────────────────────────────────────────────────────────────────────

  /** What the author wrote for the whole, in the parts that it takes back. */
  async #withWaysBack(draft: Draft, expected: Expected): Promise<readonly Whole[]> {
    const { parts, ids, down } = draft;
    const { up, withRows } = expected;
    if (this.#migration.down === undefined) return parts;
    if (parts.length === 1) return [{ ...parts[0]!, back: backOf(this.#migration.down, down, down, []) }];
    const empty = parts.map((part) => ({ ...part, back: { text: "", outside: false } }));
    const ups = this.#projectWith(filesOf(this.#files, empty, ids));
    return this.#starting(withRows, async (session) => {
      const before = await this.#catalog(session);
      const states = [before, ...(await this.#upThrough(ups, session, ids))];
      this.#compared(AFTER_UPGRADE, up, states.at(-1)!);
      const ready = readier(this.#on.project, this.#on.scratch);
      const search = new Search(session, {
        catalog: () => this.#catalog(session),
        ready: async () => {
          await ready(session);
          for (const { sql } of down.filter(({ setting }) => setting)) await session.send(sql);
        },
      });
      return this.#blaming(expected, () => distributed(this.#migration.down!, draft, search, states));
    });
  }

  /** Nothing but what comes before, and the changed files. */
  #projectWith(files: readonly FileChange[]): Project {
    const needed = new Set(this.#before);
    const { project } = this.#on;
    const others = [...project.migrations.values()].filter(({ revision }) => needed.has(revision));
    return withSources(project, [
      ...others.flatMap(sourcesOf),
      ...files.map(({ path, after }) => ({ path, text: after })),
    ]);
  }
}

const AFTER_UPGRADE = "after the upgrade";

function notTakenBack(difference: Difference): string {
  const object = describeObject(difference);
  if (difference.kind === "extra") return `its down file does not drop ${object}`;
  const properties = Object.keys(difference.properties ?? {});
  const of = properties.length === 0 ? "" : `${properties.join(", ")} of `;
  return `its down file does not restore ${of}${object}`;
}

const differenceText = (difference: Difference): string =>
  wouldBe(difference, ` would differ (${Object.keys(difference.properties ?? {}).join(", ")})`);
