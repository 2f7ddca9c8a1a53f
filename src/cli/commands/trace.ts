/** `migrate trace`. */
import { type Agreement, type Trace, trace } from "../../app/trace.ts";
import { exitCodes } from "../../core/errors.ts";
import { counted } from "../../render/counted.ts";
import { type Command, flag } from "../command.ts";
import { scratchFlag } from "../scratch.ts";

const command: Command = {
  name: "trace",
  summary:
    "Runs migrations on a scratch database, up and down again, and compares what each statement locks, rewrites and scans with what lint predicts. Exit code 1 if they differ, or if a down file fails.",
  args: {
    "no-down": flag("run only the up files"),
    scratch: scratchFlag,
  },
  positionals: { required: 0, names: ["RANGE"] },
  examples: [
    ["migrate trace", "all migrations"],
    ["migrate trace head", "the newest, after those before it"],
    ["migrate trace 0007:head", "what comes after 0007"],
  ],
  async run({ args, deps, project: options, printer, json }) {
    const found = await trace(deps, {
      ...options,
      range: args.positionals[0],
      down: !args.flag("no-down"),
      scratch: args.text("scratch"),
      onScratch: ({ description }) => printer.info(description),
    });
    if (json) printer.json(found);
    else printer.lines(linesOf(found));
    printer.info(totalOf(found));
    return count(found, "differs") + count(found, "fails") > 0 ? exitCodes.findings : exitCodes.ok;
  },
};
export default command;

const WORDS: Readonly<Record<Agreement, string>> = {
  agrees: "as predicted",
  differs: "differs",
  unseen: "not seen: it ran outside a transaction",
  "not-known": "not known beforehand",
  fails: "fails",
};

const linesOf = ({ statements }: Trace): readonly string[] =>
  statements.flatMap(({ path, line, tag, verdict, differences, unknown }) => [
    `${path}:${line}: ${tag}: ${WORDS[verdict]}`,
    ...differences.map((each) => `    ${each}`),
    ...unknown.map((each) => `    not known: ${each}`),
  ]);

const count = ({ statements }: Trace, verdict: Agreement): number =>
  statements.filter((each) => each.verdict === verdict).length;

function totalOf(found: Trace): string {
  const parts = (["agrees", "differs", "unseen", "not-known", "fails"] as const)
    .filter((verdict) => verdict !== "fails" || count(found, verdict) > 0)
    .map((verdict) => `${count(found, verdict)} ${verdict === "unseen" ? "not seen" : WORDS[verdict]}`);
  return `${counted(found.statements.length, "statement")}: ${parts.join(", ")}`;
}
