/** What a command is: citty's definition plus what citty cannot say (how many arguments, examples). The only importer of citty. */
import { type BooleanArgDef, runCommand, type StringArgDef } from "citty";
import type { Deps, ProjectOptions } from "../app/project.ts";
import { exitCodes, MigrateError } from "../core/errors.ts";
import { shellWord } from "../core/shell.ts";
import type { Config } from "../io/config.ts";
import { type SoMany, soManyHint } from "./numbers.ts";
import type { Printer } from "./print.ts";

/** What was said on the command line. */
export interface Arguments {
  /** A flag that takes a value: the last one given, or undefined. */
  text(name: string): string | undefined;
  /** A flag that can be repeated: all that were given. */
  list(name: string): readonly string[];
  /** Whether a flag was given. */
  flag(name: string): boolean;
  readonly positionals: readonly string[];
}

/** How many arguments a command takes beside its flags: a name each; the last may take many. */
export interface Positionals {
  readonly required: number;
  readonly names: readonly string[];
  readonly many?: boolean;
  /** They are words of another command line. */
  readonly ofOthers?: true;
  /** The flag that an argument too many was meant for. */
  readonly flag?: string;
  /** By a flag of other tools: the argument that says the same here. */
  readonly words?: Readonly<Record<string, string>>;
  /** By a flag that was given: the flags that it was meant for then. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Without one no folder of migrations has to be there. */
  readonly readsFolders?: true;
}

/** What a command gets: its parsed arguments and the way out. */
export interface Invocation {
  readonly args: Arguments;
  readonly printer: Printer;
  readonly deps: Deps;
  /** The flags all commands share, as the app takes them. */
  readonly project: ProjectOptions;
  readonly json: boolean;
  readonly verbose: boolean;
  /** What to type so that a flag is passed, however the program was started: the end of a sentence. */
  readonly passing: (flag: string) => string;
  /** Of the program. */
  readonly version: string;
  /** Every command of the table, loaded. */
  readonly commands: () => Promise<readonly Command[]>;
}

/** A flag as citty defines it, and what else is given with it. */
export type Flag = (BooleanArgDef | StringArgDef) & {
  /** The flag without which it means nothing. */
  readonly needs?: string;
  /** It means nothing without the command's argument, by the name of that. */
  readonly needsArgument?: string;
  /** It may be given several times; another flag with two values would lose one. */
  readonly repeats?: true;
  /** Flags that it cannot be combined with: each with the hint that then helps. */
  readonly excludes?: Readonly<Record<string, string>>;
  /** It changes nothing. */
  readonly idle?: true;
  /** How the names end of what it writes to. */
  readonly writes?: readonly string[];
};

/** By name. */
export type Flags = Readonly<Record<string, Flag>>;

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly args: Flags;
  readonly positionals: Positionals;
  /** Whole command lines with what each does. */
  readonly examples?: readonly (readonly [line: string, what: string])[];
  readonly soMany?: SoMany;
  /** In other programs its `-n` names a new migration. */
  readonly namesNew?: true;
  /** The exit code, when it is not 0. */
  readonly run: (invocation: Invocation) => Promise<number | void>;
}

/** Runs a command, as citty runs one; its exit code. */
export async function perform(command: Command, invocation: Invocation): Promise<number> {
  const { printer } = invocation;
  let unused: readonly string[] = [];
  const onNotice: Deps["onNotice"] = ({ severity, message, beside }) => {
    // Where a command connects, it comes with the address again.
    if (unused.includes(message)) return;
    if (severity === "WARNING") printer.warn(message, beside);
    else printer.info(`${severity.toLowerCase()}: ${message}`, beside);
  };
  let told = false;
  let environments: readonly string[] = [];
  const onConfig: Deps["onConfig"] = (config) => {
    environments = config.environments;
    if (told) return;
    told = true;
    for (const line of configLines(config)) printer.verbose(line);
    // A setting may choose the folders, or the ledger and the role of a script that is written without a database.
    unused = config.unusedVariables;
    for (const message of unused) printer.warn(message);
  };
  const run = () => command.run({ ...invocation, deps: { ...invocation.deps, onNotice, onConfig } });
  try {
    const { result } = await runCommand({ run }, { rawArgs: [] });
    return typeof result === "number" ? result : exitCodes.ok;
  } catch (error) {
    throw meantForFlag(error, command, invocation.args, environments);
  }
}

/** A word that is no target may be what a flag takes: an environment, or the file of a script. */
function meantForFlag(
  error: unknown,
  command: Command,
  args: Arguments,
  environments: readonly string[],
): unknown {
  if (!(error instanceof MigrateError)) return error;
  const { positionals } = command;
  const hinted = (hint: string): MigrateError =>
    new MigrateError({ code: error.code, message: error.message, hint }, { cause: error });
  const typed = (words: string): string => typedAgain(command, args, words);
  if (error.code === "usage/no-environment") {
    const hint = messageHint(command, args) ?? soManyHint(command.soMany, args.text("env"), typed);
    return hint === undefined ? error : hinted(hint);
  }
  const [word = "", ...others] = args.positionals;
  const [, ref] = GIT_REF.exec(word) ?? (isAnswered(error) ? [] : (GIT_RANGE.exec(word) ?? []));
  if (ref !== undefined && others.length === 0 && "since" in command.args && NO_REVISION.has(error.code))
    return hinted(`did you mean: ${typed(`--since ${shellWord(ref)}`)}`);
  const needless = positionals.readsFolders === true && error.code === "usage/missing-directory";
  if (!NO_TARGET.has(error.code) && !needless) return error;
  // npm passes on what stands there, and takes the dashes away; who does without it types them all the same.
  if (args.positionals.some((each) => /^--?[a-z]/i.test(each)))
    return hinted(
      `what stands behind -- is no flag; did you mean: ${typed(args.positionals.map((each) => (/^-[\w-]+$/.test(each) ? each : shellWord(each))).join(" "))}`,
    );
  const named = args.positionals.find((word) => environments.includes(word));
  const unknown = args.positionals.filter((each) => needless || error.message.includes(`'${each}'`));
  const words =
    named !== undefined
      ? `-n ${shellWord(named)}`
      : isAnswered(error) && !needless
        ? undefined
        : outputMeant(command, args, unknown);
  if (words === undefined) return error;
  const all = positionals.required > 0 ? `${positionals.names[0]} ${words}` : words;
  return hinted(`did you mean: ${typed(all)}`);
}

/** The flag that one of these words is meant for: it ends as what that writes to, and no flag says that it is something else. */
function outputMeant(command: Command, args: Arguments, meant: readonly string[]): string | undefined {
  const outputs = Object.entries(command.args).filter(([, { writes }]) => writes !== undefined);
  const others = Object.entries(command.args).filter(([, each]) => each.needsArgument !== undefined);
  if ([...outputs, ...others].some(([flag]) => args.flag(flag))) return undefined;
  for (const [flag, { writes = [], needs, alias }] of outputs) {
    const word = meant.find((each) => writes.some((end) => each.endsWith(end)));
    if (word === undefined || (needs !== undefined && !args.flag(needs))) continue;
    const [short] = [alias ?? []].flat();
    return `${short === undefined ? `--${flag}` : `-${short}`} ${shellWord(word)}`;
  }
  return undefined;
}

/** What is no environment is the message, where one is needed. The hint names -n, so that none is added to the command. */
export function messageHint(command: Command, args: Arguments): string | undefined {
  const environment = args.text("env");
  if (environment === undefined || args.flag("message") || args.flag("remove")) return undefined;
  const words = `-m ${shellWord(environment)}`;
  const lead = "here -n names an environment;";
  if (command.namesNew === true) return `${lead} a new migration is written so: migrate revision ${words}`;
  if (command.args["message"]?.required !== true) return undefined;
  return `${lead} the message is given so: ${typedAgain(command, args, words)}`;
}

/**
 * The command line to type instead: the command with these words, and with the flags that were given, as far as the words do
 * not say them. Those that all commands share are added where it is printed.
 */
export const typedAgain = (
  command: Pick<Command, "name" | "args">,
  given: Pick<Arguments, "flag" | "list">,
  words: string,
): string =>
  ["migrate", command.name, ...flagsAgain(command, given, words), words]
    .filter((part) => part !== "")
    .join(" ");

/** The command's own flags that were given, as far as the words do not say them. */
export function flagsAgain(
  { args }: Pick<Command, "args">,
  given: Pick<Arguments, "flag" | "list">,
  words = "",
): readonly string[] {
  const said = new Set(words.split(" "));
  return Object.entries(args).flatMap(([flag, { type, alias, valueHint }]) => {
    const names = [`--${flag}`, ...[alias ?? []].flat().map((each) => `-${each}`)];
    if (Object.hasOwn(globals, flag) || !given.flag(flag) || names.some((each) => said.has(each))) return [];
    if (type === "boolean") return [names[0]!];
    // An address may hold a password.
    return given
      .list(flag)
      .map((value) => `${names[0]} ${valueHint === "URL" ? valueHint : shellWord(value)}`);
  });
}

/** `HEAD~1`, `origin/main` or `main..HEAD`: in git, what came after that. No name of a branch has two dots in a row. */
const GIT_REF = /^((?:HEAD|main|master|origin\/\w(?:\.?[\w/-])*)(?:[~^]\d*)*)(?:\.{2,3}(?:HEAD)?)?$/;

/** The same of any branch, where what stands before the dots is no revision. */
const GIT_RANGE = /^([\w@][\w./@-]*?(?:[~^]\d*)*)\.{2,3}(?:HEAD)?$/;

/** What is meant by the word is known. */
const isAnswered = ({ hint }: MigrateError): boolean => hint?.startsWith("did you mean") === true;

/** What a word that is no revision and no file leads to. */
const NO_REVISION: ReadonlySet<string> = new Set(["graph/unknown-revision", "usage/no-migration"]);

/** What a word that is no target leads to; where only an environment has a database, there is none without it. */
const NO_TARGET: ReadonlySet<string> = new Set([
  "graph/unknown-revision",
  "usage/no-database",
  "usage/range-required",
]);

/** The flags all commands share, as the app takes them. */
export const projectOf = (args: Arguments): ProjectOptions => ({
  database: args.text("database"),
  directories: args.list("directory"),
  config: args.text("config"),
  environment: args.text("env"),
  variables: args.list("x"),
});

/** Where a command works, for `--verbose`. */
const configLines = ({ file, directories, database, environment }: Config): readonly string[] => [
  `config: ${file ?? "none"}${environment === undefined ? "" : `, environment ${environment}`}`,
  `directories: ${directories.join(", ")}`,
  database instanceof MigrateError
    ? `database: none (${database.message})`
    : `database: ${database.display} (from ${database.origin})`,
];

/** A flag without a value. Of several aliases only the one-letter one is shown. */
export const flag = (description: string, ...alias: string[]): BooleanArgDef => ({
  type: "boolean",
  description,
  alias,
});

/** A flag that changes nothing: hands type it that have typed it to another command. */
export const idle = (why: string, ...alias: string[]): Flag => ({
  ...flag(`no effect: ${why}`, ...alias),
  idle: true,
});

/** A flag with a value. */
export const value = (description: string, valueHint: string, ...alias: string[]): StringArgDef => ({
  type: "string",
  description,
  valueHint,
  alias,
});

/** A flag with a value that may be given several times. */
export const repeatable = (description: string, valueHint: string, ...alias: string[]): Flag => ({
  ...value(`${description}; can be repeated`, valueHint, ...alias),
  repeats: true,
});

/** A flag that names what is written to: the names end so. */
export const writing = (writes: readonly string[], definition: Flag): Flag => ({ ...definition, writes });

/** Flags that mean nothing without that one. */
export const needing = (needs: string, flags: Flags): Flags =>
  Object.fromEntries(
    Object.entries(flags).map(([name, definition]) => [
      name,
      { ...definition, needs, description: `with --${needs}: ${definition.description}` },
    ]),
  );

/** A flag that means nothing without the command's argument. */
export const needingArgument = (needsArgument: string, definition: Flag): Flag => ({
  ...definition,
  needsArgument,
  description: `with ${needsArgument}: ${definition.description}`,
});

/** A flag that cannot be combined with those; each may have a hint of its own. */
export const excluding = (
  others: readonly string[] | Readonly<Record<string, string>>,
  definition: Flag,
): Flag => ({
  ...definition,
  excludes: Array.isArray(others)
    ? Object.fromEntries(others.map((name) => [name, "leave one of them out"]))
    : { ...others },
});

/** Flags of every command; they may stand before the command's name too. */
export const globals: Flags = {
  database: value("database to use (default: DATABASE_URL, .env or the config file)", "URL"),
  directory: repeatable("folder of migrations", "DIR"),
  config: value("config file (default: migrate.config.json)", "FILE", "c"),
  env: value("named environment of the config file", "NAME", "n", "name"),
  x: repeatable("set a variable for ${NAME} in the config file", "KEY=VALUE", "x"),
  json: flag("print the result as JSON"),
  verbose: flag("print more, such as which config file, folders and database are used", "v"),
  quiet: flag("print only results, warnings and errors", "q"),
  raiseerr: flag("print the stack trace of an error"),
  help: flag("show this help", "h"),
  version: flag("show the version"),
};
