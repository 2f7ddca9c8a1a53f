/** DO, CALL, EXECUTE whose SQL is made while it runs → what it locks cannot be told. */
import type { Rule } from "./rule.ts";

export const unreadEffect: Rule = {
  id: "unread-effect",
  since: 1,
  severity: "warning",
  kinds: ["DoStmt", "CallStmt", "ExecuteStmt"],
  hazard:
    "The statements of a DO block, a procedure or a prepared statement are read from its text. If they are built while it runs, the file does not show what they lock.",
  advice: "write the statements out; or note what it does: -- retort-ignore: unread-effect (reason)",
  bad: "DO $$ BEGIN EXECUTE format('DROP TABLE %I.notes', 'shop'); END $$;",
  good: ["-- retort-ignore: drop-table (nothing has used it since release 12)\nDROP TABLE shop.notes;"],
  *find({ kind, effect: { unknown } }) {
    if (/^(?:Do|Call|Execute)Stmt$/.test(kind) && unknown.length > 0)
      yield { message: `the file does not show ${unknown.join(", nor ")}` };
  },
};
