/** A new value of an enum that is used in its own transaction → PostgreSQL refuses it. */
import type { Rule } from "./rule.ts";

export const IS_NEW_LABEL = /was added to .* in this transaction$/;

export const enumValueUsed: Rule = {
  id: "enum-value-used",
  since: 1,
  severity: "error",
  hazard:
    "A value added by ALTER TYPE … ADD VALUE cannot be used before its transaction is committed; PostgreSQL fails with 55P04.",
  advice: "use it in the next migration",
  bad: "ALTER TYPE shop.size ADD VALUE 'huge' AFTER 'large';\nALTER TABLE shop.orders ADD COLUMN size shop.size DEFAULT 'huge';",
  good: [
    "ALTER TYPE shop.size ADD VALUE 'huge' AFTER 'large';",
    "ALTER TABLE shop.orders ADD COLUMN size shop.size DEFAULT 'huge';",
  ],
  *find({ effect: { refused } }) {
    if (IS_NEW_LABEL.test(refused ?? "")) yield { message: refused! };
  },
};
