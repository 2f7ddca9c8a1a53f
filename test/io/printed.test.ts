/**
 * The cache as the built command uses it: what was printed is printed again while nothing has changed, never
 * otherwise, and whatever becomes of the cache's files does no harm.
 */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, migrate } from "../support/migrate.ts";
import { capitalize, inCapitals, keptIn, SEAL, sealed } from "../support/printed.ts";

const root = mkdtempSync(join(tmpdir(), "retort-printed-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// ---------------------------------------------------------------------------------------------------- projects

type Files = Readonly<Record<string, string>>;

const plain: Files = {
  "migrations/0001_first.up.sql":
    "-- revision: first\n-- parent: none\n-- message: Größe\n\nCREATE TABLE t (n int);\n",
  "migrations/0001_first.down.sql": "-- revision: first\n\nDROP TABLE t;\n",
  "migrations/0002_second.up.sql":
    "-- revision: second\n-- parent: first\n\nALTER TABLE t ADD COLUMN m int;\n",
  "migrations/0002_second.down.sql": "-- revision: second\n\nALTER TABLE t DROP COLUMN m;\n",
};
const third: Files = {
  "migrations/0003_third.up.sql":
    "-- revision: third\n-- parent: first\n-- irreversible: test\n\nSELECT 1;\n",
};
const config = { "migrate.config.json": '{ "database": "postgres://ann:${WORD}@localhost/shop" }' };

/** When the projects' files were modified, they say; it can be set again. */
const past = new Date("2026-03-02T09:14:00Z");

/** What makes a command print anew, the files that are there before besides the plain ones, and the change. */
const changes: readonly (readonly [what: string, before: Files, change: (folder: string) => void])[] = [
  [
    "a file with the size and the time it had",
    {},
    (folder) => {
      const path = join(folder, "migrations/0002_second.up.sql");
      writeFileSync(path, readFileSync(path, "utf8").replace("COLUMN m", "COLUMN k"));
      utimesSync(path, past, past);
    },
  ],
  ["a down file", {}, (folder) => appendFileSync(join(folder, "migrations/0001_first.down.sql"), "\n")],
  ["a file more", {}, (folder) => put(folder, third)],
  ["a file less", third, (folder) => rmSync(join(folder, "migrations/0003_third.up.sql"))],
  [
    "another name of a file",
    third,
    (folder) =>
      renameSync(join(folder, "migrations/0003_third.up.sql"), join(folder, "migrations/0004_third.up.sql")),
  ],
  ["a .env", {}, (folder) => put(folder, { ".env": "A=b\n" })],
  ["another .env", { ".env": "A=b\n" }, (folder) => put(folder, { ".env": "A=c\n" })],
  ["a config file", {}, (folder) => put(folder, config)],
  ["another config file", config, (folder) => put(folder, { "migrate.config.json": "{}" })],
];

const large: Files = Object.fromEntries(
  Array.from({ length: 100 }, (_, index) => {
    const number = String(index + 1).padStart(4, "0");
    const parent = index === 0 ? "none" : `r${index}`;
    return [
      [
        `migrations/${number}_m.up.sql`,
        `-- revision: r${index + 1}\n-- parent: ${parent}\n\nSELECT '${"x".repeat(1000)}';\n`,
      ],
      [`migrations/${number}_m.down.sql`, `-- revision: r${index + 1}\n\nSELECT 1;\n`],
    ];
  }).flat(),
);

const projects: Readonly<Record<string, Files>> = {
  plain,
  "the same elsewhere": plain,
  "with a config file": { ...plain, ...config },
  "two heads": { ...plain, ...third },
  linked: {},
  large,
  ...Object.fromEntries(changes.map(([what, before]) => [what, { ...plain, ...before }])),
};

const folderOf = (project: string): string => join(root, project);

function put(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

beforeAll(async () => {
  for (const [project, files] of Object.entries(projects)) {
    put(folderOf(project), files);
    for (const path of Object.keys(files)) utimesSync(join(folderOf(project), path), past, past);
  }
  mkdirSync(folderOf("linked"));
  for (const [path, text] of Object.entries(plain)) {
    put(folderOf("linked"), { [`migrations/.data/${basename(path)}`]: text });
    symlinkSync(`.data/${basename(path)}`, join(folderOf("linked"), path));
  }
  // The change time cannot be set, and where a file changed within two seconds nothing is kept.
  await sleep(2200);
});

// --------------------------------------------------------------------------------------------------- the cache

let caches = 0;
const newCache = (): string => join(root, `cache${++caches}`);
/** One in which something was kept before. */
const usedCache = (): string => {
  const cache = newCache();
  mkdirSync(join(cache, "retort"), { recursive: true });
  return cache;
};

const run = (
  project: string,
  words: string,
  cache: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> =>
  migrate(words.split(" "), { cwd: folderOf(project), env: { XDG_CACHE_HOME: cache, ...env } });

/** Runs a command for the first time and proves that it is printed again; returns what it printed. */
async function keep(
  project: string,
  words: string,
  cache: string,
  env?: Readonly<Record<string, string>>,
): Promise<Finished> {
  const first = await run(project, words, cache, env);
  expect(first.code).toBe(0);
  capitalize(cache);
  expect(await run(project, words, cache, env)).toEqual(inCapitals(first));
  return first;
}

// ------------------------------------------------------------------------------------------------------- tests

describe("printed again", () => {
  test.each(["history -v", "show second", "check --single-head", "upgrade head --sql"])(
    "%s, to both streams",
    async (words) => {
      const cache = newCache();
      const first = await run("plain", words, cache);
      expect(await run("plain", words, cache)).toEqual(first);
      capitalize(cache);
      expect(await run("plain", words, cache)).toEqual(inCapitals(first));
      expect(first).not.toMatchObject({ stdout: "", stderr: "" });
      if (words.endsWith("--sql")) expect(first.stderr).toMatch(/^receipt: sha256:/);
      for (const path of keptIn(cache)) expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(join(cache, "retort")).mode & 0o777).toBe(0o700);
    },
  );

  test("not for other words, another folder, another variable that was looked at", async () => {
    const cache = newCache();
    const plainly = await keep("plain", "history", cache);
    expect(await run("plain", "history", cache, { UNRELATED: "1" })).toEqual(inCapitals(plainly));
    expect(await run("the same elsewhere", "history", cache)).toEqual(plainly);
    expect(await run("plain", "history --quiet", cache)).toEqual(plainly);
    const drawn = await keep("plain", "graph", cache);
    expect(await run("plain", "graph", cache, { NO_COLOR: "2" })).toEqual(drawn);
    await keep("plain", "history", cache);
    const url = "postgres://me:secret-password@localhost/x";
    expect(await run("plain", "history", cache, { DATABASE_URL: url })).toEqual(plainly);
    const first = await keep("with a config file", "history", cache, { WORD: "one" });
    expect(await run("with a config file", "history", cache, { WORD: "two" })).toEqual(first);
  });

  test.each(changes)("not after a change: %s", async (what, _, change) => {
    const cache = newCache();
    await keep(what, "history", cache);
    change(folderOf(what));
    const [after, without] = await Promise.all([
      run(what, "history", cache),
      run(what, "history", cache, { RETORT_CACHE: "off" }),
    ]);
    expect(after.code).toBe(0);
    expect(after).toEqual(without);
  });
});

describe("never kept", () => {
  test.each([
    ["a link among the files", "linked", "history", 0],
    ["a finding", "two heads", "check --single-head", 1],
    ["an error", "plain", "show nowhere", 4],
    ["folders found by a pattern", "plain", "history --directory m*s", 0],
  ] as const)("%s", async (_, project, words, code) => {
    const cache = usedCache();
    expect(await run(project, words, cache)).toMatchObject({ code });
    expect(keptIn(cache, "code-")).toHaveLength(1);
    expect(keptIn(cache, "printed-")).toEqual([]);
  });

  test("a file that has just been written", async () => {
    const cache = newCache();
    put(folderOf("young"), plain);
    expect(await run("young", "history", cache)).toMatchObject({ code: 0 });
    expect(keptIn(cache, "printed-")).toEqual([]);
  });

  test.each(["--output out.sql", "--split out"])("a script that is written with %s", async (flag) => {
    const cache = newCache();
    const out = join(folderOf("plain"), flag.split(" ")[1]!);
    const write = async () => {
      const finished = await run("plain", `upgrade head --sql ${flag}`, cache);
      const paths = statSync(out).isFile() ? [out] : readdirSync(out).map((name) => join(out, name));
      const texts = paths.map((path) => readFileSync(path, "utf8"));
      rmSync(out, { recursive: true });
      return { ...finished, texts };
    };
    const first = await write();
    expect(first.code).toBe(0);
    expect(first.texts.join("")).toContain("ADD COLUMN m");
    expect(await write()).toEqual(first);
  });
});

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
      (bytes) => Buffer.from(bytes.map((byte, at) => (at % 1000 === 999 ? byte ^ 0xff : byte))),
    ],
  ];

  test("are made anew when they are broken", async () => {
    const cache = usedCache();
    const first = await run("large", "upgrade head --sql", cache);
    expect(first.code).toBe(0);
    const kept = keptIn(cache);
    expect(kept.map((path) => basename(path).split("-")[0]).sort()).toEqual([
      "code",
      "files",
      "parsed",
      "printed",
    ]);
    for (const [how, breaking] of broken) {
      for (const path of kept) writeFileSync(path, breaking(readFileSync(path)));
      expect(await run("large", "upgrade head --sql", cache), how).toEqual(first);
      expect(keptIn(cache)).toEqual(kept);
      for (const path of kept) {
        const bytes = readFileSync(path);
        expect(bytes.equals(sealed(bytes.subarray(SEAL))), `${basename(path)} ${how}`).toBe(true);
      }
    }
    // Sealed as it should be, but no code.
    const [printed] = keptIn(cache, "printed-");
    const [code] = keptIn(cache, "code-");
    rmSync(printed!);
    writeFileSync(code!, sealed(Buffer.from("no code")));
    expect(await run("large", "upgrade head --sql", cache)).toEqual(first);
    expect(statSync(code!).size).toBeGreaterThan(10_000);
  });

  test("hold no code on a machine where nothing ran before: that of the build serves", async () => {
    const cache = newCache();
    const first = await run("plain", "history", cache);
    expect(keptIn(cache).map((path) => basename(path).split("-")[0])).toEqual(["printed"]);
    for (const path of keptIn(cache, "printed-")) rmSync(path);
    expect(await run("plain", "history", cache)).toEqual(first);
    expect(keptIn(cache, "code-")).toHaveLength(1);
  });

  test("are not needed: RETORT_CACHE=off, or no place for them", async () => {
    const cache = newCache();
    const first = await run("plain", "history", cache, { RETORT_CACHE: "off" });
    expect(first.code).toBe(0);
    expect(existsSync(cache)).toBe(false);

    const nowhere = join(root, "a file");
    writeFileSync(nowhere, "mine");
    expect(await run("plain", "history", nowhere)).toEqual(first);
    put(cache, { retort: "mine" });
    expect(await run("plain", "history", cache)).toEqual(first);
    expect(readFileSync(nowhere, "utf8") + readFileSync(join(cache, "retort"), "utf8")).toBe("minemine");
  });

  test("are not believed, nor made, where others can write", async () => {
    const cache = usedCache();
    await keep("plain", "history", cache);
    const files = keptIn(cache);
    chmodSync(join(cache, "retort"), 0o777);
    const { stdout } = await run("plain", "history", cache);
    expect(stdout).toContain("second");
    expect(await run("plain", "heads", cache)).toMatchObject({ code: 0 });
    expect(keptIn(cache)).toEqual(files);
  });

  test.skipIf(!existsSync("/proc"))("are not made where a folder cannot be, without end", async () => {
    expect(await run("plain", "heads", "/proc")).toMatchObject({ code: 0 });
  });

  test("are named so that the words, which may hold a password, cannot be found by trying", async () => {
    const words = "history --database postgres://ann:secret@localhost/shop";
    const names = [newCache(), newCache()].map(async (cache) => {
      expect(await run("plain", words, cache)).toMatchObject({ code: 0 });
      return keptIn(cache, "printed-").map((path) => basename(path));
    });
    const [first, second] = await Promise.all(names);
    expect(first).toHaveLength(1);
    expect(second).toHaveLength(1);
    expect(first).not.toEqual(second);
  });

  test("go after 30 days, when another is written", async () => {
    const cache = newCache();
    put(cache, { "retort/printed-old": "", "retort/printed-young": "", "retort/a folder/is left": "" });
    const days = (count: number) => new Date(Date.now() - count * 24 * 60 * 60 * 1000);
    utimesSync(join(cache, "retort/printed-old"), days(31), days(31));
    utimesSync(join(cache, "retort/printed-young"), days(29), days(29));
    utimesSync(join(cache, "retort/a folder"), days(30.5), days(30.5));
    expect(await run("plain", "history", cache)).toMatchObject({ code: 0 });
    const names = keptIn(cache, "printed-").map((path) => basename(path));
    expect(names).toHaveLength(2);
    expect(names).toContain("printed-young");
    expect(existsSync(join(cache, "retort/a folder/is left"))).toBe(true);
  });
});

/** As npm installs it: the program, and the grammars beside it. */
test("what one grammar said is not what another says", async () => {
  const place = join(root, "installed");
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  cpSync(fileURLToPath(new URL("../../dist", import.meta.url)), join(place, "dist"), { recursive: true });
  for (const name of ["libpg-query", "@pgsql/types", "pg-query-emscripten"])
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

test("messages that nobody reads change nothing, neither the first time nor again", async () => {
  const cache = newCache();
  const whole = await run("plain", "upgrade head --sql", cache, { RETORT_CACHE: "off" });
  for (const turn of ["first", "second"]) {
    const unread = await migrate(["upgrade", "head", "--sql"], {
      cwd: folderOf("plain"),
      env: { XDG_CACHE_HOME: cache },
      unread: "stderr",
    });
    expect(unread, turn).toEqual({ ...whole, stderr: "" });
  }
});

test.skipIf(!existsSync("/dev/full"))("what cannot be printed is an error", async () => {
  const cache = newCache();
  const out = openSync("/dev/full", "w");
  const cli = fileURLToPath(new URL("../../dist/bin.cjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [cli, "history"], {
    cwd: folderOf("plain"),
    env: { PATH: process.env["PATH"], NO_COLOR: "1", XDG_CACHE_HOME: cache },
    stdio: ["ignore", out, "pipe"],
    encoding: "utf8",
  });
  closeSync(out);
  expect(stderr).toMatch(/^error\[usage\/cannot-write\] what is printed cannot be written: ENOSPC.*\nhint: /);
  expect(status).toBe(2);
});

test("a reader that leaves early is no error, neither the first time nor again", async () => {
  const cache = newCache();
  const leave = () =>
    migrate(["upgrade", "head", "--sql"], {
      cwd: folderOf("large"),
      env: { XDG_CACHE_HOME: cache },
      unread: "stdout",
    });
  const quiet = { code: 0, stderr: expect.stringMatching(/^(?:receipt: .*\n)?$/) };
  expect(await leave()).toMatchObject(quiet);
  const whole = await run("large", "upgrade head --sql", cache);
  expect(whole.stdout.length).toBeGreaterThan(100_000);
  expect(keptIn(cache, "printed-")).toHaveLength(1);
  expect(await leave()).toMatchObject(quiet);
  // What is printed to a reader that left is still whole for the next.
  expect(await run("large", "upgrade head --sql", cache)).toEqual(whole);
});
