/** Changed rows whose deferred constraints wait, and then ALTER TABLE → PostgreSQL refuses it. */
import type { Rule } from "./rule.ts";

export const IS_PENDING = /has pending trigger events$/;

export const pendingTriggerEvents: Rule = {
  id: "pending-trigger-events",
  since: 1,
  severity: "error",
  hazard:
    "Rows changed while a constraint is deferred are checked at the end of the transaction, and until then PostgreSQL refuses to alter their table: pending trigger events.",
  advice: "write SET CONSTRAINTS ALL IMMEDIATE between them, or put them in two migrations",
  bad: "INSERT INTO shop.parts (id, whole) VALUES (2, 1);\nALTER TABLE shop.parts ADD COLUMN kind text;",
  good: [
    "INSERT INTO shop.parts (id, whole) VALUES (2, 1);\nSET CONSTRAINTS ALL IMMEDIATE;\nALTER TABLE shop.parts ADD COLUMN kind text;",
  ],
  *find({ effect: { refused } }) {
    if (IS_PENDING.test(refused ?? "")) yield { message: refused! };
  },
};
