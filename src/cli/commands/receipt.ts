/** `migrate receipt`. */
import { receipt } from "../../app/receipt.ts";
import { receiptBytes, statedReceipt } from "../../render/script.ts";
import type { Command } from "../command.ts";

const command: Command = {
  name: "receipt",
  summary:
    "Computes the receipt of a script: the SHA-256 between its lines '-- begin plan' and '-- end plan'.",
  args: {},
  positionals: { required: 1, names: ["FILE"] },
  examples: [["migrate receipt migration.sql", "compare with what the ledger's log says: migrate log"]],
  async run({ args, deps, printer, json }) {
    const path = args.positionals[0]!;
    const { receipt: sha256, stated } = receipt(deps, path, {
      bytesOf: receiptBytes,
      statedBy: statedReceipt,
    });
    const changed = stated !== undefined && stated !== sha256;
    if (json) printer.json({ path, receipt: sha256, stated: stated ?? null, changed });
    else printer.data(`sha256:${sha256}`);
    if (changed) printer.warn(`${path} was changed after it was written: it states sha256:${stated}`);
  },
};
export default command;
