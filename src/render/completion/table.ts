/** What the completion scripts are made of: the commands and their flags, and what may be typed behind each. */

/** What may be typed: names of files or of folders, what the project holds, one of some words, or something else. */
export type Values = "files" | "folders" | "revisions" | "labels" | "any" | readonly string[];

export interface CompletedFlag {
  /** `--env`, `-n`: a long form and a short one, or one of them. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined: the flag takes no value. */
  readonly value?: CompletedValue;
}

export interface CompletedValue {
  /** `TARGET` */
  readonly hint: string;
  readonly of: Values;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What the arguments are; undefined: there are none. */
  readonly argument?: CompletedValue & { readonly many: boolean };
}

export interface CompletedTable {
  /** What the command may be called. */
  readonly programs: readonly string[];
  /** Of every command. */
  readonly flags: readonly CompletedFlag[];
  readonly commands: readonly CompletedCommand[];
}

/** In one word, as the scripts hand it on: `revisions`; words are kept apart by spaces. */
export const valuesText = (of: Values): string => (typeof of === "string" ? of : of.join(" "));

/** The commands, and behind them one without a name, which holds the flags of all. */
export const withGlobals = ({ commands, flags }: CompletedTable): readonly CompletedCommand[] => [
  ...commands,
  { name: "", summary: "", flags },
];

/** `'it'\''s'`: one word of a shell. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
