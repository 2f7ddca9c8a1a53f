/**
 * The example shop, migrated halfway on an embedded database → pictures of the graph, the review and a script, as Chromium
 * shows them: docs/pictures/*.webp. Run: npm run pictures
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { highlighted, htmlPage } from "../src/render/html.ts";

const folder = mkdtempSync(join(tmpdir(), "retort-pictures-"));
const pictures = resolve("docs/pictures");
const program = resolve("dist/bin.cjs");

/** Bytes: a page of the documentation is read over slow lines too. */
const LARGEST = 150_000;

function migrate(...args: readonly string[]): void {
  const database = ["--database", "pglite:./database"];
  execFileSync(process.execPath, [program, ...args, ...database], { cwd: folder, stdio: "inherit" });
}

/** One screen of a page, from its top or from what `anchor` names. */
function photograph(page: string, name: string, anchor = ""): void {
  const png = join(folder, `${name}.png`);
  chromium([`--screenshot=${png}`, `${pathToFileURL(join(folder, page))}${anchor}`]);
  const webp = asWebp(readFileSync(png));
  if (webp.length > LARGEST)
    throw new Error(`the picture of ${page} has ${webp.length} bytes, not ${LARGEST}`);
  const path = join(pictures, `${name}.webp`);
  writeFileSync(path, webp);
  console.log(`${path}  ${Math.round(webp.length / 1000)} kB`);
}

/** Chromium writes only PNG, which is twice as large, but a page can make a WebP of it. */
function asWebp(png: Buffer): Buffer {
  const page = join(folder, "convert.html");
  writeFileSync(
    page,
    `<img src="data:image/png;base64,${png.toString("base64")}"><script>addEventListener("load", () => {
      const image = document.querySelector("img"), canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      canvas.getContext("2d").drawImage(image, 0, 0);
      document.body.textContent = canvas.toDataURL("image/webp", 0.7);
    })</script>`,
  );
  const printed = chromium(["--dump-dom", String(pathToFileURL(page))]);
  const data = /data:image\/webp;base64,([A-Za-z0-9+/=]+)/.exec(printed)?.[1];
  if (data === undefined) throw new Error("Chromium made no WebP of a picture");
  return Buffer.from(data, "base64");
}

function chromium(args: readonly string[]): string {
  const profile = `--user-data-dir=${join(folder, "profile")}`;
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--window-size=1200,660",
    profile,
  ];
  return execFileSync(browser, [...flags, ...args], { encoding: "utf8", stdio: "pipe", maxBuffer: 2 ** 26 });
}

const browser = browserHere();

function browserHere(): string {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (found === undefined)
    throw new Error(`pictures need Chromium: none of ${names.join(", ")} is installed`);
  return found;
}

/** A script as an editor would show it. */
const pageOf = (script: string): string =>
  htmlPage({
    title: "migration.sql",
    style:
      "\nbody { margin: 0; background: var(--page); color: var(--text); } pre { margin: 0; min-height: 100vh; border-radius: 0; }",
    script: "",
    body: `<pre>${highlighted(script)}</pre>`,
  });

try {
  mkdirSync(pictures, { recursive: true });
  cpSync("sql/example", folder, { recursive: true });
  migrate("upgrade", "0012", "--quiet");
  migrate("upgrade", "0008", "--quiet");
  migrate("graph", "-i", "--format", "html", "-o", "graph.html");
  migrate("review", "0010:0013", "--format", "html", "-o", "review.html");
  migrate("upgrade", "0004:0007", "--sql", "-o", "migration.sql");
  writeFileSync(join(folder, "script.html"), pageOf(readFileSync(join(folder, "migration.sql"), "utf8")));
  photograph("graph.html", "graph", "#r-9f2d7be0c583");
  photograph("review.html", "review");
  photograph("script.html", "script");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
