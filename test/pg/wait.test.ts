/** `--wait`: a server that comes later is waited for; what waiting cannot mend fails at once. */
import { connect, createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { migrate } from "../support/migrate.ts";
import { ownDatabase, project } from "../support/project.ts";
import { proxy } from "../support/proxy.ts";
import { ownRole } from "../support/roles.ts";
import { query, servers, withClient } from "../support/server.ts";

const [server] = servers();
const shop = () => project({ a: "CREATE TABLE a ();" });

/** A port on which nothing listens, and how to let the server answer there. */
async function later(url: string): Promise<{ readonly url: string; readonly begin: () => Promise<void> }> {
  const target = new URL(url);
  const forward: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
  });
  const listen = (port: number) => new Promise<void>((resolve) => forward.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = forward.address() as { port: number };
  await new Promise((resolve) => forward.close(resolve));
  onTestFinished(() => void forward.close());
  const own = new URL(url);
  own.port = String(port);
  return { url: own.href, begin: () => listen(port) };
}

test("a server that starts a second later", async () => {
  const { url } = await ownDatabase(server!);
  const late = await later(url);
  const upgrade = migrate(["upgrade", "head", "--wait", "30", "--database", late.url], {
    cwd: shop().folder,
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await late.begin();
  expect(await upgrade).toMatchObject({ code: 0 });
  expect(await query(url, "SELECT FROM pg_class WHERE relname = 'a'")).toHaveLength(1);
});

/** What it says before it begins to wait. */
const waits = /waiting up to \d+ s/;

test("nobody comes: the same error as without waiting, after that time; without --wait at once", async () => {
  const { url } = await later(server!.url());
  const upgrade = (...flags: readonly string[]) =>
    migrate(["upgrade", "head", ...flags, "--database", url], { cwd: shop().folder });
  const refused = /error\[execution\/connect\] cannot connect to .* ECONNREFUSED/;
  const began = performance.now();
  const patient = await upgrade("--wait", "2");
  expect(performance.now() - began).toBeGreaterThan(2000);
  expect(patient).toMatchObject({ code: 6, stderr: expect.stringMatching(refused) });
  expect(patient.stderr).toMatch(waits);
  const impatient = await upgrade();
  expect(impatient).toMatchObject({ code: 6, stderr: expect.stringMatching(refused) });
  expect(impatient.stderr).not.toMatch(waits);
});

test("a server that has no free connection yet is waited for", async () => {
  const role = await ownRole(server!, "LOGIN CONNECTION LIMIT 1");
  const { name } = await ownDatabase(server!);
  const wire = await proxy(role.url(name));
  let waiting: ReturnType<typeof migrate> | undefined;
  await withClient(role.url(name), async () => {
    waiting = migrate(["upgrade", "--dry-run", "--wait", "120", "--database", wire.url], {
      cwd: shop().folder,
    });
    while (wire.endedBy().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  const { code, stderr } = await waiting!;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/too many connections/) });
  expect(stderr).toMatch(waits);
});

test.each([
  [
    "a wrong password",
    (url: URL) => Object.assign(url, { password: "wrong" }),
    "28P01|password authentication failed",
  ],
  [
    "no password",
    (url: URL) => Object.assign(url, { password: "" }),
    "the server requires a password, but none is given\nhint: put it into the address, PGPASSWORD",
  ],
  [
    "no password in the file that is named",
    (url: URL) => {
      url.password = "";
      url.searchParams.set("passfile", "/dev/null");
    },
    "PGPASSWORD or the password file .from ",
  ],
  [
    "a database that does not exist",
    (url: URL) => Object.assign(url, { pathname: "/retort_nowhere" }),
    'database "retort_nowhere" does not exist',
  ],
  [
    "a server without TLS where TLS is asked for",
    (url: URL) => url.searchParams.set("sslmode", "require"),
    ": the server does not support SSL.*\nhint: give the server a certificate, or.* use sslmode=prefer or sslmode=disable in the address\n",
  ],
])("%s is not waited for", async (_, change, message) => {
  const url = new URL(server!.url());
  change(url);
  const { code, stderr } = await migrate(["upgrade", "head", "--wait", "30", "--database", url.href], {
    cwd: shop().folder,
  });
  expect({ code, stderr }).toEqual({ code: 6, stderr: expect.stringMatching(message) });
  expect(stderr).not.toMatch(waits);
});

test.each([
  [{ PGSSLMODE: "require" }, "use PGSSLMODE=prefer or PGSSLMODE=disable"],
  [{ PGSERVICE: "own" }, "use sslmode=prefer or sslmode=disable in service own in "],
  [
    { PGSSLROOTCERT: "system", PGSSLMODE: "verify-full" },
    "use PGSSLMODE=prefer or PGSSLMODE=disable, without PGSSLROOTCERT=system",
  ],
])("where TLS is asked for by %o, that is named", async (env, hint) => {
  const { folder, write } = shop();
  write("services", "[own]\nsslmode=require\n");
  const { stderr } = await migrate(["current", "--database", server!.url()], {
    cwd: folder,
    env: { PGSERVICEFILE: "services", ...env },
  });
  expect(stderr).toContain(hint);
});

test("what fails on our side of the connection does not wait for the server", async () => {
  const { url } = await ownDatabase(server!);
  const wire = await proxy(url);
  const nobody = new URL(wire.url);
  nobody.password = "";
  const { code } = await migrate(["current", "--database", nobody.href], { cwd: shop().folder });
  expect(code).toBe(6);
  // The server would end it after authentication_timeout, a minute.
  expect(wire.endedBy()).toEqual(["client"]);
});
