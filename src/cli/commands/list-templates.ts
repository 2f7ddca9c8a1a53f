/** `migrate list-templates`. */
import { projectTemplates } from "../../app/init.ts";
import { listTemplates } from "../../app/templates.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "list-templates",
  summary: "Lists the templates for new migrations, including your own, and those for migrate init.",
  args: {},
  positionals: { required: 0, names: [] },
  examples: [['migrate revision -m "add users" -t table', "use one"]],
  async run({ deps, project, printer, json, verbose }) {
    const templates = await listTemplates(deps, project);
    if (json) return printer.json({ templates, init: projectTemplates });
    const width = Math.max(...[...templates, ...projectTemplates].map(({ name }) => name.length));
    const row = (name: string, text: string): void =>
      printer.data(`  ${name.padEnd(width)}  ${text}`.trimEnd());
    printer.data("migrate revision -t NAME:");
    for (const { name, description, path, own } of templates) {
      row(name, description + (verbose ? `  (${path})` : own ? "  (yours)" : ""));
    }
    printer.lines(["", "migrate init DIR -t NAME:"]);
    for (const { name, description } of projectTemplates) row(name, description);
  },
};
export default command;
