/** A lock that others wait for, with lock_timeout switched off → a queue behind it. */
import type { Rule } from "./rule.ts";
import { blocked, listOf, whoWaits } from "./site.ts";

export const noLockTimeout: Rule = {
  id: "no-lock-timeout",
  since: 1,
  severity: "error",
  hazard:
    "While a statement waits for its lock, all later statements wait behind it. Migrations run with a lock_timeout, which ends that; with lock_timeout = 0, a long query blocks everyone who uses the table.",
  advice: "remove the setting, or set a time: a few seconds are enough",
  bad: "SET lock_timeout = 0;\nALTER TABLE shop.orders ADD COLUMN region text;",
  good: ["SET lock_timeout = '2s';\nALTER TABLE shop.orders ADD COLUMN region text;"],
  *find(site) {
    const locks = blocked(site);
    if (site.lockTimeout || locks.length === 0) return;
    const waiting = locks.some((each) => whoWaits(each) !== "writes") ? "reads and writes" : "writes";
    yield {
      message: `while it waits for its lock, ${waiting} of ${listOf(locks)} are blocked, and lock_timeout is 0`,
    };
  },
};
