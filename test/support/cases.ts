/**
 * A case folder goes in; what its commands printed comes out, beside what the folder says they print.
 *
 * `test/cases/<name>/` holds
 * - `cmd`: commands for `sh`, one a line, `migrate` being the built CLI; they run in a copy of the folder, each
 *   whatever became of the one before. A line that is a `migrate` command and nothing else runs in this process, which
 *   is many times shorter. A program of the folder may import `pgretort`, as built, and `pg`;
 * - what those read: `migrations/`, `migrate.config.json`, `.env`, …;
 * - what they must leave: `stdout`, `stderr` (absent: empty), `exit` (a code for each command; absent: all 0), and
 *   `script.sql`, if a command wrote such a file. With several commands each one's output stands below `$ command`;
 * - `needs`, where a server is needed: `postgres`, or `postgres 15` for that major. DATABASE_URL is then a fresh
 *   database on it, and `sql "SELECT …"` does there what `migrate` would not. $DATA is the folder test/data.
 */
import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finished, migrateHere } from "./migrate.ts";
import { freshDatabase, type TestServer } from "./server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The command `sql` of cases that have a server. */
const sqlCommand = join(root, "test/support/sql.mjs");

/** The CLI as users get it; `make build` makes it. */
export const builtCli = join(root, "dist/bin.cjs");

/** Where the cases are. */
export const casesFolder = join(root, "test/cases");

/** A folder of test/cases, read. */
export interface Case {
  readonly name: string;
  readonly folder: string;
  readonly commands: readonly string[];
  /** The server that it needs; a missing `major` means any. */
  readonly needs?: { readonly major?: number };
}

/** What the commands of a case left, or must leave; volatile text replaced. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** One code a command, in lines. */
  readonly exit: string;
  readonly "script.sql": string;
}

const outputs = ["stdout", "stderr", "exit", "script.sql"] as const satisfies readonly (keyof Outcome)[];
const timeLimit = 250_000; // ms, for each command: it ends what hangs

/** Every case of `folder`, by name. Throws an `Error` for one that cannot be run. */
export function readCases(folder = casesFolder): readonly Case[] {
  const names = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return names
    .filter((entry) => entry.isDirectory())
    .map((entry) => readCase(join(folder, entry.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Throws an `Error` for a folder without commands, or with a `needs` that is not understood. */
export function readCase(folder: string): Case {
  const name = basename(folder);
  const commands = read(folder, "cmd")
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (commands.length === 0) throw new Error(`test/cases/${name}/cmd is missing or empty`);
  const needs = read(folder, "needs").trim();
  if (needs === "") return { name, folder, commands };
  const match = /^postgres(?: (\d+))?$/.exec(needs);
  if (match === null)
    throw new Error(`test/cases/${name}/needs: "postgres" or "postgres 15", not "${needs}"`);
  return { name, folder, commands, needs: match[1] === undefined ? {} : { major: Number(match[1]) } };
}

/** The server a case runs on, out of those there are; undefined when none fits. */
export function serverFor(given: Case, servers: readonly TestServer[]): TestServer | undefined {
  return servers.find(({ major }) => given.needs?.major === undefined || given.needs.major === major);
}

/** What the case must leave. */
export function expectedOf(given: Case): Outcome {
  const exit = read(given.folder, "exit").trim() || given.commands.map(() => "0").join("\n");
  return {
    stdout: read(given.folder, "stdout"),
    stderr: read(given.folder, "stderr"),
    exit,
    "script.sql": read(given.folder, "script.sql"),
  };
}

/**
 * Runs the commands of a case, on a fresh database of `server` if it needs one, and returns what they left. `other` is
 * another program to be `migrate`, in a process of its own always.
 */
export async function runCase(given: Case, server?: TestServer, other?: string): Promise<Outcome> {
  const cli = other ?? builtCli;
  if (!existsSync(cli)) throw new Error(`${cli} is missing; type: make build`);
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "retort-case-")));
  const database = server === undefined ? undefined : await freshDatabase(server);
  try {
    const work = join(scratch, "work");
    cpSync(given.folder, work, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !isOurs(given.folder, path),
    });
    const env = {
      ...environment(scratch, cli),
      ...(database === undefined ? {} : { DATABASE_URL: database.url }),
    };
    const results: Finished[] = [];
    for (const command of given.commands) {
      const words = other === undefined ? wordsOf(command) : undefined;
      results.push(
        words === undefined
          ? await runCommand(command, work, env)
          : await migrateHere(words, { cwd: work, env }),
      );
    }
    const names: readonly (readonly [string, string])[] = [
      [work, "<folder>"],
      [scratch, "<scratch>"],
      ...(server === undefined || database === undefined ? [] : serverNames(server, database)),
    ];
    const all = (stream: "stdout" | "stderr"): string =>
      normalise(results.map((result, k) => headed(given, k, result[stream])).join(""), names);
    return {
      stdout: all("stdout"),
      stderr: all("stderr"),
      exit: results.map(({ code }) => code).join("\n"),
      "script.sql": normalise(read(work, "script.sql"), names),
    };
  } finally {
    await database?.drop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** May the expected files be rewritten? Only when asked to, and never in CI. */
export function updating(env: NodeJS.ProcessEnv = process.env): boolean {
  return env["UPDATE_CASES"] === "1" && !env["CI"];
}

/** Makes `outcome` what the case must leave; what is empty, or 0, has no file. */
export function writeExpected(given: Case, outcome: Outcome): void {
  for (const output of outputs) {
    const path = join(given.folder, output);
    const text = output === "exit" ? exitFile(outcome.exit) : outcome[output];
    if (text === "") rmSync(path, { force: true });
    else writeFileSync(path, text);
  }
}

function exitFile(exit: string): string {
  return /[^0\n]/.test(exit) ? `${exit}\n` : "";
}

/** Replaces what differs from run to run: the present time, the names given, durations and process ids. */
export function normalise(text: string, names: readonly (readonly [string, string])[]): string {
  const now = Date.now();
  const isPresent = (stamp: string): boolean =>
    Math.abs(Date.parse(stamp.replace(" ", "T")) - now) < 2 * 86_400_000;
  // A time can hold what looks like a version. One of long ago comes from a file of the case and stays.
  const timeless = text
    .replace(/\b\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?/g, (stamp) =>
      isPresent(stamp) ? "<time>" : stamp,
    )
    .replace(/(<time>)(Z|[+-]\d\d(:?\d\d)?| UTC)/g, "$1");
  return (
    names
      .reduce((changed, [name, label]) => changed.replaceAll(name, label), timeless)
      // With a space, as the program prints them: `5s` in a script is a setting and stays.
      .replace(/\b\d+(\.\d+)? (ms|s|min)\b/g, "<duration>")
      .replace(/\b(pid|process) \d+/g, "$1 <pid>")
      .replace(/@[\d.]+, since /g, "@<client>, since ")
  );
}

/** A word that `sh` leaves as it is, or takes out of its quotes. */
const WORD = /(?:[^\s'"\\$`;|&<>(){}*?~#![\]]|'[^']*'|"[^"\\$`]*")+/;

/** What comes after `migrate` in a line that asks nothing else of the shell; undefined for all others. */
function wordsOf(command: string): readonly string[] | undefined {
  if (!new RegExp(`^migrate(?: +${WORD.source})* *$`).test(command)) return undefined;
  const [, ...words] = command.match(new RegExp(WORD, "g"))!;
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

function headed({ commands }: Case, k: number, text: string): string {
  return commands.length === 1 ? text : `$ ${commands[k]}\n${text}`;
}

function serverNames(server: TestServer, database: { readonly name: string; readonly url: string }) {
  const { host } = new URL(database.url);
  return [
    [database.name, "<database>"],
    [host, "<host>"],
    [server.version, "<version>"],
  ] as const;
}

/** Is it one of the files that describe the case, and that its commands do not see? */
function isOurs(folder: string, path: string): boolean {
  return dirname(path) === folder && ["cmd", "needs", ...outputs].includes(basename(path));
}

/** Nothing of the caller's environment but PATH, with a `migrate` and a `sql` put first in it; and what programs import. */
function environment(scratch: string, cli: string): Readonly<Record<string, string>> {
  const bin = join(scratch, "bin");
  const home = join(scratch, "home");
  for (const folder of [bin, home]) mkdirSync(folder);
  for (const [name, script] of Object.entries({ migrate: cli, sql: sqlCommand })) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const packages = join(scratch, "node_modules");
  const own = join(packages, "pgretort");
  mkdirSync(own, { recursive: true });
  // Not the whole folder: with --preserve-symlinks none of the packages beside it is there.
  for (const part of ["package.json", "dist", "sql"]) symlinkSync(join(root, part), join(own, part));
  symlinkSync(join(root, "node_modules/pg"), join(packages, "pg"));
  const path = [bin, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
  const data = join(root, "test/data");
  return { PATH: path, HOME: home, DATA: data, NO_COLOR: "1", LC_ALL: "C.UTF-8", TZ: "UTC" };
}

function runCommand(command: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", command], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    // The whole process group, or what sh started would hold the pipes open.
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), timeLimit);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (code === null) reject(new Error(`${command}: ended by ${signal}, after\n${stdout}${stderr}`));
      else resolve({ stdout, stderr, code });
    });
  });
}

/** A file's text; empty where there is none. */
function read(folder: string, name: string): string {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
