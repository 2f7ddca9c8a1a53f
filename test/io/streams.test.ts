/** Where the built command prints: a reader that leaves, messages that nobody reads, a disk that is full. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../support/migrate.ts";

const cwd = mkdtempSync(join(tmpdir(), "retort-streams-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const COUNT = 300;

/** More than a pipe holds, as a list and as a script. */
beforeAll(() => {
  mkdirSync(join(cwd, "migrations"));
  for (let n = 1; n <= COUNT; n += 1) {
    const path = join(cwd, `migrations/${String(n).padStart(4, "0")}_m`);
    const parent = n === 1 ? "none" : `r${n - 1}`;
    writeFileSync(
      `${path}.up.sql`,
      `-- revision: r${n}\n-- parent: ${parent}\n-- message: ${"m".repeat(250)}\n\nSELECT '${"x".repeat(250)}';\n`,
    );
    writeFileSync(`${path}.down.sql`, `-- revision: r${n}\n\nSELECT 1;\n`);
  }
});

const commands = ["history", "upgrade head --sql"];

test.each(commands)("%s to a reader that leaves early is no error", async (words) => {
  const whole = await migrate(words.split(" "), { cwd });
  expect(whole.stdout.length).toBeGreaterThan(70_000);
  expect(await migrate(words.split(" "), { cwd, unread: "stdout" })).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^(?:receipt: .*\n)?$/),
  });
});

test("messages that nobody reads change nothing", async () => {
  const whole = await migrate(["upgrade", "head", "--sql"], { cwd });
  const unread = await migrate(["upgrade", "head", "--sql"], { cwd, unread: "stderr" });
  expect(whole.stderr).not.toBe("");
  expect(unread).toEqual({ ...whole, stderr: "" });
});

const toFullDisk = (words: readonly string[], folder = cwd) => {
  const out = openSync("/dev/full", "w");
  const cli = fileURLToPath(new URL("../../dist/bin.cjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [cli, ...words], {
    cwd: folder,
    env: { PATH: process.env["PATH"], NO_COLOR: "1" },
    stdio: ["ignore", out, "pipe"],
    encoding: "utf8",
  });
  closeSync(out);
  return { status, stderr };
};

describe.skipIf(!existsSync("/dev/full"))("a full disk", () => {
  test.each([...commands, "--help"])("%s: is an error", (words) => {
    const { status, stderr } = toFullDisk(words.split(" "));
    expect(stderr).toMatch(/^error\[usage\/cannot-write\] cannot write the output: ENOSPC.*\nhint: .*\n$/);
    expect(status).toBe(2);
  });

  test("the error names what was written all the same", () => {
    const { status, stderr } = toFullDisk(["upgrade", "--sql", "--quiet", "--with-downgrade", "back.sql"]);
    expect(stderr).toMatch(/ENOSPC.*\nhint: only back\.sql was written; free some space\n$/);
    expect(status).toBe(2);
  });
});

/** The limit of a file's size cuts a write short as a disk does that fills up meanwhile. */
test.skipIf(process.platform === "win32")("a script that a file takes only a part of is an error", () => {
  const cli = fileURLToPath(new URL("../../dist/bin.cjs", import.meta.url));
  const words = [process.execPath, cli, "upgrade", "head", "--sql"];
  const { status, stderr } = spawnSync("sh", ["-c", 'ulimit -f 20 && "$@" > cut.sql', "sh", ...words], {
    cwd,
    env: { PATH: process.env["PATH"], NO_COLOR: "1" },
    encoding: "utf8",
  });
  expect(stderr).toMatch(/^error\[usage\/cannot-write\] cannot write the output: EFBIG.*\nhint: .*\n$/);
  expect(status).toBe(2);
});
