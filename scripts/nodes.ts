/**
 * Major versions of Node, or paths of its program, go in; whether the core tests pass on each comes out:
 * `npm run nodes -- 20 22 24`. A version is installed from npm at its first use.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { installNode } from "./bench/packages.ts";

const SUPPORTED = ["20", "22", "24", "26"];
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "core"];

const asked = process.argv.slice(2);
const failed = (asked.length > 0 ? asked : SUPPORTED).filter((version) => {
  const node = programOf(version);
  console.log(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout);
  // First in PATH too, for what the tests start by name.
  const PATH = [path.dirname(node), process.env["PATH"]].join(path.delimiter);
  return spawnSync(node, vitest, { stdio: "inherit", env: { ...process.env, PATH } }).status !== 0;
});
if (failed.length > 0) {
  console.error(`the core tests fail on Node ${failed.join(", ")}`);
  process.exitCode = 1;
}

function programOf(version: string): string {
  if (!/^\d+$/.test(version)) return path.resolve(version);
  return installNode(path.resolve("node_modules/.cache/retort", `node-${version}`), Number(version));
}
