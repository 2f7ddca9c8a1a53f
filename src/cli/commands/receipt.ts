/** `migrate receipt`. */
import { receipt } from "../../app/receipt.ts";
import { receiptBytes } from "../../render/script.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "receipt",
  summary: "Computes the receipt of a script: the SHA-256 between its lines '-- begin plan' and '-- end plan'.",
  args: {},
  positionals: { required: 1, names: ["FILE"] },
  examples: [["migrate receipt migration.sql", "compare with what the ledger's log says: migrate log"]],
  async run({ args, deps, printer, json }) {
    const path = args.positionals[0]!;
    const sha256 = receipt(deps, path, receiptBytes);
    if (json) printer.json({ path, receipt: sha256 });
    else printer.data(`sha256:${sha256}`);
  },
};
export default command;
