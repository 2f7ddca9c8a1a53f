/** Times that are taken → the same number of milliseconds on a real server; those that are refused are of no use there. */
import { describe, expect, test } from "vitest";
import { parseDuration } from "../../src/core/duration.ts";
import { literal } from "../../src/core/quote.ts";
import { servers, withClient } from "../support/server.ts";

describe.each(servers())("on $name", (server) => {
  /** What the server makes of a timeout, in milliseconds; its error. */
  const onServer = async (text: string): Promise<number | string> => {
    return withClient(server.url(), async (client) => {
      try {
        await client.query(`SET lock_timeout = ${literal(text)}`);
      } catch (error) {
        return (error as Error).message;
      }
      const { rows } = await client.query("SELECT setting FROM pg_settings WHERE name = 'lock_timeout'");
      return Number(rows[0].setting);
    });
  };

  test.each(["0", "0s", "250", "1.25s", "1.5 s", "2\tmin", "0.5min", "2h", "24d", "2147483647", "1000us"])(
    "%j counts the same",
    async (text) => {
      expect(parseDuration(text)).toEqual({ ms: await onServer(text) });
    },
  );

  test.each([
    ["100us", 0],
    ["0.4", 0],
    ["25d", expect.stringContaining("invalid value")],
    ["2147483648", expect.stringContaining("invalid value")],
    ["soon", expect.stringContaining("invalid value")],
    ["5 seconds", expect.stringContaining("invalid value")],
  ])("%j is refused: there it is %s", async (text, there) => {
    expect(parseDuration(text)).toHaveProperty("mustBe");
    expect(await onServer(text)).toEqual(there);
  });
});
