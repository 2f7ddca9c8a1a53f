/** Hostile text in files, in the configuration, in the environment and on the command line: none of it is printed as it is. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/folders.ts";
import { harmlessHere, hostile, hostileLine } from "../support/hostile.ts";

/** A folder of these files, by name. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder("retort-hostile-");
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
}

/** What a file name can hold: no slash. */
const name = hostile.replaceAll("/", "");
const shown = "h\\u001b]0;owned\\u0007";

const up = (id: string, parent: string, more = "", body = "SELECT 1;\n"): string =>
  `-- revision: ${id}\n-- parent: ${parent}\n${more}\n${body}`;
const down = (id: string): string => `-- revision: ${id}\n\nSELECT 1;\n`;

/** Characters that a header may hold. */
const message = "m\u202eevil\u2066\u200f\u061c\u2028FORGED\ufeff!";

const sound = {
  [`sql/0001_a${name}.up.sql`]: up("a", "none", `-- message: ${message}\n-- branch-labels: web\n`),
  [`sql/0001_a${name}.down.sql`]: down("a"),
  "sql/0002_b.up.sql": up("b", "a", `-- message: ${message}\n`),
  "sql/0002_b.down.sql": down("b"),
  "sql/0002_c.up.sql": up("c", "a", `-- message: ${message}\n`),
  "sql/0002_c.down.sql": down("c"),
  [`templates/t${name}.sql`]: `-- description: ${message}\n\nSELECT 1;\n`,
  "migrate.config.json": JSON.stringify({ directories: ["sql"], templates: "templates" }),
};

test.each([
  "history",
  "history -v",
  "history --json",
  "heads",
  "heads -v",
  "heads --json",
  "branches",
  "branches -v",
  "branches --json",
  "show a",
  "show b --json",
  "graph",
  "graph -v",
  "graph --format mermaid",
  "graph --format dot",
  "graph --json",
  "check --single-head",
  "check --single-head --json",
  "list-templates",
  "list-templates -v",
  "list-templates --json",
  "upgrade heads --sql --json",
  "upgrade heads --sql --split out",
  "upgrade heads --raiseerr",
  "revision -m x",
  "revision -m x --json",
  "merge heads",
])("migrate %s", async (words) => {
  const printed = await harmlessHere(words.split(" "), { cwd: folderOf(sound) });
  expect(printed).not.toBe("");
});

test("a file's name and a message are shown, escaped", async () => {
  const cwd = folderOf(sound);
  expect(await harmlessHere(["show", "a"], { cwd })).toContain(`sql/0001_a${shown}`);
  expect(await harmlessHere(["history"], { cwd })).toContain("m\\u202eevil\\u2066");
  expect(JSON.parse(await harmlessHere(["show", "b", "--json"], { cwd }))).toMatchObject({
    revisions: [{ message }],
  });
});

test.each<readonly [what: string, files: Record<string, string>, words: string]>([
  ["a file that is no migration", { [`sql/0003_${name}.sql`]: "" }, "heads"],
  ["a key", { "sql/0003_d.up.sql": up("d", "b", `-- messsage: ${hostileLine}\n`) }, "heads"],
  ["a value", { "sql/0003_d.up.sql": up("d", "b", `-- lock-timeout: ${hostileLine}\n`) }, "heads"],
  ["a message", { "sql/0003_d.up.sql": up("d", "b", `-- message: ${hostileLine}\n`) }, "heads"],
  ["an id", { "sql/0003_d.up.sql": up(`d${hostileLine}`, "b") }, "heads"],
  ["a parent", { "sql/0003_d.up.sql": up("d", hostileLine) }, "heads"],
  ["a label", { "sql/0003_d.up.sql": up("d", "b", `-- branch-labels: ${hostileLine}\n`) }, "heads"],
  [
    "a statement",
    { "sql/0003_d.up.sql": up("d", "b", "", `SELEC '${hostile}';\n`), "sql/0003_d.down.sql": down("d") },
    "upgrade d --sql",
  ],
  [
    "a name in a statement that is refused",
    {
      "sql/0003_d.up.sql": up("d", "b", "", `CREATE TABLE "${hostile}" (); SAVEPOINT "${hostile}";\n`),
      "sql/0003_d.down.sql": down("d"),
    },
    "upgrade d --sql",
  ],
  ["a template", { [`templates/u.sql`]: `-- ${hostileLine}: x\n` }, "revision -m x --head b -t u"],
  ["the configuration", { "migrate.config.json": `{"directories": ["${hostile}"]` }, "heads"],
  ["a key of the configuration", { "migrate.config.json": JSON.stringify({ [hostile]: 1 }) }, "heads"],
  [
    "a value of the configuration",
    { "migrate.config.json": JSON.stringify({ lockTimeout: hostile }) },
    "heads",
  ],
  ["a folder", { "migrate.config.json": JSON.stringify({ directories: [hostile] }) }, "heads"],
  ["a variable", { "migrate.config.json": `{"directories": ["\${${hostileLine}}"]}` }, "heads"],
  [
    "an environment",
    { "migrate.config.json": JSON.stringify({ environments: { [hostile]: {} } }) },
    "heads -n x",
  ],
  ["a pattern", { "migrate.config.json": JSON.stringify({ fileName: `{${hostile}}` }) }, "heads"],
  ["the environment's file", { ".env": `DATABASE_URL='postgres://${hostile}'\n` }, "config"],
  ["another in it", { ".env": `${hostileLine}\n` }, "config"],
])("what is wrong with %s", async (_what, files, words) => {
  const cwd = folderOf({ ...sound, ...files });
  for (const more of ["", " --json", " --raiseerr"])
    expect(await harmlessHere(`${words}${more}`.split(" "), { cwd })).not.toBe("");
});

test.each([
  [[hostile]],
  [["show", hostile]],
  [["upgrade", hostile, "--sql"]],
  [["history", "-r", `${hostile}:`]],
  [["history", `--${hostile}`]],
  [["graph", "--format", hostile]],
  [["upgrade", "--sql", "--client", hostile]],
  [["upgrade", "--sql", "--server-version", hostile]],
  [["upgrade", "b", "--sql", "--lock-timeout", hostile]],
  [["upgrade", "b", "--sql", "-o", `${hostile}/x`]],
  [["upgrade", "--database", `postgres://${hostile}@127.0.0.1:1/${hostile}`]],
  [["config", "--database", `postgres://u@127.0.0.1:1/${encodeURIComponent(hostile)}`]],
  [["heads", "-c", hostile]],
  [["heads", "-n", hostile]],
  [["heads", "-x", hostile]],
  [["heads", "--directory", hostile]],
  [["receipt", hostile]],
  [["init", `new${name}`]],
  [["init", "-t", hostile]],
  [["revision", "-m", hostile, "--head", "b"]],
  [["revision", "-m", "x", "--head", hostile]],
  [["revision", "-m", "x", "--head", "b", "--branch-label", hostile]],
  [["revision", "-m", "x", "--head", "b", "--rev-id", hostile]],
  [["revision", "-m", "x", "--head", "b", "-t", hostile]],
  [["revision", "-m", "x", "--head", "b", "--version-path", hostile]],
  [["edit", "a"]],
])("migrate %j", async (words) => {
  const cwd = folderOf(sound);
  for (const more of [[], ["--json"], ["--raiseerr"]])
    expect(await harmlessHere([...words, ...more], { cwd, env: { EDITOR: `false '${hostile}'` } })).not.toBe(
      "",
    );
});

test("migrate config, of an environment that attacks", async () => {
  const env = {
    PGHOST: "127.0.0.1",
    PGPORT: "1",
    PGUSER: hostile,
    PGDATABASE: hostile,
    PGAPPNAME: hostile,
    PGOPTIONS: hostile,
    PGSSLMODE: hostile,
  };
  const config = JSON.stringify({ directories: ["sql"], role: hostile, searchPath: [hostile] });
  const cwd = folderOf({ ...sound, "migrate.config.json": config });
  const { PGSSLMODE: _, ...others } = env;
  for (const each of [env, others])
    expect(await harmlessHere(["config"], { cwd, env: each })).toContain("\\u001b]0;owned");
});
