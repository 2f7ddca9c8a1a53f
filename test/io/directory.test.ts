import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MigrateError } from "../../src/core/errors.ts";
import { asFlags } from "../../src/core/option-names.ts";
import {
  createDirectory,
  createFiles,
  decode,
  foldersOf,
  isEmptyDirectory,
  readMigrations,
  unreadable,
} from "../../src/io/directory.ts";
import { readForeignFolder } from "../../src/io/foreign-folder.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "retort-directory-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), content);
  }
}

const UP = "-- revision: a\n-- parent: none\n-- irreversible: test\n";
const upOf = (revision: string): string => UP.replace("a\n", `${revision}\n`);

async function failure(promise: Promise<unknown>): Promise<MigrateError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof MigrateError) return error;
  throw new Error(`expected a MigrateError, not ${error}`);
}

/** `path:line:column code` of every fault, or only the code where there is no place. */
async function faults(...directories: string[]): Promise<readonly string[]> {
  const { diagnostics } = await failure(readMigrations(directories, { cwd }));
  return diagnostics.map(({ code, location: at }) =>
    at === undefined ? code : `${at.path}:${at.line}:${at.column} ${code}`,
  );
}

describe("reading", () => {
  test("several folders, in their order, each once, paths as one would type them", async () => {
    put({ "b/0001_x.up.sql": upOf("b"), "a/0002_y.up.sql": upOf("a2"), "a/0001_x.up.sql": upOf("a1") });
    symlinkSync("a", join(cwd, "link"));
    const migrations = await readMigrations(["b", "./a/", join(cwd, "a"), "link"], { cwd });
    expect(migrations.map(({ path }) => path)).toEqual([
      "b/0001_x.up.sql",
      "a/0001_x.up.sql",
      "a/0002_y.up.sql",
    ]);
  });

  test("a pattern names all folders that it fits, by name; each is still read once", async () => {
    put({
      "services/b/migrations/0001_x.up.sql": upOf("b"),
      "services/a/migrations/0001_x.up.sql": upOf("a"),
      "services/c/other/0001_x.up.sql": upOf("c"),
      "services/migrations/0001_x.up.sql": upOf("d"),
    });
    const read = async (...patterns: string[]) => {
      const found = await Promise.all(patterns.map((pattern) => foldersOf(pattern, cwd)));
      return (await readMigrations(found.flat(), { cwd })).map(({ path }) => path);
    };
    const both = ["services/a/migrations/0001_x.up.sql", "services/b/migrations/0001_x.up.sql"];
    expect(await read("services/*/migrations")).toEqual(both);
    expect(await read("services/{b,a}/migrations", "services/a/migrations")).toEqual(both);
    expect(await read("services/b/migrations", "./services/[ab]/migrations/")).toEqual(both.toReversed());
    // Links that cross would lead on for ever.
    symlinkSync("..", join(cwd, "services/up"));
    symlinkSync("../..", join(cwd, "services/a/up"));
    expect(await read("services/**/migrations")).toEqual([...both, "services/migrations/0001_x.up.sql"]);
  });

  test("the working directory is no pattern, whatever its name", async () => {
    put({ "w[1]/services/a/0001_x.up.sql": upOf("a"), "w1/services/b/0001_x.up.sql": upOf("b") });
    expect(await foldersOf("services/*", join(cwd, "w[1]"))).toEqual([join(cwd, "w[1]/services/a")]);
    expect(await faults(join(cwd, "w[1]/none"))).toEqual(["usage/missing-directory"]);
  });

  test("a pattern that fits no folder, be there a file of such a name", async () => {
    put({ "services/a/migrations": "" });
    expect(await foldersOf("services/*/migrations", cwd)).toEqual([join(cwd, "services/*/migrations")]);
    const error = await failure(readMigrations(["services/*/migrations"], { cwd }));
    expect(error).toMatchObject({
      code: "usage/missing-directory",
      message: `no directory matches ${cwd}/services/*/migrations`,
      exitCode: 2,
    });
  });

  test("a folder whose own name looks like a pattern is not taken for one", async () => {
    put({ "m[ab]/0001_x.up.sql": upOf("itself"), "ma/0001_x.up.sql": upOf("a") });
    expect(await foldersOf("m[ab]", cwd)).toEqual([join(cwd, "m[ab]")]);
    const migrations = await readMigrations(["m[ab]"], { cwd });
    expect(migrations.map(({ path }) => path)).toEqual(["m[ab]/0001_x.up.sql"]);
  });

  test("the working directory itself, and a folder that is not below it", async () => {
    put({ "0001_x.up.sql": UP });
    const [here] = await readMigrations(["."], { cwd });
    expect(here?.path).toBe("0001_x.up.sql");
    const [elsewhere] = await readMigrations([cwd], { cwd: join(cwd, "sub") });
    expect(elsewhere?.path).toBe(join(cwd, "0001_x.up.sql"));
  });

  test("an empty folder; dot files, other endings and subfolders are left alone", async () => {
    put({
      "m/.0001_x.up.sql": "?",
      "m/readme.md": "",
      "m/0001_x.up.sql.orig": "",
      "m/old/0001_x.up.sql": "?",
      "m/d.sql/x": "",
    });
    expect(await readMigrations(["m"], { cwd })).toEqual([]);
    expect(await readMigrations([], { cwd })).toEqual([]);
  });

  test("a byte order mark, any line end and any letter make no difference", async () => {
    const body = "\n-- Größe 😀 \uFFFD\nSELECT 1;\n";
    put({
      "m/0001_lf.up.sql": upOf("a") + body,
      "m/0002_crlf.up.sql": `\uFEFF${(upOf("b") + body).replaceAll("\n", "\r\n")}`,
      "m/0003_cr.up.sql": `\uFEFF${(upOf("c") + body).replaceAll("\n", "\r")}`,
    });
    const migrations = await readMigrations(["m"], { cwd });
    expect(migrations.map(({ revision }) => revision)).toEqual(["a", "b", "c"]);
    expect(new Set(migrations.map(({ up }) => up.checksum)).size).toBe(1);
    expect(migrations[1]?.up.source.text.startsWith("-- revision: b\r\n")).toBe(true);
  });

  test.each<[string, Buffer, string]>([
    [
      "Latin-1",
      Buffer.concat([Buffer.from(`${UP}-- 😀 Gr`), Buffer.from("\xf6\xdfe", "latin1")]),
      "4:8 source/encoding",
    ],
    [
      "a cut sequence after a genuine U+FFFD",
      Buffer.concat([Buffer.from(`${UP}\uFFFD😀`), Buffer.from([0xe2, 0x82])]),
      "4:3 source/encoding",
    ],
    [
      "a surrogate",
      Buffer.concat([Buffer.from(`\uFEFF${UP}`), Buffer.from([0xed, 0xa0, 0x80])]),
      "4:1 source/encoding",
    ],
    ["an overlong form", Buffer.concat([Buffer.from(UP), Buffer.from([0xc0, 0xaf])]), "4:1 source/encoding"],
    ["UTF-16 LE", Buffer.from(`\uFEFF${UP}`, "utf16le"), "1:1 source/encoding"],
    ["UTF-16 BE", Buffer.from(`\uFEFF${UP}`, "utf16le").swap16(), "1:1 source/encoding"],
    ["UTF-16 without a mark", Buffer.from(UP, "utf16le"), "1:2 source/nul-byte"],
    ["NUL", Buffer.from(`${UP}SELECT 'é\0';`), "4:10 source/nul-byte"],
  ])("refuses %s", async (_, bytes, expected) => {
    put({ "m/0001_x.up.sql": bytes });
    expect(await faults("m")).toEqual([`m/0001_x.up.sql:${expected}`]);
  });

  test("all faults of all folders come in one error", async () => {
    put({
      "m/0001_x.up.sql": Buffer.from([0xff]),
      "m/0001_x.down.sql": "-- revision: a\n",
      "m/seed.SQL": "SELECT 1;",
      "n/1_y.up.sql": "-- revision: b\n-- irreversible: x\n",
    });
    expect(await faults("n", "m")).toEqual([
      "m/0001_x.up.sql:1:1 source/encoding",
      "m/seed.SQL:1:1 source/file-name",
      "n/1_y.up.sql:1:1 source/short-number",
      "n/1_y.up.sql:1:4 source/missing-key",
    ]);
  });

  test("a link is followed inside its folder (as Kubernetes mounts files), never out of it", async () => {
    put({ "m/.data/x": UP, "elsewhere/0002_y.up.sql": upOf("b") });
    symlinkSync(".data/x", join(cwd, "m/0001_x.up.sql"));
    expect(await readMigrations(["m"], { cwd })).toHaveLength(1);
    symlinkSync("../elsewhere/0002_y.up.sql", join(cwd, "m/0002_y.up.sql"));
    symlinkSync("nowhere", join(cwd, "m/0003_z.up.sql"));
    expect(await faults("m")).toEqual([
      "m/0002_y.up.sql:1:1 source/link-outside",
      "m/0003_z.up.sql:1:1 source/unreadable",
    ]);
    rmSync(join(cwd, "m/0003_z.up.sql"));
    const { hint } = await failure(readMigrations(["m"], { cwd }));
    expect(hint).toContain("or delete the link, and have that folder read too");
    rmSync(join(cwd, "m/0002_y.up.sql"));
    expect(await readMigrations(["m", "elsewhere"], { cwd })).toHaveLength(2);
  });

  test("another tool's folder is read through the same links", () => {
    put({ "m/.data/x": "-- +goose Up", "elsewhere/y": "" });
    symlinkSync(".data/x", join(cwd, "m/1_x.sql"));
    expect(readForeignFolder("m", cwd)).toMatchObject([{ name: "1_x.sql", text: "-- +goose Up" }]);
    symlinkSync("../elsewhere/y", join(cwd, "m/2_y.sql"));
    symlinkSync("../elsewhere", join(cwd, "m/folder"));
    // Of such a folder no other is read besides.
    expect(() => readForeignFolder("m", cwd)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("the symbolic link points outside the folder"),
        hint: "put the file itself in the place of the link",
      }),
    );
  });

  test("a sibling folder whose name begins alike is outside", async () => {
    put({ "m/0001_x.up.sql": UP, "m2/y": upOf("b") });
    symlinkSync("../m2/y", join(cwd, "m/0002_y.up.sql"));
    expect(await faults("m")).toEqual(["m/0002_y.up.sql:1:1 source/link-outside"]);
  });

  test("a pipe does not make it wait", async () => {
    put({ "m/0001_x.up.sql": UP });
    execFileSync("mkfifo", [join(cwd, "m/0002_y.up.sql")]);
    expect(await faults("m")).toEqual(["m/0002_y.up.sql:1:1 source/unreadable"]);
  });

  test("no folder, or a file in its place", async () => {
    put({ file: "" });
    const error = await failure(readMigrations(["db/migrations"], { cwd, names: asFlags }));
    expect(error).toMatchObject({
      code: "usage/missing-directory",
      message: "the directory db/migrations does not exist",
      hint: "name another with --directory DIR, or create it with: mkdir -p db/migrations",
      exitCode: 2,
    });
    put({ "migrations/0001_x.up.sql": UP });
    const typo = await failure(
      readMigrations(["migration"], { cwd, origin: "migrate.config.json line 2", names: asFlags }),
    );
    expect(typo).toMatchObject({
      message: "the directory migration does not exist (from migrate.config.json line 2)",
      hint: "did you mean migrations? name another there, or create it with: mkdir -p migration",
    });
    put({ "db/other/readme": "", "db/migrations/0001_x.up.sql": UP });
    expect(await failure(readMigrations(["db/othr"], { cwd }))).toMatchObject({
      message: `the directory ${cwd}/db/othr does not exist`,
      hint: 'did you mean directories: ["db/other"]?',
    });
    // From the folder with the migrations, and from one beside it.
    put({ "db/dist/app.js": "" });
    for (const [from, meant] of [
      ["db/migrations", "."],
      ["db/dist", "../migrations"],
    ] as const) {
      const lost = readMigrations(["migrations"], { cwd: join(cwd, from), names: asFlags });
      expect(await failure(lost)).toMatchObject({ hint: `did you mean --directory ${meant}?` });
    }
    const pattern = await failure(readMigrations(["nope*"], { cwd, origin: "migrate.config.json line 2" }));
    expect(pattern).not.toMatchObject({ hint: expect.stringContaining("shell") });
    const nowhere = { hint: expect.stringMatching(/folders; correct it, or create a folder/) };
    expect(await failure(readMigrations(["nope*"], { cwd }))).toMatchObject(nowhere);
    const typed = await failure(readMigrations(["nope*"], { cwd, names: asFlags }));
    expect(typed).toMatchObject({ hint: expect.stringMatching(/; quote it, so that the shell/) });
    const files = await failure(readMigrations(["migrations/*.sql"], { cwd }));
    expect(files).toMatchObject({ hint: 'name the folder, not its files: directories: ["migrations"]' });
    expect(await faults("file")).toEqual(["usage/missing-directory"]);
    expect(await faults("file/below")).toEqual(["usage/missing-directory"]);
  });

  test.skipIf(process.getuid?.() === 0)("what may not be read is named", async () => {
    put({ "m/0001_x.up.sql": UP, "n/0001_y.up.sql": UP });
    chmodSync(join(cwd, "m/0001_x.up.sql"), 0);
    chmodSync(join(cwd, "n"), 0);
    expect(await faults("m")).toEqual(["m/0001_x.up.sql:1:1 source/unreadable"]);
    expect(await faults("n")).toEqual(["usage/unreadable-directory"]);
    chmodSync(join(cwd, "n"), 0o755);
  });

  test("a file that cannot be read is a fault of that file, whoever reads it", () => {
    expect(decode("m", cwd)).toMatchObject({ code: "source/unreadable", location: { path: "m" } });
    expect(unreadable("my m", { code: "EACCES", errno: -13 })).toMatchObject({
      message: "cannot read the file: permission denied",
      hint: 'let this user read it, for example: chmod a+r "my m"',
    });
  });
});

describe("creating", () => {
  const pair = [
    { name: "0001_x.up.sql", text: "up" },
    { name: "0001_x.down.sql", text: "down" },
  ];

  test("both files of a pair", async () => {
    expect(await createDirectory("db/m", { cwd })).toBe(true);
    expect(await createDirectory("db/m", { cwd })).toBe(false);
    expect(await isEmptyDirectory("db/m", { cwd })).toBe(true);
    writeFileSync(join(cwd, "db/m/.gitkeep"), "");
    expect(await isEmptyDirectory("db/m", { cwd })).toBe(true);
    expect(await isEmptyDirectory("nowhere", { cwd })).toBe(true);
    expect(await createFiles("db/m", pair, { cwd })).toEqual(["db/m/0001_x.up.sql", "db/m/0001_x.down.sql"]);
    expect(readFileSync(join(cwd, "db/m/0001_x.down.sql"), "utf8")).toBe("down");
    expect(await isEmptyDirectory("db/m", { cwd })).toBe(false);
  });

  test.skipIf(!existsSync("/proc/self"))("where the system takes no folders is an error, and an end", () => {
    const cli = fileURLToPath(new URL("../../dist/bin.cjs", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [cli, "init", "/proc/foo/bar"], {
      cwd,
      encoding: "utf8",
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    expect(stderr).toContain(
      "error[usage/cannot-write] cannot create /proc/foo/bar: no such file or directory",
    );
    expect(status).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("a folder below a file, or in its place, is none", async () => {
    put({ file: "" });
    for (const path of ["file", "file/below/it"]) {
      expect((await failure(createDirectory(path, { cwd }))).code).toBe("usage/cannot-write");
      expect((await failure(isEmptyDirectory(path, { cwd }))).code).toBe("usage/unreadable-directory");
    }
  });

  test("or neither: what exists is not touched", async () => {
    put({ "m/0001_x.down.sql": "mine" });
    const error = await failure(createFiles("m", pair, { cwd }));
    expect(error.code).toBe("usage/file-exists");
    expect(readdirSync(join(cwd, "m"))).toEqual(["0001_x.down.sql"]);
    expect(readFileSync(join(cwd, "m/0001_x.down.sql"), "utf8")).toBe("mine");
  });

  test("a link in the place of a new file is not written through", async () => {
    put({ "m/keep": "" });
    symlinkSync(join(cwd, "outside"), join(cwd, "m/0001_x.up.sql"));
    expect((await failure(createFiles("m", pair, { cwd }))).code).toBe("usage/file-exists");
    expect(readdirSync(cwd)).toEqual(["m"]);
  });

  test("a name too long for the system leaves nothing behind", async () => {
    put({ "m/keep": "" });
    const long = [...pair, { name: `0002_${"x".repeat(300)}.up.sql`, text: "" }];
    expect((await failure(createFiles("m", long, { cwd }))).code).toBe("usage/cannot-write");
    expect(readdirSync(join(cwd, "m"))).toEqual(["keep"]);
  });

  test.each(["../0001_x.up.sql", "a/b.sql", "a\\b.sql", "..", "", "x\0.sql"])(
    "never leaves the folder: %j",
    async (name) => {
      put({ "m/keep": "" });
      await expect(createFiles("m", [...pair, { name, text: "" }], { cwd })).rejects.toThrow(
        "cannot be the name of a new file",
      );
      expect(readdirSync(join(cwd, "m"))).toEqual(["keep"]);
    },
  );

  test("needs the folder", async () => {
    expect((await failure(createFiles("m", pair, { cwd }))).code).toBe("usage/missing-directory");
  });
});

test("a lost file is to be restored from git only where the last commit has it", async () => {
  const git = (...words: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...words], { cwd });
  const hint = async (): Promise<string | undefined> =>
    (await failure(readMigrations(["db"], { cwd }))).diagnostics[0]?.hint;
  const marking = "mark the migration as irreversible in this header: '-- irreversible: <reason>'";
  const creating = `create it, starting with '-- revision: a', or ${marking}`;
  put({ "db/0001_a.up.sql": "-- revision: a\n-- parent: none\n" });
  expect(await hint()).toBe(creating);
  put({ "db/0001_a.up.sql": "-- revision: a\n-- parent: none\n\nSELECT 1;\n-- irreversible: yes\n" });
  expect(await hint()).toContain("in this header, above line 3, not below as in line 5: '-- irreversible: <");
  put({ "db/0001_a.up.sql": "-- revision: a\n-- parent: none\n" });
  git("init", "-q");
  expect(await hint()).toBe(creating);
  put({ "db/0001_a.down.sql": "-- revision: a\n" });
  git("add", "db");
  git("commit", "-qm", "a");
  put({ "db/0001_a.down.sql": "\n" });
  expect(await hint()).toBe("it was not empty in the last commit: git checkout HEAD -- db/0001_a.down.sql");
  rmSync(join(cwd, "db/0001_a.down.sql"));
  expect(await hint()).toBe(
    `restore it from the last commit: git checkout HEAD -- db/0001_a.down.sql; or ${marking}`,
  );
  git("commit", "-qam", "lost");
  expect(await hint()).toBe(creating);

  // Its SQL may have run, and others may follow it.
  const unless = "; or, where no database has the revision,";
  const deleting = "delete this file: rm db/0001_a.down.sql";
  put({ "db/0001_a.down.sql": "-- revision: a\n" });
  git("add", "db");
  rmSync(join(cwd, "db/0001_a.up.sql"));
  const checkout = "restore it from the last commit: git checkout HEAD -- db/0001_a.up.sql";
  expect(await hint()).toBe(`${checkout}${unless} ${deleting}`);
  put({ "db/0002_b.up.sql": "-- revision: b\n-- parent: a\n", "db/0002_b.down.sql": "-- revision: b\n" });
  expect(await hint()).toBe(checkout);
  git("commit", "-qam", "lost");
  expect(await hint()).toBe(`restore it${unless} create it`);
  rmSync(join(cwd, "db/0002_b.up.sql"));
  rmSync(join(cwd, "db/0002_b.down.sql"));
  expect(await hint()).toBe(`restore it${unless} create it, or ${deleting}`);
});
