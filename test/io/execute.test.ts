/** A plan and a session that answers as it is told → what is sent, how often it is tried again, and how long it waits between. */
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import type { Event } from "../../src/core/event.ts";
import { sqlstates } from "../../src/core/ledger/types.ts";
import type { ExecuteOptions } from "../../src/io/execute.ts";
import type { Session } from "../../src/io/session/types.ts";
import { planOf, step } from "../support/plans.ts";

/** Milliseconds of each pause; none is waited for. */
const pauses: number[] = [];
vi.mock("node:timers/promises", () => ({
  setTimeout: async (ms: number) => void pauses.push(ms),
}));
beforeEach(() => void pauses.splice(0));
// Files share a process: what others have loaded has the real clock, and what is loaded here must not stay.
vi.resetModules();
afterAll(() => void vi.resetModules());
const { execute } = await import("../../src/io/execute.ts");
const { StatementFailure } = await import("../../src/io/session/types.ts");

/** Fails these texts, as often as they are listed; writes down all that is sent. */
function sessionThat(fails: readonly (readonly [sql: string, sqlstate: string])[]) {
  const left = [...fails];
  const sent: string[] = [];
  const session: Session = {
    kind: "server",
    database: "shop",
    version: { number: 180000, text: "18.0" },
    pid: 1,
    send: async (sql) => {
      sent.push(sql);
      const at = left.findIndex(([text]) => text === sql);
      if (at === -1) return "DO";
      const [[, code]] = left.splice(at, 1) as [readonly [string, string]];
      throw new StatementFailure(Object.assign(new Error("no"), { severity: "ERROR", code }));
    },
    read: async () => [],
    aside: async () => [],
    cancel: async () => {},
    close: async () => {},
  };
  return { session, sent };
}

const events: Event[] = [];
beforeEach(() => void events.splice(0));

const options = (more: Partial<ExecuteOptions> = {}): ExecuteOptions => ({
  lockWait: 0,
  lockHolders: async () => [],
  lockRetries: 5,
  blockers: async () => [],
  sourceText: () => undefined,
  onEvent: (event) => void events.push(event),
  ...more,
});

const plan = planOf([step("a", ["SELECT 'a';"]), step("b", ["SELECT 'b';"]), step("c", ["SELECT 'c';"])]);
const lockTimeout = "55P03";
const retries = () => events.flatMap((event) => (event.type === "retry" ? [event] : []));

test("a plan is sent whole and in order, and each step is told when it begins and when it is done", async () => {
  const { session, sent } = sessionThat([]);
  await execute(plan, session, options());
  expect(sent).toEqual(plan.batches.flatMap(({ statements }) => statements.map(({ sql }) => sql)));
  expect(events.map((event) => `${event.type} ${"step" in event ? event.step.revision : ""}`)).toEqual(
    ["a", "b", "c"].flatMap((id) =>
      ["step-started", "statement-started", "step-done"].map((type) => `${type} ${id}`),
    ),
  );
});

test("each migration may be tried again as often: what the one before it took does not count", async () => {
  const { session, sent } = sessionThat([
    ["SELECT 'a';", lockTimeout],
    ["SELECT 'b';", "40P01"],
    ["SELECT 'c';", lockTimeout],
  ]);
  await execute(plan, session, options({ lockRetries: 1 }));
  expect(retries().map(({ retry, of, after }) => [retry, of, after])).toEqual([
    [1, 1, "lock timeout"],
    [1, 1, "deadlock"],
    [1, 1, "lock timeout"],
  ]);
  expect(sent.filter((sql) => sql.startsWith("SELECT"))).toEqual(
    ["a", "a", "b", "b", "c", "c"].map((id) => `SELECT '${id}';`),
  );
});

test.each([0, 1, 3])("%i retries, and no more, of one that always fails", async (lockRetries) => {
  const { session, sent } = sessionThat(Array(9).fill(["SELECT 'b';", lockTimeout]));
  await expect(execute(plan, session, options({ lockRetries }))).rejects.toMatchObject({
    code: "execution/statement",
    sqlstate: lockTimeout,
  });
  expect(sent.filter((sql) => sql === "SELECT 'b';")).toHaveLength(1 + lockRetries);
  expect(sent).not.toContain("SELECT 'c';");
});

test("the pauses double from half a second to half a minute, each with jitter", async () => {
  const { session } = sessionThat(Array(12).fill(["SELECT 'b';", lockTimeout]));
  await execute(plan, session, options({ lockRetries: 12 }));
  const pausesOf = retries().map(({ seconds }) => seconds);
  const middle = [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30];
  expect(pausesOf).toHaveLength(middle.length);
  for (const [index, seconds] of pausesOf.entries()) {
    expect(seconds).toBeGreaterThanOrEqual(0.5 * middle[index]!);
    expect(seconds).toBeLessThanOrEqual(1.5 * middle[index]!);
  }
  expect(new Set(pausesOf.map((seconds, index) => seconds / middle[index]!)).size).toBeGreaterThan(1);
  for (const seconds of pausesOf) expect(pauses).toContain(seconds * 1000);
});

test("what is no lock timeout is not tried again, and is recorded; of what is, the last failure", async () => {
  const recordFailure: ExecuteOptions["recordFailure"] = ({ revision }, statement, message) =>
    `CALL fail('${revision}', ${statement}, '${message}');`;
  const once = sessionThat([["SELECT 'b';", "23505"]]);
  await expect(execute(plan, once.session, options({ recordFailure }))).rejects.toMatchObject({
    sqlstate: "23505",
  });
  expect(retries()).toEqual([]);
  expect(once.sent.filter((sql) => sql.startsWith("CALL fail"))).toEqual(["CALL fail('b', 0, 'no');"]);
  const twice = sessionThat([["SELECT 'b';", lockTimeout]]);
  await execute(plan, twice.session, options({ recordFailure }));
  expect(twice.sent.filter((sql) => sql.startsWith("CALL fail"))).toEqual([]);
  const always = sessionThat(Array(2).fill(["SELECT 'b';", lockTimeout]));
  await expect(execute(plan, always.session, options({ recordFailure, lockRetries: 1 }))).rejects.toThrow();
  expect(always.sent.filter((sql) => sql.startsWith("CALL fail"))).toEqual(["CALL fail('b', 0, 'no');"]);
  // One of our own statements: its blocker may hold the log too.
  const own = plan.batches
    .flatMap(({ statements }) => statements)
    .find((each) => each.sql.includes("begin_step"))!;
  const ledger = sessionThat([[own.sql, lockTimeout]]);
  await expect(execute(plan, ledger.session, options({ recordFailure, lockRetries: 0 }))).rejects.toThrow();
  expect(ledger.sent.filter((sql) => sql.startsWith("CALL fail"))).toEqual([]);
});

test("a statement outside a transaction that met a lock timeout is not tried again", async () => {
  const outside = planOf([
    step("a", [{ ...step("x", ["VACUUM;"]).statements[0]!, transactional: false }], { transactional: false }),
  ]);
  const { session, sent } = sessionThat([["VACUUM;", lockTimeout]]);
  await expect(execute(outside, session, options())).rejects.toMatchObject({ sqlstate: lockTimeout });
  expect(sent.filter((sql) => sql === "VACUUM;")).toHaveLength(1);
});

test("the lock is asked for again and again, a second apart at most, and given back where it was not had", async () => {
  const lock = plan.batches[0]!.statements.find(({ purpose }) => purpose === "lock")!.sql;
  const held = [lock, sqlstates.lockHeld] as const;
  const { session, sent } = sessionThat(Array(20).fill(held));
  await execute(plan, session, options({ lockWait: 3600 }));
  expect(sent.filter((sql) => sql === lock)).toHaveLength(21);
  expect(pauses.slice(0, 20).every((ms) => ms <= 1250)).toBe(true);
  expect(Math.min(...pauses.slice(12, 20))).toBeGreaterThanOrEqual(750);
  const never = sessionThat([held]);
  await expect(execute(plan, never.session, options())).rejects.toMatchObject({ code: "state/locked" });
  expect(never.sent.at(-1)).toContain("pg_advisory_unlock");
  expect(never.sent).not.toContain("SELECT 'a';");
});

test("told to stop between two tries, it does not try again", async () => {
  const stop = new AbortController();
  const { session, sent } = sessionThat(Array(9).fill(["SELECT 'b';", lockTimeout]));
  const onEvent = (event: Event): void => {
    if (event.type === "retry") stop.abort();
  };
  await expect(execute(plan, session, options({ signal: stop.signal, onEvent }))).rejects.toMatchObject({
    code: "execution/cancelled",
  });
  expect(sent.filter((sql) => sql === "SELECT 'b';")).toHaveLength(1);
  expect(sent.at(-1)).toContain("pg_advisory_unlock");
});

test("a plan of nothing sends nothing", async () => {
  const { session, sent } = sessionThat([]);
  await execute(planOf([]), session, options());
  expect(sent).toEqual([]);
});
