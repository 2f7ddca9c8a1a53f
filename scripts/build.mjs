// src → dist: the command and the API as bundled ES modules, a chunk for whatever only some commands need.
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: { bin: "src/bin.ts", index: "src/index.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  chunkNames: "chunks/[name]-[hash]",
  define: { RETORT_VERSION: JSON.stringify(version) },
  // These find files of their own beside themselves.
  external: ["libpg-query", "pg-query-emscripten", "@electric-sql/pglite", "pg-native"],
  // slonik and pg are CommonJS and call require() for Node's own modules.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  legalComments: "none",
  logLevel: "warning",
});
const bin = "dist/bin.js";
const { writeFileSync } = await import("node:fs");
writeFileSync(bin, `#!/usr/bin/env node\n${readFileSync(bin, "utf8")}`);
chmodSync(bin, 0o755);
