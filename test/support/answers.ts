/** A case of `alembic-cases.jsonl` → what our graph answers where Alembic was asked. No database, no files. */
import { MigrateError } from "../../src/core/errors.ts";
import { buildGraph, type Graph } from "../../src/core/graph.ts";
import { branchPoints, currentRevisions, historyOf, shown } from "../../src/core/history.ts";
import type { Revision } from "../../src/core/migration.ts";
import { newRevision } from "../../src/core/new-revision.ts";
import {
  appliedAfter,
  appliedBelow,
  currentHeads,
  planDowngrade,
  planOfflineDowngrade,
  planOfflineUpgrade,
  planStamp,
  planUpgrade,
  type Step,
} from "../../src/core/steps.ts";
import { branchLines, currentLine, headLine, historyLine } from "../../src/render/listing.ts";

export interface Case {
  readonly id: string;
  readonly graph: readonly CaseRevision[];
  readonly op: string;
  readonly from?: readonly string[];
  readonly target?: string | readonly string[];
  readonly purge?: boolean;
  readonly range?: string | null;
  readonly indicate_current?: boolean;
  readonly head?: string | readonly string[];
  readonly splice?: boolean;
  readonly depends_on?: readonly string[];
}

export interface CaseRevision {
  readonly rev: string;
  readonly down: readonly string[];
  readonly depends_on: readonly string[];
  readonly labels: readonly string[];
  readonly message: string;
}

export interface Answer {
  readonly id: string;
  readonly steps?: readonly (readonly [direction: string, revision: string])[];
  readonly heads?: readonly string[];
  readonly revs?: readonly string[];
  readonly lines?: readonly string[];
  readonly down?: readonly string[];
  readonly depends_on?: readonly string[];
  readonly error?: string;
  readonly error_kind?: string;
}

export function graphOf(revisions: readonly CaseRevision[]): Graph {
  return buildGraph(
    revisions.map(
      (r): Revision => ({
        revision: r.rev,
        parents: r.down,
        dependsOn: r.depends_on,
        branchLabels: r.labels,
        message: r.message,
      }),
    ),
  );
}

/** Answers one case. Never throws for what a case asks: a fault of the input is an answer, too. */
export function answer(asked: Case): Answer {
  try {
    const graph = graphOf(asked.graph);
    const ask = operations[asked.op];
    if (ask === undefined) return { id: asked.id, error: `unknown op '${asked.op}'` };
    return { id: asked.id, ...ask(graph, asked) };
  } catch (error) {
    if (error instanceof MigrateError) return { id: asked.id, error: error.message, error_kind: error.code };
    return { id: asked.id, error: `${error}`, error_kind: "bug" };
  }
}

type Operation = (graph: Graph, asked: Case) => Omit<Answer, "id">;

const operations: Readonly<Record<string, Operation>> = {
  upgrade: (graph, { from = [], target }) => {
    const rows = appliedBelow(graph, from);
    return ran(graph, rows.map(idOf), planUpgrade(graph, rows, one(target)));
  },
  downgrade: (graph, { from = [], target }) => {
    const rows = appliedBelow(graph, from);
    return ran(graph, rows.map(idOf), planDowngrade(graph, rows, one(target)));
  },
  upgrade_sql: (graph, { target }) => {
    const { applied, steps } = planOfflineUpgrade(graph, one(target));
    return ran(graph, applied, steps);
  },
  downgrade_sql: (graph, { target }) => {
    const { applied, steps } = planOfflineDowngrade(graph, one(target));
    return ran(graph, applied, steps);
  },
  stamp: (graph, { from = [], target = [], purge = false }) => {
    const { applied } = planStamp(graph, appliedBelow(graph, from), many(target), { purge });
    return { heads: currentHeads(graph, applied).toSorted() };
  },
  current: (graph, { from = [] }) => {
    const revs = currentRevisions(graph, appliedBelow(graph, from).map(idOf)).toSorted();
    return { revs, lines: revs.map((id) => currentLine(graph, id)) };
  },
  heads: (graph) => ({ revs: graph.heads, lines: graph.heads.map((id) => headLine(graph, id)) }),
  bases: (graph) => ({ revs: graph.bases.toSorted() }),
  branches: (graph) => {
    const revs = branchPoints(graph);
    return { revs: revs.toSorted(), lines: revs.flatMap((id) => branchLines(graph, id)) };
  },
  history: (graph, { from = [], range, indicate_current = false }) => {
    const revs = historyOf(graph, range ?? undefined, from);
    const options = indicate_current ? { current: new Set(from) } : {};
    return { revs, lines: revs.map((id) => historyLine(graph, id, options)) };
  },
  resolve: (graph, { from = [], target }) => ({ revs: shown(graph, one(target), from).toSorted() }),
  new_revision: (graph, { head = "head", splice = false, depends_on = [] }) => {
    const { parents, dependsOn } = newRevision(graph, { heads: many(head), splice, dependsOn: depends_on });
    return { down: parents.toSorted(), depends_on: dependsOn.toSorted() };
  },
};

const idOf = ({ revision }: { readonly revision: string }): string => revision;

const many = (target: string | readonly string[]): readonly string[] =>
  typeof target === "string" ? [target] : target;

function one(target: string | readonly string[] | undefined): string {
  const [only, ...others] = many(target ?? []);
  if (only === undefined || others.length > 0) throw new TypeError("this op takes one target");
  return only;
}

function ran(graph: Graph, applied: readonly string[], steps: readonly Step[]): Omit<Answer, "id"> {
  return {
    steps: steps.map(({ direction, revision }) => [direction, revision] as const),
    heads: currentHeads(graph, appliedAfter(applied, steps)).toSorted(),
  };
}
