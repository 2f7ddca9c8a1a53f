import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandsPage, commandsPagePath } from "../../scripts/commands-page.ts";
import { commandHelp } from "../../src/cli/help.ts";
import { groups } from "../../src/cli/main.ts";

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
