/** Random graphs, random states, random targets: what the run does, the script does, in whatever form; or both refuse. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../src/app/run.ts";
import type { Request } from "../../src/app/steps.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { buildGraph } from "../../src/core/graph.ts";
import type { Revision } from "../../src/core/migration.ts";
import { currentHeads } from "../../src/core/steps.ts";
import { type FormName, filesOf, formNames, runFiles, stateOf } from "../support/forms.ts";
import { chance, randomRevisions } from "../support/graphs.ts";
import { deps } from "../support/migrate.ts";
import { ownDatabase } from "../support/project.ts";
import { freshDatabase, query, servers } from "../support/server.ts";

const root = mkdtempSync(join(tmpdir(), "retort-random-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What a migration does: it makes a table of its own, and works on it in some way. */
const bodies: readonly ((table: string) => { readonly up: string; readonly header?: string })[] = [
  (t) => ({ up: `INSERT INTO ${t} SELECT g, 'row ' || g FROM generate_series(1, 5) AS g;` }),
  (t) => ({
    up: `-- :x and 'quotes'\nINSERT INTO ${t} VALUES (1, E'\\\\ it''s'), (2, $$a$$ || ':x');\nUPDATE ${t} SET note = ((ARRAY['a', note])[1:id])::text;`,
  }),
  (t) => ({
    up: `CREATE FUNCTION f_${t}(hi int) RETURNS int LANGUAGE plpgsql AS $f$\nBEGIN\n  RETURN hi; -- ;\nEND $f$;\nCOMMENT ON TABLE ${t} IS 'line 1\nline 2';`,
  }),
  (t) => ({
    up: `SET work_mem = '1MB';\nINSERT INTO ${t} VALUES (1, 'a');\nCREATE INDEX CONCURRENTLY i_${t} ON ${t} (id);\nINSERT INTO ${t} VALUES (2, current_setting('work_mem'));`,
    header: "transaction: none",
  }),
  (t) => ({
    up: `SET search_path = pg_catalog;\nINSERT INTO public.${t} VALUES (1, current_setting('search_path'));`,
  }),
  () => ({ up: "" }),
  () => ({ up: "-- nothing but this\n" }),
];

function writeProject(seed: number, revisions: readonly Revision[]): string {
  const by = chance(seed);
  const folder = mkdtempSync(join(root, "p"));
  for (const [index, { revision, parents, dependsOn, branchLabels, message }] of revisions.entries()) {
    const table = `t_${revision}`;
    const { up, header } = by.pick(bodies)(table);
    const name = `${String(index + 1).padStart(4, "0")}_r`;
    const lines = [
      `revision: ${revision}`,
      `parent: ${parents.join(", ") || "none"}`,
      `message: ${message}`,
      ...(dependsOn.length === 0 ? [] : [`depends-on: ${dependsOn.join(", ")}`]),
      ...(branchLabels.length === 0 ? [] : [`branch-labels: ${branchLabels.join(", ")}`]),
      ...(header === undefined ? [] : [header]),
    ];
    const head = lines.map((line) => `-- ${line}\n`).join("");
    writeFileSync(
      join(folder, `${name}.up.sql`),
      `${head}\nCREATE TABLE ${table} (id int, note text);\n${up}`,
    );
    const drop = up.includes("FUNCTION") ? `DROP FUNCTION f_${table}(int);\n` : "";
    writeFileSync(
      join(folder, `${name}.down.sql`),
      `-- revision: ${revision}\n\n${drop}DROP TABLE ${table};`,
    );
  }
  return folder;
}

describe("script ≡ run", () => {
  const pool = servers();
  const seeds = Array.from({ length: 16 }, (_, index) => [4000 + index, pool[index % pool.length]!] as const);

  test.for(seeds)("seed %i", async ([seed, server]) => {
    const by = chance(seed);
    const revisions = randomRevisions(seed, 4 + Math.floor(by.next() * 8));
    const graph = buildGraph(revisions);
    const folder = writeProject(seed, revisions);
    const world = deps({}, folder);
    const project = { directories: [folder] };
    const online = (url: string, request: Request) => run(world, request, { ...project, database: url });

    const begun = await ownDatabase(server);
    for (const target of by.some(graph.order, by.pick([0, 1, 2])))
      await online(begun.url, { kind: "upgrade", target });
    const hasLedger =
      (await query(begun.url, "SELECT FROM pg_namespace WHERE nspname = 'retort'")).length > 0;
    const applied = hasLedger
      ? (await query(begun.url, "SELECT revision FROM retort.applied")).map((row) => String(row["revision"]))
      : [];
    const start = currentHeads(graph, applied).join(",") || "base";

    const kind = applied.length > 0 && by.often(0.5) ? "downgrade" : "upgrade";
    const target = kind === "upgrade" ? by.pick(["heads", ...graph.order]) : by.pick(["base", ...applied]);
    const range = { kind, target: `${start}:${target}` } as const;

    const ran = await freshDatabase(server, { template: begun.name });
    const [outcome, error] = await online(ran.url, { kind, target }).then(
      (result) => [result, undefined] as const,
      (failure: MigrateError) => [undefined, failure] as const,
    );
    const wanted = await stateOf(ran.url);
    await ran.drop();

    // Each seed is run in two of the forms that can hold its steps.
    const outside = outcome?.plan.steps.some((step) => !step.transactional) === true;
    const possible: readonly FormName[] = formNames.filter(
      (form) => !(outside && (form === "single transaction" || form.includes("any client"))),
    );
    for (const form of ["one file" as const, possible[1 + (seed % (possible.length - 1))]!]) {
      const files = await filesOf(form, world, range, project).catch((failure: MigrateError) => failure);
      if (files instanceof MigrateError && files.code === "usage/reversed-range") {
        // A range that leads the other way is a mistake; the run, which is given no range, has nothing to do there.
        expect(outcome?.plan.steps, `${form}: ${files.message}`).toEqual([]);
        continue;
      }
      if (files instanceof Error) {
        expect(error, `${form}: ${files.message}`).toMatchObject({ code: (files as MigrateError).code });
        continue;
      }
      expect(error).toBeUndefined();
      expect(await filesOf(form, world, range, project)).toEqual(files);
      const database = await freshDatabase(server, { template: begun.name });
      await runFiles(form, database.url, files);
      expect(await stateOf(database.url), form).toEqual(wanted);
      await database.drop();
    }
  });
});
