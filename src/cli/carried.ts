/** The flags that say which project and which database → texts in which the commands to type next say the same. */
import { type ProjectFlag, projectFlags } from "../core/project-flags.ts";
import { type Arguments, projectOf } from "./command.ts";

/** The spellings of a flag in a text. */
const NAMES: Readonly<Record<ProjectFlag["flag"], RegExp>> = {
  env: / (?:-n|--env|--name)\b/,
  config: / (?:-c|--config)\b/,
  // That it can be named says none.
  directory: / --directory\b(?! DIR\b)/,
  x: / -x\b/,
  database: / --database\b/,
};

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
  const given = projectOf(args);
  return (text, beside = false) => {
    const words = { ...given, database: beside || given.database !== undefined };
    const carried = projectFlags(words).filter(({ flag }) => !NAMES[flag].test(text));
    return text.replaceAll(command, (found) => {
      const taken = found.endsWith(` ${INIT}`)
        ? carried.filter(({ flag }) => flag === "env" || flag === "x")
        : carried;
      return [found, ...taken.map(({ words }) => words)].join(" ");
    });
  };
}
