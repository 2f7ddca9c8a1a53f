/** `scripts/demo`, through a pipe: what a stranger must see of it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the demo goes through and shows each thing that it announces", () => {
  const { status, stdout } = spawnSync(fileURLToPath(new URL("../scripts/demo", import.meta.url)), {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(/\n3fb05c94e8d2 \(head\)\n/);
  expect(stdout).toMatch(/\npending: 1\n/);
  expect(stdout.split("\n").length).toBeLessThan(250); // to be read in five minutes
  // What is cut out of the script is found there by its text.
  expect(stdout).toMatch(/ \| -- Run: {2}psql -X /);
  expect(stdout).toMatch(/ \| -- 10 {2}\+ {2}f47209bd6ac8 {2}add a total to orders /);
  expect(stdout).toMatch(
    / \| ALTER TABLE shop\.orders[\s\S]* \| CALL retort\.end_upgrade\('f47209bd6ac8'[^\n]*\n[^\n]* COMMIT;\n/,
  );
  expect(stdout).toMatch(/ \| CREATE INDEX CONCURRENTLY/);
});
