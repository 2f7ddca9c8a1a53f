/**
 * Chains of three of the statements that were measured, each in a migration of its own, run on a scratch database → which did
 * otherwise than predicted: what one statement leaves the next meets.
 *
 * Usage: node scripts/run.mjs scripts/trace-chains.ts URL [SEED] [MINUTES]; URL: of a server on which databases can be made.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trace } from "../src/app/trace.ts";
import { MigrateError } from "../src/core/errors.ts";

const schema = readFileSync("test/effects/schema.sql", "utf8");
/** Each with what it needs; those that all servers refuse lead nowhere. */
const statements = ["measured", "further"].flatMap((name) =>
  readFileSync(`test/effects/${name}.jsonl`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as [id: string, setup: string, sql: string, measured: object])
    .filter(([, , , measured]) => Object.values(measured).some((found) => typeof found !== "string"))
    .map(([, setup, sql]) => [setup, sql].filter((each) => each !== "")),
);

const [, , scratch = "", seed = "1", minutes = "10"] = process.argv;

let state = Number(seed);
/** From 0 up to `below`, the same for each seed. */
function random(below: number): number {
  state = (state * 1103515245 + 12345) % 2147483648;
  return Math.floor((state / 2147483648) * below);
}

const total: Record<string, number> = {};
const count = (what: string): void => {
  total[what] = (total[what] ?? 0) + 1;
};

async function traced(texts: readonly string[], told: Set<string>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "retort-trace-"));
  try {
    for (const [i, text] of [schema, ...texts.map((each) => `SET search_path = lab;\n${each};`)].entries()) {
      const parent = i === 0 ? "none" : `r${i - 1}`;
      const header = `-- revision: r${i}\n-- parent: ${parent}\n-- irreversible: it is only traced\n`;
      writeFileSync(join(folder, `000${i + 1}_r${i}.up.sql`), `${header}\n${text}\n`);
    }
    const deps = { cwd: folder, env: { ...process.env, DATABASE_URL: undefined }, now: () => new Date() };
    const found = await trace(deps, { directories: [folder], range: "r0:head", scratch });
    for (const { verdict, tag, differences } of found.statements) {
      count(verdict);
      const said = `${tag}: ${differences.join("; ")}`;
      if (verdict === "differs" && !told.has(said)) console.log(`${said}\n  ${texts.join("\n  ")}`);
      told.add(said);
    }
  } catch (error) {
    // Many cannot follow each other, or be in a migration.
    if (!(error instanceof MigrateError)) throw error;
    count(error.code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const end = Date.now() + Number(minutes) * 60_000;
const told = new Set<string>();
while (Date.now() < end) {
  const chain = Array.from({ length: 3 }, () => statements[random(statements.length)]!);
  await traced(chain.flat(), told);
}
console.log(JSON.stringify(total));
