/** What the model says of statements, held against what PostgreSQL 12 to 18 did with them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type AskedCase, createOracle, type LockAnswer } from "../support/locks.ts";
import { casesOf, type Measured, type MeasuredCase, versions } from "./cases.ts";

const schema = readFileSync(new URL("schema.sql", import.meta.url), "utf8");
const answer = await createOracle();

const ask = ({ id, setup, sql }: MeasuredCase, version: number): LockAnswer =>
  answer({ id, schema, setup, sql, version } satisfies AskedCase);

/** What is compared of both: that PostgreSQL refuses it, or all of its effects. */
const shape = (found: Measured | LockAnswer): unknown =>
  "error" in found && found.error !== undefined
    ? "refused"
    : "locks" in found && { locks: found.locks, rewrites: found.rewrites, scans: found.scans };

describe.each(["measured.jsonl", "further.jsonl"])("%s", (file) => {
  const cases = casesOf(file);

  test("holds cases", () => expect(cases.length).toBeGreaterThan(150));

  test.each(versions)("is what the model says of PostgreSQL %i", (version) => {
    const wrong = cases.flatMap((each) => {
      const said = ask(each, version);
      const [ours, theirs] = [shape(said), shape(each.measured[version]!)];
      const right = JSON.stringify(ours) === JSON.stringify(theirs);
      return right || said.unknown === true ? [] : [{ id: each.id, sql: each.sql, ours, theirs }];
    });
    expect(wrong).toEqual([]);
  });

  test.each(versions)("and of at most one in twenty it says that it does not know, on %i", (version) => {
    const unknown = cases.filter((each) => ask(each, version).unknown === true);
    expect(unknown.length).toBeLessThanOrEqual(cases.length / 20);
  });
});
