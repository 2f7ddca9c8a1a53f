// Paths of files of npm packages → the text that names each package, its version, and what its licence says.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Throws where nothing says what a package's licence is: then nothing of it may be handed out. */
export function notices(files) {
  const folders = new Set([...files].flatMap((file) => folderOf(file) ?? []));
  const packages = new Map([...folders].map(noticeOf));
  const parts = [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([title, text]) => `${title}\n${"=".repeat(title.length)}\n\n${text.trim()}\n`);
  return [INTRODUCTION, ...parts].join("\n\n");
}

const INTRODUCTION =
  "Files beside this one contain code of the packages below, each under its own licence.\n";

/** `node_modules/a/lib/b.js` → `node_modules/a`; undefined for what is ours. */
function folderOf(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** The package's title, and its licence text: a file, or a part of its README, or else the text of MIT with its author. */
function noticeOf(folder) {
  const { name, version, license, author } = JSON.parse(
    readFileSync(path.join(folder, "package.json"), "utf8"),
  );
  const textOf = (pattern) => {
    const file = readdirSync(folder).find((entry) => pattern.test(entry));
    return file === undefined ? undefined : readFileSync(path.join(folder, file), "utf8");
  };
  const stated = textOf(/^licen[cs]e(?:\.(?:md|txt))?$/i) ?? grantIn(textOf(/^readme\.md$/i) ?? "");
  const text = stated ?? (license === "MIT" ? mit(author?.name ?? author) : undefined);
  if (text === undefined || text.trim() === "") throw new Error(`${folder} has no licence text (${license})`);
  return [`${name} ${version}`, text];
}

/** From the copyright line, or the name of the licence, to the end. */
function grantIn(readme) {
  const [text] = /^(?:The MIT License|Copyright)[\s\S]*Permission [\s\S]*$/im.exec(readme) ?? [];
  return text;
}

const mit = (author) => `MIT License

Copyright (c) ${author}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
