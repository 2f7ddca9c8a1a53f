/** Generated rows before an up: what is written keeps them, and what would not is refused. */
import { expect, test } from "vitest";
import { proveRows } from "../../src/app/prove-rows.ts";
import { forRows } from "../../src/core/diff/rows.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { failureOf, ownDatabase } from "../support/project.ts";
import { servers } from "../support/server.ts";
import { sessionOn } from "../support/session.ts";

const [server] = servers();

const SCHEMA = `DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s;
  CREATE TABLE s.users (id int PRIMARY KEY, name text NOT NULL, age int);
  CREATE TABLE s.orders (id int, user_id int REFERENCES s.users, kind text);
  CREATE TYPE s.mood AS ENUM ('good', 'bad'); CREATE TABLE s.days (mood s.mood, moods s.mood[]);
  CREATE TABLE s.parts (a int) PARTITION BY LIST (a); CREATE TABLE s.part PARTITION OF s.parts DEFAULT;`;

test("what keeps its rows, and what does not", { timeout: 300_000 }, async () => {
  const { url } = await ownDatabase(server!);
  const session = await sessionOn(url);
  const start = async () => {
    await session.send("ROLLBACK");
    await session.send(SCHEMA);
    return session;
  };
  const from = await readCatalog(await start(), "retort");
  const proof = (up: readonly string[], down: readonly string[]) => {
    const segments = (all: readonly string[]) => [
      { transactional: true, statements: forRows(all, from).flat() },
    ];
    return proveRows({ start, up: segments(up), down: segments(down), hidden: "retort" });
  };
  const faults = async (...way: Parameters<typeof proof>) =>
    ((await failureOf(proof(...way)))["diagnostics"] as readonly { message: string }[]).map(
      ({ message }) => message,
    );

  expect(
    await proof(
      [
        "ALTER TABLE s.users RENAME TO people",
        "ALTER TABLE s.people RENAME COLUMN name TO full_name",
        "ALTER TABLE s.people ALTER COLUMN age TYPE bigint",
        "ALTER TABLE s.orders DROP COLUMN kind",
        "ALTER TABLE s.parts DETACH PARTITION s.part",
      ],
      [
        "ALTER TABLE s.parts ATTACH PARTITION s.part DEFAULT",
        "ALTER TABLE s.orders ADD COLUMN kind text",
        "ALTER TABLE s.people ALTER COLUMN age TYPE int",
        "ALTER TABLE s.people RENAME COLUMN full_name TO name",
        "ALTER TABLE s.people RENAME TO users",
      ],
    ),
  ).toEqual([]);
  const rename = (label: string, other: string) => [
    `ALTER TYPE s.mood RENAME VALUE '${label}' TO '${other}'`,
  ];
  expect(await proof(rename("good", "fine"), rename("fine", "good"))).toEqual([]);
  expect(await faults(["UPDATE s.days SET mood = 'bad', moods = '{bad,bad}'"], [])).toEqual([
    "rows would not be kept: after the upgrade, other values in s.days.mood",
    "rows would not be kept: after the upgrade, other values in s.days.moods",
  ]);
  // The value that the author will give is made up.
  expect(
    await proof(
      ["ALTER TABLE s.users ADD COLUMN born date NOT NULL"],
      ["ALTER TABLE s.users DROP COLUMN born"],
    ),
  ).toEqual([]);
  expect(await proof(["ALTER TABLE s.users ADD CHECK (age > 100)"], [])).toEqual([
    expect.stringMatching(
      /^the rows of s\.users were not tried: check constraint .* is violated by some row$/,
    ),
  ]);
  expect(await faults(["DELETE FROM s.orders WHERE id = 1"], [])).toEqual([
    "rows would not be kept: after the upgrade, s.orders has 2 rows, and had 3",
  ]);
  expect(await faults(["ALTER TABLE s.users ALTER COLUMN age TYPE int USING age + 1"], [])).toEqual([
    "rows would not be kept: after the upgrade, other values in s.users.age",
  ]);
  expect(await faults(["ALTER TABLE s.users RENAME TO people"], ["UPDATE s.people SET name = 'x'"])).toEqual([
    "rows would not be kept: after the downgrade, other values in s.people.name",
  ]);
  await session.close();
});
