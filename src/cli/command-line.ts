/** The words of the command line → the command they name, and its arguments. The command table. */
import { endMeant } from "../core/end-words.ts";
import { MigrateError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { shellWord } from "../core/shell.ts";
import { type Command, globals, messageHint, typedAgain } from "./command.ts";
import { ONE_ADDRESS, type ParsedWords, parseWords, splitAtCommand } from "./strict.ts";

type Entry = readonly [summary: string, load: () => Promise<{ default: Command }>];

/** A command's module is loaded when it is named; its summary stands here so that the overview loads none. */
const table = {
  "start and write": {
    init: ["start a project in this folder", () => import("./commands/init.ts")],
    revision: ["write a new pair of migration files", () => import("./commands/revision.ts")],
    merge: ["write a migration that joins several heads", () => import("./commands/merge.ts")],
    dev: ["run the newest migration again on each save", () => import("./commands/dev.ts")],
    squash: ["write one migration that replaces several", () => import("./commands/squash.ts")],
    baseline: [
      "write the schema of a database as the first migration",
      () => import("./commands/baseline.ts"),
    ],
    edit: ["open a migration in your editor", () => import("./commands/edit.ts")],
    adopt: ["convert the migrations of another tool", () => import("./commands/adopt.ts")],
    "list-templates": ["list the templates for new migrations", () => import("./commands/list-templates.ts")],
  },
  check: {
    check: ["check the files, for CI and pre-commit hooks", () => import("./commands/check.ts")],
    lint: ["check what migrations do to a busy database", () => import("./commands/lint.ts")],
    review: [
      "write one document about migrations, for a pull request or a DBA",
      () => import("./commands/review.ts"),
    ],
    trace: [
      "run migrations on a scratch database and check what lint predicts",
      () => import("./commands/trace.ts"),
    ],
    test: ["run each migration up, down and up, and compare", () => import("./commands/test.ts")],
  },
  run: {
    upgrade: [
      "apply migrations up to a target; --sql writes a script",
      () => import("./commands/upgrade.ts"),
    ],
    downgrade: [
      "undo migrations down to a target; --sql writes a script",
      () => import("./commands/downgrade.ts"),
    ],
    stamp: ["record revisions as applied without running them", () => import("./commands/stamp.ts")],
    repair: ["accept applied files that changed", () => import("./commands/repair.ts")],
    "ensure-version": ["create the ledger and nothing else", () => import("./commands/ensure-version.ts")],
  },
  inspect: {
    status: ["show what is applied and what is pending", () => import("./commands/status.ts")],
    current: ["show the current revisions", () => import("./commands/current.ts")],
    history: ["list the migrations, newest first", () => import("./commands/history.ts")],
    graph: [
      "draw the migrations as a graph; also for Mermaid and Graphviz",
      () => import("./commands/graph.ts"),
    ],
    heads: ["list the migrations that nothing follows", () => import("./commands/heads.ts")],
    branches: ["show where the history forks", () => import("./commands/branches.ts")],
    show: ["show one migration in full", () => import("./commands/show.ts")],
    verify: ["check that applied files are unchanged", () => import("./commands/verify.ts")],
    drift: ["compare the database with its applied migrations", () => import("./commands/drift.ts")],
    dump: ["print the schema of the database, or of a revision", () => import("./commands/dump.ts")],
    log: ["show what was done to the database, when and by whom", () => import("./commands/log.ts")],
    receipt: ["check a script against its receipt", () => import("./commands/receipt.ts")],
    config: ["show the settings and whether the database answers", () => import("./commands/config.ts")],
    doctor: [
      "check the settings, the files, the database and the packages",
      () => import("./commands/doctor.ts"),
    ],
    completion: [
      "print completions for bash, zsh, fish or PowerShell",
      () => import("./commands/completion.ts"),
    ],
  },
} satisfies Record<string, Record<string, Entry>>;

type Group = readonly [name: string, commands: readonly (readonly [name: string, Entry])[]];

/** The commands in their groups, as the overview shows them. */
export const groups: readonly Group[] = Object.entries(table).map(
  ([name, commands]) => [name, Object.entries(commands)] as const,
);
const commands: ReadonlyMap<string, Entry> = new Map(groups.flatMap(([, entries]) => entries));

/** Every command of the overview. */
export const allCommands = (): Promise<readonly Command[]> =>
  Promise.all([...commands.values()].map(async ([, load]) => (await load()).default));

/** What no person types: what the scripts of `completion` ask. */
const hidden = "__complete";

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
  if (name === hidden) return withFlags((await import("./commands/complete.ts")).default, after, args);
  const command = await commandNamed(name);
  const isFlag = args.fault?.code === "usage/unknown-flag";
  if (command === undefined) {
    const rest = parseWords(after, front, args);
    if (!isFlag) {
      const hint =
        (await hintBehindLead(name, before, after)) ?? unknownHint(name, before, rest.positionals, after);
      return { args: rest, unknown: unknownCommand(name, hint) };
    }
    // Behind a flag that is none, the word may be its value.
    const next = after.find((word) => entryOf(word) !== undefined) ?? "";
    return { args: rest, unknown: early(args.fault!, before, await commandNamed(next)) };
  }
  return withFlags(command, after, isFlag ? { ...args, fault: early(args.fault!, before, command) } : args);
}

/** Alembic writes list_templates and ensure_version. */
const entryOf = (name: string): Entry | undefined => commands.get(name.replaceAll("_", "-"));

const commandNamed = async (name: string): Promise<Command | undefined> =>
  (await entryOf(name)?.[1]())?.default;

/** The command's own flags stand before those of all: of two with one letter the first has it. */
const ownAndShared = (command: Command): Command => ({ ...command, args: { ...command.args, ...globals } });

const withFlags = (command: Command, after: readonly string[], args: ParsedWords): CommandLine => ({
  command,
  args: parseWords(after, ownAndShared(command), args),
});

/** The fault of a flag before a command's name: it may be one of the command's own, or be what that would say of it. */
function early(fault: MigrateError, before: readonly string[], command: Command | undefined): MigrateError {
  if (command === undefined) return fault;
  const own = parseWords(before, ownAndShared(command)).fault;
  if (own?.code === fault.code) return own;
  return new MigrateError({
    code: fault.code,
    message: fault.message,
    hint: `a flag of a command is written after its name; see: migrate ${command.name} --help`,
  });
}

/**
 * What to type for a word of another tool, from its first argument; `has`: whether it has one of these flags. Or what is said
 * where no command does here what others have one for.
 */
type Habit = string | Typed | { readonly instead: string };
type Typed = (word: string | undefined, has: (flags: RegExp) => boolean) => string;

/** Fewer digits than the number of a file has. */
const isShort = (word: string): boolean => /^\d{1,3}$/.test(word);
/** A count of steps, or else a target. */
const steps = (sign: "+" | "-", word: string): string =>
  isShort(word) ? sign + word : (endMeant(word, sign === "+" ? "up" : "down") ?? word);
/** A version, which is the number of a file: the tools that count leave its zeros out, and only the folder tells how many they are. */
const atVersion =
  (...commands: readonly string[]): Typed =>
  (word = "TARGET") => {
    const target = isShort(word) ? "TARGET" : word;
    const typed = commands.map((command) => `${command} ${target}`).join(", or: migrate ");
    return target === word ? typed : `${typed}; TARGET is the number as the name of the file has it`;
  };
/** `nothing`: what stands for where nothing is applied. */
const orBase =
  (nothing: RegExp, at: Typed): Typed =>
  (word = "TARGET", has) =>
    at(nothing.test(word) || endMeant(word) === "base" ? "base" : word, has);
const upgrade: Typed = (word) => (word === undefined ? "upgrade" : `upgrade ${steps("+", word)}`);
const downgrade: Typed = (word, has) =>
  `downgrade ${has(/^--?all$/) ? "base" : word === undefined ? "-1" : steps("-", word)}`;

const plan: Typed = (word, has) => `${upgrade(word, has)} --dry-run`;
/** Prisma's, for a migration that failed: with `--rolled-back` it is to run again. */
const resolve: Typed = (word, has) =>
  has(/^--rolled-back\b/) ? "status, then: migrate upgrade" : atVersion("stamp")(word, has);

const unlock: Habit = {
  instead:
    "nothing needs to be unlocked: the lock ends with the session that holds it; to see which one does: migrate doctor",
};

/** dbmate's, for the schema that it has dumped. */
const load: Habit = { instead: "a dump is SQL, which psql runs: psql -d URL -f FILE" };

/** What hands type that come from other tools; in lower case, with a dash for an underscore. */
const habits = new Map<string, Habit>([
  ...["up", "migrate", "apply", "latest", "deploy", "push", "run", "update"].map(
    (word) => [word, upgrade] as const,
  ),
  ...["plan", "preview", "dry-run"].map((word) => [word, plan] as const),
  ...["script", "sql", "sqlmigrate"].map((word) => [word, "upgrade --sql"] as const),
  ["up-by-one", "upgrade +1"],
  ["up-to", atVersion("upgrade")],
  ["goto", atVersion("upgrade", "downgrade")],
  ...["down", "revert", "undo", "rollback"].map((word) => [word, downgrade] as const),
  ["down-to", orBase(/^0$/, atVersion("downgrade"))],
  ["redo", "downgrade -1, then: migrate upgrade +1"],
  ...["new", "create", "make", "generate", "add", "create-migration"].map(
    (word) => [word, 'revision -m "…"'] as const,
  ),
  ...["autogenerate", "makemigrations"].map((word) => [word, "revision --autogenerate"] as const),
  ...["drop", "reset", "clean"].map((word) => [word, "downgrade base"] as const),
  ...["fresh", "refresh"].map((word) => [word, "downgrade base, then: migrate upgrade"] as const),
  ...["remove", "delete", "rm"].map((word) => [word, "revision --remove"] as const),
  ...["list", "ls", "revisions", "showmigrations"].map((word) => [word, "history"] as const),
  ...["version", "db-version", "currentversion"].map((word) => [word, "current"] as const),
  ...["info", "pending"].map((word) => [word, "status"] as const),
  ...["fake", "mark", "force"].map((word) => [word, orBase(/^(?:0|-1)$/, atVersion("stamp"))] as const),
  ...["import", "convert"].map((word) => [word, "adopt FOLDER"] as const),
  ...["templates", "template"].map((word) => [word, "list-templates"] as const),
  ["resolve", resolve],
  ["load", load],
  ["wait", "upgrade --wait 60"],
  ["completions", "completion"],
  ["has-pending-model-changes", "check --schema"],
  ["validate", "check, or: migrate verify"],
  ...["diff", "compare"].map((word) => [word, "drift"] as const),
  ...["prove", "roundtrip"].map((word) => [word, "test"] as const),
  ...["unlock", "release-lock", "release-locks"].map((word) => [word, unlock] as const),
]);

const habitOf = (word: string): Habit | undefined => habits.get(word.toLowerCase().replaceAll("_", "-"));

/** A command of ours, or what hands type for one. */
const isCommandWord = (word: string): boolean => entryOf(word) !== undefined || habitOf(word) !== undefined;

/** What a habit says to type; a word that is no target, such as another habit, is not taken for its argument. */
function typedFor(
  habit: string | Typed | undefined,
  [word]: readonly string[],
  after: readonly string[],
): string | undefined {
  if (typeof habit !== "function") return habit;
  const isTarget = word !== undefined && /^[\w.@+-]+$/.test(word) && !isCommandWord(word);
  return habit(isTarget ? word : undefined, (flags) => after.some((each) => flags.test(each)));
}

/** What the commands of other tools begin with: those of Prisma with `migrate`, of Flask with `db`, of TypeORM with `migration:`. */
const leads: ReadonlySet<string> = new Set(["migrate", "migration", "migrations", "db", "database"]);

/** Behind a lead, as the next word or after a colon, stands the command itself: what is then to be typed. */
async function hintBehindLead(
  name: string,
  before: readonly string[],
  after: readonly string[],
): Promise<string | undefined> {
  const [lead = "", ...joined] = name.split(":");
  const words = [...joined, ...after];
  const next = splitAtCommand(words, globals).name;
  // The next word may be a lead with a colon as well.
  if (!leads.has(lead) || next === undefined || !isCommandWord(next.split(":", 1)[0]!)) return undefined;
  const { command, args, unknown } = await readCommandLine([...before, ...words]);
  if (command === undefined) return unknown?.hint;
  const meant = messageHint(command, args);
  if (meant !== undefined) return meant;
  // A flag that is left out may be what keeps it from doing something.
  if (args.fault !== undefined) return `the command is ${command.name}; see: migrate ${command.name} --help`;
  const typed = args.positionals.map((word) => (/^-\d+$/.test(word) ? word : shellWord(word)));
  return `did you mean: ${typedAgain(command, args, typed.join(" "))}`;
}

/** The commands that begin so: one, or a few to choose from. */
function begunSo(name: string): string | undefined {
  const begun = [...commands.keys()].filter((command) => command.startsWith(name.toLowerCase()));
  return name.length < 2 || begun.length > 3 ? undefined : begun.join(", or: migrate ") || undefined;
}

function unknownHint(
  name: string,
  before: readonly string[],
  given: readonly string[],
  after: readonly string[],
): string {
  const help = before.at(-1) === "-h" ? `${ONE_ADDRESS} see: migrate --help` : "see: migrate --help";
  const habit = habitOf(name);
  if (typeof habit === "object") return habit.instead;
  const guess = typedFor(habit, given, after) ?? begunSo(name) ?? nearest(name, commands.keys());
  return guess === undefined ? help : `did you mean: migrate ${guess}`;
}

const unknownCommand = (name: string, hint: string): MigrateError =>
  new MigrateError({ code: "usage/unknown-command", message: `unknown command '${name}'`, hint });
