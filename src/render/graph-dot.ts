/** Revisions → a graph in the DOT language of Graphviz, the newest on top. */
import { nodeOf } from "../core/graph.ts";
import { type Picture, titleOf } from "./graph-text.ts";
import { onOneLine } from "./terminal.ts";

/** The text of a digraph. Depends-on is dashed, heads have a second line around them. */
export function graphDot(picture: Picture): string {
  const { graph, applied } = picture;
  const revisions = picture.revisions.toReversed();
  const drawn = new Set(revisions);
  const lines = [
    "digraph migrations {",
    "  rankdir=BT;",
    '  node [shape=box, fontname="Helvetica,sans-serif", fontsize=11];',
  ];
  for (const id of revisions) {
    const { children, revision } = nodeOf(graph, id);
    const label = [titleOf(picture, id), revision.message]
      .map(onOneLine)
      .filter((text) => text !== "")
      .map(escaped)
      .join("\\n");
    const fill = applied?.has(id) === true ? ', style=filled, fillcolor="#cfe8cf"' : "";
    lines.push(
      `  "${escaped(id)}" [label="${label}"${children.length === 0 ? ", peripheries=2" : ""}${fill}];`,
    );
  }
  for (const id of revisions) {
    const { parents, dependencies } = nodeOf(graph, id);
    const edges = (ids: readonly string[], style: string): readonly string[] =>
      ids
        .filter((other) => drawn.has(other))
        .map((other) => `  "${escaped(other)}" -> "${escaped(id)}"${style};`);
    lines.push(...edges(parents, ""), ...edges(dependencies, " [style=dashed]"));
  }
  return [...lines, "}"].join("\n");
}

/** Inside quotes: a backslash begins an escape, and Graphviz reads HTML's entities even in plain labels. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;");
}
