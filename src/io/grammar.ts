// TEMPORARY stub by the founder so that the rest can run; the grammar helper overwrites this file.
import type { Half } from "../core/migration.ts";
import type { UserStatement } from "../core/statement.ts";
import { byteOffsets, spanOf } from "../core/source.ts";
export interface Grammar { statements(half: Half): Promise<readonly UserStatement[]> }
export function createGrammar(_server?: unknown): Grammar {
  return { async statements(half) {
    const m = await import("libpg-query"); await m.loadModule();
    const body = half.source.text.slice(half.bodyStart);
    if (body.replace(/--.*|\s/g, "") === "") return [];
    const tree = m.parseSync(body) as any; const at = byteOffsets(body); let from = 0;
    return tree.stmts.map((s: any, i: number) => { const start = at(s.stmt_location ?? 0); const end = s.stmt_len ? at((s.stmt_location ?? 0) + s.stmt_len) + 1 : body.length;
      const lead = body.slice(from, start).replace(/^\s+/, ""); from = end; void i;
      const text = lead + body.slice(start, end).trimEnd();
      return { sql: text.endsWith(";") ? text : `${text};`, origin: spanOf(half.source, half.bodyStart + start, half.bodyStart + end), offset: lead.length, tag: "X", transactional: !/CONCURRENTLY/.test(text), destructive: [], changesLexing: false }; });
  } };
}
