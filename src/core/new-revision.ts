/** A graph and what a new revision follows → its parents and depends-on, as they go into its header. */
import { MigrateError } from "./errors.ts";
import { type Graph, isHead, nodeOf } from "./graph.ts";
import { describe } from "./graph-faults.ts";
import type { Revision, RevisionId } from "./migration.ts";
import { asOptions, type OptionNames } from "./option-names.ts";
import { shellWord } from "./shell.ts";
import { BASE, resolveAll, resolveOne, wayOutOf } from "./target.ts";

export interface NewRevisionOptions {
  /** Targets to follow: several make a merge, `base` makes a new root. Default: `head`. */
  readonly heads?: readonly string[];
  /** Allows a parent that already has children. */
  readonly splice?: boolean;
  /** Targets that must be applied first. Branch labels stay labels, everything else becomes a full id. */
  readonly dependsOn?: readonly string[];
}

/**
 * Where a new revision goes. Throws `graph/multiple-heads`, `graph/not-a-head`, `graph/duplicate-heads` or whatever
 * a target that cannot be had throws. Whether its id and labels are free is for `buildGraph` to say.
 */
export function newRevision(
  graph: Graph,
  options: NewRevisionOptions = {},
): Pick<Revision, "parents" | "dependsOn"> {
  return newRevisionFor(graph, options, asOptions);
}

/** The same for one whose options are called so. */
export function newRevisionFor(
  graph: Graph,
  options: NewRevisionOptions,
  names: OptionNames = asOptions,
): Pick<Revision, "parents" | "dependsOn"> {
  const { heads = ["head"], splice = false, dependsOn = [] } = options;
  const parents = parentsOf(graph, heads, names);
  for (const parent of splice ? [] : parents) {
    const node = nodeOf(graph, parent);
    if (isHead(node)) continue;
    // A label names the revision that its branch begins with.
    const label = heads.find((text) => graph.carriers.get(text) === parent);
    throw new MigrateError({
      code: "graph/not-a-head",
      message: `Revision ${parent} is not a head revision; please specify ${names.either("--splice", "splice: true")} to ${
        parents.length > 1 ? "merge it all the same" : "create a new branch from this revision"
      }`,
      hint: `${label === undefined ? "" : `did you mean ${label}@head? `}it is followed by ${node.children.map((id) => describe(nodeOf(graph, id).revision)).join(", ")}`,
    });
  }
  return { parents, dependsOn: dependsOn.map((target) => dependencyOn(graph, target)) };
}

/** The revisions that targets are. Throws as `newRevision`, but not where one of them is no head. */
export function parentsOf(
  graph: Graph,
  heads: readonly string[],
  names: OptionNames = asOptions,
): readonly RevisionId[] {
  if (heads.includes("head") && graph.heads.length > 1) {
    throw new MigrateError({
      code: "graph/multiple-heads",
      message:
        "Multiple heads are present; please specify the head revision on which the new revision should be based, " +
        "or perform a merge",
      hint: `${wayOutOf(graph, graph.heads)}\nto follow one of them: add ${names.given("heads", graph.heads.at(-1)!)}`,
    });
  }
  const parents = heads.flatMap((head) =>
    resolveAll(graph, head, `for a new root: ${names.given("heads", "base")}`),
  );
  if (new Set(parents).size < parents.length) {
    throw new MigrateError({
      code: "graph/duplicate-heads",
      message: `Duplicate head revisions specified: ${heads.join(" ")}`,
      hint: "name each of them once",
    });
  }
  return parents;
}

/** What to tell who has joined all heads: `heads` means none of those that others depend on. Undefined: no other is left. */
export function headsLeftText(
  graph: Graph,
  { revision, parents }: Pick<Revision, "revision" | "parents">,
): string | undefined {
  const left = graph.heads.filter((id) => !parents.includes(id));
  const [only, ...others] = left;
  if (only === undefined) return undefined;
  const { dependents } = nodeOf(graph, only);
  const [what, them] =
    others.length > 0
      ? [`${left.join(", ")} stay heads, since other revisions depend on them`, "them"]
      : [
          `${only} stays a head, since ${dependents.join(", ")} ${dependents.length > 1 ? "depend" : "depends"} on it`,
          "it",
        ];
  return `${what}; to apply all: migrate upgrade heads; to join ${them}, too: migrate merge ${[...left, revision].map(shellWord).join(" ")}`;
}

function dependencyOn(graph: Graph, target: string): string {
  const place = resolveOne(graph, target);
  if (place === BASE) {
    throw new MigrateError({
      code: "graph/depends-on-base",
      message: `'${target}' is base, and nothing can depend on base`,
      hint: "name a revision or a branch label",
    });
  }
  return nodeOf(graph, place).labels.includes(target) ? target : place;
}
