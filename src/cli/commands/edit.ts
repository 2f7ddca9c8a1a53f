/** `migrate edit`. */
import { edit } from "../../app/edit.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "edit",
  summary: "Opens the up and down files of a migration in your editor (VISUAL or EDITOR).",
  args: {},
  positionals: { required: 1, names: ["TARGET"] },
  examples: [
    ["migrate edit head", "the newest"],
    ["migrate edit current", "what is applied"],
    ['EDITOR="code --wait" migrate edit 0004', "with another editor"],
  ],
  async run({ args, deps, project, printer, json }) {
    const files = await edit(deps, args.positionals[0]!, project);
    if (json) printer.json({ files });
  },
};
export default command;
