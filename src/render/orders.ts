/** What became of the parents of a merge in several orders → one sentence. */
import { describeObject } from "../core/catalog/catalog.ts";
import type { ComparedOrders } from "../core/verdict.ts";

/** What to do where an order fails, or makes a difference. */
export const ORDERS_HINT =
  "edit one that is not applied yet, or name in it the one that must come before it (-- depends-on: REVISION)";

/** `passed`: there is nothing to warn of. */
export function ordersText(compared: ComparedOrders): { readonly passed: boolean; readonly text: string } {
  if ("reason" in compared) {
    const text = `the orders of what is merged were not compared: ${compared.reason}; to compare them: migrate test`;
    return { passed: true, text };
  }
  const { revisions, orders, possible, verdict, passed, differences, failed, failedOrder } = compared;
  const run = possible === 2 ? "both orders" : `${orders} of ${possible} orders`;
  const where = `PostgreSQL ${compared.serverVersion}${compared.scratch.proves ? "" : ", another version than the database's"}`;
  if (failed !== undefined) {
    const [{ message, location } = { message: "" }] = failed.diagnostics;
    const place = location === undefined ? "" : `${location.path}:${location.line}: `;
    return {
      passed,
      text: `what is merged fails in the order ${failedOrder?.join(", ")} (${where}): ${place}${message}; ${ORDERS_HINT}; for all of it: migrate test`,
    };
  }
  const objects = differences.map(describeObject).join(", ");
  if (!passed) {
    const text = `the order of ${revisions.join(", ")} makes a difference (${where}): ${objects}; ${ORDERS_HINT}; for all of it: migrate test`;
    return { passed, text };
  }
  const but = verdict === "exact" ? "" : `, but for the order of columns: ${objects}`;
  return { passed, text: `${run} give the same schema${but} (${where})` };
}
