/** Room for a scratch database in this process: PGlite, in memory. What is kept lies in the user's cache. */
import { type CachedBytes, cachedBytes } from "../cache.ts";
import type { Env } from "../cache-folder.ts";
import type { EmbeddedAddress } from "../libpq/parameters.ts";
import { embeddedVersion } from "../session/embedded.ts";
import { openSession } from "../session/open.ts";
import type { Session } from "../session/types.ts";
import type { Room, RoomOptions } from "./types.ts";

const ADDRESS: EmbeddedAddress = {
  kind: "pglite",
  folder: "memory",
  display: "pglite:memory",
  origin: "scratch",
  warnings: [],
};

export async function inProcess(env: Env, options: RoomOptions): Promise<Room> {
  const version = await embeddedVersion();
  const keptOf = (key: string): CachedBytes | undefined => cachedBytes(`PGlite ${version} ${key}`, env);
  let session = await openEmpty();
  let isNew = true;

  async function openEmpty(): Promise<Session> {
    const kept = keptOf("empty");
    const packed = kept?.read();
    const opened = await open(packed, options);
    // To make the first database takes five times as long as to unpack it.
    if (packed === undefined && kept !== undefined) kept.write(await opened.pack!());
    return opened;
  }
  return {
    version: session.version,
    settings: "",
    place: "PGlite in this process",
    ownsRoles: true,
    // Another instance takes as long to open, and to compile its first queries, as about so many take to run.
    keepsFrom: 50,
    create: async (key) => {
      if (!isNew || key !== undefined) {
        await session.close();
        session = key === undefined ? await openEmpty() : await open(keptOf(key)?.read(), options);
      }
      isNew = false;
      return session;
    },
    find: async (keys) => keys.find((key) => keptOf(key)?.read() !== undefined),
    keep: async (key) => {
      keptOf(key)?.write(await session.pack!());
      return session;
    },
    close: () => session.close(),
  };
}

async function open(packed: Uint8Array | undefined, options: RoomOptions): Promise<Session> {
  const session = await openSession(ADDRESS, { signal: options.signal, creates: true, packed });
  // A library that cannot be loaded, such as a subscription's, would make PGlite forget how to load this one.
  await session.send("DO 'BEGIN END'");
  return session;
}
