/** Up files that lack a statement → what is warned of. */
export const emptyUpsText = (paths: readonly string[]): string =>
  ["these up files have no statement:", ...paths.map((path) => `  ${path}`)].join("\n");
