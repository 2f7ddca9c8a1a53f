/** How the tests run: `core` needs nothing, `pg` is given real servers; `--project core` runs only the former. */
import { defineConfig } from "vitest/config";
import LongFirst from "./test/support/long-first.ts";

/** The files that are given a server. The cases are in both projects: each runs those that are its own. */
const withServer = ["test/pg/**/*.test.ts", "test/support/**/*.test.ts", "test/{readme,makefile}.test.ts"];
const cases = "test/cases.test.ts";

const TIME_LIMIT = 300_000; // ms

/** SQL files are part of the program, as the build makes them. */
const sqlAsText = {
  name: "SQL as text",
  transform: (text: string, id: string) =>
    id.endsWith(".sql") ? { code: `export default ${JSON.stringify(text)};` } : undefined,
};

export default defineConfig({
  plugins: [sqlAsText],
  test: {
    maxWorkers: 3,
    // Files share the processes: to start one and to load the program for each file takes as long as the tests of most.
    isolate: false,
    setupFiles: ["./test/support/each-file.ts"],
    sequence: { sequencer: LongFirst },
    maxConcurrency: 2,
    // It ends what hangs, also where the machine is busy with other things; no test is about time.
    testTimeout: TIME_LIMIT,
    hookTimeout: TIME_LIMIT,
    reporters: ["default", "./test/support/count-reporter.ts"],
    projects: [
      { extends: true, test: { name: "core", include: ["test/**/*.test.ts"], exclude: withServer } },
      {
        extends: true,
        test: { name: "pg", include: [...withServer, cases], globalSetup: "./test/support/global-setup.ts" },
      },
    ],
  },
});
