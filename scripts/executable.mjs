// dist → build/migrate-PLATFORM-ARCH: Node, the program and the two parsers in one file, and beside it the licences of all
// that is in it. What it does is compared with dist before it is done. It is built by the Node that will be in it.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { notices } from "./notices.mjs";

if (!readFlags().includes("--build-sea")) {
  console.error(`Node ${process.version} cannot build this: npx -p node@26 node scripts/executable.mjs`);
  process.exit(1);
}

const results = "build";
const output = path.join(results, `migrate-${process.platform}-${process.arch}`);
const folder = mkdtempSync(path.join(tmpdir(), "retort-executable-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
mkdirSync(results, { recursive: true });

function readFlags() {
  return execFileSync(process.execPath, ["--help"], { encoding: "utf8" });
}

/** Replaces what must be there. */
function replaced(text, from, to) {
  if (!text.includes(from)) throw new Error(`${from} is there no more: the executable needs another way`);
  return text.replaceAll(from, to);
}

/** A parser as one CommonJS file; its WebAssembly is an asset of its own. */
async function parser(name, load) {
  const outfile = path.join(folder, `${name}.cjs`);
  const plugin = {
    name,
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /\.wasm$/ }, () => ({ external: true }));
      if (load !== undefined)
        onLoad(load.options, ({ path: file }) => ({ contents: load.change(readFileSync(file, "utf8")) }));
    },
  };
  const common = {
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    minifyWhitespace: true,
    legalComments: "none",
  };
  await build({ ...common, entryPoints: [name], outfile, plugins: [plugin], logLevel: "error" });
  return outfile;
}

const wasm = "libpg-query.wasm";
const assets = {
  "bin.cjs": "dist/bin.cjs",
  ...Object.fromEntries(
    readdirSync("dist/packages").map((name) => [`packages/${name}`, `dist/packages/${name}`]),
  ),
  "libpg-query": await parser("libpg-query", {
    options: { filter: /libpg-query[\\/]wasm[\\/]libpg-query\.js$/ },
    change: (text) => replaced(text, "readAsync(binaryFile)", `require("${wasm}")`),
  }),
  "pg-query-emscripten": await parser("pg-query-emscripten"),
  [wasm]: `node_modules/libpg-query/wasm/${wasm}`,
};

// Where there is no file, nothing can be imported.
const main = path.join(folder, "main.cjs");
const program = ["pg-query-emscripten", "node:readline"].reduce(
  (text, name) => replaced(text, `import("${name}")`, `Promise.resolve(require("${name}"))`),
  readFileSync("dist/main.cjs", "utf8"),
);
writeFileSync(main, program);
assets["main.cjs"] = main;

const names = path.join(folder, "names.json");
writeFileSync(names, JSON.stringify(Object.keys(assets)));

const config = path.join(folder, "sea.json");
writeFileSync(
  config,
  JSON.stringify({
    main: "scripts/executable/front.cjs",
    output,
    assets: { ...assets, names },
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgvExtension: "none",
  }),
);
execFileSync(process.execPath, ["--build-sea", config], { stdio: "inherit" });
chmodSync(output, 0o755);

const parsers = ["libpg-query", "pg-query-emscripten"].map((name) => `node_modules/${name}/package.json`);
const node = `Node.js ${process.version}: https://github.com/nodejs/node/blob/${process.version}/LICENSE\n`;
const bundle = readFileSync("dist/THIRD-PARTY-NOTICES.txt", "utf8");
for (const name of readdirSync(folder)) rmSync(path.join(folder, name));
writeFileSync(`${output}-NOTICES.txt`, [node, bundle, notices(parsers)].join("\n\n"));

// The first script needs the parser of 18, the second that of 16 too; neither may find what an earlier run has kept.
const trial = ["--directory", folder];
writeFileSync(
  path.join(folder, "0001_a.up.sql"),
  "-- revision: a\n-- parent: none\n\nSELECT 1 AS json_exists;\n",
);
writeFileSync(path.join(folder, "0001_a.down.sql"), "-- revision: a\n\nSELECT 1;\n");
const sql = ["upgrade", "head", "--sql"];
for (const words of [["--version"], [...sql, ...trial], [...sql, ...trial, "--server-version", "16"]]) {
  const env = { RETORT_CACHE: "off" };
  const run = (program, args) => spawnSync(program, [...args, ...words], { encoding: "utf8", env });
  const [expected, found] = [run(process.execPath, ["dist/bin.cjs"]), run(output, [])];
  for (const key of ["status", "stdout", "stderr"]) {
    if (expected[key] === found[key] && expected.status === 0) continue;
    console.error(`migrate ${words.join(" ")}: another ${key} than by Node:\n${found[key]}`);
    process.exitCode = 1;
  }
}
console.log(output);
