/** Every folder of test/cases is a test; `UPDATE_CASES=1` writes what the commands printed into the folders. */
import { expect, test } from "vitest";
import { expectedOf, readCases, runCase, serverFor, updating, writeExpected } from "./support/cases.ts";
import { hasServers, servers } from "./support/server.ts";

const available = hasServers() ? servers() : [];
const mine = readCases().filter((each) => (each.needs !== undefined) === hasServers());

test.concurrent.for(mine.map((each) => [each.name, each] as const))("%s", async ([, given], context) => {
  const server = given.needs && serverFor(given, available);
  context.skip(
    given.needs !== undefined && server === undefined,
    `no PostgreSQL ${given.needs?.major} in this run`,
  );
  const outcome = await runCase(given, server);
  if (updating()) writeExpected(given, outcome);
  expect(outcome).toEqual(expectedOf(given));
});

test("a case expects something", () => {
  const silent = mine.filter((each) => {
    const { stdout, stderr, "script.sql": script } = expectedOf(each);
    return stdout + stderr + script === "";
  });
  expect(silent.map(({ name }) => name)).toEqual([]);
});
