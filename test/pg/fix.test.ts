/** Every safe form that `lint --fix` writes: for each rule's bad example the files are run on tables with rows, up and down, and lint finds nothing in them. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type FixOptions, fix } from "../../src/app/fix.ts";
import { describeObject } from "../../src/core/catalog/catalog.ts";
import { compareCatalogs } from "../../src/core/catalog/compare.ts";
import { counts } from "../../src/core/diff/verdict.ts";
import { allRules } from "../../src/core/rules/all.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { shop } from "../support/lint.ts";
import { migrateHere } from "../support/migrate.ts";
import { failureOf, type MigrationText, ownDatabase, project, type TestProject } from "../support/project.ts";
import { query, servers } from "../support/server.ts";
import { sessionOn } from "../support/session.ts";

const [server] = servers();

/** What takes back the bad example of each rule that has a safe form. */
const downs: Readonly<Record<string, string>> = {
  "add-check": "ALTER TABLE shop.orders DROP CONSTRAINT orders_total_check;",
  "add-column-check": "ALTER TABLE shop.orders DROP COLUMN discount;",
  "add-column-unique": "ALTER TABLE shop.orders DROP COLUMN reference;",
  "add-column-volatile-default": "ALTER TABLE shop.orders DROP COLUMN token;",
  "add-foreign-key": "ALTER TABLE shop.orders DROP CONSTRAINT orders_customer_id_fkey;",
  "add-primary-key": "ALTER TABLE shop.notes DROP CONSTRAINT notes_pkey;",
  "add-unique": "ALTER TABLE shop.customers DROP CONSTRAINT customers_email_key;",
  "change-column-type": "ALTER TABLE shop.orders ALTER COLUMN pieces TYPE integer;",
  "create-index": "DROP INDEX shop.orders_placed;",
  "detach-partition":
    "ALTER TABLE shop.events ATTACH PARTITION shop.events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
  "drop-index": "CREATE INDEX orders_note ON shop.orders (note);",
  reindex: "REINDEX TABLE shop.orders;",
  "set-not-null": "ALTER TABLE shop.orders ALTER COLUMN customer_id DROP NOT NULL;",
};

const catalogOf = async (url: string) => {
  const session = await sessionOn(url);
  try {
    return await readCatalog(session, "retort");
  } finally {
    await session.close();
  }
};

/** What the second has otherwise. */
const differences = (...[a, b]: Parameters<typeof compareCatalogs>) =>
  compareCatalogs(a, b)
    .filter(counts)
    .map((each) => `${each.kind} ${describeObject(each)}`);

const fixed = (it: TestProject, url: string, options: Partial<FixOptions> = {}) =>
  fix(it.deps, { database: url, ...options });

/** The catalogs after an upgrade of what is pending, and after taking it back. */
async function thereAndBack(it: TestProject, url: string) {
  const before = await catalogOf(url);
  await it.upgrade(url);
  const up = await catalogOf(url);
  await it.downgrade(url, "shop");
  return { before, up, down: await catalogOf(url) };
}

const onShop = (migrations: Readonly<Record<string, MigrationText>>) => project({ shop, ...migrations });

const fixable = allRules.filter((rule) => rule.fix !== undefined);

test("each rule that has a safe form has a way back here", () => {
  expect(Object.keys(downs)).toEqual(fixable.map(({ id }) => id));
});

/** The bad examples, a migration each. */
const bad = (): TestProject =>
  onShop(
    Object.fromEntries(
      fixable.map(({ id, bad: up }) => [id.replaceAll("-", "_"), { up: `${up}\n`, down: `${downs[id]}\n` }]),
    ),
  );

test("each bad example becomes what leads to the same and back, with rows in the tables, and has no finding", async () => {
  const { url: old } = await ownDatabase(server!);
  const { url } = await ownDatabase(server!);
  const it = bad();
  await it.upgrade(old, "shop");
  const expected = await thereAndBack(it, old);
  await it.upgrade(url, "shop");
  const { fixed: done, left, findings, written } = await fixed(it, url);
  expect({ left, findings, written }).toEqual({ left: [], findings: [], written: true });
  for (const { id } of fixable)
    expect(done.find(({ revision }) => revision === id.replaceAll("-", "_"))?.rules).toContain(id);
  const found = await thereAndBack(it, url);
  expect(differences(expected.up, found.up)).toEqual([]);
  expect(differences(found.before, found.down)).toEqual([]);
  await it.upgrade(url);
  expect(differences(found.up, await catalogOf(url))).toEqual([]);
  expect(
    await query(url, "SELECT count(*)::int AS rows, count(token)::int AS tokens FROM shop.orders"),
  ).toEqual([{ rows: 3, tokens: 3 }]);
  expect((await fixed(it, old, { dryRun: true })).files).toEqual([]);
});

const read = ({ folder }: TestProject, name: string) => readFileSync(join(folder, name), "utf8");
const sqlFiles = ({ folder }: TestProject) => readdirSync(folder).filter((name) => name.endsWith(".sql"));

const tables = {
  up: "CREATE TABLE customers (id int PRIMARY KEY);\nCREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, total int NOT NULL, note text, kind varchar(2) NOT NULL);\nINSERT INTO customers VALUES (1);\nINSERT INTO orders VALUES (1, 1, 1, 'a', '1'), (2, 1, 2, 'b', '2');\n",
  down: "DROP TABLE orders;\nDROP TABLE customers;\n",
};

/** One file with much in it, one with other line ends, one that follows, and one outside a transaction. */
const busy = () =>
  project({
    shop: tables,
    mixed: {
      header: ["message: links orders", "created: 2026-03-02", "lock-timeout: 2s"],
      up: "BEGIN;\nSET search_path = public;\n-- Orders have a customer.\nALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id);\n\n/* by total */ CREATE INDEX ON orders (total); -- for the report\nCREATE TABLE log (id int);\nINSERT INTO log VALUES (1);\nALTER TABLE orders ALTER COLUMN note SET NOT NULL, ALTER COLUMN total TYPE bigint, ALTER COLUMN kind TYPE numeric(8,2) USING (kind::numeric);\n-- the end\nCOMMIT;\n",
      down: "SET search_path = public;\nALTER TABLE orders ALTER COLUMN kind TYPE varchar(2) USING kind::int, ALTER COLUMN total TYPE integer, ALTER COLUMN note DROP NOT NULL;\nDROP TABLE log;\n-- no report any more\nDROP INDEX orders_total_idx;\nALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey;\n",
    },
    other_lines: {
      up: "ALTER TABLE orders ADD CHECK (total > 0);\r\n",
      down: "ALTER TABLE orders DROP CONSTRAINT orders_total_check;\r\n",
    },
    follows: { up: "CREATE TABLE late (id int);\n", down: "DROP TABLE late;\n" },
    outside: {
      header: ["transaction: none"],
      up: "CREATE INDEX orders_note ON orders (note);\nALTER TABLE orders ADD CONSTRAINT u UNIQUE (note, id) DEFERRABLE;\n",
      down: "ALTER TABLE orders DROP CONSTRAINT u;\nDROP INDEX orders_note;\n",
      downHeader: ["transaction: none"],
    },
  });

test("a file is split in order, with its comments, settings and header, and what follows it follows the last part", async () => {
  const { url: old } = await ownDatabase(server!);
  const { url } = await ownDatabase(server!);
  const it = busy();
  await it.upgrade(old, "shop");
  const expected = await thereAndBack(it, old);
  await it.upgrade(url, "shop");
  const result = await fixed(it, url);
  expect(result.left).toMatchObject([
    {
      path: "0002_mixed.up.sql",
      line: 15,
      rules: ["change-column-type"],
      reason: "the index orders_total_idx is on total",
    },
  ]);
  expect(result.findings.map(({ rule }) => rule)).toEqual([
    "foreign-key-without-index",
    "change-column-type",
  ]);
  expect(result.fixed.map(({ revisions }) => revisions.length)).toEqual([8, 2, 1]);
  const found = await thereAndBack(it, url);
  expect(differences(expected.up, found.up)).toEqual([]);
  expect(differences(expected.down, found.down)).toEqual([]);
  await it.upgrade(url);
  expect(await query(url, "SELECT id, kind::text FROM orders ORDER BY id")).toEqual([
    { id: 1, kind: "1.00" },
    { id: 2, kind: "2.00" },
  ]);
  // What the author wrote is there, once.
  const all = sqlFiles(it)
    .map((name) => read(it, name))
    .join("");
  for (const comment of [
    "-- Orders have a customer.",
    "/* by total */",
    "-- for the report",
    "-- the end",
    "-- no report any more",
  ])
    expect(all.split(comment)).toHaveLength(2);
  expect(read(it, "0002_mixed.up.sql")).toBe(
    "-- revision: mixed\n-- parent: shop\n-- message: links orders\n-- created: 2026-03-02\n-- lock-timeout: 2s\n\nSET search_path = public;\n-- Orders have a customer.\nALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;\nCREATE TABLE log (id int);\n",
  );
  const [, , index] = result.fixed[0]!.revisions;
  expect(read(it, "0007_links_orders_3_of_8.up.sql")).toBe(
    `-- revision: ${index}\n-- parent: ${result.fixed[0]!.revisions[1]}\n-- message: links orders (3 of 8)\n-- created: 2026-03-02\n-- lock-timeout: 2s\n-- transaction: none\n\nSET search_path = public;\n\n/* by total */ CREATE INDEX CONCURRENTLY ON orders (total); -- for the report\n`,
  );
  expect(read(it, "0007_links_orders_3_of_8.down.sql")).toBe(
    `-- revision: ${index}\n-- transaction: none\n\nSET search_path = public;\n-- no report any more\nDROP INDEX CONCURRENTLY orders_total_idx;\n`,
  );
  const crlf = read(it, "0013_other_lines_2_of_2.up.sql");
  expect(crlf.replaceAll("\r\n", "")).not.toContain("\n");
  expect(read(it, "0004_follows.up.sql")).toContain(`-- parent: ${result.fixed[1]!.revisions[1]}\n`);
  expect(read(it, "0005_outside.up.sql")).toContain(
    "\nCREATE INDEX CONCURRENTLY orders_note ON orders (note);\nCREATE UNIQUE INDEX CONCURRENTLY u ON orders (note, id);\nALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX u DEFERRABLE;\n",
  );
});

const git = (cwd: string, ...words: string[]) =>
  execFileSync(
    "git",
    ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", ...words],
    {
      cwd,
      encoding: "utf8",
    },
  );

const check = {
  up: "ALTER TABLE orders ADD CHECK (total > 0);\n",
  down: "ALTER TABLE orders DROP CONSTRAINT orders_total_check;\n",
};
const index = { up: "CREATE INDEX by_note ON orders (note);\n", down: "DROP INDEX by_note;\n" };
/** Its down file does not take it back. */
const kept = { up: "ALTER TABLE orders ADD CONSTRAINT kept CHECK (id > 0);\n", down: "SELECT 1;\n" };

/** Its down file fails. */
const wrong = { up: "CREATE INDEX by_kind ON orders (kind);\n", down: "DROP INDEX nope;\n" };

test("which files: the pending ones that others have not; by name; never one that is applied", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({ shop: tables, check, index });
  const on = (options: Partial<FixOptions>) => fix(it.deps, { dryRun: true, scratch: url, ...options });
  const revisions = async (options: Partial<FixOptions>) =>
    (await on(options)).fixed.map(({ revision }) => revision);
  await expect(on({})).rejects.toMatchObject({ code: "usage/no-database" });
  const named = await on({ which: ["check"] });
  expect([named.fixed.length, named.notes]).toEqual([
    1,
    ["no database is configured, so it is not known whether these migrations are applied anywhere"],
  ]);
  await it.upgrade(url, "shop");
  await it.run(url, { kind: "upgrade", target: "check" });
  await expect(on({ database: url, which: ["0002_check.up.sql"] })).rejects.toMatchObject({
    code: "state/applied",
  });
  git(it.folder, "init", "-q");
  git(it.folder, "add", "0001_shop.up.sql", "0003_index.up.sql");
  git(it.folder, "commit", "-qm", "two");
  git(it.folder, "checkout", "-qb", "own", "--track", "main");
  expect(await revisions({})).toEqual(["check"]);
  const other = await on({ database: url });
  expect([other.fixed, other.notes]).toEqual([
    [],
    [
      "not changed: index is in main, so others may already have it; to change it anyway: migrate lint --fix index",
    ],
  ]);
  // What is not changed is linted all the same, also where no database says what is pending.
  for (const { findings } of [other, await on({})])
    expect(findings).toContainEqual(
      expect.objectContaining({
        rule: "create-index",
        location: expect.objectContaining({ path: "0003_index.up.sql" }),
      }),
    );
  expect((await on({})).notes).toContainEqual(expect.stringMatching(/^not changed: index is in main, so/));
  expect(await revisions({ database: url, which: ["index"] })).toEqual(["index"]);
  // A branch that follows none.
  git(it.folder, "branch", "--unset-upstream");
  expect((await on({ database: url })).notes).toEqual([expect.stringContaining("is in the last commit, so")]);
});

test("one that was interrupted is linted, and not changed", async () => {
  const { url } = await ownDatabase(server!);
  const header = ["transaction: none"];
  const it = project({
    a: "CREATE TABLE p (x int) PARTITION BY RANGE (x);\nCREATE TABLE q PARTITION OF p DEFAULT;",
    b: { up: "CREATE INDEX CONCURRENTLY i ON p (x);", header },
  });
  await failureOf(it.upgrade(url));
  const rest = "CREATE INDEX i ON p (x);\n";
  it.write("0002_b.up.sql", `-- revision: b\n-- parent: a\n-- transaction: none\n\n${rest}`);
  const settling = "to finish or discard it, see: migrate status";
  const { fixed: changed, findings, migrations, notes } = await fixed(it, url);
  expect({ changed, migrations, rules: findings.map(({ rule }) => rule), notes }).toEqual({
    changed: [],
    migrations: 1,
    rules: ["create-index"],
    notes: [`not changed: the upgrade to b was interrupted at statement 1 of 1; ${settling}`],
  });
  expect(await failureOf(fixed(it, url, { which: ["b"] }))).toMatchObject({
    code: "state/applied",
    hint: settling,
  });
});

test("a table that has other rows in each run is named once, however many migrations are proven", async () => {
  const { url } = await ownDatabase(server!);
  const random = {
    up: `${tables.up}CREATE TABLE dice (eye float8);\n`,
    down: `DROP TABLE dice;\n${tables.down}`,
  };
  const rolling = ({ up, down }: typeof check) => ({
    up: `INSERT INTO dice VALUES (random());\n${up}`,
    down,
  });
  const it = project({ shop: random, check: rolling(check), index: rolling(index) });
  const { fixed, notes, left } = await fix(it.deps, {
    dryRun: true,
    scratch: url,
    which: ["check", "index"],
  });
  expect([fixed.length, left]).toEqual([2, []]);
  expect(notes.filter((note) => note.includes("only their number was compared"))).toEqual([
    expect.stringMatching(/^public\.dice /),
  ]);
});

test("where another migration fails, the place is that of the finding, and the reason says where", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({ shop: tables, bad: "SELECT nope;", check });
  const { left } = await fix(it.deps, { dryRun: true, scratch: url, which: ["check"] });
  expect(left).toEqual([
    {
      path: "0003_check.up.sql",
      line: expect.any(Number),
      rules: ["add-check"],
      reason: '0002_bad.up.sql:4 fails: column "nope" does not exist',
    },
  ]);
});

test.each([
  {
    what: "its down file alone takes back too little",
    down: "DROP INDEX by_note;",
    reason:
      /^its down file does not restore notNull of column public\.orders\.note; to see it: migrate test own$/,
  },
  {
    what: "its down file is right, and cannot be divided",
    down: "DO $$ BEGIN DROP INDEX by_note; ALTER TABLE orders ALTER note DROP NOT NULL; END $$;",
    reason:
      /^it would become 3 migrations, and no statements of its down file take back only what line 5 does$/,
  },
  {
    what: "the safe form fails",
    first: "ALTER TABLE orders ADD CONSTRAINT orders_note_present CHECK (note <> '-');",
    down: "DROP INDEX by_note;\nALTER TABLE orders ALTER note DROP NOT NULL;",
    reason: /^its safe form fails: constraint "orders_note_present" .* already exists$/,
  },
])("why a migration is left is told of its own files: $what", async ({ first = "", down, reason }) => {
  const { url } = await ownDatabase(server!);
  const up = "CREATE INDEX by_note ON orders (note);\nALTER TABLE orders ALTER note SET NOT NULL;";
  const it = project({ shop: { ...tables, up: `${tables.up}${first}\n` }, own: { up, down } });
  const { left } = await fix(it.deps, { dryRun: true, scratch: url, which: ["own"] });
  expect(left).toMatchObject([{ path: "0002_own.up.sql", reason: expect.stringMatching(reason) }]);
});

test("what is not proven is left, with the objects; the diff of the rest makes the same files; the exit code says so", async () => {
  const { url } = await ownDatabase(server!);
  const it = project({ shop: tables, check, index, kept, wrong });
  const before = sqlFiles(it).map((name) => read(it, name));
  await it.upgrade(url, "shop");
  const run = (...words: string[]) =>
    migrateHere(["lint", "--fix", ...words], { cwd: it.folder, env: { DATABASE_URL: url } });
  const dry = await run("--dry-run");
  expect(sqlFiles(it).map((name) => read(it, name))).toEqual(before);
  expect(dry.code).toBe(1);
  expect(dry.stderr).toContain(
    "warning: 0004_kept.up.sql: add-check: left as it is: its down file does not drop constraint public.orders.kept; to see it: migrate test kept",
  );
  expect(dry.stderr).toContain(
    'warning: 0005_wrong.down.sql:3: create-index: left as it is: index "nope" does not exist',
  );
  expect(dry.stderr).toContain("check: fixed add-check; it continues in ");
  const diff = dry.stdout.slice(0, dry.stdout.search(/^0004_kept/m));
  writeFileSync(join(it.folder, "fix.diff"), diff);
  git(it.folder, "apply", "-p0", "--unsafe-paths", "fix.diff");
  const applied = await run("--dry-run", "--json");
  expect(JSON.parse(applied.stdout)).toMatchObject({ fixed: [], written: false, files: [] });
  await it.upgrade(url, "index");
  expect((await run()).code).toBe(1);
  expect(read(it, "0003_index.up.sql")).toContain(
    "-- transaction: none\n\nCREATE INDEX CONCURRENTLY by_note",
  );
});

test("whoever stops it while it tries is told so", async () => {
  const it = project({ shop: tables, check });
  const stop = new AbortController();
  const fixing = fix(
    { ...it.deps, signal: stop.signal },
    { scratch: server!.url(), which: ["check"], onScratch: () => stop.abort() },
  );
  expect(await failureOf(fixing)).toMatchObject({ code: "execution/cancelled" });
});
