/**
 * Each rule's bad example, and what is to be written instead, run as migrations of the shop in `test/rules/shop.sql` on a
 * scratch database → which statements did otherwise than predicted.
 *
 * Usage: node scripts/run.mjs scripts/trace-rules.ts URL, of a server on which databases can be made.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trace } from "../src/app/trace.ts";
import { MigrateError } from "../src/core/errors.ts";
import { allRules } from "../src/core/rules/all.ts";

const [, , scratch = ""] = process.argv;
const shop = readFileSync("test/rules/shop.sql", "utf8");
const total: Record<string, number> = {};

async function traced(id: string, migrations: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "retort-trace-"));
  try {
    for (const [i, text] of [shop, ...migrations].entries()) {
      const name = join(folder, `000${i + 1}_r${i}`);
      writeFileSync(
        `${name}.up.sql`,
        `-- revision: r${i}\n-- parent: ${i === 0 ? "none" : `r${i - 1}`}\n\n${text}\n`,
      );
      writeFileSync(`${name}.down.sql`, `-- revision: r${i}\nSELECT 1;\n`);
    }
    const deps = { cwd: folder, env: { ...process.env, DATABASE_URL: undefined }, now: () => new Date() };
    const { statements } = await trace(deps, { directories: [folder], range: "r0:head", scratch });
    for (const { verdict, tag, differences } of statements) {
      total[verdict] = (total[verdict] ?? 0) + 1;
      if (verdict === "differs") process.stdout.write(`${id}: ${tag}: ${differences.join("; ")}\n`);
    }
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    total["refused"] = (total["refused"] ?? 0) + 1;
    process.stdout.write(`${id}: refused: ${error.message}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const { id, bad, good } of allRules) for (const each of [[bad], good ?? []]) await traced(id, each);
process.stdout.write(`${JSON.stringify(total)}\n`);
