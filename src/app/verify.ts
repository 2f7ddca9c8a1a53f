/** The files and the ledger → where they no longer agree, and what that means for a run. Never writes. */
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { consequences, type Finding, findingsOf } from "../core/integrity.ts";
import type { Applied } from "../core/ledger/types.ts";
import { settledRows } from "../core/replaced.ts";
import { type ConnectOptions, openConnected } from "./connect.ts";
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
  const { project, session, state } = await openConnected(deps, options);
  await session.close();
  const applied = settledRows(project.graph, state.applied);
  return { applied: applied.length, findings: findingsOf(project.graph, applied) };
}

/**
 * What is to be warned of before the steps are run on what `rows` say. Throws `state/changed-file`, with every one,
 * where the SQL of an applied migration changed and the steps would build on it.
 */
export function refuseChanged(
  { graph }: Project,
  rows: readonly Applied[],
  steps: Steps,
): readonly Diagnostic[] {
  const { refused, warnings } = consequences(findingsOf(graph, rows), steps);
  if (refused.length > 0) throw MigrateError.all(refused);
  return warnings;
}
