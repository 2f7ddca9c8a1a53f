/** A request with a range → the plan of its script; no database is asked. */
import type { Plan } from "../core/plan.ts";
import { type CompileOptions, compileSteps } from "./compile.ts";
import { type Deps, openProject, type ProjectOptions } from "./project.ts";
import { type Request, stepsOfRange } from "./steps.ts";

export interface OfflineOptions extends ProjectOptions, CompileOptions {}

/** Plans the script for `start:end` (or `end`, from base). Throws `MigrateError` of kind usage, source or graph. */
export async function offline(deps: Deps, request: Request, options: OfflineOptions): Promise<Plan> {
  const project = await openProject(deps, options);
  return compileSteps(project, stepsOfRange(project, request), "script", options);
}
