/** A run of migrations → how long after its commit each is told of. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Program } from "./measure.ts";

/**
 * Runs the program, which applies these revisions to the database at `url`. Returns the seconds that passed at most from
 * the moment when others saw a revision in the ledger until it stood in the output. Throws when one was never told of.
 */
export async function longestSilence(
  { argv, cwd, env }: Program,
  url: string,
  revisions: readonly string[],
): Promise<number> {
  const committed = new Map<string, number>();
  const announced = new Map<string, number>();
  const client = new pg.Client(url);
  await client.connect();
  try {
    const child = spawn(argv[0]!, argv.slice(1), { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const listen = (chunk: Buffer): void => {
      said += chunk;
      for (const revision of revisions) {
        if (!announced.has(revision) && said.includes(revision)) announced.set(revision, performance.now());
      }
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    let isRunning = true;
    child.on("close", () => (isRunning = false)).on("error", () => (isRunning = false));
    while (isRunning) {
      for (const revision of await appliedIn(client)) {
        if (!committed.has(revision)) committed.set(revision, performance.now());
      }
      await sleep(5);
    }
  } finally {
    await client.end();
  }
  const missing = revisions.find((revision) => !committed.has(revision) || !announced.has(revision));
  if (missing !== undefined) throw new Error(`${missing} was not applied, or not told of`);
  return Math.max(...revisions.map((revision) => announced.get(revision)! - committed.get(revision)!)) / 1000;
}

async function appliedIn(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query("SELECT to_regclass('retort.applied') IS NOT NULL AS is_there");
  if (!rows[0].is_there) return [];
  return (await client.query("SELECT revision FROM retort.applied")).rows.map(({ revision }) => revision);
}
