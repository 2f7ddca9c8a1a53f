/** Rows that belong to the schema: written with it, changed alone, and taken back. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { autogenerate } from "../../src/app/autogenerate.ts";
import { check } from "../../src/app/check.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const [server] = servers();

const TABLES = `CREATE SCHEMA shop;
  CREATE TABLE shop.kinds (code text PRIMARY KEY, label text UNIQUE, made timestamptz DEFAULT now());
  CREATE TABLE shop.items (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text REFERENCES shop.kinds, size numeric, tags text[]);
  CREATE TABLE shop.others (id int);`;

test("reference rows go with the schema, up and down, and only they do", async () => {
  const { url } = await ownDatabase(server!);
  const of = project({}, { referenceRows: ["shop.items", "kinds"] });
  mkdirSync(join(of.folder, "schema"));
  const folder = (rows: string, tables = TABLES) =>
    writeFileSync(join(of.folder, "schema/all.sql"), rows + tables);
  const notices: string[] = [];
  const deps = { ...of.deps, onNotice: ({ message }: { message: string }) => void notices.push(message) };
  const generate = async () => (await autogenerate(deps, { message: "rows", database: url })).created;
  const rows = async () => [
    await query(url, "SELECT code, label FROM shop.kinds ORDER BY code"),
    await query(url, "SELECT id, kind, size, tags FROM shop.items ORDER BY id"),
  ];
  folder(
    `INSERT INTO shop.items OVERRIDING SYSTEM VALUE VALUES (1, 'a', 1.50, '{x,"it''s"}'), (2, NULL, NULL, NULL);
     INSERT INTO shop.kinds VALUES ('a', 'it''s A'), ('b', 'B');
     INSERT INTO shop.others VALUES (1);`,
  );
  expect(await generate()).toHaveLength(1);
  expect(notices).toEqual([
    expect.stringMatching(
      /^\S*all\.sql:3:\d+: rows of shop\.others are not compared; .*add "shop\.others" to "referenceRows"/,
    ),
  ]);
  expect(await generate()).toEqual([]);
  await of.upgrade(url);
  const first = [
    [
      { code: "a", label: "it's A" },
      { code: "b", label: "B" },
    ],
    [
      { id: 1, kind: "a", size: "1.50", tags: ["x", "it's"] },
      { id: 2, kind: null, size: null, tags: null },
    ],
  ];
  expect(await rows()).toEqual(first);
  expect(await query(url, "SELECT FROM shop.others")).toEqual([]);

  // A key goes and another comes, to which rows refer; a unique label goes over to it.
  folder(
    `INSERT INTO shop.items OVERRIDING SYSTEM VALUE VALUES (1, 'c', 1.5, '{x}');
     INSERT INTO shop.kinds VALUES ('b', 'it''s B'), ('c', 'B');`,
  );
  const found = await check(of.deps, { only: ["schema"], database: url });
  expect(found.findings.map(({ code }) => code)).toEqual(["findings/schema-differs"]);
  expect(found.schema!.rows).toEqual([
    "shop.kinds: rows: 1 to add, 1 to change, 1 to delete",
    "shop.items: rows: 1 to change, 1 to delete",
  ]);
  const [second] = await generate();
  expect(readFileSync(join(of.folder, second!.files[0]!), "utf8")).not.toContain("made");
  await of.upgrade(url);
  expect(await rows()).toEqual([
    [
      { code: "b", label: "it's B" },
      { code: "c", label: "B" },
    ],
    [{ id: 1, kind: "c", size: "1.5", tags: ["x"] }],
  ]);
  await of.downgrade(url, "-1");
  expect(await rows()).toEqual(first);
  await of.downgrade(url, "base");

  folder("", "CREATE SCHEMA shop; CREATE TABLE shop.kinds (code text);");
  expect(await failureOf(generate())).toMatchObject({ code: "usage/reference-rows" });

  // A column that rows need a value in, which the author gives: not the one that the proof has made up.
  folder(
    `INSERT INTO shop.items OVERRIDING SYSTEM VALUE VALUES (1, 'c', 1.5, '{x}');
     INSERT INTO shop.kinds (code, label, n) VALUES ('b', 'it''s B', 'x'), ('c', 'B', 'y');`,
    `${TABLES} ALTER TABLE shop.kinds ADD COLUMN n text NOT NULL;`,
  );
  const [third] = await generate();
  const [up, down] = third!.files.map((file) => readFileSync(join(of.folder, file), "utf8"));
  expect(up).toMatch(
    /Each row needs a value: UPDATE shop\.kinds SET n = .*UPDATE "shop"\."kinds" SET "n" = 'x'/s,
  );
  expect(down).not.toContain("UPDATE");
});

test("a name in the configuration that is no table is refused, not passed over", async () => {
  const { url } = await ownDatabase(server!);
  const of = project({}, { referenceRows: ["shop.knids"] });
  mkdirSync(join(of.folder, "schema"));
  writeFileSync(join(of.folder, "schema/all.sql"), TABLES);
  const refused = {
    code: "usage/reference-rows",
    message: "table shop.knids of referenceRows does not exist",
  };
  expect(await failureOf(autogenerate(of.deps, { message: "rows", database: url }))).toMatchObject(refused);
  expect(await failureOf(check(of.deps, { only: ["schema"], database: url }))).toMatchObject(refused);
});

test("rows of the ledger are told not to be compared, and are no reference rows", async () => {
  const { url } = await ownDatabase(server!);
  const refused = async (referenceRows: readonly string[]) => {
    const of = project({ a: TABLES }, { referenceRows });
    mkdirSync(join(of.folder, "schema"));
    const rows =
      "CREATE SCHEMA retort; CREATE TABLE retort.log (id int PRIMARY KEY); INSERT INTO retort.log VALUES (1);";
    writeFileSync(join(of.folder, "schema/all.sql"), `${TABLES}\n${rows}`);
    const said: string[] = [];
    const deps = { ...of.deps, onNotice: ({ message }: { message: string }) => void said.push(message) };
    const done = check(deps, { only: ["schema"], database: url }).catch((error: Error) => error.message);
    return [await done, ...said];
  };
  expect((await refused(["shop.kinds"]))[1]).toMatch(
    /rows of retort\.log are not compared: the ledger is not part of the schema$/,
  );
  expect((await refused(["retort.log"]))[0]).toBe(
    "retort.log is a table of the ledger, which no migration may change",
  );
});

test("a key that a sequence would number is refused; and which rows of other tables go with those that are deleted, is told", async () => {
  const { url } = await ownDatabase(server!);
  const of = project({}, { referenceRows: ["plans"] });
  mkdirSync(join(of.folder, "schema"));
  const folder = (rows: string): void =>
    writeFileSync(
      join(of.folder, "schema/all.sql"),
      `CREATE TABLE plans (id serial PRIMARY KEY, name text);
       CREATE TABLE users (id serial PRIMARY KEY, plan int REFERENCES plans ON DELETE CASCADE);
       CREATE TABLE notes (plan int REFERENCES plans);
       ${rows}`,
    );
  const generate = () => autogenerate(of.deps, { message: "rows", database: url });
  folder("INSERT INTO plans (name) VALUES ('free'), ('pro');");
  const refused = {
    code: "usage/reference-rows",
    hint: expect.stringMatching(/^write id in each INSERT INTO public\.plans, or /),
  };
  expect(await failureOf(generate())).toMatchObject(refused);
  expect(await failureOf(check(of.deps, { only: ["schema"], database: url }))).toMatchObject(refused);
  folder("INSERT INTO plans VALUES (1, 'free'), (2, 'pro');");
  expect((await generate()).notes).toEqual([]);
  folder("INSERT INTO plans VALUES (2, 'pro'), (3, 'team');");
  expect((await generate()).notes).toEqual([
    "rows of public.plans are deleted, and those of public.users that refer to them are deleted too: ON DELETE CASCADE",
  ]);
});
