// Runs one TypeScript file: bundled in memory, since Node 20 cannot read types. Usage: node scripts/run.mjs FILE [ARGS]
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const [, , file, ...args] = process.argv;
const folder = path.resolve("node_modules/.cache/retort");
const out = path.join(folder, `${path.basename(file, ".ts")}-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [file],
  outfile: out,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  loader: { ".sql": "text" },
  define: { RETORT_VERSION: '"dev"' },
});
process.argv = [process.argv[0], out, ...args];
try {
  await import(pathToFileURL(out).href);
} finally {
  rmSync(out, { force: true });
}
