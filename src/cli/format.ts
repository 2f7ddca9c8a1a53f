/** `--format` and `--json` → the one format that is meant. */
import { MigrateError } from "../core/errors.ts";
import type { Command, Invocation } from "./command.ts";

/**
 * One of `formats`, of which the first is the default and one is json; `--json` is short for `--format json`. Where none is
 * asked for, the ending of the file that is written says which, by `endings`: `{ md: "markdown" }`. Throws `usage/format`.
 */
export function formatOf<Format extends string>(
  { args, json }: Pick<Invocation, "args" | "json">,
  formats: readonly Format[],
  endings: Readonly<Record<string, Format | "json">> = {},
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
  if (json || known !== undefined) return json ? "json" : known!;
  const ending = /\.([a-z]+)$/i.exec(args.text("output") ?? "")?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(endings, ending) ? endings[ending]! : formats[0]!;
}

/** What others make of our formats, by the ending of its name. */
const CONVERTED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(["svg", "png", "jpg", "jpeg", "gif", "webp"].map((each) => [each, "image"])),
  ...Object.fromEntries(["doc", "docx"].map((each) => [each, "Word document"])),
  odt: "OpenDocument text",
  pdf: "PDF file",
};

/** The name of a file that is to be written: `stem` and `ending` are its parts. */
export interface Named {
  readonly output: string;
  readonly stem: string;
  readonly ending: string;
}

/** Text under such a name opens nowhere. `hint`: what makes such a file. Throws `usage/format`. */
export function refuseConverted(
  { name }: Pick<Command, "name">,
  output: string | undefined,
  hint: (file: Named) => string,
): void {
  const [, stem, named] = /^(.*)\.([a-z]+)$/is.exec(output ?? "") ?? [];
  const ending = named?.toLowerCase() ?? "";
  if (output === undefined || stem === undefined || !Object.hasOwn(CONVERTED, ending)) return;
  throw new MigrateError({
    code: "usage/format",
    message: `${name} writes no ${CONVERTED[ending]}, and ${output} is named as one`,
    hint: hint({ output, stem, ending }),
  });
}
