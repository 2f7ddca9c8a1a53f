/**
 * Words of the command line + argument definitions → values, or an error that names the word. citty accepts
 * unknown flags and extra arguments silently, keeps only the last of a repeated flag, and reads `downgrade -1`
 * as a flag; so the words are parsed here, by Node's own parser, from citty's definitions.
 */
import { parseArgs } from "node:util";
import { MigrateError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { Flags } from "./command.ts";

export interface Arguments {
  /** A flag that takes a value: the last one given. */
  text(name: string): string | undefined;
  /** A flag that may be repeated: all that were given. */
  list(name: string): readonly string[];
  /** A flag without a value, or undefined when it was not given. */
  flag(name: string): boolean;
  readonly positionals: readonly string[];
}

/** How many arguments a command takes beside its flags: a name each; the last may take many. */
export interface Positionals {
  readonly required: number;
  readonly names: readonly string[];
  readonly many?: boolean;
}

/** Parses the words after a command's name. Throws `usage/…`. */
export function parseStrict(
  command: string,
  definitions: Flags,
  positionals: Positionals,
  words: readonly string[],
): Arguments {
  const options: Record<string, { type: "string" | "boolean"; multiple: true; short?: string }> = {};
  const long = new Map<string, string>();
  const taken = new Set<string>();
  for (const [name, definition] of Object.entries(definitions)) {
    const type = definition.type === "boolean" ? "boolean" : "string";
    options[name] = { type, multiple: true };
    for (const alias of [definition.alias ?? []].flat()) {
      // Of two flags with one short form the first has it: a command's own stand before those of all commands.
      if (alias.length === 1 && !taken.has(alias)) options[name].short = alias;
      if (alias.length === 1) taken.add(alias);
      else if (!(alias in definitions)) {
        options[alias] = { type, multiple: true };
        long.set(alias, name);
      }
    }
  }
  const shielded = words.map((word) => (RELATIVE.test(word) ? `\u0000${word}` : dashed(word)));
  const { tokens } = parseArgs({
    args: shielded,
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const given: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") given.push(unshield(token.value));
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownFlag(command, token.rawName, Object.keys(definitions));
    if (
      option.type === "string" &&
      (token.value === undefined || (!token.inlineValue && isFlag(token.value)))
    ) {
      throw usage("missing-value", `${token.rawName} needs a value`, command);
    }
    if (option.type === "boolean" && token.value !== undefined) {
      throw usage("unexpected-value", `${token.rawName} takes no value`, command);
    }
    const name = long.get(token.name) ?? token.name;
    values.set(name, [...(values.get(name) ?? []), unshield(token.value ?? "")]);
  }
  if (given.length < positionals.required) {
    throw usage("missing-argument", `${command} needs ${positionals.names[given.length]}`, command);
  }
  if (positionals.many !== true && given.length > positionals.names.length) {
    throw usage(
      "extra-argument",
      `${command} does not take the argument '${given[positionals.names.length]}'`,
      command,
    );
  }
  return {
    text: (name) => values.get(name)?.at(-1),
    list: (name) => values.get(name) ?? [],
    flag: (name) => values.has(name),
    positionals: given,
  };
}

/** The flags before a command's name with their long forms: behind it a short one may mean something else. */
export function longFlags(words: readonly string[], globals: Flags): readonly string[] {
  return words.map((word) => {
    const found = Object.entries(globals).find(([, { alias = [] }]) =>
      [alias].flat().includes(word.slice(1, 2)),
    );
    if (!/^-[^-]/.test(word) || found === undefined) return word;
    const [name, { type }] = found;
    if (word.length === 2) return `--${name}`;
    return type === "string" ? `--${name}=${word.slice(2)}` : word;
  });
}

/** Where the command's name stands among the words: flags that all commands share may come before it. */
export function commandIndex(words: readonly string[], globals: Flags): number {
  const takesValue = new Set<string>();
  for (const [name, definition] of Object.entries(globals)) {
    if (definition.type !== "string") continue;
    takesValue.add(`--${name}`);
    for (const alias of [definition.alias ?? []].flat())
      takesValue.add(`${alias.length === 1 ? "-" : "--"}${alias}`);
  }
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i]!;
    if (!word.startsWith("-")) return i;
    if (takesValue.has(word)) i += 1;
  }
  return -1;
}

/** `-1` and `-12` are targets, not flags. */
const RELATIVE = /^-\d+$/;
const unshield = (word: string): string => (word.startsWith("\u0000") ? word.slice(1) : word);
/** `--rev_id` is `--rev-id`. */
const dashed = (word: string): string => word.replace(/^--[a-z_-]+/, (name) => name.replaceAll("_", "-"));
const isFlag = (word: string): boolean => /^--?[a-z]/i.test(word);

/** What hands type that come from other tools: our flag, or why there is none. */
const habits: Readonly<Record<string, string>> = {
  tag: "Alembic hands it to env.py, which is not there; -x KEY=VALUE sets a variable of the config file;",
  "down-revision": "head",
  parent: "head",
  revises: "head",
  from: "head",
  label: "branch-label",
  "branch-labels": "branch-label",
  branch: "branch-label",
  id: "rev-id",
  "revision-id": "rev-id",
  depends: "depends-on",
  dependencies: "depends-on",
  path: "version-path",
  dry: "dry-run",
  dryrun: "dry-run",
  offline: "sql",
  url: "database",
  "database-url": "database",
  dir: "directory",
  environment: "env",
};

function unknownFlag(command: string, flag: string, known: readonly string[]): MigrateError {
  const name = flag.replace(/^--?(no-)?/, "");
  const habit = Object.hasOwn(habits, name) ? habits[name]! : "";
  const guess = known.includes(habit) ? habit : nearest(name, known);
  const hint = habit.includes(" ") ? habit : guess === undefined ? undefined : `did you mean --${guess}?`;
  return usage("unknown-flag", `unknown flag ${flag}`, command, hint);
}

function usage(code: string, message: string, command: string, hint?: string): MigrateError {
  return new MigrateError({
    code: `usage/${code}`,
    message,
    hint: [hint, `see: migrate ${command} --help`].filter((part) => part !== undefined).join(" "),
  });
}
