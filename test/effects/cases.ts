/**
 * What was measured on real servers: the statements of the `.jsonl` files beside this one. `measured.jsonl` is whole. From
 * `further.jsonl` about thirty statements were taken out after they had been measured, which the gaps in its numbers show: those
 * that fail for what rows hold (duplicates, violated constraints) and for roles, tablespaces or extensions that are missing, of
 * which the model has no picture. So it tells nothing of how the model answers these: it does not see that they fail. Of those
 * whose numbers begin with c or d, six more are left out for what the model does not know: row filters and column lists of
 * publications; whether the planner prefers a scan to an index (of a parent with children, of a join, of a range); and that
 * PostgreSQL 12 checks every foreign key added in one ALTER TABLE if any column added with it has a default. From d043 on they
 * were measured on 15 and 18 alone, and what 15 did stands for those before 18.
 */
import { readFileSync } from "node:fs";
import { type LockMode, lockModes } from "../../src/core/effects/mode.ts";

/** What a server did: relations that were there before the statement, by name. Or what it said against it. */
export type Measured =
  | {
      readonly locks: Readonly<Record<string, LockMode>>;
      /** Tables and indexes that got a new file. */
      readonly rewrites: readonly string[];
      /** Tables that were read from end to end. */
      readonly scans: readonly string[];
    }
  | { readonly error: string };

/** A statement, run alone in a transaction after `schema.sql` and its setup. */
export interface MeasuredCase {
  readonly id: string;
  readonly setup: string;
  readonly sql: string;
  /** By the server's major version. */
  readonly measured: Readonly<Record<string, Measured>>;
}

export const versions = [12, 13, 14, 15, 16, 17, 18] as const;

/** The initials of a mode: `AX`. */
const shortened = (mode: LockMode): string => SHORT[lockModes.indexOf(mode)]!;
const SHORT = ["AS", "RS", "RX", "SUX", "S", "SRX", "X", "AX"];

/** A line as it is kept: `[id, setup, sql, { version from which on: [locks, rewrites, scans] or what it said }]`. */
type Line = readonly [
  id: string,
  setup: string,
  sql: string,
  Readonly<
    Record<string, string | readonly [Readonly<Record<string, string>>, readonly string[], readonly string[]]>
  >,
];

export function toLine({ id, setup, sql, measured }: MeasuredCase): string {
  const kept: Record<string, Line[3][string]> = {};
  let last = "";
  for (const version of versions) {
    const found = measured[version]!;
    const value: Line[3][string] =
      "error" in found
        ? found.error
        : [
            Object.fromEntries(Object.entries(found.locks).map(([name, mode]) => [name, shortened(mode)])),
            found.rewrites,
            found.scans,
          ];
    if (JSON.stringify(value) === last) continue;
    last = JSON.stringify(value);
    kept[version] = value;
  }
  return JSON.stringify([id, setup, sql, kept] satisfies Line);
}

function fromLine([id, setup, sql, kept]: Line): MeasuredCase {
  const measured: Record<string, Measured> = {};
  let last: Line[3][string] = "";
  for (const version of versions) {
    last = kept[version] ?? last;
    measured[version] =
      typeof last === "string"
        ? { error: last }
        : {
            locks: Object.fromEntries(
              Object.entries(last[0]).map(([name, mode]) => [name, lockModes[SHORT.indexOf(mode)]!]),
            ),
            rewrites: last[1],
            scans: last[2],
          };
  }
  return { id, setup, sql, measured };
}

/** The cases of one file. */
export function casesOf(file: string): readonly MeasuredCase[] {
  return readFileSync(new URL(file, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => fromLine(JSON.parse(line) as Line));
}
