/** A text and an offset → whether one of the lines stands there that git writes around versions that it could not merge. */

export const CONFLICT_HINT =
  "git could not merge this file: choose between its two versions, and delete the lines <<<<<<<, ======= and >>>>>>>";

/** The first word of such a line. */
const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?=\s|$)/;

export const isConflict = (text: string, offset = 0): boolean =>
  CONFLICT.test(text.slice(offset, offset + 8));
