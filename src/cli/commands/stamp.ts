/** `migrate stamp`. */
import { type Command, flag } from "../command.ts";
import { runOnline, writeFlags } from "../run.ts";
import { stampScriptFlags, writeScript } from "../script.ts";

const command: Command = {
  name: "stamp",
  summary: "Records the target, and all that it needs, as applied, without running anything.",
  args: {
    purge: flag("remove every applied revision from the ledger first"),
    ...writeFlags,
    ...stampScriptFlags,
  },
  positionals: { required: 1, names: ["TARGET"], many: true, words: { all: "heads" } },
  examples: [
    ["migrate stamp head", "the database already has everything"],
    ["migrate stamp --purge 29f859a13ea1", "clear the ledger and start at that revision"],
  ],
  run: (invocation) => {
    const { args } = invocation;
    const request = { kind: "stamp", targets: args.positionals, purge: args.flag("purge") } as const;
    return args.flag("sql") ? writeScript(request, invocation) : runOnline(request, invocation);
  },
};
export default command;
