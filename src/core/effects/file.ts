/** Files of migrations, in the order in which they run → the effect of each of their statements. */
import type { Source } from "../source.ts";
import type { ParsedStatement } from "../statement/facts.ts";
import type { Effect, FileState, Fold } from "./effects.ts";

/** A file as it runs: in one transaction, or each statement in its own. UTF-16 offsets in its text. */
export interface FileToRun {
  readonly source: Source;
  readonly statements: readonly (Pick<ParsedStatement, "ast" | "body" | "start" | "end"> & {
    readonly transactional: boolean;
  })[];
  readonly transactional: boolean;
}

/** What each file starts from, on a server of that major version. */
export interface FileStart extends FileState {
  readonly version: number;
}

/** The picture is as a statement leaves it when its effect is given. */
export function effectsOfFile(
  fold: Fold,
  { source, statements, transactional }: FileToRun,
  start: FileStart,
): Generator<Effect> {
  fold.beginFile(start);
  const read = statements.map((each) => ({ ...each, sql: source.text.slice(each.start, each.end) }));
  return fold.run(read, { version: start.version, block: transactional });
}
