/** A few words about steps go in, a plan comes out: for tests of what is done with plans. */
import { ledgerOf } from "../../src/core/ledger/calls.ts";
import { defaultLedgerNames } from "../../src/core/ledger/types.ts";
import { compile } from "../../src/core/plan/compile.ts";
import { defaultPins } from "../../src/core/plan/session.ts";
import type { CompileInput, StepInput } from "../../src/core/plan/step.ts";
import type { Plan } from "../../src/core/plan/types.ts";
import { sha256 } from "../../src/core/sha256.ts";
import type { UserStatement } from "../../src/core/statement/file.ts";

export const ledger = ledgerOf(defaultLedgerNames);

/** A statement as the grammar would have found it. */
export function statement(sql: string, more: Partial<UserStatement> = {}): UserStatement {
  const origin = { path: "x.sql", line: 1, column: 1, start: 0, end: sql.length };
  return {
    sql,
    origin,
    offset: 0,
    tag: sql.split(" ", 1)[0]!,
    transactional: true,
    losses: [],
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
    ...more,
  });
