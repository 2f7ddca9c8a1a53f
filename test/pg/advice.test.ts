/** What a database forbids, or lacks → said as such, with what to type; what was done before it stays. */
import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseAddress } from "../../src/core/address.ts";
import { resolveAddress } from "../../src/io/libpq/parameters.ts";
import { openSession } from "../../src/io/session/open.ts";
import { failureOf, ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

describe.each(servers())("on $name", (server) => {
  test("a database whose transactions are read-only", async () => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE a ();" });
    await query(url, `ALTER DATABASE "${nameOf(url)}" SET default_transaction_read_only = on`);
    expect(await failureOf(shop.upgrade(url))).toMatchObject({
      code: "execution/read-only",
      message: expect.stringContaining("default_transaction_read_only is on"),
      hint: "default_transaction_read_only is set for this role, database or server; to turn it off for this run: PGOPTIONS='-c default_transaction_read_only=off'",
      sqlstate: "25006",
    });
    const options = (text: string) => `${url}?options=${encodeURIComponent(text)}`;
    expect(await failureOf(shop.upgrade(options("-c default_transaction_read_only=on")))).toMatchObject({
      hint: "default_transaction_read_only is set in the options of the connection (PGOPTIONS, options= in the address, or a pool's own): take it out, or set it to off there",
    });
    expect(await failureOf(shop.upgrade(options("-c geqo=off")))).toMatchObject({
      hint: expect.stringMatching(
        /in the options of the connection .*: add -c default_transaction_read_only=off$/,
      ),
    });
    expect((await shop.state(url)).applied).toEqual([]);
  });

  test("a database whose encoding lacks a character: in the SQL, in a message; what came before stays", async () => {
    const { url } = await ownDatabase(server);
    const name = `${nameOf(url)}_latin`;
    await query(
      url,
      `CREATE DATABASE "${name}" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    onTestFinished(() => query(url, `DROP DATABASE "${name}"`).then(() => {}));
    const latin = url.replace(nameOf(url), name);
    const shop = project({ a: "CREATE TABLE a ();", b: "SELECT 'é',\n  'é€';" });
    expect(await failureOf(shop.upgrade(latin))).toMatchObject({
      location: { path: "0002_b.up.sql", line: 5, column: 5 },
      hint: expect.stringMatching(
        /^the encoding of the database lacks '€': [\s\S]*what was applied before it stays applied$/,
      ),
    });
    expect((await shop.state(latin)).heads).toEqual(["a"]);
    shop.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n-- message: costs €\n\nSELECT 1;\n");
    expect((await failureOf(shop.upgrade(latin)))["hint"]).toContain(
      "which is in the header of this migration",
    );
    shop.write("0002_b.up.sql", "-- revision: b\n-- parent: a\n-- message: costs é\n\nSELECT 1;\n");
    expect((await shop.upgrade(latin)).done).toBe(true);
  });

  test.each([
    ["a role that does not exist", { role: "retort_nobody" }, "", 'CREATE ROLE "retort_nobody"'],
    [
      "tables of a user under the names of the ledger",
      {},
      "CREATE SCHEMA retort; CREATE TABLE retort.state (x int)",
      '"ledger": {"schema": ',
    ],
  ])("%s", async (_, config, setup, advice) => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TABLE a ();" }, config);
    if (setup !== "") await query(url, setup);
    for (const tried of [() => shop.upgrade(url), () => shop.state(url)])
      expect(await failureOf(tried())).toMatchObject({
        code: "execution/ledger",
        hint: expect.stringContaining(advice),
      });
  });

  test.each([
    ["ALTER TYPE e ADD VALUE 'b';\nSELECT 'b'::e;", "a migration of its own"],
    ["SET search_path = '';\nCREATE TABLE b ();", "qualify the name"],
    ["SELECT ‘it’;", "‘ is a letter to PostgreSQL"],
    ["CREATE TABLE b (id int);\nSELECT id,\u00a0id FROM b;", "is U+00A0"],
  ])("%j is explained", async (sql, advice) => {
    const { url } = await ownDatabase(server);
    const shop = project({ a: "CREATE TYPE e AS ENUM ('a');", b: sql });
    const failure = await failureOf(shop.upgrade(url));
    expect(failure["hint"]).toContain(advice);
  });
});

test("a server whose pg_hba.conf has no line for us", async () => {
  const text = 'SFATAL\0C28000\0Mno pg_hba.conf entry for host "10.0.0.7", user "ann", database "shop"\0\0';
  const size = Buffer.alloc(4);
  size.writeInt32BE(text.length + 4);
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(Buffer.concat([Buffer.from("E"), size, Buffer.from(text)])));
  }).listen(0);
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const address = parseAddress(`postgres://ann@127.0.0.1:${port}/shop?sslmode=disable`, "a test");
  const none = { variable: () => undefined, cwd: "/" };
  const failure = await failureOf(openSession(await resolveAddress(address, "a test", "/", none)));
  expect(failure).toMatchObject({
    code: "execution/connect",
    hint: expect.stringContaining("let ann connect to shop"),
  });
});
