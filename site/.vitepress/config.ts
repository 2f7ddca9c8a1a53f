/** The files of the repository → the site. Run: make docs */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { anchorOf, destinationOf } from "../links.ts";
import { addresses, groups } from "../pages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, "build/site");
const base = process.env["SITE_BASE"] ?? "/";
const icon = "favicon.svg";

const files = new Map([...addresses].map(([file, address]) => [address, file]));

/** VitePress wants the pages below its own folder, where Vue is found. */
function stage(): void {
  const staged = join(root, "site/staged");
  rmSync(staged, { recursive: true, force: true });
  cpSync(join(root, "docs/pictures"), join(staged, "public/pictures"), { recursive: true });
  cpSync(join(root, "site", icon), join(staged, "public", icon));
  for (const [file, address] of addresses) cpSync(join(root, file), join(staged, `${address}.md`));
}
stage();

/** Files that pages link to and that are no pages: they are copied, as text. */
const copied = new Set<string>();

/** What is used here of a token of markdown-it. */
interface Token {
  readonly type: string;
  readonly children: readonly Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}

interface Markdown {
  readonly core: {
    readonly ruler: {
      push(name: string, rule: (state: { env: { path: string }; tokens: Token[] }) => void): void;
    };
  };
}

function asOnGitHub(markdown: Markdown): void {
  markdown.core.ruler.push("as-on-github", ({ env, tokens }) => {
    const page = files.get(basename(env.path, ".md"))!;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      // Otherwise Vue would compute what stands in {{ }}.
      if (token.type === "code_inline") token.attrSet("v-pre", "");
      if (token.type === "image") token.attrSet("src", `/pictures/${basename(token.attrGet("src")!)}`);
      const href = token.type === "link_open" ? token.attrGet("href") : null;
      // A heading's own anchor stays as it is: the search finds the sections of a page by it.
      if (href !== null && !href.startsWith("#")) token.attrSet("href", addressOf(page, decodeURI(href)));
    }
  });
}

function addressOf(page: string, link: string): string {
  const destination = destinationOf(page, link);
  if ("url" in destination) return destination.url;
  if ("page" in destination) {
    const anchor = destination.anchor === "" ? "" : `#${destination.anchor}`;
    return `/${addresses.get(destination.page)}${anchor}`;
  }
  if (!existsSync(join(root, destination.file))) throw new Error(`${page}: the link ${link} leads nowhere`);
  copied.add(destination.file);
  return `/files/${copyOf(destination.file)}`;
}

export default {
  title: "Retort",
  description: "PostgreSQL migrations in plain SQL",
  srcDir: "staged",
  outDir: out,
  cacheDir: "cache",
  base,
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}${icon}` }]],
  lastUpdated: false,
  markdown: { anchor: { slugify: anchorOf }, config: asOnGitHub },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    sidebar: groups.map(([text, entries]) => ({
      text,
      items: entries.map(([title, file]) => ({ text: title, link: `/${addresses.get(file)}` })),
    })),
  },
  buildEnd(): void {
    const folder = join(out, "files");
    mkdirSync(folder, { recursive: true });
    for (const file of copied) writeFileSync(join(folder, copyOf(file)), contentOf(join(root, file)));
  },
};

/** The name of the copy of a file, whose ending lets every browser show it. */
function copyOf(file: string): string {
  return `${file.replaceAll("/", "-")}.txt`;
}

/** A text; of a folder those of its files, each below its name. */
function contentOf(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, "utf8");
  return readdirSync(path)
    .map((name) => `==== ${name} ====\n\n${contentOf(join(path, name))}`)
    .join("\n");
}
