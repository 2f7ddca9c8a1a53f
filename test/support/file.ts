/** The text of a file → the file as the parsers take it, with nothing said in its header. */
import type { MigrationFile } from "../../src/core/migration.ts";

export const migrationFile = (text: string, bodyStart = 0): MigrationFile => ({
  source: { path: "0001_x.up.sql", text },
  header: { parents: [], dependsOn: [], branchLabels: [], replaces: [] },
  bodyStart,
  checksum: "",
});
