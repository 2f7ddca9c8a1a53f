/** A file and what is known of its statements → its body in chunks, one for each statement. */
import { skipTrivia } from "../lexer.ts";
import type { MigrationFile } from "../migration.ts";
import type { Fixable } from "../rules/fix.ts";
import { actionsOf, prefixOf } from "../rules/text.ts";
import { locate } from "../source.ts";
import type { StatementFacts, UserStatement } from "../statement/file.ts";
import type { Chunk } from "./arrange.ts";

/** What one statement of the file is. */
export interface KnownStatements {
  readonly facts: readonly StatementFacts[];
  readonly statements: readonly UserStatement[];
}

/** A BEGIN and a COMMIT around the whole file are left out: each migration is a transaction anyway. */
export function chunksOf(
  { source, bodyStart }: Pick<MigrationFile, "source" | "bodyStart">,
  { facts, statements }: KnownStatements,
  fixable: readonly Fixable[],
): readonly Chunk[] {
  const { text } = source;
  let from = bodyStart;
  return facts.map(({ begin, start, end, tail, tag, setting }, i) => {
    const between = text.slice(from, start);
    const first = i === 0 ? skipTrivia(text, from) : begin;
    const hasBegin = first < begin;
    const lead = hasBegin ? text.slice(from, first) + text.slice(begin, start) : between;
    from = tail;
    const sql = text.slice(start, end);
    // Behind the last statement there may be a COMMIT.
    const until = i === facts.length - 1 ? skipTrivia(text, tail) : tail;
    const fix = fixable.find(({ index }) => index === i)?.parts;
    return {
      lead,
      sql: sql.endsWith(";") ? sql : `${sql};`,
      line: locate(source, start).line,
      trail: text.slice(end, until),
      setting: setting !== undefined,
      usesRows: statements[i]!.batched === true || USES_ROWS.test(tag),
      ...(fix === undefined ? {} : { fix }),
    };
  });
}

/** Each ALTER TABLE with several commands as several statements. */
export const singly = (chunks: readonly Chunk[]): readonly Chunk[] =>
  chunks.flatMap((chunk) => {
    const { sql, lead, trail, fix: _, ...rest } = chunk;
    const actions = /^ALTER\s+TABLE\b/i.test(sql) ? actionsOf(sql) : [];
    if (actions.length < 2) return [chunk];
    return actions.map((action, i) => ({
      ...rest,
      lead: i === 0 ? lead : "\n",
      sql: `${prefixOf(sql)}${action};`,
      trail: i === actions.length - 1 ? trail : "",
    }));
  });

/** Every statement but those that only change what is in the catalog, or a setting. */
const USES_ROWS = /^(?!CREATE\b|ALTER\b|DROP\b|COMMENT\b|GRANT\b|REVOKE\b|SET\b|RESET\b)|^CREATE TABLE AS/;
