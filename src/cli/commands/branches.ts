/** `migrate branches`. */
import { openWarned } from "../../app/project.ts";
import { branchPoints } from "../../core/history.ts";
import { revisionValue } from "../../render/json.ts";
import { branchLines } from "../../render/listing.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "branches",
  summary:
    "Shows where the history forks: each branch point and the revisions that follow it. Needs no database.",
  args: {},
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate branches", "the forks"],
    ["migrate branches -v", "with paths and messages"],
  ],
  async run({ deps, project: options, printer, json, verbose }) {
    const { graph } = await openWarned(deps, options);
    const points = branchPoints(graph);
    if (json) return printer.json({ branches: points.map((id) => revisionValue(graph, id)) });
    for (const id of points) printer.lines([...branchLines(graph, id, { verbose }), ""]);
  },
};
export default command;
