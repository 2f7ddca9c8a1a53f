/** What says which project and which database are meant → the flags that say it again in a command that is proposed. */
import { shellWord } from "./shell.ts";

export interface ProjectWords {
  readonly environment?: string | undefined;
  readonly config?: string | undefined;
  readonly directories?: readonly string[] | undefined;
  /** `KEY=VALUE` */
  readonly variables?: readonly string[] | undefined;
  /** The address, or whether one was given. */
  readonly database?: string | boolean | undefined;
}

/** What of it a script says. */
export type ScriptOf = Pick<ProjectWords, "environment" | "variables">;

export interface ProjectFlag {
  readonly flag: "env" | "config" | "directory" | "x" | "database";
  /** What stands for it; the address, and the value of a variable, may hold a password. */
  readonly words: string;
}

/** Those that were given. */
export function projectFlags({
  environment,
  config,
  directories = [],
  variables = [],
  database = false,
}: ProjectWords): readonly ProjectFlag[] {
  const all: readonly (ProjectFlag | false)[] = [
    environment !== undefined && { flag: "env", words: `-n ${shellWord(environment)}` },
    config !== undefined && { flag: "config", words: `--config ${shellWord(config)}` },
    directories.length > 0 && {
      flag: "directory",
      words: directories.map((folder) => `--directory ${shellWord(folder)}`).join(" "),
    },
    variables.length > 0 && {
      flag: "x",
      words: variables.map((each) => `-x ${shellWord(each.replace(/=.*/s, ""))}=…`).join(" "),
    },
    database !== false && { flag: "database", words: "--database URL" },
  ];
  return all.filter((each) => each !== false);
}

/**
 * The flags that say in a script which project it is of. Those that name a place are not among them: a script has the same
 * bytes wherever it is written.
 */
export const projectWords = ({ environment, variables }: ScriptOf): readonly string[] =>
  projectFlags({ environment, variables }).map(({ words }) => words);
