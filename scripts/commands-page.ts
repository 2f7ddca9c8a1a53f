/** The definitions of the commands → docs/commands.md. */
import { type Command, type Flags, globals } from "../src/cli/command.ts";
import { groups } from "../src/cli/command-line.ts";
import { flagRows, usageOf } from "../src/cli/help.ts";

/** Where the page lies. */
export const commandsPagePath = "docs/commands.md";

/** The whole page. */
export async function commandsPage(): Promise<string> {
  const sections: string[] = [];
  for (const [group, entries] of groups) {
    sections.push(`## ${group[0]!.toUpperCase()}${group.slice(1)}`);
    for (const [, [, load]] of entries) sections.push(commandSection((await load()).default));
  }
  return `${[INTRODUCTION, ...sections].join("\n\n")}\n`;
}

function commandSection(command: Command): string {
  const { name, summary, args, examples = [] } = command;
  return [
    `### migrate ${name}`,
    summary,
    ["```", usageOf(command), "```"].join("\n"),
    ...flagTable(args),
    ...(examples.length === 0
      ? []
      : [["```sh", ...examples.map(([line, what]) => `${line}   # ${what}`), "```"].join("\n")]),
  ].join("\n\n");
}

function flagTable(args: Flags): string[] {
  const rows = flagRows(args).map(
    ([flag, what]) => `| \`${flag.trim()}\` | ${what.replaceAll("|", "\\|")} |`,
  );
  return rows.length === 0 ? [] : [["| flag | |", "|---|---|", ...rows].join("\n")];
}

const INTRODUCTION = `# Commands

<!-- Made by scripts/docs.ts from the definitions in src/cli/commands; do not edit. -->

\`migrate --help\` prints the overview, and \`migrate COMMAND --help\` what is below. Names can be written with \`_\` for
\`-\`, as in Alembic (\`list_templates\`).

The answer of a command goes to stdout, everything else to stderr; with \`--json\` the answer is one JSON document, also
for an error. These flags go with every command, before or after its name:

${flagTable(globals).join("")}

Before the command's name, \`-c\` is always \`--config\`; after \`current\` it is \`--check-heads\`, as in Alembic.

| exit code | |
|---|---|
| 0 | done |
| 1 | findings: \`check\`, \`verify\`, \`repair\`, \`receipt\`, \`current --check-heads\` |
| 2 | the command line or the configuration is wrong |
| 3 | a migration file is wrong: header, pairing, SQL |
| 4 | the graph is wrong, or has no such revision: a cycle, a missing parent, several heads |
| 5 | the database is not in the state that is needed: a guard that stops it, an edited file, an interrupted step, a lock that is held |
| 6 | the database refused a statement, or could not be reached |
| 70 | a bug of Retort |
| 130, 143 | stopped by SIGINT, SIGTERM |

## Targets

Where a command takes a TARGET, it can be

| target | |
|---|---|
| \`29f859a13ea1\`, \`29f8\` | an id, or the beginning of one |
| \`billing\` | the revision that carries this branch label |
| \`0004\` | a file number, where the file names have one and no other file has the same |
| \`head\`, \`heads\` | the one head; all of them |
| \`base\` | where nothing is applied |
| \`+2\`, \`-1\` | so many up or down from what is applied |
| \`29f8+2\`, \`head-1\` | so many up or down from there |
| \`billing@head\`, \`billing@+1\`, \`billing@base\` | the same on that branch alone |
| \`current\` | what is applied; for \`show\`, \`edit\`, \`history\` |
| \`a:b\`; \`a,b:head\` | from a (or from both) to b: for \`history -r\` and \`--sql\` |

## Templates for new revisions

\`migrate revision -t NAME\` starts the files from \`NAME.up.sql\` and \`NAME.down.sql\`, from the folder that the config file
names in \`templates\`, or else from those that are shipped (\`migrate list-templates\`). One of yours replaces a shipped one
of the same name: \`default\` is what every revision starts from, \`merge\` what \`migrate merge\` writes.

A template is the SQL below the header. It can start with \`-- template: <what it is for>\`, which is not copied, and then
with \`transaction\`, \`irreversible\`, \`lock-timeout\` and \`statement-timeout\` as in a header; with \`irreversible\` no down
file is made. In comment lines \`{{message}}\`, \`{{revision}}\` and \`{{date}}\` are replaced.

## Names of new files

\`fileName\` in the config file, before \`.up.sql\` and \`.down.sql\`; the default is \`{number}_{slug}\`.

| placeholder | |
|---|---|
| \`{number}\` | the next number, of four digits or as many as the highest has |
| \`{slug}\` | the words of the message |
| \`{revision}\` | the id |
| \`{date:YYYY_MM_DD_HHmm}\` | now, in UTC; from YYYY, MM, DD, HH, mm, ss and signs between them |

With \`{number}\` every file must be named so. Without it any name is read, and numbers are no targets.

## Make

\`migrate init --makefile\` writes \`migrate.mk\`; in your Makefile say \`include migrate.mk\`:

| target | does |
|---|---|
| \`make migrate-create MSG="add users"\` | \`migrate revision -m "add users"\` |
| \`make migrate-up\` | \`migrate upgrade head\` |
| \`make migrate-down\` | \`migrate downgrade -1\` |
| \`make migrate-status\` | \`migrate status\` |
| \`make migrate-sql > migration.sql\` | \`migrate upgrade head --sql\` |

\`MIGRATE_TO=...\` replaces the target, \`MIGRATE=...\` the command, which is \`npx migrate\`.`;
