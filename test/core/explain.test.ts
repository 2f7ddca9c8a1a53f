/** A statement of a plan and the server's answer → where it failed, what is so now, and what to do. */
import { expect, test } from "vitest";
import { explain, explainQuery } from "../../src/core/failure/explain.ts";
import type { Failure } from "../../src/core/failure/failure.ts";
import type { Elsewhere } from "../../src/core/failure/search-path.ts";
import { defaultPins } from "../../src/core/plan/session.ts";
import type { StepInput } from "../../src/core/plan/step.ts";
import type { Statement } from "../../src/core/plan/types.ts";
import type { Trace } from "../../src/core/statement/facts.ts";
import { planOf, statement, step } from "../support/plans.ts";

const header = "-- revision: a\n-- parent: none\n\n";

interface Case {
  readonly transactional?: boolean;
  readonly trace?: Trace;
  readonly before?: string;
  readonly scratch?: string;
  readonly aborted?: boolean;
  readonly adviceOnly?: boolean;
  readonly elsewhere?: Elsewhere;
}

/** How the failure of the last statement of a file is told: its code, place and hint. */
function told(
  sql: string,
  failure: Partial<Failure>,
  { transactional = true, before = "", scratch, aborted = false, adviceOnly, elsewhere, ...facts }: Case = {},
) {
  const text = `${header}${before}${sql}`;
  const start = header.length + before.length;
  const comment = /^(?:--.*\n)*/.exec(sql)![0].length;
  const origin = { path: "a.up.sql", line: 4, column: 1, start: start + comment, end: text.length };
  const tag = sql.slice(comment).split(/\s/, 1)[0]!;
  const plan = planOf([
    step("a", [statement(sql, { origin, offset: comment, tag, transactional, ...facts })], { transactional }),
  ]);
  const batch = plan.batches.find((each) => each.statements.some(({ purpose }) => purpose === "user"))!;
  const user = batch.statements.find(({ purpose }) => purpose === "user")!;
  const error = explain(
    plan,
    batch,
    user,
    { message: "no", sqlstate: "42P01", lost: false, ...failure },
    { sourceText: () => text, aborted, scratch, adviceOnly, elsewhere },
  );
  const { line, column } = error.location ?? {};
  return { code: error.code, place: `${line}:${column}`, message: error.message, hint: error.hint ?? "" };
}

test.each<[string, string, Partial<Failure>, string]>([
  ["the position that the server gives", "SELECT 1,\n  nothing;", { position: 12 }, "5:3"],
  ["in code points", "SELECT '😀é', nothing;", { position: 13 }, "4:14"],
  ["behind a comment that belongs to it", "-- why\nSELECT nothing;", { position: 14 }, "5:8"],
  ["no position: where the statement begins", "SELECT nothing;", {}, "4:1"],
  ["no position: below its comment", "-- why\n-- so\nSELECT nothing;", {}, "6:1"],
  [
    "a line of a DO block",
    "DO $$\nBEGIN\n  RAISE 'no';\nEND $$;",
    { where: "PL/pgSQL function inline_code_block line 3 at RAISE" },
    "6:3",
  ],
  [
    "a line of a block that is called by another statement says nothing of it",
    "SELECT f();",
    { where: "PL/pgSQL function inline_code_block line 3 at RAISE" },
    "4:1",
  ],
])("%s", (_, sql, failure, place) => {
  expect(told(sql, failure)).toMatchObject({ code: "execution/statement", place });
  // Whatever stands above it in the file.
  const [line, column] = place.split(":");
  expect(told(sql, failure, { before: "SELECT '😀';\n" }).place).toBe(`${Number(line) + 1}:${column}`);
});

test.each<[string, string, string | undefined, string]>([
  [
    "VACUUM;",
    "25001",
    undefined,
    "to run it outside a transaction, write '-- transaction: none' in the header",
  ],
  [
    "SELECT f();",
    "25001",
    'SQL statement "VACUUM"',
    "a function or a DO block cannot contain it: write it as a statement of its own, and '-- transaction: none' in the header",
  ],
  [
    "DO $$ BEGIN COMMIT; END $$;",
    "2D000",
    "PL/pgSQL function inline_code_block line 1 at COMMIT",
    "to run it outside a transaction, write '-- transaction: none' in the header",
  ],
  [
    "SELECT f();",
    "2D000",
    "PL/pgSQL function f() line 1 at COMMIT",
    "a function cannot end a transaction; a procedure or a DO block can, with '-- transaction: none' in the header",
  ],
])("%s, %s in a transaction: how to run it outside one", (sql, sqlstate, where, advice) => {
  const failure = { sqlstate, ...(where === undefined ? {} : { where }) };
  expect(told(sql, failure).hint.split("\n")).toContain(advice);
  expect(told(sql, failure, { transactional: false }).hint).not.toContain("transaction: none");
  expect(told(sql, { ...failure, sqlstate: "42P01" }).hint).not.toContain("transaction: none");
});

const TIMEOUT = { sqlstate: "57014", message: "canceling statement due to statement timeout" };
const LOCK_TIMEOUT = { sqlstate: "55P03", message: "canceling statement due to lock timeout" };
const NOT_HAD = { sqlstate: "55P03", message: 'could not obtain lock on relation "t"' };

test.each([
  [TIMEOUT, "-- statement-timeout: 5s\n", "", "", {}, "of this file's header ('-- statement-timeout: 5s'):"],
  [TIMEOUT, "", "SET LOCAL statement_timeout = '5s';", "", {}, "the SET statement_timeout of this file"],
  [
    TIMEOUT,
    "",
    "",
    "",
    { statementTimeout: "1s" },
    " = '1s', from session.statementTimeout: raise it; see where it comes from with: checkConfig(deps, options)",
  ],
  [
    TIMEOUT,
    "",
    "",
    "-c statement_timeout=5",
    {},
    "is the statement_timeout of the options of the connection",
  ],
  [LOCK_TIMEOUT, "-- lock-timeout: 5\n", "", "", {}, "file's header ('-- lock-timeout: 5', which is 5ms):"],
  [
    LOCK_TIMEOUT,
    "-- revision: a\r\n-- lock-timeout: 5\r\n",
    "",
    "",
    {},
    "header ('-- lock-timeout: 5', which is 5ms):",
  ],
  [LOCK_TIMEOUT, "-- lock-timeout: 5s\n", "", "", {}, "of this file's header ('-- lock-timeout: 5s'):"],
  [
    LOCK_TIMEOUT,
    "",
    "SELECT set_config('lock_timeout', '5', false);",
    "",
    {},
    "the SET lock_timeout of this",
  ],
  [LOCK_TIMEOUT, "", "", "", { lockTimeout: "5" }, " lock_timeout = '5ms', from session.lockTimeout: raise"],
  [
    LOCK_TIMEOUT,
    "",
    "",
    "--lock-timeout=5",
    {},
    "the limit is the lock_timeout of the options of the connection",
  ],
  [
    LOCK_TIMEOUT,
    "",
    "",
    "-c lock_timeout=0",
    {},
    "lock_timeout = '5s', the default: another is set with session.lockTimeout",
  ],
  [NOT_HAD, "", "", "", {}, "revision a was rolled back"],
])("whose limit a step has met: %j%j%j%j%j", (failure, head, first, connectionOptions, settings, said) => {
  const text = `${head}${first}\nSELECT 1;`;
  const origin = { path: "a.up.sql", line: 1, column: 1, start: 0, end: 1 };
  const sent = [first, "SELECT 1;"].map((sql) => statement(sql, { origin }));
  const plan = planOf([step("a", sent)], { pins: { ...defaultPins, ...settings } });
  const batch = plan.batches.find((each) => each.statements.some(({ purpose }) => purpose === "user"))!;
  const explaining = { sourceText: () => text, aborted: false, connectionOptions };
  // What records the step has the limit of its statements, and what begins it that of the session.
  const hintAt = (purpose: Statement["purpose"]): string => {
    const last = batch.statements.findLast((each) => each.purpose === purpose)!;
    return explain(plan, batch, last, { ...failure, lost: false }, explaining).hint ?? "";
  };
  for (const purpose of ["user", "record", "commit"] as const)
    expect(hintAt(purpose).split("\n", 1)[0]).toContain(said);
  if (failure === TIMEOUT)
    expect(hintAt("guard-step")).toMatch(/^statement_timeout is set (for this role|in the options)/);
});

test("a SET behind the statement is not what it met", () => {
  const origin = (line: number) => ({ path: "a.up.sql", line, column: 1, start: 0, end: 1 });
  const sent = ["SELECT 1;", "SET lock_timeout = '9s';"].map((sql, i) =>
    statement(sql, { origin: origin(i + 1) }),
  );
  const plan = planOf([step("a", sent)]);
  const batch = plan.batches.find((each) => each.statements.some(({ purpose }) => purpose === "user"))!;
  const first = batch.statements.find(({ purpose }) => purpose === "user")!;
  const explaining = { sourceText: () => "SELECT 1;", aborted: false };
  expect(explain(plan, batch, first, { ...LOCK_TIMEOUT, lost: false }, explaining).hint).toMatch(
    /^the limit is lock_timeout = '5s', the default/,
  );
});

test("a limit that was given is told as the option that gave it", () => {
  const origin = { path: "a.up.sql", line: 1, column: 1, start: 0, end: 1 };
  const pins = { ...defaultPins, statementTimeout: "1s", lockTimeout: "1s" };
  const plan = planOf([step("a", [statement("SELECT 1;", { origin })])], { pins });
  const batch = plan.batches.find((each) => each.statements.some(({ purpose }) => purpose === "user"))!;
  const limitOptions = {
    statement_timeout: { name: "flag --statement-timeout", given: true, settings: "migrate config" },
    lock_timeout: { name: "flag --lock-timeout", given: false, settings: "migrate config" },
  };
  const hintOf = (failure: typeof TIMEOUT, of = plan): string | undefined =>
    explain(
      of,
      batch,
      batch.statements.find(({ purpose }) => purpose === "user")!,
      { ...failure, lost: false },
      { sourceText: () => "SELECT 1;", aborted: false, limitOptions },
    ).hint?.split("\n", 1)[0];
  expect(hintOf(TIMEOUT)).toBe(
    "the limit is statement_timeout = '1s', from flag --statement-timeout: raise it",
  );
  expect(hintOf(LOCK_TIMEOUT)).toMatch(
    /from session\.lockTimeout: raise it; see where it comes from with: migrate config$/,
  );
  expect(hintOf(LOCK_TIMEOUT, { ...plan, settings: [] })).toContain(
    "the default: another is set with flag --lock-timeout or session.lockTimeout",
  );
});

test.each<[string, Partial<Failure>, string]>([
  [
    "57014",
    { message: "canceling statement due to statement timeout" },
    "PGOPTIONS='-c statement_timeout=0'",
  ],
  [
    "57014",
    {
      message: "canceling statement due to statement timeout",
      connectionOptions: "-c statement_timeout=1s",
    },
    "take it out, or set it to 0 there",
  ],
  ["42501", {}, "grant the role that asks that right, or use another role"],
  ["55P03", { message: "canceling statement due to lock timeout" }, "try again when it is done"],
  ["57014", {}, "run the same command again"],
  // There is nothing to go on with.
  ["57P01", { lost: true }, "run the same command again"],
  // Another attempt meets the same.
  ["42703", {}, "none"],
])("a query of ours that fails with %s is told what helps", (sqlstate, failure, hint) => {
  const { hint: said = "none" } = explainQuery({ message: "no", sqlstate, lost: false, ...failure }, false);
  expect(said.endsWith(hint)).toBe(true);
});

test("what is stopped on request outside a transaction has no cause to fix", () => {
  const failure = { sqlstate: "57014", message: "canceling statement due to user request" };
  const { hint } = told("VACUUM;", failure, { transactional: false, aborted: true });
  expect(hint).toContain("to continue, run the same command again: it resumes here");
  expect(hint).not.toContain("fix the cause");
});

test.each([
  ["fix the cause and", {}],
  ["to continue,", { sqlstate: "57014", aborted: true }],
] as const)(
  "of a block that may have committed, nothing tells where to resume: %s",
  (first, { sqlstate = "22012", aborted = false }: { sqlstate?: string; aborted?: boolean }) => {
    const how: Case = { transactional: false, trace: { kind: "commits", names: [] }, aborted };
    expect(told("DO $$ BEGIN COMMIT; END $$;", { sqlstate }, how).hint).toContain(
      `${first} check by hand what of it is done, then run the same command again: it says what to type. See`,
    );
  },
);

test("a message of several lines is indented by whoever shows it", () => {
  const { message } = told("SELECT 1;", {
    message: "no",
    detail: "one\ntwo",
    where: "PL/pgSQL function f()",
  });
  expect(message).toBe("no\none\ntwo\nPL/pgSQL function f()");
});

test("on a scratch database nothing is said of what stays applied, but which database it was", () => {
  const scratch = "PostgreSQL 15.18, a temporary database on db:5432";
  const so = `this ran on the scratch database (${scratch}), which has only what migrations made there; your database was not touched`;
  for (const transactional of [true, false])
    expect(told("SELECT 1 / 0;", { sqlstate: "22012" }, { transactional, scratch }).hint).toBe(so);
  const missing = { message: 'relation "t" does not exist', hint: "the server's" };
  const lines = told("SELECT * FROM t;", missing, { scratch }).hint.split("\n");
  expect(lines).toEqual([
    expect.stringMatching(
      /^correct the name; if it is right, the migrations before this one do not leave it there: /,
    ),
    "the server's",
    so,
  ]);
  // Another schema has it, where they made it.
  const elsewhere = { schemas: ["shop"], path: ["public"] };
  const found = told("SELECT * FROM t;", { ...missing, sqlstate: "42P01" }, { scratch, elsewhere }).hint;
  expect(found).toMatch(
    /^the server's\nsearch_path does not have shop, where t is: write shop\.t, or .*\nthis ran on/,
  );
  const advice = told("SELECT * FROM t;", missing, { scratch, adviceOnly: true }).hint;
  expect(advice.split("\n")).toEqual(lines.slice(0, -1));
  for (const message of ["operator does not exist: text > integer", "function lenght(text) does not exist"])
    expect(told("SELECT 1;", { message }, { scratch }).hint).toMatch(
      /^correct the name, or the types of what it is given; if both are right, the migrations before this one /,
    );
  for (const message of ['schema "shop" does not exist', "Schema »shop« existiert nicht"]) {
    const schema = told("SELECT 1;", { sqlstate: "3F000", message }, { scratch }).hint;
    expect(schema.split("\n")).toEqual([
      expect.stringMatching(/^correct the name; or create shop .*: CREATE SCHEMA IF NOT EXISTS shop; where/),
      so,
    ]);
  }
  expect(told("SELECT 1;", { lost: true, sqlstate: "57P01" }, { scratch }).hint).toBe(
    `${so}; run the same command again`,
  );
});

test.each(["25001", "2D000", "55P04"])("what %s needs, one transaction for all has not", (sqlstate) => {
  const steps = [step("a", ["SELECT 1;"]), step("b", ["DO '';"])];
  const hintOf = (singleTransaction: boolean): string => {
    const plan = planOf(steps, { singleTransaction });
    const batch = plan.batches.findLast((each) => each.statements.some(({ purpose }) => purpose === "user"))!;
    const user = batch.statements.findLast(({ purpose }) => purpose === "user")!;
    const failure = { message: "no", sqlstate, lost: false };
    return explain(plan, batch, user, failure, { sourceText: () => undefined, aborted: false }).hint ?? "";
  };
  expect(
    [true, false].map((shared) => hintOf(shared).includes(", and leave out option singleTransaction")),
  ).toEqual([true, false]);
});

test("the commit of several steps is told of the last of them", () => {
  const plan = planOf([step("a", ["SELECT 1;"]), step("b", ["SELECT 2;"])], { singleTransaction: true });
  const batch = plan.batches[1]!;
  const commit = batch.statements.find(({ purpose }) => purpose === "commit")!;
  const failure = { message: "no", sqlstate: "23503", constraint: "t_x_fkey", lost: false };
  expect(
    explain(plan, batch, commit, failure, { sourceText: () => undefined, aborted: false }),
  ).toMatchObject({
    code: "execution/commit",
    message: "the commit of revision b (b.up.sql) failed (constraint t_x_fkey): no",
    hint: "all of it was rolled back; nothing was changed",
  });
});

test.each([
  ["outside a transaction, behind a setting", ["SET ROLE app;", "INSERT INTO c VALUES (1);"], false, "4:15"],
  ["in a transaction, where it is the only one", ["INSERT INTO c VALUES (1);"], true, "4:1"],
  ["in a transaction with others: nobody knows which", ["SELECT 1;", "INSERT INTO c VALUES (1);"], true, ""],
])(
  "what a statement deferred and its commit refuses is told of the statement: %s",
  (_, sqls, transactional, place) => {
    const text = header + sqls.join(" ");
    const statements = sqls.map((sql) => {
      const start = text.indexOf(sql);
      const origin = {
        path: "a.up.sql",
        line: 4,
        column: start - header.length + 1,
        start,
        end: start + sql.length,
      };
      return statement(sql, sql.startsWith("SET") ? { origin, setting: "value" } : { origin });
    });
    const plan = planOf([step("a", statements, { transactional })]);
    const batch = plan.batches.findLast((each) => each.statements.some(({ purpose }) => purpose === "user"))!;
    const failure = { message: "no", sqlstate: "23503", constraint: "c_fkey", lost: false };
    const endings = batch.statements.filter(({ purpose }) => /^(?:commit|defer)$/.test(purpose));
    expect(endings).toHaveLength(2);
    for (const ending of endings) {
      const { code, location } = explain(plan, batch, ending, failure, {
        sourceText: () => text,
        aborted: false,
      });
      const told = location === undefined ? "" : `${location.line}:${location.column}`;
      expect({ code, told }).toEqual({ code: "execution/commit", told: place });
    }
  },
);

test.each([
  ["an upgrade", {}, "revision b was rolled back; what was applied before it stays applied", ["a"]],
  ["the first upgrade", {}, "revision b was rolled back; none is applied", []],
  ["a downgrade", { direction: "down" }, "the downgrade of b was rolled back; it is still applied"],
  [
    "the first of an upgrade outside a transaction",
    { transactional: false },
    "revision b was rolled back; what was applied before it stays applied",
    ["a"],
  ],
  [
    "the second of a downgrade outside a transaction",
    { direction: "down", transactional: false, sqls: ["SELECT 0;", "SELECT 1;"] },
    "revision b runs outside a transaction: what it did before this is kept; fix the cause, leaving the statements before this one as they are, and run the same command again: it resumes here",
  ],
] as const)(
  "what is so behind a statement that failed: %s",
  (_, how, hint, from: readonly string[] = ["b"]) => {
    const { sqls = ["SELECT 1;"], ...more }: Partial<StepInput> & { readonly sqls?: readonly string[] } = how;
    const plan = planOf([step("b", sqls, more)], {
      kind: more.direction === "down" ? "downgrade" : "upgrade",
      applied: from,
      from,
    });
    const isUser = ({ purpose }: { readonly purpose: string }): boolean => purpose === "user";
    const batch = plan.batches.findLast(({ statements }) => statements.some(isUser))!;
    const failure = { message: "no", sqlstate: "22012", lost: false };
    const told = { sourceText: () => undefined, aborted: false };
    expect(explain(plan, batch, batch.statements.find(isUser)!, failure, told)).toMatchObject({
      code: "execution/statement",
      hint,
    });
  },
);
