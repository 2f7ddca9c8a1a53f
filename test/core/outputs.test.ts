/** Texts of each kind of output are told from one another, and from what commands do not write. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildGraph } from "../../src/core/graph.ts";
import { type OutputKind, outputs } from "../../src/core/outputs.ts";
import { graphDot } from "../../src/render/graph-dot.ts";
import { graphMermaid } from "../../src/render/graph-mermaid.ts";
import { graphText } from "../../src/render/graph-text.ts";
import { reviewHtml } from "../../src/render/review/html.ts";
import { reviewMarkdown } from "../../src/render/review/markdown.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { printed } from "../../src/render/terminal.ts";
import { randomRevisions } from "../support/graphs.ts";
import { ledger, planOf } from "../support/plans.ts";

const graph = buildGraph(randomRevisions(3, 40));
const picture = { graph, revisions: graph.order.toReversed() };
const applied = { ...picture, applied: new Set(graph.order.slice(0, 20)) };
const drawn = [picture, applied].flatMap((each) =>
  [true, false].map((ascii) => printed(graphText(each, { width: 80, ascii, paths: true }))),
);
const review = { migrations: [], checks: [] };
const nothing = renderScript(planOf([]), ledger).text;
const migration = "-- revision: a\n-- parent: none\n-- message: users\n\nCREATE TABLE users ();\n";

const texts: readonly (readonly [OutputKind | undefined, string])[] = [
  ...drawn.map((text) => [outputs.graph, text] as const),
  [outputs.graph, graphMermaid(picture)],
  [outputs.graph, `\`\`\`mermaid\n${graphMermaid(picture)}\n\`\`\`\n`],
  [outputs.graph, graphDot(picture)],
  [outputs.graph, `${JSON.stringify({ graph: [] }, undefined, 2)}`.replace("[]", "[\n  ]")],
  [outputs.review, `${reviewMarkdown(review)}\n`],
  [outputs.review, reviewHtml(review, "")],
  [outputs.review, JSON.stringify({ migrations: [{}] }, undefined, 2)],
  [outputs.dump, "SET search_path = pg_catalog, pg_temp;\nSET check_function_bodies = off;\n"],
  [outputs.script, nothing],
  [undefined, `${nothing}-- mine\n`],
  [undefined, migration],
  [undefined, "DATABASE_URL=postgres://ann@localhost/shop\n"],
  [undefined, '{\n  "directories": ["migrations"]\n}\n'],
  [undefined, readFileSync("README.md", "utf8")],
  [undefined, "CREATE TABLE users ();\n"],
  [undefined, `\`\`\`mermaid\n${graphMermaid(picture)}\n\`\`\`\n\nWhat it shows: …\n`],
  [undefined, "* buy milk\n\nand bread\n"],
];

test.each(
  texts.flatMap(([kind, text]) => [text, text.replaceAll("\n", "\r\n")].map((each) => [kind, each] as const)),
)("%o: %j", (kind, text) => {
  for (const each of Object.values(outputs)) expect(each.isOurs(text)).toBe(each === kind);
});
