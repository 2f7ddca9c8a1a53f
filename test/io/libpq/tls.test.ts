/** sslmode and certificate files → how TLS is spoken, and what is tried after a failure. */
import { chmodSync, symlinkSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { secretsOf } from "../../../src/io/libpq/parameters.ts";
import { connectAsMode, tlsOptions } from "../../../src/io/libpq/tls.ts";
import { type Home, makeHome } from "../../support/home.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});

describe("TLS", () => {
  const table: readonly [string, { ca: boolean }, object | false][] = [
    ["disable", { ca: true }, false],
    ["allow", { ca: false }, { mode: "allow", rejectUnauthorized: false, checkHost: false }],
    ["prefer", { ca: false }, { mode: "prefer", rejectUnauthorized: false, checkHost: false }],
    ["require", { ca: false }, { mode: "require", rejectUnauthorized: false, checkHost: false }],
    ["require", { ca: true }, { mode: "require", rejectUnauthorized: true, checkHost: false, ca: "CA" }],
    ["verify-ca", { ca: true }, { mode: "verify-ca", rejectUnauthorized: true, checkHost: false, ca: "CA" }],
    [
      "verify-full",
      { ca: true },
      { mode: "verify-full", rejectUnauthorized: true, checkHost: true, ca: "CA" },
    ],
  ];
  it.each(table)("sslmode=%s with %o", async (mode, { ca }, expected) => {
    if (ca) home.write(".postgresql/root.crt", "CA");
    expect((await home.resolve(`postgres://u@h?sslmode=${mode}`)).ssl).toEqual(expected);
    expect((await home.resolve("postgres://u@h", { PGSSLMODE: mode })).ssl).toEqual(expected);
  });

  it("prefers TLS by default, and knows the system's authorities", async () => {
    expect((await home.resolve("postgres://u@h")).ssl).toMatchObject({ mode: "prefer" });
    const system = await home.resolve("postgres://u@h?sslrootcert=system");
    expect(system.ssl).toEqual({ mode: "verify-full", rejectUnauthorized: true, checkHost: true });
    expect((await home.failure("postgres://u@h?sslrootcert=system&sslmode=require")).hint).toBe(
      "use sslmode=verify-full",
    );
  });

  it("takes the older variable for TLS where no mode is given", async () => {
    const modeWith = async (text: string, env: Record<string, string>) => (await home.resolve(text, env)).ssl;
    expect(await modeWith("postgres://u@h", { PGREQUIRESSL: "1" })).toMatchObject({ mode: "require" });
    expect(await modeWith("postgres://u@h", { PGREQUIRESSL: "0" })).toMatchObject({ mode: "prefer" });
    expect(await modeWith("postgres://u@h?sslmode=disable", { PGREQUIRESSL: "1" })).toBe(false);
  });

  it("keeps to versions of the protocol", async () => {
    const env = { PGSSLMINPROTOCOLVERSION: "TLSv1.3" };
    expect(
      tlsOptions(await home.resolve("postgres://u@h?ssl_max_protocol_version=tlsv1.3", env)),
    ).toMatchObject({
      minVersion: "TLSv1.3",
      maxVersion: "TLSv1.3",
    });
  });

  it("takes a home that this user may not enter for one without files, unless one is needed", async () => {
    // The system looks no further in either.
    symlinkSync("loop", path.join(home.folder, "loop"));
    home.write("c.crt", "CERT");
    const env = { HOME: path.join(home.folder, "loop") };
    expect(await home.resolve("postgres://u@h/d?sslmode=require", env)).toMatchObject({
      ssl: { mode: "require", rejectUnauthorized: false },
      warnings: [],
    });
    const refused = (parameters: string) => home.failure(`postgres://u@h?${parameters}`, env);
    expect((await refused("sslmode=verify-full")).message).toMatch(
      /^cannot read .*\/loop\/.*root\.crt: too many/,
    );
    expect((await refused("sslcert=c.crt")).message).toMatch(
      /^cannot read .*\/loop\/.*postgresql\.key: too many/,
    );
    expect((await refused("service=shop")).message).toContain('service "shop" does not exist in ');
  });

  it("never verifies less than was asked because a file is missing", async () => {
    const hintFor = async (mode: string) => (await home.failure(`postgres://u@h?sslmode=${mode}`)).hint;
    expect(await hintFor("verify-full")).toMatch(/or use sslrootcert=system for a public authority$/);
    expect(await hintFor("verify-ca")).toMatch(/authority, with sslmode=verify-full$/);
    expect((await home.failure("postgres://u@h?sslmode=require&sslrootcert=none.crt")).message).toContain(
      "none.crt does not exist",
    );
    expect((await home.failure("postgres://u@h?sslcert=none.crt")).message).toContain(
      "none.crt does not exist",
    );
  });

  it("sends a client certificate, whose key nobody else may read", async () => {
    home.write("c.crt", "CERT");
    const key = home.write("c.key", "KEY");
    const text = "postgres://u@h?sslcert=c.crt&sslkey=c.key&sslpassword=hush";
    const address = await home.resolve(text);
    expect(tlsOptions(address)).toMatchObject({
      cert: "CERT",
      key: "KEY",
      passphrase: "hush",
      rejectUnauthorized: false,
    });
    expect(secretsOf(address)).toEqual(["hush"]);
    expect((await home.failure("postgres://u@h?sslcert=c.crt")).message).toContain(
      "postgresql.key does not exist",
    );
    chmodSync(key, 0o644);
    expect((await home.failure(text)).message).toContain("can be read by others");
  });

  it("checks the host's name only with verify-full", async () => {
    home.write(".postgresql/root.crt", "CA");
    expect(tlsOptions(await home.resolve("postgres://u@h?sslmode=verify-full"))).toEqual({
      rejectUnauthorized: true,
      ca: "CA",
    });
    expect(tlsOptions(await home.resolve("postgres://u@h?sslmode=verify-ca"))).toHaveProperty(
      "checkServerIdentity",
    );
  });

  const noTls = new Error("The server does not support SSL connections");
  const failures = {
    noTls,
    hba: Object.assign(new Error("no pg_hba.conf entry"), { severity: "FATAL", code: "28000" }),
    password: Object.assign(new Error("password authentication failed"), {
      severity: "FATAL",
      code: "28P01",
    }),
    broken: Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" }),
    refused: Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" }),
  };
  it.each([
    ["disable", failures.hba, ["plain"]],
    ["allow", failures.hba, ["plain", "tls"]],
    ["prefer", failures.noTls, ["tls", "plain"]],
    ["prefer", failures.hba, ["tls", "plain"]],
    ["prefer", failures.password, ["tls"]],
    ["prefer", failures.refused, ["tls"]],
    ["prefer", failures.broken, ["tls", "plain"]],
    ["require", failures.noTls, ["tls"]],
  ])("sslmode=%s and a server that says %s", async (mode, error, attempts) => {
    const seen: string[] = [];
    const connecting = connectAsMode(await home.resolve(`postgres://u@h?sslmode=${mode}`), async (ssl) => {
      seen.push(ssl === false ? "plain" : "tls");
      throw error;
    });
    await expect(connecting).rejects.toBe(error);
    expect(seen).toEqual(attempts);
  });
});
