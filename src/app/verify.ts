/** The files and the ledger → where they no longer agree, and what that means for a run. Never writes. */
import { mayHaveDirective } from "../core/batch.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import {
  consequences,
  diagnosticOf,
  type Finding,
  findingsOf,
  findingText,
  movedIn,
  warningText,
  withFaults,
} from "../core/integrity.ts";
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
  return { applied: applied.length, findings: await findingsIn(project, applied) };
}

/** As `findingsOf`; the files that changed below the header are parsed, so that nobody is told to accept what no run takes. */
export async function findingsIn(project: Project, rows: readonly Applied[]): Promise<readonly Finding[]> {
  const findings = findingsOf(project.graph, rows);
  return withFaults(findings, await faultsIn(project, findings));
}

/** What a run would refuse of the files that changed below the header: a comment may say how a statement runs. */
export async function faultsIn(
  project: Project,
  findings: readonly Finding[],
): Promise<readonly Diagnostic[]> {
  const isToParse = ({ kind, revision }: Finding): boolean =>
    kind === "body" ||
    (kind === "comments" && mayHaveDirective(project.graph.nodes.get(revision)!.revision.up.source.text));
  const steps = findings.filter(isToParse).map(({ revision }) => ({ direction: "up" as const, revision }));
  if (steps.length === 0) return [];
  // The parser is loaded only where a file changed.
  const { stepFaults } = await import("./compile.ts");
  const { serverVersion } = project.config;
  return stepFaults(project, { kind: "upgrade", before: [], after: [], steps }, { serverVersion });
}

/**
 * What is to be warned of before the steps are run on what `rows` say. Throws `state/changed-file`, with every one,
 * where the SQL of an applied migration changed and the steps would build on it.
 */
export const refuseChanged = async (
  project: Project,
  rows: readonly Applied[],
  steps: Steps,
): Promise<readonly Diagnostic[]> => refuseFound(await findingsIn(project, rows), steps);

function refuseFound(findings: readonly Finding[], steps: Steps): readonly Diagnostic[] {
  const { refused, warnings } = consequences(findings, steps);
  if (refused.length > 0) throw MigrateError.all(refused);
  return warnings;
}

/**
 * The steps that `plan` makes on what `rows` say. Warns first of a graph that is another now, since that may be why there is
 * no plan, then of the rest. Throws what `plan` throws, and as `refuseChanged`.
 */
export async function comparedSteps(
  project: Project,
  rows: readonly Applied[],
  plan: () => Steps,
  onNotice: Deps["onNotice"],
): Promise<Steps> {
  const warn = (message: string): void => onNotice?.({ severity: "WARNING", message });
  const findings = await findingsIn(project, rows);
  for (const moved of movedIn(findings)) warn(warningText(diagnosticOf(moved)));
  const steps = plan();
  for (const found of refuseFound(findings, steps)) warn(findingText(found));
  return steps;
}
