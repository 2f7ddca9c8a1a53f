// What the single executable starts: it runs dist/bin.cjs, which lies in it as an asset, as do the files that this requires.
"use strict";
const Module = require("node:module");
const path = require("node:path");
const { getAsset, getRawAsset } = require("node:sea");
const vm = require("node:vm");

const names = new Set(JSON.parse(getAsset("names", "utf8")));
/** An asset's path, where one is asked for: below the executable, so that it can be no file. */
const below = `${process.execPath}${path.sep}`;
const cache = {};

/** As Node's own; but there are the assets, and Node's modules, and no others. */
function requireAsset(name) {
  if (name === "node:module") return moduleOfNode;
  const asset = name.startsWith(below) ? name.slice(below.length) : name.replace(/^\.\//, "");
  if (!names.has(asset)) return require(name);
  return asset.endsWith(".wasm") ? Buffer.from(getRawAsset(asset)) : load(asset);
}
requireAsset.cache = cache;
requireAsset.resolve = (name) => {
  if (names.has(name)) return below + name;
  throw Object.assign(new Error(`${name} is not in the executable`), { code: "MODULE_NOT_FOUND" });
};

function load(name) {
  const known = cache[below + name];
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  cache[below + name] = module;
  const parameters = ["exports", "require", "module", "__filename", "__dirname"];
  const run = vm.compileFunction(getAsset(name, "utf8"), parameters, { filename: name });
  // What lies in packages/ requires its neighbours.
  const requireNext = (other) => requireAsset(other.replace(/^\.\//, "packages/"));
  const requireFrom = name.startsWith("packages/") ? requireNext : requireAsset;
  run(module.exports, requireFrom, module, process.execPath, path.dirname(process.execPath));
  return module.exports;
}

const ours = require("node:url").pathToFileURL(process.execPath).href;
const moduleOfNode = {
  ...Module,
  createRequire: (from) => (from === ours ? requireAsset : Module.createRequire(from)),
};

load("bin.cjs");
