/** Migrations of the shop, as text → what the rules find in them. */
import { defaultPins, defaultTimeouts } from "../../src/core/plan/session.ts";
import { type Finding, Linter } from "../../src/core/rules/lint.ts";
import { type ActiveRule, activeRules } from "../../src/core/rules/settings.ts";
import { createGrammar } from "../../src/io/grammar.ts";
import { readTrees } from "../../src/io/trees.ts";
import shop from "../rules/shop.sql";
import { migrationFile } from "./file.ts";

export const asTheyCome: readonly ActiveRule[] = activeRules({ version: 1, error: [], warning: [], off: [] });

/** What is found in migrations that are run one after the other, each on a database that is in use. */
export async function findingsIn(
  migrations: readonly string[],
  rules: readonly ActiveRule[] = asTheyCome,
  { before = shop, version = 18 }: { readonly before?: string; readonly version?: number } = {},
): Promise<readonly Finding[]> {
  const grammar = createGrammar();
  const linter = new Linter(rules, {
    ...defaultPins,
    lockTimeout: defaultTimeouts.lockTimeout,
    searchPath: ["public"],
    version,
  });
  linter.passOver((await readTrees(grammar, migrationFile(before))).file);
  for (const text of migrations) {
    linter.beginRun();
    const { file, faults } = await readTrees(grammar, migrationFile(text));
    if (faults.length > 0) throw new Error(`${faults[0]!.message}\n${text}`);
    linter.lint(file);
  }
  return linter.findings();
}

export { shop };
