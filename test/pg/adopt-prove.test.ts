/** Folders of other tools, and what was made of them → whether both make the same; and Alembic's rows → several stamped heads. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect } from "vitest";
import { adopt } from "../../src/app/adopt.ts";
import { adoptDatabase } from "../../src/app/adopt-database.ts";
import { proveAdoption } from "../../src/app/adopt-prove.ts";
import { readState } from "../../src/app/look.ts";
import { proofLines } from "../../src/render/adoption.ts";
import { deps } from "../support/migrate.ts";
import { ownDatabase } from "../support/project.ts";
import { inTurn, query, servers } from "../support/server.ts";
import { standIn } from "../support/stand-in.ts";

const root = mkdtempSync(join(tmpdir(), "retort-adopt-prove-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const alembicFolder = fileURLToPath(new URL("../alembic", import.meta.url));

describe.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  async function world(files: Readonly<Record<string, string>>) {
    const folder = mkdtempSync(join(root, "f"));
    for (const name of ["old", "migrations"]) mkdirSync(join(folder, name));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "old", name), text);
    return deps({ DATABASE_URL: (await ownDatabase(server)).url }, folder);
  }

  const FILES = {
    "1_users.up.sql": "CREATE TABLE users (id int);\n",
    "2_names.up.sql": "BEGIN;\nALTER TABLE users ADD name text;\nCOMMIT;\n",
    "2_names.down.sql": "BEGIN;\nALTER TABLE users DROP name;\nCOMMIT;\n",
    "3_index.up.sql": "CREATE INDEX CONCURRENTLY users_name ON users (name);\n",
    "3_index.down.sql": "DROP INDEX users_name;\n",
  };

  once("the same is the same, and an edited file is found, up and down", async () => {
    const at = await world(FILES);
    await expect(proveAdoption(at, { folder: "old" })).rejects.toMatchObject({ code: "usage/not-adopted" });
    await adopt(at, { folder: "old", write: true });
    const proof = await proveAdoption(at, { folder: "old" });
    expect(proof).toMatchObject({
      up: ["m0001", "m0002", "m0003"],
      down: ["m0003", "m0002"],
      assumed: [],
      notRun: [],
      differences: { up: [], down: [] },
    });
    expect(proof.objects).toBeGreaterThan(2);
    appendFileSync(join(at.cwd, "migrations/0002_names.down.sql"), "ALTER TABLE users ADD other int;\n");
    const down = await proveAdoption(at, { folder: "old" });
    expect(down.differences.up).toEqual([]);
    expect(down.differences.down).toMatchObject([{ kind: "extra", identity: ["public", "users", "other"] }]);
    appendFileSync(
      join(at.cwd, "migrations/0002_names.up.sql"),
      "ALTER TABLE users ALTER name SET NOT NULL;\n",
    );
    const up = await proveAdoption(at, { folder: "old" });
    expect(up.differences.up.map(({ kind }) => kind)).toContain("differs");
  });

  once("what the project runs before them is named where the folder does not have it", async () => {
    const at = await world({ ...FILES, "4_other.up.sql": "CREATE TABLE other (id int);\n" });
    await adopt(at, { folder: "old", write: true });
    rmSync(join(at.cwd, "old/3_index.up.sql"));
    rmSync(join(at.cwd, "old/3_index.down.sql"));
    const proof = await proveAdoption(at, { folder: "old" });
    expect(proof).toMatchObject({
      up: ["m0001", "m0002", "m0004"],
      notRun: ["m0003"],
      differences: { up: [] },
    });
    expect(proofLines(proof, true)).toContain(
      "not run: 1 migration below these, which old does not have (m0003)",
    );
  });

  once("a transaction that a file of the tool's leaves open ends with the file", async () => {
    const at = await world({
      "1_users.up.sql": "BEGIN;\nCREATE TABLE users (id int);\n",
      "1_users.down.sql": "BEGIN;\nDROP TABLE users;\n",
      "2_names.up.sql":
        "BEGIN;\nALTER TABLE users ADD name text;\nCOMMIT;\nBEGIN;\nALTER TABLE users ADD n int;\n",
      "2_names.down.sql": "ALTER TABLE users DROP name, DROP n;\n",
    });
    await adopt(at, { folder: "old", write: true });
    for (const name of ["0001_users.up.sql", "0001_users.down.sql", "0002_names.up.sql"]) {
      const path = join(at.cwd, "migrations", name);
      writeFileSync(path, readFileSync(path, "utf8").replaceAll(/^(?:BEGIN|COMMIT);\n/gm, ""));
    }
    expect(await proveAdoption(at, { folder: "old" })).toMatchObject({
      up: ["m0001", "m0002"],
      down: ["m0002", "m0001"],
      differences: { up: [], down: [] },
    });
    writeFileSync(
      join(at.cwd, "old/2_names.up.sql"),
      "CREATE TABLE a (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);\nBEGIN;\nINSERT INTO a VALUES (1), (1);\n",
    );
    await expect(proveAdoption(at, { folder: "old" })).rejects.toMatchObject({
      code: "findings/not-proven",
      message: expect.stringContaining("duplicate key value"),
      location: { path: "old/2_names.up.sql", line: 1 },
    });
  });

  once("a file of the tool's that the server refuses is named, with its line", async () => {
    const at = await world({ "1_a.up.sql": "CREATE TABLE a ();\nDROP TABLE b;\n" });
    await adopt(at, { folder: "old", write: true });
    await expect(proveAdoption(at, { folder: "old" })).rejects.toMatchObject({
      code: "findings/not-proven",
      hint: expect.stringContaining("it was written for (--scratch URL)"),
      location: { path: "old/1_a.up.sql", line: 2 },
    });
  });

  once(
    "a schema that the tool itself has made is there on both sides, once the project says so",
    async () => {
      const at = await world({ "1_a.up.sql": "CREATE TABLE app.a ();\nCREATE TABLE b ();\n" });
      await adopt(at, { folder: "old", write: true });
      const config = join(at.cwd, "migrate.config.json");
      await expect(proveAdoption(at, { folder: "old" })).rejects.toMatchObject({
        hint: `the schema app must be there before the first migration, as where golang-migrate itself creates it: name it in "session": {"searchPath": ["app"]} in the config file, and name a database that has it with --database URL`,
      });
      writeFileSync(config, JSON.stringify({ session: { searchPath: ["app"] } }));
      await expect(proveAdoption(at, { folder: "old" })).rejects.toMatchObject({
        hint: "the schema app must be there before the first migration, as where golang-migrate itself creates it: name a database that has it with --database URL",
      });
      await query(at.env["DATABASE_URL"]!, "CREATE SCHEMA app");
      expect((await proveAdoption(at, { folder: "old" })).differences.up).toEqual([]);
    },
  );

  once.for<[string, RegExp]>([
    ["-- +goose Up\nCREATE TABL a ();\n", /^the file cannot be proven as it stands, unless/],
    ["-- +goose Up\nCREATE TABLE ${NAME} ();\n", /goose puts values .* migrate adopt COPY --prove$/],
  ])("a file that is no SQL as it stands: %j", async ([text, hint]) => {
    const at = await world({ "1_a.sql": text });
    await adopt(at, { folder: "old", write: true });
    const path = join(at.cwd, "migrations/0001_a.up.sql");
    writeFileSync(path, readFileSync(path, "utf8").replace(/CREATE.*/, "SELECT 1;"));
    await expect(proveAdoption(at, { folder: "old" })).rejects.toMatchObject({
      code: "findings/not-proven",
      hint: expect.stringMatching(hint),
    });
  });

  once("refused downs are all listed, the others compared; one that was corrected is no fault", async () => {
    const at = await world({
      ...FILES,
      "1_users.down.sql": "DROP TABLE users;\n",
      "2_names.down.sql": "BEGIN;\nALTER TABLE users DROP naem;\nCOMMIT;\n",
      "4_a.up.sql": "CREATE TABLE a ();\n",
      "4_a.down.sql": "SELECT 1;\nDROP TABLE ab;\n",
    });
    await adopt(at, { folder: "old", write: true });
    const lines = (
      found: readonly { readonly location?: { readonly path: string; readonly line: number } }[],
    ) => found.map(({ location }) => `${location?.path}:${location?.line}`);
    const proof = await proveAdoption(at, { folder: "old" });
    expect(proof.down).toEqual(["m0003", "m0001"]);
    expect(lines(proof.refused.old)).toEqual(["old/4_a.down.sql:2", "old/2_names.down.sql:2"]);
    expect(lines(proof.refused.new)).toEqual([
      "migrations/0004_a.down.sql:4",
      "migrations/0002_names.down.sql:4",
    ]);
    for (const [first, second] of [proof.refused.old, proof.refused.new]) {
      expect(first!.hint ?? "").not.toContain("that ran before this one");
      expect(second!.hint).toMatch(/^a down file that ran before this one may be the cause/);
    }
    expect(proofLines(proof, true).slice(0, 2)).toEqual([
      `up   4 migrations: the same, ${proof.objects} objects`,
      "down 2 migrations: the same",
    ]);
    const [finding] = proof.refused.old;
    const several = { ...finding!, message: "other objects depend on it\nview v", hint: "one\ntwo" };
    expect(proofLines({ ...proof, refused: { old: [several], new: [] } }, true)).toEqual(
      expect.arrayContaining(["  view v", "  one", "  two"]),
    );
    const path = join(at.cwd, "migrations/0002_names.down.sql");
    writeFileSync(path, readFileSync(path, "utf8").replace("naem", "name"));
    appendFileSync(join(at.cwd, "migrations/0003_index.down.sql"), "ALTER TABLE users ADD other int;\n");
    const corrected = await proveAdoption(at, { folder: "old" });
    expect(lines(corrected.refused.new)).toEqual(["migrations/0004_a.down.sql:4"]);
    expect(corrected.differences.down).toMatchObject([{ kind: "extra" }]);
    expect(proofLines(corrected, true)[1]).toMatch(
      /: 1 difference \(missing: only in what golang-migrate makes; extra: only in what migrate makes\)$/,
    );
    expect(await proveAdoption(at, { folder: "old", down: false })).toMatchObject({
      down: [],
      refused: { old: [], new: [] },
    });
  });

  once("a program whose SQL nobody has written yet is no SQL that the server refuses", async () => {
    const at = await world({ "1_a.sql": "-- +goose Up\nSELECT 1;\n", "2_b.go": "package main\n" });
    await adopt(at, { folder: "old", write: true });
    await expect(proveAdoption(at, { folder: "old" })).rejects.toMatchObject({
      code: "findings/not-proven",
      hint: expect.stringContaining("write its SQL into it first"),
    });
  });

  once(
    "alembic: what it prints, and what a person wrote in the place of a program; and a database at two of its heads",
    async () => {
      const at = await world({});
      cpSync(alembicFolder, join(at.cwd, "old"), { recursive: true });
      const recorded = readFileSync(join(alembicFolder, "recorded.json"), "utf8");
      const command = standIn(at.cwd, JSON.parse(recorded) as Parameters<typeof standIn>[1]);
      await adopt(at, { folder: "old", command, write: true });
      const rewrite = (name: string, from: RegExp, to: string): void => {
        const path = join(at.cwd, "migrations", name);
        writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
      };
      rewrite("0009_rows_then_an_index.up.sql", /^(?:COMMIT|BEGIN);$/gm, "");
      rewrite("0009_rows_then_an_index.up.sql", /^-- parent/m, "-- transaction: none\n-- parent");
      await expect(proveAdoption(at, { folder: "old", command })).rejects.toMatchObject({
        message: expect.stringContaining("d1: write here as SQL what old/versions/d1_data.py does"),
      });
      rewrite("0005_fill_emails.up.sql", /^DO .*$/m, "UPDATE users SET email = 'x';");
      expect(await proveAdoption(at, { folder: "old", command })).toMatchObject({
        up: ["a1", "b1", "b2", "c1", "d1", "x1", "e1", "f1", "g1"],
        down: ["g1", "f1", "e1"],
        assumed: ["d1"],
        differences: { up: [], down: [] },
      });
      const { DATABASE_URL: url } = at.env;
      await query(
        url!,
        "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('b1'), ('b2')",
      );
      const stamped = await adoptDatabase(at, { folder: "old", write: true });
      expect(stamped.last.map(({ revision }) => revision)).toEqual(["b1", "b2"]);
      expect([...(await readState(at, {})).heads].sort()).toEqual(["b1", "b2"]);
    },
  );
});
