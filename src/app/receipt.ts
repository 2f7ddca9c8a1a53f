/** A script's file → its receipt. */
import { MigrateError } from "../core/errors.ts";
import { readText } from "../io/directory.ts";
import { sha256 } from "../io/sha256.ts";
import type { Deps } from "./project.ts";

/** The receipt of the script at `path`; `bytesOf` finds the plan in its text. Throws `usage/no-plan`. */
export function receipt(deps: Deps, path: string, bytesOf: (script: string) => string | undefined): string {
  const plan = bytesOf(readText(path, deps));
  if (plan !== undefined) return sha256(plan);
  throw new MigrateError({
    code: "usage/no-plan",
    message: `${path} has no lines '-- begin plan' and '-- end plan'`,
    hint: "a script is written by: migrate upgrade --sql",
  });
}
