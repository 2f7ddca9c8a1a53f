import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandsPage, commandsPagePath } from "../../scripts/commands-page.ts";
import { groups } from "../../src/cli/command-line.ts";
import { commandHelp } from "../../src/cli/help.ts";
import { migrate } from "../support/migrate.ts";

const commands = await Promise.all(
  groups.flatMap(([, entries]) =>
    entries.map(async ([name, [, load]]) => ({ name, command: (await load()).default })),
  ),
);

test("docs/commands.md is what the commands say; else: node scripts/run.mjs scripts/docs.ts", async () => {
  expect(readFileSync(new URL(`../../${commandsPagePath}`, import.meta.url), "utf8")).toBe(
    await commandsPage(),
  );
});

test.each(commands.map(({ name, command }) => [name, command] as const))(
  "the help of %s",
  (name, command) => {
    const help = commandHelp(command);
    expect(command.name).toBe(name);
    // A command line that is longer stands alone on its line, so that it can be copied.
    const long = help.split("\n").filter((line) => line.length > 80 && !line.startsWith("  migrate "));
    expect(long).toEqual([]);
    // A flag of all commands must not have another meaning by accident; the short ones are checked below.
    const { alias = [] } = Object.entries(command.args).find(([flag]) => flag === "check-heads")?.[1] ?? {};
    const own = Object.values(command.args).flatMap((definition) => definition.alias ?? []);
    expect(own.filter((letter) => ["n", "x", "v", "q", "h", "c"].includes(letter))).toEqual([alias].flat());
    expect(new Set(own).size).toBe(own.length);
  },
);

test("the loop in docs/format.md gives another tool's folder its headers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "retort-headers-"));
  try {
    mkdirSync(join(folder, "migrations"));
    for (const [name, text] of Object.entries({
      "000001_users.up.sql": "CREATE TABLE users (id int);\n",
      "000001_users.down.sql": "DROP TABLE users;\n",
      "000002_orders.up.sql": "CREATE TABLE orders (id int);\n",
      "000002_orders.down.sql": "DROP TABLE orders;\n",
    }))
      writeFileSync(join(folder, "migrations", name), text);
    const before = await migrate(["history"], { cwd: folder });
    expect(before).toMatchObject({ code: 3, stdout: "" });
    expect(before.stderr.match(/error\[.*/g)).toEqual([
      "error[source/no-header] none of the 4 files has a header",
    ]);
    const page = readFileSync(new URL("../../docs/format.md", import.meta.url), "utf8");
    const loop = /```sh\n(.*?)```/s.exec(page)![1]!;
    expect(spawnSync("sh", ["-c", loop], { cwd: folder, encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
    const { stdout } = await migrate(["history"], { cwd: folder });
    expect(stdout).toBe("m000001 -> m000002 (head), orders\n<base> -> m000001, users\n");
    expect(await migrate(["upgrade", "--sql"], { cwd: folder })).toMatchObject({ code: 0 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
