/** `migrate current`. */
import { headsFindings } from "../../app/check.ts";
import { readStanding, unfinishedOf } from "../../app/look.ts";
import { absences, checkBeside, hintsOf, notHere, upgradeBeside } from "../../core/absence.ts";
import { MigrateError } from "../../core/errors.ts";
import { currentRows } from "../../core/history.ts";
import { findingsOf } from "../../core/integrity.ts";
import { idsOf } from "../../core/steps.ts";
import { finishingHint } from "../../core/undoing.ts";
import { revisionValue, unknownValue } from "../../render/json.ts";
import { currentLine, detailsOf, unfinishedLine } from "../../render/listing.ts";
import { type Command, flag, needing } from "../command.ts";
import { warnOfHoles } from "../holes.ts";

const command: Command = {
  name: "current",
  summary: "Shows the current revisions of the database: the heads of what is applied.",
  args: {
    "check-heads": flag("exit code 1 if a head is not applied (--config has no short form here)", "c"),
    ...needing("check-heads", {
      "allow-ahead": flag("succeed too if a newer release has migrated further"),
    }),
  },
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate current", "the current heads; 'now at' leaves out effective heads, which others depend on"],
    ["migrate current -v", "in full"],
    ["migrate current --check-heads", "is the database ready for this release?"],
    ["migrate current --check-heads --allow-ahead", "also after a rollback to this release?"],
  ],
  async run({ args, deps, project: options, printer, json, verbose }) {
    const state = await readStanding(deps, { ...options, asksLedger: true });
    const { graph } = state.project;
    const { known: current, unknown } = currentRows(graph, state.applied);
    const checks = args.flag("check-heads");
    const allowAhead = args.flag("allow-ahead");
    const findings = checks ? headsFindings(state, { allowAhead, onNotice: deps.onNotice }) : [];
    const exitCode = findings.length > 0 ? 1 : 0;
    if (json) {
      printer.json({
        database: state.database,
        current: [
          ...current.map((id) => revisionValue(graph, id)),
          ...state.unknown.filter(({ revision }) => unknown.includes(revision)).map(unknownValue),
        ],
        unknown: state.unknown,
        interrupted: state.interrupted ?? null,
        underWay: state.underWay ?? null,
        ...(checks ? { findings } : {}),
      });
    } else {
      if (verbose) printer.lines([`Database: ${state.database}`, ""]);
      for (const id of current)
        printer.lines(verbose ? [...detailsOf(graph, id), ""] : [currentLine(graph, id)]);
      printer.lines(unknown.map((id) => notHere(graph, id)));
    }
    // What is applied besides is told by a notice where it is as it may be, and else by the finding.
    const absent = allowAhead ? [] : absences(graph, state.applied, checks ? checkBeside : upgradeBeside);
    for (const { row, reason } of absent)
      printer.warn(`${row.revision} was applied on ${row.appliedAt} by ${row.appliedBy}, but ${reason}`);
    for (const hint of hintsOf(absent)) printer.hint(hint);
    warnOfHoles(printer, findingsOf(graph, state.applied));
    // So is what a newer release is at.
    const isLeft = checks && allowAhead && findings.length === 0;
    const begun = isLeft ? undefined : unfinishedOf(state);
    if (begun !== undefined) {
      const since = `started ${begun.startedAt} by ${begun.startedBy}`;
      printer.warn(`${unfinishedLine(begun)}${begun.holders === undefined ? `, ${since}` : ""}`);
      printer.hint(finishingHint(state.project, idsOf(state.applied), begun, "finish it with"));
    }
    if (!json && findings.length > 0) printer.error(MigrateError.all(findings));
    return exitCode;
  },
};
export default command;
