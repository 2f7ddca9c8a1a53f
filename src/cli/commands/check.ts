/** `migrate check`. */
import { checkSingleHead } from "../../app/check.ts";
import { MigrateError } from "../../core/errors.ts";
import { sharedNumberText } from "../../core/shared-numbers.ts";
import { revisionValue } from "../../render/json.ts";
import { headLine } from "../../render/listing.ts";
import { type Command, flag } from "../command.ts";

const command: Command = {
  name: "check",
  summary: "Checks the files, for CI and pre-commit hooks: exit code 1 if something is wrong.",
  args: { "single-head": flag("check that there is exactly one head; needs no database") },
  positionals: { required: 0, names: [] },
  examples: [["migrate check --single-head", "did two branches add a migration each?"]],
  async run({ args, deps, project: options, printer, json }) {
    if (!args.flag("single-head")) {
      throw new MigrateError({
        code: "usage/not-yet",
        message: "the comparison of a database with the files comes in a later version",
        hint: "what can be checked now: migrate check --single-head",
      });
    }
    const { project, findings, sharedNumbers } = await checkSingleHead(deps, options);
    const { graph } = project;
    for (const shared of sharedNumbers) printer.warn(sharedNumberText(graph, shared));
    if (json)
      printer.json({ findings, heads: graph.heads.map((id) => revisionValue(graph, id)), sharedNumbers });
    else if (findings.length > 0) printer.error(MigrateError.all(findings));
    else
      printer.info(
        graph.heads.length === 0 ? "no migrations" : `one head: ${headLine(graph, graph.heads[0]!)}`,
      );
    return findings.length > 0 ? 1 : 0;
  },
};
export default command;
