/** Values of the graph → plain JSON values, the same under every command's `--json`. */
import { type Graph, isBranchPoint, isHead, isMergePoint, isRealHead, nodeOf } from "../core/graph.ts";
import type { Applied } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";

/** One revision as data. */
export function revisionValue(graph: Graph, id: RevisionId, current?: ReadonlySet<RevisionId>): unknown {
  const node = nodeOf(graph, id);
  const { message, path, number, created, branchLabels, dependsOn } = node.revision;
  return {
    revision: id,
    parents: node.parents,
    dependsOn,
    children: node.children,
    branchLabels,
    branches: node.labels,
    message,
    number: number ?? null,
    path: path ?? null,
    created: created ?? null,
    head: isHead(node),
    effectiveHead: isHead(node) && !isRealHead(node),
    branchPoint: isBranchPoint(node),
    mergePoint: isMergePoint(node),
    ...(current === undefined ? {} : { current: current.has(id) }),
  };
}

/** An applied revision that is no migration here, in the same keys: what only its file says is not known. */
export function unknownValue({ revision, parents, dependsOn, message }: Applied): unknown {
  return {
    revision,
    parents,
    dependsOn,
    children: [],
    branchLabels: [],
    branches: [],
    message,
    number: null,
    path: null,
    created: null,
    head: false,
    effectiveHead: false,
    branchPoint: false,
    mergePoint: parents.length > 1,
    unknown: true,
  };
}
