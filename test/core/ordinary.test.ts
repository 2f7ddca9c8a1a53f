/** A password that the files say as an ordinary word hides nothing; one that they say as a password stays a secret. */
import { expect, test } from "vitest";
import { ordinaryWords } from "../../src/core/ordinary.ts";

test.each<[string, string, boolean, string?]>([
  ["a name", "CREATE TABLE shop.users ();", true],
  ["a quoted name", 'CREATE TABLE "shop".users ();', true],
  ["a part of a name", "CREATE TABLE shops (my_shop int);", false],
  ["a word of the header", "SELECT 1;", true, "-- message: create the shop\n\n"],
  ["a part of one", "SELECT 1;", false, "-- message: create the shop_2\n\n"],
  ["nothing", "SELECT 1;", false],
  ["a string", "SELECT create_user('ann', 'shop');", false],
  ["a body", "DO $$ BEGIN PERFORM 'shop'; END $$;", false],
  ["a comment", "SELECT 1; -- the password is shop", false],
  ["behind PASSWORD", "CREATE ROLE r PASSWORD 'shop';", false],
  ["in an address", "SELECT 1;", false, "-- message: as postgres://ann:shop@host/db\n\n"],
])("%s: %s", (_, sql, isWord, header = "-- revision: a\n\n") => {
  const source = { path: "migrations/0001_a.up.sql", text: header + sql };
  const up = { source, bodyStart: header.length, header: {}, checksum: "" };
  expect([...ordinaryWords(["shop", "a'b"], [{ up }] as never)]).toEqual(isWord ? ["shop"] : []);
});

test("a word of a path", () => {
  const up = { source: { path: "shop/0001_a.up.sql", text: "" }, bodyStart: 0, header: {}, checksum: "" };
  expect([...ordinaryWords(["shop", "shop", "0001_a"], [{ up }] as never)]).toEqual(["shop"]);
});
