/** The address of a database goes in; a session of ours on it comes out. */
import { parseAddress } from "../../src/core/address.ts";
import { resolveAddress } from "../../src/io/libpq/parameters.ts";
import { openSession } from "../../src/io/session/open.ts";
import type { Session } from "../../src/io/session/types.ts";

export async function sessionOn(url: string): Promise<Session> {
  const surroundings = { variable: () => undefined, cwd: "/" };
  const address = await resolveAddress(parseAddress(url, "the test"), "the test", "/", surroundings);
  return await openSession(address, { creates: true });
}
