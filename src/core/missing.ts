/** What the server says is not there → what to type, where a scratch database lacks it because no migration makes it. */
import { identifier } from "./quote.ts";

const NOT_MADE =
  "no migration before this one makes it: name the one that does (-- depends-on: REVISION), or, if it was there before them all, put its SQL into a first migration: migrate dump --database URL";

/** By the beginning of the message, in English: a server that speaks otherwise gets no advice. */
const ADVICE: readonly (readonly [RegExp, (name: string) => string])[] = [
  [
    /^role "(.+)" does not exist/,
    (role) =>
      `roles belong to the server; on that of the scratch database, run: CREATE ROLE ${identifier(role)}`,
  ],
  [
    /^extension "(.+)" is not available/,
    (name) => `install ${name} on the server of the scratch database, or name one that has it: --scratch URL`,
  ],
  [
    /^(?:relation|schema|type|collation|extension|text search configuration|aggregate|procedure|function|operator)\b.* does not exist/,
    () => NOT_MADE,
  ],
];

/** Of an up file that failed on a scratch database. */
export function missingHint(message: string): string | undefined {
  for (const [pattern, hint] of ADVICE) {
    const found = pattern.exec(message);
    if (found !== null) return hint(found[1] ?? "");
  }
  return undefined;
}
