/** A network that fails in the middle of a run: silent, garbled, closed. The command ends, says so, and knows what was done. */
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { StatementFailure } from "../../src/io/session/types.ts";
import { type Finished, migrate } from "../support/migrate.ts";
import { failureOf, headerLines, ownDatabase, project, until } from "../support/project.ts";
import { proxy } from "../support/proxy.ts";
import { query, servers, withClient } from "../support/server.ts";

const [server] = servers();

/** The command's end; the test's time is over where it hangs. */
function ends(words: readonly string[], url: string, cwd: string): Promise<Finished> {
  return migrate([...words, "--database", url], { cwd });
}

const two = { a: "CREATE TABLE a ();", b: "CREATE TABLE b ();" };

test.each([
  ["behind the last COMMIT", /^QRESET ALL/],
  ["when the lock is given back", /^QDO .*WHILE EXISTS/s],
  ["when the connection is closed", /^X/],
])("the network dies %s", async (_when, at) => {
  const { url } = await ownDatabase(server!);
  const shop = project(two);
  const dead = await proxy(url, { at, deed: "silence" });
  expect(await ends(["upgrade"], dead.url, shop.folder)).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/\+ b {2}b .*\nnow at b on /),
  });
  expect((await shop.state(url)).heads).toEqual(["b"]);
});

test.each(["status", "log", "config"])(
  "the network dies when the connection is closed: %s",
  async (words) => {
    const { url } = await ownDatabase(server!);
    const shop = project(two);
    const dead = await proxy(url, { at: /^X/, deed: "silence" });
    expect(await ends([words], dead.url, shop.folder)).toMatchObject({ code: 0 });
  },
);

const length = (bytes: number): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
};

const garbled: readonly (readonly [string, Buffer])[] = [
  [
    "a row that is cut short",
    Buffer.concat([Buffer.from("D"), length(10), Buffer.from([0, 100, 0, 0, 0, 9])]),
  ],
  ["columns that are cut short", Buffer.concat([Buffer.from("T"), length(6), Buffer.from([0, 9])])],
  ["a message that there is not", Buffer.concat([Buffer.from("~"), length(4)])],
  ["a message of no length", Buffer.alloc(64)],
];

test.each(garbled)("garbled in the middle of a run: %s", async (_what, bytes) => {
  const { url } = await ownDatabase(server!);
  const shop = project(two);
  const line = await proxy(url, { at: /^QCOMMIT/, deed: bytes });
  const { code, stderr } = await ends(["upgrade"], line.url, shop.folder);
  expect([code, stderr]).toEqual([6, expect.stringContaining("error[execution/connection-lost]")]);
  expect(await ends(["upgrade"], line.url, shop.folder)).toMatchObject({ code: 0 });
  expect((await shop.state(url)).heads).toEqual(["b"]);
});

test("lost at a question about the database, whichever it is", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project(two);
  for (const [words, at] of [
    ["status", /^Q.*obj_description/s],
    ["upgrade", /^Q.*obj_description/s],
    ["upgrade", /^Q.*pg_backend_pid/s],
    ["dump", /^Q.*AS "searchPath"/s],
    ["doctor", /^Q.*clock_timestamp/s],
  ] as const) {
    const line = await proxy(url, { at, deed: garbled[0]![1] });
    const { code, stdout, stderr } = await ends([words], line.url, shop.folder);
    expect([words, code, stdout + stderr]).toEqual([
      words,
      words === "doctor" ? 1 : 6,
      expect.stringContaining("the connection to the database was lost: "),
    ]);
  }
});

/** Lets everybody in, and answers the first query with these bytes. */
async function fakeServer(bytes: Buffer): Promise<string> {
  const sockets: Socket[] = [];
  const fake = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.once("data", () => {
      const welcome = Buffer.concat([
        Buffer.from("R"),
        length(8),
        length(0),
        Buffer.from("S"),
        length(24),
        Buffer.from("server_version\x0015.0\x00"),
        Buffer.from("K"),
        length(12),
        length(1),
        length(1),
        Buffer.from("Z"),
        length(5),
        Buffer.from("I"),
      ]);
      socket.write(welcome);
      socket.on("data", () => socket.write(bytes));
    });
  });
  await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    fake.close();
  });
  return `postgres://u:p@127.0.0.1:${(fake.address() as { port: number }).port}/d?sslmode=disable`;
}

test.each(garbled)("garbled from the beginning: %s", async (_what, bytes) => {
  const shop = project(two);
  const url = await fakeServer(bytes);
  for (const words of ["status", "upgrade", "log"]) {
    const { code, stderr } = await ends([words], url, shop.folder);
    expect([code, stderr]).toEqual([
      6,
      expect.stringMatching(
        /^error\[execution\/connection-lost\] the connection to the database was lost: .*\nhint: /,
      ),
    ]);
  }
});

test("what the system says of a connection is no SQLSTATE", () => {
  for (const code of ["EPIPE", "ECONNRESET", "ETIMEDOUT"]) {
    const failure = new StatementFailure(Object.assign(new Error(`write ${code}`), { code }));
    expect([failure.sqlstate, failure.lost]).toEqual([undefined, true]);
  }
});

test("a session that the server ends while it waits for a lock's holder is a lost connection", async () => {
  const { url, name } = await ownDatabase(server!);
  const shop = project({ a: "CREATE TABLE a ();", b: "ALTER TABLE a ADD x int;" });
  await shop.upgrade(url, "a");
  await query(url, `ALTER DATABASE ${name} SET idle_session_timeout = '1s'`);
  await withClient(url, async (client) => {
    await client.query("SET idle_session_timeout = 0; BEGIN; LOCK TABLE a;");
    const { code, stderr } = await ends(["upgrade", "--lock-timeout", "50ms"], url, shop.folder);
    expect([code, stderr]).toEqual([
      6,
      expect.stringMatching(
        /error\[execution\/connection-lost\] .*idle-session timeout.*\nhint: .*PGOPTIONS='-c idle_session_timeout=0'/,
      ),
    ]);
  });
  await until(
    url,
    "SELECT WHERE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
  );
});

test("a statement that cannot reach another server is told of its line, and recorded: our connection is there", async () => {
  const { url } = await ownDatabase(server!);
  const connection = "host=127.0.0.1 port=1 dbname=x";
  const shop = project({
    a: {
      up: `CREATE SUBSCRIPTION s CONNECTION '${connection}' PUBLICATION p;`,
      header: ["transaction: none"],
    },
  });
  expect(await failureOf(shop.upgrade(url))).toMatchObject({
    code: "execution/statement",
    sqlstate: "08006",
    location: { path: "0001_a.up.sql", line: headerLines + 2 },
  });
  expect(await query(url, "SELECT event FROM retort.log")).toEqual([{ event: "failure" }]);
});
