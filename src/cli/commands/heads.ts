/** `migrate heads`. */
import { openWarned } from "../../app/project.ts";
import { revisionValue } from "../../render/json.ts";
import { detailsOf, headLine } from "../../render/listing.ts";
import { type Command, flag } from "../command.ts";

const command: Command = {
  name: "heads",
  summary: "Lists the heads: the migrations that nothing follows. Needs no database.",
  args: { "resolve-dependencies": flag("leave out heads that others depend on") },
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate heads", "an effective head is one that something depends on"],
    ["migrate heads -v", "with paths and messages"],
    ['migrate merge heads -m "…"', "join several heads"],
  ],
  async run({ args, deps, project: options, printer, json, verbose }) {
    const { graph } = await openWarned(deps, options);
    const heads = args.flag("resolve-dependencies") ? graph.realHeads : graph.heads;
    if (json) return printer.json({ heads: heads.map((id) => revisionValue(graph, id)) });
    for (const id of heads) printer.lines(verbose ? [...detailsOf(graph, id), ""] : [headLine(graph, id)]);
  },
};
export default command;
