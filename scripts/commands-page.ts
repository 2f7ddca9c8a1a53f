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

\`migrate --help\` lists the commands. \`migrate COMMAND --help\` shows what this page says about one. \`_\` in a name is the
same as \`-\`, as in Alembic (\`list_templates\`).

Results go to stdout, everything else to stderr. With \`--json\` a result, or an error, is one JSON document.
\`upgrade\` and \`downgrade\` take \`--json-events\`: each event is one line of JSON as it happens, and the last line is the
result (\`"type": "result"\`) or the error (\`"type": "error"\`).

If stdout cannot be written to, such as on a full disk, a command ends with \`usage/cannot-write\`, exit code 2. A run of
\`upgrade\`, \`downgrade\` or \`stamp\` is not stopped by that: it goes on to its end, and then says on stderr what it has
done. A reader that leaves early (\`| head\`) is no error, and does not stop a run either.

The package contains a JSON schema of all of these,
[migrate.output.schema.json](../migrate.output.schema.json). Its version increases when a key is removed or changes
its meaning.

These flags belong to every command, and may come before or after its name:

${flagTable(globals).join("")}

\`init\` takes its folder as an argument, without which it makes no second project below one. It has neither \`--directory\`
nor \`--config\`.
Before the name, \`-c\` is always \`--config\`. After \`current\` it is \`--check-heads\`, as in Alembic.

| exit code | |
|---|---|
| 0 | done |
| 1 | findings: \`check\`, \`lint\`, \`test\`, \`dev --once\`, \`drift\`, \`doctor\`, \`verify\`, \`repair\`, \`receipt\`, \`trace\`, \`current --check-heads\`, \`--fail-on hazard\`; \`revision --autogenerate\`, \`squash\`, \`baseline\`: nothing was written, because something would be lost, must be decided or is not proven; \`adopt\`: something is left to do by hand, or \`--prove\` has found a difference; or a question was answered with no, and nothing was done |
| 2 | the command line or the configuration is wrong |
| 3 | a migration file is wrong: header, pairing, SQL |
| 4 | the graph is wrong, or has no such revision: a cycle, a missing parent, several heads |
| 5 | the database is not in the required state: a guard stopped the command, a file was edited, a step was interrupted, the lock is held |
| 6 | the database refused a statement, or could not be reached |
| 70 | a bug in Retort |
| 130, 143 | stopped by SIGINT, SIGTERM |

## Targets

A TARGET is one of:

| target | |
|---|---|
| \`29f859a13ea1\`, \`29f8\` | an id, or a unique prefix of one; of at least three characters where all are digits |
| \`billing\` | the revision that carries this branch label |
| \`0004\` | a file number, if no other file has the same and it is no id or label |
| \`head\`, \`heads\` | the only head; all heads |
| \`base\` | the state before the first migration |
| \`+2\`, \`-1\` | for \`upgrade\` and \`downgrade\`, that many up (with all that the revision there needs, such as the other parents of a merge) or down from what is applied; for \`show\`, \`edit\`, \`lint\`, \`review\`, \`test\`, \`trace\`, \`merge\` and \`--head\`, and at the start of \`-r\` and of what \`squash\` takes, \`-1\` is counted from each head |
| \`29f8+2\`, \`head-1\` | that many up or down from there; this may be base as the start of a range, and as the target of a downgrade, which then undoes every branch (\`billing@-1\` undoes that one alone) |
| \`billing@head\`, \`billing@+1\`, \`billing@base\` | the same on that branch alone |
| \`current\` | what is applied; for \`show\`, \`edit\` and \`-r\` of \`history\` and \`graph\` |
| \`a:b\`; \`a,b:head\` | from a (or from both) to b: for \`-r\`, \`--sql\`, and where \`--help\` says RANGE, WHICH or START:END |

An id or a branch label goes before a file number that reads the same, and a file number before the beginning of an id.

## Templates for new revisions

\`migrate revision -t NAME\` copies the templates \`NAME.up.sql\` and \`NAME.down.sql\` from the folder \`templates\` of the
config file, or else from those that are shipped (\`migrate list-templates\`). One of yours replaces a shipped one of the same
name. \`default\` is used for every revision, \`merge\` by \`migrate merge\`.

A template is the SQL below the header. It may begin with \`-- template: <what it is for>\`, which is not copied, followed
by \`transaction\`, \`irreversible\`, \`lock-timeout\` and \`statement-timeout\` lines, which go to the header. With
\`irreversible\` there is no down file. In comment lines \`{{message}}\`, \`{{revision}}\` and \`{{date}}\` are replaced.

## Names of new files

\`fileName\` in the config file sets the part before \`.up.sql\` and \`.down.sql\`. The default is \`{number}_{slug}\`.

| placeholder | |
|---|---|
| \`{number}\` | the next number that is no id or branch label, with four digits or as many as the highest has |
| \`{slug}\` | the words of the message |
| \`{revision}\` | the id |
| \`{date:YYYY_MM_DD_HHmm}\` | the current time in UTC, from YYYY, MM, DD, HH, mm, ss and separators |

With \`{number}\` every file must have such a name. Without it any name is allowed, and numbers are not targets.

## Make

\`migrate init --makefile\` writes \`migrate.mk\`. Add \`include migrate.mk\` to your Makefile:

| target | does |
|---|---|
| \`make migrate-create MSG="add users"\` | \`migrate revision -m "add users"\` |
| \`make migrate-up\` | \`migrate upgrade head\` |
| \`make migrate-down\` | \`migrate downgrade -1\` |
| \`make migrate-status\` | \`migrate status\` |
| \`make -s migrate-sql > migration.sql\` | \`migrate upgrade head --sql\` |

\`MIGRATE_TO=...\` sets another target, \`MIGRATE_FLAGS=...\` adds flags, such as
\`make migrate-down MIGRATE_FLAGS=--yes\` where there is no terminal, \`MIGRATE=...\` another command than \`npx pgretort\`.`;
