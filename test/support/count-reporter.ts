/** A finished test run goes in; the last line of the output comes out: `341 passed, 0 failed`. */
import type { Reporter, SerializedError, TestModule, TestRunEndReason } from "vitest/node";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Prints the counts when the process ends, so that nothing stands below them. */
export default class CountReporter implements Reporter {
  private line: string | undefined;

  onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    if (this.line === undefined) process.once("exit", () => console.log(this.line));
    this.line = sentence(countsOf(modules, errors, reason));
  }
}

/** Errors outside of tests count as failures; so does whatever else made the run, or one file of it, fail. */
function countsOf(
  modules: readonly TestModule[],
  errors: readonly SerializedError[],
  reason: TestRunEndReason,
): Counts {
  const states = modules.flatMap((module) => {
    const tests = [...module.children.allTests()].map((test) => test.result().state);
    return module.state() === "failed" && !tests.includes("failed") ? [...tests, "failed" as const] : tests;
  });
  const count = (state: string): number => states.filter((each) => each === state).length;
  const failed = count("failed") + errors.length;
  return {
    passed: count("passed"),
    failed: reason === "passed" ? failed : Math.max(failed, 1),
    skipped: count("skipped"),
  };
}

function sentence({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
