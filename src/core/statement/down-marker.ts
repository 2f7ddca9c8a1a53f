/** The comments above a statement of an up file → the line with which another tool begins its down section, and what is wrong then. */
import type { Fault } from "../fault.ts";
import { tokens } from "../lexer.ts";

/** Of goose, sql-migrate and dbmate, as they are written there; other comments may well speak of a way down. */
const MARKER =
  /^--[ \t]*(?:\+goose[ \t]+down|\+migrate[ \t]+down(?:[ \t]+notransaction)?|migrate:down(?:[ \t]+transaction:\w+)?)[ \t]*$/i;

/** A comment here: what is below it runs in the upgrade, and takes back what is above. Its place is one in the comments. */
export function downMarkerIn(
  comments: string,
): { readonly fault: Fault; readonly start: number; readonly end: number } | undefined {
  if (!/down/i.test(comments)) return undefined;
  for (const { kind, start, end } of tokens(comments)) {
    const line = comments.slice(start, end);
    if (kind !== "comment" || !MARKER.test(line)) continue;
    const fault = {
      code: "source/down-marker",
      message: `'${line.trim()}' is only a comment here, so the SQL below it would run in the upgrade`,
      hint: "move what is below that line into the down file, and remove the line",
    };
    return { fault, start, end: start + line.trimEnd().length };
  }
  return undefined;
}
