/**
 * The cache as the built command uses it: what it says of a file is what the grammar says, and whatever becomes of its
 * files does no harm.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keptIn, SEAL, sealed } from "../support/kept.ts";
import { type Finished, migrate } from "../support/migrate.ts";

const root = mkdtempSync(join(tmpdir(), "retort-parsed-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const plain: Readonly<Record<string, string>> = {
  "migrations/0001_first.up.sql":
    "-- revision: first\n-- parent: none\n-- message: Größe\n\nCREATE TABLE t (n int);\n",
  "migrations/0001_first.down.sql": "-- revision: first\n\nDROP TABLE t;\n",
  "migrations/0002_second.up.sql":
    "-- revision: second\n-- parent: first\n\nALTER TABLE t ADD COLUMN m int;\n",
  "migrations/0002_second.down.sql": "-- revision: second\n\nALTER TABLE t DROP COLUMN m;\n",
};

const folderOf = (project: string): string => join(root, project);

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

beforeAll(() => put(folderOf("plain"), plain));

let caches = 0;
const newCache = (): string => join(root, `cache${++caches}`);

const run = (
  project: string,
  words: string,
  cache: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> =>
  migrate(words.split(" "), { cwd: folderOf(project), env: { XDG_CACHE_HOME: cache, ...env } });

test("a body that is known makes the same statements, wherever it stands", async () => {
  const cache = newCache();
  const body = `
-- A comment of the first.
CREATE TABLE t (n int); -- behind it
/* 😀 */ ALTER TABLE t ADD COLUMN "ö" text DEFAULT '😀;'; SELECT 1

;;
-- batch: 10
DELETE FROM t WHERE n IN (SELECT n FROM t LIMIT :batch_size);
CREATE INDEX CONCURRENTLY i ON t (n)`;
  const forms = {
    "as it was": `-- revision: first\n-- parent: none\n-- transaction: none\n${body}`,
    "a longer header": `-- revision: first\n-- parent: none\n-- transaction: none\n-- message: 😀 more\n${body}`,
    "other line ends": `-- revision: first\n-- parent: none\n-- transaction: none\n${body}`.replaceAll(
      "\n",
      "\r\n",
    ),
    "another body": `-- revision: first\n-- parent: none\n-- transaction: none\n${body};\nSELECT 2;\n`,
  };
  const scripts = new Set<string>();
  for (const [form, text] of Object.entries(forms)) {
    put(folderOf("bodies"), {
      "migrations/0001_first.up.sql": text,
      "migrations/0001_first.down.sql": "-- revision: first\n\nDROP TABLE t;\n",
    });
    const words = "upgrade head --sql --no-annotate";
    const fresh = await run("bodies", words, cache, { RETORT_CACHE: "off" });
    expect(fresh.code, fresh.stderr).toBe(0);
    for (const turn of ["first", "second"]) {
      expect(await run("bodies", words, cache), `${form}, ${turn} time`).toEqual(fresh);
    }
    scripts.add(fresh.stdout);
  }
  expect(scripts.size).toBeGreaterThan(2);
  expect(keptIn(cache, "parsed-")).toHaveLength(1);
});

describe("the files of the cache", () => {
  const broken: readonly (readonly [string, (bytes: Buffer) => Uint8Array])[] = [
    ["empty", () => new Uint8Array()],
    ["cut short", (bytes) => bytes.subarray(0, -1)],
    ["cut within the seal", (bytes) => bytes.subarray(0, SEAL - 1)],
    ["garbage", (bytes) => Buffer.alloc(bytes.length, "no cache\n")],
    [
      "with flipped bytes",
      (bytes) => Buffer.from(bytes.map((byte, at) => (at % 100 === 99 ? byte ^ 0xff : byte))),
    ],
  ];

  test("are made anew when they are broken, and hold no SQL", async () => {
    const cache = newCache();
    const first = await run("plain", "upgrade head --sql", cache);
    expect(first.code).toBe(0);
    const kept = keptIn(cache, "parsed-");
    expect(kept).toHaveLength(1);
    for (const [how, breaking] of broken) {
      for (const path of kept) writeFileSync(path, breaking(readFileSync(path)));
      expect(await run("plain", "upgrade head --sql", cache), how).toEqual(first);
      for (const path of kept) {
        const bytes = readFileSync(path);
        expect(bytes.equals(sealed(bytes.subarray(SEAL))), `${basename(path)} ${how}`).toBe(true);
        expect(bytes.toString("latin1")).not.toMatch(/COLUMN m|n int/);
      }
    }
    expect(keptIn(cache, "parsed-")).toEqual(kept);
    for (const path of kept) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(cache, "retort")).mode & 0o777).toBe(0o700);
  });

  test("are not needed: RETORT_CACHE=off, or no place for them", async () => {
    const cache = newCache();
    const first = await run("plain", "upgrade head --sql", cache, { RETORT_CACHE: "off" });
    expect(first.code).toBe(0);
    expect(existsSync(cache)).toBe(false);

    const nowhere = join(root, "a file");
    writeFileSync(nowhere, "mine");
    expect(await run("plain", "upgrade head --sql", nowhere)).toEqual(first);
    put(cache, { retort: "mine" });
    expect(await run("plain", "upgrade head --sql", cache)).toEqual(first);
    expect(readFileSync(nowhere, "utf8") + readFileSync(join(cache, "retort"), "utf8")).toBe("minemine");
  });

  test("are not believed, nor made, where others can write", async () => {
    const cache = newCache();
    const first = await run("plain", "upgrade head --sql", cache);
    const [kept] = keptIn(cache, "parsed-");
    // What is sealed is believed where it may be, so that it shows who reads it.
    const facts = readFileSync(kept!).subarray(SEAL).toString("utf8");
    const lost = facts.replace('"losses":[]', '"losses":[{"kind":"drop table","object":"nothing"}]');
    writeFileSync(kept!, sealed(Buffer.from(lost)));
    const read = await run("plain", "upgrade head --sql", cache);
    expect(read.stdout).toContain("table nothing");
    expect(first.stdout).not.toContain("table nothing");
    chmodSync(kept!, 0o660);
    expect(await run("plain", "upgrade head --sql", cache)).toEqual(first);
    writeFileSync(join(root, "elsewhere"), sealed(Buffer.from(lost)));
    rmSync(kept!);
    symlinkSync(join(root, "elsewhere"), kept!);
    expect(await run("plain", "upgrade head --sql", cache)).toEqual(first);
    const files = keptIn(cache);
    chmodSync(join(cache, "retort"), 0o777);
    writeFileSync(kept!, sealed(Buffer.from(lost)));
    expect(await run("plain", "upgrade head --sql", cache)).toEqual(first);
    expect(await run("plain", "upgrade second --sql", cache)).toMatchObject({ code: 0 });
    expect(keptIn(cache)).toEqual(files);
  });

  test.skipIf(!existsSync("/proc"))("are not made where a folder cannot be, without end", async () => {
    expect(await run("plain", "upgrade head --sql", "/proc")).toMatchObject({ code: 0 });
  });

  test("go after 30 days, when another is written; what is not of them stays", async () => {
    const cache = newCache();
    const days = (count: number) => new Date(Date.now() - count * 24 * 60 * 60 * 1000);
    const [old, young, unfinished, linked] = [..."abcd"].map((digit) => `parsed-${digit.repeat(32)}`);
    const others = ["notes", "parsed-old", `parsed-${"e".repeat(31)}G`];
    for (const [name, age] of [
      [old, 31],
      [young, 29],
      [`${unfinished}.4711.1`, 31],
      ...others.map((name) => [name, 31] as const),
    ] as const) {
      put(cache, { [`retort/${name}`]: "" });
      utimesSync(join(cache, "retort", name!), days(age), days(age));
    }
    put(cache, { [`retort/parsed-${"f".repeat(32)}/is left`]: "", "theirs/old": "" });
    utimesSync(join(cache, "theirs/old"), days(31), days(31));
    symlinkSync("../theirs/old", join(cache, "retort", linked!));
    utimesSync(join(cache, `retort/parsed-${"f".repeat(32)}`), days(31), days(31));
    chmodSync(join(cache, "retort"), 0o700);
    expect(await run("plain", "upgrade head --sql", cache)).toMatchObject({ code: 0 });
    const left = keptIn(cache).map((path) => basename(path));
    expect(left).toEqual(expect.arrayContaining([young, linked, `parsed-${"f".repeat(32)}`, ...others]));
    expect(left).not.toContain(old);
    expect(left).not.toContain(`${unfinished}.4711.1`);
    expect(existsSync(join(cache, "theirs/old"))).toBe(true);
    expect(existsSync(join(cache, `retort/parsed-${"f".repeat(32)}/is left`))).toBe(true);
    // The one that was written.
    expect(left.filter((name) => /^parsed-[0-9a-f]{32}$/.test(name))).toHaveLength(4);
  });
});

/** As npm installs it: the program, and the grammars beside it. */
test("what one grammar said is not what another says", async () => {
  const place = join(root, "installed");
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  cpSync(fileURLToPath(new URL("../../dist", import.meta.url)), join(place, "dist"), { recursive: true });
  for (const name of ["libpg-query", "@pgsql/types"])
    cpSync(join(modules, name), join(place, "node_modules", name), { recursive: true });
  const grammar = join(place, "node_modules/libpg-query/wasm/index.cjs");
  const cache = newCache();
  const installed = (words: string) =>
    migrate(words.split(" "), {
      cwd: folderOf("plain"),
      env: { XDG_CACHE_HOME: cache },
      cli: join(place, "dist/bin.cjs"),
    });
  const first = await installed("upgrade head --sql");
  expect(first.code, first.stderr).toBe(0);
  expect(keptIn(cache, "parsed-")).toHaveLength(1);
  const text = readFileSync(grammar, "utf8");
  writeFileSync(
    grammar,
    `${text}\nexports.parseSync = () => { throw Object.assign(new Error("another grammar"), { sqlDetails: {} }); };\n`,
  );
  for (const words of ["upgrade head --sql", "upgrade second --sql"])
    expect((await installed(words)).stderr).toContain("another grammar");
  rmSync(dirname(dirname(grammar)), { recursive: true });
  expect(await installed("heads")).toMatchObject({ code: 0 });
});
