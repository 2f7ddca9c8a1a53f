/** A migration's file → its statements with their trees, as rules are asked of them; and what keeps it from running. */
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import type { MigrationFile } from "../core/migration.ts";
import type { LintedFile } from "../core/rules/lint.ts";
import type { ParsedStatement } from "../core/statement/facts.ts";
import { transactionMode, type UserStatement } from "../core/statement/file.ts";
import { createTreeReader, type Grammar } from "./grammar.ts";

export interface ReadFile {
  readonly file: LintedFile;
  /** Not empty: the file is refused, and `file` has what could be read of it. */
  readonly faults: readonly Diagnostic[];
}

/** Reads a file. What is wrong with it is no error here, but part of the answer. */
export async function readTrees(grammar: Grammar, file: MigrationFile): Promise<ReadFile> {
  const seen: ParsedStatement[] = [];
  const { source, header } = file;
  const { lockTimeout } = header;
  const rest = { source, ...(lockTimeout === undefined ? {} : { lockTimeout }) };
  try {
    const { facts, statements } = await grammar.parse(file, (parsed) => seen.push(parsed));
    const transactional = transactionMode(file, statements, header.transaction) === "transaction";
    const trees = seen.map(({ ast }) => ast);
    return { file: { ...rest, facts, trees, transactional, batched: batchedOf(statements) }, faults: [] };
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    const facts = seen.map(({ start, end }) => ({ begin: start, start, end }));
    const trees = seen.map(({ ast }) => ast);
    return {
      file: { ...rest, facts, trees, transactional: true, batched: new Set() },
      faults: error.diagnostics,
    };
  }
}

const batchedOf = (statements: readonly UserStatement[]): ReadonlySet<number> =>
  new Set(statements.flatMap(({ batched }, i) => (batched === true ? [i] : [])));

/** The readers that the model of effects asks for SQL within SQL; undefined where that cannot be read. */
export async function bodyReaders() {
  const reader = await createTreeReader();
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  return {
    read: (sql: string) => attempt(() => reader.statements(sql).map(({ ast }) => ast)),
    readBody: (sql: string) => attempt(() => reader.body(sql)),
  };
}
