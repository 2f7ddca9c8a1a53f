import { describe, expect, test } from "vitest";
import { digestOfSet } from "../../src/core/ledger.ts";
import { type Batch, defaultPins, groupFrom, type Plan, textsOf } from "../../src/core/plan.ts";
import { sha256 } from "../../src/io/sha256.ts";
import { planOf as plan, statement, step } from "../support/plans.ts";

/** The kinds of a batch's statements, neighbours of one kind once: `session guard user session ledger`. */
const shape = (batch: Batch): string =>
  batch.statements
    .map(({ kind }) => kind)
    .filter((kind, i, all) => kind !== all[i - 1])
    .join(" ");

const sqlOf = (batch: Batch, kind: string): readonly string[] =>
  batch.statements.filter((s) => s.kind === kind).map((s) => s.sql);

const outside = statement("VACUUM;", { transactional: false });

describe("the list of statements", () => {
  test("no steps: an empty plan", () => {
    expect(plan([]).batches).toEqual([]);
  });

  test("lock, starting state, a transaction for each step, release", () => {
    const { batches } = plan([step("a", ["A;", "B;"]), step("b", []), step("c", ["C;"])]);
    expect(batches.map((b) => [b.transactional, shape(b)])).toEqual([
      [false, "session lock"],
      [true, "session guard ledger guard"],
      [true, "session guard user session ledger"],
      [true, "session guard session ledger"],
      [true, "session guard user session ledger"],
      [false, "session lock"],
    ]);
    expect(batches.flatMap((b) => sqlOf(b, "user"))).toEqual(["A;", "B;", "C;"]);
  });

  test("the ledger is created only where nothing is applied", () => {
    expect(sqlOf(plan([step("b", [])], { applied: ["a"] }).batches[1]!, "ledger")).toEqual([]);
  });

  test("one transaction for all", () => {
    const { batches } = plan([step("a", ["A;"]), step("b", ["B;"])], { singleTransaction: true });
    expect(batches.map((b) => b.transactional)).toEqual([false, true, false]);
    expect(sqlOf(batches[1]!, "user")).toEqual(["A;", "B;"]);
    expect(
      textsOf({ ...plan([]), batches }, 1).filter(({ sql }) => /^(BEGIN|COMMIT);$/.test(sql)),
    ).toHaveLength(2);
  });

  test("outside a transaction: intent, fuse, statement, record", () => {
    const { batches } = plan([step("a", ["A;", outside, "B;"], { transactional: false })]);
    const [, , before, alone, after] = batches;
    expect([before, alone, after].map((b) => [b!.transactional, shape(b!)])).toEqual([
      [true, "session guard user session ledger"],
      [false, "session guard user"],
      [true, "session guard user session ledger"],
    ]);
    expect(sqlOf(before!, "user")).toEqual(["A;"]);
    expect(sqlOf(before!, "ledger")[0]).toMatch(/^INSERT INTO retort\.progress /);
    expect(sqlOf(alone!, "session").at(-1)).toBe("SET default_transaction_read_only = on;");
    expect(sqlOf(after!, "user")).toEqual(["B;"]);
    expect(sqlOf(after!, "ledger").at(-1)).toBe("DELETE FROM retort.progress;");
  });

  test("a stamp writes only the ledger", () => {
    const { batches } = plan([step("a", ["A;"])], { kind: "stamp" });
    expect(batches.map((b) => shape(b))).toEqual([
      "session lock",
      "session guard ledger guard ledger",
      "session lock",
    ]);
    expect(batches.flatMap((b) => sqlOf(b, "user"))).toEqual([]);
  });

  test("each step resets the session, then pins it, before its guard", () => {
    const pins = { ...defaultPins, role: 'o"x', searchPath: ["a", 'b"c'], lockTimeout: "7s" };
    const [, , batch] = plan([step("a", [], { lockTimeout: "9s" })], { pins }).batches;
    const settings = sqlOf(batch!, "session");
    expect(settings[0]).toBe("SET SESSION AUTHORIZATION DEFAULT;");
    expect(settings).toContain("RESET ALL;");
    expect(settings).toContain("DISCARD TEMP;");
    expect(settings).not.toContain("DISCARD ALL;");
    for (const pin of ['search_path = "a", "b""c"', "lock_timeout = '9s'", 'ROLE "o""x"', "TimeZone = 'UTC'"])
      expect(settings).toContain(`SET LOCAL ${pin};`);
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

  test("its result is the digest of what is applied in the end", () => {
    const { result } = plan([...steps, step("x", [], { direction: "down" })], { applied: ["x", "y"] });
    const { count, sum } = digestOfSet(["y", "a", "b"], sha256);
    expect(result).toEqual({ count, sum: String(sum) });
  });

  test("a guard's size does not grow with what is applied, but for the first", () => {
    const size = (applied: number): number => {
      const ids = Array.from({ length: applied }, (_, i) => `r${i}`);
      return textsOf(plan([step("a", [])], { applied: ids }), 2).reduce(
        (sum, { sql }) => sum + sql.length,
        0,
      );
    };
    expect(size(5000)).toBeLessThan(size(10) + 50);
  });
});

describe("what is sent at once", () => {
  const ALONE = { batches: 1, size: 0 };
  const messages = (value: Plan, limits = ALONE): string[][] => {
    const found: string[][] = [];
    for (let batch = 0; batch < value.batches.length; ) {
      const group = groupFrom(value, batch, limits);
      found.push(...group.messages.map((texts) => texts.map(({ sql }) => sql)));
      batch = group.next;
    }
    return found;
  };

  test("every text once, in order, whatever the limits", () => {
    const lexing = statement("SELECT set_config('client_encoding', 'LATIN1', false);", {
      changesLexing: true,
    });
    const value = plan([
      step("a", ["A;", "B;"]),
      step("b", ["C;", lexing, "D;"]),
      step("c", ["E;", outside, "F;", lexing, "G;"], { transactional: false }),
      step("d", ["H;"]),
    ]);
    const all = value.batches.flatMap((_, i) => textsOf(value, i).map(({ sql }) => sql));
    for (const limits of [ALONE, { batches: 4, size: 1e6 }, { batches: 500, size: 100 }])
      expect(messages(value, limits).flat()).toEqual(all);
  });

  test("a transaction is one message, whatever its length", () => {
    const long = Array.from({ length: 1000 }, (_, i) => `SELECT ${i};`);
    const [, , message, ...rest] = messages(plan([step("a", long)]));
    expect(message!.filter((sql) => sql.startsWith("SELECT"))).toHaveLength(1000);
    expect(message!.at(0)).toBe("BEGIN;");
    expect(message!.at(-1)).toBe("COMMIT;");
    expect(rest).toHaveLength(1);
  });

  test("a statement outside a transaction is a message of its own", () => {
    const sent = messages(plan([step("a", [outside], { transactional: false })]), {
      batches: 500,
      size: 1e6,
    });
    expect(sent).toContainEqual(["VACUUM;"]);
  });

  test.each([true, false])(
    "where a statement changes how text is read, what follows is read after it (%s)",
    (transactional) => {
      const lexing = statement("L;", { changesLexing: true });
      const sent = messages(plan([step("a", ["A;", lexing, "B;"], { transactional })]), {
        batches: 500,
        size: 1e6,
      });
      for (const sql of ["A;", "L;", "B;"]) expect(sent).toContainEqual([sql]);
      // The encoding is restored in a message before the one with the ledger's row.
      const record = sent.findIndex((texts) => texts.some((sql) => sql.includes("'upgrade'")));
      expect(sent[record - 1]).toContain("SET client_encoding = 'UTF8';");
      expect(sent[record]).not.toContain("SET client_encoding = 'UTF8';");
    },
  );
});

test("a step may have more statements than a call may have arguments", () => {
  const many = Array.from({ length: 200_000 }, () => "SELECT 1;");
  const large = plan([step("a", many)]);
  expect(groupFrom(large, 2, { batches: 1, size: 1 }).messages[0]!.length).toBeGreaterThan(many.length);
});
