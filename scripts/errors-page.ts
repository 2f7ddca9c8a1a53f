/** The codes of errors, with what each means, and the golden cases → docs/errors.md. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorKind, exitCodes } from "../src/core/errors.ts";

export const errorsPagePath = "docs/errors.md";

/** What each code means, in a sentence. A test holds it against the codes in `src`. */
export const meanings: Readonly<Record<string, string>> = {
  "findings/changed-script": "The script was changed after it was written.",
  "findings/loss": "The new migration would remove rows or values.",
  "findings/multiple-heads": "There are several heads, but there should be one.",
  "findings/not-at-heads": "Not all heads are applied.",
  "findings/not-proven": "It could not be proven that the new migration leads to the desired schema.",
  "findings/rebuild": "An object would have to be dropped and recreated.",
  "findings/rename": "An object may have been renamed, or dropped and another created: say which.",
  "findings/substitution": "The other tool replaces a placeholder in the file with a value; Retort does not.",
  "findings/version-table": "A statement uses the table in which the other tool records what it has run.",
  "usage/cannot-remove": "A file cannot be deleted.",
  "usage/cannot-write": "A file or a folder cannot be written.",
  "usage/client": "The value of `--client` is neither `psql` nor `any`.",
  "usage/client-cannot": "The plan needs something that this client cannot do.",
  "usage/config-file": "The config file does not exist or cannot be read.",
  "usage/config-key": "The config file has an unknown key, or a key twice.",
  "usage/config-syntax": "The config file is not JSON with comments.",
  "usage/config-value": "A value in the config file or the environment is not valid for its setting.",
  "usage/database-address": "The address of the database cannot be read.",
  "usage/duration": "The value of a flag is not a time such as `5s`.",
  "usage/editor": "The editor cannot be started, or exited with an error.",
  "usage/exclusive-flags": "Two flags cannot be combined.",
  "usage/extra-argument": "The command takes fewer arguments.",
  "usage/file-exists": "A file to be created already exists.",
  "usage/file-name": "This cannot be the name of a migration's file.",
  "usage/file-name-pattern": "`fileName` in the config file is not a valid pattern for file names.",
  "usage/forget": "`repair --forget` names a revision that has a file, or is not applied.",
  "usage/format": "The value of `--format` is unknown.",
  "usage/git": "`--since` needs git, which is missing or does not know the ref.",
  "usage/header": "A value for the header of a new migration is not valid.",
  "usage/long-variable": "A variable is too long after the variables in it are replaced.",
  "usage/missing-directory": "A folder of migrations does not exist.",
  "usage/missing-argument": "The command needs an argument, such as a target.",
  "usage/missing-value": "A flag needs a value.",
  "usage/missing-variable": "A variable that is used is not set.",
  "usage/needs-sql": "A flag for scripts was given without `--sql`.",
  "usage/needs-yes": "The command asks for confirmation, but there is no terminal.",
  "usage/no-database": "No database is configured.",
  "usage/no-editor": "Neither VISUAL nor EDITOR is set.",
  "usage/no-engine": "The package that compares schemas is not installed.",
  "usage/no-environment": "`-n` names an environment that the config file does not have.",
  "usage/no-folder": "The current directory no longer exists.",
  "usage/no-migration": "A path is not a migration file of the project.",
  "usage/no-message": "A new revision has no message.",
  "usage/no-receipt": "The file is not a script of Retort: it has no receipt.",
  "usage/no-schema": "There is no schema to compare with: the schema folder has no files.",
  "usage/no-templates": "The templates folder does not exist.",
  "usage/no-tool": "The folder does not look like that of a known tool.",
  "usage/not-empty": "A folder to be written to is not empty.",
  "usage/not-yet": "This is not implemented yet.",
  "usage/number": "The value of a flag is not a whole number.",
  "usage/range": "This is not a range of revisions.",
  "usage/range-not-allowed": "A range was given where a single target is needed.",
  "usage/range-required": "A downgrade script needs the revision at which it starts.",
  "usage/rename": "`--rename` is not of the form `old=new`, or names an object that does not exist.",
  "usage/reversed-range": "The range of a script is reversed: its end comes before its start.",
  "usage/rule-set": "`lint.version` in the config file is not a version of the rule set in this release.",
  "usage/rule-twice": "The config file gives one rule two severities.",
  "usage/scratch": "No scratch database can be created on the named server.",
  "usage/server-version": "The value of `--server-version` is not a version of PostgreSQL.",
  "usage/service": "The service does not exist in libpq's service file, or the file cannot be read.",
  "usage/several-version-tables": "Several tables have the name of the other tool's table.",
  "usage/tls-file": "A certificate or a key that TLS needs is missing, or cannot be used.",
  "usage/unknown-command": "The command does not exist.",
  "usage/unexpected-value": "A flag that takes no value was given one.",
  "usage/unknown-flag": "The command does not have this flag.",
  "usage/unknown-rule": "The config file names a rule that does not exist.",
  "usage/unknown-template": "The template does not exist.",
  "usage/unknown-tool": "`--tool` names an unknown tool.",
  "usage/unreadable-directory": "A folder of migrations cannot be read.",
  "usage/unreadable-file": "A file cannot be read.",
  "usage/version-path": "`--version-path` names a folder that is not one of the project's.",
  "source/advisory-unlock-all": "The file would release all advisory locks, including that of the run.",
  "source/batch": "A `-- batch:` line is invalid, or does not fit the statement below it.",
  "source/client-encoding": "The file changes client_encoding; files are UTF-8.",
  "source/control-character": "A value in the header contains a control character.",
  "source/copy-stdin": "COPY FROM STDIN: a migration is only SQL, without rows after it.",
  "source/copy-stdout": "COPY TO STDOUT: nobody would read the rows.",
  "source/discard-all": "DISCARD ALL would release the lock of the run.",
  "source/down-revision-differs": "The up file and the down file of a pair name different revisions.",
  "source/duplicate-item": "A list in the header has an item twice.",
  "source/duplicate-key": "A key appears twice in the header.",
  "source/duplicate-revision": "Two migrations have the same revision.",
  "source/empty-item": "A list in the header has an empty item.",
  "source/empty-value": "A key in the header has no value.",
  "source/encoding": "The file is not UTF-8.",
  "source/file-name": "The name is not that of a migration.",
  "source/illegal-id": "A revision or a branch label contains a character that is not allowed.",
  "source/illegal-value": "The header has a value that its key does not allow.",
  "source/irreversible-with-down":
    "The up file says that the migration is irreversible, but there is a down file.",
  "source/journal": "The journal of Drizzle is missing, or is not as Drizzle writes it.",
  "source/link-outside": "A symbolic link points outside the project.",
  "source/misplaced-key": "The key belongs in the up file.",
  "source/missing-key": "A required key is missing in the header.",
  "source/mixed-transaction": "Some statements of the file need a transaction, and others cannot run in one.",
  "source/newer-syntax": "The server is too old for this syntax.",
  "source/no-header": "No file has a header: the folder is that of another tool.",
  "source/nonstandard-strings":
    "The file switches off standard_conforming_strings, which changes how what follows is read.",
  "source/not-in-transaction": "`--single-transaction` was given, but a step cannot run in a transaction.",
  "source/not-splittable":
    "A statement needs the session of an earlier one, but each file of a split script has its own session.",
  "source/not-text": "The file contains an invalid character.",
  "source/nul-byte": "The file contains a NUL byte.",
  "source/other-database": "The migrations of the other tool are not for PostgreSQL.",
  "source/plpgsql": "The body of a function or a DO block is not PL/pgSQL.",
  "source/psql-block": "psql would take a name for the start or the end of a block.",
  "source/psql-command": "The file contains a command of psql; a migration is only SQL.",
  "source/psql-string": "psql would read a string differently from the server.",
  "source/psql-variable": "The file contains a variable of psql, which is not replaced.",
  "source/renamed-from":
    "A `-- renamed-from:` line is not above an object, or names one that does not exist.",
  "source/reserved-id": "The word is reserved, and cannot be a revision or a label.",
  "source/schema": "A file of the schema folder could not be loaded.",
  "source/short-number": "The number of the file name has too few digits to sort.",
  "source/syntax": "The file is not valid SQL by PostgreSQL's grammar.",
  "source/template": "A template has an unknown placeholder, or one outside a comment.",
  "source/too-deep": "The statement is too deeply nested, or too large, to be parsed.",
  "source/transaction-control": "The file starts or ends a transaction itself.",
  "source/unknown-key": "The header has an unknown key.",
  "source/unreadable": "The file cannot be read.",
  "source/uppercase-key": "A key of the header is not in lower case.",
  "graph/ambiguous-name": "The beginning of an id matches several revisions.",
  "graph/ambiguous-start": "A relative target could start from several heads.",
  "graph/ambiguous-walk": "A relative target could lead to several revisions.",
  "graph/cycle": "Revisions follow one another in a cycle.",
  "graph/dependency-cycle": "Revisions depend on one another in a cycle.",
  "graph/depends-on-base": "Nothing can depend on base.",
  "graph/duplicate-heads": "A head was given twice.",
  "graph/duplicate-label": "Two revisions have the same branch label.",
  "graph/duplicate-revision": "Two migrations have the same revision.",
  "graph/illegal-character": "A revision or a label contains a character that has a meaning in targets.",
  "graph/irreversible": "The migration is irreversible.",
  "graph/missing-dependency": "A revision depends on one that does not exist.",
  "graph/missing-parent": "A revision follows one that does not exist.",
  "graph/multiple-heads": "There are several heads where one is needed.",
  "graph/no-files": "There is no migration to which this applies.",
  "graph/no-such-range": "The two ends of the range are not on one line of the history.",
  "graph/not-a-head": "Only a head can be removed, or extended without --splice.",
  "graph/not-below": "The target of a downgrade is not below what is applied.",
  "graph/not-on-branch": "The revision is not on that branch.",
  "graph/nothing-to-merge": "A merge needs two heads.",
  "graph/one-revision": "Exactly one revision is needed.",
  "graph/overlap": "One of several targets is on the way to another.",
  "graph/reserved-name": "A reserved word, such as `head`, cannot be a revision or a label.",
  "graph/self-loop": "A revision follows, or depends on, itself.",
  "graph/unknown-revision": "The revision does not exist.",
  "graph/walked-too-far": "A relative target goes beyond the first or the last migration.",
  "state/applied": "The migration is applied, or under way, in the database.",
  "state/changed-comments": "Comments or white space of an applied migration have changed.",
  "state/changed-file": "The SQL of an applied migration has changed.",
  "state/changed-header": "The header of an applied migration has changed.",
  "state/dirty": "The other tool did not finish a migration in this database.",
  "state/gap": "The other tool has run a migration, but not one before it.",
  "state/guard":
    "The database is not in the expected state, or its ledger is not trusted or is inconsistent. Nothing was changed.",
  "state/hole": "A revision is applied, but one that it needs is not.",
  "state/interrupted": "A step outside a transaction was interrupted, and is not finished.",
  "state/ledger-format": "The ledger has a different format from the one that scripts need.",
  "state/locked": "Another migrator holds the lock of the ledger.",
  "state/no-version-table": "The table of the other tool does not exist in the database.",
  "state/unknown-revision": "A revision is applied, but has no file.",
  "state/unknown-version": "The other tool has run a migration that the folder does not have.",
  "execution/cancelled": "The user or the system asked to stop.",
  "execution/commit": "The COMMIT of a step failed, for example because of a deferred constraint.",
  "execution/connect": "Connecting to the database failed.",
  "execution/connection-lost": "The connection was lost.",
  "execution/database-in-use": "Another process has the embedded database open.",
  "execution/ledger": "The ledger cannot be read.",
  "execution/own-statement": "A statement that is not from a migration failed.",
  "execution/pooler": "The database is behind a pooler in transaction mode.",
  "execution/read-only":
    "The database is read-only: it is on a standby, or default_transaction_read_only is on.",
  "execution/statement": "A statement of a migration failed.",
  "execution/unexpected-row": "The database answered an internal query with an unexpected row.",
};

/** The page, from the table and the golden cases below `cases`. */
export function errorsPage(cases = "test/cases"): string {
  const examples = examplesIn(cases);
  const kinds = [...new Set(Object.keys(meanings).map(kindOf))];
  return `${[
    "# Errors",
    "",
    "Every error has a code, which does not change. The part before its `/` is its kind, and each kind has an exit code; with",
    "`--json` the code is `error.code`. An error says what is so and, in its hint, what to type. The examples are from the tests.",
    "",
    "| exit code | kind |",
    "|---|---|",
    ...kinds.map((kind) => `| ${exitCodes[kind]} | [${kind}](#${kind}) |`),
    "",
    "0 is success; 1 also means that a question was answered with no, or that a command found what it looks for; 70 is a bug, which",
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

/** The first error of each code that a golden case shows, to the next empty line. */
function examplesIn(cases: string): ReadonlyMap<string, string> {
  const examples = new Map<string, string>();
  for (const name of readdirSync(cases).sort()) {
    const stderr = textOf(join(cases, name, "stderr"));
    for (const found of stderr.matchAll(
      /^(?!\$).*error\[([a-z-]+\/[a-z0-9-]+)\].*(?:\n(?!\$|.*error\[).+)*/gm,
    ))
      if (!examples.has(found[1]!)) examples.set(found[1]!, found[0].trimEnd());
  }
  return examples;
}
