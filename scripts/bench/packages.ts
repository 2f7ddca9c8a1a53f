/** Packages of the npm registry → the Node that is measured, and the other tools, with how each is called. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Program } from "./measure.ts";
import { type Change, writeDbmate, writeDrizzle, writeNodePgMigrate } from "./workload.ts";

export interface Peer {
  readonly name: string;
  /** Writes the migrations in its own format into a new folder, where its programs run. */
  readonly write: (folder: string, changes: readonly Change[]) => void;
  readonly up: (node: string, url: string, count: number) => Program;
  readonly down?: (node: string, url: string, count: number) => Program;
}

/** The Node of that major version: installed at its first use, and kept in the folder. */
export function installNode(folder: string, major: number): string {
  const node = path.join(folder, "node_modules", "node", "bin", "node");
  if (!existsSync(node)) install(folder, [`node@${major}`]);
  return node;
}

/** Installs the newest of each into the folder. */
export function installPeers(folder: string, programs: string): readonly Peer[] {
  install(folder, ["dbmate", "node-pg-migrate", "drizzle-orm", "pg"]);
  const installed = (...names: readonly string[]): string => path.join(folder, "node_modules", ...names);
  const dbmate = installed("@dbmate", `${process.platform}-${process.arch}`, "bin", "dbmate");
  const nodePgMigrate = (node: string, url: string, ...words: readonly string[]): Program => ({
    argv: [
      node,
      installed("node-pg-migrate", "bin", "node-pg-migrate.js"),
      ...words,
      "--migrations-dir",
      ".",
    ],
    env: { DATABASE_URL: url },
  });
  const drizzle = path.join(folder, "drizzle.mjs");
  copyFileSync(path.join(programs, "drizzle.mjs"), drizzle);
  return [
    {
      name: "dbmate",
      write: writeDbmate,
      up: (_, url) => ({ argv: [dbmate, "--url", url, "-d", ".", "--no-dump-schema", "migrate"] }),
    },
    {
      name: "node-pg-migrate",
      write: writeNodePgMigrate,
      up: (node, url) => nodePgMigrate(node, url, "up"),
      // By its default all in one transaction, into which the locks of 1,000 tables do not fit.
      down: (node, url, count) => nodePgMigrate(node, url, "down", `${count}`, "--no-single-transaction"),
    },
    {
      name: "drizzle",
      write: writeDrizzle,
      up: (node, url) => ({ argv: [node, drizzle, url, "."] }),
    },
  ];
}

function install(folder: string, packages: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  // The package `node` fetches its binary in an install script.
  writeFileSync(path.join(folder, "package.json"), '{ "private": true, "allowScripts": { "node": true } }\n');
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel", "error", ...packages], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
