/** A project → whether each squashed migration that waits still leads to what those lead to that it replaces: any of their files may have changed since. */
import { compareCatalogs } from "../core/catalog/compare.ts";
import { ancestors, inOrder } from "../core/graph.ts";
import type { Migration, RevisionId } from "../core/migration.ts";
import { type TestedSquash, tablesWithOtherRows } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import { readRows } from "../io/rows.ts";
import { withMigrations } from "./project.ts";
import { refusalOf } from "./refusal.ts";
import { replayRevisions } from "./replay.ts";
import type { TestOn } from "./test-bench.ts";

/** Those of which all that they replace was tested, and runs. */
export async function testSquashes(
  on: TestOn,
  tested: ReadonlySet<RevisionId>,
  broken: ReadonlySet<RevisionId>,
): Promise<readonly TestedSquash[]> {
  const { graph, dormant } = on.project;
  const results: TestedSquash[] = [];
  for (const squashed of dormant) {
    const { revision, path, replaces = [] } = squashed;
    if (!replaces.every((id) => tested.has(id))) continue;
    const members = inOrder(graph, replaces);
    const all = inOrder(graph, ancestors(graph, members));
    if (all.some((id) => broken.has(id))) continue;
    results.push({ revision, path, replaces: members, ...(await testSquash(on, squashed, all)) });
  }
  return results;
}

type Result = Omit<TestedSquash, "revision" | "path" | "replaces">;

/** `all`: what it replaces, and what that needs, in order. */
async function testSquash(on: TestOn, squashed: Migration, all: readonly RevisionId[]): Promise<Result> {
  const isMember = (id: RevisionId): boolean => squashed.replaces!.includes(id);
  const others = [...on.project.migrations.values()].filter(({ revision }) => !isMember(revision));
  const there = { ...on, project: withMigrations(on.project, [...others, squashed]) };
  const expected = await leftBy(on, all);
  try {
    const left = await leftBy(there, [...all.filter((id) => !isMember(id)), squashed.revision]);
    const differences = compareCatalogs(expected.catalog, left.catalog);
    const otherRows = tablesWithOtherRows(expected.rows, left.rows);
    // Of rows that are others each time, the number counts.
    const unsteady =
      otherRows.length === 0 ? [] : tablesWithOtherRows(expected.rows, (await leftBy(on, all)).rows);
    const rows = tablesWithOtherRows(expected.rows, left.rows, unsteady);
    const passed = differences.length === 0 && rows.length === 0;
    return { verdict: passed ? "exact" : "different", passed, differences, rows };
  } catch (error) {
    const failed = { step: "up", diagnostics: refusalOf(error) } as const;
    return { verdict: "fails", passed: false, differences: [], rows: [], failed };
  }
}

async function leftBy({ deps, project, scratch }: TestOn, revisions: readonly RevisionId[]) {
  const { session } = await replayRevisions(deps, project, scratch, revisions, { keeps: false });
  const { schema } = project.ledger.names;
  return { catalog: await readCatalog(session, schema), rows: await readRows(session, schema) };
}
