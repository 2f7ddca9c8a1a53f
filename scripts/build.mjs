// src → dist: the command and the API as bundled ES modules, a chunk for whatever only some commands need.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
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
  define: {
    RETORT_VERSION: JSON.stringify(version),
    // pg looks at this to find out whether it runs in a browser's worker, and that look loads all of Node's fetch.
    Response: "undefined",
  },
  // These find files of their own beside themselves.
  external: ["libpg-query", "pg-query-emscripten", "@electric-sql/pglite", "pg-native"],
  // slonik and pg are CommonJS and call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  legalComments: "none",
  logLevel: "warning",
});
/** What needs no project is answered before a module is loaded; anything else goes on to the command itself. */
const overview = execFileSync(process.execPath, ["dist/bin.js", "--help"], { encoding: "utf8" });
const front = `#!/usr/bin/env node
"use strict";
const answers = ${JSON.stringify({ "--version": `${version}\n`, "--help": overview, "-h": overview })};
const [word, ...others] = process.argv.slice(2);
if (others.length === 0 && Object.hasOwn(answers, word)) process.stdout.write(answers[word]);
else import("./bin.js");
`;
writeFileSync("dist/bin.cjs", front, { mode: 0o755 });
writeFileSync("dist/bin.js", `#!/usr/bin/env node\n${readFileSync("dist/bin.js", "utf8")}`, { mode: 0o755 });
