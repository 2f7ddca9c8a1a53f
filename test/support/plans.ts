/** A few words about steps go in, a plan comes out: for tests of what is done with plans. */
import { defaultLedgerNames } from "../../src/core/ledger.ts";
import { ledgerSql } from "../../src/core/ledger-sql.ts";
import { type CompileInput, compile, defaultPins, type Plan, type StepInput } from "../../src/core/plan.ts";
import type { UserStatement } from "../../src/core/statement.ts";
import { sha256 } from "../../src/io/sha256.ts";

export const ledger = ledgerSql(defaultLedgerNames, sha256);

/** A statement as the grammar would have found it. */
export function statement(sql: string, more: Partial<UserStatement> = {}): UserStatement {
  const origin = { path: "x.sql", line: 1, column: 1, start: 0, end: sql.length };
  return {
    sql,
    origin,
    offset: 0,
    tag: sql.split(" ", 1)[0]!,
    transactional: true,
    mayCommit: false,
    destructive: [],
    changesLexing: false,
    ...more,
  } as UserStatement;
}

/** A step up to `revision` that runs these statements. */
export function step(
  revision: string,
  sql: readonly (string | UserStatement)[],
  more: Partial<StepInput> = {},
): StepInput {
  return {
    direction: "up",
    revision,
    message: "",
    parents: [],
    dependsOn: [],
    path: `${revision}.up.sql`,
    checksum: sha256(revision),
    codeChecksum: sha256(revision),
    transactional: true,
    statements: sql.map((s) => (typeof s === "string" ? statement(s) : s)),
    ...more,
  } as StepInput;
}

/** The plan of these steps, from base, unless `more` says otherwise. */
export const planOf = (steps: readonly StepInput[], more: Partial<CompileInput> = {}): Plan =>
  compile({
    kind: "upgrade",
    applied: [],
    from: [],
    to: [],
    steps,
    how: "run",
    singleTransaction: false,
    pins: defaultPins,
    ledger,
    sha256,
    ...more,
  });
