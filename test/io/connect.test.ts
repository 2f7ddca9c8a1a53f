/** An address, and servers that are away, refuse or are of another kind → the one that is connected to, or why none is. */
import { createServer, type Server } from "node:net";
import pg from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { parseAddress } from "../../src/core/address.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { asFlags, asOptions } from "../../src/core/option-names.ts";
import { resolveAddress, secretsOf } from "../../src/io/libpq/parameters.ts";
import { openScratch } from "../../src/io/scratch/open.ts";
import { isNotYet, poolHint } from "../../src/io/session/connect.ts";
import { lentSession } from "../../src/io/session/lent.ts";
import { openSession } from "../../src/io/session/open.ts";
import { StatementFailure } from "../../src/io/session/types.ts";
import { addressOf } from "../support/session.ts";

/** What a server is: of a kind, not there, or it refuses with this: `SQLSTATE|routine|message`. */
type Being = "primary" | "read-only" | "standby" | "away" | `${number}${string}`;

function message(type: string, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const int16 = (value: number): Buffer => int32(value).subarray(2);

const NO_LOGIN = 'role "ann" is not permitted to log in';
const READY = message("Z", "I");

/** Of a server that speaks German. */
const NOTICES = ["SWARNUNG\0VWARNING\0C01000\0Mheikel\0\0", "SHINWEIS\0VNOTICE\0C00000\0Mschon da\0\0"];

/** Lets everybody in, and answers each query as the one about its kind. */
const greeting = Buffer.concat([
  message("R", int32(0)),
  message("S", "server_version\0" + "15.1\0"),
  message("K", int32(1), int32(2)),
  READY,
]);

function answer(being: Being): Buffer {
  const values = [being === "standby" ? "t" : "f", being === "primary" ? "off" : "on"];
  const field = (name: string, type: number): Buffer =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int32(0),
      int16(0),
      int32(type),
      int16(-1),
      int32(-1),
      int16(0),
    ]);
  return Buffer.concat([
    ...NOTICES.map((each) => message("N", each)),
    message("T", int16(2), field("standby", 16), field("readonly", 25)),
    message("D", int16(2), ...values.flatMap((value) => [int32(value.length), value])),
    message("C", "SELECT 1\0"),
    READY,
  ]);
}

/** The port of a server that is this until the test ends, and how many are connected to it. */
async function serverThatIs(being: Being): Promise<{ readonly port: number; readonly open: () => number }> {
  let open = 0;
  const server: Server = createServer((socket) => {
    open += 1;
    socket.on("error", () => {}).on("close", () => (open -= 1));
    socket.once("data", () => {
      const [code, routine, said = code === "28000" ? NO_LOGIN : "no", hint] = being.split("|");
      const where = `${routine === undefined ? "" : `R${routine}\0`}${hint === undefined ? "" : `H${hint}\0`}`;
      if (/^\d/.test(being)) socket.end(message("E", `SFATAL\0VFATAL\0C${code}\0M${said}\0${where}\0`));
      else socket.write(greeting);
      socket.on("data", (bytes) => (bytes[0] === 0x51 ? socket.write(answer(being)) : socket.end()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = () => new Promise((resolve) => server.close(resolve));
  if (being === "away") await close();
  else onTestFinished(() => void close());
  return { port, open: () => open };
}

/** Which of the servers a session is on, counted from 0; or the error. */
async function reached(beings: readonly Being[], target: string) {
  const made = await Promise.all(beings.map(serverThatIs));
  const hosts = made.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const address = await addressOf(
    `postgres://ann@${hosts}/shop?sslmode=disable&target_session_attrs=${target}`,
  );
  try {
    const session = await openSession(address);
    const at = made.findIndex(({ port }) => session.database === `ann@127.0.0.1:${port}/shop`);
    const wanted = made.map((_, index) => (index === at ? 1 : 0));
    await vi.waitFor(() => expect(made.map(({ open }) => open())).toEqual(wanted));
    await session.close();
    return at;
  } catch (error) {
    if (error instanceof MigrateError) return error;
    throw error;
  }
}

test.each<[string, readonly Being[], number]>([
  ["any", ["primary", "primary"], 0],
  ["any", ["away", "standby"], 1],
  ["any", ["57P03", "primary"], 1],
  ["read-write", ["standby", "read-only", "primary"], 2],
  ["read-only", ["primary", "away", "read-only"], 2],
  ["primary", ["standby", "read-only"], 1],
  ["standby", ["primary", "read-only", "standby"], 2],
  ["prefer-standby", ["primary", "standby"], 1],
  ["prefer-standby", ["away", "primary"], 1],
])("target_session_attrs=%s of %j is number %i", async (target, beings, expected) => {
  expect(await reached(beings, target)).toBe(expected);
});

const OTHER = /^name a server of that kind, or change target_session_attrs; /;

test.each<[string, readonly Being[], RegExp, boolean, RegExp]>([
  [
    "primary",
    ["away", "standby"],
    /: 127\.0\.0\.1:\d+: .*ECONNREFUSED.*; 127\.0\.0\.1:\d+: it is a standby, and target_session_attrs=primary asks/,
    true,
    /^check that the server is running/,
  ],
  [
    "read-write",
    ["read-only"],
    /\): it is read-only, and target_session_attrs=read-write asks for another$/,
    true,
    OTHER,
  ],
  ["standby", ["primary"], /it is a primary server, and/, true, OTHER],
  ["read-only", ["primary"], /it can be written to, and/, true, OTHER],
  // As in libpq: the others would refuse it too, and might lock the user out.
  ["any", ["28P01", "primary"], /\): 127\.0\.0\.1:\d+: no$/, false, /^check the user and password/],
])("target_session_attrs=%s of %j: none", async (target, beings, said, mayCome, hint) => {
  const error = (await reached(beings, target)) as MigrateError;
  expect(error).toMatchObject({ code: "execution/connect", message: expect.stringMatching(said) });
  expect(error.message).toMatch(
    /^cannot connect to postgres:\/\/ann@127\.0\.0\.1:\d+[,/].* \(from the test\): /,
  );
  expect(error.hint).toMatch(hint);
  expect(isNotYet(error)).toBe(mayCome);
});

test.each<[Being, string, string]>([
  ["3D000", "shop", "createdb -h 127.0.0.1 -p PORT -U ann shop"],
  ["3D000", "shop/", "leave out the / that its name ends with (from the test)"],
  ["3D000", "/shop", "leave out the / that its name begins with (from the test)"],
  ["3D000", "shop;", "leave out the ; that its name ends with (from the test)"],
  ["3D000", "$SHOP", "in the config file its value is ${SHOP}"],
  ["3D000", "$(SHOP)", "Kubernetes replaces $(SHOP) only where SHOP is defined in the same container"],
  ["3D000", "my%20shop%3B%24(id)", "createdb -h 127.0.0.1 -p PORT -U ann 'my shop;$(id)'"],
  ["28P01", "shop", "check the user and password; see where they come from with: checkConfig(deps, options)"],
  ["42704", "shop?options=-c%20nope%3D1", "correct the options of the connection (from the test)"],
  [
    "08P01|f|unsupported startup parameter: options",
    "shop?options=-cx%3D1",
    "a pooler takes no such options: leave them out (from the test), and write timeouts and",
  ],
  ["53300", "shop", "no connection is free: end one or raise the limit, and run the same command again"],
  ["57P03", "shop", "the server accepts no connections now; run the same command again"],
  ["57P01", "shop", "the server accepts no connections now; run the same command again"],
  ["28000", "shop", "as a superuser, run: ALTER ROLE ann LOGIN"],
  [
    "28000|f|Peer authentication failed",
    "shop",
    "check the user, and how the server's pg_hba.conf has it log",
  ],
  ["28000|f|no pg_hba.conf entry", "shop", "and reload, or connect with TLS: sslmode=require"],
  ["28000|f|no pg_hba.conf entry", "shop?sslmode=prefer", "from here: add an entry and reload"],
  ["42501", "my%20shop", 'run: GRANT CONNECT ON DATABASE "my shop" TO ann'],
  ["42501|CheckMyDatabase", "shop?options=-c%20role%3Down", "run: GRANT CONNECT ON DATABASE shop TO ann"],
  ["42501|set_config_option", "shop?options=-c%20a.b%3D1", "correct the options of the connection (from the"],
  ["42501|f|Rolle »o n«", "shop?options=-c%20role%3Do%5C%20n", 'as a superuser, run: GRANT "o n" TO "ann"'],
  ["55000", "shop", "run: ALTER DATABASE shop ALLOW_CONNECTIONS true"],
  [
    "55000|f|no|Use DROP DATABASE.",
    "shop",
    "run: DROP DATABASE shop; then create it again, for example with: createdb",
  ],
  ["58030", "shop", "the server, or a pooler before it, refuses this connection"],
  ["away", "shop", "check that the server is running and accepts connections at this address"],
])("what to do where the server says %s to %s", async (being, database, hint) => {
  const { port } = await serverThatIs(being);
  const address = await addressOf(
    `postgres://ann@127.0.0.1:${port}/${database.replace(/\?|$/, "?sslmode=disable&")}`,
  );
  await expect(openSession(address)).rejects.toMatchObject({
    code: "execution/connect",
    hint: expect.stringContaining(hint.replace("PORT", String(port))),
  });
});

test.each([
  ["$DB_PASSWORD", "in .env and in the config file its value is ${DB_PASSWORD}; in a shell it is"],
  ["%24%7BDB_PASSWORD%7D", "nothing is replaced in single quotes"],
  ["$OTHER", undefined],
  ["a$DB_PASSWORD", undefined],
])("a password %s that is refused is told where it is a variable's name", async (password, end) => {
  const { port } = await serverThatIs("28P01");
  const text = `postgres://ann:${password}@127.0.0.1:${port}/shop?sslmode=disable`;
  const variable = (name: string) => (name === "DB_PASSWORD" ? { value: "s3", origin: "x" } : undefined);
  const address = await resolveAddress(parseAddress(text, "a test"), "a test", "/", { variable, cwd: "/" });
  const { hint, message } = (await openSession(address).catch((error: unknown) => error)) as MigrateError;
  if (end === undefined) expect(hint).toMatch(/^check the user and password/);
  else expect(hint).toMatch(/^the password is .*DB_PASSWORD\}?, which was not replaced by its value: /);
  expect(hint).toContain(end ?? "checkConfig");
  expect(`${hint}${message}`).not.toContain("OTHER");
  // A name is no secret, and is not made illegible.
  expect(secretsOf(address)).toHaveLength(end === undefined ? 1 : 0);
});

test("a variable's name in the host is told", async () => {
  const { hint } = (await openSession(
    await addressOf("postgres://ann@db.$DOMAIN:1/shop?connect_timeout=2"),
  ).catch((error: unknown) => error)) as MigrateError;
  expect(hint).toMatch(/^\$DOMAIN was not replaced by its value: .* \$\{DOMAIN\};/);
});

test.each<[Being, string, string]>([
  ["3D000", "ann@127.0.0.1:PORT/nope?", "psql -h 127.0.0.1 -p PORT -U ann -l"],
  ["55000|f|no|Use DROP DATABASE.", "ann@127.0.0.1:PORT/shop?", "name another database"],
])(
  "where its contents are asked for, nobody is told to make a database: %s of %s",
  async (being, at, end) => {
    const { port } = await serverThatIs(being);
    const placed = (text: string): string => text.replace("PORT", String(port));
    const address = await addressOf(`postgres://${placed(at)}sslmode=disable`);
    const { hint } = (await openSession(address, { asksContents: true }).catch(
      (error: unknown) => error,
    )) as MigrateError;
    expect(hint?.endsWith(placed(end))).toBe(true);
    expect(hint).not.toContain("create");
  },
);

test.each([
  [asFlags, "where it has --wait"],
  [asOptions, "where it has option wait"],
  [undefined, "run the same command again"],
])("who may wait longer is told so by the name of the option", async (names, end) => {
  const { port } = await serverThatIs("57P03");
  const address = await addressOf(`postgres://ann@127.0.0.1:${port}/shop?sslmode=disable`);
  const { hint } = (await openSession(address, { names, waits: names !== undefined }).catch(
    (error: unknown) => error,
  )) as MigrateError;
  expect(hint?.endsWith(end)).toBe(true);
});

test.each([
  [
    "SELF_SIGNED_CERT_IN_CHAIN",
    "self-signed certificate",
    "check the password and the ssl that the pool was given",
  ],
  [
    undefined,
    "SASL: client password must be a string",
    "check the password and the ssl that the pool was given",
  ],
  [undefined, "timeout exceeded when trying to connect", "all connections of the pool are in use"],
  [undefined, "Connection terminated due to connection timeout", "check that the server is running"],
  ["ECONNREFUSED", "connect ECONNREFUSED", "check that the server is running"],
])("what to do where a pool meets %s, %s", (code, said, hint) => {
  const cause = Object.assign(new Error(said), code === undefined ? {} : { code });
  expect(poolHint(cause, () => undefined)).toContain(hint);
});

const pooled = { host: "db.example", port: 6432, user: "ann" };
test.each([
  ["shop/", pooled, "leave out the / that its name ends with; or give the pool"],
  ["shop", pooled, "with: createdb -h db.example -p 6432 -U ann shop; or give the pool"],
  ["shop", undefined, "create the database first, on the server of the pool; or give the pool"],
])("what to do where there is no database %s for a pool of %j", (name, server, hint) => {
  const refused = { code: "3D000", severity: "FATAL" };
  const cause = Object.assign(new Error(`database "${name}" does not exist`), refused);
  expect(poolHint(cause, () => server)).toContain(hint);
});

test("what a server warns of in another language is a warning", async () => {
  const { port } = await serverThatIs("primary");
  const heard: unknown[] = [];
  const address = await addressOf(`postgres://ann@127.0.0.1:${port}/shop?sslmode=disable`);
  const session = await openSession(address, { onNotice: (notice) => void heard.push(notice) });
  await session.send("SELECT");
  expect(heard).toEqual([
    { severity: "WARNING", message: "heikel" },
    { severity: "HINWEIS", message: "schon da" },
  ]);
  await session.close();
});

test.each([
  ["ECONNRESET", undefined, true],
  ["57P01", "FATAL", true],
  ["08P01", "ERROR", true],
  ["08006", "FATAL", true],
  // What a statement says of a connection of its own, as CREATE SUBSCRIPTION and dblink do.
  ["08006", "ERROR", false],
  ["08001", "ERROR", false],
  ["42601", "ERROR", false],
])("%s of severity %s: the connection is lost: %s", (code, severity, lost) => {
  const error = Object.assign(new Error("no"), severity === undefined ? { code } : { code, severity });
  expect(new StatementFailure(error).lost).toBe(lost);
});

test("where a pool of the caller's, or a server for scratch databases, does not connect, that is what is to be mended", async () => {
  const refusing = await serverThatIs("28P01");
  const settings = {
    host: "127.0.0.1",
    port: refusing.port,
    user: "ann",
    password: "x",
    database: "shop",
    ssl: false,
  };
  const pool = new pg.Pool(settings);
  onTestFinished(() => pool.end());
  await expect(lentSession(pool, { admit: async () => {} })).rejects.toMatchObject({
    code: "execution/connect",
    hint: "check the user and password that the pool was given",
  });
  const away = await serverThatIs("away");
  const on = await addressOf(`postgres://ann@127.0.0.1:${away.port}/shop?sslmode=disable`);
  await expect(openScratch({ on, cwd: ".", env: {} })).rejects.toMatchObject({
    code: "usage/scratch",
    hint: expect.stringContaining("check that the server is running and accepts connections at this address"),
  });
});
