/**
 * Statements on stdin → what PostgreSQL locks, rewrites and scans for each, in lines as test/effects/*.jsonl keeps them. Every
 * one runs alone in a transaction that is rolled back, on the schema of test/effects/schema.sql, after its setup.
 *
 * Usage: node scripts/run.mjs scripts/measure-locks.ts URL [URL …] < cases.jsonl
 * A line: `{id, setup, sql}`. The URLs are of databases for nothing else, one on each of PostgreSQL 12 to 18: the schema `lab` is
 * made anew in them for every case, and all other schemas, publications, foreign data wrappers and roles `lab_…` are dropped.
 */
import { readFileSync } from "node:fs";
import pg from "pg";
import { type LockMode, lockModes, stronger } from "../src/core/effects/mode.ts";
import { type Measured, type MeasuredCase, toLine } from "../test/effects/cases.ts";

type Asked = Omit<MeasuredCase, "measured">;

interface Watched {
  readonly oid: number;
  readonly name: string;
  readonly filenode: number;
  readonly scans: number;
}

const LAB = "n.nspname = 'lab'";

const watched = (
  which: string,
): string => `select c.oid::int, c.relname as name, c.relfilenode::int as filenode,
    case when c.relkind in ('r', 'm', 'p') then pg_stat_get_xact_numscans(c.oid)::int else 0 end as scans
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${which}`;

const LOCKS = `select relation::int as oid, mode from pg_locks
  where pid = pg_backend_pid() and locktype = 'relation'
    and database = (select oid from pg_database where datname = current_database())`;

/** Takes away what a setup left outside the schema. */
const CLEAN = `rollback; reset all; do $$
  declare it record; begin
    for it in select format('drop publication %I', pubname) as sql from pg_publication
      union all select format('drop foreign data wrapper %I cascade', fdwname) from pg_foreign_data_wrapper
      union all select format('drop schema %I cascade', nspname) from pg_namespace
        where nspname !~ '^pg_|^information_schema$|^public$|^lab$'
      union all select format('drop owned by %1$I; drop role %1$I', rolname) from pg_roles where rolname ~ '^lab_'
    loop execute it.sql; end loop;
  end $$`;

const modeOf = (mode: string): LockMode =>
  lockModes.find((each) => mode === `${each.split(" ").map(capitalized).join("")}Lock`)!;

const capitalized = (word: string): string => word[0]! + word.slice(1).toLowerCase();

/** Runs one case. What PostgreSQL says against its setup counts as said against the statement. */
async function measure(url: string, schema: string, { setup, sql }: Asked): Promise<Measured> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(schema);
    if (setup !== "") await client.query(setup);
    await client.query("begin");
    const before = (await client.query<Watched>(watched(LAB))).rows;
    await client.query(sql);
    const held = (await client.query<{ oid: number; mode: string }>(LOCKS)).rows;
    const after = new Map(
      (await client.query<Watched>(watched("c.oid = any($1)"), [before.map(({ oid }) => oid)])).rows.map(
        (each) => [each.oid, each],
      ),
    );
    const locks: Record<string, LockMode> = {};
    for (const { oid, mode } of held) {
      const name = before.find((each) => each.oid === oid)?.name;
      if (name !== undefined) locks[name] = stronger(locks[name], modeOf(mode));
    }
    return {
      locks: Object.fromEntries(Object.entries(locks).sort()),
      rewrites: before
        .filter(({ oid, filenode }) => (after.get(oid)?.filenode ?? filenode) !== filenode)
        .map(({ name }) => name)
        .sort(),
      scans: before
        .filter(({ oid, scans }) => (after.get(oid)?.scans ?? scans) > scans)
        .map(({ name }) => name)
        .sort(),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.query(CLEAN);
    await client.query("drop schema lab cascade").catch(() => {});
    await client.end();
  }
}

const majorOf = async (url: string): Promise<string> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("show server_version_num");
  await client.end();
  return String(Math.floor(Number(rows[0].server_version_num) / 10_000));
};

const urls = process.argv.slice(2);
const schema = readFileSync("test/effects/schema.sql", "utf8");
const cases = readFileSync(0, "utf8")
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => JSON.parse(line) as Asked);
const byServer = await Promise.all(
  urls.map(async (url) => {
    const results: Measured[] = [];
    for (const each of cases) results.push(await measure(url, schema, each));
    return [await majorOf(url), results] as const;
  }),
);
for (const [index, { id, setup, sql }] of cases.entries()) {
  const measured = Object.fromEntries(byServer.map(([major, results]) => [major, results[index]!] as const));
  process.stdout.write(`${toLine({ id, setup, sql, measured })}\n`);
}
