/** What people do to a project and its database by mistake: a world goes in, and the same with the mistake comes out. */
import pg from "pg";
import { ledgerOf as namesOf } from "../../src/core/ledger/calls.ts";
import { foreign } from "./projects.ts";
import { type Condition, type Files, PASSWORD, query, type World, type Worlds } from "./world.ts";

export interface Mistake {
  readonly name: string;
  /** Undefined where there is nothing to do wrong. */
  readonly make: (world: World, worlds: Worlds) => World | undefined | Promise<World | undefined>;
}

const edited = (
  world: World,
  change: (file: string, text: string) => readonly [string, string] | undefined,
) => {
  const files = Object.fromEntries(
    Object.entries(world.files).flatMap(([file, text]) =>
      [change(file, text)].filter((each) => each !== undefined),
    ),
  );
  return JSON.stringify(files) === JSON.stringify(world.files) ? undefined : { ...world, files };
};

/** In the files of one revision, of this direction. */
const inFiles =
  (
    id: string,
    direction: "up" | "down" | "both",
    change: (text: string, file: string) => string | undefined,
  ) =>
  (world: World) =>
    edited(world, (file, text) => {
      if (!file.includes(`_${id}.`) || (direction !== "both" && !file.endsWith(`.${direction}.sql`)))
        return [file, text];
      const changed = change(text, file);
      return changed === undefined ? undefined : [file, changed];
    });

const headerLine = (key: string, value: string | undefined) => (text: string) => {
  const had = new RegExp(`^-- ${key}: .*\\n`, "m");
  const line = value === undefined ? "" : `-- ${key}: ${value}\n`;
  return had.test(text) ? text.replace(had, () => line) : text.replace("\n", () => `\n${line}`);
};

/** Mistakes in the files of one revision; `others`: the rest. */
function ofRevision(id: string, others: readonly string[]): readonly Mistake[] {
  const file = (
    name: string,
    direction: "up" | "down" | "both",
    change: (text: string) => string | undefined,
  ): Mistake => ({
    name: `${name} ${id}`,
    make: inFiles(id, direction, change),
  });
  return [
    file("up file deleted of", "up", () => undefined),
    file("down file deleted of", "down", () => undefined),
    file("both files deleted of", "both", () => undefined),
    file("id in up changed of", "up", headerLine("revision", "ww")),
    file("id in down changed of", "down", headerLine("revision", "ww")),
    file("id in both changed of", "both", headerLine("revision", "ww")),
    ...["none", ...others.slice(0, 2), "unknown", id].map((parent) =>
      file(`parent ${parent} in`, "up", headerLine("parent", parent)),
    ),
    file("no parent line in", "up", headerLine("parent", undefined)),
    file("no revision line in up of", "up", headerLine("revision", undefined)),
    file("no revision line in down of", "down", headerLine("revision", undefined)),
    ...[...others.slice(-2), "unknown"].map((name) =>
      file(`depends-on ${name} in`, "up", headerLine("depends-on", name)),
    ),
    file("message changed of", "up", headerLine("message", "other")),
    file("label zz in", "up", headerLine("branch-labels", "zz")),
    file("label gone from", "up", (text) => text.replace(/^-- branch-labels: .*\n/m, "")),
    file("depends-on gone from", "up", (text) => text.replace(/^-- depends-on: .*\n/m, "")),
    file("replaces gone from", "up", (text) => text.replace(/^-- replaces: .*\n/m, "")),
    file("SQL changed of", "up", (text) => `${text}CREATE TABLE more_${id} (n int);\n`),
    file("down SQL changed of", "down", (text) => `${text}SELECT 1;\n`),
    file("SQL broken of", "up", (text) => `${text}CREATE TABEL x;\n`),
    file(
      "conflict in",
      "up",
      (text) => `${text}<<<<<<< HEAD\nSELECT 2;\n=======\nSELECT 3;\n>>>>>>> other\n`,
    ),
    file("conflict in header of", "up", (text) =>
      text.replace(
        /^-- parent: .*\n/m,
        (line) => `<<<<<<< HEAD\n${line}=======\n-- parent: other\n>>>>>>> other\n`,
      ),
    ),
    file("no statement in", "up", (text) => text.replace(/\n\n[\s\S]*/, "\n")),
    file("no statement in", "down", (text) => text.replace(/\n\n[\s\S]*/, "\n")),
    file("failing statement in", "up", (text) => `${text}SELECT 1/0;\n`),
    file("transaction none in", "up", (text) => text.replace("\n\n", "\n-- transaction: none\n\n")),
    file("BEGIN in", "up", (text) => `${text}BEGIN;\nSELECT 1;\n`),
    file("comment added to", "up", (text) => `${text}-- a comment\n`),
    {
      name: `files renamed of ${id}`,
      make: (world) => edited(world, (name, text) => [name.replace(`_${id}.`, `_${id}_new.`), text]),
    },
    {
      name: `up file alone renamed of ${id}`,
      make: (world) => edited(world, (name, text) => [name.replace(`_${id}.up`, `_${id}_new.up`), text]),
    },
    {
      name: `files copied of ${id}`,
      make: (world) => ({
        ...world,
        files: {
          ...world.files,
          ...Object.fromEntries(
            Object.entries(world.files)
              .filter(([name]) => name.includes(`_${id}.`))
              .map(([name, text]) => [name.replace(/\d{4}_(\w+)/, "0009_$1_copy"), text]),
          ),
        },
      }),
    },
    {
      name: `new file below ${id}`,
      make: (world) => {
        const next = inFiles(id, "up", headerLine("parent", "nn"))(world);
        const parent = Object.entries(world.files)
          .find(([name]) => name.includes(`_${id}.up`))?.[1]
          .match(/-- parent: (.*)/)?.[1];
        return next && { ...next, files: { ...next.files, ...pairOf("0008_nn", "nn", parent ?? "none") } };
      },
    },
    {
      name: `new file beside ${id}`,
      make: (world) => ({ ...world, files: { ...world.files, ...pairOf("0008_nn", "nn", id) } }),
    },
    row(`row deleted of ${id}`, id, (ledger) => [
      `DELETE FROM ${ledger}.applied WHERE revision = '${id}'`,
      true,
    ]),
    row(`row deleted by hand of ${id}`, id, (ledger) => [
      `DELETE FROM ${ledger}.applied WHERE revision = '${id}'`,
      false,
    ]),
    row(`row and table deleted of ${id}`, id, (ledger) => [
      `DELETE FROM ${ledger}.applied WHERE revision = '${id}'; DROP TABLE IF EXISTS ${id}`,
      true,
    ]),
    row(`table dropped of ${id}`, id, () => [`DROP TABLE IF EXISTS ${id}`, false]),
    {
      name: `row added of ${id}`,
      make: (world, worlds) =>
        ledgerOf(world)?.includes(id) === false ? withSql(world, worlds, addRow(id, "'{}'")) : undefined,
    },
    command(`stamped ${id}`, ["stamp", id]),
    command(`stamped with --purge ${id}`, ["stamp", "--purge", id]),
  ];
}

const pairOf = (file: string, id: string, parent: string): Files => ({
  [`migrations/${file}.up.sql`]: `-- revision: ${id}\n-- parent: ${parent}\n\nCREATE TABLE ${id} (n int);\n`,
  [`migrations/${file}.down.sql`]: `-- revision: ${id}\n\nDROP TABLE ${id};\n`,
});

const ledgerOf = ({ database }: World): readonly string[] | undefined => database.ledgers["retort"];

async function withSql(world: World, worlds: Worlds, sql: string): Promise<World | undefined> {
  const database = await worlds.changed(world.database, sql);
  return database && { ...world, database };
}

const TALLY = `UPDATE retort.state SET revisions = (SELECT count(*) FROM retort.applied),
  digest = (SELECT coalesce(sum(retort.digest_of(revision)), 0) FROM retort.applied)`;

const addRow = (id: string, parents: string): string =>
  `INSERT INTO retort.applied VALUES ('${id}', repeat('0', 64), repeat('0', 64), ${parents}, '{}', '', now(), 'ann', NULL, 'run'); ${TALLY}`;

/** `sql`: what is run, and whether the tally follows it. */
function row(name: string, id: string, sql: (ledger: string) => readonly [string, boolean]): Mistake {
  const [text, counts] = sql("retort");
  return {
    name,
    make: (world, worlds) =>
      ledgerOf(world)?.includes(id) === true
        ? withSql(world, worlds, counts ? `${text}; ${TALLY}` : text)
        : undefined,
  };
}

function command(name: string, words: readonly string[]): Mistake {
  return {
    name,
    make: async (world, worlds) => {
      const { code, after } = await worlds.run(world, words);
      return code === 0 && after.database.key !== world.database.key ? after : undefined;
    },
  };
}

const sql = (name: string, text: string, needsLedger = true): Mistake => ({
  name,
  make: (world, worlds) =>
    needsLedger && ledgerOf(world) === undefined ? undefined : withSql(world, worlds, text),
});

const condition = (name: string, begin: Condition["begin"], role?: string): Mistake => ({
  name,
  make: (world) => ({
    ...world,
    conditions: [...world.conditions, { name, begin, ...(role === undefined ? {} : { role }) }],
  }),
});

/** A role of little power that the commands connect as; `grants`: what it has, where that is there. */
const asRole = (name: string, ...grants: readonly string[]): Mistake => {
  const role = `hinted_${name.replaceAll(" ", "_")}`;
  const sql = grants
    .map(
      (grant) =>
        `BEGIN EXECUTE '${grant} TO ${role}'; EXCEPTION WHEN undefined_object OR invalid_schema_name THEN END;`,
    )
    .join(" ");
  const make = `DO $$ BEGIN BEGIN CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN END; ${sql} END $$`;
  return {
    name: `as a role: ${name}`,
    make: async (world, worlds) => {
      const granted = await withSql(world, worlds, make);
      return granted && (condition(name, async () => async () => {}, role).make(granted, worlds) as World);
    },
  };
};

const setting = (text: string): Mistake =>
  condition(text, async (url) => {
    const change = (what: string) =>
      query(url, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ${what}', current_database()); END $$`);
    await change(`SET ${text}`);
    return () => change("RESET ALL");
  });

const withConfig = (name: string, change: object): Mistake => ({
  name,
  make: (world) =>
    edited(world, (file, text) => [
      file,
      file.endsWith(".json") ? JSON.stringify({ ...JSON.parse(text), ...change }) : text,
    ]),
});

const ledger = namesOf({ schema: "retort" });

const ofDatabase: readonly Mistake[] = [
  { name: "none", make: (world) => world },
  { name: "another project's folder", make: (world) => ({ ...world, files: { ...foreign } }) },
  {
    name: "another project's files too",
    make: (world) => ({ ...world, files: { ...world.files, ...foreign } }),
  },
  {
    name: "all files deleted",
    make: (world) => edited(world, (file, text) => (file.endsWith(".sql") ? undefined : [file, text])),
  },
  {
    name: "all down files deleted",
    make: (world) => edited(world, (file, text) => (file.endsWith(".down.sql") ? undefined : [file, text])),
  },
  {
    name: "old release",
    make: (world) => {
      const last = Object.keys(world.files)
        .filter((file) => file.endsWith(".up.sql"))
        .sort()
        .at(-1)!
        .slice(0, -7);
      return edited(world, (file, text) => (file.startsWith(last) ? undefined : [file, text]));
    },
  },
  withConfig("another schema for the ledger", { ledger: { schema: "other" } }),
  withConfig("another folder", { directories: ["sql"] }),
  sql("ledger dropped", "DROP SCHEMA retort CASCADE"),
  sql(
    "tables dropped",
    "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END $$",
  ),
  sql("table of the ledger dropped", "DROP TABLE retort.applied CASCADE"),
  sql("log dropped", "DROP TABLE retort.log CASCADE"),
  sql("procedure of the ledger dropped", "DROP PROCEDURE IF EXISTS retort.end_upgrade CASCADE"),
  sql("ledger emptied by hand", "DELETE FROM retort.applied"),
  sql("ledger emptied", `DELETE FROM retort.applied; ${TALLY}`),
  sql("newer format", "UPDATE retort.state SET format = 99"),
  sql("row of nobody", addRow("zz", "'{}'")),
  sql(
    "row of nobody, on the last",
    addRow("zz", "ARRAY(SELECT revision FROM retort.applied ORDER BY applied_at DESC LIMIT 1)"),
  ),
  sql(
    "tables there already",
    "CREATE TABLE IF NOT EXISTS aa (n int); CREATE TABLE IF NOT EXISTS bb (n int)",
    false,
  ),
  sql(
    "schema of the ledger is another's",
    "DROP SCHEMA IF EXISTS retort CASCADE; CREATE SCHEMA retort; CREATE TABLE retort.applied (n int)",
    false,
  ),
  condition("lock held", async (url) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(ledger.lock({}));
    return () => client.end();
  }),
  setting("default_transaction_read_only = on"),
  setting("idle_in_transaction_session_timeout = 1"),
  setting("statement_timeout = 1"),
  setting("search_path = nowhere"),
  asRole("nothing granted"),
  asRole("reads", "GRANT USAGE ON SCHEMA retort", "GRANT SELECT ON ALL TABLES IN SCHEMA retort"),
  asRole(
    "writes the ledger",
    "GRANT USAGE ON SCHEMA retort",
    "GRANT ALL ON ALL TABLES IN SCHEMA retort",
    "GRANT CREATE ON SCHEMA public",
  ),
  sql(
    "ledger is another role's",
    "DO $$ BEGIN BEGIN CREATE ROLE hinted_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN END; ALTER TABLE retort.applied OWNER TO hinted_owner; END $$",
  ),
  sql(
    "ledger moved",
    "CREATE SCHEMA moved; ALTER TABLE retort.applied SET SCHEMA moved; ALTER TABLE retort.state SET SCHEMA moved; ALTER TABLE retort.log SET SCHEMA moved; ALTER TABLE retort.intent SET SCHEMA moved",
  ),
  sql("tables of others in the ledger's schema", "CREATE TABLE retort.customers (n int)"),
];

/** Those that can be made in this world, none made twice. */
export function mistakesOf({ files }: World): readonly Mistake[] {
  const ids = Object.keys(files).flatMap((file) => file.match(/_(\w+)\.up\.sql$/)?.[1] ?? []);
  return [
    ...ofDatabase,
    ...ids.flatMap((id) =>
      ofRevision(
        id,
        ids.filter((other) => other !== id),
      ),
    ),
  ];
}
