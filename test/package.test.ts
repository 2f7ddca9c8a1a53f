/** What `npm pack` would publish: what it needs, what it weighs, and what it says where a package is missing. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "./support/migrate.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "retort-package-")));
const modules = join(scratch, "node_modules");
const home = join(modules, "pgretort");
const cli = join(home, "dist/bin.cjs");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** All that a production install brings beside the package: its dependencies, and theirs. */
function installed(names = Object.keys(manifest.dependencies)): readonly string[] {
  const own = names.flatMap((name) => {
    const text = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
    return [name, ...installed(Object.keys((JSON.parse(text) as Partial<Manifest>).dependencies ?? {}))];
  });
  return [...new Set(own)];
}

beforeAll(() => {
  const pack = ["pack", "--silent", "--pack-destination", scratch];
  const env = { PATH: process.env["PATH"] ?? "", HOME: scratch };
  const tarball = execFileSync("npm", pack, { cwd: root, env, encoding: "utf8" }).trim();
  execFileSync("tar", ["xzf", tarball], { cwd: scratch });
  mkdirSync(modules);
  renameSync(join(scratch, "package"), home);
  for (const name of installed()) {
    mkdirSync(join(modules, name, ".."), { recursive: true });
    // Copied, since a link leads back to a folder in which everything is installed.
    cpSync(join(root, "node_modules", name), join(modules, name), { recursive: true });
  }
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Bytes. */
function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) =>
    statSync(join(folder, file)),
  );
  return files.reduce((bytes, file) => bytes + (file.isFile() ? file.size : 0), 0);
}

test("a production install has at most 12 MB", () => {
  const size = sizeOf(modules);
  expect(size).toBeGreaterThan(5e6);
  expect(size).toBeLessThanOrEqual(12e6);
});

test("it names no package that is not a dependency or an optional peer", () => {
  const files = readdirSync(join(home, "dist"), { recursive: true, encoding: "utf8" });
  const named = files
    .filter((file) => /\.(?:c?js|d\.ts)$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(home, "dist", file), "utf8");
      const names = text.matchAll(
        /(?:\bfrom|\bimport|\bimport\(|\brequire\(|\.resolve\()\s*"((?:@[\w-]+\/)?[\w-]+)["/]/g,
      );
      return [...names].map(([, name]) => name!);
    });
  const allowed = [
    ...builtinModules,
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.peerDependencies),
    "node",
    // pg asks for it, and does without.
    "pg-native",
    "pgretort",
  ];
  expect(named).toContain("libpg-query");
  expect([...new Set(named)].filter((name) => !allowed.includes(name))).toEqual([]);
  expect(Object.keys(manifest.peerDependenciesMeta)).toEqual(Object.keys(manifest.peerDependencies));
});

test("both commands are there, and what is packed is what is needed", async () => {
  expect(Object.keys(manifest.bin)).toEqual(["migrate", "pgretort"]);
  for (const file of Object.values(manifest.bin)) expect(statSync(join(home, file)).mode & 0o111).toBe(0o111);
  for (const file of ["LICENSE", "README.md", "CHANGELOG.md", "migrate.config.schema.json"])
    expect(existsSync(join(home, file))).toBe(true);
  expect(readdirSync(home)).not.toContain("src");
  expect(await migrate(["--version"], { cli })).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
});

test("the notice names the packages of the bundle, with their licences", () => {
  const text = readFileSync(join(home, "dist/THIRD-PARTY-NOTICES.txt"), "utf8");
  const titles = [...text.matchAll(/^(\S+) \d\S*\n=+$/gm)].map(([, name]) => name);
  expect(titles).toEqual(
    expect.arrayContaining(["citty", "consola", "fast-glob", "jsonc-parser", "pg", "slonik", "zod"]),
  );
  expect(titles).not.toContain("libpg-query");
  for (const part of text.split(/^\S+ \d\S*\n=+$/m).slice(1))
    expect(part).toMatch(/Copyright|Apache License/i);
});

describe("in a project", () => {
  const project = join(scratch, "project");
  beforeAll(() => {
    mkdirSync(join(project, "migrations"), { recursive: true });
    symlinkSync(modules, join(project, "node_modules"));
    const header = "-- revision: a\n-- parent: none\n";
    writeFileSync(
      join(project, "migrations/0001_a.up.sql"),
      `${header}CREATE TABLE t (MERGE int);\nSELECT 1;\n`,
    );
    writeFileSync(join(project, "migrations/0001_a.down.sql"), `-- revision: a\nDROP TABLE t;\n`);
  });

  test("a script is written with no more than the production install", async () => {
    const script = await migrate(["upgrade", "head", "--sql"], { cli, cwd: project });
    expect(script).toMatchObject({ code: 0, stdout: expect.stringContaining("CREATE TABLE t (MERGE int);") });
  });

  test("the API is imported", () => {
    const program = 'import("pgretort").then((api) => console.log(typeof api.run))';
    expect(execFileSync(process.execPath, ["-e", program], { cwd: project, encoding: "utf8" })).toBe(
      "function\n",
    );
  });

  test("the embedded database says how it is installed, and leaves no lock behind", async () => {
    const asked = await migrate(["upgrade", "--database", "pglite:./data"], { cli, cwd: project });
    expect(asked).toMatchObject({ code: 2, stdout: "" });
    expect(asked.stderr).toContain("error[usage/no-package]");
    expect(asked.stderr).toContain("hint: npm install -D pgretort @electric-sql/pglite\n");
    expect(readdirSync(project).sort()).toEqual(["migrations", "node_modules"]);
  });

  test("what compares schemas says how it is installed", async () => {
    mkdirSync(join(project, "schema"), { recursive: true });
    writeFileSync(join(project, "schema/t.sql"), "CREATE TABLE u ();\n");
    const words = ["revision", "--autogenerate", "-m", "u"];
    const asked = await migrate(words, { cli, cwd: project });
    expect(asked).toMatchObject({ code: 2, stdout: "" });
    expect(asked.stderr).toContain("error[usage/no-package]");
    expect(asked.stderr).toMatch(/hint: npm install -D pgretort @\S+\n/);
  });
});
