/** The text of a file → whether it is what a command of ours writes, and may take the place of: a kind of output is told by how it begins. */
import { SETTINGS } from "./dump/settings.ts";
import { receiptsOf } from "./receipt.ts";

export interface OutputKind {
  readonly code: string;
  /** `a review as migrate writes it` */
  readonly name: string;
  readonly isOurs: (text: string) => boolean;
}

const begins = (...ways: readonly RegExp[]): OutputKind["isOurs"] => {
  const begin = new RegExp(`^\\uFEFF?(?:${ways.map(({ source }) => source).join("|")})`);
  return (text) => begin.test(text.replaceAll("\r\n", "\n"));
};

const page = (title: string): RegExp =>
  new RegExp(`<!doctype html>\\n(?:.*\\n){1,9}<title>${title}</title>\\n`);

/** The first line has a node; every other one too, or lines between nodes, or what stands beside them. */
const GRAPH_TEXT = /^[*●○@o] [^\n]+\n(?:[ *●○@o│┆╵╷╴╯╮┤╶╰╭├─┴┬┼:.|'+-][^\n]*\n|\n)*$/;

const isGraph = begins(
  page("Migrations"),
  /flowchart TD(?:\n|$)/,
  // Nothing else is in that file of Markdown.
  /```mermaid\nflowchart TD\n(?:(?!```).*\n)*```\n?$/,
  /digraph migrations \{\n/,
  /\{\n {2}"graph": \[/,
);

/** A script of no step has no receipt: it is these two lines, and nothing that a user wrote. */
export const NOTHING_TO_DO = "Nothing to do.";
const EMPTY_SCRIPT = new RegExp(
  `^-- Retort migration script: [a-z]+ .+ -> .+\\r?\\n-- ${NOTHING_TO_DO.replace(".", "\\.")}\\r?\\n$`,
);

export const outputs = {
  script: {
    code: "usage/not-a-script",
    name: "a script as migrate wrote it",
    isOurs: (text) => EMPTY_SCRIPT.test(text) || receiptsOf(text)?.changes.length === 0,
  },
  dump: {
    code: "usage/not-a-dump",
    name: "a dump as migrate writes it",
    isOurs: (text) => text.startsWith(`${SETTINGS[0]};`),
  },
  review: {
    code: "usage/not-a-review",
    name: "a review as migrate writes it",
    isOurs: begins(/# Review of migrations\n/, page("Review of migrations"), /\{\n {2}"migrations": \[/),
  },
  graph: {
    code: "usage/not-a-graph",
    name: "a graph as migrate writes it",
    isOurs: (text) => GRAPH_TEXT.test(text.replaceAll("\r\n", "\n")) || isGraph(text),
  },
} as const satisfies Readonly<Record<string, OutputKind>>;
