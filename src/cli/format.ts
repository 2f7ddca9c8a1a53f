/** `--format` and `--json` → the one format that is meant. */
import { MigrateError } from "../core/errors.ts";
import type { Invocation } from "./command.ts";

/**
 * One of `formats`, of which the first is the default and one is json; `--json` is short for `--format json`. Throws
 * `usage/format`.
 */
export function formatOf<Format extends string>(
  { args, json }: Pick<Invocation, "args" | "json">,
  formats: readonly Format[],
): Format | "json" {
  const asked = args.text("format");
  const known = formats.find((each) => each === asked);
  if (asked !== undefined && known === undefined) {
    throw new MigrateError({
      code: "usage/format",
      message: `--format takes ${formats.slice(0, -1).join(", ")} or ${formats.at(-1)}, not '${asked}'`,
      hint: `for example: --format ${formats[1]}`,
    });
  }
  if (json && known !== undefined && known !== "json") {
    throw new MigrateError({
      code: "usage/format",
      message: `--json and --format ${known} cannot be combined`,
      hint: "leave one of them out",
    });
  }
  return json ? "json" : (known ?? formats[0]!);
}
