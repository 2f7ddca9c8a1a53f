/** Migrations of every kind, their undisturbed end, and a fault → what became of the database. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect } from "vitest";
import { run } from "../../src/app/run.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { builtCli } from "../support/cases.ts";
import { dump, ledger } from "../support/dump.ts";
import { steadyLedger } from "../support/migrate.ts";
import type { MigrationText, TestProject } from "../support/project.ts";
import { executable } from "../support/psql.ts";
import { freshDatabase, query, type TestServer } from "../support/server.ts";
import { messageEnds, type Side, startWire, type Wire } from "./wire.ts";

/** Each leaves a line in `journal`: what is done twice is seen twice. */
const journal = (n: string): string => `INSERT INTO journal VALUES ('${n}');\n`;
const none = ["transaction: none"];

/** Quick ones that share a message, slow ones, steps outside a transaction, a batch, a check at COMMIT. */
export const migrations: Readonly<Record<string, MigrationText>> = {
  tables: `CREATE TABLE journal (n text);
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, total int);
    INSERT INTO orders SELECT i, i % 97 FROM generate_series(1, 4000) i;
    CREATE TABLE parts (day int) PARTITION BY RANGE (day);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);\n${journal("tables")}`,
  quick1: `ALTER TABLE orders ADD note text;\n${journal("quick1")}`,
  quick2: `CREATE VIEW big AS SELECT id FROM orders WHERE total > 10;\n${journal("quick2")}`,
  quick3: `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n${journal("quick3")}`,
  mixed: {
    header: none,
    up: `${journal("mixed 1")}CREATE INDEX CONCURRENTLY orders_customer ON orders (customer);\n${journal("mixed 3")}DROP INDEX CONCURRENTLY orders_customer;\n${journal("mixed 5")}`,
  },
  backfill: {
    header: none,
    up: `-- batch: 500\nUPDATE orders SET total = id WHERE id IN (SELECT id FROM orders WHERE total IS NULL LIMIT :batch_size);\n${journal("backfill")}`,
  },
  index: "CREATE UNIQUE INDEX CONCURRENTLY orders_pair ON orders (customer, id);",
  deferred: `CREATE TABLE lines (o int REFERENCES orders DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO lines SELECT id FROM orders WHERE id < 100;\n${journal("deferred")}`,
  slow: `SELECT pg_sleep(0.1);\n${journal("slow")}`,
  upkeep: {
    header: none,
    up: "VACUUM orders;\nREINDEX INDEX CONCURRENTLY orders_pair;\nALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY;\n",
  },
  last: `${journal("last")}DROP VIEW big;`,
};

export const revisions = Object.keys(migrations);

/** Where a database ended. */
export interface End {
  readonly catalog: string;
  readonly ledger: unknown;
}

export async function endOf(url: string): Promise<End> {
  const { log, ...tables } = (await steadyLedger(url)) as Record<string, { event: string }[]>;
  return {
    catalog: await dump(url, { exclude: ["retort"] }),
    ledger: { ...tables, log: log?.filter(({ event }) => event !== "failure") },
  };
}

/** What a fault is made of; the same seed gives the same faults. */
export interface Fault {
  readonly deed: "cut" | "kill" | "terminate" | "cancel";
  readonly side: Side;
  readonly at: number;
  /** ms between the byte and the deed, in which the server works on. */
  readonly delay: number;
}

export interface Undisturbed {
  readonly end: End;
  readonly bytes: Readonly<Record<Side, Buffer>>;
}

/** The end that every disturbed run must reach, and the conversation on the way there. */
export async function undisturbed(
  shop: TestProject,
  server: TestServer,
  script?: string,
): Promise<Undisturbed> {
  const database = await freshDatabase(server);
  const wire = await startWire(database.url);
  try {
    if (script === undefined) await shop.upgrade(wire.url);
    else expect(await psqlOf(script, wire.url).ended).toBe("done");
    return {
      end: await endOf(database.url),
      bytes: { asked: wire.bytes.asked(), answered: wire.bytes.answered() },
    };
  } finally {
    wire.close();
    await database.drop();
  }
}

/** What one fault led to; `lost`, `duplicated` and `unexplained` must be empty. */
export interface Consequence {
  /** Whether the conversation came as far as the fault. */
  readonly reached: boolean;
  /** How the disturbed run ended: `done`, an error's code, an exit code. */
  readonly ended: string;
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly unexplained: readonly string[];
}

/** Errors that say what happened. */
const EXPLAINED =
  /^(?:done|killed|stopped|execution\/(?:connection-lost|connect|statement|commit|own-statement|ledger)|state\/(?:guard|interrupted))$/;

/**
 * Does the upgrade of the `expected` revisions with the fault in it, then a fresh one, and compares; by psql alone where
 * there is a `script`, which skips what is done.
 */
export async function suffer(
  shop: TestProject,
  server: TestServer,
  { end }: Undisturbed,
  fault: Fault,
  expected: readonly string[] = revisions,
  script?: string,
): Promise<Consequence> {
  const database = await freshDatabase(server);
  const { url } = database;
  // Connected beforehand, or the moment would be over.
  const admin = new pg.Client({ connectionString: url });
  admin.on("error", () => {});
  await admin.connect();
  // Where the run was at its last message it may be over by then: what the test itself asks has no name.
  const backend = (what: "terminate" | "cancel") =>
    admin.query(
      `SELECT pg_${what}_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> ''`,
    );
  let child: ReturnType<typeof upgradeInChild> | undefined;
  const deeds: Readonly<Record<Fault["deed"], () => Promise<"cut" | "go on">>> = {
    cut: async () => "cut",
    kill: async () => {
      child?.kill();
      return "cut";
    },
    terminate: async () => {
      await backend("terminate");
      return "go on";
    },
    cancel: async () => {
      await backend("cancel");
      return "go on";
    },
  };
  const wire = await startWire(url, { ...fault, deed: deeds[fault.deed] });
  const reported: string[] = [];
  const unexplained: string[] = [];
  try {
    if (script !== undefined) child = psqlOf(script, wire.url);
    else if (fault.deed === "kill") child = upgradeInChild(shop, wire, reported);
    const ended = await (child?.ended ?? upgradeHere(shop, wire, reported));
    if (!EXPLAINED.test(ended.split("\n")[0]!)) unexplained.push(`it ended with ${ended}`);
    const recorded = await appliedIn(url);
    const lost = reported
      .filter((revision) => !recorded.includes(revision))
      .map((revision) => `${revision} was reported as done`);

    const again =
      script === undefined ? shop.upgrade(url).then(() => "done", textOf) : untilDone(script, url);
    const how = await again;
    const fresh = how === "done" ? undefined : `the fresh upgrade failed: ${how}`;
    if (fresh !== undefined) unexplained.push(fresh);
    const { log = [], progress = [] } = (await ledger(url)) as Record<
      string,
      { event: string; revision: string }[]
    >;
    const upgrades = log.filter(({ event }) => event === "upgrade").map(({ revision }) => revision);
    const duplicated = expected.filter((id) => upgrades.filter((other) => other === id).length > 1);
    lost.push(...expected.filter((id) => fresh === undefined && !upgrades.includes(id)));
    if (progress.length > 0 && fresh === undefined) unexplained.push("something is still half done");
    const found = await endOf(url);
    if (fresh === undefined && found.catalog !== end.catalog)
      unexplained.push(`the catalog differs:\n${difference(end.catalog, found.catalog)}`);
    if (fresh === undefined && JSON.stringify(found.ledger) !== JSON.stringify(end.ledger))
      unexplained.push("the ledger differs");
    return { reached: wire.reached(), ended, lost, duplicated, unexplained };
  } finally {
    wire.close();
    await admin.end();
    await database.drop();
  }
}

async function upgradeHere(shop: TestProject, wire: Wire, reported: string[]): Promise<string> {
  try {
    await run(
      shop.deps,
      { kind: "upgrade", target: "heads" },
      {
        database: wire.url,
        onEvent: (event) => event.type === "step-done" && reported.push(event.step.revision),
      },
    );
    return "done";
  } catch (error) {
    return error instanceof MigrateError ? error.code : textOf(error);
  }
}

/** A script by psql: `done`, or `stopped` with what it said. */
function psqlOf(script: string, url: string): { readonly ended: Promise<string>; readonly kill: () => void } {
  const child = spawn(executable("psql"), ["-X", "-v", "ON_ERROR_STOP=1", "-f", "-", url], {
    env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
    stdio: ["pipe", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  // It may be dead before it has read all.
  child.stdin.on("error", () => {});
  child.stdin.end(script);
  const ended = new Promise<string>((resolve) => {
    child.once("close", (code, signal) =>
      resolve(signal === "SIGKILL" ? "killed" : code === 0 ? "done" : `stopped\n${stderr}`),
    );
  });
  return { ended, kill: () => child.kill("SIGKILL") };
}

/** The script again, and again while the session that was cut off still holds the lock. */
async function untilDone(script: string, url: string): Promise<string> {
  for (let turn = 0; ; turn += 1) {
    const ended = await psqlOf(script, url).ended;
    if (turn > 100 || !ended.includes("another session holds the lock")) return ended;
    await sleep(100);
  }
}

/** `migrate upgrade` in a process of its own, which can be killed. */
function upgradeInChild(
  shop: TestProject,
  wire: Wire,
  reported: string[],
): { readonly ended: Promise<string>; readonly kill: () => void } {
  const child = spawn(process.execPath, [builtCli, "upgrade", "heads", "--database", wire.url], {
    cwd: shop.folder,
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    child.once("close", (code, signal) => {
      reported.push(...[...stderr.matchAll(/^\+ (\S+) /gm)].map((match) => match[1]!));
      resolve(signal === "SIGKILL" ? "killed" : code === 0 ? "done" : `exit code ${code}: ${stderr}`);
    });
  });
  return { ended, kill: () => child.kill("SIGKILL") };
}

async function appliedIn(url: string): Promise<readonly string[]> {
  const [there] = await query<{ there: boolean }>(
    url,
    "SELECT to_regclass('retort.applied') IS NOT NULL AS there",
  );
  if (there?.there !== true) return [];
  return (await query<{ revision: string }>(url, "SELECT revision FROM retort.applied")).map(
    ({ revision }) => revision,
  );
}

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

function difference(wanted: string, found: string): string {
  const [a, b] = [new Set(wanted.split("\n")), new Set(found.split("\n"))];
  return [
    ...[...a].filter((line) => !b.has(line)).map((line) => `- ${line}`),
    ...[...b].filter((line) => !a.has(line)).map((line) => `+ ${line}`),
  ]
    .slice(0, 20)
    .join("\n");
}

/** Faults spread over a conversation: a third at any byte, a third between messages, a third around a COMMIT. */
export function faultsFrom(seed: number, count: number, { bytes }: Undisturbed): readonly Fault[] {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const ends = {
    asked: messageEnds(bytes.asked, "asked"),
    answered: messageEnds(bytes.answered, "answered"),
  };
  const commits = { asked: placesOf(bytes.asked, "COMMIT;"), answered: placesOf(bytes.answered, "COMMIT\0") };
  return Array.from({ length: count }, (): Fault => {
    const side = pick(["asked", "answered"] as const);
    const deed = pick(["cut", "cut", "kill", "terminate", "terminate", "cancel"] as const);
    const where = pick(["any", "between", "commit"] as const);
    const at =
      where === "any"
        ? 1 + Math.floor(random() * (bytes[side].length - 1))
        : where === "between"
          ? pick(ends[side])
          : pick(commits[side]) + pick([0, 3, 7, 8]);
    const delay = random() < 0.5 ? 0 : Math.floor(random() ** 2 * 80);
    return { deed, side, at, delay };
  });
}

function placesOf(bytes: Buffer, text: string): readonly number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at);
  return places;
}

/** mulberry32: numbers in [0, 1), the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
