/** The work that an ALTER TABLE or CREATE TABLE does at its end: each table is rewritten or scanned once. */
import { type Constraint, type Relation, withPartitions } from "./schema.ts";
import type { Work } from "./work.ts";

export class Queue {
  readonly rewrites = new Set<Relation>();
  /** Tables whose rows are checked: CHECK, NOT NULL, the bound of a partition. */
  readonly verifies = new Set<Relation>();
  /** Tables that get a new index. */
  readonly builds = new Set<Relation>();
  readonly foreignKeys: (readonly [Relation, Constraint])[] = [];

  finish(work: Work): void {
    for (const each of this.rewrites) work.rewrite(each);
    for (const each of this.verifies) work.scan(each);
    for (const each of this.builds) work.build(each);
    for (const [table, constraint] of this.foreignKeys) checkForeignKey(work, table, constraint);
  }
}

/** One query joins the rows of both tables. */
export function checkForeignKey(work: Work, table: Relation, { references }: Constraint): void {
  const parents = withPartitions(references!.table);
  for (const each of withPartitions(table)) {
    if (each.kind === "partitioned table") continue;
    work.plan(each, "ACCESS SHARE");
    work.scan(each);
    for (const parent of parents) {
      work.plan(parent, "ACCESS SHARE");
      if (each.rows !== "none" && parent.rows !== "none") work.scan(parent);
    }
  }
}
