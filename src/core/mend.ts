/** The statements that would mend a database, or why there are none → a value, and the text that can be run as it is. */
import { describeObject } from "./catalog/catalog.ts";
import type { Difference } from "./catalog/compare.ts";
import { type Segment, wholeText } from "./diff/text.ts";
import { counts } from "./diff/verdict.ts";
import { SETTINGS } from "./dump/settings.ts";
import { commentText } from "./quote.ts";

/** `sql`: run on a copy of the schema it left what the migrations make. `reasons`: why there is none, with the objects. */
export type Mend =
  | {
      readonly sql: string;
      /** What would be removed with its rows or values: `drop table public.users_backup`. */
      readonly losses: readonly string[];
      /** What it leaves as it is, or cannot say. */
      readonly notes: readonly string[];
    }
  | {
      readonly reasons: readonly string[];
      /** What to type. */
      readonly hint?: string | undefined;
    };

export interface MendParts {
  readonly segments: readonly Segment[];
  readonly losses: readonly string[];
  readonly notes: readonly string[];
  /** `deploy@db.example:5432/shop` */
  readonly database: string;
}

/** Its names are looked for as they were when it was tried. A transaction of its own for each part that can have one. */
export function mendOf({ segments, losses, notes, database }: MendParts): Mend {
  const comments = [
    `${database}: what would make its schema the same as its migrations. Nothing of it was run there.`,
    ...losses.map((loss) => `It would remove rows or values: ${loss}`),
    ...notes.map((note) => `Note: ${note}`),
  ];
  const head = [
    ...comments.map((each) => `-- ${commentText(each)}`),
    ...SETTINGS.map((setting) => `${setting};`),
  ];
  return { sql: `${head.join("\n")}\n\n${segments.map(wholeText).join("\n")}`, losses, notes };
}

/** The differences that no statement mends, each as a sentence. */
export const leftAlone = (differences: readonly Difference[]): readonly string[] =>
  differences
    .filter((difference) => !counts(difference))
    .map((difference) =>
      difference.kind === "order"
        ? `${describeObject(difference)} keeps the order of its columns`
        : `${describeObject(difference)} keeps its version`,
    );
