/** The text of a `.env` file → its entries, in order, and their values once `${NAME}` is replaced in them. */
import { CONFLICT_HINT, isConflict } from "./conflict.ts";
import { MigrateError } from "./errors.ts";
import type { Source } from "./source.ts";
import { type Lookup, MOST_EXPANDED, mayHoldVariable, replaceVariables } from "./variables.ts";

export interface DotenvEntry {
  readonly name: string;
  /** Unquoted and unescaped; `${…}` still stands in it unless `literal`. */
  readonly value: string;
  /** In single quotes or backquotes: nothing is put in. */
  readonly literal: boolean;
  /** 1-based. */
  readonly line: number;
}

/**
 * A name, `=`, and a value that is quoted (`'`, a backquote, `"`; it may span lines) or runs to the end of the
 * line or to a `#` behind a space. As python-dotenv and Docker Compose read it: a `#` inside a word belongs to it,
 * where `util.parseEnv` would cut a password short (and swallows the line after one without `=`).
 */
const ENTRY =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?:(?:'([^']*)'|`([^`]*)`|"([^"\\]*(?:\\[\s\S][^"\\]*)*)")(?=[ \t]*(?:#.*)?$)|(.*))/gm;

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The entries of a `.env` file. Lines that are none are passed over: the file belongs to other programs too. */
export function parseDotenv({ text }: Source): readonly DotenvEntry[] {
  const lineAt = linesOf(text);
  return [...text.matchAll(ENTRY)].map((match) => {
    const [, name = "", single, back, double, bare = ""] = match;
    const literal = single ?? back;
    const value =
      literal ??
      double?.replace(/\\([\s\S])/g, (_, c: string) => ESCAPES[c] ?? c) ??
      bare.replace(/(?:^|\s)#.*$/, "").trim();
    return { name, value, literal: literal !== undefined, line: lineAt(match.index) };
  });
}

/** A line that is ignored, the word that it begins with, and what follows that. */
export interface StrayLine {
  readonly line: number;
  readonly word: string;
  readonly rest: string;
}

const withoutEntries = (text: string): string =>
  text.replace(ENTRY, (entry) => entry.replace(/[^\r\n]/g, ""));

/** The lines that are neither an entry nor a comment nor empty. */
export function strayLines({ text }: Source): readonly StrayLine[] {
  const rest = withoutEntries(text);
  const lineAt = linesOf(rest);
  return [...rest.matchAll(/^[ \t]*(?:export[ \t]+)?(?=[^\s#])([^\s#:=]*):?(.*)/gm)].map(
    ({ index, 1: word = "", 2: rest = "" }) => ({ line: lineAt(index), word, rest }),
  );
}

/** Whether a 1-based line is in one of two versions of a part of the file, of which git leaves the choice to the author. */
function unmergedIn(text: string): (line: number) => boolean {
  if (!/^<{7}/m.test(text)) return () => false;
  const marks = withoutEntries(text)
    .split(/\r\n|\n|\r/)
    .flatMap((each, index) =>
      /^[<>]/.test(each) && isConflict(each) ? { line: index + 1, mark: each[0] } : [],
    );
  return (line) => marks.findLast((mark) => mark.line < line)?.mark === "<";
}

/** The 1-based line of an offset; to be asked in rising order, so that a file costs one walk. */
function linesOf(text: string): (offset: number) => number {
  const end = /\r\n|\n|\r/g;
  let line = 1;
  let next = end.exec(text);
  return (offset) => {
    for (; next !== null && end.lastIndex <= offset; next = end.exec(text)) line += 1;
    return line;
  };
}

/** What an entry comes to: a value, or why it has none. */
export type DotenvValue = {
  readonly line: number;
  /** The line that gives the name another value, and does not count. */
  readonly hidden?: number;
} & Outcome;

type Outcome = { readonly value: string } | { readonly fault: MigrateError };

/**
 * The last value of each name. `${…}` in an entry means `outer`, then an entry above it, so none can mean itself; an
 * empty value counts as none. A fault is kept, since the file belongs to other programs too.
 */
export function dotenvValues(source: Source, outer: Lookup): ReadonlyMap<string, DotenvValue> {
  const values = new Map<string, DotenvValue>();
  const lookup: Lookup = (name) => {
    const above = values.get(name);
    return outer(name) ?? (above === undefined ? undefined : textOf(above) || undefined);
  };
  const entries = parseDotenv(source);
  let room = MOST_EXPANDED;
  const expanded = (text: string, line: number): string => {
    const setBelow = (name: string) =>
      entries.find((entry) => entry.name === name && entry.line > line)?.line;
    const value = replaceVariables(text, lookup, { origin: `${source.path} line ${line}`, setBelow }, room);
    room -= value.length;
    return value;
  };
  const isUnmerged = unmergedIn(source.text);
  for (const { name, value, literal, line } of entries) {
    const outcome = isUnmerged(line)
      ? { fault: unmerged(name, `line ${line} of ${source.path}`) }
      : literal || !mayHoldVariable(value)
        ? { value }
        : outcomeOf(() => expanded(value, line));
    // What puts the value above into its own does not hide it.
    const above = value.includes(`\${${name}`) ? undefined : values.get(name);
    values.set(name, { ...outcome, line, ...hiddenBy(outcome, above) });
  }
  return values;
}

const unmerged = (name: string, place: string): MigrateError =>
  new MigrateError({
    code: "usage/config-file",
    message: `${name} on ${place} is in one of two versions, of which neither is chosen yet`,
    hint: CONFLICT_HINT,
  });

function hiddenBy(outcome: Outcome, above: DotenvValue | undefined): Pick<DotenvValue, "hidden"> {
  if (above === undefined) return {};
  const [value, other] = [outcome, above].map((each) => ("value" in each ? each.value : undefined));
  const hidden = other === "" || (other !== undefined && other === value) ? above.hidden : above.line;
  return hidden === undefined ? {} : { hidden };
}

/** The value. Throws the fault. */
export function textOf(found: DotenvValue): string {
  if ("fault" in found) throw found.fault;
  return found.value;
}

function outcomeOf(work: () => string): Outcome {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof MigrateError) return { fault: error };
    throw error;
  }
}
