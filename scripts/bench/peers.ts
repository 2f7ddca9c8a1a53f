/** The other tools: those of the npm registry are installed into a folder; how each is called comes out. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Change, writeAlembic, writeDbmate, writeDrizzle, writeNodePgMigrate } from "./workload.ts";

export interface Call {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Peer {
  readonly name: string;
  /** Runs on Node, as we do. */
  readonly isNode: boolean;
  /** Writes the migrations in its own format; the calls run in that folder. */
  readonly write: (folder: string, changes: readonly Change[]) => void;
  readonly version?: Call;
  readonly up: (url: string) => Call;
  readonly down?: (url: string, count: number) => Call;
}

/** Installs what can be had and says on stderr what cannot. */
export function installPeers(folder: string, programs: string): readonly Peer[] {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const packages = ["dbmate", "node-pg-migrate", "drizzle-orm", "pg"];
  try {
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent", ...packages], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
  } catch (error) {
    console.error(`bench: no peers from npm: ${(error as Error).message.split("\n")[0]}`);
  }
  const peers = [dbmate(folder), nodePgMigrate(folder), drizzle(folder, programs), alembic()];
  return peers.filter((peer) => peer !== undefined);
}

function dbmate(folder: string): Peer | undefined {
  const bin = path.join(
    folder,
    "node_modules",
    "@dbmate",
    `${process.platform}-${process.arch}`,
    "bin",
    "dbmate",
  );
  if (!existsSync(bin)) return undefined;
  const url = (text: string): string => `${text}?sslmode=disable`;
  return {
    name: "dbmate",
    isNode: false,
    write: writeDbmate,
    version: { argv: [bin, "--version"] },
    up: (text) => ({
      argv: [bin, "--url", url(text), "--migrations-dir", "dbmate", "--no-dump-schema", "migrate"],
    }),
  };
}

function nodePgMigrate(folder: string): Peer | undefined {
  const bin = path.join(folder, "node_modules", "node-pg-migrate", "bin", "node-pg-migrate.js");
  if (!existsSync(bin)) return undefined;
  const call = (url: string, words: readonly string[]): Call => ({
    argv: [process.execPath, bin, ...words, "--migrations-dir", "node-pg-migrate"],
    env: { DATABASE_URL: url },
  });
  return {
    name: "node-pg-migrate",
    isNode: true,
    write: writeNodePgMigrate,
    version: { argv: [process.execPath, bin, "--version"] },
    up: (url) => call(url, ["up"]),
    down: (url, count) => call(url, ["down", `${count}`]),
  };
}

function drizzle(folder: string, programs: string): Peer | undefined {
  if (!existsSync(path.join(folder, "node_modules", "drizzle-orm"))) return undefined;
  const program = path.join(folder, "drizzle.mjs");
  copyFileSync(path.join(programs, "drizzle.mjs"), program);
  return {
    name: "drizzle",
    isNode: true,
    write: writeDrizzle,
    up: (url) => ({ argv: [process.execPath, program, url, "drizzle"] }),
  };
}

/** Only where it is installed, with a driver: psycopg or psycopg2. */
function alembic(): Peer | undefined {
  const driver = ["psycopg", "psycopg2"].find(
    (name) =>
      spawnSync("alembic", ["--version"]).status === 0 &&
      spawnSync("python3", ["-c", `import ${name}`]).status === 0,
  );
  if (driver === undefined) {
    console.error("bench: alembic and psycopg are not installed; without them");
    return undefined;
  }
  const call = (url: string, words: readonly string[]): Call => ({
    argv: ["alembic", ...words],
    env: { ALEMBIC_URL: url.replace(/^postgres(ql)?:/, `postgresql+${driver}:`) },
  });
  return {
    name: "alembic",
    isNode: false,
    write: writeAlembic,
    version: { argv: ["alembic", "--version"] },
    up: (url) => call(url, ["upgrade", "head"]),
    down: (url) => call(url, ["downgrade", "base"]),
  };
}
