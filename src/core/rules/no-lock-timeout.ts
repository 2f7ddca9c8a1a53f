/** A lock that others wait for, with lock_timeout switched off → a queue behind it. */
import type { Rule } from "./rule.ts";
import { blocked, listOf } from "./site.ts";

export const noLockTimeout: Rule = {
  id: "no-lock-timeout",
  since: 1,
  severity: "error",
  hazard:
    "A statement that waits for its lock makes all wait that come after it. Migrations run with a lock_timeout and are tried again; with lock_timeout = 0, a long query stops everyone who uses the table.",
  advice:
    "remove the setting, or give it a time: a few seconds are enough, since the migration is tried again",
  bad: "SET lock_timeout = 0;\nALTER TABLE shop.orders ADD COLUMN region text;",
  good: ["SET lock_timeout = '2s';\nALTER TABLE shop.orders ADD COLUMN region text;"],
  *find(site) {
    if (site.lockTimeout || blocked(site).length === 0) return;
    yield {
      message: `while it waits for its lock, all wait that want to use ${listOf(blocked(site))}, and lock_timeout is 0`,
    };
  },
};
