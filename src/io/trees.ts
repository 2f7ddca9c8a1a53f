/** A migration's file → its statements with their trees, as rules are asked of them; and what keeps it from running. */
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import type { MigrationFile } from "../core/migration.ts";
import type { LintedFile } from "../core/rules/lint.ts";
import { factsOf, type ParsedStatement } from "../core/statement/facts.ts";
import { transactionMode } from "../core/statement/file.ts";
import type { Grammar, Parsed } from "./grammar.ts";

export interface ReadFile {
  readonly file: LintedFile;
  /** Not empty: the file is refused, and `file` has what could be read of it. */
  readonly faults: readonly Diagnostic[];
}

/** Reads a file. What is wrong with it is no error here, but part of the answer. */
export async function readTrees(grammar: Grammar, file: MigrationFile): Promise<ReadFile> {
  const seen: ParsedStatement[] = [];
  try {
    const parsed = await grammar.parse(file, (each) => seen.push(each));
    return { file: withTrees(file, parsed, seen), faults: [] };
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    const { source } = file;
    const statements = seen.map((parsed) => {
      const { transactional, losses } = factsOf(parsed, source.text.slice(parsed.start, parsed.end));
      return { ...parsed, begin: parsed.start, transactional, losses, batched: false };
    });
    const transactional = statements.every((each) => each.transactional);
    return { file: { source, ...timeoutOf(file), statements, transactional }, faults: error.diagnostics };
  }
}

/** What the grammar said of a file, with the trees that it has shown. Throws as `transactionMode`. */
export function withTrees(
  file: MigrationFile,
  { facts, statements }: Parsed,
  seen: readonly ParsedStatement[],
): LintedFile {
  const trees = new Map(seen.map((parsed) => [parsed.start, parsed]));
  return {
    source: file.source,
    ...timeoutOf(file),
    transactional: transactionMode(file, statements, file.header.transaction) === "transaction",
    statements: facts.map(({ begin, start, transactional, losses }, i) => {
      const batched = statements[i]!.batched === true;
      return { ...trees.get(start)!, begin, transactional, losses, batched };
    }),
  };
}

const timeoutOf = ({ header: { lockTimeout } }: MigrationFile): Pick<LintedFile, "lockTimeout"> =>
  lockTimeout === undefined ? {} : { lockTimeout };
