/** A database URL and SQL go in; what the real psql and pg_dump said comes out. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { temporaryFolder } from "./folders.ts";
import type { TestServer } from "./server.ts";

/** What a program left behind. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PsqlOptions {
  /** Added to an environment that has no PG* variables of the caller's: PGOPTIONS, PSQLRC, … */
  readonly env?: Readonly<Record<string, string>>;
  /** Let psql read its start-up files, as a DBA's does who forgets `-X`. */
  readonly readStartupFile?: boolean;
  /** Further arguments, such as `-1` or `["-v", "name=value"]`. */
  readonly args?: readonly string[];
}

/** `psql -X -v ON_ERROR_STOP=1 -f file url`: exit code 0 done, 2 no connection, 3 an error in the script. */
export function psql(url: string, file: string, options: PsqlOptions = {}): Promise<Finished> {
  const startup = options.readStartupFile ? [] : ["-X"];
  const args = [...startup, "-v", "ON_ERROR_STOP=1", ...(options.args ?? []), "-f", file, url];
  return run("psql", args, options.env);
}

/** Writes a script's text to a file, whose path it returns. */
export function fileOf(text: string): string {
  const file = join(temporaryFolder("retort-script-"), "migration.sql");
  writeFileSync(file, text);
  return file;
}

/** Runs a script's text with psql. */
export const runScript = (url: string, text: string, options?: PsqlOptions): Promise<Finished> =>
  psql(url, fileOf(text), options);

/** Is there a psql on this machine? */
export function psqlAvailable(): boolean {
  return majorOf("psql") !== undefined;
}

/** Skips the running test, saying why, on a machine without psql. */
export function needsPsql(context: TestContext): void {
  context.skip(!psqlAvailable(), "there is no psql here (Debian: apt-get install postgresql-client)");
}

/** Can the pg_dump of this machine, if there is one, read the server? It refuses one that is newer than itself. */
export function pgDumpServes(server: Pick<TestServer, "major">): boolean {
  return (majorOf("pg_dump") ?? 0) >= server.major;
}

/** Skips the running test, saying why, where `pgDumpServes` says no. */
export function needsPgDump(context: TestContext, server: Pick<TestServer, "major">): void {
  context.skip(!pgDumpServes(server), `there is no pg_dump of PostgreSQL ${server.major} or later here`);
}

/** The database as pg_dump prints it, without what differs from run to run. `args` such as `["--schema-only"]`. */
export async function pgDump(url: string, args: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await run("pg_dump", [...args, url]);
  if (code !== 0) throw new Error(`pg_dump: exit code ${code}\n${stderr}`);
  return stdout.replace(/^(\\(un)?restrict |-- Dumped (from|by) ).*\n/gm, "");
}

/** The file to run for `psql` or `pg_dump`. */
export function executable(name: string): string {
  return programOf(name)?.file ?? name;
}

/** A program of PostgreSQL on this machine: the file that is run, and its major version. */
interface Program {
  readonly file: string;
  readonly major: number;
}

const programs = new Map<string, Program | undefined>();

function majorOf(name: string): number | undefined {
  return programOf(name)?.major;
}

function programOf(name: string): Program | undefined {
  if (!programs.has(name)) {
    const { stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
    const major = /\) (\d+)/.exec(stdout ?? "")?.[1];
    programs.set(name, major === undefined ? undefined : { file: behindWrapper(name, major), major: +major });
  }
  return programs.get(name);
}

/**
 * Debian's `psql` is a script in Perl that looks for a cluster and then starts the program; it takes twice as long as
 * the program itself, and these tests start it some thousand times.
 */
function behindWrapper(name: string, major: string): string {
  const behind = `/usr/lib/postgresql/${major}/bin/${name}`;
  return existsSync(behind) ? behind : name;
}

function run(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const clean = { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", HOME: devNull };
  return new Promise((resolve, reject) => {
    const child = spawn(executable(name), args, {
      env: { ...clean, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === null) reject(new Error(`${name} was ended by ${signal}`));
      else resolve({ code, stdout, stderr });
    });
  });
}
