/** Several files change at once, or none does. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { changeFiles } from "../../src/io/change-files.ts";

function folder(files: Readonly<Record<string, string>>) {
  const cwd = mkdtempSync(join(tmpdir(), "retort-change-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return cwd;
}

const contents = (cwd: string) =>
  Object.fromEntries(readdirSync(cwd).map((name) => [name, readFileSync(join(cwd, name), "utf8")]));

test("changes files and makes new ones; a byte order mark and the permissions stay", async () => {
  const cwd = folder({ a: "\uFEFFold" });
  chmodSync(join(cwd, "a"), 0o640);
  await changeFiles(
    [
      { path: "a", before: "old", after: "new" },
      { path: "b", after: "b" },
    ],
    { cwd },
  );
  expect(contents(cwd)).toEqual({ a: "\uFEFFnew", b: "b" });
  expect(statSync(join(cwd, "a")).mode & 0o777).toBe(0o640);
});

test.each([
  ["has changed since", { path: "b", before: "other", after: "new" }, "usage/file-changed"],
  ["is there already", { path: "b", after: "new" }, "usage/file-exists"],
  ["has no folder", { path: "none/c", after: "new" }, "usage/cannot-write"],
])("where one %s, all stay as they are", async (_, change, code) => {
  const cwd = folder({ a: "old", b: "b" });
  chmodSync(join(cwd, "a"), 0o600);
  const changes = [{ path: "a", before: "old", after: "new" }, { path: "d", after: "d" }, change];
  await expect(changeFiles(changes, { cwd })).rejects.toMatchObject({ code });
  expect(contents(cwd)).toEqual({ a: "old", b: "b" });
  expect(statSync(join(cwd, "a")).mode & 0o777).toBe(0o600);
});
