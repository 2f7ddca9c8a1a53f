/** A dump's files in a folder: replaced and removed with the next one; files of others are left alone. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
const there = (): readonly string[] =>
  readdirSync(join(cwd, "schema"), { recursive: true, encoding: "utf8" })
    .map((each) => each.replaceAll("\\", "/"))
    .sort();

test("the second dump replaces, and removes what it has not, folders too", async () => {
  await replaceDump("schema", [file("schemas.sql"), file("shop/tables/users.sql", "1")], { cwd });
  expect(there()).toEqual(["schemas.sql", "shop", "shop/tables", "shop/tables/users.sql"]);
  await replaceDump("schema", [file("schemas.sql", "2")], { cwd });
  expect(there()).toEqual(["schemas.sql"]);
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
