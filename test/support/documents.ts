/**
 * A document → its blocks of code, and what the output of a command must look like. `...` stands for text that is left
 * out; alone on a line, for lines. Durations, present times, receipts and versions may differ.
 */
import { readFileSync } from "node:fs";

export interface Block {
  readonly language: string;
  /** Line number of its first line. */
  readonly at: number;
  /** The line of prose above it. */
  readonly above: string;
  readonly lines: readonly string[];
}

/** The text of a document of this repository. */
export const textOf = (document: string): string =>
  readFileSync(new URL(`../../${document}`, import.meta.url), "utf8");

/** What the links of a page's text lead to, outside of blocks of code. */
export const linksIn = (text: string): readonly string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);

/** Its blocks between lines of three backticks. */
export function blocksOf(document: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = textOf(document).split("\n");
  for (let i = 0; i < lines.length; i += 1) {
    const language = /^```(\w*)$/.exec(lines[i]!)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", i + 1);
    const above = lines.slice(0, i).findLast((line) => line !== "") ?? "";
    blocks.push({ language, at: i + 2, above, lines: lines.slice(i + 1, end) });
    i = end;
  }
  return blocks;
}

/** At the end of a line: how long it took. Steps that share a transaction have none of their own. */
export const DURATION = / {2}\(\d+(\.\d+)? m?s\)$/gm;

/** What may differ from what is written, and how it looks. */
const VARYING = [
  [/sha256:[0-9a-f]+\.\.\./, "sha256:[0-9a-f]{64}"],
  [/\.\.\./, ".*"],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?/],
  [/\d+(\.\d+)? m?s\b/],
  [/PostgreSQL \d+\.\d+/],
] as const;

/** Lines of a document → the source of a regular expression for what they stand for. */
export const patternOf = (lines: readonly string[]): string =>
  lines
    .map((line) => (line.trim() === "..." ? "(?:.*\\n)*?" : `${sourceOf(line.replace(DURATION, ""))}\\n`))
    .join("");

function sourceOf(text: string): string {
  for (const [varying, source = varying.source] of VARYING) {
    const match = varying.exec(text);
    if (match === null) continue;
    return (
      sourceOf(text.slice(0, match.index)) + source + sourceOf(text.slice(match.index + match[0].length))
    );
  }
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** The migrations whose script docs/offline-script.md shows and runs: file name → text. */
export const scriptedMigrations: Readonly<Record<string, string>> = {
  "0001_create_users.up.sql": `-- revision: b7a0e05dfa6c
-- parent: none
-- message: create users

CREATE TABLE users (
  user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email   text NOT NULL UNIQUE
);
`,
  "0001_create_users.down.sql": "-- revision: b7a0e05dfa6c\n\nDROP TABLE users;\n",
  "0002_create_orders.up.sql": `-- revision: c83f1c8c9f12
-- parent: b7a0e05dfa6c
-- message: create orders

CREATE TABLE orders (
  order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id  bigint NOT NULL REFERENCES users
);
`,
  "0002_create_orders.down.sql": "-- revision: c83f1c8c9f12\n\nDROP TABLE orders;\n",
  "0003_index_orders.up.sql": `-- revision: d9c3c671ce93
-- parent: c83f1c8c9f12
-- message: index orders

CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);
`,
  "0003_index_orders.down.sql": "-- revision: d9c3c671ce93\n\nDROP INDEX CONCURRENTLY orders_user_id_idx;\n",
};
