/** The command of another tool, and arguments → what it printed, or wrote into a file. No shell sees any of it. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Program } from "../core/adopt/program.ts";
import { cancelled, MigrateError } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import { entriesIn } from "./files.ts";

/** What a run came to. */
export interface Ran {
  readonly text: string;
  /** The last line that it said of why it failed; undefined: it did not. */
  readonly failure?: string;
}

export interface ForeignProgram {
  /** As shown: `alembic`. */
  readonly command: string;
  /** The folder it is run in. */
  readonly home: string;
  /** Throws `usage/no-program` where there is no such command. */
  run(args: (file: string) => readonly string[]): Promise<Ran>;
}

export interface ProgramOptions {
  /** The other tool's folder, relative to the working directory. */
  readonly folder: string;
  /** Other words than the program's own. */
  readonly command?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

export function foreignProgram(program: Program, options: ProgramOptions): ForeignProgram {
  const { cwd } = options;
  const words = options.command?.trim().split(/\s+/) ?? program.command;
  const command = words.join(" ");
  const home = homeOf(resolve(cwd, options.folder), program.home) ?? cwd;
  const [name = "", ...first] = words;
  // A path is meant from here, wherever the command is run.
  const path = /[/\\]/.test(name) ? resolve(cwd, name) : name;
  const start = (args: readonly string[]): Promise<Ran> =>
    ended(path, [...first, ...args], home, options).catch((error: NodeJS.ErrnoException) => {
      if (options.signal?.aborted === true) throw cancelled("nothing was written", error);
      throw new MigrateError(
        {
          code: "usage/no-program",
          message: `cannot run ${command}, which prints the SQL of these migrations: ${error.code === "ENOENT" ? "there is no such command" : error.message}`,
          hint: `install it (${program.install}), or say how it is run here: --${program.flag} COMMAND`,
        },
        { cause: error },
      );
    });
  return {
    command,
    home,
    run: (args) => (program.writes === "stdout" ? start(args("")) : intoFile(args, start)),
  };
}

/** The folder, or the nearest above it, in which a file of that name lies. */
function homeOf(folder: string, file: RegExp): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (entriesIn(at).some(({ name }) => file.test(name))) return at;
    if (at === dirname(at)) return undefined;
  }
}

async function intoFile(
  args: (file: string) => readonly string[],
  start: (args: readonly string[]) => Promise<Ran>,
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "retort-adopt-"));
  try {
    const file = join(folder, "script.sql");
    const ran = await start(args(file));
    // What it says meanwhile is no SQL.
    const isWritten = ran.failure === undefined && existsSync(file);
    return { ...ran, text: isWritten ? readFileSync(file, "utf8").replace(/^\ufeff/, "") : "" };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ended(
  path: string,
  args: readonly string[],
  cwd: string,
  { env, signal }: ProgramOptions,
): Promise<Ran> {
  return new Promise((settle, reject) => {
    const child = spawn(path, args, { cwd, env, signal, stdio: ["ignore", "pipe", "pipe"] });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.once("error", reject);
    child.once("close", (code, ended) => {
      const text = Buffer.concat(out).toString("utf8");
      if (code === 0) return settle({ text });
      const said = reasonOf(Buffer.concat(err).toString("utf8"), text);
      // It may quote the address of a database.
      settle({ text, failure: redact(said ?? `it exited with ${ended ?? `code ${code}`}`) });
    });
  });
}

/** The last line, with the name of the exception where .NET's tool has printed that above it, and then its text alone. */
function reasonOf(...outputs: readonly string[]): string | undefined {
  const lines = outputs.map((text) =>
    text
      .trim()
      .split(/\r?\n/)
      .map((line) => line.trim()),
  );
  const last = lines.map((each) => each.at(-1)!).find((line) => line !== "");
  return lines.flat().find((line) => /^[\w.]+Exception: /.test(line) && line.endsWith(`: ${last}`)) ?? last;
}
