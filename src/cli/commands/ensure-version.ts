/** `migrate ensure-version`. */
import { ensureLedger, ledgerScript } from "../../app/ensure.ts";
import { formOf } from "../../core/plan/script.ts";
import { renderScript } from "../../render/script/script.ts";
import { type Command, flag } from "../command.ts";
import { seconds } from "../numbers.ts";
import { lockWaitFlag } from "../run.ts";
import { outputFlags, writePlainScript } from "../script.ts";

const command: Command = {
  name: "ensure-version",
  summary:
    "Creates the ledger or upgrades an older one, and applies nothing. For use where later runs may not create tables.",
  args: {
    sql: flag("write a script to stdout instead of running; needs no database"),
    ...outputFlags,
    "lock-wait": lockWaitFlag,
  },
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate ensure-version", "create the ledger"],
    ["migrate ensure-version --sql -o ledger.sql", "a script for the administrator"],
  ],
  async run(invocation) {
    const { args, deps, project, printer, json } = invocation;
    if (args.flag("sql")) {
      const { plan, ledger } = await ledgerScript(deps, project);
      const written = await writePlainScript(renderScript(plan, ledger, formOf(project)), plan, invocation);
      return json ? printer.json({ ...written, plan }) : undefined;
    }
    const { created, upgradedFrom } = await ensureLedger(deps, {
      ...project,
      lockWait: seconds(args.text("lock-wait"), "--lock-wait"),
    });
    if (json) printer.json({ created, upgradedFrom: upgradedFrom ?? null });
    else if (upgradedFrom !== undefined) printer.info(`the ledger was upgraded from format ${upgradedFrom}`);
    else printer.info(created ? "the ledger was created" : "the ledger already exists");
  },
};
export default command;
