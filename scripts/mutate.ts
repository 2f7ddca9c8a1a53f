/**
 * Source files go in; which of the small changes made to them the tests did not notice comes out. Each change is made alone,
 * in a copy of the project: `npm run mutate -- --files 'src/core/plan/*.ts' --count 100 --seed 7`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import glob from "fast-glob";
import { chance } from "../test/support/graphs.ts";
import { type Change, changesOf } from "./mutate/changes.ts";

/** What may notice a change, the fastest first. */
interface Stage {
  readonly name: string;
  /** Commands, one after the other, for a change to `file`. */
  readonly commands: (file: string) => readonly (readonly string[])[];
}

const TIME_LIMIT = 600_000; // ms: a change that makes a loop endless is noticed, too

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "src/{core,render}/**/*.ts,src/io/execute.ts,src/app/resume.ts" },
    count: { type: "string", default: "100" },
    seed: { type: "string", default: "7" },
    /** Only the changes at these places, as they are printed. */
    at: { type: "string", default: "" },
    /** These test files alone, instead of all that import the file and then the cases. */
    tests: { type: "string", default: "" },
    /** Test files that need a server; they are run last. */
    server: { type: "string", default: "" },
  },
});

const vitest = (...args: readonly string[]): readonly string[] => ["npx", "vitest", ...args, "--bail", "1"];

const chosen = (project: "core" | "pg", tests: string): Stage => ({
  name: project,
  commands: () => [vitest("run", "--project", project, ...tests.split(","))],
});

/** Tests that run the command many times, and notice what others do. */
const slow = "test/{cases,demo,io/mutations,io/hostile-text}.test.ts";

const stages: readonly Stage[] = [
  { name: "types", commands: () => [["npx", "tsc"]] },
  { name: "build", commands: () => [["npm", "run", "-s", "build"]] },
  ...(values.tests === ""
    ? [
        {
          name: "core",
          commands: (file: string) => [
            vitest("related", file, "--run", "--project", "core", "--exclude", slow),
          ],
        },
        { name: "cases", commands: () => [vitest("run", "--project", "core", "test/cases.test.ts")] },
      ]
    : [chosen("core", values.tests)]),
  ...(values.server === "" ? [] : [chosen("pg", values.server)]),
];

const copy = mkdtempSync(path.join(tmpdir(), "retort-mutate-"));
try {
  for (const each of glob.sync("*", {
    onlyFiles: false,
    dot: true,
    ignore: [".git", "node_modules", "dist"],
  })) {
    cpSync(each, path.join(copy, each), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(path.resolve("node_modules"), path.join(copy, "node_modules"));
  const files = glob.sync(values.files.split(/,(?![^{]*\})/));
  if (files[0] === undefined) throw new Error(`no file is called ${values.files}`);
  const failing = failureAt(files[0]);
  if (failing !== undefined) throw new Error(`fails before anything is changed:\n${failing.output}`);
  mutate(files);
} finally {
  rmSync(copy, { recursive: true });
}

/** Makes the changes and prints a line for each, then the count of those that nobody noticed. */
function mutate(files: readonly string[]): void {
  const all = files.flatMap((file) => changesOf(file, sourceOf(file)));
  const places = values.at.split(",");
  const changes = values.at === "" ? picked(all) : all.filter((change) => places.includes(placeOf(change)));
  let unnoticed = 0;
  for (const change of changes) {
    const stage = tried(change);
    if (stage === undefined) unnoticed += 1;
    console.log(`${(stage ?? "UNNOTICED").padEnd(9)}  ${placeOf(change)}  ${change.what}`);
  }
  console.log(`${changes.length} changes, ${unnoticed} unnoticed`);
}

/** As many as were asked for, by chance; the same for the same seed. */
function picked(changes: readonly Change[]): readonly Change[] {
  const { next } = chance(Number(values.seed));
  const order = changes.map((change) => ({ change, at: next() })).sort((a, b) => a.at - b.at);
  return order.slice(0, Number(values.count)).map(({ change }) => change);
}

/** The stage that noticed the change; undefined where none did. */
function tried({ file, start, end, text }: Change): string | undefined {
  const source = sourceOf(file);
  writeFileSync(path.join(copy, file), source.slice(0, start) + text + source.slice(end));
  try {
    return failureAt(file)?.stage;
  } finally {
    writeFileSync(path.join(copy, file), source);
  }
}

/** The first stage that fails where `file` is as it is in the copy, and what it printed; undefined where none fails. */
function failureAt(file: string): { readonly stage: string; readonly output: string } | undefined {
  for (const { name: stage, commands } of stages) {
    for (const [command, ...args] of commands(file)) {
      const options = { cwd: copy, timeout: TIME_LIMIT, encoding: "utf8" } as const;
      const { status, stdout, stderr } = spawnSync(command!, args, options);
      if (status !== 0) return { stage, output: stdout + stderr };
    }
  }
  return undefined;
}

/** The file as it was when the copy was made, whatever is edited meanwhile. */
function sourceOf(file: string): string {
  return readFileSync(path.join(copy, file), "utf8");
}

/** `src/core/graph.ts:12:5` */
function placeOf({ file, start }: Change): string {
  const before = sourceOf(file).slice(0, start).split("\n");
  return `${file}:${before.length}:${before.at(-1)!.length + 1}`;
}
