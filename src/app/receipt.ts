/** A script's file → the receipt that it states, and whether it is still the script that was handed out. */
import { MigrateError } from "../core/errors.ts";
import { outputs } from "../core/outputs.ts";
import { commandOf, type Receipts, receiptsOf, unmarked } from "../core/receipt.ts";
import { readText } from "../io/files.ts";
import type { Deps } from "./project.ts";

/** It has changed the line ends too. */
const WRITTEN_BY_POWERSHELL =
  "PowerShell's '>' writes UTF-16; let migrate write the script: migrate upgrade --sql -o FILE";

/**
 * The two receipts of the script at `path`, which differ where anything was changed since it was written, and the command
 * that writes it `again`. Throws `usage/no-receipt`.
 */
export function receipt(deps: Deps, path: string): Receipts & { readonly again: string | undefined } {
  const text = readText(path, deps, WRITTEN_BY_POWERSHELL);
  const found = receiptsOf(text);
  const script = unmarked(text);
  if (found === undefined && outputs.script.isOurs(script)) {
    throw new MigrateError({
      code: "usage/no-receipt",
      message: `${path} is a script with nothing to do, which has no receipt`,
      hint: "it need not be run; see what is pending with: migrate status",
    });
  }
  if (found === undefined) {
    throw new MigrateError({
      code: "usage/no-receipt",
      message: `${path} has no receipt`,
      hint: "write a script with: migrate upgrade --sql",
    });
  }
  return { ...found, again: commandOf(script) };
}
