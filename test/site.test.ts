/** The pages of the site are those of docs/ and no others; their links lead to files, and to headings in them; their pictures are small. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { anchorOf, destinationOf } from "../site/links.ts";
import { addresses, groups } from "../site/pages.ts";
import { linksIn, textOf } from "./support/documents.ts";

const pages = [...addresses.keys()];
const inDocs = readdirSync("docs", { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => `docs/${name}`);

test("every page of docs/ is in the sidebar once, and nothing there is missing", () => {
  const listed = groups.flatMap(([, entries]) => entries.map(([, file]) => file));
  expect(listed.filter((file) => file.startsWith("docs/")).sort()).toEqual(inDocs.sort());
  expect(listed.filter((file) => !existsSync(file))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
  expect(new Set(addresses.values()).size).toBe(listed.length);
});

test("every page of docs/ is found from the README", () => {
  const linked = new Set(linksOf("README.md").map(({ link }) => link.split("#")[0]));
  expect(inDocs.filter((page) => !linked.has(page))).toEqual([]);
});

test("links lead to files, and to headings in them", () => {
  const links = pages.flatMap(linksOf);
  expect(links.length).toBeGreaterThan(300);
  const dead = links.filter(({ page, link }) => {
    const destination = destinationOf(page, link);
    if ("url" in destination) return false;
    if ("file" in destination) return !existsSync(destination.file);
    return destination.anchor !== "" && !anchorsOf(destination.page).has(destination.anchor);
  });
  expect(dead).toEqual([]);
});

test.each([
  ["docs/adopt.md", "#what-is-read", { page: "docs/adopt.md", anchor: "what-is-read" }],
  ["docs/adopt.md", "../README.md#more", { page: "README.md", anchor: "more" }],
  ["README.md", "sql/example", { page: "sql/example/README.md", anchor: "" }],
  ["docs/running.md", "../deploy/Dockerfile", { file: "deploy/Dockerfile" }],
  ["docs/ci.md", "https://pre-commit.com", { url: "https://pre-commit.com" }],
])("in %s the link %s leads to %o", (page, link, destination) => {
  expect(destinationOf(page, link)).toEqual(destination);
});

test("a page uses each picture, and each is small", () => {
  const used = new Set(pages.flatMap((page) => linksOf(page).map(({ link }) => link.replace(/^docs\//, ""))));
  const pictures = readdirSync("docs/pictures").map((name) => `pictures/${name}`);
  expect(pictures.filter((picture) => !used.has(picture))).toEqual([]);
  expect(pictures.filter((picture) => statSync(`docs/${picture}`).size > 150_000)).toEqual([]);
});

test("the package that is published has nothing of the site's", () => {
  const { devDependencies, files } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(files).not.toContain("site");
  expect(devDependencies).not.toHaveProperty("vitepress");
});

interface Link {
  readonly page: string;
  readonly link: string;
}

const linksOf = (page: string): readonly Link[] => linksIn(textOf(page)).map((link) => ({ page, link }));

/** What GitHub makes of the headings of a page. */
const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set([...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!)));
