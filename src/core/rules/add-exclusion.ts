/** ADD … EXCLUDE → an index that is built while all wait, for which there is no other way. */
import type { Rule } from "./rule.ts";
import { addedConstraints, shown } from "./site.ts";

export const addExclusion: Rule = {
  id: "add-exclusion",
  since: 1,
  severity: "error",
  kinds: ["AlterTableStmt"],
  hazard:
    "An exclusion constraint builds its index and reads the table a second time, while reads and writes wait. PostgreSQL has no way to add one to a table in use that does less.",
  advice:
    "add it to a new table that takes the rows over, or run it in a quiet hour and say so: -- retort-ignore: add-exclusion (reason)",
  bad: "ALTER TABLE shop.bookings ADD CONSTRAINT bookings_once EXCLUDE USING gist (period WITH &&);",
  good: [
    "-- retort-ignore: add-exclusion (the table is small, and nobody books at night)\nALTER TABLE shop.bookings ADD CONSTRAINT bookings_once EXCLUDE USING gist (period WITH &&);",
  ],
  *find(site) {
    for (const { target } of addedConstraints(site, "CONSTR_EXCLUSION"))
      yield { message: `an index of ${shown(target)} is built while reads and writes wait` };
  },
};
