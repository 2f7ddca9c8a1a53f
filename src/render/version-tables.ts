/** Tables in which another tool has recorded what it has run, and what is done with them → a line for each. */
export const versionTableLines = (tables: readonly string[], done: "left alone" | "left out"): string[] =>
  tables.map((table) => `the table ${table} is the version table of another tool, and is ${done}`);
