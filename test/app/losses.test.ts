/** What is said of a call: the functions that any file of the project creates are looked into, and no other file is. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type MigrationText, project } from "../support/project.ts";

const down = { kind: "downgrade", target: "c:b" } as const;

/** What the down file of c does, after two others. */
async function losses(a: MigrationText, b: MigrationText, downC: string): Promise<readonly string[]> {
  const { plan } = project({ a, b, c: { up: "SELECT 1;", down: downC } });
  const { steps, batches } = await plan(down);
  const found = steps.flatMap((step) => step.losses ?? []);
  const above = batches.flatMap(({ statements }) => statements.flatMap((each) => each.losses ?? []));
  expect(found).toEqual(above);
  return found.map(({ effect, object, by }) => `${effect} ${object}${by === undefined ? "" : ` by ${by}`}`);
}

const purge = "CREATE FUNCTION purge() RETURNS void LANGUAGE sql AS 'DELETE FROM t';";

test.for<readonly [a: string, b: string, called: string, ...found: string[]]>([
  ["SELECT 1;", "SELECT 1;", "SELECT purge();", "not-known purge"],
  [purge, "SELECT 1;", "SELECT purge();", "takes-away t by purge"],
  [purge, "SELECT 1;", "SELECT x.purge();", "takes-away t by x.purge"],
  [purge, "SELECT 1;", "DO $$ BEGIN PERFORM purge(); END $$;", "takes-away t by purge"],
  [purge, "SELECT 1;", 'SELECT "Purge"();', "not-known Purge"],
  [purge.replace("purge", '"Purge"'), "SELECT 1;", 'SELECT "Purge"();', "takes-away t by Purge"],
  // Whichever version is meant.
  [
    purge,
    purge.replace("CREATE", "CREATE OR REPLACE").replace("FROM t", "FROM u"),
    "SELECT purge();",
    "takes-away t by purge",
    "takes-away u by purge",
  ],
  [
    "SELECT 1;",
    "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'begin truncate t; end';",
    "CALL p();",
    "takes-away t by p",
  ],
  // In a chain, whose links lie in several files.
  [
    "CREATE FUNCTION inner_one() RETURNS void LANGUAGE plpgsql AS $$ begin execute 'x'; end $$;",
    "CREATE FUNCTION outer_one() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT inner_one(), lost(); END;",
    "SELECT outer_one();",
    "not-known inner_one",
    "not-known lost",
  ],
  // A loop ends.
  [
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'begin perform g(); end';",
    "CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS 'begin perform f(); update t set a = 1; end';",
    "SELECT f();",
    "overwrites t.a by g",
  ],
  [purge, "SELECT 1;", "SELECT now();"],
])("%s %s %s: %s", async ([a, b, called, ...found]) => {
  expect(await losses(a, b, called)).toEqual(found);
});

test("a file that does not run is parsed only where it may create what is called; with a fault it is not known", async () => {
  const shop = project({ a: purge, b: "SELECT 1;", c: { up: "SELECT 1;", down: "SELECT purge();" } });
  const found = async () =>
    (await shop.plan(down)).steps[0]?.losses?.map(
      ({ effect, kind, object }) => `${effect} ${kind} ${object}`,
    );
  // A syntax error where nobody looks.
  writeFileSync(join(shop.folder, "0002_b.up.sql"), "-- revision: b\n-- parent: a\nselec purge();\n");
  expect(await found()).toEqual(["takes-away delete rows t"]);
  writeFileSync(join(shop.folder, "0001_a.up.sql"), `-- revision: a\n-- parent: none\n${purge}\nselec;\n`);
  expect(await found()).toEqual(["not-known call purge"]);
});
