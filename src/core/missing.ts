/** What the server says is not there → what to type, where a scratch database lacks it because no migration leaves it there. */
import { identifier } from "./quote.ts";

/** One of those before may well make it, and another behind that rename or drop it. */
const NOT_LEFT =
  "the migrations before this one do not leave it there: if one of them drops or renames it, edit the one of the two that is not applied yet; if another makes it, name that one (-- depends-on: REVISION); if it was there before them all, put its SQL (migrate dump --database URL) into a new first one (migrate revision -m before --head base), and name that as the parent of what is first now";

type Advice = readonly [RegExp, (name: string) => string];

/** By the beginning of the message, in English: a server that speaks otherwise gets no advice. */
const OF_SERVER: readonly Advice[] = [
  [
    /^role "(.+)" does not exist/,
    (role) =>
      `roles belong to the server; on that of the scratch database, run: CREATE ROLE ${identifier(role)}`,
  ],
  [
    /^extension "(.+)" is not available/,
    (name) => `install ${name} on the server of the scratch database, or name one that has it: --scratch URL`,
  ],
];

/** What a migration could make. */
const OF_DATABASE: readonly Advice[] = [
  [
    /^(?:relation|schema|type|collation|extension|text search configuration)\b.* does not exist/,
    () => `correct the name; if it is right, ${NOT_LEFT}`,
  ],
  // A misspelt name and a wrong type are told in the same words as a routine that is not there.
  [
    /^(?:aggregate|procedure|function|operator)\b.* does not exist/,
    () => `correct the name, or the types of what it is given; if both are right, ${NOT_LEFT}`,
  ],
];

/** Of an up file that failed on a scratch database. */
export const missingHint = (message: string): string | undefined =>
  hintIn([...OF_SERVER, ...OF_DATABASE], message);

/** Of any file that did: what no file could make. */
export const missingOnServer = (message: string): string | undefined => hintIn(OF_SERVER, message);

function hintIn(advice: readonly Advice[], message: string): string | undefined {
  for (const [pattern, hint] of advice) {
    const found = pattern.exec(message);
    if (found !== null) return hint(found[1] ?? "");
  }
  return undefined;
}

/** Whether the server says it of something that a migration could make. */
export const couldBeMade = (message: string): boolean =>
  OF_DATABASE.some(([pattern]) => pattern.test(message));
