/** `migrate.mk`, as `migrate init --makefile` writes it: make runs each target, on a server. */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { builtCli } from "./support/cases.ts";
import { ownDatabase } from "./support/project.ts";
import { query, servers } from "./support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "retort-make-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("each target does what its command does", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    DATABASE_URL: url,
    MIGRATE: `'${process.execPath}' '${builtCli}'`,
  };
  const sh = (command: string) => spawnSync("sh", ["-c", command], { cwd: folder, env, encoding: "utf8" });
  const done = (command: string): string => {
    const { status, stdout, stderr } = sh(command);
    expect({ command, stderr, status }).toEqual({ command, stderr: expect.any(String), status: 0 });
    return stdout;
  };
  const applied = async () => (await query(url, "SELECT revision FROM retort.applied")).length;

  // As for a project that has been begun without it.
  done(`${env.MIGRATE} init`);
  expect(done(`${env.MIGRATE} init --makefile --json`)).toContain('"created": [\n    "migrate.mk"\n  ]');
  writeFileSync(join(folder, "Makefile"), "include migrate.mk\n\nall:\n\t@echo all of it\n");
  // Neither above the Makefile's own targets nor below them does it take over what make alone does.
  expect(done("make")).toBe("all of it\n");
  expect(done("printf 'first:\\n\\t@echo first\\ninclude migrate.mk\\n' | make -f -")).toBe("first\n");

  // What make, the shell or printf would read is text here.
  const message = 'add Ann\'s $HOME `id` "users" 100%';
  expect(spawnSync("make", ["migrate-create", `MSG=${message}`], { cwd: folder, env }).status).toBe(0);
  const [up] = readdirSync(join(folder, "migrations")).filter((name) => name.endsWith(".up.sql"));
  expect(readFileSync(join(folder, "migrations", up!), "utf8")).toContain(`-- message: ${message}\n`);
  const file = (name: string) => join(folder, "migrations", name);
  appendFileSync(file(up!), "CREATE TABLE users (id int);\n");
  appendFileSync(file(up!.replace(".up.", ".down.")), "DROP TABLE users;\n");
  expect(sh("make migrate-create")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("usage: make migrate-create MSG="),
  });

  expect(done("make migrate-status")).toContain("pending: 1");
  expect(done("make migrate-sql")).toMatch(
    /^-- Retort migration script: upgrade <base> -> [\s\S]*\nCOMMIT;\n/,
  );
  done("make migrate-up");
  expect(await applied()).toBe(1);
  // make takes no flag of ours.
  const asked = "nothing was done; to go on without being asked, add to the make command: ";
  expect(sh("make migrate-down").stderr).toContain(`${asked}MIGRATE_FLAGS=--yes\n`);
  expect(sh('make migrate-down MIGRATE_FLAGS="--lock-wait 5"').stderr).toContain(
    `${asked}"MIGRATE_FLAGS=--lock-wait 5 --yes"\n`,
  );
  done("make migrate-down MIGRATE_FLAGS=--yes");
  expect(await applied()).toBe(0);
  done("make migrate-up MIGRATE_TO=+1");
  done("make migrate-create MSG=orders && make migrate-up");
  expect(await applied()).toBe(2);
  done(
    'make migrate-create MSG=notes MIGRATE_FLAGS="--head 0001 --splice" && make migrate-up MIGRATE_TO=heads',
  );
  expect(await applied()).toBe(3);
  done("make migrate-down MIGRATE_TO=base MIGRATE_FLAGS=--yes");
  expect(await applied()).toBe(0);
});
