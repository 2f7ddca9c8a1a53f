/** `migrate heads`. */
import { openProject } from "../../app/project.ts";
import { revisionValue } from "../../render/json.ts";
import { detailsOf, headLine } from "../../render/listing.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "heads",
  summary: "Shows the migrations that nothing follows. Needs no database.",
  args: {},
  positionals: { required: 0, names: [] },
  async run({ deps, project: options, printer, json, verbose }) {
    const { graph } = await openProject(deps, options);
    if (json) return printer.json({ heads: graph.heads.map((id) => revisionValue(graph, id)) });
    for (const id of graph.heads) printer.data(verbose ? `${detailsOf(graph, id)}\n` : headLine(graph, id));
  },
};
export default command;
