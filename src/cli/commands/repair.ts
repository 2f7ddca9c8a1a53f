/** `migrate repair`. */
import { type Repair, repair } from "../../app/repair.ts";
import { exitCodes, MigrateError } from "../../core/errors.ts";
import type { Direction } from "../../core/header-keys.ts";
import { type Finding, mayBeAnothers } from "../../core/integrity.ts";
import { type Inconsistency, repairLines } from "../../core/ledger/inconsistency.ts";
import type { RevisionId } from "../../core/migration.ts";
import { formOf } from "../../core/plan/script.ts";
import type { Plan } from "../../core/plan/types.ts";
import { shellWord } from "../../core/shell.ts";
import { stays } from "../../render/counted.ts";
import { findingHints, findingLine } from "../../render/findings.ts";
import { renderScript } from "../../render/script/script.ts";
import { type Command, excluding, flag, type Invocation, repeatable } from "../command.ts";
import { seconds } from "../numbers.ts";
import { writeFlags } from "../run.ts";
import { NOTHING_RUN, outputFlags, writePlainScript } from "../script.ts";

const command: Command = {
  name: "repair",
  summary:
    "Accepts changed files of applied migrations, and repairs an inconsistent ledger; shows what is wrong and asks first.",
  args: {
    forget: repeatable("delete the ledger row of this applied revision, which has no file", "ID"),
    yes: flag("do not ask", "y"),
    sql: excluding(NOTHING_RUN, flag("write a script that does it instead; reads the database")),
    ...outputFlags,
    ...writeFlags,
  },
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate repair", "show what changed, ask, accept"],
    ["migrate repair --forget 29f859a13ea1", "delete the row of a revision whose file is gone"],
    ["migrate repair --sql -o repair.sql", "a script for the DBA"],
  ],
  async run(invocation) {
    const { args, deps, project, printer, json } = invocation;
    const dryRun = args.flag("dry-run");
    const script = args.flag("sql");
    const { database, inconsistency, findings, left, plan, ledger, done } = await repair(deps, {
      ...project,
      forget: args.list("forget"),
      dryRun: dryRun || script,
      script,
      lockWait: seconds(args.text("lock-wait"), "--lock-wait"),
      wait: seconds(args.text("wait"), "--wait"),
      confirm: (planned) => confirmed(planned, invocation),
    });
    const shown = repairingLines({ inconsistency, findings, left, plan });
    if (script && !json) for (const line of shown) printer.info(line);
    const written = script
      ? await writePlainScript(renderScript(plan, ledger, formOf(project)), plan, invocation)
      : undefined;
    const { accepted, forgotten } = rowsOf(plan);
    if (json) {
      const value = {
        inconsistency: inconsistency ?? null,
        findings,
        left,
        repaired: accepted,
        forgotten,
        done,
      };
      printer.json({ ...value, ...written });
    } else if (dryRun) printer.lines(shown.map((line) => printer.carry(line)));
    const refused = !done && !dryRun && !script && plan.batches.length > 0;
    if (refused) printer.info("nothing was done");
    if (inconsistency !== undefined) {
      if (done) printer.info("the ledger was repaired; compare it with the files: migrate verify");
      if (!refused && args.list("forget").length > 0)
        printer.info(
          "--forget deletes no row of an inconsistent ledger: once it is repaired, run the same command again",
        );
      return refused ? exitCodes.findings : exitCodes.ok;
    }
    if (done && accepted.length > 0)
      printer.info(`repaired: ${accepted.join(", ")} on ${database}${ranNothing(findings)}`);
    if (done && forgotten.length > 0)
      printer.info(`forgotten: ${forgotten.join(", ")} on ${database}; ${stays(forgotten.length)}`);
    if (findings.length === 0) printer.info("nothing to repair");
    for (const finding of left) printer.warn(findingLine(finding));
    for (const hint of findingHints(left)) printer.hint(hint);
    return left.length > 0 || refused ? exitCodes.findings : exitCodes.ok;
  },
};
export default command;

async function confirmed(
  { database, inconsistency, findings, left, plan }: Omit<Repair, "done">,
  { args, printer, passing }: Invocation,
): Promise<boolean> {
  const lines = repairingLines({ inconsistency, findings, left, plan });
  if (args.flag("yes")) {
    for (const line of lines) printer.info(line);
    return true;
  }
  const what = inconsistency === undefined ? question(plan) : "Repair the ledger";
  const answer = await printer.ask(lines, `${what} on ${database}?`);
  if (answer !== undefined) return answer;
  const forget = args.list("forget").map((revision) => `--forget ${shellWord(revision)}`);
  throw new MigrateError({
    code: "usage/needs-yes",
    message: "repair asks before it changes the ledger, but there is no terminal",
    hint: `nothing was done; see what it would do with: ${["migrate repair", ...forget, "--dry-run"].join(" ")}; to repair without being asked, ${passing("--yes")}`,
  });
}

/** Rows that are set to what their files say, and rows that are deleted. */
function rowsOf({ steps }: Plan): Readonly<Record<"accepted" | "forgotten", readonly RevisionId[]>> {
  const of = (direction: Direction): readonly RevisionId[] =>
    steps.filter((step) => step.direction === direction).map(({ revision }) => revision);
  return { accepted: of("up"), forgotten: of("down") };
}

/** What is wrong, and what is done about it. */
const repairingLines = ({ inconsistency, findings, left, plan }: Shown): readonly string[] =>
  inconsistency === undefined ? doingLines(settledOf(findings, left), plan) : questionLines(inconsistency);

interface Shown extends Pick<Repair, "findings" | "left" | "plan"> {
  readonly inconsistency: Inconsistency | undefined;
}

/** What is different, and below the last of a row what is done about it. */
function doingLines(findings: readonly Finding[], plan: Plan): readonly string[] {
  const { accepted, forgotten } = rowsOf(plan);
  return findings.flatMap((finding, index) => {
    const { revision } = finding;
    const line = findingLine(finding);
    if (findings.slice(index + 1).some((each) => each.revision === revision)) return [line];
    if (accepted.includes(revision)) {
      const anothers = mayBeAnothers(findings.filter((each) => each.revision === revision));
      return [
        line,
        ...(anothers
          ? ["  both the message and the SQL are others: it may be another project's revision"]
          : []),
        "  its row in the ledger is set to what the file says; nothing is run",
      ];
    }
    return forgotten.includes(revision) ? [line, `  its row in the ledger is deleted; ${stays(1)}`] : [line];
  });
}

const settledOf = (findings: readonly Finding[], left: readonly Finding[]): readonly Finding[] =>
  findings.filter((each) => !left.includes(each));

/** To rows of the ledger. */
function question(plan: Plan): string {
  const { accepted, forgotten } = rowsOf(plan);
  const accepts = "Accept the files as they are, without running them,";
  if (forgotten.length === 0) return accepts;
  const deletes = `elete the ${forgotten.length === 1 ? "row" : "rows"} of ${forgotten.join(", ")} from the ledger`;
  return accepted.length === 0 ? `D${deletes}` : `${accepts} and d${deletes},`;
}

/** Who reads that a file is accepted may take it for applied. */
const ranNothing = (findings: readonly Finding[]): string =>
  findings.some(({ kind }) => kind === "body") ? "; none of their SQL was run" : "";

/** What is wrong with the ledger, and what repairing it does. */
const questionLines = (inconsistency: Inconsistency): readonly string[] => [
  inconsistency.message,
  ...repairLines(inconsistency).map((line) => `  ${line}`),
];
