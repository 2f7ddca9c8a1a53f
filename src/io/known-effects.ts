/**
 * What migrations do to a database in use → the user's cache, each by a name that tells it and all that came before it, so
 * that no folder is read twice from its beginning.
 */
import type { Privilege } from "../core/effects/privilege.ts";
import type { EffectSummary } from "../core/effects/summary.ts";
import type { Loss } from "../core/statement/losses.ts";
import { cachedRows } from "./cache.ts";
import type { Env } from "./cache-folder.ts";
import { grammarStamps } from "./grammar-files.ts";

/** What a file does. */
export interface FileEffects {
  /** It is one transaction. */
  readonly isOne: boolean;
  /** One for each of its statements. */
  readonly statements: readonly (EffectSummary | undefined)[];
  /** What the role that runs them must be allowed to do, each thing once. */
  readonly privileges: readonly Privilege[];
  /** Of each statement its losses, where they are others than its text alone tells. */
  readonly losses: readonly (readonly Loss[] | undefined)[];
}

export interface KnownEffects {
  readonly find: (name: string) => FileEffects | undefined;
  readonly add: (name: string, effects: FileEffects) => void;
  /** Keeps what was added. */
  readonly keep: () => void;
}

type Row = readonly [
  name: string,
  isOne: boolean,
  statements: readonly (EffectSummary | null)[],
  privileges: readonly Privilege[],
  losses: readonly (readonly Loss[] | null)[],
];

/** `about`: all that the effects depend on beside the files. */
export function knownEffects(about: readonly unknown[], env: Env): KnownEffects {
  const cache = cachedRows<Row>("effects", JSON.stringify([about, grammarStamps()]), env);
  let known: Map<string, Row> | undefined;
  const rows = (): Map<string, Row> => {
    known ??= new Map((cache?.read() ?? []).map((row) => [row[0], row]));
    return known;
  };
  let isNew = false;
  return {
    find: (name) => {
      const row = rows().get(name);
      return row === undefined
        ? undefined
        : {
            isOne: row[1],
            statements: row[2].map((each) => each ?? undefined),
            privileges: row[3],
            losses: row[4].map((each) => each ?? undefined),
          };
    },
    add: (name, { isOne, statements, privileges, losses }) => {
      const row: Row = [
        name,
        isOne,
        statements.map((each) => each ?? null),
        privileges,
        losses.map((each) => each ?? null),
      ];
      rows().set(name, row);
      isNew = true;
    },
    keep: () => {
      if (!isNew || cache === undefined) return;
      const writer = cache.replace();
      for (const row of rows().values()) writer.add(row);
      writer.keep();
    },
  };
}
