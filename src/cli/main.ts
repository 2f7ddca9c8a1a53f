/** The words of the command line → an exit code. The command table, and the only place that catches errors. */
import type { Deps, ProjectOptions } from "../app/project.ts";
import { exitCodes, MigrateError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { redact } from "../core/redact.ts";
import { type Command, globals, perform } from "./command.ts";
import type { Printer, Streams } from "./print.ts";
import { type Arguments, commandIndex, longFlags, parseStrict } from "./strict.ts";

type Loader = () => Promise<{ default: Command }>;

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
    check: ["is there one head? for CI and pre-commit hooks", () => import("./commands/check.ts")],
    log: ["what was done to the database, when and by whom", () => import("./commands/log.ts")],
    receipt: ["the SHA-256 that names a script", () => import("./commands/receipt.ts")],
    config: [
      "what is configured, from where, and whether the database answers",
      () => import("./commands/config.ts"),
    ],
  },
} satisfies Record<string, Record<string, readonly [summary: string, load: Loader]>>;

/** The commands in their groups, as the overview shows them. */
export const groups = Object.entries(table).map(
  ([name, commands]) => [name, Object.entries(commands) as [string, readonly [string, Loader]][]] as const,
);
const commands = new Map(groups.flatMap(([, entries]) => entries));

export interface Process {
  readonly streams: Streams;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws where the folder is there no more. */
  readonly cwd: string;
  readonly now: () => Date;
  readonly version: string;
  /** Fires when the user or the system asks to stop. */
  readonly signal: AbortSignal;
}

/** Runs one command line. Never throws. */
export async function main(words: readonly string[], process: Process): Promise<number> {
  const says = (flag: string, short: string): boolean =>
    words.includes(`--${flag}`) || words.includes(`-${short}`);
  const secrets: string[] = [];
  const clean = (text: string): string => redact(text, secrets);
  let made: Printer | undefined;
  const printer = async (): Promise<Printer> => {
    const { createPrinter } = await import("./print.ts");
    made ??= createPrinter(process.streams, process.env, {
      quiet: says("quiet", "q"),
      verbose: says("verbose", "v"),
      json: words.includes("--json"),
      clean,
    });
    return made;
  };
  try {
    const at = commandIndex(words, globals);
    if (at < 0) {
      if (words.includes("--version")) {
        (await printer()).data(process.version);
        return exitCodes.ok;
      }
      const { overview } = await import("./help.ts");
      const text = overview(
        groups.map(([name, entries]) => [
          name,
          entries.map(([command, [summary]]) => [command, summary] as const),
        ]),
      );
      if (says("help", "h")) {
        (await printer()).data(text);
        return exitCodes.ok;
      }
      parseStrict("COMMAND", globals, { required: 0, names: [] }, words);
      process.streams.stderr.write(`${text}\n`);
      return exitCodes.usage;
    }
    // Alembic writes list_templates and ensure_version.
    const name = words[at]!.replaceAll("_", "-");
    if (name === "help") return await main([...words.slice(at + 1), "--help"], process);
    const entry = commands.get(name);
    if (entry === undefined) throw unknownCommand(words[at]!);
    const rest = [...longFlags(words.slice(0, at), globals), ...words.slice(at + 1)];
    const { env, now, signal } = process;
    const cwd = folderOf(process);
    const onSecrets = (found: readonly string[]): void => void secrets.push(...found);
    const deps: Deps = { env, cwd, now, signal, onSecrets };
    const command = (await entry[1]()).default;
    if (rest.includes("--help") || rest.includes("-h")) {
      const { commandHelp } = await import("./help.ts");
      (await printer()).data(commandHelp(command));
      return exitCodes.ok;
    }
    const args = argumentsOf(command, name, rest);
    return await perform(command, {
      args,
      printer: await printer(),
      deps,
      project: projectOf(args),
      json: args.flag("json"),
      verbose: args.flag("verbose"),
    });
  } catch (error) {
    if (error instanceof MigrateError) {
      (await printer()).error(error);
      if (words.includes("--raiseerr")) process.streams.stderr.write(clean(`${error.stack}\n`));
      return error.exitCode;
    }
    process.streams.stderr.write(
      clean(
        `migrate has a bug: ${error instanceof Error ? error.stack : String(error)}\n` +
          `Please report it with the command line and this text. (migrate ${process.version})\n`,
      ),
    );
    return exitCodes.bug;
  }
}

function folderOf(process: Process): string {
  try {
    return process.cwd;
  } catch {
    throw new MigrateError({
      code: "usage/no-folder",
      message: "the folder this was started in is there no more",
      hint: "change to the project's folder (cd …) and say it again",
    });
  }
}

const argumentsOf = (command: Command, name: string, rest: readonly string[]): Arguments =>
  parseStrict(name, { ...command.args, ...globals }, command.positionals, rest);

/** The flags all commands share, as the app takes them. */
const projectOf = (args: Arguments): ProjectOptions => ({
  database: args.text("database"),
  directories: args.list("directory"),
  config: args.text("config"),
  environment: args.text("env"),
  variables: args.list("x"),
});

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
  ...["lint", "validate"].map((word) => [word, "check --single-head"] as const),
]);

function unknownCommand(name: string): MigrateError {
  const guess = habits.get(name.toLowerCase()) ?? nearest(name, commands.keys());
  return new MigrateError({
    code: "usage/unknown-command",
    message: `unknown command '${name}'`,
    hint: guess === undefined ? "see: migrate --help" : `did you mean: migrate ${guess}`,
  });
}
