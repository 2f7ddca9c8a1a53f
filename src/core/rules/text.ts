/** The text of a statement → the parts of it that a recipe repeats. What they mean is read from the tree, not here. */
import { tokens } from "../lexer.ts";

interface Piece {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  /** How many parentheses are open before it. */
  readonly depth: number;
}

/** The tokens that are no space and no comment; words in lower case. */
function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let depth = 0;
  for (const { kind, start, end } of tokens(text)) {
    if (kind === "space" || kind === "comment") continue;
    const word = text.slice(start, end).toLowerCase();
    if (word === ")" || word === "]") depth -= 1;
    pieces.push({ word, start, end, depth });
    if (word === "(" || word === "[") depth += 1;
  }
  return pieces;
}

/** Which piece of an ALTER TABLE begins its first command. */
const firstAction = (pieces: readonly Piece[]): number =>
  pieces.findIndex(
    ({ word, depth }, i) => i > 2 && depth === 0 && ACTION.test(word) && pieces[i - 1]!.word !== ".",
  );

/** `ALTER TABLE t ADD a int, DROP b;` → what stands before its commands: `ALTER TABLE t `. */
export function prefixOf(sql: string): string {
  const pieces = piecesOf(sql);
  return sql.slice(0, pieces[firstAction(pieces)]?.start ?? sql.length);
}

/** `ALTER TABLE t ADD a int, DROP b;` → its commands: `ADD a int`, `DROP b`. */
export function actionsOf(sql: string): readonly string[] {
  const pieces = piecesOf(sql);
  const first = firstAction(pieces);
  const actions: string[] = [];
  let from = pieces[first]?.start ?? sql.length;
  let end = from;
  for (const piece of first < 0 ? [] : pieces.slice(first)) {
    const isEnd = piece.depth === 0 && (piece.word === "," || piece.word === ";");
    if (isEnd) {
      // Without a comment behind it.
      actions.push(sql.slice(from, end).trim());
      from = piece.end;
    }
    end = piece.end;
  }
  if (end > from) actions.push(sql.slice(from, end).trim());
  return actions;
}

const ACTION =
  /^(?:add|alter|attach|cluster|detach|disable|drop|enable|force|inherit|no|not|of|owner|rename|replica|reset|set|validate)$/;

/** The parts of `ADD COLUMN a text DEFAULT f() CHECK (…)`. */
export interface ColumnText {
  /** Its name and type: `ADD COLUMN a text`. */
  readonly head: string;
  /** The expression of DEFAULT. */
  readonly default: string | undefined;
  /** What CHECK has in parentheses, with them. */
  readonly check: string | undefined;
}

export function columnText(action: string): ColumnText {
  const pieces = piecesOf(action);
  const at = (word: string): number => pieces.findIndex((each) => each.word === word && each.depth === 0);
  const endOf = (from: number): number =>
    pieces.find(({ word, depth }, i) => i > from && depth === 0 && CLAUSE.test(word))?.start ?? action.length;
  const after = (word: string): string | undefined => {
    const found = at(word);
    return found < 0 ? undefined : action.slice(pieces[found]!.end, endOf(found)).trim();
  };
  // IF NOT EXISTS stands before the name.
  const first = Math.max(
    0,
    pieces.findIndex(({ word }, i) => i < 5 && word === "exists"),
  );
  return { head: action.slice(0, endOf(first)).trim(), default: after("default"), check: after("check") };
}

/** `ALTER COLUMN a TYPE numeric(8, 2) USING a::numeric` → the type, with a collation, and the expression. */
export function typeChange(action: string): { readonly type: string; readonly using: string | undefined } {
  const pieces = piecesOf(action);
  // A column may be called so, too.
  const type = pieces.findIndex(({ word, depth }, i) => i > 1 && word === "type" && depth === 0);
  const using = pieces.findIndex(({ word, depth }, i) => i > type && word === "using" && depth === 0);
  const end = using < 0 ? action.length : pieces[using]!.start;
  return {
    type: action.slice(pieces[type]!.end, end).trim(),
    using: using < 0 ? undefined : action.slice(pieces[using]!.end).trim(),
  };
}

const CLAUSE =
  /^(?:constraint|not|null|default|check|unique|primary|references|generated|deferrable|initially|enforced|;)$/;

/** The text with CONCURRENTLY behind the first of these words. */
export function concurrently(sql: string, behind: string): string {
  const found = piecesOf(sql).find(({ word }) => word === behind);
  return found === undefined ? sql : ended(`${sql.slice(0, found.end)} CONCURRENTLY${sql.slice(found.end)}`);
}

export const withoutIfNotExists = (sql: string): string => sql.replace(/\bif\s+not\s+exists\s+/i, "");

/** With a semicolon at its end. */
export const ended = (sql: string): string => (sql.trimEnd().endsWith(";") ? sql : `${sql};`);

/** A name that PostgreSQL does not cut. */
export const nameOf = (...parts: readonly string[]): string =>
  parts.join("_").replaceAll('"', "").slice(0, 63);
