/**
 * SQL, a connection string, or a message that quotes some of either → where the passwords stand in it. What is cut off
 * within a password is one to its end.
 */
import type { Stretch } from "./source.ts";

/** `PASSWORD '…'` of roles, user mappings and subscriptions; `password=…` of connection strings; `"password": "…"`. */
export function placesOfPasswords(text: string): readonly Stretch[] {
  const places: Stretch[] = [];
  const word = /pass(?:word|wd|phrase)["`]?/gi;
  while (word.test(text)) {
    for (const place of placesBehind(text, word.lastIndex)) {
      places.push(place);
      word.lastIndex = Math.max(word.lastIndex, place.end);
    }
  }
  return places;
}

/** What stands in those places of a statement, without quotes: a message of the server may repeat it. */
export const passwordsOf = (sql: string): readonly string[] =>
  placesOfPasswords(sql).map(({ start, end }) =>
    sql
      .slice(start, end)
      .replace(/^(?:e|u&)?(?:'+|\$\w*\$)/i, "")
      .replace(/(?:'+|\$\w*\$)$/, "")
      .replaceAll("''", "'"),
  );

/** Spaces, short comments, and `=` or `:` between the word and what it names. */
const BETWEEN = /\s*(?:(?:--[^\r\n]{0,200}[\r\n]|\/\*(?:[^*]|\*(?!\/)){0,200}\*\/)\s*)?(?:([=:])\s*)?/y;

function placesBehind(text: string, from: number): readonly Stretch[] {
  BETWEEN.lastIndex = from;
  const [between = "", sign] = BETWEEN.exec(text) ?? [];
  const start = from + between.length;
  if (sign === ":") return text[start] === '"' ? [{ start, end: jsonEnd(text, start) }] : [];
  if (between !== "" && isFilledIn(text, start)) return literalsOfRest(text, start);
  // Not the quote behind the word 'password' itself.
  if (between === "" && !/^'[^\s,;).']/.test(text.slice(start, start + 2))) return [];
  const end = literalEnd(text, start, sign === "=");
  if (end !== undefined) return [{ start, end }];
  const isField = between === "=" || (sign === "=" && isConnectionString(text, from));
  return isField ? fieldAt(text, start) : [];
}

/** A value without quotes in a connection string, or in the query of a URL, where `&NAME=` ends it. */
function fieldAt(text: string, start: number): readonly Stretch[] {
  const field = /(?:\\[\s\S]|&(?!\w{1,40}=)|[^\s&'"\\])+/y;
  field.lastIndex = start;
  return field.test(text) ? [{ start, end: field.lastIndex }] : [];
}

/** Whether what stands before `password = x` is the beginning of a connection string or another parameter of one. */
const isConnectionString = (text: string, before: number): boolean =>
  /(?:['"]|[a-z_]+\s*=\s*[^\s'"=,;()]+\s)\s*\w*$/i.test(text.slice(Math.max(0, before - 200), before));

// ── literals ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The end of the literal that begins at `at`; undefined where none does. */
function literalEnd(text: string, at: number, escapes: boolean): number | undefined {
  const [prefix = ""] = /^(?:e|u&)(?=')/i.exec(text.slice(at, at + 3)) ?? [];
  if (text[at + prefix.length] === "'")
    return quotedEnd(text, at + prefix.length, escapes || /e/i.test(prefix));
  const tag = dollarTag(text, at);
  return tag === undefined ? undefined : endBehind(text, tag, at + tag.length);
}

/**
 * The end of what is quoted from `at` on. In a text that is quoted itself each quote is doubled, and doubled again in
 * one within that: so many quotes as begin it must end it, and twice as many stand for one in it.
 */
function quotedEnd(text: string, at: number, escapes: boolean): number {
  const runs = escapes ? /\\[\s\S]|'+/g : /'+/g;
  const first = runLength(text, at);
  const isNested = first > 1 && Number.isInteger(Math.log2(first));
  // An empty one, with nothing in it.
  if (isNested && /^(?:$|[\s;),])/.test(text.slice(at + first, at + first + 1))) return at + first;
  const width = isNested ? first : 1;
  runs.lastIndex = at + width;
  for (let run = runs.exec(text); run !== null; run = runs.exec(text)) {
    const rest = run[0].startsWith("'") ? run[0].length % (2 * width) : 0;
    if (rest === 0) continue;
    const end = run.index + run[0].length - rest + Math.min(rest, width);
    // It goes on in the next line.
    const next = /^[ \t]*[\r\n]\s*(?=')/.exec(text.slice(end, end + 200))?.[0].length;
    if (next === undefined || width > 1) return end;
    runs.lastIndex = end + next + 1;
  }
  return text.length;
}

function runLength(text: string, at: number): number {
  let end = at;
  while (text[end] === "'") end += 1;
  return end - at;
}

function dollarTag(text: string, at: number): string | undefined {
  const tag = /\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$/y;
  tag.lastIndex = at;
  return tag.exec(text)?.[0];
}

function endBehind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

function jsonEnd(text: string, at: number): number {
  const string = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
  string.lastIndex = at;
  return string.test(text) ? string.lastIndex : text.length;
}

// ── SQL that is put together ────────────────────────────────────────────────────────────────────────────────────

/** `PASSWORD %L', …` of format(), or `PASSWORD ' || …`: the password comes later in the statement. */
const isFilledIn = (text: string, at: number): boolean =>
  /^(?:%\d{0,3}\$?[LIs]|'+\s{0,20}\|\||'\s{0,20},)/.test(text.slice(at, at + 40));

/** All literals from behind the one that ends after `from` to the end of the statement. */
function literalsOfRest(text: string, from: number): readonly Stretch[] {
  const mark = /;|(?:\b(?:e|u&))?'+|\$(?:[A-Za-z_]\w*)?\$/gi;
  mark.lastIndex = from;
  mark.exec(text);
  const places: Stretch[] = [];
  for (let found = mark.exec(text); found !== null && found[0] !== ";"; found = mark.exec(text)) {
    const end = literalEnd(text, found.index, false) ?? mark.lastIndex;
    places.push({ start: found.index, end });
    mark.lastIndex = end;
  }
  return places;
}
