// src → dist: the command, as CommonJS; the API, as ES modules.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as esbuild from "esbuild";
import { notices } from "./notices.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
rmSync("dist", { recursive: true, force: true });

/** What the program is made of: another text when any of it changed. */
function sources() {
  const hash = createHash("sha256");
  for (const name of readdirSync("src", { recursive: true }).sort()) {
    if (name.endsWith(".ts")) hash.update(readFileSync(path.join("src", name)));
  }
  for (const folder of ["sql/catalog", "sql/ledger", "sql/preflight", "sql/scratch"]) {
    for (const name of readdirSync(folder).sort()) hash.update(readFileSync(path.join(folder, name)));
  }
  // And the packages that are in it.
  hash.update(readFileSync("package-lock.json"));
  return hash.digest("hex").slice(0, 16);
}

/** The files of packages that went into what was built. */
const bundled = new Set();

async function build(options) {
  const { metafile } = await esbuild.build(options);
  for (const output of Object.values(metafile.outputs)) {
    for (const [name, { bytesInOutput }] of Object.entries(output.inputs)) {
      if (bytesInOutput > 0) bundled.add(name);
    }
  }
}

const common = {
  outdir: "dist",
  metafile: true,
  bundle: true,
  platform: "node",
  target: "node20",
  charset: "ascii",
  // These find files of their own beside themselves.
  external: ["libpg-query", "pg-query-emscripten", "@electric-sql/pglite", "@supabase/pg-delta", "pg-native"],
  // Its main file loads the others in a way that no bundler can follow.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  loader: { ".sql": "text" },
  legalComments: "none",
  // Half of what Node reads before it runs anything. Names stay, for whoever reports a bug.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  logLevel: "warning",
  define: {
    RETORT_VERSION: JSON.stringify(version),
    RETORT_PROGRAM: JSON.stringify(sources()),
    // pg looks at this to find out whether it runs in a browser's worker, and that look loads all of Node's fetch.
    Response: "undefined",
  },
};

/** Packages that few commands load: a file each, so that the others do not read them. */
const apart = ["fast-glob", "pg", "slonik", "zod"];

/** Whoever names one of them requires its file, from `folder`: by `require`, since `import` would load all of Node's other loader too. */
const packagesApart = (folder) => ({
  name: "packages that lie apart",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(?:${apart.join("|")})$`) }, ({ path: name, kind }) =>
      kind === "entry-point" ? undefined : { path: `${folder}/${name}.cjs`, namespace: "apart" },
    );
    onResolve({ filter: /./, namespace: "apart" }, () => ({ external: true }));
    onLoad({ filter: /./, namespace: "apart" }, ({ path: file }) => ({
      contents: `module.exports = require("${file}");`,
    }));
    // slonik's own driver, in the place of which it is given ours.
    onResolve({ filter: /^@slonik\/pg-driver$/ }, () => ({ path: "none", namespace: "none" }));
    onLoad({ filter: /./, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
});

const cjs = {
  ...common,
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  define: { ...common.define, "import.meta.url": "__url" },
};
await build({
  ...cjs,
  // A bug of theirs is reported by what was called, not by their names.
  minifyIdentifiers: true,
  entryPoints: Object.fromEntries(apart.map((name) => [`packages/${name}`, name])),
  plugins: [packagesApart(".")],
});
await build({
  ...cjs,
  entryPoints: { main: "src/edge.ts" },
  banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [packagesApart("./packages")],
});

await build({
  ...common,
  entryPoints: { index: "src/index.ts", test: "src/app/test-database.ts" },
  format: "esm",
  splitting: true,
  // Beside the packages, which each of them requires by the same path.
  chunkNames: "chunk-[hash]",
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  plugins: [packagesApart("./packages")],
});

/** The front, with what it answers by itself. */
async function front(answers) {
  await build({
    ...cjs,
    entryPoints: { bin: "src/bin.ts" },
    external: ["./main.cjs"],
    define: { ...cjs.define, RETORT_ANSWERS: JSON.stringify(answers) },
    banner: { js: "#!/usr/bin/env node" },
  });
}
await front({});
const overview = execFileSync(process.execPath, ["dist/bin.cjs", "--help"], { encoding: "utf8" });
await front({ "--version": `${version}\n`, "--help": overview, "-h": overview });
chmodSync("dist/bin.cjs", 0o755);
writeFileSync("dist/THIRD-PARTY-NOTICES.txt", notices(bundled));
