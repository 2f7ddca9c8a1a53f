/** Room for a scratch database in this process: PGlite, in memory. Nothing is kept. */
import type { EmbeddedAddress } from "../libpq/parameters.ts";
import { openSession } from "../session/open.ts";
import type { Session } from "../session/types.ts";
import type { Room, RoomOptions } from "./types.ts";

const ADDRESS: EmbeddedAddress = {
  kind: "pglite",
  folder: "memory",
  display: "pglite:memory",
  origin: "scratch",
};

export async function inProcess(options: RoomOptions): Promise<Room> {
  let session = await open(options);
  let fresh = true;
  return {
    version: session.version,
    place: "PGlite in this process",
    ownsRoles: true,
    create: async () => {
      if (!fresh) {
        await session.close();
        session = await open(options);
      }
      fresh = false;
      return session;
    },
    find: async () => undefined,
    keep: async () => session,
    close: () => session.close(),
  };
}

async function open(options: RoomOptions): Promise<Session> {
  const session = await openSession(ADDRESS, { ...options, creates: true });
  // A library that cannot be loaded, such as a subscription's, would make PGlite forget how to load this one.
  await session.send("DO 'BEGIN END'");
  return session;
}
