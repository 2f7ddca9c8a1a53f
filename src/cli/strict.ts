/**
 * Words of the command line + definitions of flags → values, and what is wrong. citty accepts unknown flags and
 * extra arguments silently, keeps only the last of a repeated flag, and reads `downgrade -1` as a flag; so the words
 * are parsed here, by Node's own parser, from citty's definitions.
 */
import { parseArgs } from "node:util";
import { isAddress } from "../core/address.ts";
import { MigrateError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { shellWord } from "../core/shell.ts";
import { isAssignment } from "../core/variables.ts";
import { type Arguments, type Command, type Flags, typedAgain } from "./command.ts";
import { soManyHint } from "./numbers.ts";

/** What words say. */
export interface ParsedWords extends Arguments {
  /** Flag → its values, in order; "" for a flag without one. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** What is wrong with the first words that are wrong. The others are read all the same. */
  readonly fault?: MigrateError;
  /** Help is asked for: nothing else is wrong, or it is the last word. A line that was meant to do something fails. */
  readonly helps: boolean;
}

/** Parses words by the flags and positionals of a command; `before`: what the words before them said. */
export function parseWords(
  words: readonly string[],
  command: Pick<Command, "name" | "args" | "positionals" | "examples" | "soMany">,
  before?: ParsedWords,
): ParsedWords {
  const options = optionsOf(command.args);
  const values = new Map([...(before?.values ?? [])].map(([name, given]) => [name, [...given]]));
  const positionals: string[] = [];
  let fault = before?.fault;
  let unreadable = -1;
  const tokens = tokensOf(words, options);
  for (const [at, token] of tokens.entries()) {
    if (token.kind === "positional") {
      positionals.push(unshield(token.value));
      fault ??= switchFault(command, token, tokens[at - 1], options);
    }
    // Behind a letter that is no flag, the others of the word may be its value.
    if (token.kind !== "option" || token.index === unreadable) continue;
    const option = options.get(token.name);
    const word = words[token.index]!;
    const wrong = isName(command, word, options)
      ? unknownFlag(command, token.rawName, word, options)
      : option !== undefined
        ? (helpFault(command, token, tokens[at + 1], options) ?? valueFault(command, token, option))
        : token.name === "="
          ? noValue(command, `-${word.split("=", 1)[0]!.at(-1)}`)
          : unknownFlag(command, token.rawName, word, options);
    if (option === undefined || wrong !== undefined) {
      fault ??= wrong;
      unreadable = token.index;
      continue;
    }
    const given = values.get(option.flag) ?? [];
    const value = unshield(valueIn(token));
    const isLost = command.args[option.flag]?.repeats !== true && given.some((other) => other !== value);
    given.push(value);
    if (isLost) fault ??= repeated(command, token.rawName, option.flag, given);
    values.set(option.flag, given);
  }
  const asked = values.has("help");
  if (!asked)
    fault ??= positionalFault(command, positionals, values) ?? combinationFault(command, values, positionals);
  const last = tokens.at(-1);
  const isLast = last?.kind === "option" && options.get(last.name)?.flag === "help";
  return {
    text: (name) => values.get(name)?.at(-1),
    list: (name) => values.get(name) ?? [],
    flag: (name) => values.has(name),
    positionals,
    values,
    helps: asked && (fault === undefined || isLast),
    ...(fault === undefined ? {} : { fault }),
  };
}

/** The words before the command's name, and those behind it. Flags that all commands share may come before it. */
export function splitAtCommand(
  words: readonly string[],
  flags: Flags,
): { readonly before: readonly string[]; readonly name?: string; readonly after: readonly string[] } {
  const first = tokensOf(words, optionsOf(flags)).find((token) => token.kind === "positional");
  if (first === undefined) return { before: words, after: [] };
  const { index } = first;
  return { before: words.slice(0, index), name: words[index]!, after: words.slice(index + 1) };
}

/** One spelling of a flag: its name, or an alias. */
interface Option {
  readonly flag: string;
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What its value is, in a word; "" for a flag without one. */
  readonly takes: string;
}

/** Every long spelling. Of two flags with one short form the first has it: a command's own stand before those of all. */
function optionsOf(flags: Flags): ReadonlyMap<string, Option> {
  const options = new Map<string, Option>();
  const taken = new Set<string>();
  for (const [name, definition] of Object.entries(flags)) {
    const type = definition.type === "boolean" ? "boolean" : "string";
    const takes = definition.type === "string" ? (definition.valueHint ?? "") : "";
    const aliases = [definition.alias ?? []].flat();
    const short = aliases.find((alias) => alias.length === 1 && !taken.has(alias));
    if (short !== undefined) taken.add(short);
    options.set(name, { flag: name, type, takes, ...(short === undefined ? {} : { short }) });
    for (const alias of aliases)
      if (alias.length > 1 && !Object.hasOwn(flags, alias)) options.set(alias, { flag: name, type, takes });
  }
  return options;
}

type Token =
  | { readonly kind: "positional"; readonly index: number; readonly value: string }
  | { readonly kind: "option-terminator"; readonly index: number }
  | OptionToken;

interface OptionToken {
  readonly kind: "option";
  readonly index: number;
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function tokensOf(words: readonly string[], options: ReadonlyMap<string, Option>): readonly Token[] {
  return parseArgs({
    args: words.map((word) => (RELATIVE.test(word) ? `\u0000${word}` : dashed(word))),
    options: Object.fromEntries(
      [...options].map(([name, { type, short }]) => [
        name,
        { type, multiple: true, ...(short === undefined ? {} : { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

/** `-1` and `-12` are targets, not flags; and a range may start with one: `-2:head`. */
const RELATIVE = /^-\d+(?:[:,].*)?$/s;
const unshield = (word: string): string => (word.startsWith("\u0000") ? word.slice(1) : word);
/** `--rev_id` is `--rev-id`. */
const dashed = (word: string): string => word.replace(/^--[a-z_-]+/, (name) => name.replaceAll("_", "-"));
const isFlag = (word: string): boolean => /^--?[a-z]/i.test(word);

/** `-n=staging` is `-n staging`, as `--env=staging` is. */
const valueIn = ({ rawName, value = "", inlineValue }: OptionToken): string =>
  inlineValue === true && !rawName.startsWith("--") ? value.replace(/^=/, "") : value;

const noValue = (command: Named, flag: string, value = ""): MigrateError =>
  usage(
    "unexpected-value",
    `${flag} takes no value`,
    command,
    /^=?false$/i.test(value) ? `leave ${flag} out;` : `write ${flag} alone;`,
  );

/** `--sql false`: the word behind the flag is no target. */
const switchFault = (
  command: Named,
  { value, index }: Token & { readonly kind: "positional" },
  before: Token | undefined,
  options: ReadonlyMap<string, Option>,
): MigrateError | undefined =>
  /^(?:true|false)$/i.test(value) &&
  before?.kind === "option" &&
  before.index === index - 1 &&
  options.get(before.name)?.type === "boolean"
    ? noValue(command, before.rawName, value)
    : undefined;

/** In psql `-h` takes a server. Help would let a script go on as if it had done what it was written for. */
function helpFault(
  command: Named,
  { rawName, index }: OptionToken,
  next: Token | undefined,
  options: ReadonlyMap<string, Option>,
): MigrateError | undefined {
  if (rawName !== "-h" || next === undefined) return undefined;
  const hasValue =
    next.kind === "positional" ||
    (next.kind === "option" && next.index === index && options.get(next.name)?.type !== "boolean");
  return hasValue
    ? usage("unexpected-value", "-h takes no value: it shows the help", command, ONE_ADDRESS)
    : undefined;
}

/** What psql and pg_dump take in four flags. */
export const ONE_ADDRESS =
  "host, port, role and database are given as one: --database postgres://ROLE@HOST:PORT/NAME;";

function valueFault(
  command: Pick<Command, "name" | "args">,
  token: OptionToken,
  { type, flag, takes }: Option,
): MigrateError | undefined {
  const { rawName, value, inlineValue } = token;
  if (type === "boolean") return value === undefined ? undefined : noValue(command, rawName, value);
  if (value === undefined || (inlineValue !== true && isFlag(value)))
    return usage("missing-value", `${rawName} needs a value`, command);
  const given = valueIn(token);
  // What is given here may be written into a script or a file.
  if (takes !== "URL" && isAddress(given))
    return addressFor(command, `the value of ${rawName}`, [], `${rawName} takes ${takes}; an address`);
  if (given === "") {
    const hint = command.args[flag]?.required === true ? "give one;" : "give one, or leave the flag out;";
    return usage("empty-value", `the value of ${rawName} is empty`, command, hint);
  }
  // Of a variable without a value Alembic makes an empty one, which counts as none here.
  if (flag === "x" && !isAssignment(given))
    return usage(
      "variable",
      `${rawName} ${given} is not KEY=VALUE`,
      command,
      "for example: -x HOST=db.example;",
    );
  return undefined;
}

/** The address of a database, which may hold a password, where there is no place for one. */
function addressFor(command: Named, where: string, needed: readonly string[], lead = "it"): MigrateError {
  const words = ["migrate", command.name, ...needed, "--database URL"]
    .filter((word) => word !== "")
    .join(" ");
  return usage(
    "misplaced-address",
    `${where} is the address of a database`,
    command,
    `${lead} is written so: ${words};`,
  );
}

/** A flag with two values, of which one would be lost. */
function repeated(command: Named, rawName: string, flag: string, given: readonly string[]): MigrateError {
  const hint =
    flag === "message"
      ? `put the message in quotes: -m ${shellWord(given.join(" "))};`
      : "leave all but one out;";
  return usage("repeated-flag", `${rawName} was given more than once`, command, hint);
}

function positionalFault(
  command: Pick<Command, "name" | "args" | "positionals" | "examples" | "soMany">,
  given: readonly string[],
  flags: ReadonlyMap<string, readonly string[]>,
): MigrateError | undefined {
  const { name, examples = [] } = command;
  const typed = (words: string): string =>
    typedAgain(command, { flag: (flag) => flags.has(flag), list: (flag) => flags.get(flag) ?? [] }, words);
  const { required, names, many, flag, instead = {}, ofOthers } = command.positionals;
  if (given.length < required) {
    const lines = examples.slice(0, 2).map(([line]) => line);
    const example = lines.length === 0 ? undefined : `for example: ${lines.join(", or ")}`;
    const hint = soManyHint(command.soMany, flags.get("env")?.at(-1), typed) ?? example;
    const missing = `${name} needs ${names[given.length]}`;
    return usage("missing-argument", missing, { name }, hint && `${hint};`);
  }
  if (ofOthers !== true && given.some(isAddress))
    return addressFor({ name }, "an argument", names.slice(0, required));
  const empty = given.indexOf("");
  const emptyName = names[many === true ? Math.min(empty, names.length - 1) : empty];
  if (emptyName !== undefined) {
    const hint = empty < required ? "give one;" : "give one, or leave it out;";
    return usage("empty-value", `the argument ${emptyName} is empty`, { name }, hint);
  }
  const extra = given[names.length];
  if (many === true || extra === undefined) return undefined;
  const meant = Object.entries(instead).find(([other]) => flags.has(other))?.[1] ?? flag;
  // A message of several words that was not quoted.
  const value =
    meant === "-m" ? [...(flags.get("message") ?? []), ...given.slice(names.length)].join(" ") : extra;
  const hint = meant === undefined ? undefined : `did you mean: ${typed(`${meant} ${shellWord(value)}`)}?`;
  return usage("extra-argument", `${name} does not take the argument '${extra}'`, { name }, hint);
}

/** What is wrong with flags that are given together, or without another or an argument. */
function combinationFault(
  { args }: Pick<Command, "args">,
  given: ReadonlyMap<string, unknown>,
  positionals: readonly string[],
): MigrateError | undefined {
  for (const [name, { needs, needsArgument, excludes = {} }] of Object.entries(args)) {
    if (!given.has(name)) continue;
    const missing =
      needs !== undefined && !given.has(needs)
        ? `--${needs}`
        : positionals.length === 0
          ? needsArgument
          : undefined;
    if (missing !== undefined) {
      return new MigrateError({
        code: "usage/needs-flag",
        message: `--${name} requires ${missing}`,
        hint: `add ${missing}, or leave it out`,
      });
    }
    for (const [other, hint] of Object.entries(excludes)) {
      if (!given.has(other)) continue;
      const message = `--${name} and --${other} cannot be combined`;
      return new MigrateError({ code: "usage/exclusive-flags", message, hint });
    }
  }
  return undefined;
}

type Named = Pick<Command, "name">;

/** What hands type that come from other tools: our flag, or the first of several that the command has, or why there is none. */
const habits = new Map<string, string | readonly string[]>(
  Object.entries({
    tag: "Alembic passes it to env.py, which does not exist here; -x KEY=VALUE sets a variable of the config file;",
    "down-revision": "head",
    parent: "head",
    revises: "head",
    from: "head",
    label: "branch-label",
    "branch-labels": "branch-label",
    branch: "branch-label",
    id: "rev-id",
    "revision-id": "rev-id",
    revision: "rev-id",
    depends: "depends-on",
    dependencies: "depends-on",
    path: ["version-path", "directory"],
    dry: "dry-run",
    dryrun: "dry-run",
    offline: "sql",
    url: "database",
    db: "database",
    "database-url": "database",
    u: "database",
    dir: "directory",
    locations: "directory",
    "migrations-dir": "directory",
    source: "a folder of migrations is named by --directory DIR;",
    "env-file": ".env is read without a flag; for another file: set -a; . ./FILE; set +a; then the command;",
    environment: "env",
    delete: "remove",
    ...Object.fromEntries(
      ["host", "port", "p", "username", "user", "U", "dbname"].map((name) => [name, ONE_ADDRESS]),
    ),
    // psql names the database so, and dbmate the folder.
    d: "a database is named by --database postgres://ROLE@HOST:PORT/NAME, a folder by --directory DIR;",
    idempotent: "it works only with upgrade and downgrade;",
    ...Object.fromEntries(
      ["force", "no-prompt", "no-input", "non-interactive", "assume-yes"].map((name) => [name, "yes"]),
    ),
  }),
);

type Speaker = Pick<Command, "name" | "args" | "positionals">;

function unknownFlag(
  command: Speaker,
  flag: string,
  word: string,
  options: ReadonlyMap<string, Option>,
): MigrateError {
  const whole = oneDash(word);
  const readings = whole === undefined ? [flag] : [whole, flag];
  const known = Object.keys(command.args);
  const near = (name: string): string | undefined => {
    const guess = nearest(name, known) ?? begunSo(name, known);
    return guess && `did you mean --${guess}?`;
  };
  for (const of of [(name: string) => meantBy(command, name, options), near]) {
    for (const reading of readings) {
      const name = reading.replace(/^--?/, "");
      const hint = of(name) ?? of(name.replace(/^no-/, ""));
      if (hint !== undefined)
        return usage("unknown-flag", `unknown flag ${reading}`, command, hint || undefined);
    }
  }
  return usage("unknown-flag", `unknown flag ${readings[0]}`, command);
}

/** Several letters behind one dash, without their value: `-head` is read as letters, and may be a name. */
const oneDash = (word: string): string | undefined => /^-[a-z][a-z-]{2,}(?==|$)/i.exec(word)?.[0];

/** `-message x` must not be the message `essage`. */
function isName(command: Speaker, word: string, options: ReadonlyMap<string, Option>): boolean {
  const name = oneDash(word)?.slice(1);
  if (name === undefined) return false;
  return meantBy(command, name, options) !== undefined || TARGETS.has(name) || MEANS_TARGET.has(name);
}

/** What to type for the name of a flag, of ours or of another tool: "" where the command has nothing like it. */
function meantBy(
  { name: command, args, positionals }: Speaker,
  name: string,
  options: ReadonlyMap<string, Option>,
): string | undefined {
  const argument = argumentFor({ positionals }, name);
  if (argument !== undefined) return `did you mean: migrate ${command} ${argument}?`;
  if (options.has(name)) return `did you mean --${name}?`;
  const others = habits.get(name);
  const isOurs = (each: string): boolean => Object.hasOwn(args, each) && args[each]!.idle !== true;
  const ours = [others ?? []].flat().find((each) => each.includes(" ") || isOurs(each));
  if (ours !== undefined) return ours.includes(" ") ? ours : `did you mean --${ours}?`;
  return others === undefined ? undefined : "";
}

/** What is written here without dashes. */
function argumentFor({ positionals }: Pick<Command, "positionals">, name: string): string | undefined {
  const { words = {}, names } = positionals;
  const [first = ""] = names;
  if (Object.hasOwn(words, name)) return words[name];
  if (first === "TARGET" && MEANS_TARGET.has(name)) return first;
  return TAKES_TARGETS.has(first) && TARGETS.has(name) ? name : undefined;
}

const TAKES_TARGETS = new Set(["TARGET", "REVISION", "WHICH", "RANGE"]);
const TARGETS = new Set(["head", "heads", "base"]);

/** Flags of other tools for what is written here without one. */
const MEANS_TARGET = new Set(["to", "target", "rev", "revision", "version"]);

/** The one flag whose name begins so. */
function begunSo(name: string, known: readonly string[]): string | undefined {
  const [only, ...others] = known.filter((each) => name.length > 2 && each.startsWith(name));
  return others.length === 0 ? only : undefined;
}

function usage(code: string, message: string, { name }: Named, hint?: string): MigrateError {
  const help = ["migrate", name, "--help"].filter((word) => word !== "").join(" ");
  return new MigrateError({
    code: `usage/${code}`,
    message,
    hint: [hint, `see: ${help}`].filter((part) => part !== undefined).join(" "),
  });
}
