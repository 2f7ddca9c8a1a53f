/** A request with a range → the plan of its script; no database is asked, unless it is to say where to start. */
import { MigrateError } from "../core/errors.ts";
import type { LedgerSql } from "../core/ledger-sql.ts";
import type { Plan } from "../core/plan.ts";
import { readLedger } from "../io/ledger.ts";
import { type CompileOptions, compileSteps } from "./compile.ts";
import { connect } from "./connect.ts";
import { type Deps, openProject, type ProjectOptions } from "./project.ts";
import { type Request, stepsFrom, stepsOfRange } from "./steps.ts";

export interface OfflineOptions extends ProjectOptions, CompileOptions {
  /** Read from the database, without writing to it, what is applied; the request then has no start of its own. */
  readonly fromDatabase?: boolean | undefined;
}

/** The plan of a script, and the SQL of its ledger, which the renderer closes the script with. */
export interface Offline {
  readonly plan: Plan;
  readonly ledger: LedgerSql;
}

/** Plans the script for `start:end` (or `end`, from base). Throws `MigrateError` of kind usage, source or graph. */
export async function offline(deps: Deps, request: Request, options: OfflineOptions): Promise<Offline> {
  const project = await openProject(deps, options);
  const { ledger } = project;
  if (options.fromDatabase !== true) {
    return { plan: await compileSteps(project, stepsOfRange(project, request), "script", options), ledger };
  }
  const session = await connect(deps, project.config);
  try {
    const { applied, progress } = await readLedger(session, ledger);
    if (progress !== undefined) {
      throw new MigrateError({
        code: "state/interrupted",
        message: `the ${progress.direction} of ${progress.revision} was interrupted at statement ${progress.statement} of ${progress.of}`,
        hint: "go on with: migrate upgrade; a script begins where nothing is half done",
      });
    }
    const steps = stepsFrom(project, request, applied);
    return {
      plan: await compileSteps(project, steps, "script", { serverVersion: session.version, ...options }),
      ledger,
    };
  } finally {
    await session.close();
  }
}
