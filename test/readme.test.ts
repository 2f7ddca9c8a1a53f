/**
 * README.md and docs go in; every command in them is run, in order, and must print what they say it prints.
 *
 * A ```console block holds `$ command` lines, each followed by what it prints (both streams). `...` stands for
 * text that is left out; alone on a line, for lines. Durations, present times and the server's address and version
 * may differ. The exit code must be the one that goes with a printed `error[kind/…]`, else 0.
 * Another block is written to the end of the file that the line above it names, when that line ends with a colon.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitCodes } from "../src/core/errors.ts";
import { ownDatabase } from "./support/project.ts";
import { psqlAvailable } from "./support/psql.ts";
import { servers, type TestServer } from "./support/server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "retort-readme-")));
const packed = join(scratch, "packed");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What `npm pack` would publish, unpacked: a file that is missing from the package is missing here. */
beforeAll(() => {
  mkdirSync(packed);
  const options = { cwd: root, env: { PATH: process.env["PATH"], HOME: scratch }, encoding: "utf8" } as const;
  const tarball = execFileSync("npm", ["pack", "--silent", "--pack-destination", packed], options).trim();
  execFileSync("tar", ["xzf", tarball], { cwd: packed });
});

/** The address that the documents use for any server. */
const documented = new URL("postgres://ann:secret@localhost:5432/shop");

test("README.md", async (context) => {
  const { url } = await ownDatabase(server());
  const folder = projectFolder("readme");
  runDocument("README.md", folder, new URL(url));
  const excerpt = blocksOf("README.md").find(({ language }) => language === "sql")!;
  context.annotate(psqlAvailable() ? "psql was run" : "without psql, `migrate upgrade` stood in for it");
  expect(readFileSync(join(folder, "migration.sql"), "utf8")).toMatch(pattern(["...", ...excerpt.lines, "..."]));
});

test("docs/api.md", async () => {
  const { url } = await ownDatabase(server());
  const folder = projectFolder("api");
  runDocument("docs/api.md", folder, new URL(url));
});

test("sql/example/README.md", () => {
  const folder = projectFolder("example");
  cpSync(join(root, "sql/example"), join(folder, "sql/example"), { recursive: true });
  runDocument("sql/example/README.md", folder, documented);
});

function server(): TestServer {
  return servers()[0]!;
}

/** A folder where the package is installed, as `npm install` leaves it: its dependencies are links to ours. */
function projectFolder(name: string): string {
  const folder = join(scratch, name);
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  cpSync(join(packed, "package"), join(modules, "retort"), { recursive: true });
  symlinkSync("../retort/dist/bin.js", join(modules, ".bin/migrate"));
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (!entry.startsWith(".")) symlinkSync(join(root, "node_modules", entry), join(modules, entry));
  }
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  return folder;
}

interface Block {
  readonly language: string;
  /** Line number of its first line. */
  readonly at: number;
  /** The line of prose above it. */
  readonly above: string;
  readonly lines: readonly string[];
}

function blocksOf(document: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = readFileSync(join(root, document), "utf8").split("\n");
  for (let i = 0; i < lines.length; i += 1) {
    const language = /^```(\w*)$/.exec(lines[i]!)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", i + 1);
    const above = lines.slice(0, i).findLast((line) => line !== "") ?? "";
    blocks.push({ language, at: i + 2, above, lines: lines.slice(i + 1, end) });
    i = end;
  }
  return blocks;
}

function runDocument(document: string, folder: string, url: URL): void {
  const env = {
    PATH: [join(folder, "node_modules/.bin"), dirname(process.execPath), process.env["PATH"]].join(delimiter),
    HOME: scratch,
    NO_COLOR: "1",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
  let created = 0;
  for (const { language, at, above, lines } of blocksOf(document)) {
    const file = above.endsWith(":") ? /`([\w./-]+\.\w+)`/.exec(above)?.[1] : undefined;
    if (language !== "console") {
      if (file === undefined) continue;
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      appendFileSync(join(folder, file), `${lines.join("\n")}\n`);
      continue;
    }
    for (const { command, printed, line } of commandsOf(lines, at)) {
      if (/^(git|npm|make) /.test(command)) continue; // what `make test` and `projectFolder` have done
      let words = command.replaceAll(documented.href, url.href);
      const withoutPsql = command.startsWith("psql ") && !psqlAvailable();
      if (withoutPsql) words = "migrate upgrade";
      // Ids are random; here they are the same in each run.
      if (/^migrate (revision|merge) /.test(command)) words += ` --rev-id ${idOf((created += 1))}`;
      const { stdout, status } = spawnSync("sh", ["-c", `exec 2>&1; ${words}`], { cwd: folder, env, encoding: "utf8" });
      const where = `${document}:${line}: $ ${command}`;
      const expected = pattern(withoutPsql ? ["..."] : printed);
      const actual = asDocumented(stdout, url);
      // The second comparison is for its picture of the difference.
      if (!expected.test(actual)) expect(`${where}\n${actual}`).toBe(`${where}\n${printed.join("\n")}\n`);
      expect({ where, status }).toEqual({ where, status: exitCodeOf(printed) });
    }
  }
}

const idOf = (count: number): string => createHash("sha256").update(`revision ${count}`).digest("hex").slice(0, 12);

function commandsOf(lines: readonly string[], at: number): { command: string; printed: string[]; line: number }[] {
  const commands: { command: string; printed: string[]; line: number }[] = [];
  for (const [i, text] of lines.entries()) {
    if (text.startsWith("$ ")) commands.push({ command: text.slice(2), printed: [], line: at + i });
    else commands.at(-1)!.printed.push(text);
  }
  return commands;
}

function exitCodeOf(printed: readonly string[]): number {
  const kind = printed.map((line) => /error\[(\w+)\//.exec(line)?.[1]).find((found) => found !== undefined);
  if (kind !== undefined) return exitCodes[kind as keyof typeof exitCodes];
  return printed.some((line) => line.includes("ERROR:")) ? 3 : 0; // psql's own code
}

/** The server of this run, called by the names that the documents use. */
function asDocumented(text: string, { host, username, password, pathname }: URL): string {
  return text
    .replaceAll(host, documented.host)
    .replaceAll(`//${username}:${password === "" ? "" : "***"}`, `//${documented.username}:***`)
    .replaceAll(new RegExp(`(?<=  )${username}(?=  )`, "g"), documented.username)
    .replaceAll(pathname.slice(1), "shop");
}

const ANY = /\d\d\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?|\d+(?:\.\d+)? (?=m?s\b)|(?<=PostgreSQL )\d+\.\d+/g;

/** Lines of a document → what the output must look like. */
function pattern(lines: readonly string[]): RegExp {
  const sources = lines.map((line) => {
    if (line.trim() === "...") return "(?:.*\\n)*?";
    const fixed = line.split(ANY).map((part) => part.split("...").map(escaped).join(".*"));
    const varying = [...line.matchAll(ANY)].map(([text]) => text.replace(/[.+]/g, "\\$&").replace(/\d+/g, "\\d+"));
    return `${fixed.map((part, i) => part + (varying[i] ?? "")).join("")}\\n`;
  });
  return new RegExp(`^${sources.join("")}$`);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
