// The floor of whatever parses migrations: reads the up files, parses each with PostgreSQL's grammar, no more. V8 has our
// flags. The bench bundles it. Usage: node parse.mjs FOLDER
import { readdirSync, readFileSync } from "node:fs";
import { loadModule, parseSync } from "libpg-query";
import { setFlags } from "../../../src/io/engine.ts";

setFlags();
const folder = process.argv[2]!;
await loadModule();
for (const name of readdirSync(folder)) {
  if (name.endsWith(".up.sql")) parseSync(readFileSync(`${folder}/${name}`, "utf8"));
}
