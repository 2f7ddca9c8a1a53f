// The floor of whatever parses migrations: reads the files of one direction, parses each with PostgreSQL's grammar, no more.
// Usage: node parse.mjs FOLDER
import { readdirSync, readFileSync } from "node:fs";
import { loadModule, parseSync } from "libpg-query";

const [folder] = process.argv.slice(2);
await loadModule();
for (const name of readdirSync(folder)) {
  if (name.endsWith(".up.sql")) parseSync(readFileSync(`${folder}/${name}`, "utf8"));
}
