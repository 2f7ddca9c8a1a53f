/** Which way things may point (DESIGN.md): core stands alone, edges do not know the house, each package has one door. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const src = fileURLToPath(new URL("../src", import.meta.url));

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort();

/** Every module a file names: static and dynamic imports, re-exports, types. */
const imports = files.flatMap((file) => {
  const text = readFileSync(join(src, file), "utf8");
  const names = [...text.matchAll(/(?:\bfrom|^import) "([^"]+)";|\bimport\(["`]([^"`]+)/gm)].map(
    ([, a, b]) => (a ?? b)!,
  );
  return names.map((name) => ({
    file,
    to: name.startsWith(".") ? relative(src, join(src, dirname(file), name)) : name,
    local: name.startsWith("."),
  }));
});

const folderOf = (file: string): string => (file.includes("/") ? file.slice(0, file.indexOf("/")) : file);

/** Whom the files of a folder may import. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  render: ["core", "render"],
  io: ["core", "io"],
  app: ["core", "io", "app"],
  cli: ["core", "app", "render", "cli", "io/config.ts"],
  "index.ts": ["core", "app", "render", "io"],
  "edge.ts": ["cli"],
  "bin.ts": ["io/engine.ts"],
};

test("the files are read", () => {
  expect(files).toContain("core/plan/compile.ts");
  expect(imports).toContainEqual({ file: "io/session/reader.ts", to: "slonik", local: false });
  expect(imports).toContainEqual({ file: "app/run.ts", to: "io/execute.ts", local: true });
});

test.each(Object.entries(arrows))("%s imports only %j", (folder, allowed) => {
  const wrong = imports
    .filter(({ file, to, local }) => local && folderOf(file) === folder && !to.endsWith(".sql"))
    .filter(({ to }) => !allowed.includes(folderOf(to)) && !allowed.includes(to));
  expect(wrong).toEqual([]);
});

test("each folder of SQL has one reader", () => {
  const readers = imports
    .filter(({ to }) => to.endsWith(".sql"))
    .map(({ file, to }) => `${dirname(to)} in ${file}`);
  expect([...new Set(readers)].sort()).toEqual([
    "../sql/catalog in core/catalog/query.ts",
    "../sql/ledger in core/ledger/format.ts",
    "../sql/preflight in render/script/preflight.ts",
    "../sql/scratch in io/scratch/reset.ts",
    "../sql/trace in io/observed.ts",
  ]);
});

test("every file lives in a folder that has arrows", () => {
  expect(files.filter((file) => arrows[folderOf(file)] === undefined)).toEqual([]);
});

test("no file leads back to itself", () => {
  const next = new Map(
    files.map((file) => [file, imports.filter((i) => i.file === file).map(({ to }) => to)]),
  );
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const to of next.get(file) ?? []) walk(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
  expect(circles).toEqual([]);
});

describe("packages", () => {
  const foreign = imports.filter(({ local }) => !local);

  test("core and render import none, and of Node only its hash", () => {
    const pure = foreign.filter(({ file }) => ["core", "render"].includes(folderOf(file)));
    expect(pure.filter(({ file }) => file !== "core/sha256.ts")).toEqual([]);
    expect(pure.map(({ to }) => to)).toEqual(expect.arrayContaining(["node:crypto", "node:module"]));
  });

  test("each has one importer", () => {
    const named = foreign
      .filter(({ to }) => !to.startsWith("node:"))
      .map(({ file, to }) => `${to.split("/", to.startsWith("@") ? 2 : 1).join("/")} in ${file}`);
    const doors = [...new Set(named)].sort();
    expect(doors).toContain("slonik in io/session/reader.ts");
    expect(doors).toContain("libpg-query in io/grammar.ts");
    const packages = doors.map((door) => door.split(" ", 1)[0]);
    expect(
      doors.filter((_, i) => packages.indexOf(packages[i]) !== packages.lastIndexOf(packages[i])),
    ).toEqual([]);
  });
});

test("core is synchronous: nothing is awaited", () => {
  const waiting = files.filter(
    (file) =>
      folderOf(file) === "core" &&
      /\b(?:async|await|Promise)\b/.test(code(readFileSync(join(src, file), "utf8"))),
  );
  expect(waiting).toEqual([]);
});

test("there are no barrels but index.ts", () => {
  const barrels = files.filter((file) => {
    const text = code(readFileSync(join(src, file), "utf8"));
    return (
      text.trim() !== "" &&
      text.replaceAll(/\bexport\b[^;{]*(?:\{[^}]*\})?\s*from\s*"[^"]+";/g, "").trim() === ""
    );
  });
  expect(barrels).toEqual(["index.ts"]);
});

/** A file without its comments. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}
