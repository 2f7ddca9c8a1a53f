/** What became of the parents of a merge in several orders → one sentence. */
import { describeObject } from "../core/catalog/catalog.ts";
import type { ComparedOrders, TestedOrders } from "../core/verdict.ts";

/** What to do where an order fails, or makes a difference; one that fails in each order is no matter of the order. */
export const ordersHint = ({
  verdict,
  workingOrder,
}: Pick<TestedOrders, "verdict" | "workingOrder">): string =>
  `edit one that is not applied yet${verdict === "fails" && workingOrder === undefined ? "" : ", or name in it the one that must come before it (-- depends-on: REVISION)"}`;

/** `fails in the order a, b, but not in b, a` */
export function failsIn({
  orders,
  possible,
  failedOrder = [],
  workingOrder,
}: Pick<TestedOrders, "orders" | "possible" | "failedOrder" | "workingOrder">): string {
  const failed = failedOrder.join(", ");
  if (workingOrder !== undefined)
    return `fails in the order ${failed}, but not in ${workingOrder.join(", ")}`;
  if (possible === 1) return "fails, and can be run in one order only";
  return `fails in ${ordersRun({ orders, possible })}; in the order ${failed}`;
}

const ordersRun = ({ orders, possible }: Pick<TestedOrders, "orders" | "possible">): string =>
  orders < possible
    ? `each of ${orders} orders that were run, of ${possible}`
    : possible === 2
      ? "both orders"
      : `all ${possible} orders`;

/** `passed`: there is nothing to warn of. */
export function ordersText(compared: ComparedOrders): { readonly passed: boolean; readonly text: string } {
  if ("reason" in compared) {
    const text = `the orders of what is merged were not compared: ${compared.reason}; to compare them: migrate test`;
    return { passed: true, text };
  }
  const { revisions, orders, possible, verdict, passed, differences, failed } = compared;
  const where = `PostgreSQL ${compared.serverVersion}${compared.scratch.proves ? "" : ", another version than the database's"}`;
  if (failed !== undefined) {
    const [{ message, location } = { message: "" }] = failed.diagnostics;
    const place = location === undefined ? "" : `${location.path}:${location.line}: `;
    return {
      passed,
      text: `what is merged ${failsIn(compared)} (${where}): ${place}${message}; ${ordersHint(compared)}; for all of it: migrate test`,
    };
  }
  const objects = differences.map(describeObject).join(", ");
  if (!passed) {
    const text = `the order of ${revisions.join(", ")} makes a difference (${where}): ${objects}; ${ordersHint(compared)}; for all of it: migrate test`;
    return { passed, text };
  }
  const but = verdict === "exact" ? "" : `, but for the order of columns: ${objects}`;
  if (possible === 1) return { passed, text: `what is merged can be run in one order only (${where})` };
  const run = possible === 2 ? "both orders" : `${orders} of ${possible} orders`;
  return { passed, text: `${run} give the same schema${but} (${where})` };
}
