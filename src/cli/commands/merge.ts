/** `migrate merge`. */
import { compareOrders } from "../../app/merge-orders.ts";
import { mergeRevisions } from "../../app/revision.ts";
import { headsLeftText } from "../../core/new-revision.ts";
import { ordersText } from "../../render/orders.ts";
import { type Command, flag, repeatable, value } from "../command.ts";
import { printNew } from "../new-files.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "merge",
  summary:
    "Writes a pair of migration files that joins several revisions into one head. Where a database is configured, says whether their order makes a difference.",
  args: {
    message: value("what is merged (default: names the revisions)", "TEXT", "m"),
    "branch-label": repeatable("label of the branch it starts", "LABEL"),
    "rev-id": value("revision id (default: 12 random hex digits)", "ID"),
    splice: flag("allow a parent that already has children"),
    "version-path": value("folder to write to (default: that of the first parent)", "DIR"),
    template: value("template for the files (default: merge)", "NAME", "t"),
    scratch: scratchFlag,
  },
  positionals: { required: 1, names: ["TARGET"], many: true },
  examples: [
    ["migrate merge heads", "join all heads but those that others depend on"],
    ['migrate merge 29f859a13ea1 billing@head -m "end billing"', "join these two"],
  ],
  async run({ args, deps, project, printer, json }) {
    const options = { ...project, scratch: args.text("scratch") };
    const created = await mergeRevisions(deps, {
      ...options,
      targets: args.positionals,
      message: args.text("message"),
      splice: args.flag("splice"),
      branchLabels: args.list("branch-label"),
      revision: args.text("rev-id"),
      versionPath: args.text("version-path"),
      ...(args.flag("template") ? { template: args.text("template") } : {}),
    });
    if (!json) printNew(created, printer, json);
    const left = args.positionals.includes("heads")
      ? headsLeftText(created.project.graph, created)
      : undefined;
    if (left !== undefined) printer.info(left);
    printer.progress("comparing the orders");
    const compared = compareOrders(deps, options, created.parents);
    const orders = await compared.finally(() => printer.progress(""));
    if (json) printNew(created, printer, json, { orders });
    const { passed, text } = ordersText(orders);
    if (passed) printer.info(text);
    else printer.warn(text);
  },
};
export default command;
