/** The comments above a statement → the rules that `-- retort-ignore: rule, rule (reason)` switches off for it. */
import { tokens } from "../lexer.ts";
import { isRule, ruleMeantBy } from "./settings.ts";

/** One comment of that kind. */
export interface Ignore {
  readonly rules: readonly string[];
  /** Empty where none is given. */
  readonly reason: string;
  /** Words that are probably meant as the reason, without its parentheses. */
  readonly bare?: string;
  /** UTF-16 offset of the comment in the text, and its length. */
  readonly start: number;
  readonly length: number;
}

const LINE = /^--[ \t]*retort-ignore\b:?[ \t]*([^(]*?)[ \t]*(?:\((.*))?$/;
/** The end of a reason, which need not be there, nor end the line. */
const END_OF_REASON = /\)([^)]*)$/;

/** Those that stand in `text.slice(from, to)`, which must not begin inside a token. */
export function ignoresIn(text: string, from: number, to: number): readonly Ignore[] {
  const found: Ignore[] = [];
  if (!text.slice(from, to).includes("retort-ignore")) return found;
  for (const { kind, start, end } of tokens(text, from)) {
    if (start >= to) break;
    const match = kind === "comment" ? LINE.exec(text.slice(start, end)) : null;
    if (match === null) continue;
    const { rules, bare } = namesIn(match[1]!);
    const reason = (match[2] ?? "").replace(END_OF_REASON, "$1").trim();
    found.push({ rules, reason, ...(bare === "" ? {} : { bare }), start, length: end - start });
  }
  return found;
}

/**
 * Rules, and behind them what begins with a word that is like none and that no comma separates from them. A word alone is a
 * rule, although it may not exist. Other programs have a colon behind the rule.
 */
function namesIn(text: string): { readonly rules: readonly string[]; readonly bare: string } {
  const words = [...text.matchAll(/[^\s,:]+/g)];
  const isStrange = (at: number): boolean => {
    const word = words[at]?.[0];
    return word !== undefined && !isRule(word) && ruleMeantBy(word) === undefined;
  };
  const follows = (at: number): boolean => !text.slice(words[at - 1]!.index, words[at]!.index).includes(",");
  const first = words.findIndex((_, at) =>
    at === 0 ? isStrange(0) && isStrange(1) && follows(1) : isStrange(at) && follows(at),
  );
  const named = first < 0 ? words : words.slice(0, first);
  return { rules: named.map(([word]) => word), bare: first < 0 ? "" : text.slice(words[first]!.index) };
}
