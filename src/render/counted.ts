/** A number and a noun → `1 file`, `2 files`. */
export const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** Of so many rows of the ledger that are deleted. */
export const stays = (n: number): string => `what ${n === 1 ? "it" : "they"} did is not undone by that`;
