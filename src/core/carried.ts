/** The flags that say which project and which database → texts in which the commands to type next say the same. */
import { commandNames } from "./command-names.ts";
import { type ProjectFlag, type ProjectWords, projectFlags } from "./project-flags.ts";

/** The spellings of a flag in a text. What follows a -c may be a setting for the server, as in PGOPTIONS. */
const NAMES: Readonly<Record<ProjectFlag["flag"], RegExp>> = {
  env: / (?:-n|--env|--name)\b/,
  config: / (?:-c(?! [\w.]+=)|--config)\b/,
  // That it can be named says none.
  directory: / --directory (?!DIR\b|or\b)/,
  x: / -x\b/,
  database: / --database\b/,
};

const NEVER = /(?!)/;

/** Those that begin a project, or belong to none, unless the words behind them say so. */
const APART: Readonly<Record<string, RegExp>> = {
  adopt: / --(?:from-database|prove)\b/,
  completion: NEVER,
  receipt: NEVER,
};

/** Those that ask no database, unless the words behind them say so. */
const OFFLINE: Readonly<Record<string, RegExp>> = {
  branches: NEVER,
  graph: / -i\b|current/,
  heads: NEVER,
  history: / -i\b|current/,
  "list-templates": NEVER,
  merge: NEVER,
  revision: / --(?:autogenerate|remove|online)\b/,
  show: /current/,
};

/** Of these it takes the environment and its variables alone, which may name the folder that it is to make. */
const INIT = "init";

const COMMAND = new RegExp(`\\bmigrate (?:${commandNames.join("|")})\\b(?!-| --help\\b)`, "g");

/** A text about this project and its database, or a database `beside` it → the same, whose commands are for that. */
export type Carry = (text: string, beside?: boolean) => string;

/**
 * Puts the flags behind the name of each command in a text, unless the text itself says another value of that flag. Help
 * is the same everywhere. `typed`: the command that was typed, whose own flags they are. A text that is about a database
 * beside the one that is worked with means that one.
 */
export const carrying =
  (given: ProjectWords, typed?: string): Carry =>
  (text, beside = false) => {
    const carried = projectFlags({ ...given, database: beside || (given.database ?? false) }).filter(
      ({ flag }) => !NAMES[flag].test(text),
    );
    return text.replaceAll(COMMAND, (found, at: number) => {
      const name = found.slice("migrate ".length);
      const behind = text.slice(at + found.length).split(/[;\n]/, 1)[0]!;
      if (name !== typed && APART[name]?.test(behind) === false) return found;
      const asks = OFFLINE[name]?.test(behind) !== false;
      const taken = carried.filter(({ flag }) =>
        name === INIT ? flag === "env" || flag === "x" : flag !== "database" || asks,
      );
      return [found, ...taken.map(({ words }) => words)].join(" ");
    });
  };
