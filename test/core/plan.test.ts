import { describe, expect, test } from "vitest";
import { tallyOf } from "../../src/core/ledger/types.ts";
import { defaultPins } from "../../src/core/plan/session.ts";
import type { Batch, Plan, Purpose } from "../../src/core/plan/types.ts";
import { planOf as plan, statement, step } from "../support/plans.ts";

/** The purposes of a batch's statements, neighbours of one purpose once. */
const shape = (batch: Batch): string =>
  batch.statements
    .map(({ purpose }) => purpose)
    .filter((purpose, i, all) => purpose !== all[i - 1])
    .join(" ");

const sqlOf = (batch: Batch, purpose: Purpose): readonly string[] =>
  batch.statements.filter((s) => s.purpose === purpose).map((s) => s.sql);

const all = ({ batches }: Plan): readonly string[] => batches.flatMap((b) => b.statements.map((s) => s.sql));

const outside = statement("VACUUM;", { transactional: false });

describe("the list of statements", () => {
  test("no steps: an empty plan", () => {
    expect(plan([]).batches).toEqual([]);
  });

  test("lock, starting state, a transaction for each step, release", () => {
    const { batches } = plan([step("a", ["A;", "B;"]), step("b", []), step("c", ["C;"])]);
    expect(batches.map((b) => [b.transactional, shape(b)])).toEqual([
      [false, "pin reset lock"],
      [true, "begin create-ledger guard-ledger guard-start commit"],
      [true, "begin guard-step user defer reset record commit"],
      [true, "begin guard-step record commit"],
      [true, "begin guard-step user defer reset record commit"],
      [false, "reset unlock"],
    ]);
    expect(batches.flatMap((b) => sqlOf(b, "user"))).toEqual(["A;", "B;", "C;"]);
  });

  test("the ledger is created only where nothing is applied", () => {
    expect(sqlOf(plan([step("b", [])], { applied: ["a"] }).batches[1]!, "create-ledger")).toEqual([]);
  });

  test("one transaction for all; what is deferred is done once, by the last step", () => {
    const { batches } = plan([step("a", ["A;"]), step("b", ["B;"])], { singleTransaction: true });
    expect(batches.map((b) => b.transactional)).toEqual([false, true, false]);
    expect(shape(batches[1]!)).toBe(
      "begin create-ledger guard-ledger guard-start guard-step user reset record guard-step user defer reset record commit",
    );
    expect(sqlOf(batches[1]!, "user")).toEqual(["A;", "B;"]);
  });

  test("outside a transaction: intent, statement, record", () => {
    const { batches } = plan([step("a", ["A;", outside, "B;"], { transactional: false })]);
    const [, , before, alone, after, last] = batches;
    expect([before, alone, after, last].map((b) => [b!.transactional, shape(b!)])).toEqual([
      [true, "begin guard-step user defer reset intent commit"],
      [false, "reset guard-part setting user"],
      [true, "begin reset guard-part setting intent commit"],
      [true, "begin reset guard-part user defer reset record commit"],
    ]);
    expect(sqlOf(before!, "user")).toEqual(["A;"]);
    expect(sqlOf(before!, "intent")[0]).toMatch(/^CALL retort\.intend\('a', 'up', 2, 3,/);
    expect(sqlOf(alone!, "guard-part")).toEqual(["CALL retort.resume_step('a', 2);"]);
    expect(sqlOf(alone!, "setting")).toEqual(["SET lock_timeout = 0;"]);
    // What is done must be recorded; what can be rolled back does not wait so long.
    expect(sqlOf(after!, "setting")).toEqual(["SET LOCAL lock_timeout = 0;"]);
    expect(sqlOf(last!, "user")).toEqual(["B;"]);
  });

  test("outside a transaction each ordinary statement commits with the intent of the next", () => {
    const { batches } = plan([step("a", ["A;", "B;", outside], { transactional: false })]);
    expect(batches.slice(2, -1).map(shape)).toEqual([
      "begin guard-step user defer reset intent commit",
      "begin reset guard-part user defer reset intent commit",
      "reset guard-part setting user",
      "begin reset guard-part setting record commit",
    ]);
  });

  test("what the author has SET holds in every later part of a step outside a transaction", () => {
    const set = statement("SET search_path = x;", { setting: "value", tag: "SET" });
    const role = statement("SET ROLE r;", { setting: "identity", tag: "SET" });
    const { batches } = plan([step("a", [set, role, outside, outside, "B;"], { transactional: false })]);
    const again = batches.slice(2, -1).map((b) => sqlOf(b, "user-setting"));
    expect(again).toEqual([[], ...Array.from({ length: 5 }, () => ["SET search_path = x;", "SET ROLE r;"])]);
    // Before the ledger is written the session is ours again.
    for (const { statements } of batches.slice(2, -1)) {
      const written = statements.findIndex(({ purpose }) => purpose === "intent" || purpose === "record");
      if (written >= 0)
        expect(statements[written - 1]).toMatchObject({ purpose: "reset", sql: "RESET ROLE;" });
    }
  });

  test("a stamp writes only the ledger, and forgets what was interrupted", () => {
    const { batches } = plan([step("a", ["A;"])], {
      kind: "stamp",
      interrupted: { revision: "x", statement: 2, direction: "up" },
    });
    expect(batches.map((b) => shape(b))).toEqual([
      "pin reset lock",
      "begin create-ledger guard-ledger guard-start forget record commit",
      "reset unlock",
    ]);
    expect(sqlOf(batches[1]!, "guard-start")).toEqual([
      expect.stringMatching(/^CALL retort\.require_state\('\{\}', '\{\}', 1, \d+, '', discards => true\);$/),
    ]);
  });

  test("the project's settings are set where they are not the ledger's own", () => {
    const pins = { ...defaultPins, role: 'o"x', searchPath: ["a", 'b"c'], lockTimeout: "7s" };
    const { batches, settings, role } = plan([step("a", ["A;"], { lockTimeout: "9s" }), step("b", ["B;"])], {
      pins,
    });
    expect(sqlOf(batches[2]!, "setting")).toEqual([
      'SET LOCAL search_path = "a", "b""c";',
      "SET LOCAL lock_timeout = '9s';",
    ]);
    expect(sqlOf(batches[3]!, "setting")[1]).toBe("SET LOCAL lock_timeout = '7s';");
    expect(sqlOf(batches[2]!, "reset")).toEqual(["SET SESSION AUTHORIZATION DEFAULT;", 'SET ROLE "o""x";']);
    expect({ settings, role }).toEqual({
      settings: ['search_path = "a", "b""c"', "lock_timeout = '7s'"],
      role: 'o"x',
    });
    expect(sqlOf(plan([step("a", ["A;"])]).batches[2]!, "setting")).toEqual([]);
  });

  test.each(["SELECT '\\';", "SELECT 'é';"])(
    "behind another statement, %s is read as it was written",
    (sql) => {
      const { batches } = plan([step("a", [sql, "B;", sql])]);
      expect(batches[2]!.statements.slice(2, 8).map(({ purpose }) => purpose)).toEqual([
        "user",
        "user",
        "pin",
        "pin",
        "user",
        "defer",
      ]);
    },
  );

  test("a message that is read otherwise with other settings is recorded as it was written", () => {
    const { batches } = plan([step("a", ["A;"], { message: "größer" })]);
    expect(shape(batches[2]!)).toBe("begin guard-step user defer reset pin record commit");
  });
});

describe("a plan is a value", () => {
  const steps = [step("a", ["A;"]), step("b", [outside], { transactional: false })];

  test("JSON holds it", () => {
    const value = plan(steps);
    expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  });

  test("same input, same bytes; the order of the applied set does not matter", () => {
    const [one, other] = [
      plan(steps, { applied: ["x", "y", "z"] }),
      plan(steps, { applied: ["z", "x", "y"] }),
    ];
    expect(JSON.stringify(other)).toBe(JSON.stringify(one));
  });

  test("its result is the tally of what is applied in the end", () => {
    const { result } = plan([...steps, step("x", [], { direction: "down" })], { applied: ["x", "y"] });
    const { revisions, digest } = tallyOf(["y", "a", "b"]);
    expect(result).toEqual({ revisions, digest: String(digest) });
  });

  test("a guard's size does not grow with what is applied, but for the first", () => {
    const size = (applied: number): number => {
      const ids = Array.from({ length: applied }, (_, i) => `r${i}`);
      const { batches } = plan([step("a", [])], { applied: ids });
      return batches[2]!.statements.reduce((sum, { sql }) => sum + sql.length, 0);
    };
    expect(size(5000)).toBeLessThan(size(10) + 50);
  });

  test("a step may have more statements than a call may have arguments", () => {
    const many = Array.from({ length: 200_000 }, () => "SELECT 1;");
    expect(all(plan([step("a", many)])).length).toBeGreaterThan(many.length);
  });
});
