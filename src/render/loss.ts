/** What a statement takes away → the words for a person. */
import { commentText } from "../core/quote.ts";
import type { Loss } from "../core/statement/losses.ts";

/** `table shop.users and all that depends on it` */
export function lossText({ kind, object, cascade }: Loss): string {
  const more =
    cascade === undefined ? "" : kind === "truncate" ? " and of all tables that refer to it" : DEPENDENTS;
  switch (kind) {
    case "truncate":
      return `all rows of ${object}${more}`;
    case "delete rows":
      return `rows of ${object}`;
    case "drop owned":
      return `all that is owned by ${object}`;
    default:
      return `${kind.replace(/^drop /, "")} ${object}${more}`;
  }
}

const DEPENDENTS = " and all that depends on it";

/** Safe in a comment of one line. */
export const lossComment = (loss: Loss): string => commentText(lossText(loss));
