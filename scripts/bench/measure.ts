/** Programs → how long each takes, run in turns, so that whatever else the machine does meets all of them alike. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

/** A command line, and what it takes to run it once more. */
export interface Program {
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Not timed: makes the database as the program must find it. */
  readonly before?: () => Promise<void>;
  /** Not timed: throws when the program did not do its work. */
  readonly after?: () => Promise<void>;
  /** Round trips since they were last asked for, where they are counted. */
  readonly takeTrips?: () => number;
}

/** One run. ms. */
export interface Sample {
  readonly wall: number;
  /** User and system time of the program and its children; a server's is not in it. */
  readonly cpu: number;
}

export interface Measured {
  readonly samples: readonly Sample[];
  /** MB; absent where it cannot be found out. */
  readonly peak?: number;
  readonly trips?: number;
}

/** Where the programs' output goes, and what they may see of the environment. */
export interface Surroundings {
  readonly folder: string;
  readonly programs: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What programs see of the environment: the caller's PG* variables, NODE_OPTIONS and home are none of their business. */
export function bareEnvironment(home: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env["PATH"] ?? "",
    LC_ALL: "C",
    HOME: home,
    XDG_CACHE_HOME: path.join(home, "cache"),
  };
}

const limit = 600_000; // ms; a program that hangs must not hang the bench

/**
 * Runs every program once for its memory and to warm the caches, then `repeats` times in turns, each turn beginning
 * with another one. Throws an `Error` with the last line of a program that failed.
 */
export async function inTurns(
  programs: readonly Program[],
  repeats: number,
  surroundings: Surroundings,
): Promise<readonly Measured[]> {
  const peaks: (number | undefined)[] = [];
  for (const program of programs) peaks.push(await peakOf(program, surroundings));
  const samples = programs.map((): Sample[] => []);
  const trips = programs.map((): number | undefined => undefined);
  for (let turn = 0; turn < repeats; turn += 1) {
    for (let i = 0; i < programs.length; i += 1) {
      const at = (turn + i) % programs.length;
      const program = programs[at]!;
      await program.before?.();
      program.takeTrips?.();
      samples[at]!.push(await runOnce(program, program.argv, surroundings));
      trips[at] = program.takeTrips?.();
      await program.after?.();
    }
  }
  return programs.map((_, i) => ({
    samples: samples[i]!,
    ...optional("peak", peaks[i]),
    ...optional("trips", trips[i]),
  }));
}

const optional = (key: string, value: number | undefined) => (value === undefined ? {} : { [key]: value });

/** A run of its own, since what looks at the memory takes time: a preloaded module in Node, else GNU time. */
async function peakOf(program: Program, surroundings: Surroundings): Promise<number | undefined> {
  const file = path.join(surroundings.folder, "peak");
  rmSync(file, { force: true });
  await program.before?.();
  if (program.argv[0] === process.execPath) {
    const preload = `--require "${path.join(surroundings.programs, "peak.cjs")}"`;
    await runOnce(program, program.argv, surroundings, { NODE_OPTIONS: preload, PEAK_FILE: file });
  } else {
    const gnuTime = existsSync("/usr/bin/time") ? ["/usr/bin/time", "-f", "%M", "-o", file] : [];
    await runOnce(program, [...gnuTime, ...program.argv], surroundings);
  }
  await program.after?.();
  return existsSync(file) ? Number(readFileSync(file, "utf8")) / 1024 : undefined;
}

/** bash tells the times of what it waited for; Node tells those of itself alone. */
const timed = `TIMEFORMAT='%R %U %S'; { time "$@" >"$OUT" 2>"$ERR"; } 2>"$TIMES"`;

async function runOnce(
  { name, cwd, env }: Program,
  argv: readonly string[],
  { folder, env: common }: Surroundings,
  extra: Readonly<Record<string, string>> = {},
): Promise<Sample> {
  const [out, err, times] = ["out", "err", "times"].map((file) => path.join(folder, file)) as [
    string,
    string,
    string,
  ];
  const child = spawn("bash", ["-c", timed, "bash", ...argv], {
    cwd: cwd ?? folder,
    env: { ...common, ...env, ...extra, OUT: out, ERR: err, TIMES: times },
    detached: true,
    stdio: "ignore",
  });
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), limit);
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("exit", resolve),
  );
  clearTimeout(timer);
  if (code !== 0) {
    const said = readFileSync(err, "utf8").trim().split("\n").slice(0, 3).join(" / ");
    throw new Error(`${name} ended with ${code ?? "a signal"}: ${said}`);
  }
  const [wall, user, system] = readFileSync(times, "utf8")
    .trim()
    .split(" ")
    .map((text) => Number(text) * 1000) as [number, number, number];
  return { wall, cpu: user + system };
}
