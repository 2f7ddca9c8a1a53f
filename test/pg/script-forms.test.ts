/** Every form of the script leaves what the online run leaves: one file, split files, idempotent from any state. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type OfflineOptions, offline } from "../../src/app/offline.ts";
import { openProject } from "../../src/app/project.ts";
import { run } from "../../src/app/run.ts";
import type { Request } from "../../src/app/steps.ts";
import { defaultForm, renderScript, renderSplit } from "../../src/render/script.ts";
import { dump } from "../support/dump.ts";
import { deps, example, steadyLedger } from "../support/migrate.ts";
import { needsPsql, psql } from "../support/psql.ts";
import { freshDatabase, query, servers, type TestServer } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "retort-forms-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const project = { directories: [example] };
const up: Request = { kind: "upgrade", target: "base:head" };
const down: Request = { kind: "downgrade", target: "head:base" };

const online = (url: string, kind: "upgrade" | "downgrade", target: string) =>
  run(deps(), { kind, target }, { ...project, database: url });

/** A form's files, written; run in order by psql, each must succeed. */
type Form = (request: Request) => Promise<readonly string[]>;

const written = (texts: readonly { readonly text: string }[], prefix: string): readonly string[] =>
  texts.map(({ text }, i) => {
    const file = join(folder, `${prefix}-${i}.sql`);
    writeFileSync(file, text);
    return file;
  });

const single =
  (options: Partial<OfflineOptions> = {}): Form =>
  async (request) => {
    const { plan, ledger: sql } = await offline(deps(), request, { ...project, ...options });
    return written([renderScript(plan, sql)], `${request.kind}-single`);
  };

const split: Form = async (request) => {
  const { plan, ledger: sql } = await offline(deps(), request, project);
  return written(renderSplit(plan, sql, defaultForm), "split");
};

const twice =
  (form: Form): Form =>
  async (request) => {
    const files = await form(request);
    return [...files, ...files];
  };

async function apply(url: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const result = await psql(url, file);
    expect(result.stderr).toBe("");
    expect(result.code).toBe(0);
  }
}

async function stateOf(url: string): Promise<unknown> {
  return { catalog: await dump(url, { exclude: ["retort"] }), ledger: await steadyLedger(url) };
}

describe.each(servers())("forms of the script on $name", (server) => {
  test.each<[string, Form]>([
    ["split files in order", split],
    ["idempotent, run twice", twice(single({ idempotent: true }))],
  ])("%s ≡ online run, up and down", async (_name, form) => {
    const [a, b] = await Promise.all([freshDatabase(server), freshDatabase(server)]);
    await online(a.url, "upgrade", "head");
    await apply(b.url, await form(up));
    expect(await stateOf(b.url)).toEqual(await stateOf(a.url));
    await online(a.url, "downgrade", "base");
    await apply(b.url, await form(down));
    expect(await stateOf(b.url)).toEqual(await stateOf(a.url));
    await Promise.all([a.drop(), b.drop()]);
  });

  test("idempotent from every intermediate state, up and down", async (context) => {
    needsPsql(context);
    await fromEveryState(server);
  });
});

async function fromEveryState(server: TestServer): Promise<void> {
  const { graph } = await openProject(deps(), project);
  const upFiles = await single({ idempotent: true })(up);
  const downFiles = await single({ idempotent: true })(down);
  const full = await freshDatabase(server);
  await online(full.url, "upgrade", "head");
  const catalog = (url: string) => dump(url, { exclude: ["retort"] });
  const wanted = await catalog(full.url);
  const way = await freshDatabase(server);
  for (const id of graph.order) {
    await online(way.url, "upgrade", id);
    const database = await freshDatabase(server, { template: way.name });
    await apply(database.url, upFiles);
    expect(await catalog(database.url)).toBe(wanted);
    await database.drop();
    const emptied = await freshDatabase(server, { template: way.name });
    await apply(emptied.url, downFiles);
    const [left] = await query<{ count: string }>(emptied.url, "SELECT count(*) FROM retort.applied");
    expect(left?.count).toBe("0");
    expect(await query(emptied.url, "SELECT FROM pg_namespace WHERE nspname = 'shop'")).toEqual([]);
    await emptied.drop();
  }
  await Promise.all([full.drop(), way.drop()]);
}
