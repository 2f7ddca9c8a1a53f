/** What the server says is not there → what to type, where a scratch database lacks it because no migration makes it. */
import { identifier } from "./quote.ts";

const NOT_MADE =
  "no migration before this one makes it: name the one that does (-- depends-on: REVISION), or, if it was there before them all, put its SQL into a first migration: migrate dump --database URL";

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
    () => `correct the name; if it is right, ${NOT_MADE}`,
  ],
  // A misspelt name and a wrong type are told in the same words as a routine that is not there.
  [
    /^(?:aggregate|procedure|function|operator)\b.* does not exist/,
    () => `correct the name, or the types of what it is given; if both are right, ${NOT_MADE}`,
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
