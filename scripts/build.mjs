// src → dist: the command, as one CommonJS program and the front that loads it; the API, as ES modules.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
rmSync("dist", { recursive: true, force: true });
const common = {
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node20",
  charset: "ascii",
  // These find files of their own beside themselves.
  external: ["libpg-query", "pg-query-emscripten", "@electric-sql/pglite", "pg-native"],
  legalComments: "none",
  logLevel: "warning",
};
const define = {
  RETORT_VERSION: JSON.stringify(version),
  // pg looks at this to find out whether it runs in a browser's worker, and that look loads all of Node's fetch.
  Response: "undefined",
};
const esm = {
  ...common,
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  // slonik and pg are CommonJS and call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};
/** One file: V8 keeps compiled code by file, and what a command does not need costs next to nothing there. */
const cjs = {
  ...common,
  format: "cjs",
  // Half of what V8 reads before it runs anything. Names stay, for whoever reports a bug.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  outExtension: { ".js": ".cjs" },
};
const { outputFiles } = await build({
  ...cjs,
  entryPoints: { main: "src/edge.ts" },
  define: { ...define, "import.meta.url": "__url" },
  banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
  write: false,
});
// A function of what a module is given, as `io/compiled.ts` loads it. Code that V8 has kept cannot import by itself.
const program = outputFiles[0].text.replaceAll("await import(", "await __import(");
if (/\bimport\(/.test(program)) throw new Error("dist/main.cjs imports otherwise than with `await import(`");
/** What both are made of: names what they keep in the cache. */
const programName = JSON.stringify(createHash("sha256").update(program).digest("hex").slice(0, 16));
mkdirSync("dist");
writeFileSync(
  "dist/main.cjs",
  `(function (exports, require, module, __filename, __dirname, __import, RETORT_PROGRAM, RETORT_PRINTED) {${program}\n})`,
);

/** The front, with what it answers by itself. */
const front = (overview) =>
  build({
    ...cjs,
    entryPoints: { bin: "src/bin.ts" },
    define: {
      RETORT_ANSWERS: JSON.stringify(
        overview === "" ? {} : { "--version": `${version}\n`, "--help": overview, "-h": overview },
      ),
      RETORT_PROGRAM: programName,
      RETORT_COMMANDS: JSON.stringify(
        [...overview.matchAll(/^ {2,4}([a-z][a-z-]+) {2,}/gm)].map(([, name]) => name),
      ),
    },
    banner: { js: "#!/usr/bin/env node" },
  });
await front("");
await front(execFileSync(process.execPath, ["dist/bin.cjs", "--help"], { encoding: "utf8" }));
chmodSync("dist/bin.cjs", 0o755);
await build({
  ...esm,
  entryPoints: { index: "src/index.ts" },
  define: { ...define, RETORT_PROGRAM: programName },
});

/** What this Node makes of the program, for machines where it never ran: a container begins with an empty cache. */
const home = mkdtempSync(join(tmpdir(), "retort-build-"));
for (const [kind, ...flags] of [
  ["script", "--sql"],
  ["run", "--database", "pglite:memory"],
]) {
  const cache = join(home, kind);
  execFileSync(process.execPath, [join(process.cwd(), "dist/bin.cjs"), "upgrade", "heads", ...flags], {
    cwd: "sql/example",
    env: { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: cache },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [made] = readdirSync(join(cache, "retort")).filter((name) => name.startsWith("code-"));
  const code = `dist/code-${process.version}-${process.arch}-${kind}`;
  copyFileSync(join(cache, "retort", made), code);
  chmodSync(code, 0o644);
}
rmSync(home, { recursive: true });
