/** DO, CALL, EXECUTE whose SQL is made while it runs → what it locks cannot be told. */
import type { Rule } from "./rule.ts";

export const unreadEffect: Rule = {
  id: "unread-effect",
  since: 1,
  severity: "warning",
  kinds: ["DoStmt", "CallStmt", "ExecuteStmt"],
  hazard:
    "What a DO block, a procedure or a prepared statement runs is read where it stands in its text. Where it is put together while it runs, nobody can say from the file what it locks.",
  advice: "write the statements out; or say what it does: -- retort-ignore: unread-effect (reason)",
  bad: "DO $$ BEGIN EXECUTE format('DROP TABLE %I.notes', 'shop'); END $$;",
  good: ["-- retort-ignore: drop-table (nothing has used it since release 12)\nDROP TABLE shop.notes;"],
  *find({ kind, effect: { unknown } }) {
    if (/^(?:Do|Call|Execute)Stmt$/.test(kind) && unknown.length > 0)
      yield { message: `from the file one cannot tell ${unknown.join(", nor ")}` };
  },
};
