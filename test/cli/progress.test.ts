/** What a person sees of a run while it goes on: events and time → lines, in a terminal and where lines stay. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Printer } from "../../src/cli/print.ts";
import { progressOf } from "../../src/cli/progress.ts";
import type { PlanStep } from "../../src/core/plan/types.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }));
afterEach(() => vi.useRealTimers());

const step = (revision: string, message: string, statements = 1): PlanStep => ({
  direction: "up",
  revision,
  message,
  parents: [],
  path: `${revision}.up.sql`,
  checksum: "",
  transactional: true,
  statements,
});

/** Every line that stays, and what stands on the one that is overwritten. */
function printed(interactive: boolean) {
  const lines: string[] = [];
  let over = "";
  const printer = {
    interactive,
    info: (line: string) => void lines.push(line),
    progress: (text: string) => {
      over = text;
    },
  } as unknown as Printer;
  return { lines, over: () => over, progress: progressOf(printer) };
}

const holder = {
  pid: 4711,
  application: "retort",
  user: "ann",
  client: "local",
  query: "/* 7c92 add phone, statement 2 of 5 */ ALTER TABLE users ADD phone text;",
};

test.each([true, false])(
  "nothing is said to run while nothing is connected (terminal: %s)",
  (interactive) => {
    const { lines, over, progress } = printed(interactive);
    progress.onEvent({ type: "step-started", step: step("b1", "build"), index: 0, of: 1 });
    vi.advanceTimersByTime(3000);
    progress.onEvent({ type: "connection-lost", message: "the connection to the database was lost" });
    vi.advanceTimersByTime(70_000);
    expect([lines, over()]).toEqual([[], ""]);
  },
);

test("in a terminal a step is spoken of after a second: its statement, its time, what is left, who is in the way", () => {
  const { lines, over, progress } = printed(true);
  const slow = step("b1", "build", 5);
  progress.onEvent({ type: "step-started", step: slow, index: 0, of: 3 });
  progress.onEvent({ type: "statement-started", step: slow, statement: 2, statements: 5 });
  vi.advanceTimersByTime(900);
  expect(over()).toBe("");
  vi.advanceTimersByTime(2200);
  expect(over()).toBe("+ b1  build: statement 2 of 5, 3 s; 2 to go");
  progress.onEvent({ type: "blocked", blockers: [holder] });
  vi.advanceTimersByTime(1000);
  expect(over()).toBe(
    "+ b1  build: statement 2 of 5, 4 s; waits for a lock held by pid 4711, retort, ann@local: 7c92 add phone, statement 2 of 5; 2 to go",
  );
  vi.advanceTimersByTime(3000);
  expect(over()).toBe("+ b1  build: statement 2 of 5, 7 s; 2 to go");
  progress.onEvent({ type: "step-done", step: slow, index: 0, of: 3, ms: 7100 });
  expect(over()).toBe("");
  expect(lines).toEqual(["+ b1  build  (7.1 s)"]);
  progress.stop();
});

test("where lines stay, one after five seconds, then one each minute", () => {
  const { lines, over, progress } = printed(false);
  const slow = step("b1", "build");
  progress.onEvent({ type: "step-started", step: slow, index: 0, of: 1 });
  vi.advanceTimersByTime(4900);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(lines).toEqual(["+ b1  build: 5 s"]);
  vi.advanceTimersByTime(120_000);
  expect(lines).toEqual(["+ b1  build: 5 s", "+ b1  build: 60 s", "+ b1  build: 120 s"]);
  progress.stop();
  vi.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(3);
  expect(over()).toBe("");
});

test("another migrator is waited for: said once, with who it is", () => {
  const { lines, over, progress } = printed(true);
  progress.onEvent({ type: "waiting", seconds: 0, holders: [holder] });
  progress.onEvent({ type: "waiting", seconds: 3.2, holders: [holder] });
  expect(lines).toEqual([
    "waiting for another migrator: pid 4711, retort, ann@local: 7c92 add phone, statement 2 of 5",
  ]);
  expect(over()).toBe("waiting for another migrator: 3 s");
});
