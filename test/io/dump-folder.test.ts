/** A dump's files in a folder: replaced and removed with the next one; files of others are left alone. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeScriptFolder } from "../../src/app/write-output.ts";
import { MARK } from "../../src/core/dump/folder.ts";
import { replaceDump } from "../../src/io/dump-folder.ts";
import { failureOf } from "../support/project.ts";

const cwd = mkdtempSync(join(tmpdir(), "retort-dump-folder-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const file = (path: string, text = "") => ({ path, text: `${MARK}\n${text}` });
const dump = (folder: string, ...files: readonly ReturnType<typeof file>[]) => {
  const loads = files.map(({ path }) => `\\ir '${path}'`).join("\n");
  return replaceDump(folder, [...files, file("load.psql", loads)], { cwd });
};
const there = (): readonly string[] =>
  readdirSync(join(cwd, "schema"), { recursive: true, encoding: "utf8" })
    .map((each) => each.replaceAll("\\", "/"))
    .sort();

test("the second dump replaces, and removes what it has not, folders too", async () => {
  await dump("schema", file("schemas.sql"), file("shop/tables/users.sql", "1"));
  expect(there()).toEqual(["load.psql", "schemas.sql", "shop", "shop/tables", "shop/tables/users.sql"]);
  await dump("schema", file("schemas.sql", "2"));
  expect(there()).toEqual(["load.psql", "schemas.sql"]);
  expect(readFileSync(join(cwd, "schema/schemas.sql"), "utf8")).toBe(`${MARK}\n2`);
});

test("where it cannot be written, no folder is left behind", async () => {
  const tooLong = `shop/tables/${"x".repeat(300)}.sql`;
  await failureOf(replaceDump("new/dump", [file("schemas.sql"), file(tooLong)], { cwd }));
  const names = [{ name: `${"x".repeat(300)}.sql`, text: "" }];
  await failureOf(writeScriptFolder({ cwd, env: {}, now: () => new Date() }, "parts/of", names));
  expect(readdirSync(cwd)).toEqual(["schema"]);
});

test("files of others stay; one that is in the way is an error, and nothing is written", async () => {
  mkdirSync(join(cwd, "schema/shop"), { recursive: true });
  writeFileSync(join(cwd, "schema/shop/mine.sql"), "SELECT 1;");
  await replaceDump("schema", [file("schemas.sql", "3")], { cwd });
  expect(there()).toContain("shop/mine.sql");
  const error = await failureOf(replaceDump("schema", [file("new.sql"), file("shop/mine.sql")], { cwd }));
  expect(error).toMatchObject({
    code: "usage/not-a-dump",
    message: "schema/shop/mine.sql exists and was not written by migrate dump",
  });
  expect(there()).not.toContain("new.sql");
});

test("dumps in folders below stay, and one that would be written into is an error", async () => {
  mkdirSync(join(cwd, "outer"));
  writeFileSync(join(cwd, "outer/load.psql"), `${MARK}\n\\ir '../schema/schemas.sql'\n`);
  await dump("outer/deep", file("old.sql"), file("shop/tables/users.sql"));
  await dump("outer", file("old.sql"));
  await dump("outer", file("schemas.sql"));
  const kept = [
    "deep/load.psql",
    "deep/old.sql",
    "deep/shop/tables/users.sql",
    "schemas.sql",
    "../schema/schemas.sql",
  ];
  expect(kept.map((path) => existsSync(join(cwd, "outer", path)))).toEqual(kept.map(() => true));
  expect(existsSync(join(cwd, "outer/old.sql"))).toBe(false);
  expect(await failureOf(dump("outer", file("deep/tables/users.sql")))).toMatchObject({
    code: "usage/not-a-dump",
    message: "outer/deep is the folder of another dump",
  });
});

test("a file in the folder's place is an error", async () => {
  writeFileSync(join(cwd, "afile"), "");
  for (const folder of ["afile", "afile/dump"])
    expect(await failureOf(dump(folder, file("schemas.sql")))).toMatchObject({
      code: "usage/not-a-dump",
      message: "afile is a file, and the dump needs a folder there",
    });
});
