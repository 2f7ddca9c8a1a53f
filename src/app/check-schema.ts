/** A project → where its schema folder is not what its migrations make. */
import { compareCatalogs, type Difference } from "../core/catalog/compare.ts";
import { foreignPartitions, patternFor } from "../core/diff/apart.ts";
import { readCatalog } from "../io/catalog.ts";
import { loadSchemaFolder } from "./desired.ts";
import type { Deps, Project } from "./project.ts";
import { replay } from "./replay.ts";
import { type UsedScratch, used, withScratch } from "./scratch.ts";

export interface SchemaCheck {
  readonly scratch: UsedScratch;
  /** From what the migrations make to what the schema files say. */
  readonly differences: readonly Difference[];
}

/**
 * Partitions of a declared table that stand in no file are left alone, as is what the configuration ignores. Throws
 * `usage/no-schema` where there is no schema file, `source/schema` for what the server refuses of one, and as a replay.
 */
export async function checkSchema(deps: Deps, project: Project): Promise<SchemaCheck> {
  return withScratch(deps, project, {}, async (scratch) => {
    const { schema } = project.ledger.names;
    const loaded = await loadSchemaFolder(deps, project, scratch);
    const desired = await readCatalog(loaded.session, schema);
    const { session } = await replay(deps, project, scratch);
    const made = await readCatalog(session, schema);
    const apart = foreignPartitions(made, desired).map(patternFor);
    const ignore = [...project.config.ignore, ...apart];
    return { scratch: used(scratch), differences: compareCatalogs(made, desired, { ignore }) };
  });
}
