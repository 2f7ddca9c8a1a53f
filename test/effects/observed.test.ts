/** What was predicted of a statement and what it did: where they differ, it is said. */
import { expect, test } from "vitest";
import { differences, type ObservedRelation } from "../../src/core/effects/observed.ts";
import type { EffectSummary } from "../../src/core/effects/summary.ts";

const table: ObservedRelation = { id: "1", schema: "shop", name: "orders", file: "1", scans: 0, modes: [] };
const nothing: EffectSummary = {
  locks: [],
  rewrites: [],
  scans: [],
  writes: [],
  updates: [],
  builds: [],
  unknown: [],
};
const exclusive: EffectSummary = {
  ...nothing,
  locks: [{ relation: "shop.orders", schema: "shop", name: "orders", mode: "ACCESS EXCLUSIVE" }],
};
const locked = { modes: ["AccessExclusiveLock"] };
const weakly = { modes: ["AccessShareLock", "RowExclusiveLock"] };

test.each<
  [
    string,
    EffectSummary | undefined,
    Partial<ObservedRelation>,
    Partial<ObservedRelation> | undefined,
    string,
  ]
>([
  ["the lock that was predicted", exclusive, {}, locked, ""],
  ["none", exclusive, {}, {}, "shop.orders: ACCESS EXCLUSIVE was predicted, none taken"],
  [
    "one that nobody predicted",
    undefined,
    {},
    locked,
    "shop.orders: no lock was predicted, ACCESS EXCLUSIVE taken",
  ],
  [
    "a weaker one",
    exclusive,
    {},
    { modes: ["AccessShareLock", "ShareLock"] },
    "shop.orders: ACCESS EXCLUSIVE was predicted, SHARE taken",
  ],
  ["one that keeps nobody from anything", undefined, {}, weakly, ""],
  ["one that was held already", exclusive, locked, locked, ""],
  ["one that was held, and nothing predicted", undefined, locked, locked, ""],
  ["the table is gone", exclusive, {}, undefined, ""],
  ["the table is gone, and nobody predicted it", undefined, {}, undefined, "no lock was predicted"],
  ["a rewrite", { ...exclusive, rewrites: ["shop.orders"] }, locked, { ...locked, file: "2" }, ""],
  [
    "a rewrite that nobody predicted",
    exclusive,
    locked,
    { ...locked, file: "2", scans: 1 },
    "rewritten, which was not",
  ],
  [
    "no rewrite",
    { ...exclusive, rewrites: ["shop.orders"] },
    locked,
    locked,
    "predicted to be rewritten, and was not",
  ],
  ["a scan", { ...nothing, scans: ["shop.orders"] }, {}, { scans: 1 }, ""],
  ["a scan that nobody predicted", nothing, {}, { scans: 1 }, "read, which was not predicted"],
  ["no scan of an empty table", { ...nothing, scans: ["shop.orders"] }, {}, {}, ""],
])("%s", (_, predicted, before, after, difference) => {
  const left = after === undefined ? [] : [{ ...table, ...after }];
  const found = differences(predicted, [{ ...table, ...before }], left, new Set(["1"]));
  expect(found.length).toBe(difference === "" ? 0 : 1);
  expect(found.join()).toContain(difference);
  expect(differences(predicted, [{ ...table, ...before }], left, new Set())).toEqual([]);
});
