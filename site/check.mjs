// The built site → an error for each link, anchor or picture that leads nowhere, and for a search that finds nothing; VitePress checks only links to pages.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../build/site/", import.meta.url));
const base = process.env.SITE_BASE ?? "/";
const pages = readdirSync(root).filter((name) => name.endsWith(".html"));
const idsOf = new Map(
  pages.map((page) => {
    const text = readFileSync(join(root, page), "utf8");
    return [page, new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))];
  }),
);

let links = 0;
const dead = pages.flatMap((page) =>
  [...readFileSync(join(root, page), "utf8").matchAll(/ (?:href|src)="((?:\/|#)[^"]*)"/g)]
    .map(([, link]) => link)
    .filter((link) => {
      links += 1;
      const [path, anchor = ""] = decodeURI(link).split("#");
      const file = path === "" ? page : path.slice(base.length) || "index.html";
      if (!existsSync(join(root, file))) return true;
      return anchor !== "" && idsOf.get(file)?.has(anchor) === false;
    })
    .map((link) => `${page}: ${link}`),
);
if (dead.length > 0) {
  console.error(`these links lead nowhere:\n${dead.join("\n")}`);
  process.exit(1);
}

const chunks = join(root, "assets/chunks");
const index = readdirSync(chunks).find((name) => name.startsWith("@localSearchIndex"));
const sections = Number(/"documentCount":(\d+)/.exec(readFileSync(join(chunks, index), "utf8"))?.[1]);
if (!(sections > pages.length)) {
  console.error(`the index of the search has ${sections} sections`);
  process.exit(1);
}
console.log(`${pages.length} pages, ${links} links, ${sections} sections that the search knows`);
