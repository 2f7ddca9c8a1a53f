/** The words of the command line → the command they name, and its arguments. The command table. */
import { MigrateError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { type Command, globals } from "./command.ts";
import { type ParsedWords, parseWords, splitAtCommand } from "./strict.ts";

type Entry = readonly [summary: string, load: () => Promise<{ default: Command }>];

/** A command's module is loaded when it is named; its summary stands here so that the overview loads none. */
const table = {
  "start and write": {
    init: ["begin a project in this folder", () => import("./commands/init.ts")],
    revision: ["write a new pair of migration files", () => import("./commands/revision.ts")],
    merge: ["write a pair that joins several heads", () => import("./commands/merge.ts")],
    edit: ["open a migration in your editor", () => import("./commands/edit.ts")],
    "list-templates": ["what new revisions can begin as", () => import("./commands/list-templates.ts")],
  },
  run: {
    upgrade: [
      "apply migrations up to a target; --sql writes the script instead",
      () => import("./commands/upgrade.ts"),
    ],
    downgrade: [
      "take migrations back down to a target; --sql writes the script instead",
      () => import("./commands/downgrade.ts"),
    ],
    stamp: ["write the ledger without running anything", () => import("./commands/stamp.ts")],
    repair: ["accept applied files that changed", () => import("./commands/repair.ts")],
    "ensure-version": ["create the ledger, and nothing else", () => import("./commands/ensure-version.ts")],
  },
  look: {
    status: ["what is applied, what is pending", () => import("./commands/status.ts")],
    current: ["the heads of what is applied", () => import("./commands/current.ts")],
    history: ["the migrations, newest first", () => import("./commands/history.ts")],
    graph: ["the migrations as a graph; also for Mermaid and Graphviz", () => import("./commands/graph.ts")],
    heads: ["the migrations nothing follows", () => import("./commands/heads.ts")],
    branches: ["where the history forks", () => import("./commands/branches.ts")],
    show: ["one migration in full", () => import("./commands/show.ts")],
    verify: ["are the applied files as they were?", () => import("./commands/verify.ts")],
    lint: [
      "what migrations do to a database that others use, and what to write instead",
      () => import("./commands/lint.ts"),
    ],
    review: [
      "one document about migrations: who has to wait, what to write instead, the way back",
      () => import("./commands/review.ts"),
    ],
    trace: [
      "does each statement lock, rewrite and read what lint says? on a scratch database",
      () => import("./commands/trace.ts"),
    ],
    check: ["is there one head? for CI and pre-commit hooks", () => import("./commands/check.ts")],
    log: ["what was done to the database, when and by whom", () => import("./commands/log.ts")],
    receipt: ["the SHA-256 that names a script", () => import("./commands/receipt.ts")],
    config: [
      "what is configured, from where, and whether the database answers",
      () => import("./commands/config.ts"),
    ],
  },
} satisfies Record<string, Record<string, Entry>>;

type Group = readonly [name: string, commands: readonly (readonly [name: string, Entry])[]];

/** The commands in their groups, as the overview shows them. */
export const groups: readonly Group[] = Object.entries(table).map(
  ([name, commands]) => [name, Object.entries(commands)] as const,
);
const commands: ReadonlyMap<string, Entry> = new Map(groups.flatMap(([, entries]) => entries));

/** What a command line says. */
export interface CommandLine {
  /** Undefined where none is named. */
  readonly command?: Command;
  /** What stands before the command's name and behind it, and what is wrong with it. */
  readonly args: ParsedWords;
  /** A command is named that does not exist. */
  readonly unknown?: MigrateError;
}

/** What stands before a command's name. */
const front = { name: "", args: globals, positionals: { required: 0, names: [] } };

/** Reads the words, and loads the command. */
export async function readCommandLine(words: readonly string[]): Promise<CommandLine> {
  const { before, name, after } = splitAtCommand(words, globals);
  const args = parseWords(before, front);
  if (name === undefined) return { args };
  if (name === "help") return await readCommandLine(["--help", ...before, ...after]);
  // Alembic writes list_templates and ensure_version.
  const entry = commands.get(name.replaceAll("_", "-"));
  if (entry === undefined) return { args: parseWords(after, front, args), unknown: unknownCommand(name) };
  const command = (await entry[1]()).default;
  return { command, args: parseWords(after, { ...command, args: { ...command.args, ...globals } }, args) };
}

/** What hands type that come from other tools. */
const habits = new Map([
  ...["up", "migrate", "apply", "latest", "deploy", "push"].map((word) => [word, "upgrade"] as const),
  ...["down", "revert", "undo", "rollback"].map((word) => [word, "downgrade -1"] as const),
  ...["new", "create", "make", "generate", "add", "create-migration"].map(
    (word) => [word, 'revision -m "…"'] as const,
  ),
  ...["remove", "delete", "rm", "drop"].map((word) => [word, "revision --remove"] as const),
  ...["list", "ls", "revisions"].map((word) => [word, "history"] as const),
  ...["version", "db-version"].map((word) => [word, "current"] as const),
  ...["info", "pending"].map((word) => [word, "status"] as const),
  ...["baseline", "fake", "mark"].map((word) => [word, "stamp"] as const),
  ...["templates", "template"].map((word) => [word, "list-templates"] as const),
  ["validate", "check --single-head"],
]);

function unknownCommand(name: string): MigrateError {
  const guess = habits.get(name.toLowerCase()) ?? nearest(name, commands.keys());
  return new MigrateError({
    code: "usage/unknown-command",
    message: `unknown command '${name}'`,
    hint: guess === undefined ? "see: migrate --help" : `did you mean: migrate ${guess}`,
  });
}
