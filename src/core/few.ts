/** Names → the first of them, as many as a person can take in, and how many more there are. */
const MOST = 3;

export const fewOf = (names: readonly string[]): string =>
  names.length <= MOST
    ? names.join(", ")
    : `${names.slice(0, MOST).join(", ")} and ${names.length - MOST} more`;
