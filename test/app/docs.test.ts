/** What is made of the docs, and what they show of scripts and of other tools' folders. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandsPage, commandsPagePath } from "../../scripts/commands-page.ts";
import { errorsPage, errorsPagePath, examplesIn, meanings } from "../../scripts/errors-page.ts";
import { ledgerPage, ledgerPagePath } from "../../scripts/ledger-page.ts";
import { manPage, manPagePath } from "../../scripts/man-page.ts";
import { rulesPage, rulesPagePath } from "../../scripts/rules-page.ts";
import { groups } from "../../src/cli/command-line.ts";
import { commandHelp, overview } from "../../src/cli/help.ts";
import { settingNames } from "../../src/core/settings.ts";
import { blocksOf, patternOf, scriptedMigrations, textOf } from "../support/documents.ts";
import { migrate } from "../support/migrate.ts";

const commands = await Promise.all(
  groups.flatMap(([, entries]) =>
    entries.map(async ([name, [, load]]) => ({ name, command: (await load()).default })),
  ),
);

test("docs/commands.md is what the commands say; else: node scripts/run.mjs scripts/docs.ts", async () => {
  expect(textOf(commandsPagePath)).toBe(await commandsPage());
});

test("docs/errors.md says what the table and the cases say; else: node scripts/run.mjs scripts/docs.ts", () => {
  expect(textOf(errorsPagePath)).toBe(errorsPage());
});

test("man/migrate.1 is what the commands say; else: node scripts/run.mjs scripts/docs.ts", async () => {
  const page = await manPage();
  expect(textOf(manPagePath)).toBe(page);
  // Where mandoc is installed, it finds nothing wrong but that the page has no date.
  const { status, stdout } = spawnSync("mandoc", ["-T", "lint", "-W", "warning", manPagePath], {
    encoding: "utf8",
  });
  if (status === null) return;
  expect(stdout.split("\n").filter((line) => line !== "" && !line.includes("missing date"))).toEqual([]);
});

test("every code of an error has its meaning, and every meaning a code", () => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join("src", file), "utf8"));
  const whole = sources.flatMap((text) => [
    ...text.matchAll(/"((?:findings|usage|source|graph|state|execution)\/[a-z0-9-]+)"/g),
  ]);
  const codes = new Set(whole.map(([, code]) => code));
  expect([...codes].filter((code) => !(code! in meanings)).sort()).toEqual([]);
  // Some are put together of a kind and a name.
  const isPutTogether = (code: string) =>
    code.startsWith("state/changed-") ||
    sources.some((text) => text.includes(`"${code.slice(code.indexOf("/") + 1)}"`));
  const isUsed = (code: string) => codes.has(code) || isPutTogether(code);
  expect(Object.keys(meanings).filter((code) => !isUsed(code))).toEqual([]);
});

/** Codes that no case shows, and why. */
const WITHOUT_EXAMPLE: Readonly<Record<string, string>> = {
  "findings/substitution": "adopt lists it as something to do by hand, and shows the code only with --json",
  "findings/version-table": "as findings/substitution",
  "source/not-text": "in a file it is source/nul-byte or source/encoding; this is for the output of a tool",
  "graph/empty-name": "an option of the API; a flag without a value is usage/empty-value",
  "state/changed-comments": "a line of verify or a warning, which do not show their codes",
  "state/changed-header": "as state/changed-comments",
  "state/hole": "as state/changed-comments",
};

test("every code of an error has an example from the cases", () => {
  const examples = examplesIn();
  const missing = Object.keys(meanings).filter((code) => !examples.has(code));
  expect(missing.sort()).toEqual(Object.keys(WITHOUT_EXAMPLE).sort());
});

test("docs/rules.md is what the rules say; else: node scripts/run.mjs scripts/docs.ts", async () => {
  expect(textOf(rulesPagePath)).toBe(await rulesPage());
});

test("docs/configuration.md has a row for each key of the config file", () => {
  const keys = textOf("docs/configuration.md")
    .match(/^\| `[\w.`, ]+ \|/gm)!
    .join();
  expect(settingNames.filter((name) => !keys.includes(`\`${name}\``))).toEqual([]);
});

test("docs/ledger.md says what the files of the ledger say; else: node scripts/run.mjs scripts/docs.ts", () => {
  expect(textOf(ledgerPagePath)).toBe(ledgerPage(textOf(ledgerPagePath)));
});

test("docs/ledger.md quotes the messages of the ledger as they are", () => {
  const sql = readdirSync("sql/ledger").map((file) => readFileSync(join("sql/ledger", file), "utf8"));
  // A long literal continues on the next line.
  const said = sql
    .join("")
    .replaceAll(/'\s*\n\s*'/g, "")
    .replaceAll("''", "'");
  const page = textOf("docs/ledger.md")
    .replaceAll(/```.*?```/gs, "")
    .replaceAll(/\s+/g, " ");
  const quoted = page
    .slice(page.indexOf(" ## What is refused "))
    .match(/`[^`]+`/g)!
    .map((span) => span.slice(1, -1))
    .filter((span) => / (?:is|has|have|are|should|do|inherits|that) /.test(span));
  // What a message says of a case, and the name of the ledger, are parameters of it.
  const unsaid = quoted.flatMap((message) =>
    message.split(/ ?(?:…|\bretort\b) ?/).filter((part) => !said.includes(part)),
  );
  expect({ enough: quoted.length > 15, unsaid }).toEqual({ enough: true, unsaid: [] });
});

test.each(commands.map(({ name, command }) => [name, command] as const))(
  "the help of %s",
  (name, command) => {
    expect(command.name).toBe(name);
    for (const width of [60, 80]) {
      const lines = [...commandHelp(command, width).split("\n"), ...overview(groups, width).split("\n")];
      expect(lines.filter((line) => line.length > width)).toEqual([]);
    }
    // A flag of all commands must not have another meaning by accident; the short ones are checked below.
    const { alias = [] } = Object.entries(command.args).find(([flag]) => flag === "check-heads")?.[1] ?? {};
    const own = Object.values(command.args).flatMap((definition) => definition.alias ?? []);
    expect(own.filter((letter) => ["n", "x", "v", "q", "h", "c"].includes(letter))).toEqual([alias].flat());
    expect(new Set(own).size).toBe(own.length);
  },
);

test("what docs/format.md says of another tool's folder gives it its headers", async () => {
  const folder = folderOf({
    "000001_users.up.sql": "CREATE TABLE users (id int);\n",
    "000001_users.down.sql": "DROP TABLE users;\n",
    "000002_orders.up.sql": "CREATE TABLE orders (id int);\n",
    "000002_orders.down.sql": "DROP TABLE orders;\n",
  });
  try {
    const before = await migrate(["history"], { cwd: folder });
    expect(before).toMatchObject({ code: 3, stdout: "" });
    expect(before.stderr.match(/error\[.*/g)).toEqual([
      "error[source/no-header] migrations looks like a folder of golang-migrate: none of its files has a header",
    ]);
    expect(before.stderr).toContain("migrate adopt migrations;");
    expect(textOf("docs/format.md")).toContain("`migrate adopt FOLDER`");
    const adopted = await migrate(["adopt", "migrations", "--to", "adopted"], { cwd: folder });
    expect(adopted).toMatchObject({
      code: 0,
      stderr:
        'wrote 4 files to adopted\nwrote migrate.config.json: "directories": ["adopted"]\n' +
        "next: on each database that golang-migrate has migrated, run: migrate adopt migrations --from-database\n",
    });
    const { stdout } = await migrate(["history"], { cwd: folder });
    expect(stdout).toBe("m000001 -> m000002 (head), orders\n<base> -> m000001, users\n");
    expect(await migrate(["upgrade", "--sql"], { cwd: folder })).toMatchObject({ code: 0 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("docs/offline-script.md shows a script as it is, and how its receipt is checked", async () => {
  const folder = folderOf(scriptedMigrations);
  try {
    const upgrade = ["upgrade", "0001:0003", "--sql", "-o", "migration.sql"];
    expect(await migrate(upgrade, { cwd: folder })).toMatchObject({ code: 0 });
    const path = join(folder, "migration.sql");
    const script = readFileSync(path, "utf8");
    const shown = blocksOf("docs/offline-script.md").filter(
      ({ language, lines }) => language === "sql" && lines[0]!.startsWith("--"),
    );
    expect(shown).toHaveLength(3);
    for (const { lines } of shown) expect(script).toMatch(new RegExp(patternOf(lines)));
    const checked = () =>
      spawnSync("sh", ["-c", shellOf("docs/offline-script.md")], { cwd: folder, encoding: "utf8" });
    expect(checked()).toMatchObject({ status: 0, stdout: "as written\n" });
    writeFileSync(path, script.replace("text is read", "text is red"));
    expect(checked()).toMatchObject({ status: 1, stdout: "" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** A new project with these files of migrations. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "retort-docs-"));
  mkdirSync(join(folder, "migrations"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "migrations", name), text);
  return folder;
}

/** The one block of a document that a shell runs. */
const shellOf = (document: string): string =>
  blocksOf(document)
    .find(({ language }) => language === "sh")!
    .lines.join("\n");
