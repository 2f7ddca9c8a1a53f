/** The comments above a statement of an up file → the line with which another tool begins its down section, and what is wrong then. */
import type { Fault } from "../fault.ts";
import { tokens } from "../lexer.ts";

/**
 * As the tools' own documentation writes it. They themselves, and so what adopts their folders, take more for a marker; but
 * other comments of ours may well speak of a way down.
 */
const MARKERS = [
  String.raw`\+goose[ \t]+down`,
  String.raw`\+migrate[ \t]+down(?:[ \t]+notransaction)?`, // sql-migrate
  String.raw`migrate:down(?:[ \t]+transaction:\w+)?`, // dbmate
  String.raw`down[ \t]+migration`, // node-pg-migrate
  "down", // sqlite
  String.raw`\/\/[ \t]*@undo`, // MyBatis Migrations
  String.raw`(?:-+[ \t]*)?!downs`, // Play
  String.raw`\+micrate[ \t]+down`,
  String.raw`rambler[ \t]+down`,
  "-- create above / drop below ----", // tern
];
const MARKER = new RegExp(`^--[ \\t]*(?:${MARKERS.join("|")})[ \\t]*$`, "i");

/** A comment here: what is below it runs in the upgrade, and takes back what is above. Its place is one in the comments. */
export function downMarkerIn(
  comments: string,
): { readonly fault: Fault; readonly start: number; readonly end: number } | undefined {
  if (!/down|below|@undo/i.test(comments)) return undefined;
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
