/** A CREATE INDEX → the same over a copy of its table, which tells how the catalog shows what it asks for. */
import { tokens } from "../lexer.ts";

/**
 * The text with `pg_temp` before its table's own name, and without CONCURRENTLY and the `;`. `sql` begins with CREATE;
 * undefined where it has another form than the grammar gives it.
 */
export function twinOf(sql: string): string | undefined {
  const words = [...tokens(sql)].filter(({ kind }) => kind !== "space" && kind !== "comment");
  const text = (at: number): string => sql.slice(words[at]?.start, words[at]?.end).toUpperCase();
  const is = (at: number, what: string): boolean => words[at] !== undefined && text(at) === what;
  const concurrently = words.findIndex((_, at) => is(at, "CONCURRENTLY"));
  const on = words.findIndex((_, at) => is(at, "ON"));
  if (concurrently === -1 || on < concurrently) return undefined;
  const table = is(on + 1, "ONLY") ? on + 2 : on + 1;
  let last = table;
  while (is(last + 1, ".")) last += 2;
  if (words[last] === undefined) return undefined;
  const end = words.at(-1)!;
  const { start, end: after } = words[concurrently]!;
  return (
    `${sql.slice(0, start)}${sql.slice(after, words[table]!.start).trimStart()}pg_temp.` +
    sql.slice(words[last]!.start, is(words.length - 1, ";") ? end.start : end.end)
  );
}
