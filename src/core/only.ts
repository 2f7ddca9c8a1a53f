/** The names of what there is of a kind → the end of a hint that lists them: `the only folder is migrations`. */

/** `more`: what stands behind the noun. */
export const thereAre = (noun: string, names: readonly string[], more = ""): string =>
  names.length === 1
    ? `the only ${noun}${more} is ${names[0]}`
    : `the ${noun}s${more} are ${names.join(", ")}`;
