/** The forms that a script cannot have: refused by the command and by the API with the same words. */
import { describe, expect, test } from "vitest";
import { type OfflineOptions, offline } from "../../src/app/offline.ts";
import type { Request } from "../../src/app/steps.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { asFlags } from "../../src/core/option-names.ts";
import { defaultForm, type ScriptForm } from "../../src/core/plan/script.ts";
import { renderScript, renderSplit } from "../../src/render/script/script.ts";
import { migrate } from "../support/migrate.ts";
import { failureOf, project } from "../support/project.ts";

const shop = project({
  a: "CREATE TABLE a (x int);",
  b: "CREATE INDEX CONCURRENTLY a_x ON a (x);",
  c: {
    up: "CREATE TEMP TABLE t (x int);\nCREATE INDEX CONCURRENTLY a_y ON a (x);\nSELECT 1;",
    header: ["transaction: none"],
  },
});

const up = (target: string): Request => ({ kind: "upgrade", target });

interface Refused {
  readonly words: string;
  readonly request: Request;
  readonly options?: OfflineOptions;
  readonly form?: Partial<ScriptForm>;
  readonly code: string;
}

const refused: readonly Refused[] = [
  { words: "upgrade b --client any", request: up("b"), form: { client: "any" }, code: "usage/client-cannot" },
  {
    words: "upgrade a --idempotent --client any",
    request: up("a"),
    options: { idempotent: true },
    form: { client: "any" },
    code: "usage/exclusive-flags",
  },
  {
    words: "upgrade a --idempotent --split out",
    request: up("a"),
    options: { idempotent: true },
    form: { split: true },
    code: "usage/exclusive-flags",
  },
  {
    words: "upgrade a --idempotent --single-transaction",
    request: up("a"),
    options: { idempotent: true, singleTransaction: true },
    code: "usage/exclusive-flags",
  },
  {
    words: "upgrade a --split out --single-transaction",
    request: up("a"),
    options: { singleTransaction: true },
    form: { split: true },
    code: "usage/exclusive-flags",
  },
  {
    words: "upgrade b --single-transaction",
    request: up("b"),
    options: { singleTransaction: true },
    code: "source/not-in-transaction",
  },
  { words: "upgrade c --split out", request: up("c"), form: { split: true }, code: "source/not-splittable" },
  {
    words: "stamp a --purge",
    request: { kind: "stamp", targets: ["a"], purge: true },
    code: "usage/exclusive-flags",
  },
  { words: "downgrade base", request: { kind: "downgrade", target: "base" }, code: "usage/range-required" },
  { words: "upgrade nowhere", request: up("nowhere"), code: "graph/unknown-revision" },
];

describe("refused", () => {
  // As the command line names them.
  const named = { ...shop.deps, names: asFlags };

  test.each(refused)("$words", async ({ words, request, options = {}, form = {}, code }) => {
    const style = { ...defaultForm, ...form };
    const written = async () => {
      const { plan, ledger } = await offline(named, request, { ...options, form: style });
      return style.split === true ? renderSplit(plan, ledger, style) : renderScript(plan, ledger, style);
    };
    const error = await failureOf(written());
    expect(error).toBeInstanceOf(MigrateError);
    expect(error).toMatchObject({ code });
    const {
      stdout,
      stderr,
      code: exitCode,
    } = await migrate([...words.split(" "), "--sql"], { cwd: shop.folder });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: error["exitCode"] });
    expect(stderr).toContain(`error[${code}] ${error.message}`);
    expect(stderr).toContain(`hint: ${String(error["hint"])}`);
  });
});

test("a stamp, which has no such flag, is refused to the API", async () => {
  const request = { kind: "stamp", targets: ["a"] } as const;
  const code = "usage/exclusive-flags";
  await expect(offline(shop.deps, request, { idempotent: true })).rejects.toMatchObject({ code });
});

test("a plan that was made for another form is refused where it is laid out", async () => {
  const skipping = await offline(shop.deps, up("a"), { idempotent: true });
  const outside = await offline(shop.deps, up("b"), {});
  const any = { ...defaultForm, client: "any" } as const;
  const laidOut = [
    () => renderSplit(skipping.plan, skipping.ledger),
    () => renderSplit(skipping.plan, skipping.ledger, any),
    () => renderScript(skipping.plan, skipping.ledger, any),
    () => renderScript(outside.plan, outside.ledger, any),
    () => renderScript(outside.plan, outside.ledger, { ...any, split: true }),
  ];
  for (const layOut of laidOut) expect(layOut).toThrow(MigrateError);
  expect(renderScript(skipping.plan, skipping.ledger).text).toContain("retort.is_pending('a', 'up')");
  expect(renderSplit(outside.plan, outside.ledger, any).length).toBeGreaterThan(2);
});

test("a script is for the oldest servers that understand its syntax, also within a body", async () => {
  const newer = project({
    a: "CREATE TABLE q (a int, b int GENERATED ALWAYS AS (a) VIRTUAL);",
    b: "DO $$BEGIN MERGE INTO q USING q AS s ON true WHEN MATCHED THEN DELETE; END$$;",
    c: "SELECT 1;",
  });
  for (const [range, major] of [
    ["a", 18],
    ["a:b", 15],
    ["b:c", 12],
  ] as const) {
    const text = await newer.script(range);
    expect(text).toContain(`\n-- For:  PostgreSQL ${major} or later; `);
    expect(text).toContain(`server_version_num')::integer < ${major}0000 THEN`);
    expect(text).toContain(`Its SQL needs PostgreSQL ${major}: upgrade the server`);
    expect(text).not.toContain("Write the script for this server");
    expect(text).toContain(`\n"minimum": ${major}0000,`);
  }
});

test.each(["one file", "split files"])("the title says where it may be run: %s", async (form) => {
  const { plan, ledger } = await offline(shop.deps, up("b"), {
    expectDatabase: "shop",
    expectRole: "deploy",
    serverVersion: { number: 150004, text: "15.4" },
  });
  const texts =
    form === "one file"
      ? [renderScript(plan, ledger).text]
      : renderSplit(plan, ledger).map(({ text }) => text);
  for (const text of texts)
    expect(text).toMatch(
      /^-- For: {2}database shop; connected as deploy; PostgreSQL 15 or later; ledger retort, format 2\.$/m,
    );
});
