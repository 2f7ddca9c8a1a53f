// drizzle-orm's migrator, which has no command line of its own that runs SQL files without a schema.
// Usage: node drizzle.mjs URL FOLDER
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

const [url, migrationsFolder] = process.argv.slice(2);
const client = new pg.Client(url);
await client.connect();
await migrate(drizzle(client), { migrationsFolder });
await client.end();
