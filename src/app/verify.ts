/** The files and the ledger → where they no longer agree, and what that means for a run. Never writes. */
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { consequences, diagnosticOf, type Finding, findingsOf, movedIn } from "../core/integrity.ts";
import { behindIn } from "../core/ledger/inconsistency.ts";
import type { Applied } from "../core/ledger/types.ts";
import { settledRows } from "../core/replaced.ts";
import { type ConnectOptions, openConnected, warnOf } from "./connect.ts";
import type { Deps, Project, ProjectOptions } from "./project.ts";
import type { Steps } from "./steps.ts";

export interface Verification {
  /** How many revisions are applied. */
  readonly applied: number;
  /** Empty where every applied file is as it was. */
  readonly findings: readonly Finding[];
}

/** Compares each applied revision with its file. Throws `MigrateError` of kind usage, source, graph or execution. */
export async function verify(deps: Deps, options: ProjectOptions & ConnectOptions): Promise<Verification> {
  const { project, session, state } = await openConnected(deps, { ...options, asksLedger: true });
  await session.close();
  warnOf(behindIn(state), options.onNotice ?? deps.onNotice);
  const applied = settledRows(project.graph, state.applied);
  return { applied: applied.length, findings: findingsOf(project.graph, applied) };
}

/**
 * What is to be warned of before the steps are run on what `rows` say. Throws `state/changed-file`, with every one,
 * where the SQL of an applied migration changed and the steps would build on it.
 */
export const refuseChanged = (
  { graph }: Project,
  rows: readonly Applied[],
  steps: Steps,
): readonly Diagnostic[] => refuseFound(findingsOf(graph, rows), steps);

function refuseFound(findings: readonly Finding[], steps: Steps): readonly Diagnostic[] {
  const { refused, warnings } = consequences(findings, steps);
  if (refused.length > 0) throw MigrateError.all(refused);
  return warnings;
}

/**
 * The steps that `plan` makes on what `rows` say. Warns first of a graph that is another now, since that may be why there is
 * no plan, then of the rest. Throws what `plan` throws, and as `refuseChanged`.
 */
export function comparedSteps(
  project: Project,
  rows: readonly Applied[],
  plan: () => Steps,
  onNotice: Deps["onNotice"],
): Steps {
  const warn = (message: string): void => onNotice?.({ severity: "WARNING", message });
  const findings = findingsOf(project.graph, rows);
  for (const finding of movedIn(findings)) {
    const { location, message, hint } = diagnosticOf(finding);
    warn(`${location?.path}: ${message}; ${hint}`);
  }
  const steps = plan();
  for (const { message } of refuseFound(findings, steps)) warn(message);
  return steps;
}
