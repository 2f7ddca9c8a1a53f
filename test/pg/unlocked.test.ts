/**
 * The statements of a plan, sent by a session that does not hold the ledger's lock: each that would change the state stops. What
 * was committed before it, it does not deny.
 */
import { expect, test } from "vitest";
import { offline } from "../../src/app/offline.ts";
import { ledgerOf } from "../../src/core/ledger/calls.ts";
import type { Purpose } from "../../src/core/plan/types.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

/** What each part of a plan begins with, and what looks at what was interrupted. */
const ASKS: readonly Purpose[] = ["guard-start", "guard-step", "guard-part", "cleanup"];

test.each(servers())("on $name", async (server) => {
  const { url } = await ownDatabase(server);
  const shop = project({
    a: "CREATE TABLE t (x int);\nINSERT INTO t VALUES (1), (1);",
    b: { up: "CREATE UNIQUE INDEX CONCURRENTLY i ON t (x);\nVACUUM t;", header: ["transaction: none"] },
  });
  await shop.upgrade(url, "a");
  const plans = await Promise.all([
    offline(shop.deps, { kind: "upgrade", target: "a:b" }, {}),
    offline(shop.deps, { kind: "upgrade", target: "a:b" }, { idempotent: true }),
    offline(shop.deps, { kind: "downgrade", target: "a:base" }, {}),
    offline(shop.deps, { kind: "downgrade", target: "a:base" }, { idempotent: true }),
  ]);
  const texts = new Set(
    plans.flatMap(({ plan }) =>
      plan.batches.flatMap(({ statements }) =>
        statements.filter(({ purpose }) => ASKS.includes(purpose)).map(({ sql }) => sql),
      ),
    ),
  );
  const calls = [...texts].map((sql) => /retort\.(\w+)\(/.exec(sql)![1]!);
  expect(new Set(calls)).toEqual(
    new Set([
      ...["require_state", "begin_step", "begin_upgrade", "begin_downgrade", "resume_step", "cleanup"],
    ]),
  );
  // Interrupted at its first statement, so that what asks for that has it.
  await failureOf(shop.upgrade(url));
  const before = await query(url, "SELECT revision, statement FROM retort.intent");
  expect(before).toEqual([{ revision: "b", statement: 1 }]);
  for (const sql of texts) {
    const { message, hint } = await failureOf(query(url, sql));
    expect(message, sql).toMatch(/does not hold the lock of the ledger/);
    expect(hint, sql).toMatch(
      /^What was committed before this is kept\. .* if only a part of a script was run, run all of it/,
    );
  }
  const { lockKey } = ledgerOf({ schema: "retort" });
  const locked = `SELECT pg_advisory_lock(${lockKey}), pg_advisory_lock_shared(${lockKey});`;
  for (const sql of [...texts].filter((text) => text.includes("retort.begin_")))
    expect((await failureOf(query(url, `${locked} ${sql}`))).hint, sql).toMatch(
      sql.includes("'b'")
        ? /^This step was begun before\. See: SELECT \* FROM retort\.intent;/
        : /^Nothing of this step was done\. See: SELECT \* FROM retort\.intent;/,
    );
  expect(await query(url, "SELECT revision, statement FROM retort.intent")).toEqual(before);
});
