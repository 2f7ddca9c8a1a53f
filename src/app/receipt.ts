/** A script's file → its receipt, computed again from its bytes. */
import { MigrateError } from "../core/errors.ts";
import { readText } from "../io/files.ts";
import { sha256 } from "../io/sha256.ts";
import type { Deps } from "./project.ts";

/** How to find the plan in a script's text, and the receipt that its title states. */
export interface ScriptReader {
  readonly bytesOf: (script: string) => string | undefined;
  readonly statedBy: (script: string) => string | undefined;
}

/**
 * The receipt of the script at `path`, and the one that it states, which is another where the plan was changed since
 * it was written. Throws `usage/no-plan`.
 */
export function receipt(
  deps: Deps,
  path: string,
  { bytesOf, statedBy }: ScriptReader,
): { readonly receipt: string; readonly stated: string | undefined } {
  const script = readText(path, deps);
  const plan = bytesOf(script);
  if (plan !== undefined) return { receipt: sha256(plan), stated: statedBy(script) };
  if (script.includes("\r\n")) throw withOtherLineEnds(path);
  throw new MigrateError({
    code: "usage/no-plan",
    message: `${path} has no lines '-- begin plan' and '-- end plan'`,
    hint: "a script is written by: migrate upgrade --sql",
  });
}

const withOtherLineEnds = (path: string): MigrateError =>
  new MigrateError({
    code: "usage/line-ends",
    message: `the line ends of ${path} are CRLF: it is not the script that was written`,
    hint: "copy the file as it is; a script with other line ends stops before it changes anything",
  });
