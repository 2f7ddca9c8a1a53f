// The floor of whatever applies migrations: reads the files, sends all of them in one message, a transaction each.
// Usage: node apply.mjs URL FOLDER up|down
import { readdirSync, readFileSync } from "node:fs";
import pg from "pg";

const [url, folder, direction] = process.argv.slice(2);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(`.${direction}.sql`))
  .sort();
if (direction === "down") names.reverse();
const history = {
  up: (name) => `INSERT INTO history (name) VALUES ('${name.slice(0, -".up.sql".length)}');`,
  down: (name) => `DELETE FROM history WHERE name = '${name.slice(0, -".down.sql".length)}';`,
};
const message = names.map(
  (name) => `BEGIN;\n${readFileSync(`${folder}/${name}`, "utf8")}\n${history[direction](name)}\nCOMMIT;`,
);
const client = new pg.Client(url);
await client.connect();
await client.query(["CREATE TABLE IF NOT EXISTS history (name text PRIMARY KEY);", ...message].join("\n"));
await client.end();
