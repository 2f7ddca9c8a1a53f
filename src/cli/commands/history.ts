/** `migrate history`. */
import { history } from "../../app/look.ts";
import { revisionValue } from "../../render/json.ts";
import { detailsOf, historyLine } from "../../render/listing.ts";
import { type Command, flag, value } from "../command.ts";
import { lastFlag, lastOf, newest } from "../last.ts";

const command: Command = {
  name: "history",
  summary: "Lists the migrations, newest first. Needs a database only for -i and for current.",
  args: {
    "rev-range": value("only START:END; either can be left out", "RANGE", "r"),
    ...lastFlag("how many revisions to show (default 0: all)"),
    "indicate-current": flag("mark what is applied to the database", "i"),
  },
  positionals: { required: 0, names: [] },
  soMany: newest,
  examples: [
    ["migrate history", "everything"],
    ["migrate history -r -3:current", "from three before the head to what is applied"],
    ["migrate history -i", "with the current revisions marked"],
  ],
  async run({ args, deps, project: options, printer, json, verbose }) {
    const {
      project,
      revisions,
      current: heads,
    } = await history(deps, {
      ...options,
      range: args.text("rev-range"),
      last: lastOf(args),
      indicateCurrent: args.flag("indicate-current"),
    });
    const { graph } = project;
    if (json) return printer.json({ history: revisions.map((id) => revisionValue(graph, id, heads)) });
    const marks = args.flag("indicate-current") && heads !== undefined ? { current: heads } : {};
    printer.lines(
      revisions.flatMap((id) =>
        verbose ? [...detailsOf(graph, id, marks), ""] : [historyLine(graph, id, marks)],
      ),
    );
  },
};
export default command;
