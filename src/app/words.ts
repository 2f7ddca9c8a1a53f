/** A project → what can be typed where a command takes a target or a label, for a shell that completes words. */
import { inOrder } from "../core/graph.ts";
import { type Deps, openProject, type ProjectOptions } from "./project.ts";

export interface Word {
  readonly word: string;
  /** What it is, for a person; empty where nothing is known. */
  readonly what: string;
}

/** The revisions' targets that need no revision. */
const SYMBOLS: readonly Word[] = [
  { word: "head", what: "the one head" },
  { word: "heads", what: "all heads" },
  { word: "base", what: "where nothing is applied" },
  { word: "current", what: "what is applied" },
  { word: "+1", what: "one up" },
  { word: "-1", what: "one down" },
];

/**
 * Newest first, behind the symbols that are taken there. A shell can take each as it stands: ids and labels have letters, digits, dots and
 * underscores only. Reads the files alone. Throws what `openProject` throws.
 */
export async function words(
  deps: Deps,
  kind: "revisions" | "labels",
  { isTaken, ...options }: ProjectOptions & { readonly isTaken: (symbol: string) => boolean },
): Promise<readonly Word[]> {
  const { graph } = await openProject(deps, options);
  const ids = inOrder(graph, graph.nodes.keys()).reverse();
  const revisions = ids.map((id) => graph.nodes.get(id)!.revision);
  const labels = revisions.flatMap(({ revision, branchLabels }) =>
    branchLabels.map((label) => ({ word: label, what: `the branch of ${revision}` })),
  );
  if (kind === "labels") return labels;
  return [
    ...SYMBOLS.filter(({ word }) => isTaken(word)),
    ...labels,
    ...labels.map(({ word }) => ({ word: `${word}@head`, what: `the head of ${word}` })),
    ...revisions.map(({ revision, message }) => ({ word: revision, what: message })),
  ];
}
