/** The flags that say which project and which database → texts in which the commands to type next say the same. */
import { shellWord } from "../core/shell.ts";
import type { Arguments } from "./command.ts";

/** What stands for them in a hint; the address may hold a password. */
function carriedFlags(args: Arguments): readonly (readonly [names: RegExp, words: string])[] {
  const [env, config, database] = ["env", "config", "database"].map((name) => args.text(name));
  const directories = args.list("directory").map((folder) => `--directory ${shellWord(folder)}`);
  return [
    ...(env === undefined ? [] : ([[/ (?:-n|--env|--name)\b/, `-n ${shellWord(env)}`]] as const)),
    ...(config === undefined ? [] : ([[/ (?:-c|--config)\b/, `--config ${shellWord(config)}`]] as const)),
    ...(directories.length === 0 ? [] : ([[/ --directory\b/, directories.join(" ")]] as const)),
    ...(database === undefined ? [] : ([[/ --database\b/, "--database URL"]] as const)),
  ];
}

/** Those that begin a project, or belong to none. */
const APART = new Set(["init", "adopt", "completion", "receipt"]);

/**
 * Puts the flags behind the name of each command in a text, unless the text itself says another value of that flag. Help
 * is the same everywhere.
 */
export function carrying(args: Arguments, commands: Iterable<string>): (text: string) => string {
  const flags = carriedFlags(args);
  if (flags.length === 0) return (text) => text;
  const names = [...commands].filter((name) => !APART.has(name)).join("|");
  const command = new RegExp(`\\bmigrate (?:${names})\\b(?!-| --help\\b)`, "g");
  return (text) => {
    const words = flags.flatMap(([names, words]) => (names.test(text) ? [] : [words])).join(" ");
    return words === "" ? text : text.replaceAll(command, (found) => `${found} ${words}`);
  };
}
