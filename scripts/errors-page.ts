/** The codes of errors, with what each means, and the golden cases → docs/errors.md. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorKind, exitCodes } from "../src/core/errors.ts";

export const errorsPagePath = "docs/errors.md";

const CASES = "test/cases";

/** What each code means, in a sentence. A test holds it against the codes in `src`. */
export const meanings: Readonly<Record<string, string>> = {
  "findings/baseline": "The schema that the first migration creates would differ from that of the database.",
  "findings/changed-script": "The script differs from the one that was handed out.",
  "findings/hazard":
    "With `--fail-on hazard`: other sessions would wait while a table is rewritten, scanned or indexed.",
  "findings/loss": "The new revision would delete rows or values.",
  "findings/multiple-heads": "There are several heads, but there should be one.",
  "findings/not-at-heads":
    "Not all heads are applied, a step is under way or was interrupted, or revisions are applied that are no migrations here. A revision that is generated from such a database (`--desired`) would take back what is pending.",
  "findings/not-proven":
    "The new revision could not be proven to lead to the desired schema, a squashed one to what those lead to that it replaces, or adopted files to the schema of their tool.",
  "findings/rebuild": "An object would have to be dropped and created again.",
  "findings/rename": "An object was renamed, or one was dropped and another created: say which.",
  "findings/schema-differs": "The schema folder and the migrations differ.",
  "findings/substitution": "The other tool replaces a name with a value; Retort does not.",
  "findings/version-table": "A statement uses the table in which the other tool records what it has run.",
  "usage/cannot-dump": "The schema has an object that cannot be written as SQL.",
  "usage/cannot-remove": "A file cannot be deleted.",
  "usage/cannot-write": "A file or a folder cannot be written.",
  "usage/client": "`--client` takes `psql` or `any`.",
  "usage/client-cannot": "The plan needs something that this client cannot do.",
  "usage/committed": "The newest revision is committed, so it is not run again.",
  "usage/config-file": "The config file does not exist or cannot be read.",
  "usage/config-key": "The config file has an unknown key, or one key twice.",
  "usage/config-syntax": "The config file is not JSON with comments.",
  "usage/config-value": "A value in the config file or in the environment is not valid for its setting.",
  "usage/connection": "A connection that the API was given cannot be used.",
  "usage/database-address": "The address of the database cannot be read.",
  "usage/dev-database":
    "`migrate dev --on-database` needs a database that is named for it, by `--database` or the config file.",
  "usage/duration": "A flag takes a time such as `5s`, but has another value.",
  "usage/editor": "The editor could not be started, or exited with an error.",
  "usage/empty-value": "The value of a flag, or an argument, is empty.",
  "usage/exclusive-flags": "Two flags cannot be used together.",
  "usage/extra-argument": "The command takes fewer arguments.",
  "usage/extra-flag": "A flag that all commands share does not belong to this one.",
  "usage/fail-on": "`--fail-on` takes only `hazard`.",
  "usage/file-changed": "A file has changed while the command worked on it.",
  "usage/file-exists": "A file that would be created already exists.",
  "usage/forget":
    "`repair --forget` names a revision that has a file, is not applied, or whose row keeps an upgrade from running what the database may have.",
  "usage/format": "`--format` has an unknown value, or another one than `--json`.",
  "usage/git": "`--since` needs git, which is missing or does not know the ref.",
  "usage/header": "A value cannot be in the header of a new migration.",
  "usage/ignore": "A pattern of objects to leave out names a class that does not exist.",
  "usage/in-transaction": "A connection that the API was given is in a transaction.",
  "usage/irreversible-range": "`--with-downgrade` needs a down file for each migration of the range.",
  "usage/kept-by-npm":
    "npm takes flags that stand before `--` for its own, and the script that it runs does not get them.",
  "usage/long-variable": "A variable is too long once those in it are replaced.",
  "usage/missing-directory": "A folder of migrations does not exist.",
  "usage/misplaced-address": "An argument, or the value of a flag, is the address of a database.",
  "usage/missing-argument": "The command needs an argument, such as a target.",
  "usage/missing-value": "A flag needs a value.",
  "usage/missing-variable": "A variable that is used is not set.",
  "usage/needs-flag": "A flag was given without another, or an argument, that it goes with.",
  "usage/needs-yes": "A question must be answered, and there is no terminal.",
  "usage/no-database": "No database is configured.",
  "usage/no-editor": "Neither VISUAL nor EDITOR is set.",
  "usage/no-environment": "`-n` names an environment that the config file does not have.",
  "usage/no-folder": "The working directory no longer exists.",
  "usage/no-migration": "A path is not a migration file of the project.",
  "usage/no-migrations": "The folder has no migrations, but folders below it have, which are not read.",
  "usage/no-message": "A new revision has no message.",
  "usage/no-package": "A package that only some commands need is not installed.",
  "usage/no-program": "The command of the tool that is adopted from cannot be run.",
  "usage/no-receipt": "The file is not a script of Retort: it contains no receipt.",
  "usage/no-schema": "There is no schema to compare with: the schema folder has no files.",
  "usage/no-templates": "The templates folder does not exist.",
  "usage/no-tool": "The folder does not look like that of a tool that can be adopted from.",
  "usage/not-a-dump":
    "A file or a folder in the way of the dump was not written by `migrate dump`, or is another dump's.",
  "usage/not-a-graph": "A file that a graph would replace is not one that `migrate` wrote.",
  "usage/not-a-review": "A file that a review would replace is not one that `migrate` wrote.",
  "usage/not-a-script": "A file that a script would replace is not a script as `migrate` wrote it.",
  "usage/not-adopted": "A migration of the other tool is not among the project's.",
  "usage/not-empty": "A folder that must be empty is not.",
  "usage/not-first": "A baseline must be the first migration, but the project already has migrations.",
  "usage/number": "A flag takes a whole number, but has another value.",
  "usage/option": "The API was given an option that it does not know, or a value that it cannot take.",
  "usage/program-failed": "The command of the tool that is adopted from prints no SQL.",
  "usage/own-folder":
    "The folder to adopt, or that of a file of SQL to be written, has migrations of Retort.",
  "usage/range": "This is not a range of revisions.",
  "usage/range-not-allowed": "A range was given instead of one target.",
  "usage/range-required": "A script of a downgrade needs a starting point.",
  "usage/rebuild": "A table that `--allow-rebuild` names does not exist.",
  "usage/reference-rows":
    "A table of `referenceRows` does not exist, has no primary key, or has one that a sequence numbers in the schema files.",
  "usage/rename":
    "`--rename` is not of the form `old=new`, names an object that does not exist, or contradicts another one.",
  "usage/repeated-flag": "A flag that takes one value was given two.",
  "usage/reversed-range": "The range of a script is reversed: its end comes before its start.",
  "usage/rule-set": "`lint.version` in the config file is not a version of the rule set in this release.",
  "usage/rule-twice": "The config file gives one rule two severities.",
  "usage/shell": "`completion` was given the name of a shell that it does not know.",
  "usage/scratch":
    "A scratch database cannot be created on the server given for it, or tests have no server to connect to.",
  "usage/server-version": "`--server-version` is not a version of PostgreSQL.",
  "usage/service": "The service does not exist in libpq's service file, or the file cannot be read.",
  "usage/several-version-tables": "Several tables have the name of the other tool's table.",
  "usage/test-database": "A test database is used before it is made.",
  "usage/tls-file": "A certificate or a key that TLS needs is missing, or cannot be used.",
  "usage/unknown-command": "The command does not exist.",
  "usage/unexpected-value": "A flag that takes no value has one.",
  "usage/unknown-flag": "The command has no such flag.",
  "usage/unknown-rule": "The config file names a rule that does not exist.",
  "usage/unknown-template": "The template does not exist.",
  "usage/unknown-tool": "`--tool` names an unknown tool.",
  "usage/unreadable-directory": "A folder cannot be read.",
  "usage/unreadable-file": "A file cannot be read.",
  "usage/variable": "`-x` takes `KEY=VALUE`, but has another value.",
  "usage/squash": "The range does not name two or more migrations, or has others in between.",
  "usage/version-path": "`--version-path` names a folder that is not one of the project's.",
  "source/advisory-unlock-all": "The file would release all advisory locks, including Retort's.",
  "source/batch": "A `-- batch:` line cannot be read, or does not fit the statement below it.",
  "source/client-encoding": "The file changes client_encoding; files are UTF-8.",
  "source/control-character": "A value in the header contains a control character.",
  "source/copy-stdin": "COPY FROM STDIN: a migration contains only SQL, without rows after it.",
  "source/copy-stdout": "COPY TO STDOUT: nobody would read the rows.",
  "source/ledger":
    "A statement would change the tables of the ledger, which only a run writes, or put something else into its schema.",
  "source/discard-all": "DISCARD ALL would release the lock.",
  "source/down-marker":
    "A comment in the up file is the line with which another tool begins its down section: what is below it would run in the upgrade.",
  "source/down-revision-differs": "The up file and the down file of a pair name different revisions.",
  "source/duplicate-item": "A list in the header has an item twice.",
  "source/duplicate-key": "The header has a key twice.",
  "source/duplicate-revision": "Two migrations have the same revision.",
  "source/empty-item": "A list in the header has an empty item.",
  "source/empty-value": "A key in the header has no value, which means none only where a list may follow.",
  "source/encoding": "The file is not UTF-8: it is in another encoding, or compressed.",
  "source/file-name": "The file name is not that of a migration.",
  "source/header-line":
    "A line of the header has no colon after its key, or does not begin with two hyphens, so it would have no effect.",
  "source/illegal-id": "A revision or a branch label contains a character that is not allowed.",
  "source/illegal-value": "A value in the header is not valid for its key.",
  "source/irreversible-with-down":
    "The up file says that the migration is irreversible, but there is a down file.",
  "source/journal": "The journal of Drizzle is missing, or is not as Drizzle writes it.",
  "source/link-outside": "A symbolic link points outside the project.",
  "source/misplaced-key": "A header line is where it has no effect.",
  "source/missing-key": "The header lacks a required key.",
  "source/mixed-transaction": "Some statements of the file need a transaction, and others cannot run in one.",
  "source/newer-syntax": "The server, or the version that is given for it, is too old for this syntax.",
  "source/no-header": "No file has a header: the folder is that of another tool.",
  "source/nonstandard-strings":
    "The file switches off standard_conforming_strings, which changes how the rest is read.",
  "source/not-in-transaction": "`--single-transaction` was given, and a step cannot run in a transaction.",
  "source/not-splittable":
    "A statement needs the session of an earlier one, but the files of a split script have separate sessions.",
  "source/not-text": "The file contains a character that is not text.",
  "source/nul-byte": "The file contains a NUL byte.",
  "source/other-database": "The migrations of the other tool are not for PostgreSQL.",
  "source/plpgsql": "The body of a function or a DO block is not PL/pgSQL.",
  "source/psql-block": "psql would take a name for the start or the end of a block.",
  "source/psql-command": "The file contains a psql command; a migration contains only SQL.",
  "source/psql-string": "psql would read a string differently from the server.",
  "source/psql-variable": "The file contains a psql variable, which nothing replaces.",
  "source/renamed-from":
    "A `-- renamed-from:` comment is not a line above an object or a column, names one that does not exist, or contradicts another one.",
  "source/reserved-id": "The word has a special meaning and cannot be a revision or a label.",
  "source/schema": "A file of the schema folder could not be loaded.",
  "source/short-number": "The number of the file name has too few digits to sort.",
  "source/swapped-files": "The up file and the down file of a pair have each other's name.",
  "source/syntax": "PostgreSQL's grammar does not accept the file.",
  "source/template": "A template has a placeholder where none is allowed.",
  "source/too-deep": "The statement is too deeply nested, or too large, to parse.",
  "source/transaction-control": "The file starts or ends a transaction itself.",
  "source/unknown-key": "The header has an unknown key.",
  "source/unreadable": "The file cannot be read.",
  "source/uppercase-key": "A key of the header is not in lower case.",
  "graph/ambiguous-name": "The prefix matches several revisions.",
  "graph/ambiguous-start": "A relative target could start from several heads.",
  "graph/ambiguous-walk": "A relative target could lead to several revisions.",
  "graph/base-and-more": "A stamp names `base`, which is nothing, together with revisions.",
  "graph/cycle": "Revisions follow one another in a cycle.",
  "graph/dependency-cycle": "Revisions depend on one another in a cycle.",
  "graph/depends-on-base": "A revision cannot depend on base.",
  "graph/duplicate-heads": "A head was given twice.",
  "graph/duplicate-label": "Two revisions have the same branch label.",
  "graph/duplicate-revision": "Two migrations have the same revision.",
  "graph/empty-name": "A revision id or a branch label is empty.",
  "graph/follows-replaced": "A squashed revision follows one that it replaces.",
  "graph/half-replaced":
    "Some of the files that a squashed revision replaces exist, and others do not; or `revision --remove` would bring that about.",
  "graph/illegal-character": "A revision or a label contains a character that is used in targets.",
  "graph/irreversible": "The migration is marked as irreversible.",
  "graph/missing-dependency": "A revision depends on one that does not exist.",
  "graph/missing-parent": "A revision follows one that does not exist.",
  "graph/missing-replaced": "A squashed revision names the number or the name of a file where an id belongs.",
  "graph/multiple-heads": "There are several heads, but the target means one.",
  "graph/no-files": "The target names no migration.",
  "graph/no-such-range": "Neither end of the range leads to the other.",
  "graph/not-a-head": "Only a head can be removed, or extended without --splice.",
  "graph/not-below": "The target of a downgrade is not below what is applied.",
  "graph/not-on-branch": "The revision is not on that branch.",
  "graph/nothing-to-merge": "A merge needs two heads.",
  "graph/one-revision": "Exactly one revision is required.",
  "graph/overlap": "One of several targets is on the way to another.",
  "graph/reserved-name": "A word with a special meaning, such as `head`, cannot be a revision or a label.",
  "graph/replaced-twice": "Two squashed revisions replace the same revision.",
  "graph/self-loop": "A revision follows, or depends on, itself.",
  "graph/unknown-revision": "The revision does not exist.",
  "graph/walked-too-far": "A relative target goes beyond the first or the last migration.",
  "state/applied": "The migration is applied in the database, or in progress.",
  "state/changed-comments": "Comments or white space of an applied migration have changed.",
  "state/changed-file":
    "The SQL of an applied migration is not what the ledger recorded: the file was changed, or the row is another project's.",
  "state/changed-header": "The header of an applied migration is not what the ledger recorded.",
  "state/dirty": "The other tool did not finish a migration in this database.",
  "state/diverged": "A stamp must not delete rows, but the ledger has gone another way than its target.",
  "state/gap": "The other tool has run a migration, but not an earlier one.",
  "state/guard":
    "The database is not in the expected state, or its ledger cannot be trusted or is inconsistent. Nothing was changed, except by steps done before.",
  "state/half-replaced": "Only some of the revisions that a squashed one replaces are applied.",
  "state/hole": "A revision is applied, but one that it needs is not.",
  "state/interrupted": "A step outside a transaction was interrupted, and is not finished.",
  "state/ledger-format": "The format of the ledger is not the one that the script is written for.",
  "state/locked": "Another migrator holds the lock of the ledger.",
  "state/no-version-table": "The table of the other tool does not exist in the database.",
  "state/not-first":
    "A baseline must be the first migration, but the ledger of the database names migrations.",
  "state/not-recorded":
    "Another tool has run migrations of the project in this database, or another ledger there has them, and the project's ledger never recorded any.",
  "state/replaced":
    "The ledger still names revisions that a squashed one replaces, so this script cannot be written.",
  "state/taken-back":
    "The other tool has run migrations that follow others which were taken out of the ledger again.",
  "state/unknown-revision": "A revision is applied, but has no file.",
  "state/unknown-version": "The other tool has run a migration that the folder does not have.",
  "execution/cancelled": "The user or the system asked to stop.",
  "execution/commit": "The COMMIT of a step failed, for example because of a deferred constraint.",
  "execution/connect": "The connection to the database failed.",
  "execution/connection-lost": "The connection was lost.",
  "execution/database-in-use": "Another process, or another call of the API, has the embedded database open.",
  "execution/ledger": "The ledger cannot be read.",
  "execution/own-statement": "A statement of Retort's own failed.",
  "execution/pooler": "The connection goes through a pooler in transaction or statement mode.",
  "execution/read-only":
    "The database accepts no writes: it is on a standby, or default_transaction_read_only is on.",
  "execution/statement": "A statement of a migration failed.",
  "execution/unexpected-row": "The database returned an unexpected result.",
};

/** The page, from the table and the golden cases below `cases`. */
export function errorsPage(cases: string = CASES): string {
  const examples = examplesIn(cases);
  const kinds = [...new Set(Object.keys(meanings).map(kindOf))];
  return `${[
    "# Errors",
    "",
    "Every error has a code, which does not change, a message, and a hint that says what to type. The part of the code before",
    "the `/` is its kind, which determines the exit code. With `--json` the code is `error.code`. The examples are from the",
    "tests.",
    "",
    "| exit code | kind |",
    "|---|---|",
    ...kinds.map((kind) => `| ${exitCodes[kind]} | [${kind}](#${kind}) |`),
    "",
    "0 is success. 1 also means that a question was answered with no, or that a command has findings. 70 is a bug, which",
    "[should be reported](../SECURITY.md).",
    ...kinds.flatMap((kind) => [
      "",
      `## ${kind}`,
      ...codesOf(kind).flatMap((code) => section(code, examples.get(code))),
    ]),
  ].join("\n")}\n`;
}

const kindOf = (code: string): ErrorKind => code.slice(0, code.indexOf("/")) as ErrorKind;

const codesOf = (kind: ErrorKind): readonly string[] =>
  Object.keys(meanings).filter((code) => kindOf(code) === kind);

const section = (code: string, example: string | undefined): readonly string[] => [
  "",
  `### ${code}`,
  "",
  meanings[code]!,
  ...(example === undefined ? [] : ["", "```text", example, "```"]),
];

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** The first error of each code that a golden case shows, with those of the same code below it, to the next empty line. */
export function examplesIn(cases: string = CASES): ReadonlyMap<string, string> {
  const examples = new Map<string, string>();
  for (const name of readdirSync(cases).sort()) {
    const stderr = textOf(join(cases, name, "stderr"));
    for (const found of stderr.matchAll(
      /^(?!\$).*error\[([a-z-]+\/[a-z0-9-]+)\].*(?:\n(?!\$|.*error\[(?!\1\])).+)*/gm,
    ))
      if (!examples.has(found[1]!)) examples.set(found[1]!, found[0].trimEnd());
  }
  return examples;
}
