/** The codes of errors, with what each means, and the golden cases → docs/errors.md. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorKind, exitCodes } from "../src/core/errors.ts";

export const errorsPagePath = "docs/errors.md";

/** What each code means, in a sentence. A test holds it against the codes in `src`. */
export const meanings: Readonly<Record<string, string>> = {
  "findings/changed-script": "The script is not as it was handed out.",
  "findings/hazard":
    "`--fail-on hazard` was said, and others would wait while a table is rewritten, read whole or indexed.",
  "findings/loss": "What is to be written would take rows or values away.",
  "findings/multiple-heads": "There are several heads, and one was asked for.",
  "findings/not-at-heads": "Not all heads are applied.",
  "findings/not-proven": "What is to be written could not be proven to lead where it should.",
  "findings/rebuild": "An object would have to be dropped and made again.",
  "findings/rename": "An object may have been renamed, or dropped and another made: that has to be said.",
  "usage/cannot-remove": "A file could not be deleted.",
  "usage/cannot-write": "A file or a folder could not be written.",
  "usage/client": "`--client` was given something else than `psql` or `any`.",
  "usage/client-cannot": "The plan needs something that such a client cannot do.",
  "usage/config-file": "The config file is not there, or cannot be read.",
  "usage/config-key": "The config file has a key that does not exist, or one twice.",
  "usage/config-syntax": "The config file is not JSON with comments.",
  "usage/config-value":
    "A value in the config file, or in the environment, is not of the form that the setting takes.",
  "usage/database-address": "The address of the database cannot be read.",
  "usage/duration": "A flag takes a time such as `5s`, and was given something else.",
  "usage/editor": "The editor could not be started, or ended with an error.",
  "usage/exclusive-flags": "Two flags were given that exclude each other.",
  "usage/extra-argument": "A word more than the command takes.",
  "usage/fail-on": "`--fail-on` was given something else than `hazard`.",
  "usage/file-exists": "A file that was to be made is there already.",
  "usage/file-name": "This cannot be the name of a migration's file.",
  "usage/file-name-pattern":
    "`fileName` in the config file is not a pattern that names can be made of and read with.",
  "usage/forget": "`repair --forget` names a revision that has a file, or is not applied.",
  "usage/format": "`--format` was given a word that it does not know.",
  "usage/git": "`--since` needs git, and it could not say what the ref has.",
  "usage/header": "What was given for the header of a new migration cannot stand there.",
  "usage/long-variable": "A variable becomes too long once those in it are replaced.",
  "usage/missing-directory": "A folder of migrations is not there.",
  "usage/missing-argument": "The command needs an argument, such as a target.",
  "usage/missing-value": "A flag needs a value.",
  "usage/missing-variable": "A variable is used that is not set.",
  "usage/needs-sql": "A flag for scripts was given without `--sql`.",
  "usage/needs-yes": "A question has to be answered, and there is no terminal to ask in.",
  "usage/no-database": "Nothing says which database is meant.",
  "usage/no-editor": "Neither VISUAL nor EDITOR is set.",
  "usage/no-engine": "The package that compares schemas is not installed.",
  "usage/no-environment": "`-n` names an environment that the config file does not have.",
  "usage/no-folder": "The working directory does not exist any more.",
  "usage/no-migration": "A path that was named is no file of a migration of the project.",
  "usage/no-message": "A new revision has no message.",
  "usage/no-receipt": "The file is no script of Retort: it states no receipt.",
  "usage/no-schema": "There is no schema to compare with: no file in the schema folder.",
  "usage/no-templates": "The folder of templates does not exist.",
  "usage/not-empty": "A folder that is to be filled is not empty.",
  "usage/not-yet": "What was asked for is not there yet.",
  "usage/number": "A flag takes a whole number, and was given something else.",
  "usage/range": "This is no range of revisions.",
  "usage/range-not-allowed": "A range was given where one target is meant.",
  "usage/range-required": "A script of a downgrade has to be told where it starts.",
  "usage/rename": "`--rename` is not of the form `old=new`, or names what is not there.",
  "usage/reversed-range": "The range of a script leads the other way: its end comes before its start.",
  "usage/rule-set": "`lint.version` in the config file is no version of the rule set that this release has.",
  "usage/rule-twice": "The config file says of one rule two things.",
  "usage/scratch": "No scratch database can be made where it was asked for.",
  "usage/server-version": "`--server-version` was given something else than a version of PostgreSQL.",
  "usage/service": "The service file of libpq has no such service, or cannot be read.",
  "usage/tls-file": "A certificate or a key that TLS needs is missing, or cannot be used.",
  "usage/unknown-command": "There is no such command.",
  "usage/unexpected-value": "A flag was given a value, and takes none.",
  "usage/unknown-flag": "There is no such flag of this command.",
  "usage/unknown-rule": "The config file names a rule that does not exist.",
  "usage/unknown-template": "There is no such template.",
  "usage/unreadable-directory": "A folder of migrations cannot be read.",
  "usage/unreadable-file": "A file cannot be read.",
  "usage/version-path": "`--version-path` names a folder that is not one of the project's.",
  "source/advisory-unlock-all": "The file would give up all advisory locks, ours among them.",
  "source/batch": "A `-- batch:` line cannot be read, or does not suit the statement below it.",
  "source/client-encoding": "The file changes client_encoding; files are UTF-8.",
  "source/control-character": "A value in the header holds a control character.",
  "source/copy-stdin": "COPY FROM STDIN: a migration is SQL alone, without rows behind it.",
  "source/copy-stdout": "COPY TO STDOUT: nobody would read the rows.",
  "source/discard-all": "DISCARD ALL would give up the lock.",
  "source/down-revision-differs": "The up file and the down file of a pair name different revisions.",
  "source/duplicate-item": "A list in the header has an item twice.",
  "source/duplicate-key": "A key stands in the header twice.",
  "source/duplicate-revision": "Two migrations have the same revision.",
  "source/empty-item": "A list in the header has an empty item.",
  "source/empty-value": "A key in the header has no value.",
  "source/encoding": "The file is not UTF-8.",
  "source/file-name": "The name is not that of a migration.",
  "source/illegal-id": "A revision or a branch label has a character that it cannot have.",
  "source/illegal-value": "The header has a value that its key does not take.",
  "source/irreversible-with-down": "The up file says that there is no way back, and there is a down file.",
  "source/link-outside": "A symbolic link leads out of the project.",
  "source/misplaced-key": "The key belongs in the up file.",
  "source/missing-key": "The header lacks a key that it must have.",
  "source/mixed-transaction":
    "Some statements of the file need a transaction, and others cannot stand in one.",
  "source/newer-syntax": "The server is too old for this syntax.",
  "source/no-header": "No file has a header: the folder is that of another tool.",
  "source/nonstandard-strings":
    "The file switches off standard_conforming_strings, which changes how what follows is read.",
  "source/not-in-transaction": "`--single-transaction` was asked for, and a step cannot stand in one.",
  "source/not-splittable":
    "A statement needs the session of one before it, and the files of a split script have their own.",
  "source/not-text": "The file has a character that is none.",
  "source/nul-byte": "The file has a NUL byte.",
  "source/plpgsql": "The body of a function or a DO block is not PL/pgSQL.",
  "source/psql-block": "psql would take a name for the beginning or the end of a block.",
  "source/psql-command": "The file has a command of psql; a migration is SQL alone.",
  "source/psql-string": "psql would read a string otherwise than the server.",
  "source/psql-variable": "The file has a variable of psql; nothing replaces it.",
  "source/renamed-from":
    "A `-- renamed-from:` line stands where no object is made, or names what is not there.",
  "source/reserved-id": "The word has a meaning of its own, and cannot be a revision or a label.",
  "source/schema": "A file of the schema folder could not be loaded.",
  "source/short-number": "The number of the file name has too few digits to sort.",
  "source/syntax": "The file is not SQL that PostgreSQL's grammar takes.",
  "source/template": "A template has a placeholder where none can stand.",
  "source/too-deep": "The statement is nested too deeply, or too large, to be parsed.",
  "source/transaction-control": "The file begins or ends a transaction by itself.",
  "source/unknown-key": "The header has a key that does not exist.",
  "source/unreadable": "The file cannot be read.",
  "source/uppercase-key": "A key of the header is not in lower case.",
  "graph/ambiguous-name": "The beginning of a revision fits several of them.",
  "graph/ambiguous-start": "A relative target could start from several heads.",
  "graph/ambiguous-walk": "A relative target could go several ways.",
  "graph/cycle": "Revisions follow one another in a circle.",
  "graph/dependency-cycle": "Revisions depend on one another in a circle.",
  "graph/depends-on-base": "Nothing can depend on base.",
  "graph/duplicate-heads": "A head was given twice.",
  "graph/duplicate-label": "Two revisions have the same branch label.",
  "graph/duplicate-revision": "Two migrations have the same revision.",
  "graph/illegal-character": "A revision or a label has a character that targets are written with.",
  "graph/irreversible": "The migration says that there is no way back.",
  "graph/missing-dependency": "A revision depends on one that is not there.",
  "graph/missing-parent": "A revision follows one that is not there.",
  "graph/multiple-heads": "There are several heads, and one was meant.",
  "graph/no-files": "There is no migration to do that with.",
  "graph/no-such-range": "The two ends of the range do not lie on one line.",
  "graph/not-a-head": "Only a head can be removed, or extended without --splice.",
  "graph/not-below": "The target of a downgrade is not below what is applied.",
  "graph/not-on-branch": "The revision is not on that branch.",
  "graph/nothing-to-merge": "A merge needs two heads.",
  "graph/one-revision": "Exactly one revision is meant.",
  "graph/overlap": "One of several targets lies on the way to another.",
  "graph/reserved-name": "A word with a meaning of its own, such as `head`, cannot be a revision or a label.",
  "graph/self-loop": "A revision follows, or depends on, itself.",
  "graph/unknown-revision": "There is no such revision.",
  "graph/walked-too-far": "A relative target goes further than there are migrations.",
  "state/applied": "The migration is applied, or under way, in the database.",
  "state/changed-comments": "Comments or white space of an applied migration have changed.",
  "state/changed-file": "The SQL of an applied migration has changed.",
  "state/changed-header": "The header of an applied migration has changed.",
  "state/guard":
    "The database is not as it was expected, or its ledger cannot be trusted or is inconsistent. Nothing was changed.",
  "state/hole": "A revision is applied, and one that it needs is not.",
  "state/interrupted": "A step outside a transaction was interrupted, and is not finished.",
  "state/ledger-format": "The ledger has another format than the script is written for.",
  "state/locked": "Another migrator holds the lock of the ledger.",
  "state/unknown-revision": "A revision is applied that no file has.",
  "execution/cancelled": "The user, or the system, asked to stop.",
  "execution/commit": "The COMMIT of a step failed, as with a deferred constraint.",
  "execution/connect": "The database cannot be connected to.",
  "execution/connection-lost": "The connection broke.",
  "execution/database-in-use": "Another process has the embedded database open.",
  "execution/ledger": "The ledger cannot be read.",
  "execution/own-statement": "A statement of ours failed.",
  "execution/pooler": "A pooler in transaction mode stands before the database.",
  "execution/read-only":
    "The database takes no writes: it is on a standby, or default_transaction_read_only is on.",
  "execution/statement": "A statement of a migration failed.",
  "execution/unexpected-row": "The database answered a question of ours with something that it cannot be.",
};

/** The page, from the table and the golden cases below `cases`. */
export function errorsPage(cases = "test/cases"): string {
  const examples = examplesIn(cases);
  const kinds = [...new Set(Object.keys(meanings).map(kindOf))];
  return `${[
    "# Errors",
    "",
    "Every error has a code, which does not change. What stands before its `/` is its kind, and each kind has an exit code; with",
    "`--json` the code is `error.code`. An error says what is so and, in its hint, what to type. The examples are from the tests.",
    "",
    "| exit code | kind |",
    "|---|---|",
    ...kinds.map((kind) => `| ${exitCodes[kind]} | [${kind}](#${kind}) |`),
    "",
    "0 is success; 1 also says that a question was answered with no, or that a command found what it looks for; 70 is a bug, which",
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
