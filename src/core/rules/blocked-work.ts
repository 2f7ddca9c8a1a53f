/** A statement that reads or writes a table whole while others wait for it, whatever it is → how it does. */
import type { Rule } from "./rule.ts";
import { blocked, listOf, rewritten, scanned, whoWaits } from "./site.ts";

export const blockedWork: Rule = {
  id: "blocked-work",
  since: 1,
  severity: "error",
  last: true,
  hazard:
    "A statement that no other rule names, such as one in a DO block or in the body of a function, can also block others while it works through a table.",
  advice: "find out what the statement does there, and write its safe form as a migration of its own",
  bad: "DO $$ BEGIN ALTER TABLE shop.orders ALTER COLUMN pieces TYPE bigint; END $$;",
  good: ["DO $$ BEGIN ALTER TABLE shop.orders ALTER COLUMN total SET DEFAULT 0; END $$;"],
  *find(site) {
    const work = [...rewritten(site), ...scanned(site)];
    const locks = blocked(site).filter(
      ({ id, brief }) => brief !== true && work.some((each) => each.id === id),
    );
    if (locks.length === 0 || DATA.test(site.kind)) return;
    const readers = locks.some((lock) => whoWaits(lock) !== "writes");
    yield {
      message: `${readers ? "reads and writes" : "writes"} of ${listOf(locks)} are blocked while ${locks.length === 1 ? "it is" : "they are"} ${rewritten(site).length > 0 ? "rewritten" : "read"}`,
    };
  },
};

/** Which take only what they change. */
const DATA = /^(?:Select|Insert|Update|Delete|Merge|RefreshMatView)Stmt$/;
