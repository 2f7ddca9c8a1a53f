/** A project → whether the offline script of all its migrations makes the database that the run makes. */

import { compareCatalogs } from "../core/catalog/compare.ts";
import { MigrateError } from "../core/errors.ts";
import type { Ledger } from "../core/ledger/calls.ts";
import type { RevisionId } from "../core/migration.ts";
import type { Plan } from "../core/plan/types.ts";
import type { TestedScript } from "../core/verdict.ts";
import { readCatalog } from "../io/catalog.ts";
import { asTold } from "./as-told.ts";
import { emptyBefore } from "./beforehand.ts";
import { compileSteps } from "./compile.ts";
import { refusalOf } from "./refusal.ts";
import { upwards, withStandIns } from "./replay.ts";
import { catalogAfter, type TestOn } from "./test-bench.ts";

/** A plan → the texts of its script, each to be sent as one message. */
export type ScriptOf = (plan: Plan, ledger: Ledger) => readonly string[];

/** The script is sent as a client sends it that knows no backslash commands: file by file. */
export async function testScript(
  on: TestOn,
  revisions: readonly RevisionId[],
  scriptOf: ScriptOf,
): Promise<TestedScript> {
  const { project, scratch } = on;
  const serverVersion = scratch.version;
  const plan = await compileSteps(project, upwards([], revisions), "script", { serverVersion });
  const texts = textsOf(plan, project.ledger, scriptOf);
  if ("diagnostics" in texts) return { verdict: "skipped", passed: true, differences: [], ...texts };
  const run = await catalogAfter(on, revisions, true);
  try {
    const script = await withStandIns(scratch, async (makeStandIns) => {
      const session = await emptyBefore(project, scratch);
      await makeStandIns(session);
      for (const text of texts) await session.send(text).catch(explained);
      return readCatalog(session, project.ledger.names.schema);
    });
    const differences = compareCatalogs(run, script);
    const isSame = differences.length === 0;
    return { verdict: isSame ? "exact" : "different", passed: isSame, differences, diagnostics: [] };
  } catch (error) {
    return { verdict: "fails", passed: false, differences: [], diagnostics: refusalOf(error) };
  }
}

type Texts = readonly string[] | Pick<TestedScript, "diagnostics">;

/** Or why there can be none, as where a statement needs what another file left in its session. */
function textsOf(plan: Plan, ledger: Ledger, scriptOf: ScriptOf): Texts {
  try {
    return scriptOf(plan, ledger);
  } catch (error) {
    if (error instanceof MigrateError) return { diagnostics: error.diagnostics };
    throw error;
  }
}

function explained(error: unknown): never {
  throw asTold(error);
}
