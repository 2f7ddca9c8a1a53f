/** A statement with the schema and the setup before it → what the model says that it locks, rewrites and scans. */
import { effectsOf, newSession, type RelationName, type Statement } from "../../src/core/effects/effects.ts";
import type { LockMode } from "../../src/core/effects/mode.ts";
import type { Session } from "../../src/core/effects/work.ts";
import { factsOf } from "../../src/core/statement/facts.ts";
import { createReader, type ReadStatement } from "../../src/io/grammar.ts";

/** As it was measured: the statement alone in a transaction, after the schema and the setup. */
export interface AskedCase {
  readonly id: string;
  readonly schema: string;
  readonly setup: string;
  readonly sql: string;
  readonly version: string | number;
}

export interface LockAnswer {
  readonly id: string;
  /** Of relations that were there before, by their name then. */
  readonly locks: Readonly<Record<string, LockMode>>;
  readonly rewrites: readonly string[];
  readonly scans: readonly string[];
  readonly error?: true;
  readonly unknown?: true;
}

/** Whether it may run in a transaction is told as for a migration. */
export const withFacts = (statement: ReadStatement): Statement => ({
  ...statement,
  transactional: factsOf({ ...statement, start: 0, end: statement.sql.length }, statement.sql).transactional,
});

/** Answers cases. A schema that was asked about before is not read again. */
export async function createOracle(): Promise<(asked: AskedCase) => LockAnswer> {
  const read = await createReader();
  const reader = (sql: string) => read(sql).map(withFacts);
  const attempt = <T>(make: () => T): T | undefined => {
    try {
      return make();
    } catch {
      return undefined;
    }
  };
  const circumstances = (version: number, block: boolean) => ({
    version,
    block,
  });
  const schemas = new Map<string, Session>();
  return ({ id, schema, setup, sql, version }) => {
    const major = Number(version);
    const key = `${major}\0${schema}`;
    const before =
      schemas.get(key) ?? effectsOf(reader(schema), newSession(true), circumstances(major, false)).session;
    schemas.set(key, before);
    const nothing = { id, locks: {}, rewrites: [], scans: [] };
    const statements = attempt(() => [setup.trim() === "" ? [] : reader(setup), reader(sql)] as const);
    if (statements === undefined) return { ...nothing, error: true };
    const prepared = effectsOf(statements[0], before, circumstances(major, false));
    const {
      effects,
      held,
      session: after,
    } = effectsOf(statements[1], prepared.session, circumstances(major, true));
    if ([...prepared.effects, ...effects].some(({ refused }) => refused !== undefined))
      return { ...nothing, error: true };
    // What is gone has no file and no counter that could be read.
    const left = new Set([...after.schema.relations.values()].map((each) => each.id));
    const names = new Map(
      [...prepared.session.schema.relations.values()].map((each) => [each.id, each.name]),
    );
    const named = (relations: readonly RelationName[]): string[] =>
      [...new Set(relations.filter((each) => left.has(each.id)).map((each) => names.get(each.id)!))].sort();
    return {
      id,
      locks: Object.fromEntries(
        [...held]
          .flatMap(([each, mode]) => (names.has(each) ? [[names.get(each)!, mode] as const] : []))
          .sort(),
      ),
      rewrites: named(effects.flatMap(({ rewrites }) => rewrites)),
      scans: named(effects.flatMap(({ scans }) => scans)),
      ...(effects.some(({ unknown }) => unknown.length > 0) ? { unknown: true } : {}),
    };
  };
}
