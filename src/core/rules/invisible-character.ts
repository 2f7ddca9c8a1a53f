/** A name that holds a character which nobody sees → PostgreSQL takes it for a letter. */
import { invisibleIn } from "../characters.ts";
import { tokens } from "../lexer.ts";
import { unique } from "../unique.ts";
import type { Rule } from "./rule.ts";

export const invisibleCharacter: Rule = {
  id: "invisible-character",
  since: 1,
  severity: "warning",
  hazard:
    "A name holds a character that nobody sees, such as the zero-width space that comes with text from a chat or a web page. PostgreSQL takes it for a letter, so the name as it looks is not found.",
  advice: "delete the character, or write a space",
  bad: "CREATE VIEW shop.\u200bunpaid AS SELECT 1 AS one;",
  good: ["CREATE VIEW shop.unpaid AS SELECT 1 AS one;"],
  *find({ sql }) {
    if (invisibleIn(sql) === undefined) return;
    const names = [...tokens(sql)].flatMap(({ kind, start, end }) =>
      kind === "word" ? sql.slice(start, end) : [],
    );
    for (const name of unique(names)) {
      const found = invisibleIn(name);
      if (found !== undefined)
        yield { message: `the name that looks like ${found.visible} holds ${found.character}` };
    }
  },
};
