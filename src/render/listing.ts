/** Revisions of a graph → the lines of `history`, `heads`, `current`, `branches` and `show`, as Alembic writes them. */
import {
  type Graph,
  isBranchPoint,
  isHead,
  isMergePoint,
  isRealHead,
  type Node,
  nodeOf,
} from "../core/graph.ts";
import { sessionsText } from "../core/lock-held.ts";
import type { RevisionId } from "../core/migration.ts";
import { type Begun, statementText } from "../core/undoing.ts";

export interface ListingOptions {
  /** Revisions to mark `(current)`. */
  readonly current?: ReadonlySet<RevisionId>;
}

/** `29f859a13ea (55af2cb1c267) -> 2a95102259be (networking) (head), add ip account table` */
export function historyLine(graph: Graph, id: RevisionId, options: ListingOptions = {}): string {
  const node = nodeOf(graph, id);
  const { dependsOn, message } = node.revision;
  return (
    `${parentsOf(node)}${inBrackets(dependsOn)} -> ${id}${inBrackets(node.labels)}${headMark(node)}` +
    `${currentMark(id, options)}${shapeMarks(node)}${message === "" ? "" : `, ${message}`}`
  );
}

/** `2a95102259be (networking) (head)` */
export function headLine(graph: Graph, id: RevisionId, options: ListingOptions = {}): string {
  const node = nodeOf(graph, id);
  return `${id}${inBrackets(node.labels)}${headMark(node)}${currentMark(id, options)}`;
}

/** `1975ea83b712 (branchpoint)` */
export function currentLine(graph: Graph, id: RevisionId): string {
  const node = nodeOf(graph, id);
  return `${id}${headMark(node)}${shapeMarks(node)}`;
}

/** A branch point and, indented under it, its children. `verbose` gives the children their messages. */
export function branchLines(
  graph: Graph,
  id: RevisionId,
  options: { readonly verbose?: boolean } = {},
): readonly string[] {
  const line = (other: RevisionId): string => {
    const node = nodeOf(graph, other);
    return `${other}${inBrackets(node.labels)}${headMark(node)}${shapeMarks(node)}`;
  };
  const children = nodeOf(graph, id)
    .children.toSorted()
    .map((child) => {
      const { message } = nodeOf(graph, child).revision;
      return `${" ".repeat(id.length)} -> ${line(child)}${options.verbose === true && message !== "" ? `, ${message}` : ""}`;
    });
  return [...(options.verbose === true ? detailsOf(graph, id) : [line(id)]), ...children];
}

/** Everything about one revision: the lines that `show` prints, and every listing with `-v`. */
export function detailsOf(graph: Graph, id: RevisionId, options: ListingOptions = {}): readonly string[] {
  const node = nodeOf(graph, id);
  const { dependsOn, message, path } = node.revision;
  const head = isHead(node) ? " (head)" : "";
  return [
    `Rev: ${id}${head}${shapeMarks(node)}${currentMark(id, options)}`,
    `${isMergePoint(node) ? "Merges" : "Parent"}: ${parentsOf(node)}`,
    ...(dependsOn.length > 0 ? [`Also depends on: ${dependsOn.join(", ")}`] : []),
    ...(isBranchPoint(node) ? [`Branches into: ${node.children.toSorted().join(", ")}`] : []),
    ...(node.labels.length > 0 ? [`Branch names: ${node.labels.join(", ")}`] : []),
    ...(path === undefined ? [] : [`Path: ${path}`]),
    "",
    ...message.split("\n").map((line) => `    ${line}`),
  ];
}

/** `interrupted: upgrade to 1975ea83b712 at statement 3 of 5 (migrations/0007_index.up.sql:9)`, or who is at it. */
export function unfinishedLine({ revision, direction, location, holders, ...at }: Begun): string {
  const step = direction === "up" ? `upgrade to ${revision}` : `downgrade of ${revision}`;
  const place = location === undefined ? "" : ` (${location.path}:${location.line})`;
  const where = `${step} at ${statementText(at)}${place}`;
  return holders === undefined ? `interrupted: ${where}` : `under way: ${where}: ${sessionsText(holders)}`;
}

const inBrackets = (names: readonly string[]): string => (names.length === 0 ? "" : ` (${names.join(", ")})`);

const parentsOf = (node: Node): string => (node.parents.length === 0 ? "<base>" : node.parents.join(", "));

const headMark = (node: Node): string =>
  isRealHead(node) ? " (head)" : isHead(node) ? " (effective head)" : "";

const shapeMarks = (node: Node): string =>
  `${isBranchPoint(node) ? " (branchpoint)" : ""}${isMergePoint(node) ? " (mergepoint)" : ""}`;

const currentMark = (id: RevisionId, { current }: ListingOptions): string =>
  current?.has(id) === true ? " (current)" : "";
