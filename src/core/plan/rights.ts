/** What a plan does → the rights on the tables of the ledger that its calls demand; they run with the rights of the caller. */
import type { Rights } from "../ledger/format.ts";
import type { Plan, PlanStep } from "./types.ts";

/** Besides those that every run needs, which the guard knows. */
export function rightsOf({
  kind,
  steps,
}: Pick<Plan, "kind"> & {
  readonly steps: readonly Pick<PlanStep, "direction" | "transactional">[];
}): Rights {
  const goes = (direction: PlanStep["direction"]): boolean =>
    steps.some((step) => step.direction === direction);
  const runs = kind === "upgrade" || kind === "downgrade";
  if (kind === "repair" && steps.length === 0) return ["state DELETE", "state INSERT"];
  return [
    ...(goes("up") && kind !== "repair" ? (["applied INSERT"] as const) : []),
    ...(goes("up") && kind === "repair" ? (["applied UPDATE"] as const) : []),
    ...(goes("down") ? (["applied DELETE"] as const) : []),
    ...(runs && steps.some(({ transactional }) => !transactional) ? (["intent INSERT"] as const) : []),
  ];
}
