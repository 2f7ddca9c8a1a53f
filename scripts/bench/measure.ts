/** Programs → how long each takes, run in turns, so that whatever else the machine does meets all of them alike. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

/** A command line, and what it takes to run it once more. */
export interface Program {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The terminal that it reads from and writes to; without one: pipes. */
  readonly terminal?: string;
  /** Not timed: makes all as the program must find it. */
  readonly before?: () => Promise<void>;
  /** Not timed: throws when the program did not do its work. */
  readonly after?: () => Promise<void>;
}

export interface Runner {
  /** What programs see of the environment: the caller's PG* variables, NODE_OPTIONS and home are none of their business. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a program; ms from its start to its end. Throws an `Error` with its last words when it fails. */
  readonly run: (program: Program) => Promise<number>;
  /**
   * Runs every program that many times in turns, each turn beginning with another one; the ms of each, by turn. Before
   * that all run once to fill the cache, unless there is but one turn.
   */
  readonly inTurns: <Name extends string>(
    programs: Readonly<Record<Name, Program>>,
    turns: number,
  ) => Promise<Readonly<Record<Name, readonly number[]>>>;
  /** The most memory that a Node program ever held, in MB. */
  readonly peakOf: (program: Program) => Promise<number>;
  /** Empties the programs' cache. */
  readonly forget: () => void;
}

const limit = 600_000; // ms; a program that hangs must not hang the bench

/** What the programs leave behind is in `folder`; `peakProgram` is preloaded; `most` is how many turns there may be. */
export function runnerIn(folder: string, peakProgram: string, most: number): Runner {
  const cache = path.join(folder, "cache");
  const env = {
    PATH: process.env["PATH"] ?? "",
    LC_ALL: "C.UTF-8",
    TERM: "xterm-256color",
    HOME: folder,
    XDG_CACHE_HOME: cache,
  };
  const run = async (program: Program): Promise<number> => {
    await program.before?.();
    const wall = await timed({ ...program, cwd: program.cwd ?? folder, env: { ...env, ...program.env } });
    await program.after?.();
    return wall;
  };
  return {
    env,
    run,
    forget: () => rmSync(cache, { recursive: true, force: true }),
    inTurns: async <Name extends string>(programs: Readonly<Record<Name, Program>>, turns: number) => {
      const names = Object.keys(programs) as Name[];
      const walls = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
      if (turns > 1) for (const name of names) await run(programs[name]);
      for (let turn = 0; turn < Math.min(turns, most); turn += 1) {
        for (let i = 0; i < names.length; i += 1) {
          const name = names[(turn + i) % names.length]!;
          walls[name].push(await run(programs[name]));
        }
      }
      return walls;
    },
    peakOf: async (program) => {
      const file = path.join(folder, "peak");
      const [node, ...words] = program.argv;
      const argv = [node!, "--require", peakProgram, ...words];
      await run({ ...program, argv, env: { ...program.env, PEAK_FILE: file } });
      return Number(readFileSync(file, "utf8")) / 1024;
    },
  };
}

async function timed({ argv, cwd, env, terminal }: Program): Promise<number> {
  const [command, ...words] = argv as readonly [string, ...string[]];
  const tty = terminal === undefined ? undefined : openSync(terminal, constants.O_RDWR | constants.O_NOCTTY);
  try {
    const began = performance.now();
    const child = spawn(command, words, {
      cwd,
      env,
      stdio: tty === undefined ? ["ignore", "pipe", "pipe"] : [tty, tty, tty],
      timeout: limit,
      killSignal: "SIGKILL",
    });
    let said = "";
    child.stdout?.resume();
    child.stderr?.on("data", (chunk: Buffer) => (said = `${said}${chunk}`.slice(-1000)));
    const [code, signal] = await once(child, "exit");
    const wall = performance.now() - began;
    if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code ?? signal}: ${said.trim()}`);
    return wall;
  } finally {
    if (tty !== undefined) closeSync(tty);
  }
}

/** Ways to hold a terminal whose other side is read; the shell in it tells its name. */
const holders = (script: string): readonly (readonly string[])[] => [
  ["script", "-qfec", script, "/dev/null"],
  ["python3", "-c", "import pty, sys; pty.spawn(['sh', '-c', sys.argv[1]])", script],
];

/** A terminal of 100 columns, and how to give it back. Throws an `Error` where nothing can make one. */
export async function openTerminal(): Promise<{ readonly name: string; readonly close: () => void }> {
  for (const [command, ...words] of holders("stty rows 40 cols 100; tty; exec cat >/dev/null")) {
    const child = spawn(command!, words, { stdio: ["pipe", "pipe", "ignore"] });
    const name = await new Promise<string | undefined>((resolve) => {
      let said = "";
      child.on("error", () => resolve(undefined)).on("exit", () => resolve(undefined));
      // Read to the end of the bench, or whoever writes to the terminal would stop.
      child.stdout.on("data", (chunk: Buffer) => {
        if (said.length < 1000) said += chunk;
        const [found] = /\/dev\/\S+(?=\r?\n)/.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    if (name !== undefined) return { name, close: () => child.kill() };
  }
  throw new Error("a terminal needs script (of util-linux) or python3");
}
