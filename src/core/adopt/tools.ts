/** The tools whose folders can be read, each with what its version table says. The one table of them. */
import { MigrateError } from "../errors.ts";
import type { RevisionId } from "../migration.ts";
import { nearest } from "../nearest.ts";
import { shellWord } from "../shell.ts";
import * as alembic from "./alembic.ts";
import * as dbmate from "./dbmate.ts";
import * as diesel from "./diesel.ts";
import * as drizzle from "./drizzle.ts";
import * as efCore from "./ef-core.ts";
import * as flyway from "./flyway.ts";
import type { FolderFile, Reading } from "./foreign.ts";
import * as golangMigrate from "./golang-migrate.ts";
import * as goose from "./goose.ts";
import * as graphileMigrate from "./graphile-migrate.ts";
import * as maragudk from "./maragudk.ts";
import * as nodePgMigrate from "./node-pg-migrate.ts";
import * as pop from "./pop.ts";
import * as prisma from "./prisma.ts";
import type { Program } from "./program.ts";
import * as sqlx from "./sqlx.ts";

/** Where a tool records what it has run. */
export interface VersionTable {
  /** Where the tool puts it, if it is always the same schema. */
  readonly schema?: string;
  readonly name: string;
  /** Columns by which it is told from a table of the project's with that name. */
  readonly columns: readonly string[];
  /** It has a row for each of the newest migrations that were run; what they come after was run too. */
  readonly branch?: true;
  /** The order of two versions, where a row with `and_before` may be a baseline, of which there is no migration. */
  readonly order?: (a: string, b: string) => number;
  /**
   * The query that reads it; `table` is its name as SQL writes it. Its rows: `version`; `dirty`, where the tool did not get
   * to the end of it; `and_before`, where the tool has run, or skips, all that come before it too.
   */
  readonly query: (table: string) => string;
}

export interface Tool {
  readonly name: string;
  readonly table: VersionTable;
  readonly recognises: (files: readonly FolderFile[]) => boolean;
  readonly read: (files: readonly FolderFile[]) => Reading;
  /** Where its migrations are programs. */
  readonly program?: Program;
  /** Whoever uses no tool names files so, too. */
  readonly plain?: true;
}

/** A table with a row for each version, none of which can be half done. */
const rows =
  (version: string) =>
  (table: string): string =>
    `SELECT ${version}::pg_catalog.text AS version, false AS dirty, false AS and_before FROM ${table}`;

/** In the order in which a folder is held against them: what looks like several is the first. */
export const tools: readonly Tool[] = [
  {
    name: "alembic",
    ...alembic,
    table: { name: "alembic_version", columns: ["version_num"], branch: true, query: rows("version_num") },
  },
  {
    name: "ef-core",
    ...efCore,
    table: {
      name: "__EFMigrationsHistory",
      columns: ["MigrationId", "ProductVersion"],
      query: rows('"MigrationId"'),
    },
  },
  {
    name: "graphile-migrate",
    ...graphileMigrate,
    table: {
      schema: "graphile_migrate",
      name: "migrations",
      columns: ["hash", "filename"],
      query: rows("filename"),
    },
  },
  {
    name: "drizzle",
    ...drizzle,
    table: {
      schema: "drizzle",
      name: "__drizzle_migrations",
      columns: ["hash", "created_at"],
      query: (table) =>
        `SELECT pg_catalog.max(created_at)::pg_catalog.text AS version, false AS dirty, true AS and_before FROM ${table} HAVING pg_catalog.count(*) > 0`,
    },
  },
  {
    name: "prisma",
    ...prisma,
    table: {
      name: "_prisma_migrations",
      columns: ["migration_name", "finished_at"],
      query: (table) =>
        `SELECT migration_name AS version, finished_at IS NULL AS dirty, false AS and_before FROM ${table} WHERE rolled_back_at IS NULL`,
    },
  },
  {
    name: "diesel",
    ...diesel,
    table: { name: "__diesel_schema_migrations", columns: ["version", "run_on"], query: rows("version") },
  },
  {
    name: "dbmate",
    ...dbmate,
    table: { name: "schema_migrations", columns: ["version"], query: rows("version") },
  },
  {
    name: "goose",
    ...goose,
    table: {
      name: "goose_db_version",
      columns: ["version_id", "is_applied"],
      // Older versions of goose add a row when they take a migration down. 0 is the row of an empty database.
      query: (table) =>
        `SELECT version_id::pg_catalog.text AS version, false AS dirty, false AS and_before FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM ${table} ORDER BY version_id, id DESC) AS newest WHERE is_applied AND version_id > 0`,
    },
  },
  {
    name: "flyway",
    ...flyway,
    table: {
      name: "flyway_schema_history",
      columns: ["installed_rank", "version", "success"],
      order: flyway.byParts,
      query: (table) =>
        `SELECT version, NOT success AS dirty, type ~ 'BASELINE$' AS and_before FROM (SELECT DISTINCT ON (version) version, success, type FROM ${table} WHERE version IS NOT NULL ORDER BY version, installed_rank DESC) AS newest WHERE type !~ '^(UNDO|DELETE)'`,
    },
  },
  {
    name: "node-pg-migrate",
    ...nodePgMigrate,
    table: { name: "pgmigrations", columns: ["name", "run_on"], query: rows("name") },
  },
  { name: "pop", ...pop, table: { name: "schema_migration", columns: ["version"], query: rows("version") } },
  {
    name: "golang-migrate",
    ...golangMigrate,
    table: {
      name: "schema_migrations",
      columns: ["version", "dirty"],
      query: (table) => `SELECT version::pg_catalog.text, dirty, true AS and_before FROM ${table}`,
    },
  },
  {
    name: "sqlx",
    ...sqlx,
    plain: true,
    table: {
      name: "_sqlx_migrations",
      columns: ["version", "success"],
      query: (table) =>
        `SELECT version::pg_catalog.text, NOT success AS dirty, false AS and_before FROM ${table}`,
    },
  },
  {
    name: "maragudk",
    ...maragudk,
    table: {
      name: "migrations",
      columns: ["version"],
      query: (table) =>
        `SELECT version, false AS dirty, true AS and_before FROM ${table} WHERE version <> ''`,
    },
  },
];

const names = tools.map(({ name }) => name);

/** The tool whose folder this looks like. */
export const toolLike = (files: readonly FolderFile[]): Tool | undefined =>
  tools.find((tool) => tool.recognises(files));

/** Whether files that were taken for those of this tool may be of none. */
export const mayBeNoTools = (name: string): boolean =>
  tools.some((tool) => tool.name === name && tool.plain === true);

/** What to do where the files of the folder were run without a tool. `last`: of all of them. */
export const recordedByHand = (last: RevisionId): string =>
  `record the last that was run, for all of them with: migrate stamp ${shellWord(last)}`;

/** The folders nearest to this one whose files look so, as paths below it: the empty one is this. */
export function foldersLike(
  files: readonly FolderFile[],
  isSo: Tool["recognises"] = (each) => toolLike(each) !== undefined,
): readonly string[] {
  if (isSo(files)) return [""];
  const below = new Map<string, FolderFile[]>();
  for (const file of files) {
    const [, folder, name] = /^([^/]+)\/(.+)$/.exec(file.name) ?? [];
    if (folder === undefined || name === undefined) continue;
    below.set(folder, [...(below.get(folder) ?? []), { ...file, name }]);
  }
  return [...below].flatMap(([folder, each]) =>
    foldersLike(each, isSo).map((found) => (found === "" ? folder : `${folder}/${found}`)),
  );
}

/** What to name instead of that folder, or of a file in it: folders that were found below it, if any was; and the tool, if it was named. */
export function folderHint(folder: string, found: readonly string[], tool?: string): string {
  const rest = tool === undefined ? "" : ` --tool ${tool}`;
  const paths = found.slice(0, MOST_FOLDERS).map((each) => [folder, each].filter(isPart).join("/") || ".");
  const commands = paths.map((each) => `migrate adopt ${shellWord(each)}${rest}`);
  return commands.length === 0 ? NAME_FOLDER : `${NAME_FOLDER}: ${commands.join(", or ")}`;
}

const NAME_FOLDER = "name the folder that contains the files";
const MOST_FOLDERS = 3;
const isPart = (part: string): boolean => part !== "" && part !== ".";

/** Files that are named as tools name theirs whose migrations are programs: what they are, and what else to do. */
const PROGRAMS: readonly (readonly [RegExp, programs: string, or?: string])[] = [
  [
    /^\d+[_-][^/]*(?<!\.d)\.[cm]?[jt]s$/,
    "programs in JavaScript or TypeScript, such as those of Knex, Sequelize and TypeORM,",
    "; if they are of node-pg-migrate, add --tool node-pg-migrate",
  ],
  [/^\d+_[^/]*\.rb$/, "programs in Ruby, such as those of Rails,"],
  [/^\d+_[^/]*\.py$/, "programs in Python, such as those of Django,"],
  [/^\d+_[^/]*\.php$/, "programs in PHP, such as those of Laravel,"],
];

/** Undefined where no file is one. */
function programsHint(files: readonly FolderFile[]): string | undefined {
  const found = PROGRAMS.find(([named]) => files.some(({ name }) => named.test(name)));
  if (found === undefined) return undefined;
  const [, programs, or = ""] = found;
  return `${programs} hold no SQL to adopt: begin with the schema that they have made: migrate baseline -m "schema so far"${or}`;
}

/** What to do where no file is named as a tool names its files. */
function noToolsHint(files: readonly FolderFile[], folder: string): string {
  const others = `--tool: ${names.join(", ")}`;
  const plain = plainHint(files, folder);
  return plain === undefined
    ? `${NAME_FOLDER}, or name the tool with ${others}`
    : `${plain}; if a tool ran them, name it with ${others}`;
}

/** What to do with SQL files of no tool; undefined where the folder itself has none. */
const plainHint = (files: readonly FolderFile[], folder: string): string | undefined =>
  files.some(({ name }) => /^[^/]+\.sql$/.test(name))
    ? `if the files are of no tool, number them in the order in which they run (0001_NAME.sql, 0002_NAME.sql), then run: migrate adopt ${shellWord(folder)}; or, if a database has what they make, begin with its schema: migrate baseline -m "schema so far"`
    : undefined;

/** The tool of that name, or the one whose folder this looks like. Throws `usage/unknown-tool`, `usage/no-tool`. */
export function toolOf(files: readonly FolderFile[], folder: string, name: string | undefined): Tool {
  const found = name === undefined ? toolLike(files) : tools.find((tool) => tool.name === name);
  if (found !== undefined) return found;
  if (name === undefined) {
    const below = foldersLike(files);
    throw new MigrateError({
      code: "usage/no-tool",
      message: `${folder} does not look like the migrations of a known tool`,
      hint:
        below.length > 0 ? folderHint(folder, below) : (programsHint(files) ?? noToolsHint(files, folder)),
    });
  }
  const guess = nearest(name, names);
  throw new MigrateError({
    code: "usage/unknown-tool",
    message: `unknown tool '${name}'`,
    hint: guess === undefined ? `the tools are ${names.join(", ")}` : `did you mean --tool ${guess}?`,
  });
}

/** Why a folder has no migrations of the tool that was named. */
export function nothingOf(tool: Tool, files: readonly FolderFile[], folder: string): MigrateError {
  const like = toolLike(files);
  const isOther = like !== undefined && like !== tool;
  const below = foldersLike(files, tool.recognises);
  return new MigrateError({
    code: "usage/no-tool",
    message: `no file in ${folder} is named as ${tool.name} names its files${isOther ? `; it looks like a folder of ${like.name}` : ""}`,
    hint: isOther
      ? `name that tool: --tool ${like.name}`
      : ((below.length === 0 ? plainHint(files, folder) : undefined) ?? folderHint(folder, below, tool.name)),
  });
}
