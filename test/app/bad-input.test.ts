/** Graphs that are wrong on a large scale: the faults are told, and none of them is slow. And a folder that is gone. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openProject } from "../../src/app/project.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { errorLines } from "../../src/render/diagnostic.ts";
import { printed } from "../../src/render/terminal.ts";
import { deps } from "../support/migrate.ts";

const root = mkdtempSync(join(tmpdir(), "retort-bad-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const names = (count: number, prefix: string): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** The faults of a project whose up files have these headers, what a person reads of them, and the seconds it took. */
async function faultsOf(headers: readonly (readonly string[])[]) {
  const folder = mkdtempSync(join(root, "p"));
  for (const [i, lines] of headers.entries()) {
    const stem = join(folder, `${String(i + 1).padStart(5, "0")}_m`);
    writeFileSync(`${stem}.up.sql`, lines.map((line) => `-- ${line}\n`).join(""));
    writeFileSync(`${stem}.down.sql`, `-- ${lines[0]}\n`);
  }
  const start = performance.now();
  const error = await openProject(deps({}, folder), { directories: ["."] }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error !== undefined && !(error instanceof MigrateError)) throw error;
  const text = error === undefined ? "" : printed(errorLines(error));
  return { faults: error?.diagnostics ?? [], text, seconds: (performance.now() - start) / 1000 };
}

const chain = (count: number, more: (i: number) => readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: count }, (_, i) => [`revision: r${i}`, ...more(i)]);

const parents = names(10_000, "p").join(",");
const labels = `branch-labels: ${names(100_000, "l").join(",")}`;

test.each<readonly [what: string, headers: readonly (readonly string[])[], count: number, code: string]>([
  ["ten thousand missing parents", [["revision: a", `parent: ${parents}`]], 10_000, "graph/missing-parent"],
  [
    "ten thousand missing dependencies",
    [["revision: a", "parent: none", `depends-on: ${parents}`]],
    10_000,
    "graph/missing-dependency",
  ],
  [
    "a header of 1 MB",
    [["revision: a", "parent: b", `message: ${"x".repeat(1e6)}`]],
    1,
    "graph/missing-parent",
  ],
  [
    "100,000 labels, all taken",
    [
      ["revision: a", "parent: none", labels],
      ["revision: b", "parent: a", labels],
    ],
    100_000,
    "graph/duplicate-label",
  ],
  ["a cycle of 2,000", chain(2000, (i) => [`parent: r${(i + 1) % 2000}`]), 1, "graph/cycle"],
  ["2,000 self-loops", chain(2000, (i) => [`parent: r${i}`]), 2000, "graph/self-loop"],
  [
    "one label on 2,000",
    chain(2000, () => ["parent: none", "branch-labels: x"]),
    1999,
    "graph/duplicate-label",
  ],
  [
    "a dependency cycle of 2,000",
    chain(2000, (i) => ["parent: none", `depends-on: r${(i + 1) % 2000}`]),
    1,
    "graph/dependency-cycle",
  ],
])("%s", async (_, headers, count, code) => {
  const { faults, text, seconds } = await faultsOf(headers);
  expect(faults).toHaveLength(count);
  expect(new Set(faults.map((fault) => fault.code))).toEqual(new Set([code]));
  expect(faults.every((fault) => fault.location !== undefined && fault.hint !== undefined)).toBe(true);
  expect(text.length).toBeLessThan(300_000);
  if (count > 100) expect(text).toContain(`and ${count - 100} more`);
  expect(seconds).toBeLessThan(8);
});

test("two thousand parents that are there", async () => {
  const bases = names(2000, "p");
  const merge = ["revision: m", `parent: ${bases.join(",")}`];
  const { faults } = await faultsOf([...bases.map((id) => [`revision: ${id}`, "parent: none"]), merge]);
  expect(faults).toEqual([]);
});

test.skipIf(process.platform === "win32")("the folder that it was started in is gone", () => {
  const gone = mkdtempSync(join(root, "gone"));
  const command = `rmdir "$PWD" && exec "${process.execPath}" "${resolve("dist/bin.cjs")}" heads`;
  const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: gone, encoding: "utf8" });
  expect(stderr).toContain(
    "error[usage/no-folder] the folder this was started in is there no more\nhint: change to",
  );
  expect(status).toBe(2);
});
