/** A migration, and the parts that are to take its place → their files, proven on a scratch database; or why they are not. */
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { assemble } from "../core/assemble.ts";
import type { Catalog } from "../core/catalog/catalog.ts";
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import { counts, describeObject } from "../core/diff/verdict.ts";
import { MigrateError } from "../core/errors.ts";
import { formatFileName, nextNumber, parseFileName, slugOf } from "../core/filename.ts";
import { type Chunk, joined, type Part } from "../core/fix/arrange.ts";
import { singly } from "../core/fix/chunks.ts";
import { type Bodies, type FileChange, newTexts, rewritten } from "../core/fix/files.ts";
import { ancestors, buildGraph, inOrder } from "../core/graph.ts";
import { startOfFile, unique } from "../core/graph-faults.ts";
import type { Migration, RevisionId } from "../core/migration.ts";
import { settleReplaced } from "../core/replaced.ts";
import type { Source } from "../core/source.ts";
import { changedRows, type RowsByTable } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import { fillTables, readRows } from "../io/rows.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { readier } from "./desired.ts";
import type { Project } from "./project.ts";
import { replayRevisions, runSteps, upwards, withRoles } from "./replay.ts";
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
 * in its commands. Throws what the first arrangement was refused for.
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
  throw refused[ways.length - 1];
}

function waysBack(down: readonly Chunk[]): readonly (readonly Chunk[])[] {
  const single = singly(down);
  return single.length === down.length ? [down] : [down, single];
}

export const isRefusal = (error: unknown): boolean =>
  error instanceof StatementFailure
    ? !error.lost
    : error instanceof MigrateError && /^(?:execution|source|findings)\//.test(error.code);

/** What was refused, as clauses. */
export const reasonsOf = (error: unknown): readonly string[] =>
  error instanceof MigrateError
    ? error.diagnostics.map(({ message }) => message)
    : [(error as Error).message];

/** What the migration itself leaves. */
interface Expected extends Left {
  readonly withRows: boolean;
}

/** Parts, their revisions, and the statements of the down file. */
interface Draft {
  readonly parts: readonly Part[];
  readonly ids: readonly RevisionId[];
  readonly down: readonly Chunk[];
}

interface Left {
  readonly before: Catalog;
  readonly up: Catalog;
  readonly rows: RowsByTable;
  readonly down?: Catalog;
}

/** A part with its way back; undefined: it has none. */
interface Whole extends Part {
  readonly back?: { readonly text: string; readonly outside: boolean };
}

class Proof {
  readonly #on: TestOn;
  readonly #migration: Migration;
  readonly #taken: readonly string[];
  readonly #before: readonly RevisionId[];

  constructor(on: TestOn, { migration, taken }: ToFix) {
    const { graph } = on.project;
    this.#taken = taken;
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
    const ids = parts.map((_, i) => (i === 0 ? this.#migration.revision : randomBytes(6).toString("hex")));
    const whole = await this.#withWaysBack({ parts, ids, down }, expected);
    const files = this.#files(whole, ids);
    const found = await this.#left(this.#projectWith(files), ids, expected.withRows, expected);
    const notes = [
      ...this.#compared(AFTER_UPGRADE, expected.up, found.up),
      ...(await this.#comparedRows(expected, found)),
      ...this.#comparedDown(expected, found),
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
    return withRoles(scratch, async (makeRoles) => {
      const { session } = await replayRevisions(deps, project, scratch, this.#before);
      await makeRoles(session);
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
      for (let i = ids.length - 1; i >= 0; i -= 1) {
        await this.#back(project, session, ids, i);
        if (i > 0)
          this.#compared(`after the downgrade of part ${i + 1}`, states[i]!, await this.#catalog(session));
      }
      return { ...left, down: await this.#catalog(session) };
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
    await runSteps(this.#on.deps, project, session, {
      kind: "downgrade",
      before: [...this.#before, ...ids.slice(0, i + 1)],
      after: [...this.#before, ...ids.slice(0, i)],
      steps: [{ direction: "down", revision: ids[i]! }],
    });
  }

  #catalog(session: Session): Promise<Catalog> {
    return readCatalog(session, this.#on.project.ledger.names.schema);
  }

  // ── comparing ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** What is only in another order. Throws `findings/not-proven`. */
  #compared(when: string, expected: Catalog, found: Catalog): readonly string[] {
    const differences = compareCatalogs(expected, found);
    const faults = differences.filter(counts).map((each) => `${differenceText(each)} ${when}`);
    if (faults.length > 0) throw this.#notProven(faults);
    return differences
      .filter(({ kind }) => kind === "order")
      .map((each) => `${describeObject(each)} has its columns in a different order ${when}`);
  }

  /** What the author's downgrade leaves behind may be taken back, too. */
  #comparedDown({ down, before }: Expected, found: Left): readonly string[] {
    if (down === undefined || found.down === undefined) return [];
    const isExact = !compareCatalogs(before, found.down).some(counts);
    return this.#compared("after the downgrade", isExact ? before : down, found.down);
  }

  async #comparedRows(expected: Expected, found: Left): Promise<readonly string[]> {
    const tables = differing(expected.rows, found.rows);
    if (tables.length === 0) return [];
    const again = await this.#left(this.#on.project, [this.#migration.revision], expected.withRows);
    const unsteady = differing(expected.rows, again.rows);
    const faults = tables.filter(
      (table) =>
        !unsteady.includes(table) || expected.rows.get(table)?.count !== found.rows.get(table)?.count,
    );
    if (faults.length > 0) throw this.#notProven(faults.map((table) => `the rows of ${table} would differ`));
    return tables.map((table) => `${table} has different rows in each run; only their number was compared`);
  }

  #notProven(faults: readonly string[]): MigrateError {
    return MigrateError.all(unique(faults).map((fault) => ({ code: "findings/not-proven", message: fault })));
  }

  // ── the way back ────────────────────────────────────────────────────────────────────────────────────────────────

  /** What the author wrote for the whole, in the parts that it takes back. */
  async #withWaysBack(draft: Draft, { up, withRows }: Expected): Promise<readonly Whole[]> {
    const { parts, ids, down } = draft;
    if (this.#migration.down === undefined) return parts;
    if (parts.length === 1) return [{ ...parts[0]!, back: this.#backOf(down, down, []) }];
    const empty = parts.map((part) => ({ ...part, back: { text: "", outside: false } }));
    const ups = this.#projectWith(this.#files(empty, ids));
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
      return this.#distributed(draft, search, states);
    });
  }

  /** From the last part to the first, as far as the down file has something for more than one of them. */
  async #distributed(
    { parts, down }: Draft,
    search: Search,
    states: readonly Catalog[],
  ): Promise<readonly Whole[]> {
    let open = down.filter(({ setting }) => !setting);
    const whole: Whole[] = [];
    for (let i = parts.length - 1; i >= 0; i -= 1) {
      const { keepsBack, up, ...part } = parts[i]!;
      const own = part.down.length === 0 ? [] : [...part.settings, ...part.down];
      const isLast = !parts.slice(0, i).some((part) => part.keepsBack);
      const isRest = isLast && keepsBack;
      const searched = isLast ? [] : await search.taking(keepsBack ? open : [], own, states[i]!);
      if (searched === undefined)
        throw this.#notProven([`no part of its down file takes back ${summaryOf(up)}`]);
      const taken = isRest ? open : searched;
      open = open.filter((chunk) => !taken.includes(chunk));
      const chunks = down.filter((each) => taken.includes(each) || (each.setting && taken.length > 0));
      whole.unshift({
        ...parts[i]!,
        back: this.#backOf(
          down,
          isRest && chunks.length === down.length && own.length === 0 ? down : chunks,
          own,
        ),
      });
    }
    return whole;
  }

  /** Chunks of the down file, one in its safe form where it is alone, and our own statements behind them. */
  #backOf(
    down: readonly Chunk[],
    chunks: readonly Chunk[],
    own: readonly string[],
  ): NonNullable<Whole["back"]> {
    const { source, bodyStart, header } = this.#migration.down!;
    const isOutside = header.transaction === "none";
    const isAlone = own.length === 0 && chunks.filter(({ setting }) => !setting).length === 1;
    let outside = isOutside;
    const settings = new Set(chunks.filter(({ setting }) => setting).map(({ sql }) => sql));
    const texts = chunks.map(({ lead, sql, trail, fix }) => {
      const safe = isAlone || isOutside ? safeForm(fix) : undefined;
      if (safe !== undefined) outside = true;
      return `${lead}${safe ?? sql}${trail}`;
    });
    if (chunks === down && outside === isOutside) return { text: source.text.slice(bodyStart), outside };
    // A statement that stood behind another on its line comes with the blank between them.
    const given = joined(texts).trim();
    const text = [given, ...own.filter((sql) => !settings.has(sql))].filter((each) => each !== "").join("\n");
    return { text: `${text === "" ? NOTHING : text}\n`, outside };
  }

  // ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The migration's own and the new ones; also those that stay as they are. */
  #files(parts: readonly Whole[], ids: readonly RevisionId[]): readonly FileChange[] {
    const migration = this.#migration;
    const [first, ...rest] = parts.map(bodiesOf);
    return [
      changeOf(migration.up.source, rewritten(migration.up, first!.up, first!.upOutside)),
      ...(migration.down === undefined
        ? []
        : [
            changeOf(
              migration.down.source,
              rewritten(
                migration.down,
                backText(migration.down.source.text, first!.down!),
                first!.downOutside,
              ),
            ),
          ]),
      ...rest.flatMap((bodies, i) => this.#newFiles(bodies, ids, i + 1)),
    ];
  }

  #newFiles(bodies: Bodies, ids: readonly RevisionId[], i: number): readonly FileChange[] {
    const { up, down, path, message: first } = this.#migration;
    const { project, deps } = this.#on;
    const [revision, parent] = [ids[i]!, ids[i - 1]!];
    const message = `${first} (${i + 1} of ${ids.length})`;
    const texts = newTexts({ revision, parent, message, up, down }, bodies);
    const numbers = [
      ...[...project.migrations.values(), ...project.dormant].flatMap((each) => each.number ?? []),
      ...this.#taken.flatMap((each) => parseFileName(basename(each), project.pattern).fileName?.number ?? []),
    ];
    let number = nextNumber(numbers);
    for (let k = 1; k < i; k += 1) number = nextNumber([number]);
    const name = { number, slug: slugOf(message), revision, date: deps.now() };
    const file = (direction: "up" | "down", after: string): FileChange => ({
      path: join(dirname(path), formatFileName({ ...name, direction }, project.pattern)),
      after,
    });
    return [file("up", texts.up), ...(texts.down === undefined ? [] : [file("down", texts.down)])];
  }

  /** Nothing but what comes before, and the changed files. */
  #projectWith(files: readonly FileChange[]): Project {
    const needed = new Set(this.#before);
    const { project } = this.#on;
    const others = [...project.migrations.values()].filter(({ revision }) => needed.has(revision));
    return projectOf(project, [
      ...others.flatMap(sourcesOf),
      ...files.map(({ path, after }) => ({ path, text: after })),
    ]);
  }
}

const sourcesOf = ({ up, down }: Migration): readonly Source[] =>
  [up, down].flatMap((file) => (file === undefined ? [] : [file.source]));

/** A project with other files. Throws what is wrong with them. */
export function projectOf(project: Project, sources: readonly Source[]): Project {
  const { migrations, diagnostics } = assemble(sources, [], project.pattern);
  if (diagnostics.length > 0) throw MigrateError.all(diagnostics);
  const { active, dormant } = settleReplaced(migrations, startOfFile);
  return {
    ...project,
    ledger: project.ledger,
    migrations: new Map(active.map((migration) => [migration.revision, migration])),
    graph: buildGraph(active),
    dormant,
  };
}

const changeOf = ({ path, text }: Source, after: string): FileChange => ({ path, before: text, after });

const bodiesOf = ({ up, outside, back }: Whole): Bodies => ({
  up,
  upOutside: outside,
  downOutside: back?.outside === true,
  ...(back === undefined ? {} : { down: back.text }),
});

const AFTER_UPGRADE = "after the upgrade";

const NOTHING = "-- There is nothing to take back.";

/** Below a header there is an empty line. */
const backText = (before: string, body: string): string =>
  before === "" || body.startsWith("\n") ? body : `\n${body}`;

const safeForm = (fix: Chunk["fix"]): string | undefined => {
  const [part, ...others] = fix ?? [];
  if (part === undefined || others.length > 0 || "sql" in part || part.segments.length > 1) return undefined;
  return part.segments[0]!.up;
};

const differing = (expected: RowsByTable, found: RowsByTable): readonly string[] =>
  unique([...changedRows(expected, found), ...changedRows(found, expected)].map(({ table }) => table));

function differenceText(difference: Difference): string {
  const object = describeObject(difference);
  if (difference.kind === "missing") return `${object} would be missing`;
  if (difference.kind === "extra") return `${object} would be left over`;
  return `${object} would differ (${Object.keys(difference.properties ?? {}).join(", ")})`;
}

/** The first words of SQL. */
const summaryOf = (sql: string): string => {
  const words = sql.trim().replaceAll(/\s+/g, " ");
  return words.length > 60 ? `${words.slice(0, 60)}…` : words;
};

/** Which statements of a down file lead from the state of the database to the one before. */
class Search {
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

  /** Neighbours among the chunks that do, with `own` behind them; they are done then. Of no chunks: `own` alone. Undefined: there are none. */
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
