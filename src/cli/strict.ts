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
export function parseStrict(command: string, definitions: Flags, positionals: Positionals, words: readonly string[]): Arguments {
  const options: Record<string, { type: "string" | "boolean"; multiple: true; short?: string }> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    const [alias] = [definition.alias ?? []].flat();
    options[name] = {
      type: definition.type === "boolean" ? "boolean" : "string",
      multiple: true,
      ...(alias === undefined ? {} : { short: alias }),
    };
  }
  const shielded = words.map((word) => (RELATIVE.test(word) ? `\u0000${word}` : word));
  const { tokens } = parseArgs({ args: shielded, options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string[]>();
  const given: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") given.push(unshield(token.value));
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownFlag(command, token.rawName, Object.keys(options));
    if (option.type === "string" && (token.value === undefined || (!token.inlineValue && isFlag(token.value)))) {
      throw usage("missing-value", `${token.rawName} needs a value`, command);
    }
    if (option.type === "boolean" && token.value !== undefined) {
      throw usage("unexpected-value", `${token.rawName} takes no value`, command);
    }
    values.set(token.name, [...(values.get(token.name) ?? []), unshield(token.value ?? "")]);
  }
  if (given.length < positionals.required) {
    throw usage("missing-argument", `${command} needs ${positionals.names[given.length]}`, command);
  }
  if (positionals.many !== true && given.length > positionals.names.length) {
    throw usage("extra-argument", `${command} does not take the argument '${given[positionals.names.length]}'`, command);
  }
  return {
    text: (name) => values.get(name)?.at(-1),
    list: (name) => values.get(name) ?? [],
    flag: (name) => values.has(name),
    positionals: given,
  };
}

/** Where the command's name stands among the words: flags that all commands share may come before it. */
export function commandIndex(words: readonly string[], globals: Flags): number {
  const takesValue = new Set<string>();
  for (const [name, definition] of Object.entries(globals)) {
    if (definition.type !== "string") continue;
    takesValue.add(`--${name}`);
    for (const alias of [definition.alias ?? []].flat()) takesValue.add(`-${alias}`);
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
const isFlag = (word: string): boolean => /^--?[a-z]/i.test(word);

function unknownFlag(command: string, flag: string, known: readonly string[]): MigrateError {
  const name = flag.replace(/^--?(no-)?/, "");
  const guess = nearest(name, known);
  return usage(
    "unknown-flag",
    `unknown flag ${flag}`,
    command,
    guess === undefined ? undefined : `did you mean --${guess}?`,
  );
}

function usage(code: string, message: string, command: string, hint?: string): MigrateError {
  return new MigrateError({
    code: `usage/${code}`,
    message,
    hint: [hint, `see: migrate ${command} --help`].filter((part) => part !== undefined).join(" "),
  });
}
