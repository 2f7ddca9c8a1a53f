/** Where the cache lies, and where it does not: in a folder that another user could read or exchange. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import * as module from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cacheFolder } from "../../src/io/cache-folder.ts";
import { migrate } from "../support/migrate.ts";

/** Stands for the user's home. */
let home: string;
let cache: string;
let retort: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "retort-home-")));
  cache = join(home, ".cache");
  retort = join(cache, "retort");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const find = (name?: string) => cacheFolder({ HOME: home }, name);

test("it is made where it is missing, for this user alone, and found again", () => {
  expect(find("compiled")).toBe(join(retort, "compiled"));
  expect(find()).toBe(retort);
  for (const path of [cache, retort, join(retort, "compiled")])
    expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(cacheFolder({ XDG_CACHE_HOME: cache, HOME: "/nowhere" })).toBe(retort);
});

test("the folder that it lies in may be a link, and may be for all, as /tmp is", () => {
  mkdirSync(join(home, "elsewhere"), { mode: 0o755 });
  symlinkSync("elsewhere", cache);
  expect(find()).toBe(join(home, "elsewhere/retort"));
  chmodSync(join(home, "elsewhere"), 0o1777);
  expect(find()).toBe(join(home, "elsewhere/retort"));
});

test.each<[string, () => void]>([
  ["without a home", () => rmSync(home, { recursive: true })],
  ["where a file has its name", () => writeFileSync(cache, "")],
  ["where it is a link", () => symlinkSync("elsewhere", retort)],
  [
    "where others can write to it",
    () => {
      mkdirSync(retort);
      chmodSync(retort, 0o720);
    },
  ],
  ["where others can read it", () => mkdirSync(retort, { mode: 0o755 })],
  ["where others can exchange it", () => chmodSync(cache, 0o777)],
  ["where a group can exchange it", () => chmodSync(cache, 0o770)],
])("there is none %s", (what, prepare) => {
  if (what !== "without a home" && what !== "where a file has its name") mkdirSync(cache, { mode: 0o700 });
  mkdirSync(join(home, "elsewhere"), { mode: 0o700 });
  prepare();
  expect(find()).toBeUndefined();
});

test("there is none in a home that another could exchange", () => {
  chmodSync(home, 0o777);
  expect(find()).toBeUndefined();
  expect(existsSync(cache)).toBe(false);
});

test("there is none far below a folder that another could exchange", () => {
  const deep = join(home, "a/b/c");
  mkdirSync(deep, { recursive: true, mode: 0o700 });
  expect(cacheFolder({ XDG_CACHE_HOME: deep })).toBe(join(deep, "retort"));
  chmodSync(join(home, "a"), 0o777);
  expect(cacheFolder({ XDG_CACHE_HOME: deep })).toBeUndefined();
  chmodSync(join(home, "a"), 0o1777);
  expect(cacheFolder({ XDG_CACHE_HOME: deep })).toBe(join(deep, "retort"));
});

test("there is none with RETORT_CACHE=off, or in a path that begins nowhere", () => {
  expect(cacheFolder({ HOME: home, RETORT_CACHE: "off" })).toBeUndefined();
  expect(cacheFolder({ XDG_CACHE_HOME: "cache" })).toBeUndefined();
  expect(cacheFolder({})).toBeUndefined();
  expect(readdirSync(home)).toEqual([]);
});

test("a relative XDG_CACHE_HOME counts as not set, and nothing there is touched", async () => {
  const thesis = join(home, "x/retort/thesis.txt");
  mkdirSync(dirname(thesis), { recursive: true, mode: 0o700 });
  writeFileSync(thesis, "");
  utimesSync(thesis, 1, 1);
  expect(cacheFolder({ XDG_CACHE_HOME: "x", HOME: home })).toBe(retort);
  await migrate(["list-templates"], { cwd: home, env: { HOME: home, XDG_CACHE_HOME: "x" } });
  expect(readdirSync(dirname(thesis))).toEqual(["thesis.txt"]);
});

/** As with `sudo`, which keeps HOME. */
test.skipIf(process.getuid?.() !== 0)("root keeps nothing in another user's home", () => {
  chownSync(home, 1000, 1000);
  expect(find()).toBeUndefined();
  expect(readdirSync(home)).toEqual([]);
  mkdirSync(cache, { mode: 0o700 });
  chownSync(cache, 1000, 1000);
  expect(find()).toBeUndefined();
  mkdirSync(retort, { mode: 0o700 });
  expect(find()).toBeUndefined();
  // Who owns the folder above can put another in its place.
  chownSync(cache, 0, 0);
  expect(find()).toBeUndefined();
  chownSync(home, 0, 0);
  expect(find()).toBe(retort);
});

test("Node keeps there what it has compiled, unless it is told not to", async () => {
  const run = (env: Readonly<Record<string, string>>) =>
    migrate(["list-templates"], { cwd: home, env: { HOME: home, ...env } });
  const compiled = join(retort, "compiled");
  const kept = (): readonly string[] => (existsSync(compiled) ? readdirSync(compiled) : []);
  const first = await run({ NODE_DISABLE_COMPILE_CACHE: "1" });
  expect(first.code).toBe(0);
  expect(kept()).toEqual([]);
  expect(await run({ RETORT_CACHE: "off" })).toEqual(first);
  expect(await run({})).toEqual(first);
  expect(kept().length > 0).toBe("enableCompileCache" in module);
  expect(await run({})).toEqual(first);
  // Not from where another could have put it.
  rmSync(compiled, { recursive: true, force: true });
  mkdirSync(retort, { recursive: true, mode: 0o700 });
  mkdirSync(compiled, { mode: 0o755 });
  expect(await run({})).toEqual(first);
  expect(kept()).toEqual([]);
});
