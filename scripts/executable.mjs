// dist → build/migrate-PLATFORM-ARCH: Node, the program and the two parsers in one file, and beside it the licences of all
// that is in it. It is built by the Node that will be in it, or with --arch by the same version of it for another
// processor, from npm. What it does is compared with dist before it is done: for another processor by an --emulator, such
// as "qemu-aarch64-static -L /usr/aarch64-linux-gnu".
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { notices } from "./notices.mjs";

const ARCHITECTURES = ["x64", "arm64"];
const { arch, emulator } = parseArgs({
  options: { arch: { type: "string", default: process.arch }, emulator: { type: "string" } },
}).values;
if (!ARCHITECTURES.includes(arch)) {
  console.error(`--arch takes ${ARCHITECTURES.join(" or ")}, not ${arch}`);
  process.exit(1);
}
if (!["bin.cjs", "main.cjs", "packages"].every((name) => existsSync(path.join("dist", name)))) {
  console.error("the program is not built yet; run: npm run build");
  process.exit(1);
}
if (!readFlags().includes("--build-sea")) {
  console.error(`Node ${process.version} cannot build this: npx -p node@26 node scripts/executable.mjs`);
  process.exit(1);
}

const isForHere = arch === process.arch;
const results = "build";
const output = path.join(results, `migrate-${process.platform}-${arch}`);
const folder = mkdtempSync(path.join(tmpdir(), "retort-executable-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
mkdirSync(results, { recursive: true });

function readFlags() {
  return execFileSync(process.execPath, ["--help"], { encoding: "utf8" });
}

/** The program of this version of Node for another processor. */
function nodeFor(arch) {
  const name = `node-${process.platform}-${arch}`;
  const home = path.resolve("node_modules/.cache/retort", `${name}-${process.version}`);
  const program = path.join(home, "node_modules", name, "bin", "node");
  if (existsSync(program)) return program;
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, "package.json"), '{ "private": true }\n');
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"];
  // npm refuses a package for another processor unless it is forced.
  const words = ["install", "--force", ...flags, `${name}@${process.versions.node}`];
  execFileSync("npm", words, { cwd: home, stdio: ["ignore", "ignore", "inherit"] });
  return program;
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
    executable: isForHere ? process.execPath : nodeFor(arch),
    assets: { ...assets, names },
    disableExperimentalSEAWarning: true,
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
const started = [...(isForHere ? [] : (emulator?.split(" ") ?? [])), path.resolve(output)];
const isRun = isForHere || emulator !== undefined;
const trials = [["--version"], [...sql, ...trial], [...sql, ...trial, "--server-version", "16"]];
for (const words of isRun ? trials : []) {
  const env = { RETORT_CACHE: "off" };
  const run = ([program, ...args]) => spawnSync(program, [...args, ...words], { encoding: "utf8", env });
  const [expected, found] = [run([process.execPath, "dist/bin.cjs"]), run(started)];
  for (const key of ["status", "stdout", "stderr"]) {
    if (expected[key] === found[key] && expected.status === 0) continue;
    console.error(`migrate ${words.join(" ")}: another ${key} than by Node:\n${found[key]}`);
    process.exitCode = 1;
  }
}
console.log(isRun ? output : `${output}, not tried: that needs an --emulator`);
