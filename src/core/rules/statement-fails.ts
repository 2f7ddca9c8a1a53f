/** A statement that PostgreSQL would refuse, as far as the earlier migrations show → that it would. */
import { IS_NEW_LABEL } from "./enum-value-used.ts";
import { IS_PENDING } from "./pending-trigger-events.ts";
import type { Found, Rule } from "./rule.ts";

export const statementFails: Rule = {
  id: "statement-fails",
  since: 1,
  severity: "warning",
  hazard:
    "After the earlier migrations, PostgreSQL would refuse the statement: a view's column would change its position, a table already exists, a type is used by a view. Or it uses what only a later statement makes: then one of the two fails.",
  advice:
    "correct it; if the database has objects that no migration created, note that: -- retort-ignore: statement-fails (reason)",
  bad: "CREATE OR REPLACE VIEW shop.open AS SELECT total, id FROM shop.orders;",
  good: ["CREATE OR REPLACE VIEW shop.open AS SELECT id, total, placed FROM shop.orders;"],
  *find({ effect: { refused } }) {
    if (refused === undefined || isSaid(refused)) return;
    yield { message: `PostgreSQL would refuse it: ${refused}` };
  },
};

/** At a statement that needs what only a later one, at `place`, makes or gives that name: one of the two fails. */
export const usesTooEarly = (name: string, isRenamed: boolean, place: string): Found => ({
  message: `${name} ${isRenamed ? "gets its name" : "is made"} only later, by ${place}: this fails if ${name} is not there yet, and that fails if it is`,
  advice:
    "let that one run first, as a statement above this or in an earlier migration; if the database has it from elsewhere, delete that one",
});

/** Which a rule of its own says. */
const isSaid = (refused: string): boolean => IS_NEW_LABEL.test(refused) || IS_PENDING.test(refused);
