/** The flags that say which project and which database → texts in which the commands to type next say the same. */
import { shellWord } from "../core/shell.ts";
import type { Arguments } from "./command.ts";

interface CarriedFlag {
  readonly flag: "env" | "config" | "directory" | "x" | "database";
  /** Its spellings in a text. */
  readonly names: RegExp;
  /** What stands for it in a hint; the address, and the value of a variable, may hold a password. */
  readonly words: string;
}

function carriedFlags(args: Arguments, beside: boolean): readonly CarriedFlag[] {
  const [env, config, database] = ["env", "config", "database"].map((name) => args.text(name));
  const directories = args.list("directory").map((folder) => `--directory ${shellWord(folder)}`);
  const variables = args.list("x").map((each) => each.replace(/=.*/s, ""));
  const given: readonly (CarriedFlag | false)[] = [
    env !== undefined && { flag: "env", names: / (?:-n|--env|--name)\b/, words: `-n ${shellWord(env)}` },
    config !== undefined && {
      flag: "config",
      names: / (?:-c|--config)\b/,
      words: `--config ${shellWord(config)}`,
    },
    directories.length > 0 && {
      flag: "directory",
      // That it can be named says none.
      names: / --directory\b(?! DIR\b)/,
      words: directories.join(" "),
    },
    variables.length > 0 && {
      flag: "x",
      names: / -x\b/,
      words: variables.map((name) => `-x ${shellWord(name)}=…`).join(" "),
    },
    (beside || database !== undefined) && {
      flag: "database",
      names: / --database\b/,
      words: "--database URL",
    },
  ];
  return given.filter((each) => each !== false);
}

/** Those that begin a project, or belong to none. */
const APART = new Set(["adopt", "completion", "receipt"]);

/** Of these it takes the environment and its variables alone, which may name the folder that it is to make. */
const INIT = "init";

/**
 * Puts the flags behind the name of each command in a text, unless the text itself says another value of that flag. Help
 * is the same everywhere. `typed`: the command that was typed, whose own flags they are. A text that is about a database
 * beside the one that is worked with means that one.
 */
export function carrying(
  args: Arguments,
  commands: Iterable<string>,
  typed?: string,
): (text: string, beside?: boolean) => string {
  const commandNames = [...commands].filter((name) => !APART.has(name) || name === typed).join("|");
  const command = new RegExp(`\\bmigrate (?:${commandNames})\\b(?!-| --help\\b)`, "g");
  return (text, beside = false) => {
    const carried = carriedFlags(args, beside).filter(({ names }) => !names.test(text));
    return text.replaceAll(command, (found) => {
      const taken = found.endsWith(` ${INIT}`)
        ? carried.filter(({ flag }) => flag === "env" || flag === "x")
        : carried;
      return [found, ...taken.map(({ words }) => words)].join(" ");
    });
  };
}
