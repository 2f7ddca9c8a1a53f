/** What is promised of a script's page and of speed → rows: work to do, and the figures that come of it. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { longestSilence } from "./announce.ts";
import {
  applying,
  type Bench,
  contestants,
  load,
  ours,
  psql,
  rollingBack,
  tablesOf,
  type Where,
  writeScript,
} from "./contestants.ts";
import { type Figure, ratio } from "./figure.ts";
import type { Program } from "./measure.ts";
import { alterations, beforeSleep, type Change, concurrent, desiredTables, tables } from "./workload.ts";

export interface Row {
  readonly work: string;
  /** Another Node would give the same figures. */
  readonly isOfAnyNode?: true;
  readonly measure: (node: string) => Promise<readonly Figure[]>;
}

/** All rows, in the order of the promises. Nothing is generated before a row is measured. */
export function rowsOf(bench: Bench): readonly Row[] {
  const [small, middle, large] = bench.quick ? ([50, 200, 1_000] as const) : ([100, 1_000, 10_000] as const);
  const distant = bench.quick ? small : middle;
  const near = bench.databases.url;
  const far: Where = (name) => bench.far.url(near(name));
  return [
    page(bench, "a step of a script", tables(12), 10),
    page(bench, "a CONCURRENTLY step of a script", concurrent(12), 30),
    scriptByPsql(bench, `script of ${middle} by psql`, middle, near, { bound: 1.6, turns: 5 }),
    scriptByPsql(bench, `script of ${distant} by psql, far away`, distant, far, { bound: 1.4, turns: 1 }),
    applyMany(bench, middle),
    rollBack(bench, middle),
    applyFew(bench, small),
    applyFar(bench, small, far),
    announce(bench),
    ...(["pipe", "terminal"] as const).flatMap((where) => [
      nothingToDo(bench, small, where, 1.3),
      nothingToDo(bench, middle, where, 1.8),
    ]),
    listing(bench, middle),
    listing(bench, large),
    script(bench, middle),
    lint(bench, middle),
    autogenerate(bench, 16, [20, 12]),
    autogenerate(bench, bench.quick ? 100 : 500, [120, 60]),
  ];
}

/** What a script holds for a step beside what its author wrote. The first step may be of another kind, and is left out. */
function page(bench: Bench, work: string, changes: readonly Change[], bound: number): Row {
  return {
    work,
    isOfAnyNode: true,
    measure: async (node) => {
      const file = await writeScript(bench, node, load(bench, work, changes));
      const lines = readFileSync(file, "utf8").split("\n");
      const headingOf = (step: number): number => {
        const heading = new RegExp(`^-- (-+ |Step )?${step} of ${changes.length}\\b`);
        const found = lines.findIndex((line) => heading.test(line));
        if (found === -1) throw new Error(`the script has no heading of step ${step}`);
        return found;
      };
      // From one heading to another are whole steps, wherever in its step a heading stands.
      const all = lines.slice(headingOf(2), headingOf(changes.length));
      const written = changes.slice(1, -1).flatMap(({ up }) => up.split("\n"));
      const value = (filled(all) - filled(written)) / (changes.length - 2);
      return [{ what: "lines of ours", value, bound }];
    },
  };
}

const filled = (lines: readonly string[]): number => lines.filter((line) => line.trim() !== "").length;

function scriptByPsql(
  bench: Bench,
  work: string,
  count: number,
  where: Where,
  { bound, turns }: { readonly bound: number; readonly turns: number },
): Row {
  return {
    work,
    isOfAnyNode: true,
    measure: async (node) => {
      const made = tablesOf(bench, count);
      await writeScript(bench, node, made);
      const byPsql = {
        ours: (url: string) => psql("script.sql", made, url),
        "psql, the same files": (url: string) => psql("up.sql", made, url),
      };
      const walls = await bench.runner.inTurns(applying(bench, byPsql, count, where), turns);
      return [ratio(walls, "ours", ["psql, the same files"], bound)];
    },
  };
}

function applyMany(bench: Bench, count: number): Row {
  return {
    work: `apply ${count}`,
    measure: async (node) => {
      const { ups } = contestants(bench, node, tablesOf(bench, count));
      const programs = applying(bench, ups, count);
      const walls = await bench.runner.inTurns(programs, 5);
      bench.runner.forget();
      const peak = await bench.runner.peakOf(programs["ours"]!);
      return [
        ratio(walls, "ours", ["psql"], 1.25),
        ...aheadOfPeers(bench, walls),
        { what: "peak MB, first", value: peak, bound: 110 },
      ];
    },
  };
}

function rollBack(bench: Bench, count: number): Row {
  return {
    work: `roll back ${count}`,
    measure: async (node) => {
      const { ups, downs } = contestants(bench, node, tablesOf(bench, count));
      const walls = await bench.runner.inTurns(await rollingBack(bench, ups, downs, count), 5);
      return [ratio(walls, "ours", ["psql"], 1.4), ...aheadOfPeers(bench, walls)];
    },
  };
}

const aheadOfPeers = (
  { peers }: Bench,
  walls: Readonly<Record<string, readonly number[]>>,
): readonly Figure[] =>
  peers.filter(({ name }) => name in walls).map(({ name }) => ratio(walls, "ours", [name], 1));

function applyFew(bench: Bench, count: number): Row {
  return {
    work: `apply ${count}`,
    measure: async (node) => {
      const { ours, psql } = contestants(bench, node, tablesOf(bench, count)).ups;
      const programs = {
        ...applying(bench, { ours, psql }, count),
        "Node start": { argv: [node, "-e", "0"] },
      };
      const walls = await bench.runner.inTurns(programs, 9);
      return [ratio(walls, "ours", ["psql", "Node start"], 1.2)];
    },
  };
}

function applyFar(bench: Bench, count: number, far: Where): Row {
  return {
    work: `apply ${count}, far away`,
    measure: async (node) => {
      const { ours, psql } = contestants(bench, node, tablesOf(bench, count)).ups;
      const programs = applying(bench, { ours, psql }, count, far);
      let trips = 0;
      const counted: Program = {
        ...programs.ours,
        before: async () => {
          await programs.ours.before?.();
          bench.far.takeTrips();
        },
        after: async () => {
          trips = Math.max(trips, bench.far.takeTrips());
          await programs.ours.after?.();
        },
      };
      const walls = await bench.runner.inTurns({ ...programs, ours: counted }, 3);
      return [
        { what: "trips a migration", value: trips / count, bound: 0.3 },
        ratio(walls, "ours", ["psql"], 0.2),
      ];
    },
  };
}

function announce(bench: Bench): Row {
  const seconds = bench.quick ? 2 : 5;
  return {
    work: `a commit, before ${seconds} s of work`,
    measure: async (node) => {
      const made = load(bench, "sleep", beforeSleep(20, seconds));
      const url = bench.databases.url("ours");
      await bench.databases.create("ours");
      const program = ours(bench, node, ["upgrade", "head"], made, url);
      const env = { ...bench.runner.env, ...program.env };
      const revisions = made.changes.map(({ revision }) => revision);
      return [
        {
          what: "s until announced",
          value: await longestSilence({ ...program, env }, url, revisions),
          bound: 0.2,
        },
      ];
    },
  };
}

function nothingToDo(bench: Bench, count: number, where: "pipe" | "terminal", bound: number): Row {
  return {
    work: `nothing to do, ${count} applied, in a ${where}`,
    measure: async (node) => {
      const made = tablesOf(bench, count);
      const url = bench.databases.url("ours");
      await bench.databases.create("ours");
      await bench.runner.run(ours(bench, node, ["stamp", "head"], made, url));
      const floor = "pg, SELECT 1";
      const programs: Record<string, Program> = { [floor]: { argv: [node, bench.floors.connect, url] } };
      const commands = ["upgrade", "status", "current"];
      for (const command of commands) programs[command] = ours(bench, node, [command], made, url);
      const shown = where === "pipe" ? programs : inTerminal(bench, programs);
      const walls = await bench.runner.inTurns(shown, 9);
      return commands.map((command) => ratio(walls, command, [floor], bound));
    },
  };
}

function listing(bench: Bench, count: number): Row {
  return {
    work: `listing ${count}, in a terminal`,
    measure: async (node) => {
      const made = tablesOf(bench, count);
      const programs = {
        heads: ours(bench, node, ["heads"], made),
        history: ours(bench, node, ["history"], made),
        "Node reads": { argv: [node, bench.floors.read, path.join(made.folder, "migrations")] },
      };
      const walls = await bench.runner.inTurns(inTerminal(bench, programs), 7);
      return [ratio(walls, "heads", ["Node reads"], 2), ratio(walls, "history", ["Node reads"], 2)];
    },
  };
}

const inTerminal = <Name extends string>({ terminal }: Bench, programs: Readonly<Record<Name, Program>>) =>
  Object.fromEntries(
    Object.entries<Program>(programs).map(([name, program]) => [name, { ...program, terminal }]),
  ) as Record<Name, Program>;

function script(bench: Bench, count: number): Row {
  return {
    work: `script of ${count}`,
    measure: async (node) => {
      const made = tablesOf(bench, count);
      const again = ours(bench, node, ["upgrade", "head", "--sql"], made);
      const programs = {
        first: { ...again, before: async () => bench.runner.forget() },
        again,
        "parser alone": { argv: [node, bench.floors.parse, path.join(made.folder, "migrations")] },
      };
      const walls = await bench.runner.inTurns(programs, 7);
      return [ratio(walls, "first", ["parser alone"], 2.5), ratio(walls, "again", ["parser alone"], 1.5)];
    },
  };
}

function lint(bench: Bench, count: number): Row {
  return {
    work: `lint of ${5 * count} statements`,
    measure: async (node) => {
      const made = load(bench, `alterations-${count}`, alterations(count));
      const programs = {
        ours: ours(bench, node, ["lint", "--all"], made),
        "parser alone": { argv: [node, bench.floors.parse, path.join(made.folder, "migrations")] },
      };
      const walls = await bench.runner.inTurns(programs, 7);
      return [ratio(walls, "ours", ["parser alone"], 2)];
    },
  };
}

/** One column that is new: the downgrade with it, both proven. Without `first`, what the migrations make is kept from before. */
function autogenerate(bench: Bench, count: number, bounds: readonly [first: number, again: number]): Row {
  return {
    work: `autogenerate a column, ${count} tables`,
    measure: async (node) => {
      const { folder, changes } = load(bench, `desired-${count}`, tables(count));
      const migrations = path.join(folder, "migrations");
      mkdirSync(path.join(folder, "schema"), { recursive: true });
      writeFileSync(path.join(folder, "schema", "tables.sql"), desiredTables(count));
      await bench.databases.create("desired");
      const url = bench.databases.url("desired");
      const again: Program = {
        ...ours(bench, node, ["revision", "--autogenerate", "-m", "bench"], { folder, changes }, url),
        after: async () => {
          const files = readdirSync(migrations).filter((name) => name.includes("_bench."));
          for (const file of files) rmSync(path.join(migrations, file));
          if (files.length !== 2) throw new Error(`${files.length} files, not 2`);
        },
      };
      // Nothing is kept of a history whose first file is another.
      const edit = async () => appendFileSync(path.join(migrations, `${changes[0]!.name}.up.sql`), "\n");
      const commands = ["CREATE DATABASE retort_bench_made", "DROP DATABASE retort_bench_made"];
      const programs = {
        first: { ...again, before: edit },
        again,
        "psql, a database": { argv: ["psql", "-qX", ...commands.flatMap((sql) => ["-c", sql]), url] },
        "Node start": { argv: [node, "-e", "0"] },
      };
      const walls = await bench.runner.inTurns(programs, 5);
      const floors = ["psql, a database", "Node start"] as const;
      return [ratio(walls, "first", floors, bounds[0]), ratio(walls, "again", floors, bounds[1])];
    },
  };
}
