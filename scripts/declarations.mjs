/** Deletes the declarations of dist/types that those of the package's entries do not lead to: nobody who installs it sees them. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = join(root, "dist/types");
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entries = Object.values(exports).flatMap(({ types }) =>
  types === undefined ? [] : [join(root, types)],
);

const kept = new Set(entries);
for (const file of kept) {
  for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:\bfrom |\bimport\()\s*"(\.[^"]+)"/g))
    kept.add(resolve(file, "..", path.replace(/\.[jt]s$/, ".d.ts")));
}
for (const name of readdirSync(folder, { recursive: true })) {
  if (name.endsWith(".d.ts") && !kept.has(join(folder, name))) rmSync(join(folder, name));
}
