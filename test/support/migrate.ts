/** The built command and the API, as tests use them. */
import { spawn } from "node:child_process";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Deps } from "../../src/app/project.ts";
import { main } from "../../src/cli/main.ts";
import { ledger } from "./dump.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The migrations of the worked example. */
export const example = `${root}sql/example/migrations`;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `migrate …` from the built dist, with nothing of the caller's environment but PATH; so without a cache. */
export function migrate(
  args: readonly string[],
  options: {
    readonly env?: Record<string, string>;
    readonly cwd?: string;
    /** Another installation of the command. */
    readonly cli?: string;
    /** Its reader has left before anything is written. */
    readonly unread?: "stdout" | "stderr";
  } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [options.cli ?? `${root}dist/bin.cjs`, ...args], {
      cwd: options.cwd ?? root,
      env: { PATH: process.env["PATH"], NO_COLOR: "1", ...options.env },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk));
    if (options.unread !== undefined) child[options.unread].destroy();
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs the words of a command line in this process, which is many times shorter, where the process itself is not asked about. */
export async function migrateHere(
  words: readonly string[],
  {
    env = {},
    cwd = root,
    now = () => new Date(),
  }: { readonly env?: Record<string, string>; readonly cwd?: string; readonly now?: () => Date } = {},
): Promise<Finished> {
  const said = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") =>
    new PassThrough().on("data", (chunk: Buffer) => (said[name] += chunk)) as never;
  const code = await main(words, {
    streams: { stdout: stream("stdout"), stderr: stream("stderr"), stdin: new PassThrough().end() as never },
    env,
    cwd,
    now,
    version: "1.2.3",
    signal: new AbortController().signal,
  });
  return { code, ...said };
}

/** The world of a verb: this folder, an environment of its own, a clock that stands still. */
export function deps(env: Record<string, string> = {}, cwd = root): Deps {
  return { env, cwd, now: () => new Date("2026-03-02T09:14:00Z") };
}

/** The ledger but for times, how, and the receipts that scripts leave: the same however a state came about. */
export async function steadyLedger(url: string): Promise<unknown> {
  const { log, ...tables } = await ledger(url, "retort", /_at$|^at$|duration|^how$|^id$/);
  return { ...tables, log: log?.filter((row) => row["event"] !== "script") };
}
