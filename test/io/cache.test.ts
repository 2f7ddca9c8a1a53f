/** The cache of what files say: unchanged files are not read, changed ones are, and a broken cache is none. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readMigrations } from "../../src/io/directory.ts";

let root: string;
let folder: string;
let env: Record<string, string>;

const up = (n: number, body = "SELECT 1;"): string =>
  `-- revision: r${n}\n-- parent: ${n === 1 ? "none" : `r${n - 1}`}\n\n${body}\n`;
const fileOf = (n: number): string => join(folder, `${String(n).padStart(4, "0")}_m.up.sql`);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "retort-cache-"));
  folder = join(root, "migrations");
  env = { XDG_CACHE_HOME: join(root, "cache") };
  mkdirSync(folder);
  const before = new Date(Date.now() - 60_000);
  for (let n = 1; n <= 120; n += 1) {
    for (const [path, text] of [
      [fileOf(n), up(n)],
      [fileOf(n).replace(".up.", ".down."), `-- revision: r${n}\n`],
    ] as const) {
      writeFileSync(path, text);
      utimesSync(path, before, before);
    }
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = () => readMigrations(["migrations"], { cwd: root, env });
const cacheFile = (): string => {
  const [name] = readdirSync(join(root, "cache/retort"));
  return join(root, "cache/retort", name!);
};

/** The change time cannot be set, and a file changed within two seconds is not kept. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 2100));

test("the same migrations come from the cache, without their texts being read", async () => {
  await settle();
  const first = await read();
  const written = statSync(cacheFile()).mtimeMs;
  const second = await read();
  expect(
    second.map(({ up, ...rest }) => ({ ...rest, up: { ...up, source: up.source.text }, down: undefined })),
  ).toEqual(
    first.map(({ up, ...rest }) => ({ ...rest, up: { ...up, source: up.source.text }, down: undefined })),
  );
  expect(statSync(cacheFile()).mtimeMs).toBe(written);
  expect(readFileSync(cacheFile(), "utf8")).not.toContain("SELECT");
});

test("a changed file is read again, and a broken cache is none", async () => {
  await settle();
  await read();
  writeFileSync(fileOf(7), up(7, "SELECT 2;"));
  const changed = await read();
  expect(changed[6]!.up.source.text).toContain("SELECT 2;");
  const text = readFileSync(cacheFile(), "utf8");
  for (const broken of ["", "no cache", text.slice(0, -1), `${text} `]) {
    writeFileSync(cacheFile(), broken);
    expect((await read()).length).toBe(120);
  }
});

test("a file that is not what the cache says stops the command", async () => {
  await settle();
  await read();
  const lazy = await read();
  writeFileSync(fileOf(9), up(9, "SELECT 3;"));
  expect(() => lazy[8]!.up.source.text).toThrow("changed while it was being read");
});
