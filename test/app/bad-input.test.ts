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
import { growth, LINEAR } from "../support/growth.ts";
import { deps } from "../support/migrate.ts";

const root = mkdtempSync(join(tmpdir(), "retort-bad-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const names = (count: number, prefix: string): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** The faults of a project whose up files have these headers, and what a person reads of them. */
async function faultsOf(headers: readonly (readonly string[])[]) {
  const folder = mkdtempSync(join(root, "p"));
  for (const [i, lines] of headers.entries()) {
    const stem = join(folder, `${String(i + 1).padStart(5, "0")}_m`);
    writeFileSync(`${stem}.up.sql`, lines.map((line) => `-- ${line}\n`).join(""));
    writeFileSync(`${stem}.down.sql`, `-- ${lines[0]}\n`);
  }
  const error = await openProject(deps({}, folder), { directories: ["."] }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error !== undefined && !(error instanceof MigrateError)) throw error;
  const text = error === undefined ? "" : printed(errorLines(error));
  return { faults: error?.diagnostics ?? [], text };
}

const chain = (count: number, more: (i: number) => readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: count }, (_, i) => [`revision: r${i}`, ...more(i)]);

const listed = (key: string, count: number, prefix: string): string =>
  `${key}: ${names(count, prefix).join(",")}`;

type Headers = readonly (readonly string[])[];

test.each<[what: string, size: number, headers: (n: number) => Headers, one: boolean, code: string]>([
  [
    "missing parents",
    10_000,
    (n) => [["revision: a", listed("parent", n, "p")]],
    false,
    "graph/missing-parent",
  ],
  [
    "missing dependencies",
    10_000,
    (n) => [["revision: a", "parent: none", listed("depends-on", n, "p")]],
    false,
    "graph/missing-dependency",
  ],
  [
    "a header of 1 MB",
    1e6,
    (n) => [["revision: a", "parent: b", `message: ${"x".repeat(n)}`]],
    true,
    "graph/missing-parent",
  ],
  [
    "labels, all taken",
    20_000,
    (n) => [
      ["revision: a", "parent: none", listed("branch-labels", n, "l")],
      ["revision: b", "parent: a", listed("branch-labels", n, "l")],
    ],
    false,
    "graph/duplicate-label",
  ],
  ["a cycle", 1000, (n) => chain(n, (i) => [`parent: r${(i + 1) % n}`]), true, "graph/cycle"],
  ["self-loops", 1000, (n) => chain(n, (i) => [`parent: r${i}`]), false, "graph/self-loop"],
  [
    "one label, on all",
    1000,
    (n) => chain(n + 1, () => ["parent: none", "branch-labels: x"]),
    false,
    "graph/duplicate-label",
  ],
  [
    "a dependency cycle",
    1000,
    (n) => chain(n, (i) => ["parent: none", `depends-on: r${(i + 1) % n}`]),
    true,
    "graph/dependency-cycle",
  ],
])("%s: all faults are told, in a time that grows with their number", async (_, size, headers, one, code) => {
  const tell = async (n: number): Promise<void> => {
    const { faults, text } = await faultsOf(headers(n));
    expect(faults).toHaveLength(one ? 1 : n);
    expect(new Set(faults.map((fault) => fault.code))).toEqual(new Set([code]));
    expect(faults.every((fault) => fault.location !== undefined && fault.hint !== undefined)).toBe(true);
    expect(text.length).toBeLessThan(300_000);
    if (!one) expect(text).toContain(`and ${n - 100} more`);
  };
  expect(await growth(tell, size)).toBeLessThan(LINEAR);
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
  expect(stderr).toContain("error[usage/no-folder] the current directory no longer exists\nhint: change to");
  expect(status).toBe(2);
});
