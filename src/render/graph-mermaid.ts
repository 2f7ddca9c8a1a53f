/** Revisions → a Mermaid flowchart, parents above children. */
import { nodeOf } from "../core/graph.ts";
import { type Picture, titleOf } from "./graph-text.ts";
import { onOneLine } from "./terminal.ts";

/** The text of the flowchart, for a Markdown file or a `.mmd`. Depends-on is dotted, heads are round. */
export function graphMermaid(picture: Picture): string {
  const { graph, applied } = picture;
  const revisions = picture.revisions.toReversed();
  // Names of our own: a revision may be called `end`, which Mermaid would take for a keyword.
  const names = new Map(revisions.map((id, index) => [id, `r${index}`]));
  const lines = ["flowchart TD"];
  for (const [id, name] of names) {
    const { children, revision } = nodeOf(graph, id);
    const label = `"${[titleOf(picture, id), revision.message]
      .map(onOneLine)
      .filter((text) => text !== "")
      .map(escaped)
      .join("<br/>")}"`;
    const mark = applied?.has(id) === true ? ":::applied" : "";
    lines.push(`  ${name}${children.length === 0 ? `([${label}])` : `[${label}]`}${mark}`);
  }
  for (const [id, name] of names) {
    const { parents, dependencies } = nodeOf(graph, id);
    const edges = (ids: readonly string[], arrow: string): readonly string[] =>
      ids.flatMap((other) => (names.has(other) ? [`  ${names.get(other)} ${arrow} ${name}`] : []));
    lines.push(...edges(parents, "-->"), ...edges(dependencies, "-.->"));
  }
  if (applied !== undefined) lines.push("  classDef applied fill:#cfe8cf,stroke:#2e7d32,color:#000");
  return lines.join("\n");
}

/**
 * Letters, digits and what stands inside a word stay; anything else becomes its number, so that no text is taken for
 * Mermaid, Markdown or HTML.
 */
function escaped(text: string): string {
  return text.replaceAll(
    /(?<![\p{L}\p{N}])[-.'/_]|[-.'/_](?![\p{L}\p{N}])|[^\p{L}\p{M}\p{N} ,()'./_-]/gu,
    (point) => `#${point.codePointAt(0)};`,
  );
}
