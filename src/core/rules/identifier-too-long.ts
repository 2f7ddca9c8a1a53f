/** A name of more than 63 bytes → PostgreSQL cuts it. */
import { tokens } from "../lexer.ts";
import type { Rule } from "./rule.ts";

const LONGEST = 63;

/** Lexing every statement would take longer than all other rules together. */
const MAY_BE_LONG = /[\w$]{64}|"[^"]{64}|[^\x00-\x7f]/;

export const identifierTooLong: Rule = {
  id: "identifier-too-long",
  since: 1,
  severity: "warning",
  hazard:
    "PostgreSQL truncates a name to 63 bytes with no more than a notice; two long names can become the same.",
  advice: "choose a name of at most 63 bytes",
  bad: "CREATE VIEW shop.orders_of_customers_who_have_not_paid_within_the_time_that_was_agreed_upon AS SELECT 1 AS one;",
  good: ["CREATE VIEW shop.orders_not_paid AS SELECT 1 AS one;"],
  *find({ sql }) {
    const seen = new Set<string>();
    if (!MAY_BE_LONG.test(sql)) return;
    for (const { kind, start, end } of tokens(sql)) {
      if (kind !== "word" || end - start <= LONGEST / 4) continue;
      const name = sql.slice(start, end);
      const bytes = new TextEncoder().encode(name.replace(/^"|"$/g, "").replaceAll('""', '"')).length;
      if (bytes <= LONGEST || seen.has(name)) continue;
      seen.add(name);
      yield { message: `${name} has ${bytes} bytes and is truncated to 63` };
    }
  },
};
