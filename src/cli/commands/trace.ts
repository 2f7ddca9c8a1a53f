/** `migrate trace`. */
import { type Trace, trace, type Verdict } from "../../app/trace.ts";
import { exitCodes } from "../../core/errors.ts";
import { counted } from "../../render/review/document.ts";
import { type Command, value } from "../command.ts";

const command: Command = {
  name: "trace",
  summary:
    "Runs migrations on a scratch database and holds what each statement locks, rewrites and reads against what lint says of it: exit code 1 where they differ.",
  args: { scratch: value("server to try it on, in databases of its own", "URL") },
  positionals: { required: 0, names: ["RANGE"] },
  examples: [
    ["migrate trace", "all migrations"],
    ["migrate trace 0007:head", "those of a range, on what the others make"],
  ],
  async run({ args, deps, project: options, printer, json }) {
    const found = await trace(deps, {
      ...options,
      range: args.positionals[0],
      scratch: args.text("scratch"),
    });
    if (json) printer.json(found);
    else printer.lines(linesOf(found));
    printer.verbose(found.scratch);
    printer.info(totalOf(found));
    return count(found, "differs") > 0 ? exitCodes.findings : exitCodes.ok;
  },
};
export default command;

const WORDS: Readonly<Record<Verdict, string>> = {
  agrees: "as predicted",
  differs: "differs",
  unseen: "not in a transaction, so that nothing shows what it did",
  "not-known": "not known beforehand",
};

const linesOf = ({ statements }: Trace): readonly string[] =>
  statements.flatMap(({ path, line, tag, verdict, differences }) => [
    `${path}:${line}: ${tag}: ${WORDS[verdict]}`,
    ...differences.map((each) => `    ${each}`),
  ]);

const count = ({ statements }: Trace, verdict: Verdict): number =>
  statements.filter((each) => each.verdict === verdict).length;

function totalOf(found: Trace): string {
  const parts = (["agrees", "differs", "unseen", "not-known"] as const).map(
    (verdict) => `${count(found, verdict)} ${verdict === "unseen" ? "not seen" : WORDS[verdict]}`,
  );
  return `${counted(found.statements.length, "statement")}: ${parts.join(", ")}`;
}
