// The floor of whatever reads migrations: a Node program that reads the files of one direction and does nothing else.
// Usage: node read.mjs FOLDER [--print]
import { readdirSync, readFileSync } from "node:fs";

const [folder, print] = process.argv.slice(2);
const texts = readdirSync(folder)
  .filter((name) => name.endsWith(".up.sql"))
  .sort()
  .map((name) => readFileSync(`${folder}/${name}`, "utf8"));
if (print === "--print") process.stdout.write(texts.join("\n"));
else console.log(texts.length);
