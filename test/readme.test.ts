/**
 * README.md and docs go in; every command in them is run, in order, and must print what they say it prints. Each page of
 * docs/ has a folder and a database of its own, which DATABASE_URL names.
 *
 * A ```console block holds `$ command` lines, each followed by what it prints (both streams); what may differ of that
 * `support/documents.ts` knows, and the server has another address. The exit code must be the one that goes with a printed `error[kind/…]`, else 0.
 * Another block is written to the end of the file that the line above it names, when that line ends with a colon; it is all
 * of the file where that line ends with `becomes:`.
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
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitCodes } from "../src/core/errors.ts";
import * as api from "../src/index.ts";
import { blocksOf, DURATION, patternOf, scriptedMigrations, textOf } from "./support/documents.ts";
import { migrate } from "./support/migrate.ts";
import { ownDatabase, project } from "./support/project.ts";
import { psqlAvailable } from "./support/psql.ts";
import { query, servers } from "./support/server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "retort-readme-")));
const modules = join(scratch, "node_modules");
const basics = { PATH: process.env["PATH"] ?? "", HOME: scratch };

/**
 * Installs what `npm pack` would publish, for all folders below `scratch`: what is missing from the package is missing
 * here. Its dependencies are links to ours, as the registry is not asked.
 */
beforeAll(() => {
  const pack = ["pack", "--silent", "--pack-destination", scratch];
  const tarball = execFileSync("npm", pack, { cwd: root, env: basics, encoding: "utf8" }).trim();
  mkdirSync(join(modules, ".bin"), { recursive: true });
  execFileSync("tar", ["xzf", tarball], { cwd: scratch });
  renameSync(join(scratch, "package"), join(modules, "pgretort"));
  for (const name of ["migrate", "pgretort"])
    symlinkSync("../pgretort/dist/bin.cjs", join(modules, ".bin", name));
  symlinkSync(join(root, "node_modules/vitest/vitest.mjs"), join(modules, ".bin/vitest"));
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (!entry.startsWith(".")) symlinkSync(join(root, "node_modules", entry), join(modules, entry));
  }
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The address that the documents use for any server. */
const documented = new URL("postgres://ann:secret@localhost:5432/shop");

test("README.md", async (context) => {
  context.annotate(
    psqlAvailable() ? "psql was run" : "there is no psql here: `migrate upgrade` stood in for it",
  );
  const { url } = await ownDatabase(servers()[0]!);
  const folder = mkdtempSync(join(scratch, "readme-"));
  runDocument("README.md", folder, new URL(url));
  const excerpt = blocksOf("README.md").find(({ language }) => language === "sql")!;
  expect(readFileSync(join(folder, "migration.sql"), "utf8")).toMatch(
    new RegExp(`^${patternOf([...excerpt.lines, "..."])}$`),
  );
});

/** What a page finds in its folder and its database. */
const before: Readonly<Record<string, (folder: string, url: string) => Promise<unknown>>> = {
  "docs/adopt.md": (_folder, url) =>
    query(
      url,
      `CREATE TABLE users (user_id bigint PRIMARY KEY); CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
       INSERT INTO schema_migrations VALUES ('20260302091400')`,
    ),
  "docs/from-dbmate.md": async (folder, url) => {
    for (const { above, lines } of blocksOf("docs/adopt.md")) {
      const file = /`(db\/[\w./]+\.sql)`/.exec(above)?.[1];
      if (file !== undefined) append(join(folder, file), `${lines.join("\n")}\n`);
    }
    await before["docs/adopt.md"]!(folder, url);
  },
  "docs/from-flyway.md": (_folder, url) =>
    query(
      url,
      `CREATE TABLE users (user_id bigint PRIMARY KEY);
       CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version text, description text, type text,
         script text, checksum int, installed_by text, installed_on timestamp, execution_time int, success boolean);
       INSERT INTO flyway_schema_history VALUES (1, '1', 'create users', 'SQL', 'V1__create_users.sql', 1, 'ann', now(), 5, true)`,
    ),
  "docs/from-golang-migrate.md": (_folder, url) =>
    query(
      url,
      `CREATE TABLE users (user_id bigint PRIMARY KEY); CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
       INSERT INTO schema_migrations VALUES (1, false)`,
    ),
  "docs/from-goose.md": (_folder, url) =>
    query(
      url,
      `CREATE TABLE users (user_id bigint PRIMARY KEY);
       CREATE TABLE goose_db_version (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, version_id bigint NOT NULL,
         is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now());
       INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true)`,
    ),
  "docs/offline-script.md": async (folder, url) => {
    for (const [name, text] of Object.entries(scriptedMigrations))
      append(join(folder, "migrations", name), text);
    return migrate(["upgrade", "0001", "--database", url], { cwd: folder });
  },
};

const docs = readdirSync(join(root, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const pages = docs.filter((page) => blocksOf(page).some(({ language }) => language === "console"));

test.for(pages)("%s", async (page, context) => {
  context.skip(
    page === "docs/walk.md" && !psqlAvailable(),
    "there is no psql here, to change a database by hand",
  );
  const { url } = await ownDatabase(servers()[0]!);
  const folder = mkdtempSync(join(scratch, "page-"));
  await before[page]?.(folder, url);
  runDocument(page, folder, new URL(url), { DATABASE_URL: url });
});

test("sql/example/README.md", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const folder = join(scratch, "example");
  cpSync(join(root, "sql/example"), folder, { recursive: true });
  runDocument("sql/example/README.md", folder, new URL(url));
});

test("what docs/dba.md, docs/ledger.md and docs/offline-script.md ask a database, it answers", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  await project({ a: "CREATE TABLE t ();" }).upgrade(url);
  const queries = ["docs/dba.md", "docs/ledger.md", "docs/offline-script.md"]
    .flatMap(blocksOf)
    .filter(({ language, lines }) => language === "sql" && lines[0]!.startsWith("SELECT "));
  expect(queries.length).toBeGreaterThan(12);
  for (const { lines } of queries) await query(url, lines.join("\n"));
});

test("docs/api.md names what is exported, and nothing else", () => {
  const rows = textOf("docs/api.md").matchAll(/^\| (`.*?) \|/gm);
  const names = [...rows].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  expect(new Set(["MigrateError", ...names])).toEqual(new Set(Object.keys(api)));
});

function runDocument(document: string, folder: string, url: URL, given: Record<string, string> = {}): void {
  const path = [join(modules, ".bin"), dirname(process.execPath), basics.PATH].join(delimiter);
  const env: Record<string, string> = {
    ...basics,
    ...given,
    PATH: path,
    NO_COLOR: "1",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
  const ids = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(idOf);
  for (const { language, at, above, lines } of blocksOf(document)) {
    const file = above.endsWith(":") ? /`([\w./-]+\.\w+)`/.exec(above)?.[1] : undefined;
    if (language !== "console") {
      if (file === undefined) continue;
      const path = join(folder, file);
      if (above.endsWith(" becomes:")) rmSync(path, { force: true });
      append(path, `${lines.join("\n")}\n`);
      continue;
    }
    if (!psqlAvailable() && lines.some((line) => line.startsWith("$ psql "))) {
      execFileSync("migrate", ["upgrade"], { cwd: folder, env });
      continue;
    }
    for (const { command, printed, line } of commandsOf(lines, at)) {
      if (/^(cd|git|make|npm) /.test(command)) continue; // done before: by `make test`, or above
      let words = command.replaceAll(documented.href, url.href);
      const assignment = /^export (\w+)=(\S+)$/.exec(words);
      if (assignment !== null) env[assignment[1]!] = assignment[2]!;
      // Ids are random; here they are the same in each run.
      if (/^migrate (revision|merge) /.test(command)) words += ` --rev-id ${ids.shift()}`;
      const { stdout, status } = spawnSync("sh", ["-c", `exec 2>&1; ${words}`], {
        cwd: folder,
        env,
        encoding: "utf8",
      });
      const where = `${document}:${line}: $ ${command}`;
      const expected = new RegExp(`^${patternOf(printed)}$`);
      const actual = asDocumented(stdout, url);
      // The second comparison is for its picture of the difference.
      if (!expected.test(actual)) expect(`${where}\n${actual}`).toBe(`${where}\n${printed.join("\n")}\n`);
      expect({ where, status }).toEqual({ where, status: exitCodeOf(printed) });
    }
  }
}

function append(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, text);
}

const idOf = (count: number): string =>
  createHash("sha256").update(`revision ${count}`).digest("hex").slice(0, 12);

function commandsOf(
  lines: readonly string[],
  at: number,
): { command: string; printed: string[]; line: number }[] {
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
  if (printed.some((line) => /: error\[[a-z-]+\] /.test(line))) return exitCodes.findings; // a rule of lint
  return printed.some((line) => line.includes("ERROR:")) ? 3 : 0; // psql's own code
}

/** The server of this run, called by the names that the documents use. */
function asDocumented(text: string, { host, username, password, pathname }: URL): string {
  return text
    .replaceAll(
      `//${username}${password === "" ? "" : ":***"}@${host}`,
      `//${documented.username}:***@${documented.host}`,
    )
    .replaceAll(`${username}@${host}`, `${documented.username}@${documented.host}`)
    .replaceAll(new RegExp(`(?<=  )${username}(?=  )|(?<=\\bby )${username}\\b`, "g"), documented.username)
    .replaceAll(pathname.slice(1), documented.pathname.slice(1))
    .replaceAll(DURATION, "");
}
