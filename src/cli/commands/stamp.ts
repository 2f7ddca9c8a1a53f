/** `migrate stamp`. */
import { type Command, flag } from "../command.ts";
import { runOnline, writeFlags } from "../run.ts";
import { scriptFlags, writeScript } from "../script.ts";

const command: Command = {
  name: "stamp",
  summary: "Writes the ledger, with all that the target needs, as if it had been run; runs nothing.",
  args: {
    purge: flag("forget every applied revision first"),
    ...writeFlags,
    ...scriptFlags,
  },
  positionals: { required: 1, names: ["TARGET"], many: true },
  examples: [
    ["migrate stamp head", "the database already has all of it"],
    ["migrate stamp --purge 29f859a13ea1", "forget what is there, begin at that revision"],
  ],
  run: (invocation) => {
    const { args } = invocation;
    const request = { kind: "stamp", targets: args.positionals, purge: args.flag("purge") } as const;
    return args.flag("sql") ? writeScript(request, invocation) : runOnline(request, invocation);
  },
};
export default command;
