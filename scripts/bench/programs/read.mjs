// The floor of whatever reads migrations: a Node program that reads all files of a folder and does nothing else.
// Usage: node read.mjs FOLDER
import { readdirSync, readFileSync } from "node:fs";

const [folder] = process.argv.slice(2);
const texts = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, "utf8"));
console.log(texts.length);
