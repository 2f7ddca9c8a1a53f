/** `migrate __complete KIND -- WORD...`, which the scripts of `migrate completion` ask; it stands in no overview. */
import { words } from "../../app/words.ts";
import { onOneLine } from "../../render/terminal.ts";
import { type Command, globals, projectOf } from "../command.ts";
import { parseWords, splitAtCommand } from "../strict.ts";

const command: Command = {
  name: "__complete",
  summary: "Lists what can be typed next: a word, a tab and what it is, a line each.",
  args: {},
  positionals: { required: 1, names: ["KIND", "WORD"], many: true, ofOthers: true },
  async run({ args, deps, printer }) {
    const [kind, ...typed] = args.positionals;
    // The line is not whole yet: what is wrong with it is none of ours.
    const said = parseWords(typed, {
      name: "",
      args: globals,
      positionals: { required: 0, names: [], many: true },
    });
    const { name = "", after } = splitAtCommand(typed, globals);
    const found = await words(deps, kind === "labels" ? "labels" : "revisions", {
      ...projectOf(said),
      isTaken: (symbol) => isTaken(symbol, name, after.at(-1) ?? ""),
    });
    printer.lines(found.map(({ word, what }) => `${word}\t${onOneLine(what)}`));
  },
};
export default command;

/** Whether a symbol may stand behind a command, or behind a flag of it. */
function isTaken(symbol: string, name: string, flag: string): boolean {
  switch (symbol) {
    case "current":
      return name === "show" || name === "edit" || flag === "-r" || flag === "--rev-range";
    case "base":
      return name !== "merge" && flag !== "--depends-on";
    case "+1":
      return name === "upgrade";
    case "-1":
      return name !== "upgrade" && name !== "merge" && name !== "revision";
    default:
      return true;
  }
}
