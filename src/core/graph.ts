/**
 * Revisions → the graph of them, or every fault that keeps them from being one.
 *
 * There are two kinds of edges. Parents make lineages: heads, branch points and branch labels follow them.
 * Depends-on only says what must be applied first. Where a function can follow either, `Edges` says which.
 */
import { endMeant } from "./end-words.ts";
import { type Diagnostic, MigrateError } from "./errors.ts";
import {
  type FindUnread,
  faultsOf,
  haveSoundNames,
  noneUnread,
  ofDigits,
  ofFile,
  type PlaceOf,
  RESERVED,
  startOfFile,
  waitingFault,
} from "./graph-faults.ts";
import type { Revision, RevisionId } from "./migration.ts";
import { nearestId } from "./nearest.ts";
import { shellWord } from "./shell.ts";
import { unique } from "./unique.ts";

/** `lineage`: parents and children. `all`: depends-on and dependents as well. */
export type Edges = "lineage" | "all";

/** A revision and its neighbours. Lists hold nothing twice. */
export interface Node<R extends Revision = Revision> {
  readonly revision: R;
  /** In the order written. */
  readonly parents: readonly RevisionId[];
  /** Depends-on, in the order written, each label replaced by the revision that carries it. */
  readonly dependencies: readonly RevisionId[];
  /** In load order. */
  readonly children: readonly RevisionId[];
  /** Revisions that depend on this one and are not its children; in load order. */
  readonly dependents: readonly RevisionId[];
  /** The branch labels of every lineage this revision is on, sorted. */
  readonly labels: readonly string[];
  /** Index in `Graph.order`. */
  readonly position: number;
}

export interface Graph<R extends Revision = Revision> {
  /** By id, in load order: the order in which the revisions were given. */
  readonly nodes: ReadonlyMap<RevisionId, Node<R>>;
  /** Branch label → the revision whose file carries it. */
  readonly carriers: ReadonlyMap<string, RevisionId>;
  /**
   * All revisions, each after its parents and dependencies; a branch is finished before the next one begins. Two
   * revisions keep their relative order whatever is added after them or beside them.
   */
  readonly order: readonly RevisionId[];
  /** Revisions without parents, in load order. */
  readonly bases: readonly RevisionId[];
  /** Revisions without children, in load order. */
  readonly heads: readonly RevisionId[];
  /** Those heads on which nothing depends, in load order: what is current when everything is applied. */
  readonly realHeads: readonly RevisionId[];
  /** Ids of revisions that are no more → the squashed revision that stands for them. */
  readonly replaced: ReadonlyMap<RevisionId, RevisionId>;
  /** Squashed revisions that are no nodes, since all that they replace is. */
  readonly dormant: readonly R[];
  /** Finds the files of revisions that are no nodes, where they are not read. */
  readonly findUnread: FindUnread;
}

/**
 * Builds the graph. `placeOf` lets faults point at the line of the header; without it they point at the file.
 * Throws one `MigrateError` (`graph/…`) that holds every fault of every file.
 */
export function buildGraph<R extends Revision>(
  revisions: readonly R[],
  placeOf: PlaceOf<R> = startOfFile,
  dormant: readonly R[] = [],
  findUnread: FindUnread = noneUnread,
): Graph<R> {
  const refuse = (): never => {
    throw MigrateError.all(faultsOf(revisions, placeOf, dormant, findUnread));
  };
  if (!haveSoundNames(revisions)) refuse();

  const carriers = new Map(
    revisions.flatMap((r) => r.branchLabels.map((label) => [label, r.revision] as const)),
  );
  const nodes = new Map<RevisionId, Draft<R>>();
  for (const revision of revisions) {
    nodes.set(revision.revision, {
      revision,
      parents: unique(revision.parents),
      dependencies: unique(revision.dependsOn.map((name) => carriers.get(name) ?? name)),
      children: [],
      dependents: [],
      labels: [],
      position: 0,
    });
  }
  for (const [id, node] of nodes) {
    for (const parent of node.parents) nodes.get(parent)!.children.push(id);
    for (const other of node.dependencies)
      if (!node.parents.includes(other)) nodes.get(other)!.dependents.push(id);
  }

  const having = (test: (node: Node<R>) => boolean): readonly RevisionId[] =>
    [...nodes.keys()].filter((id) => test(nodes.get(id)!));
  const bases = having((node) => node.parents.length === 0);
  const heads = having(isHead);
  const order = orderOf(nodes);
  // What is on a cycle waits for itself.
  if (order.length < nodes.size) refuse();
  for (const [position, id] of order.entries()) nodes.get(id)!.position = position;
  spreadLabels(nodes, order, heads);
  const replaced = new Map(
    revisions.flatMap(({ revision, replaces = [] }) => replaces.map((id) => [id, revision] as const)),
  );
  return {
    nodes,
    carriers,
    order,
    bases,
    heads,
    realHeads: having(isRealHead),
    replaced,
    dormant,
    findUnread,
  };
}

/** Has no child. */
export const isHead = (node: Node): boolean => node.children.length === 0;
/** Has no child, and nothing depends on it. */
export const isRealHead = (node: Node): boolean => isHead(node) && node.dependents.length === 0;
/** Has several children. */
export const isBranchPoint = (node: Node): boolean => node.children.length > 1;
/** Has several parents. */
export const isMergePoint = (node: Node): boolean => node.parents.length > 1;

/** The node of an id that is known to be in the graph. Throws `graph/unknown-revision` where it is not. */
export function nodeOf<R extends Revision>(graph: Graph<R>, id: RevisionId): Node<R> {
  const node = graph.nodes.get(id);
  if (node === undefined) throw new MigrateError(unknownRevision(graph, id));
  return node;
}

/** The starts and everything below them. Linear in what it finds. */
export function ancestors(graph: Graph, starts: Iterable<RevisionId>, edges: Edges = "all"): Set<RevisionId> {
  return reach(graph, starts, (node) => below(node, edges));
}

/** The starts and everything above them. Linear in what it finds. */
export function descendants(
  graph: Graph,
  starts: Iterable<RevisionId>,
  edges: Edges = "all",
): Set<RevisionId> {
  return reach(graph, starts, (node) =>
    edges === "all" ? [...node.children, ...node.dependents] : node.children,
  );
}

/** Those of `ids` that lie below none of the others, in order. Over all edges, these are the heads of an applied set. */
export function maximal(
  graph: Graph,
  ids: Iterable<RevisionId>,
  edges: Edges = "all",
): readonly RevisionId[] {
  const set = new Set(ids);
  const covered = ancestors(
    graph,
    [...set].flatMap((id) => below(nodeOf(graph, id), edges)),
    edges,
  );
  return inOrder(
    graph,
    [...set].filter((id) => !covered.has(id)),
  );
}

/**
 * The dependencies that a revision adds: those on which none of its ancestors depends already. Only another dependent
 * can be such an ancestor, and nothing below the lowest of these needs to be searched.
 */
export function ownDependencies(graph: Graph, id: RevisionId): readonly RevisionId[] {
  const { parents, dependencies } = nodeOf(graph, id);
  return dependencies.filter((dependency) => {
    const { children, dependents } = nodeOf(graph, dependency);
    const others = [...children, ...dependents].filter(
      (other) => other !== id && nodeOf(graph, other).dependencies.includes(dependency),
    );
    if (others.length === 0) return true;
    const lowest = Math.min(...others.map((other) => nodeOf(graph, other).position));
    const above = reach(graph, parents, (node) =>
      node.parents.filter((parent) => nodeOf(graph, parent).position >= lowest),
    );
    return !others.some((other) => above.has(other));
  });
}

/** Sorted as `Graph.order`. */
export function inOrder(graph: Graph, ids: Iterable<RevisionId>): RevisionId[] {
  return [...ids].sort((a, b) => nodeOf(graph, a).position - nodeOf(graph, b).position);
}

/** The fault of a name that no revision has. */
export function unknownRevision(graph: Graph, name: string, branch?: string): Diagnostic {
  const id = namedIn([...graph.replaced.keys()], name);
  const squashed = id === undefined ? undefined : graph.replaced.get(id);
  if (squashed !== undefined) {
    return {
      code: "graph/unknown-revision",
      message: `${id} was replaced by ${squashed}`,
      hint: `use ${squashed}`,
    };
  }
  const waiting = dormantNamed(graph, name);
  if (waiting !== undefined)
    return {
      code: "graph/unknown-revision",
      ...waitingFault(waiting, {
        counting: [...graph.nodes.values()].map(({ revision }) => revision),
        dormant: graph.dormant,
      }),
    };
  return {
    code: "graph/unknown-revision",
    message: `Can't locate revision identified by '${name}'`,
    hint: `${insteadOf(graph, name, branch)}${LIST_REVISIONS}`,
  };
}

export const LIST_REVISIONS = "list the revisions with: migrate history";

/** The squashed revision that waits and has this id, this file number or, as its only one, an id that begins so. */
export function dormantNamed<R extends Revision>({ dormant }: Graph<R>, name: string): R | undefined {
  const id = namedIn(
    dormant.map(({ revision }) => revision),
    name,
  );
  return dormant.find(({ revision, number }) => revision === id || number === name);
}

/** The id that this is, or the beginning of, as the only one. */
function namedIn(ids: readonly RevisionId[], name: string): RevisionId | undefined {
  if (ids.includes(name) || name.length < 4) return ids.find((id) => id === name);
  const [only, ...others] = ids.filter((id) => id.startsWith(name));
  return others.length === 0 ? only : undefined;
}

/** What may be meant by a name that is none, as the beginning of a hint. `branch`: that is written before it. */
function insteadOf(graph: Graph, name: string, branch?: string): string {
  if (name === "")
    return "a name is missing here: a branch is written before its @, as in billing@head; a range is written start:end; ";
  if (name === "current")
    return "show, edit, history and graph alone take current, and without steps; upgrade and downgrade count +N and -N from it, and with --sql --from-database their script starts at it; ";
  if (/^[+-]0+$/.test(name)) return "that is no step: name a revision; ";
  if (/^[+-]\d+$/.test(name)) {
    const from = `${branch === undefined ? "" : `${branch}@`}${name.startsWith("+") ? "base" : "head"}`;
    return `here steps are counted from a revision, as in ${from}${name}; `;
  }
  if (name.includes(":"))
    return `one name is expected here, not a range; to list a range: migrate history -r ${shellWord(name)}; `;
  const parts = name.split(",").map((part) => shellWord(part.trim()));
  if (parts.length > 1 && !parts.includes(shellWord("")))
    return `one name is expected here; where several are allowed, each is given by itself, and with its flag if there is one: ${parts.join(" ")}; `;
  const revisions = [...graph.nodes.values()].map(({ revision }) => revision);
  const ofItsDigits = /^\d+$/.test(name) ? ofDigits(revisions, name) : [];
  const file = ofFile(revisions, name) ?? (ofItsDigits.length === 1 ? ofItsDigits[0] : undefined);
  const noNumbers =
    ofItsDigits.length === 0
      ? ""
      : 'a number in a file\'s name is a target only where "fileName" has {number}; ';
  if (file !== undefined)
    return `${noNumbers}did you mean '${file.revision}', the revision of ${file.path}? `;
  if (noNumbers !== "") return noNumbers;
  const [start] = endsOf(name) ?? [];
  // Where it is none, the ends may be git's.
  const isRange = start !== undefined && isKnown(graph, start.replace(/[~^]+\d*$/, ""));
  const meant =
    (isRange ? rangeMeant(name) : undefined) ??
    ofGit(name) ??
    endOf(name, branch) ??
    ofNumber(graph, name) ??
    nearestId(name, [...graph.nodes.keys(), ...graph.carriers.keys(), ...RESERVED]);
  return `${meant === undefined ? "" : `did you mean '${meant}'? `}${ofTwoDigits(graph, name)}`;
}

/** The end that a word of another tool means. */
function endOf(name: string, branch: string | undefined): string | undefined {
  const end = endMeant(name);
  return end === undefined || branch === undefined ? end : `${branch}@${end}`;
}

/** Two digits may be meant as the beginning of an id. */
const ofTwoDigits = ({ nodes }: Graph, name: string): string =>
  /^\d\d$/.test(name) && [...nodes.keys()].some((id) => id.length > 3 && id.startsWith(name))
    ? "as the beginning of an id, digits must be at least three; "
    : "";

/** The range that is meant by `a..b`, as git writes one, or by two numbers of files, `0001-0003`. */
export function rangeMeant(text: string): string | undefined {
  return endsOf(text)
    ?.map((side) => ofGit(side) ?? side.replace(/^HEAD$/, "head"))
    .join(":");
}

const endsOf = (text: string): readonly string[] | undefined =>
  (/^(.*?)\.\.\.?(.*)$/s.exec(text) ?? /^(\d+)-(0\d+)$/.exec(text))?.slice(1);

/** Whether something of the graph has that name; where there is none, an end of it is meant. */
const isKnown = ({ nodes, carriers }: Graph, name: string): boolean =>
  name === "" ||
  RESERVED.has(name.toLowerCase()) ||
  carriers.has(name) ||
  namedIn([...nodes.keys()], name) !== undefined ||
  [...nodes.values()].some(({ revision: { number } }) => number === name);

/** `head~2` and `head^^`, as git counts steps down. */
function ofGit(name: string): string | undefined {
  const [, from, count, carets] = /^([^~^]+)(?:~(\d*)|(\^+))$/.exec(name) ?? [];
  if (from === undefined) return undefined;
  return `${from === "HEAD" ? "head" : from}-${carets?.length ?? (count || 1)}`;
}

/** The file number that is meant by one without its zeros. */
function ofNumber(graph: Graph, name: string): string | undefined {
  if (!/^\d+$/.test(name)) return undefined;
  const numbers = [...graph.nodes.values()].map(({ revision }) => revision.number);
  return numbers.find((number) => number !== undefined && BigInt(number) === BigInt(name));
}

type Draft<R extends Revision> = Omit<Node<R>, "children" | "dependents" | "labels" | "position"> & {
  readonly children: RevisionId[];
  readonly dependents: RevisionId[];
  labels: readonly string[];
  position: number;
};

const below = (node: Node, edges: Edges): readonly RevisionId[] =>
  edges === "all" && node.dependencies.length > 0 ? [...node.parents, ...node.dependencies] : node.parents;

function reach(
  graph: Graph,
  starts: Iterable<RevisionId>,
  next: (node: Node) => readonly RevisionId[],
): Set<RevisionId> {
  const found = new Set(starts);
  // A Set is iterated in the order of insertion, so what is added here is visited later.
  for (const id of found) for (const other of next(nodeOf(graph, id))) found.add(other);
  return found;
}

/**
 * A revision becomes ready when the last one it waits for is done, and of those that are ready the one that became
 * so last is next. Nothing is ever decided by what comes after a revision: that keeps the order from shifting.
 */
function orderOf(nodes: ReadonlyMap<RevisionId, Node>): readonly RevisionId[] {
  const waitsFor = new Map<RevisionId, number>();
  for (const [id, node] of nodes) waitsFor.set(id, unique(below(node, "all")).length);
  const order: RevisionId[] = [];
  const ready = [...nodes.keys()].filter((id) => waitsFor.get(id) === 0).reverse();
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    order.push(id);
    const { children, dependents } = nodes.get(id)!;
    const above = dependents.length === 0 ? children : [...children, ...dependents];
    for (const other of above.toReversed()) {
      const left = waitsFor.get(other)! - 1;
      waitsFor.set(other, left);
      if (left === 0) ready.push(other);
    }
  }
  return order;
}

/**
 * A label belongs to the descendants of the revision that carries it. It also names what lies below, as far as that
 * can be no other branch: down the straight line that ends in a head, to the first branch or merge point.
 */
function spreadLabels<R extends Revision>(
  nodes: ReadonlyMap<RevisionId, Draft<R>>,
  order: readonly RevisionId[],
  heads: readonly RevisionId[],
): void {
  for (const id of order) {
    const node = nodes.get(id)!;
    const own = node.revision.branchLabels;
    // Most revisions add nothing to their parent's labels; they share the list.
    if (own.length === 0 && node.parents.length === 1) {
      node.labels = nodes.get(node.parents[0]!)!.labels;
      continue;
    }
    const [first, ...others] = node.parents.map((parent) => nodes.get(parent)!.labels);
    const same = own.length === 0 && others.every((labels) => labels === first);
    node.labels = same ? (first ?? []) : [...new Set([...(first ?? []), ...others.flat(), ...own])].sort();
  }
  for (const head of heads) {
    const { labels } = nodes.get(head)!;
    for (let id: RevisionId | undefined = head; id !== undefined; id = nodes.get(id)!.parents[0]) {
      const node: Draft<R> = nodes.get(id)!;
      if (node.children.length + node.dependents.length > 1 || isMergePoint(node)) break;
      node.labels = labels;
    }
  }
}
