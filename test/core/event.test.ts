/** What another session does, in words where it is ours. */
import { expect, test } from "vitest";
import { sessionText } from "../../src/core/event.ts";
import { ledgerOf } from "../../src/core/ledger/calls.ts";

const doing = (query: string, application = "psql"): string => {
  // As the query of pg_stat_activity makes it.
  const shown = query.replaceAll(/\s+/g, " ").slice(0, 200);
  const text = sessionText({ pid: 7, application, user: "ann", client: "local", query: shown });
  return text.replace(`pid 7, ${application}, ann@local: `, "");
};

test("the ledger's blocks check it, in whatever schema; its procedures stand between two steps", () => {
  for (const schema of ["retort", "a b"]) {
    const ledger = ledgerOf({ schema });
    for (const block of [ledger.lock({}), ledger.create, ledger.guard("needed"), ledger.guard("older")])
      expect(doing(block)).toBe("checks the ledger");
    expect(doing(ledger.requireLock)).toBe("between two steps");
  }
  for (const query of ["BEGIN;", "RESET ALL", "COMMIT;"])
    expect(doing(query, "retort")).toBe("between two steps");
});

test("what a user wrote is shown as it is, without the semicolon at its end", () => {
  expect(doing("/* 7c92 add phone, statement 2 of 5 */ SELECT 1", "retort")).toBe(
    "7c92 add phone, statement 2 of 5",
  );
  for (const query of ["BEGIN;", "CALL shop.settle(7);", "DO $$ BEGIN PERFORM 1; END $$", "SELECT 1"])
    expect(doing(query)).toBe(query.replace(/;$/, ""));
});
