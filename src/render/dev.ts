/** What a round of `migrate dev` found → the lines a person reads. */
import type { Difference } from "../core/catalog/compare.ts";
import type { DevRound } from "../core/dev.ts";
import { differenceLines } from "./differences.ts";
import { onOneLine } from "./terminal.ts";
import { failureLines } from "./test-report.ts";

export function devLines({
  revision,
  path,
  makes,
  back,
  irreversible,
  failed,
  ms,
}: DevRound): readonly string[] {
  const way =
    failed !== undefined
      ? "fails"
      : irreversible !== undefined
        ? `irreversible (${onOneLine(irreversible)})`
        : back.length === 0
          ? "up and down, and the schema is restored"
          : "up and down, but the schema is not restored";
  return [
    `${onOneLine(path)}  ${revision}  ${way}  (${ms.toFixed(0)} ms)`,
    ...indented(madeLines(makes)),
    ...(failed === undefined ? [] : indented(failureLines(failed))),
    ...(back.length === 0
      ? []
      : indented(["after the downgrade:", ...indented(differenceLines(back, ["before", "after"]))])),
  ];
}

const WORDS: Readonly<Record<Difference["kind"], string>> = {
  extra: "+",
  missing: "-",
  differs: "~",
  order: "~",
  version: "~",
};

/** `+ table shop.users`; of what has come or gone, the parts go with the whole. */
function madeLines(makes: readonly Difference[]): readonly string[] {
  return makes.flatMap((difference) => {
    const [line = "", ...details] = differenceLines([difference], ["before", "after"]);
    return [`${WORDS[difference.kind]} ${line.slice(difference.kind.length).trimStart()}`, ...details];
  });
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
