/** The definitions of the commands → man/migrate.1, in the macros of man(7). */
import { type Flags, globals } from "../src/cli/command.ts";
import { allCommands } from "../src/cli/command-line.ts";
import { flagRows, usageOf } from "../src/cli/help.ts";

/** Where the page lies. */
export const manPagePath = "man/migrate.1";

/** The whole page. */
export async function manPage(): Promise<string> {
  const commands = await allCommands();
  const sections = commands.map(({ examples = [], ...command }) => [
    `.SS "${roff(usageOf(command))}"`,
    roff(command.summary),
    ...flagItems(command.args),
    ...examples.flatMap(([line, what]) => [
      ".PP",
      `${roff(what)}:`,
      ".PP",
      ".EX",
      `    ${roff(line)}`,
      ".EE",
    ]),
  ]);
  return [
    ...HEAD,
    ".SH COMMANDS",
    ...sections.flat(),
    ".SH FLAGS OF EVERY COMMAND",
    ...flagItems(globals),
    ...TAIL,
    "",
  ].join("\n");
}

const flagItems = (flags: Flags): readonly string[] =>
  flagRows(flags).flatMap(([flag, what]) => [".TP", `.B "${roff(flag.trim())}"`, roff(what)]);

/** Nothing in it is a macro or an escape; a hyphen stays one that can be copied. */
const roff = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll('"', "\\(dq")
    .replaceAll("…", "...")
    .replace(/^[.']/, "\\&$&");

const HEAD = [
  '.\\" Made by scripts/docs.ts from the definitions in src/cli/commands; do not edit.',
  '.TH MIGRATE 1 "" "Retort" "User Commands"',
  ".SH NAME",
  "migrate, pgretort \\- migrations for PostgreSQL written in plain SQL",
  ".SH SYNOPSIS",
  ".B migrate",
  ".I COMMAND",
  "[flags]",
  ".SH DESCRIPTION",
  "A folder of paired files, 0002_create_orders.up.sql and .down.sql, is the whole source of truth.",
  "One command brings a database to any revision; the same command with",
  ".B \\-\\-sql",
  "writes one script, which a DBA reviews and runs with psql.",
  "What a command answers goes to standard output, everything else to standard error.",
];

const TAIL = [
  ".SH EXIT STATUS",
  ...[
    ["0", "done"],
    ["1", "findings of a command that checks"],
    ["2", "the command line or the configuration is wrong"],
    ["3", "a migration file is wrong"],
    ["4", "the graph of the migrations is wrong, or has no such revision"],
    ["5", "the database is not in the state that is needed"],
    ["6", "the database refused a statement, or could not be reached"],
    ["70", "a bug of Retort"],
    ["130, 143", "stopped by SIGINT, SIGTERM"],
  ].flatMap(([code, what]) => [".TP", `.B "${code}"`, what!]),
  ".SH ENVIRONMENT",
  ...[
    ["DATABASE_URL", "the database, where no flag names one; also in .env"],
    ["PGHOST, PGDATABASE, ...", "the variables of libpq"],
    ["VISUAL, EDITOR", "the editor of migrate edit"],
    ["RETORT_CACHE", "off: nothing is kept in the user's cache"],
    ["NO_COLOR, FORCE_COLOR", "without, with colours"],
  ].flatMap(([name, what]) => [".TP", `.B "${name}"`, what!]),
  ".SH FILES",
  ".TP",
  ".B migrate.config.json",
  "the configuration of a project",
  ".TP",
  ".B migrations/",
  "where the files are, unless the configuration says otherwise",
  ".SH SEE ALSO",
  ".BR psql (1),",
  ".BR pg_dump (1)",
];
