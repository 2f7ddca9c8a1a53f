/** A migration's file → its statements with their trees, as rules are asked of them; and what keeps it from running. */
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import type { MigrationFile } from "../core/migration.ts";
import type { LintedFile } from "../core/rules/lint.ts";
import { factsOf, type ParsedStatement } from "../core/statement/facts.ts";
import { transactionMode } from "../core/statement/file.ts";
import type { Grammar } from "./grammar.ts";

export interface ReadFile {
  readonly file: LintedFile;
  /** Not empty: the file is refused, and `file` has what could be read of it. */
  readonly faults: readonly Diagnostic[];
}

/** Reads a file. What is wrong with it is no error here, but part of the answer. */
export async function readTrees(grammar: Grammar, file: MigrationFile): Promise<ReadFile> {
  const seen = new Map<number, ParsedStatement>();
  const { source, header } = file;
  const { lockTimeout } = header;
  const rest = { source, ...(lockTimeout === undefined ? {} : { lockTimeout }) };
  try {
    const { facts, statements } = await grammar.parse(file, (parsed) => seen.set(parsed.start, parsed));
    const transactional = transactionMode(file, statements, header.transaction) === "transaction";
    const linted = facts.map((each, i) => ({
      ...seen.get(each.start)!,
      begin: each.begin,
      transactional: each.transactional,
      losses: each.losses,
      batched: statements[i]!.batched === true,
    }));
    return { file: { ...rest, statements: linted, transactional }, faults: [] };
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    const statements = [...seen.values()].map((parsed) => {
      const { transactional, losses } = factsOf(parsed, source.text.slice(parsed.start, parsed.end));
      return { ...parsed, begin: parsed.start, transactional, losses, batched: false };
    });
    const transactional = statements.every((each) => each.transactional);
    return { file: { ...rest, statements, transactional }, faults: error.diagnostics };
  }
}
