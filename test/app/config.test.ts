/** `config`: what is wrong with an address is said, not how to write another. */
import { expect, test } from "vitest";
import { checkConfig } from "../../src/app/config.ts";
import { deps } from "../support/migrate.ts";

test("of an address that is wrong the server's line says what is, of none how one is given", async () => {
  const server = async (env: Record<string, string>): Promise<string> =>
    (await checkConfig(deps(env), {})).server.message;
  expect(await server({ DATABASE_URL: "postgres://h/d?foo_bar=1" })).toMatch(
    /^the database address has an unknown parameter "foo_bar" /,
  );
  expect(await server({})).toContain("DATABASE_URL");
});
