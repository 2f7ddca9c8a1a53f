/** The example shop: online run ≡ offline script, for the whole graph and each single step, on every server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { offline } from "../../src/app/offline.ts";
import { openProject } from "../../src/app/project.ts";
import { run } from "../../src/app/run.ts";
import type { Request } from "../../src/app/steps.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { dump } from "../support/dump.ts";
import { deps, example, steadyLedger } from "../support/migrate.ts";
import { needsPsql, pgDump, pgDumpServes, psql } from "../support/psql.ts";
import { freshDatabase, servers, type TestDatabase } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "retort-example-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const project = { directories: [example] };

const online = (url: string, request: Request) => run(deps(), request, { ...project, database: url });

async function viaScript(url: string, request: Request): Promise<void> {
  const file = join(folder, "migration.sql");
  const { plan, ledger: sql } = await offline(deps(), request, project);
  writeFileSync(file, renderScript(plan, sql).text);
  const result = await psql(url, file);
  // The backfill tells how far it is; an error would end the script.
  expect(result.stderr.replaceAll(/^.*NOTICE: {2}retort: .* rows so far.*\n/gm, "")).toBe("");
  expect(result.code).toBe(0);
}

async function expectEqual(a: TestDatabase, b: TestDatabase): Promise<void> {
  expect(await dump(b.url, { exclude: ["retort"] })).toBe(await dump(a.url, { exclude: ["retort"] }));
  expect(await steadyLedger(b.url)).toEqual(await steadyLedger(a.url));
}

describe.each(servers())("the example on $name", (server) => {
  test("up, down and up again, by run and by script: equal databases, equal ledgers", async (context) => {
    needsPsql(context);
    const [a, b] = await Promise.all([freshDatabase(server), freshDatabase(server)]);
    for (const [request, range] of [
      ["upgrade", "base:head"],
      ["downgrade", "head:base"],
      ["upgrade", "base:head"],
    ] as const) {
      await online(a.url, { kind: request, target: range.slice(range.indexOf(":") + 1) });
      await viaScript(b.url, { kind: request, target: range });
      await expectEqual(a, b);
      if (!pgDumpServes(server)) continue;
      const catalog = ["--schema-only"];
      expect(await pgDump(b.url, catalog)).toBe(await pgDump(a.url, catalog));
    }
    expect((await online(a.url, { kind: "upgrade", target: "heads" })).steps).toEqual([]);
    await Promise.all([a.drop(), b.drop()]);
  });
});

test("every single step up and down, by run and by script", async (context) => {
  const server = servers()[0]!;
  needsPsql(context);
  const [a, b] = await Promise.all([freshDatabase(server), freshDatabase(server)]);
  const { graph } = await openProject(deps(), project);
  for (const [index, id] of graph.order.entries()) {
    const before = (await openHeads(graph.order.slice(0, index))) || "base";
    await online(a.url, { kind: "upgrade", target: id });
    await viaScript(b.url, { kind: "upgrade", target: `${before}:${id}` });
    await expectEqual(a, b);
  }
  for (const [index, id] of [...graph.order.entries()].reverse()) {
    const after = (await openHeads(graph.order.slice(0, index))) || "base";
    const { parents } = graph.nodes.get(id)!;
    const target = parents.length === 1 ? `${id}@${parents[0]}` : (parents[0] ?? "base");
    if (index === 0) expect(after).toBe("base");
    await online(a.url, { kind: "downgrade", target });
    await viaScript(b.url, {
      kind: "downgrade",
      target: `${await openHeads(graph.order.slice(0, index + 1))}:${target}`,
    });
    await expectEqual(a, b);
  }
  await Promise.all([a.drop(), b.drop()]);
});

/** The heads of these applied revisions, as the start of a range. */
async function openHeads(applied: readonly string[]): Promise<string> {
  const { graph } = await openProject(deps(), project);
  const { currentHeads } = await import("../../src/core/steps.ts");
  return currentHeads(graph, applied).join(",");
}
