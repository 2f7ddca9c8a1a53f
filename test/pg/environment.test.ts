/** What a shell may hold for other programs and other projects → what a command prints, and where it connects. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the user writes ${NAME} in files
import { expect, test } from "vitest";
import { migrateHere } from "../support/migrate.ts";
import { ownDatabase, project } from "../support/project.ts";
import { servers } from "../support/server.ts";

const [server] = servers();
test("variables of packages that are used change nothing", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "SELECT 1;" });
  const run = (env: Record<string, string>) =>
    migrateHere(["status", "--json", "--database", url], { cwd: shop.folder, env });
  const wanted = await run({});
  expect(JSON.parse(wanted.stdout)).toMatchObject({ pending: [{ revision: "a" }] });
  for (const env of [
    { ROARR_LOG: "true" },
    { NODE_PG_FORCE_NATIVE: "1" },
    { CONSOLA_LEVEL: "5" },
    { DEBUG: "*", TEST: "1", CI: "1" },
    { PGSSLMODE: "disable", PGAPPNAME: "x" },
  ])
    expect({ env, ...(await run(env)) }).toEqual({ env, ...wanted });
});

test("the project's .env is used, and whoever disagrees is named", async () => {
  const { url, name } = await ownDatabase(server!);
  const shop = project({ a: "SELECT 1;" });
  shop.write(".env", `DATABASE_URL=${url}\n`);
  const env = { PGHOST: "other.invalid", PGDATABASE: "other", PGPASSWORD: "s3cret", POSTGRES_DB: "third" };
  for (const words of [["status"], ["upgrade", "head"], ["config"]]) {
    const { code, stdout, stderr } = await migrateHere(words, { cwd: shop.folder, env });
    expect({ words, code, stderr }).toEqual({
      words,
      code: 0,
      stderr: expect.stringMatching(
        new RegExp(
          `^warning: environment variable PGHOST names a different database \\(host=other.invalid dbname=other\\) from .env line 1, which is used: \\S+/${name}; remove one of them, or choose one with --database ADDRESS$`,
          "m",
        ),
      ),
    });
    expect(stdout + stderr).not.toContain("s3cret");
  }
  const { stderr } = await migrateHere(["status"], { cwd: shop.folder });
  expect(stderr).toBe("");
});

test("a ledger's schema that is a variable has its value", async () => {
  const { url } = await ownDatabase(server!);
  const shop = project({ a: "CREATE TABLE a ();" }, { ledger: { schema: "${TENANT}" } });
  const refused = await migrateHere(["upgrade", "head", "--database", url], { cwd: shop.folder });
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("uses ${TENANT}, which is not set"),
  });
  const { code, stdout } = await migrateHere(["config", "--database", url, "-x", "TENANT=acme"], {
    cwd: shop.folder,
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^ledger\.schema +acme /m) });
});
