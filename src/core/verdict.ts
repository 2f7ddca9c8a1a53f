/** What a migration's two files left on a scratch database → the verdict on them. */
import { type Aspect, aspects } from "./acceptance.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { Difference } from "./catalog/compare.ts";
import type { Diagnostic } from "./errors.ts";
import type { RevisionId } from "./migration.ts";
import { type Loss, losesData } from "./statement/losses.ts";
import { unique } from "./unique.ts";

/** `irreversible`: it has no down file, and says why; `skipped`: it needs one that failed on its way up. */
export type Verdict = "exact" | Aspect | "fails" | "irreversible" | "skipped";

/** A table that has other rows after the down than before the up. */
export interface ChangedRows {
  /** `shop.users` */
  readonly table: string;
  readonly before: number;
  /** As many may be others; 0 where the table is gone. */
  readonly after: number;
}

/** What was seen of an up, a down and an up. */
export interface Observed {
  /** From the catalog before the up to the one after the down. */
  readonly down: readonly Difference[];
  /** From the catalog after the first up to the one after the second. */
  readonly again: readonly Difference[];
  /** What statements of the up take away that was there, and no down can bring back. */
  readonly losses: readonly Loss[];
  readonly rows: readonly ChangedRows[];
}

/** A step that the server, or the program, refused. */
export interface FailedStep {
  readonly step: "up" | "down" | "up again";
  readonly diagnostics: readonly Diagnostic[];
  /** It is refused only where tables were given rows for the test. */
  readonly onlyWithRows?: true;
}

/** One migration, tested. */
export interface TestedMigration extends Observed {
  readonly revision: RevisionId;
  readonly message: string;
  /** Of its up file. */
  readonly path: string;
  readonly verdict: Verdict;
  /** Nothing is to be mended: it is exact, or what was found is accepted. */
  readonly passed: boolean;
  /** Why what was found is accepted; also where nothing was found that had to be. */
  readonly accepted?: string;
  /** What was found and its down file does not accept, where it accepts something. */
  readonly unaccepted?: readonly Aspect[];
  readonly failed?: FailedStep;
  /** Milliseconds. */
  readonly ms: number;
}

/** Revisions of which none needs another, run in several orders. */
export interface TestedOrders {
  readonly revisions: readonly RevisionId[];
  /** The merge that joins them; absent: nothing does. */
  readonly merge?: RevisionId;
  /** How many orders were run, of `possible`. */
  readonly orders: number;
  readonly possible: number;
  readonly verdict: Verdict;
  /** Each order gives the same, but for the order of columns. */
  readonly passed: boolean;
  /** From the catalog of the first order to the first that is not the same. */
  readonly differences: readonly Difference[];
  readonly failed?: FailedStep;
  /** The first order that failed. */
  readonly failedOrder?: readonly RevisionId[];
  /** An order that did not, where another failed. */
  readonly workingOrder?: readonly RevisionId[];
}

/** The parents of a new merge, run in several orders; or why they were not. */
export type ComparedOrders =
  | (Omit<TestedOrders, "merge"> & {
      /** Of the scratch database: `15.4`. */
      readonly serverVersion: string;
      readonly scratch: { readonly description: string; readonly proves: boolean };
    })
  | { readonly reason: string };

/** A squashed migration that waits, beside those that it replaces. */
export interface TestedSquash {
  readonly revision: RevisionId;
  /** Of its up file. */
  readonly path: string;
  /** In the order in which they are run. */
  readonly replaces: readonly RevisionId[];
  readonly verdict: Verdict;
  readonly passed: boolean;
  /** From the catalog that those make to the one that it makes. */
  readonly differences: readonly Difference[];
  /** Tables that would have other rows. */
  readonly rows: readonly string[];
  readonly failed?: FailedStep;
}

/** The database that the offline script makes, beside the one that the run makes. */
export interface TestedScript {
  readonly verdict: Verdict;
  readonly passed: boolean;
  /** From the run's catalog to the script's. */
  readonly differences: readonly Difference[];
  /** Why the script failed, or why there is none in that form. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A table that could be given no rows, and what the server said last. */
export interface Unfilled {
  readonly table: string;
  readonly message: string;
}

export interface TestReport {
  /** In the order in which they were run. */
  readonly migrations: readonly TestedMigration[];
  readonly orders: readonly TestedOrders[];
  readonly squashed: readonly TestedSquash[];
  /** Absent where it was not asked for, or a migration fails. */
  readonly script?: TestedScript;
  readonly unfilled: readonly Unfilled[];
  /** Everything that was tested passed. */
  readonly passed: boolean;
}

/** The rows of a table as one text that is another for other rows. */
export interface RowsOfTable {
  readonly count: number;
  readonly digest: string;
}

/** By `shop.users`. */
export type RowsByTable = ReadonlyMap<string, RowsOfTable>;

const NO_ROWS: Pick<RowsOfTable, "count"> & Partial<RowsOfTable> = { count: 0 };

/** The tables that have other rows than before; what was not there before is no table of these, and what is gone has none. */
export function changedRows(before: RowsByTable, after: RowsByTable): readonly ChangedRows[] {
  return [...before]
    .map(([table, was]) => ({ table, was, is: after.get(table) ?? NO_ROWS }))
    .filter(({ was, is }) => was.count !== is.count || (was.count > 0 && was.digest !== is.digest))
    .map(({ table, was, is }) => ({ table, before: was.count, after: is.count }));
}

/** The tables that do not have the same rows on both sides; of the unsteady ones, which have others in each run, only the number counts. */
export function tablesWithOtherRows(
  expected: RowsByTable,
  found: RowsByTable,
  unsteady: readonly string[] = [],
): readonly string[] {
  const changed = [...changedRows(expected, found), ...changedRows(found, expected)];
  return unique(changed.map(({ table }) => table)).filter(
    (table) => !unsteady.includes(table) || expected.get(table)?.count !== found.get(table)?.count,
  );
}

export const nothingSeen: Observed = { down: [], again: [], losses: [], rows: [] };

/** All that is otherwise; none: it is exact. The worst comes last. */
export function aspectsOf({ down, again, losses, rows }: Observed): readonly Aspect[] {
  const differences = [...down, ...again];
  const found: Readonly<Record<Aspect, boolean>> = {
    "column-order": differences.some(({ kind }) => kind === "order"),
    lossy: losses.length > 0 || rows.length > 0,
    different: differences.some(({ kind }) => kind !== "order"),
  };
  return aspects.filter((aspect) => found[aspect]);
}

/**
 * Of what statements take away, what held rows before them and is gone. A table of that name that is there again may hold
 * the rows of the old one: only the rows themselves can tell.
 */
export function lossesOfRows(losses: readonly Loss[], before: Catalog, after: Catalog): readonly Loss[] {
  const [was, is] = [holdersIn(before), holdersIn(after)];
  return losses.filter((loss) => {
    const { kind, object } = loss;
    const holder = kind === "truncate" ? "table" : kind.replace(/^drop /, "");
    return losesData(loss) && was(holder, object) && (kind === "truncate" || !is(holder, object));
  });
}

/** Whether a name, with or without its schema, is one of that class of what holds rows in a catalog. */
function holdersIn({ objects }: Catalog): (holder: string, name: string) => boolean {
  const names = objects
    .filter((object) => HOLDERS.has(object.class))
    .map((object) => [object.class, `.${object.identity.join(".")}`] as const);
  return (holder, name) => names.some(([each, whole]) => each === holder && whole.endsWith(`.${name}`));
}

const HOLDERS = new Set(["schema", "table", "column"]);
