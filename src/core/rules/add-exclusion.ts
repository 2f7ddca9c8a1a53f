/** ADD … EXCLUDE → an index that is built while all wait, for which there is no other way. */
import type { Rule } from "./rule.ts";
import { addedConstraints, shown } from "./site.ts";

export const addExclusion: Rule = {
  id: "add-exclusion",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "An exclusion constraint builds its index and scans the table a second time, while reads and writes are blocked. PostgreSQL has no less blocking way to add one.",
  advice:
    "add it to a new table and move the rows there, or run it at a quiet time and note that: -- retort-ignore: add-exclusion (reason)",
  bad: "ALTER TABLE shop.bookings ADD CONSTRAINT bookings_once EXCLUDE USING gist (period WITH &&);",
  good: [
    "-- retort-ignore: add-exclusion (the table is small, and nobody books at night)\nALTER TABLE shop.bookings ADD CONSTRAINT bookings_once EXCLUDE USING gist (period WITH &&);",
  ],
  *find(site) {
    for (const { target } of addedConstraints(site, "CONSTR_EXCLUSION"))
      yield { message: `an index of ${shown(target)} is built while reads and writes are blocked` };
  },
};
