/** The address of a database goes in; it comes out as the program reads it, or a session of ours on it. */
import { parseAddress } from "../../src/core/address.ts";
import { type DatabaseAddress, resolveAddress } from "../../src/io/libpq/parameters.ts";
import { openSession } from "../../src/io/session/open.ts";
import type { Session } from "../../src/io/session/types.ts";

export function addressOf(url: string): Promise<DatabaseAddress> {
  const surroundings = { variable: () => undefined, cwd: "/" };
  return resolveAddress(parseAddress(url, "the test"), "the test", "/", surroundings);
}

export const sessionOn = async (url: string): Promise<Session> =>
  openSession(await addressOf(url), { creates: true });
