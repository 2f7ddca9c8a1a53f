/** `migrate status`. */

import { readState, unfinishedOf } from "../../app/look.ts";
import { notHere } from "../../core/absence.ts";
import { currentRows } from "../../core/history.ts";
import { type Finding, findingsOf, movedIn } from "../../core/integrity.ts";
import type { RevisionId } from "../../core/migration.ts";
import type { Does } from "../../core/plan/types.ts";
import { idsOf } from "../../core/steps.ts";
import { finishingHint } from "../../core/undoing.ts";
import { doesLines } from "../../render/does.ts";
import { findingHints } from "../../render/findings.ts";
import { revisionValue } from "../../render/json.ts";
import { unfinishedLine } from "../../render/listing.ts";
import type { Command } from "../command.ts";
import { warnOfHoles } from "../holes.ts";
import { heads } from "../run.ts";

const command: Command = {
  name: "status",
  summary: "Shows what is applied to the database and what is pending.",
  args: {},
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate status", "what is applied and what is pending"],
    ["migrate current --check-heads", "exit code 1 if a head is not applied"],
  ],
  async run({ deps, project: options, printer, json }) {
    const state = await readState(deps, options);
    const { project, applied, pending, effects, losses, unknown, database } = state;
    const { graph } = project;
    const doesOf = (id: RevisionId): Does => ({
      ...(effects.has(id) ? { effect: effects.get(id)! } : {}),
      ...(losses.has(id) ? { losses: losses.get(id)! } : {}),
    });
    const current = currentRows(graph, applied);
    const findings = findingsOf(graph, applied);
    if (json) {
      printer.json({
        database,
        current: [...current.known, ...current.unknown],
        applied,
        pending: pending.map((id) => ({
          ...(revisionValue(graph, id) as object),
          ...doesOf(id),
        })),
        unknown,
        interrupted: state.interrupted ?? null,
        underWay: state.underWay ?? null,
      });
    } else {
      printer.data(`database: ${database}`);
      printer.data(
        `current: ${heads([...current.known, ...current.unknown.map((id) => notHere(graph, id))])}`,
      );
      printer.data(`applied: ${applied.length}`);
      printer.data(`pending: ${pending.length}`);
      for (const id of pending) {
        const { message, path } = graph.nodes.get(id)!.revision;
        printer.data(`  ${id}${message === "" ? "" : `  ${message}`}  (${path})`);
        printer.lines(doesLines(doesOf(id)));
      }
      const vanished = findings.filter((finding) => finding.kind === "vanished");
      for (const { revision, appliedAt, appliedBy, reason } of vanished)
        printer.data(`unknown: ${revision}, applied on ${appliedAt} by ${appliedBy}, ${reason}`);
      for (const hint of findingHints(vanished)) printer.hint(hint);
      const begun = unfinishedOf(state);
      if (begun !== undefined) {
        printer.data(unfinishedLine(begun));
        printer.hint(finishingHint(project, idsOf(applied), begun, "finish it with"));
      }
    }
    const warn = (what: string, changed: readonly Finding[], so: string): void => {
      const ids = changed.map(({ revision }) => revision).join(", ");
      if (changed.length > 0)
        printer.warn(
          `${what} of applied files is not what was recorded (${ids}), so ${so}; see: migrate verify`,
        );
    };
    const bodies = findings.filter(({ kind }) => kind === "body");
    warn("the SQL", bodies, "the next upgrade stops");
    warn("the parent or depends-on", movedIn(findings), "the graph is not the one that was applied");
    warnOfHoles(printer, findings);
  },
};
export default command;
