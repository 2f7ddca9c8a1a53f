/** Revisions that a new merge joins → whether it makes a difference which of them is run first, where that can be tried. */
import { cancelled, MigrateError } from "../core/errors.ts";
import { ancestors, inOrder } from "../core/graph.ts";
import type { RevisionId } from "../core/migration.ts";
import type { ComparedOrders } from "../core/verdict.ts";
import { withPath } from "./beforehand.ts";
import { type Deps, openProject, type ProjectOptions } from "./project.ts";
import { used, withScratch } from "./scratch.ts";
import { testOrdersOf } from "./test-orders.ts";

/** The files are written: whoever has merged does not wait longer. */
const LIMIT = 30_000; // ms

/** Throws `execution/cancelled`; whatever else keeps the orders from being compared is the reason why they were not. */
export async function compareOrders(
  deps: Deps,
  options: ProjectOptions,
  revisions: readonly RevisionId[],
): Promise<ComparedOrders> {
  const late = AbortSignal.timeout(LIMIT);
  const signal = deps.signal === undefined ? late : AbortSignal.any([deps.signal, late]);
  try {
    return await compared({ ...deps, signal }, options, revisions);
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    if (deps.signal?.aborted === true) throw cancelled("the files of the merge are written", error);
    return { reason: late.aborted ? `it takes longer than ${LIMIT / 1000} s` : error.message };
  }
}

async function compared(
  deps: Deps,
  options: ProjectOptions,
  revisions: readonly RevisionId[],
): Promise<ComparedOrders> {
  const project = await openProject(deps, options);
  const { database, scratch: server } = project.config;
  // A server of our own would have to be started first.
  if (server === undefined && database instanceof MigrateError && database.code === "usage/no-database")
    return { reason: database.message };
  const order = inOrder(project.graph, ancestors(project.graph, revisions));
  return withScratch(deps, project, { revisions: order }, async (scratch) => ({
    ...(await testOrdersOf({ deps, project: withPath(project, scratch), scratch }, revisions)),
    serverVersion: scratch.version.text,
    scratch: used(scratch),
  }));
}
