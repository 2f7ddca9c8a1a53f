/** A plan that needs a ledger → what to do where the database has none. */
import { CONNECT } from "../ledger/format.ts";
import type { Plan } from "./types.ts";

/** Of a script, or of the first file of a split one. */
export function withoutLedger({
  kind,
  from,
  to,
  start,
}: Pick<Plan, "kind" | "from" | "to" | "start">): string {
  // A repair is for the database that it was read from; what starts from base makes a ledger.
  if (kind === "repair" || from.length === 0) return CONNECT;
  const recording =
    kind === "stamp"
      ? ""
      : `and has already all that ${from.join(", ")} ${from.length === 1 ? "does, record it" : "do, record them"} with: %m stamp ${from.join(" ")} (as a script: add --sql)`;
  const writing =
    kind === "downgrade" || start.again === "" || to.length === 0
      ? ""
      : `write a script from base with: ${start.again.replaceAll(/%([s%])/g, (_, sign) => (sign === "s" ? "base" : "%"))}`;
  const ways = [recording, writing].filter((way) => way !== "").join("; if it has not, ");
  return ways === "" ? CONNECT : `Nothing was changed. If this is the right database, ${ways}`;
}

/** Of a further file of a split script. */
export const BEFORE_THE_FIRST =
  "Nothing was changed. Connect to the right database; or run the files of the script in their order, from the first.";
