/** Plain psql, a run and a script leave the same: catalog, data, roles; and where a file fails, with the same error at the same place. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Case,
  casesOf,
  failureOfPsql,
  failureOfRun,
  failureOfScript,
  projectOf,
  runFilesByPsql,
} from "../support/differential.ts";
import { dump } from "../support/dump.ts";
import { failureOf, ownDatabase, type TestProject } from "../support/project.ts";
import { needsPsql, pgDump, pgDumpServes, psql, runScript } from "../support/psql.ts";
import { query, servers, type TestServer } from "../support/server.ts";

const all = casesOf();
const before = all.find(({ name }) => name === "before_failing")!;
const failing = all.filter(({ fails }) => fails !== undefined);
const refused = all.filter((each) => each.refused !== undefined);
const misread = all.filter((each) => each.misread !== undefined);
const legal = all.filter((each) => ![before, ...failing, ...refused, ...misread].includes(each));

/** Brings a database up or down; each leaves the other ways' databases alone. */
type Way = (url: string, of: TestProject, kind: "upgrade" | "downgrade") => Promise<void>;

const request = (kind: "upgrade" | "downgrade") =>
  ({ kind, target: kind === "upgrade" ? "base:heads" : "heads:base" }) as const;

const psqlAlone: Way = async (url, of, kind) => {
  const { code, stderr } = await runFilesByPsql(url, of, await of.plan(request(kind)));
  expect(errorsIn(stderr)).toEqual([]);
  expect(code).toBe(0);
};

const aRun: Way = async (url, of, kind) => {
  await of.run(url, { kind, target: kind === "upgrade" ? "heads" : "base" });
};

const aScript: Way = async (url, of, kind) => {
  const { code, stderr, stdout } = await runScript(url, await of.script(request(kind)));
  expect(errorsIn(stderr)).toEqual([]);
  expect(code).toBe(0);
  expect(stdout.trimEnd().endsWith("retort: done")).toBe(true);
};

const errorsIn = (stderr: string): readonly string[] =>
  stderr.split("\n").filter((line) => /^psql:\S+ (?:ERROR|FATAL): /.test(line));

/** What a way leaves: the database, and what belongs to the whole server. */
async function leftBy(server: TestServer, way: Way, of: TestProject): Promise<readonly string[]> {
  const { url, name } = await ownDatabase(server);
  const left: string[] = [];
  for (const kind of ["upgrade", "downgrade"] as const) {
    await way(url, of, kind);
    left.push((await stateOf(server, url)).replaceAll(name, "DATABASE"));
  }
  return left;
}

async function stateOf(server: TestServer, url: string): Promise<string> {
  const others = await query<{ line: string }>(url, OTHERS);
  const dumped = pgDumpServes(server) ? await pgDump(url, ["--exclude-schema=retort"]) : "";
  return [...others.map(({ line }) => line), await dump(url, { exclude: ["retort"] }), dumped].join("\n");
}

/** What belongs to the whole server, and what the dump gives by name alone. */
const OTHERS = [
  "SELECT rolname, rolinherit, rolcreatedb, rolcanlogin, rolconnlimit, rolvaliduntil, rolconfig FROM pg_roles WHERE rolname LIKE 'differential%'",
  "SELECT roleid::regrole, member::regrole, admin_option FROM pg_auth_members WHERE member::regrole::text LIKE '%differential%'",
  "SELECT datname, datconnlimit, datallowconn FROM pg_database WHERE datname LIKE 'differential%'",
  "SELECT spcname, spcoptions FROM pg_tablespace WHERE spcname LIKE 'differential%'",
  "SELECT subname, subslotname, subpublications, subsynccommit FROM pg_subscription",
  "SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod FROM pg_cast WHERE oid >= 16384",
  "SELECT oid::regoperator, oprcode, oprcanhash, oprcom::regoperator, oprnegate::regoperator FROM pg_operator WHERE oid >= 16384",
  "SELECT oid, lomacl, lo_get(oid) FROM pg_largeobject_metadata WHERE oid = 777001",
  "SELECT srvname, srvtype, srvversion, srvoptions FROM pg_foreign_server",
  "SELECT ftrelid::regclass, ftoptions FROM pg_foreign_table",
  "SELECT oid::regcollation, collprovider, collisdeterministic FROM pg_collation WHERE oid >= 16384",
  "SELECT mapcfg::regconfig, maptokentype, mapseqno, mapdict::regdictionary FROM pg_ts_config_map WHERE mapcfg >= 16384",
]
  .map((sql) => `SELECT to_jsonb(q)::text AS line FROM (${sql}) AS q`)
  .join(" UNION ALL ")
  .concat(" ORDER BY line");

test("there are enough cases, each under a name of its own, and the docs name each difference", () => {
  expect(legal.length).toBeGreaterThanOrEqual(150);
  expect(failing.length).toBeGreaterThanOrEqual(40);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  const docs = ["offline-script", "format"]
    .map((page) => readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), "utf8"))
    .join();
  for (const { differs } of all) if (differs !== undefined) expect(docs).toContain(differs);
});

describe.each(servers())("on $name", (server) => {
  const mine = (cases: readonly Case[]): readonly Case[] =>
    cases.filter((each) => serverOf(each)?.major === server.major);
  const alone = (cases: readonly Case[]): readonly Case[] =>
    mine(cases).filter(({ alone }) => alone !== undefined);
  const together = (cases: readonly Case[]): readonly Case[] =>
    mine(cases).filter(({ alone }) => alone === undefined);

  test("what is legal, one file after another, up and down", async (context) => {
    needsPsql(context);
    const of = projectOf(together(legal));
    const wanted = await leftBy(server, psqlAlone, of);
    expect(await leftBy(server, aRun, of)).toEqual(wanted);
    expect(await leftBy(server, aScript, of)).toEqual(wanted);
  });

  test.for(groups(alone(legal)))("%s", async ([, cases], context) => {
    needsPsql(context);
    const of = projectOf(cases);
    const wanted = await leftBy(server, psqlAlone, of);
    const [run, script] = [await leftBy(server, aRun, of), await leftBy(server, aScript, of)];
    expect(script).toEqual(run);
    if (cases.every(({ differs }) => differs === undefined)) expect(run).toEqual(wanted);
    else expect(run).not.toEqual(wanted);
  });

  test("what fails in a transaction, side by side", async (context) => {
    needsPsql(context);
    const cases = together(failing);
    await failEach(server, projectOf([before, ...cases], "side by side"), cases, before.name);
  });

  test.for(alone(failing))("$name fails outside a transaction", async (each, context) => {
    needsPsql(context);
    await failEach(server, projectOf([each]), [each], "base");
  });
});

describe("before anything is sent", () => {
  const newest = servers()[0]!;

  test.for(refused)("$name is refused", async (each, context) => {
    needsPsql(context);
    const of = projectOf([each]);
    const { url } = await ownDatabase(newest);
    const file = join(of.folder, `0001_${each.name}.up.sql`);
    const { code, stderr } = await psql(url, file, { args: each.header.length > 0 ? [] : ["-1"] });
    expect({ code, errors: errorsIn(stderr) }).toEqual({ code: 0, errors: [] });
    for (const refusing of [() => of.upgrade(url), () => of.script("base:heads")])
      expect((await failureOf(refusing()))["code"]).toBe(each.refused);
  });

  test.for(misread)("$name", async (each, context) => {
    needsPsql(context);
    const of = projectOf([each]);
    expect((await failureOf(of.script("base:heads")))["code"]).toBe(each.misread);
    const [run, file] = [await ownDatabase(newest), await ownDatabase(newest)];
    await of.upgrade(run.url);
    await runFilesByPsql(file.url, of, await of.plan(request("upgrade")));
    expect(await stateOf(newest, file.url)).not.toBe(await stateOf(newest, run.url));
  });
});

/** Each case is run on one of the servers that can run it, in turn: those of a file on one, and those that share a database. */
function serverOf(given: Case): TestServer | undefined {
  const able = servers().filter(({ major }) => given.server <= major);
  const group = ({ alone, file, name }: Case): string => (alone === undefined ? file : alone || name);
  return able[all.findIndex((each) => group(each) === group(given)) % able.length];
}

/** Those with a database of their own: those that share one together, each under its name. */
function groups(cases: readonly Case[]): readonly (readonly [string, readonly Case[]])[] {
  const found = new Map<string, Case[]>();
  for (const each of cases) {
    if (each.alone === undefined) continue;
    const name = each.alone || each.name;
    found.set(name, [...(found.get(name) ?? []), each]);
  }
  return [...found];
}

/** Each fails in the three ways with one error at one place, and leaves in the end what the others leave. */
async function failEach(
  server: TestServer,
  of: TestProject,
  cases: readonly Case[],
  start: string,
): Promise<void> {
  const [file, run, script] = [
    await ownDatabase(server),
    await ownDatabase(server),
    await ownDatabase(server),
  ];
  if (start !== "base") {
    const target = `base:${start}`;
    await runFilesByPsql(file.url, of, await of.plan({ kind: "upgrade", target }));
    await of.upgrade(run.url, start);
    await runScript(script.url, await of.script(target));
  }
  for (const { name, fails } of cases) {
    const range = `${start}:${name}`;
    const plan = await of.plan({ kind: "upgrade", target: range });
    const wanted = await failureOfPsql(file.url, of, plan);
    expect.soft(wanted.sqlstate, name).toBe(fails);
    const error = await failureOf(of.upgrade(run.url, name));
    expect.soft(failureOfRun(error, plan, wanted.line !== undefined), `${name}, run`).toEqual(wanted);
    const text = await of.script(range);
    expect.soft(await failureOfScript(script.url, text, plan), `${name}, script`).toEqual(wanted);
  }
  const left = await stateOf(server, file.url);
  expect(await stateOf(server, run.url)).toBe(left);
  expect(await stateOf(server, script.url)).toBe(left);
}
