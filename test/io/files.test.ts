/** Text → a file: whole, under its own name, and never through a link that another may have put there. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { outputs, refuseForeign } from "../../src/app/write-output.ts";
import { isEmptyDirectory, readMigrations, sqlBelow } from "../../src/io/directory.ts";
import { replaceDump } from "../../src/io/dump-folder.ts";
import { readText } from "../../src/io/files.ts";
import { hasSchemaFolder, readSchemaFolder } from "../../src/io/schema-folder.ts";
import { readTemplates } from "../../src/io/templates.ts";
import { cannotCreate, writeFiles } from "../../src/io/write-files.ts";
import { builtCli } from "../support/cases.ts";
import { migrate } from "../support/migrate.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "retort-files-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const at = (name: string): string => join(cwd, name);
const read = (name: string): string => readFileSync(at(name), "utf8");
const write = (path: string): Promise<void> => writeFiles([{ path, pieces: ["new", " text"] }], { cwd });

test("a file that cannot be read: none, a link to none, a pipe, a folder, one in Latin-1", () => {
  writeFileSync(at("latin1"), Buffer.from("a\n\u00e9", "latin1"));
  symlinkSync("nowhere", at("link"));
  mkdirSync(at("folder"));
  const hintOf = (name: string): unknown => {
    try {
      return readText(name, { cwd });
    } catch (error) {
      return (error as { hint?: string }).hint;
    }
  };
  execFileSync("mkfifo", [at("pipe")]);
  symlinkSync("pipe", at("piped"));
  expect(["none", "link", "pipe", "piped", "folder", "latin1"].map(hintOf)).toEqual([
    "name an existing file",
    "mend the symbolic link, or remove it",
    "write what comes from there to a file, and name that",
    "write what comes from there to a file, and name that",
    "check that it is a file that this user can read",
    "save it as UTF-8",
  ]);
  expect(() => readText("latin1", { cwd })).toThrow("cannot read latin1: line 2 is not UTF-8");
});

test("a path that the system does not follow is told as such, whatever is done with it", async () => {
  // As one in a folder that this user may not enter, which a test that root runs cannot have.
  symlinkSync("loop", at("loop"));
  const reason = "too many symbolic links encountered";
  const orElse = "";
  const made: readonly [work: () => unknown, code: string, message: string][] = [
    [() => readText("loop/x", { cwd }), "usage/unreadable-file", `cannot read loop/x: ${reason}`],
    [() => refuseForeign({ cwd }, outputs.script, "loop/x"), "", ""],
    [() => write("loop/x"), "usage/cannot-write", `cannot create loop/x: ${reason}`],
    [
      () => replaceDump("loop", [{ path: "a.sql", text: "" }], { cwd }),
      "usage/cannot-write",
      "cannot create loop: file already exists",
    ],
    [
      () => hasSchemaFolder(at("loop"), { cwd }),
      "usage/unreadable-directory",
      `cannot read the directory loop: ${reason}`,
    ],
    [
      () => readSchemaFolder(at("loop"), { cwd, orElse }),
      "usage/unreadable-directory",
      `cannot read the directory loop: ${reason}`,
    ],
    [
      () => readTemplates(at("loop"), { cwd }),
      "usage/unreadable-directory",
      `cannot read the directory loop: ${reason}`,
    ],
    [
      () => isEmptyDirectory("loop", { cwd }),
      "usage/unreadable-directory",
      `cannot read the directory loop: ${reason}`,
    ],
    [() => sqlBelow(at("loop")), "", ""],
  ];
  for (const [work, code, message] of made) {
    if (code === "") await work();
    else await expect((async () => work())()).rejects.toMatchObject({ code, message });
  }
});

test("a file that is compressed is told as that, whoever reads it", async () => {
  const made: readonly (readonly [string, readonly number[]])[] = [
    ["gzip", [0x1f, 0x8b, 8, 0, 0xff]],
    ["zip", [0x50, 0x4b, 3, 4, 0xff]],
    ["zstd", [0x28, 0xb5, 0x2f, 0xfd, 0xff]],
    ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0xff]],
    ["bzip2", [...Buffer.from("BZh91AY&SY"), 0xff]],
  ];
  for (const [name, bytes] of made) {
    writeFileSync(at("0001_a.up.sql"), Buffer.from(bytes));
    expect(() => readText("0001_a.up.sql", { cwd })).toThrow(
      expect.objectContaining({
        code: "usage/unreadable-file",
        message: `0001_a.up.sql is compressed (${name})`,
        hint: "unpack it first",
      }),
    );
    await expect(readMigrations(["."], { cwd })).rejects.toMatchObject({
      diagnostics: [
        { code: "source/encoding", message: `the file is compressed (${name})`, hint: "unpack it first" },
      ],
    });
  }
});

test("an archive of pg_dump is told as that, with what makes SQL of it", () => {
  writeFileSync(at("s.sql"), Buffer.from([...Buffer.from("PGDMP"), 1, 15, 0, 4, 8, 0xff]));
  expect(() => readText("s.sql", { cwd })).toThrow(
    expect.objectContaining({
      message: "s.sql is an archive of pg_dump, and no SQL",
      hint: "make SQL of it: pg_restore --schema-only -f s.sql.new s.sql && mv s.sql.new s.sql",
    }),
  );
});

test("a file in UTF-16 is told as that", () => {
  writeFileSync(at("s.sql"), Buffer.from("\ufeffSELECT 1;", "utf16le"));
  expect(() => readText("s.sql", { cwd })).toThrow(
    expect.objectContaining({
      code: "usage/unreadable-file",
      message: "s.sql is UTF-16, not UTF-8",
      hint: expect.stringMatching(
        /: iconv -f UTF-16 -t UTF-8 s\.sql > s\.sql\.new && mv s\.sql\.new s\.sql$/,
      ),
    }),
  );
});

test("of several files one that cannot be written keeps all as they were; a folder and a full disk are told as such", async () => {
  mkdirSync(at("b.sql"));
  writeFileSync(at("a.sql"), "old");
  const files = ["a.sql", "b.sql", "c.sql"].map((path) => ({ path, pieces: ["new"] }));
  await expect(writeFiles(files, { cwd })).rejects.toMatchObject({
    message: "cannot create b.sql: it is a folder",
    hint: "nothing was written; name a file",
  });
  await expect(writeFiles([{ path: "c/", pieces: ["new"] }], { cwd })).rejects.toThrow(
    "cannot create c/: the slash at its end makes it a folder",
  );
  expect(read("a.sql")).toBe("old");
  expect(readdirSync(cwd).sort()).toEqual(["a.sql", "b.sql"]);
  const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", errno: -28 });
  expect(cannotCreate("c.sql", full, ["a.sql"])).toMatchObject({
    message: "cannot create c.sql: no space left on device",
    hint: "only a.sql was written; free some space and try again",
  });
});

test("a second text that fails half way takes the first one's place from it", async () => {
  function* broken(): Iterable<string> {
    yield "half";
    throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC", errno: -28 });
  }
  const files = [
    { path: "d.sql", pieces: ["new"] },
    { path: "u.sql", pieces: broken() },
  ];
  await expect(writeFiles(files, { cwd })).rejects.toMatchObject({
    hint: "nothing was written; free some space and try again",
  });
  expect(readdirSync(cwd)).toEqual([]);
});

test("where one cannot be put in its place, those before it are put back: a file, a link, one that is new", async () => {
  writeFileSync(at("a.sql"), "old");
  chmodSync(at("a.sql"), 0o640);
  symlinkSync("nowhere", at("link.sql"));
  function* disturbing(): Iterable<string> {
    mkdirSync(at("d.sql"));
    yield "new";
  }
  const files = ["a.sql", "link.sql", "c.sql", "d.sql"].map((path) => ({ path, pieces: ["new"] }));
  await expect(
    writeFiles([...files, { path: "e.sql", pieces: disturbing() }], { cwd }),
  ).rejects.toMatchObject({
    message: "cannot create d.sql: illegal operation on a directory",
    hint: "nothing was written; it is a folder; name a file",
  });
  expect(read("a.sql")).toBe("old");
  expect(statSync(at("a.sql")).mode & 0o777).toBe(0o640);
  expect(readlinkSync(at("link.sql"))).toBe("nowhere");
  expect(readdirSync(cwd).sort()).toEqual(["a.sql", "d.sql", "link.sql"]);
});

test.skipIf(!existsSync("/dev/full"))(
  "of what may have got a part it is not said that it got none",
  async () => {
    await expect(writeFiles([{ path: "/dev/full", pieces: ["new"] }], { cwd })).rejects.toMatchObject({
      message: "cannot write to /dev/full: no space left on device",
      hint: "free some space and try again",
    });
  },
);

test("what is written to comes last, since it cannot be put back", async () => {
  await made("mkfifo", [at("pipe")]);
  writeFileSync(at("b.sql"), "old");
  const files = [
    { path: "pipe", pieces: ["new"] },
    { path: "b.sql", before: null, pieces: ["new"] },
  ];
  await expect(writeFiles(files, { cwd })).rejects.toMatchObject({ code: "usage/file-exists" });
  expect(read("b.sql")).toBe("old");
});

describe("changes", () => {
  const contents = () => Object.fromEntries(readdirSync(cwd).map((name) => [name, read(name)]));

  test("a byte order mark, the permissions and a link stay", async () => {
    writeFileSync(at("a"), "\uFEFFold");
    chmodSync(at("a"), 0o640);
    symlinkSync("a", at("link"));
    const files = [
      { path: "link", before: "old", pieces: ["new"] },
      { path: "b", before: null, pieces: ["b"] },
    ];
    await writeFiles(files, { cwd });
    expect(contents()).toEqual({ a: "\uFEFFnew", link: "\uFEFFnew", b: "b" });
    expect(statSync(at("a")).mode & 0o777).toBe(0o640);
    expect(readlinkSync(at("link"))).toBe("a");
  });

  test.each([
    ["has changed since", { path: "b", before: "other", pieces: ["new"] }, "usage/file-changed"],
    ["is there already", { path: "b", before: null, pieces: ["new"] }, "usage/file-exists"],
    ["has no folder", { path: "none/c", before: null, pieces: ["new"] }, "usage/cannot-write"],
  ])("where one %s, all stay as they are", async (_, change, code) => {
    writeFileSync(at("a"), "old");
    writeFileSync(at("b"), "b");
    chmodSync(at("a"), 0o600);
    const files = [
      { path: "a", before: "old", pieces: ["new"] },
      { path: "d", before: null, pieces: ["d"] },
    ];
    await expect(writeFiles([...files, change], { cwd })).rejects.toMatchObject({ code });
    expect(contents()).toEqual({ a: "old", b: "b" });
    expect(statSync(at("a")).mode & 0o777).toBe(0o600);
  });
});

describe("writeFiles with one file", () => {
  test("makes a file, and replaces one", async () => {
    await write("o.sql");
    expect(read("o.sql")).toBe("new text");
    writeFileSync(at("o.sql"), "old, and longer than the other");
    await write("o.sql");
    expect(read("o.sql")).toBe("new text");
    expect(readdirSync(cwd)).toEqual(["o.sql"]);
  });

  test("writes into no file that was there before under a temporary name", async () => {
    writeFileSync(at("victim"), "kept");
    const seen: string[] = [];
    function* pieces() {
      seen.push(...readdirSync(cwd).filter((name) => name.endsWith(".part")));
      yield "x";
    }
    symlinkSync("victim", at(`o.sql.${process.pid}.part`));
    await writeFiles([{ path: "o.sql", pieces: pieces() }], { cwd });
    await writeFiles([{ path: "o.sql", pieces: pieces() }], { cwd });
    expect(read("victim")).toBe("kept");
    const own = seen.filter((name) => name !== `o.sql.${process.pid}.part`);
    expect(own).toHaveLength(2);
    for (const name of own) expect(name).toMatch(/^o\.sql\.[0-9a-f]{16}\.part$/);
    expect(new Set(own).size).toBe(2);
  });

  test.each(["a file", "nothing", "a folder", "a pipe"])("replaces a link to %s", async (what) => {
    if (what === "a file") writeFileSync(at("there"), "kept");
    if (what === "a folder") mkdirSync(at("there"));
    if (what === "a pipe") await made("mkfifo", [at("there")]);
    symlinkSync("there", at("o.sql"));
    await write("o.sql");
    expect(lstatSync(at("o.sql")).isFile()).toBe(true);
    expect(read("o.sql")).toBe("new text");
    if (what === "a file") expect(read("there")).toBe("kept");
    expect(existsSync(at("there"))).toBe(what !== "nothing");
  });

  test("writes to a pipe", async () => {
    await made("mkfifo", [at("pipe")]);
    const reader = spawn("cat", [at("pipe")]);
    let text = "";
    reader.stdout.on("data", (bytes: Buffer) => (text += bytes));
    await write("pipe");
    await new Promise((resolve) => reader.on("close", resolve));
    expect(text).toBe("new text");
    expect(lstatSync(at("pipe")).isFIFO()).toBe(true);
  });

  test("leaves nothing behind where it cannot be done", async () => {
    mkdirSync(at("folder"));
    await expect(write("folder")).rejects.toMatchObject({ code: "usage/cannot-write" });
    await expect(write("none/o.sql")).rejects.toMatchObject({
      code: "usage/cannot-write",
      hint: expect.stringContaining("create its folder first"),
    });
    expect(readdirSync(cwd)).toEqual(["folder"]);
  });
});

test("a pipe, or a device without an end, is not waited for among templates and migrations", async () => {
  await made("mkfifo", [at("0001_a.up.sql")]);
  symlinkSync("/dev/zero", at("0002_b.up.sql"));
  expect(() => readText("0001_a.up.sql", { cwd })).toThrow(
    "cannot read 0001_a.up.sql: it is not a regular file",
  );
  expect(() => readTemplates(cwd, { cwd })).toThrow("it is not a regular file");
  await expect(readMigrations(["."], { cwd })).rejects.toMatchObject({
    diagnostics: [
      { code: "source/unreadable", location: { path: "0001_a.up.sql" } },
      { code: "source/link-outside", location: { path: "0002_b.up.sql" } },
    ],
  });
});

describe("the command", () => {
  beforeEach(() => {
    mkdirSync(at("migrations"));
    writeFileSync(at("migrations/0001_a.up.sql"), "-- revision: a\n-- parent: none\n\nCREATE TABLE a ();\n");
    writeFileSync(at("migrations/0001_a.down.sql"), "-- revision: a\n\nDROP TABLE a;\n");
  });
  const script = (...words: string[]) => migrate(["upgrade", "head", "--sql", ...words], { cwd });

  test("-o /dev/stdout writes to what stdout is, and -o to a link replaces it", async () => {
    const { stdout } = await script();
    const shell = `'${process.execPath}' '${builtCli}' upgrade head --sql -o /dev/stdout`;
    execFileSync("sh", ["-c", `${shell} | cat > piped; ${shell} > direct`], { cwd });
    expect([read("piped"), read("direct")]).toEqual([stdout, stdout]);
    expect(lstatSync("/dev/stdout").isSymbolicLink()).toBe(true);
    writeFileSync(at("kept.sql"), "kept");
    symlinkSync("kept.sql", at("o.sql"));
    expect(await script("-o", "o.sql")).toMatchObject({ code: 0 });
    expect([read("kept.sql"), read("o.sql")]).toEqual(["kept", stdout]);
  });

  test("--split follows a link to an empty folder, and overwrites nothing", async () => {
    mkdirSync(at("empty"));
    symlinkSync("empty", at("link"));
    expect(await script("--split", "link")).toMatchObject({ code: 0 });
    expect(readdirSync(at("empty")).length).toBeGreaterThan(0);
    expect(await script("--split", "link")).toMatchObject({ code: 2 });
    symlinkSync("nowhere", at("dangling"));
    const { code, stderr } = await script("--split", "dangling");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("usage/cannot-write") });
    expect(existsSync(at("nowhere"))).toBe(false);
  });
});

function made(command: string, words: readonly string[]): Promise<void> {
  return new Promise((resolve) => spawn(command, words).on("close", () => resolve()));
}
