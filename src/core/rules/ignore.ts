/** The comments above a statement → the rules that `-- retort-ignore: rule, rule (reason)` switches off for it. */
import { tokens } from "../lexer.ts";

/** One comment of that kind. */
export interface Ignore {
  readonly rules: readonly string[];
  /** Empty where none is given. */
  readonly reason: string;
  /** UTF-16 offset of the comment in the text, and its length. */
  readonly start: number;
  readonly length: number;
}

const LINE = /^--[ \t]*retort-ignore\b:?[ \t]*([^(]*?)[ \t]*(?:\((.*)\))?[ \t]*$/;

/** Those that stand in `text.slice(from, to)`, which must not begin inside a token. */
export function ignoresIn(text: string, from: number, to: number): readonly Ignore[] {
  const found: Ignore[] = [];
  if (!text.slice(from, to).includes("retort-ignore")) return found;
  for (const { kind, start, end } of tokens(text, from)) {
    if (start >= to) break;
    const match = kind === "comment" ? LINE.exec(text.slice(start, end)) : null;
    if (match === null) continue;
    const rules = match[1]!.split(/[\s,]+/).filter((rule) => rule !== "");
    found.push({ rules, reason: (match[2] ?? "").trim(), start, length: end - start });
  }
  return found;
}
