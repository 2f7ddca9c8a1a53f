/** What a round of `migrate dev` found → the lines a person reads. */
import type { Difference } from "../core/catalog/compare.ts";
import type { DevRound, DevStart } from "../core/dev.ts";
import { differenceLines } from "./differences.ts";
import { onOneLine } from "./terminal.ts";
import { failureLines } from "./test-report.ts";

/** What is about to be done, where, and what is not. */
export function devStart({ once, database, others }: DevStart): string {
  const when = once === true ? "once" : "with each save";
  const what =
    database === undefined
      ? `the newest migration is tried ${when}`
      : `the newest migration is taken back and applied again on ${database} ${when}`;
  return others === undefined
    ? `${what}; git does not know whether others have it`
    : `${what}, but not if it is in ${others}, because others may have it then`;
}

export function devLines({
  revision,
  path,
  makes,
  back,
  applied,
  gone,
  irreversible,
  failed,
  takenBack,
  ms,
}: DevRound): readonly string[] {
  const way =
    failed !== undefined
      ? `fails${takenBack === true ? "; what was applied has been taken back, and it is not applied now" : ""}`
      : gone === true
        ? `has no files any more, and was taken back${back.length === 0 ? "" : ", but the schema is not restored"}`
        : applied !== undefined
          ? `${APPLIED[applied]}${back.length === 0 ? "" : ", but the schema was not restored in between"}`
          : irreversible !== undefined
            ? `irreversible (${onOneLine(irreversible)})`
            : back.length === 0
              ? "up and down, and the schema is restored"
              : "up and down, but the schema is not restored";
  const isLasting = applied === "again" || takenBack === true || gone === true;
  const isLeft = isLasting && back.some(({ kind }) => kind === "extra");
  const left = isLeft ? ["the down file that was run left what is extra; drop it by hand"] : [];
  return [
    `${onOneLine(path)}  ${revision}  ${way}  (${ms.toFixed(0)} ms)`,
    ...indented(madeLines(makes)),
    ...(failed === undefined ? [] : indented(failureLines(failed))),
    ...(back.length === 0
      ? []
      : indented([
          "after the downgrade:",
          ...indented([...differenceLines(back, ["before", "after"]), ...left]),
        ])),
  ];
}

const APPLIED: Readonly<Record<NonNullable<DevRound["applied"]>, string>> = {
  first: "applied",
  again: "taken back and applied again",
};

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
