/** A project → the differences between its schema folder and its migrations. */
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import { foreignPartitions, patternFor } from "../core/diff/apart.ts";
import { counts } from "../core/diff/verdict.ts";
import { changesText } from "../core/reference-rows.ts";
import { readCatalog } from "../io/catalog.ts";
import { withPath } from "./beforehand.ts";
import { loadSchemaFolder, schemaFiles } from "./desired.ts";
import type { Deps, Project } from "./project.ts";
import { changesBetween, referenceTables, refuseNumbered, refuseUnknownTables } from "./reference-rows.ts";
import { replay } from "./replay.ts";
import { type UsedScratch, used, withScratch } from "./scratch.ts";

export interface SchemaCheck {
  readonly scratch: UsedScratch;
  /** From what the migrations make to what the schema files say. */
  readonly differences: readonly Difference[];
  /** How many more the configuration ignores. */
  readonly ignored: number;
  /** Reference rows that the migrations do not make: `shop.statuses: rows: 2 to add`. */
  readonly rows: readonly string[];
}

/**
 * Partitions of a declared table that stand in no file are left alone, as is what the configuration ignores. Throws
 * `usage/no-schema` where there is no schema file, `source/schema` for what the server refuses of one, and as a replay.
 */
export async function checkSchema(deps: Deps, project: Project): Promise<SchemaCheck> {
  const folder = schemaFiles(deps, project);
  return withScratch(deps, project, { more: folder }, async (scratch) => {
    const { schema } = project.ledger.names;
    const there = withPath(project, scratch);
    const loaded = await loadSchemaFolder(deps, there, scratch, folder);
    await refuseNumbered(project, loaded.session, loaded.statements);
    const desired = await readCatalog(loaded.session, schema);
    const desiredRows = await referenceTables(project, loaded.session);
    const { session } = await replay(deps, there, scratch);
    const made = await readCatalog(session, schema);
    const apart = foreignPartitions(made, desired).map(patternFor);
    const ignore = [...project.config.ignore, ...apart];
    const differences = compareCatalogs(made, desired, { ignore });
    const all = compareCatalogs(made, desired, { ignore: apart });
    const ignored = all.filter(counts).length - differences.filter(counts).length;
    const madeRows = await referenceTables(project, session);
    refuseUnknownTables(project, madeRows, desiredRows);
    // Tables with other columns are told as such.
    const changes = differences.some(counts) ? [] : changesBetween(madeRows, desiredRows);
    const rows = changes.flatMap((each) => changesText(each) ?? []);
    return { scratch: used(scratch), differences, ignored, rows };
  });
}
