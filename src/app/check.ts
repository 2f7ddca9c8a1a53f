/** A project's files → what a team must clear up before it goes on: several heads, and numbers given twice. */
import type { Diagnostic } from "../core/errors.ts";
import { type SharedNumber, sharedNumbers } from "../core/shared-numbers.ts";
import { wayOutOf } from "../core/target.ts";
import type { State } from "./look.ts";
import { type Deps, openProject, type Project, type ProjectOptions } from "./project.ts";

export interface HeadCheck {
  readonly project: Project;
  /** Empty where there is one head, or no migration at all. */
  readonly findings: readonly Diagnostic[];
  /** Not findings: everything works with them. */
  readonly sharedNumbers: readonly SharedNumber[];
}

/** Reads files only. Throws as `openProject`. */
export async function checkSingleHead(deps: Deps, options: ProjectOptions): Promise<HeadCheck> {
  const project = await openProject(deps, options);
  const { graph, pattern } = project;
  const several: Diagnostic = {
    code: "findings/multiple-heads",
    message: "Multiple head revisions are present, but there should be one",
    hint: wayOutOf(graph, graph.heads),
  };
  return {
    project,
    findings: graph.heads.length > 1 ? [several] : [],
    sharedNumbers: sharedNumbers(graph, pattern),
  };
}

/** What keeps a database from being at the heads of the files; empty where it is. */
export function headsFindings({ pending, unknown, interrupted }: State): readonly Diagnostic[] {
  const reasons = [
    ...(pending.length > 0
      ? [`${pending.length} pending (${pending[0]}${pending.length > 1 ? ", …" : ""}): migrate upgrade heads`]
      : []),
    ...(interrupted === undefined
      ? []
      : [`the ${interrupted.direction} of ${interrupted.revision} was interrupted: migrate status`]),
    ...(unknown.length > 0
      ? [`applied, but without a file: ${unknown.map((row) => row.revision).join(", ")}`]
      : []),
  ];
  if (reasons.length === 0) return [];
  return [
    {
      code: "findings/not-at-heads",
      message: "Database is not on all head revisions",
      hint: reasons.join("; "),
    },
  ];
}
