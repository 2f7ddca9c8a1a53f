/** A list → the same without repetition. */

/** In the order in which each item comes first. */
export const unique = <T>(items: readonly T[]): readonly T[] =>
  items.length < 2 ? items : [...new Set(items)];
