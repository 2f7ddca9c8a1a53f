/** What `npm run release` refuses: a repository of its own, with a remote, is brought into each state. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "retort-release-"));
const folder = join(scratch, "clone");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const env = {
  PATH: process.env["PATH"] ?? "",
  HOME: scratch,
  GIT_AUTHOR_NAME: "Ann",
  GIT_AUTHOR_EMAIL: "ann@example.com",
  GIT_COMMITTER_NAME: "Ann",
  GIT_COMMITTER_EMAIL: "ann@example.com",
};
const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
function refused(): readonly string[] {
  const run = ["scripts/run.mjs", "scripts/release.ts"];
  const { status, stderr } = spawnSync(process.execPath, run, { cwd: folder, env, encoding: "utf8" });
  const reasons = [...stderr.matchAll(/^1\.2\.3 is not published: (.*)$/gm)].map(([, reason]) => reason!);
  expect(status).toBe(reasons.length > 0 ? 1 : 0);
  return reasons;
}
const changes = (text: string): void => writeFileSync(join(folder, "CHANGELOG.md"), text);
function commit(): void {
  git("add", ".");
  git("commit", "-qm", "x");
}

test("a dirty tree, a tag that is not there, not here or not pushed, a version without its section", () => {
  mkdirSync(join(folder, "scripts"), { recursive: true });
  for (const name of ["run.mjs", "release.ts"])
    cpSync(join(root, "scripts", name), join(folder, "scripts", name));
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["esbuild", "@esbuild"])
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  writeFileSync(join(folder, ".gitignore"), "node_modules\n");
  writeFileSync(join(folder, "package.json"), '{ "version": "1.2.3" }\n');
  changes("# Changes\n\n## Unreleased\n\n- more\n\n## 1.2.30 (2026-03-02)\n\n- other\n");
  git("init", "-q");
  git("init", "-q", "--bare", "../origin");
  git("remote", "add", "origin", "../origin");
  commit();
  const section = 'CHANGELOG.md has no section "## 1.2.3 (YYYY-MM-DD)" that says what is new';
  expect(refused()).toEqual([
    "there is no tag v1.2.3; git tag -a v1.2.3 -m v1.2.3",
    section,
    expect.stringMatching(/^package.json has no repository, .*; npm pkg set repository.url=/),
  ]);
  const repository = { url: "git+https://git.example.com/a/b.git" };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version: "1.2.3", repository }));
  commit();

  git("tag", "-a", "v1.2.3", "-m", "v1.2.3");
  changes("# Changes\n\n## 1.2.3 (2026-03-02)\n\n## 1.2.2 (2026-03-01)\n\n- old\n");
  expect(refused()).toEqual([
    "these files are not committed:",
    "the tag v1.2.3 is not at origin; git push origin v1.2.3",
    section,
  ]);

  changes("# Changes\n\n## 1.2.3 (2026-03-02)\n\n- new\n");
  commit();
  git("push", "-q", "origin", "v1.2.3");
  expect(refused()).toEqual(["the tag v1.2.3 names another commit than the one that is checked out"]);

  git("tag", "-af", "v1.2.3", "-m", "v1.2.3");
  expect(refused()).toEqual(["the tag v1.2.3 is not at origin; git push origin v1.2.3"]);
  git("push", "-qf", "origin", "v1.2.3");
  expect(refused()).toEqual([]);
});
