/** `migrate show`. */
import { show } from "../../app/look.ts";
import { revisionValue } from "../../render/json.ts";
import { detailsOf } from "../../render/listing.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "show",
  summary: "Shows a migration in full.",
  args: {},
  positionals: { required: 1, names: ["TARGET"] },
  examples: [
    ["migrate show head", "the newest"],
    ["migrate show 0004", "by file number"],
    ["migrate show current", "what is applied"],
  ],
  async run({ args, deps, project: options, printer, json }) {
    const { project, revisions } = await show(deps, args.positionals[0]!, options);
    if (json) return printer.json({ revisions: revisions.map((id) => revisionValue(project.graph, id)) });
    if (revisions.length === 0)
      printer.info(
        args.positionals[0] === "current"
          ? "there is no current revision: nothing is applied"
          : `'${args.positionals[0]}' is not a revision`,
      );
    for (const id of revisions) printer.lines([...detailsOf(project.graph, id), ""]);
  },
};
export default command;
