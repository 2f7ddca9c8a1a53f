/** A migration, and the parts that take its place → its own files in another form, and new ones behind them. */
import { basename, dirname, join } from "node:path";
import { formatFileName, parseFileName, slugOf } from "../core/filename.ts";
import type { Whole } from "../core/fix/back.ts";
import { type Bodies, type FileChange, newTexts, rewritten } from "../core/fix/files.ts";
import type { Migration, RevisionId } from "../core/migration.ts";
import { freeNumbers } from "../core/shared-numbers.ts";
import type { Source } from "../core/source.ts";
import type { Deps, Project } from "./project.ts";

/** Whose files. */
export interface FilesFor {
  readonly deps: Deps;
  readonly project: Project;
  readonly migration: Migration;
  /** Paths that other new files will have. */
  readonly taken: readonly string[];
}

/** The migration's own and the new ones; also those that stay as they are. */
export function filesOf(
  on: FilesFor,
  parts: readonly Whole[],
  ids: readonly RevisionId[],
): readonly FileChange[] {
  const { migration } = on;
  const [first, ...rest] = parts.map(bodiesOf);
  return [
    changeOf(migration.up.source, rewritten(migration.up, first!.up, first!.upOutside)),
    ...(migration.down === undefined
      ? []
      : [
          changeOf(
            migration.down.source,
            rewritten(migration.down, backText(migration.down.source.text, first!.down!), first!.downOutside),
          ),
        ]),
    ...rest.flatMap((bodies, i) => newFiles(on, bodies, ids, i + 1)),
  ];
}

/** The pair of the part `i`, from 0. */
function newFiles(
  { project, deps, migration, taken }: FilesFor,
  bodies: Bodies,
  ids: readonly RevisionId[],
  i: number,
): readonly FileChange[] {
  const { up, down, path, message: first } = migration;
  const [revision, parent] = [ids[i]!, ids[i - 1]!];
  const message = `${first} (${i + 1} of ${ids.length})`;
  const texts = newTexts({ revision, parent, message, up, down }, bodies);
  const numbers = [
    ...[...project.migrations.values(), ...project.dormant].flatMap((each) => each.number ?? []),
    ...taken.flatMap((each) => parseFileName(basename(each), project.pattern).fileName?.number ?? []),
  ];
  const free = freeNumbers(project.graph, numbers);
  let number = free();
  for (let k = 1; k < i; k += 1) number = free();
  const name = { number, slug: slugOf(message), revision, date: deps.now() };
  const file = (direction: "up" | "down", after: string): FileChange => ({
    path: join(dirname(path), formatFileName({ ...name, direction }, project.pattern)),
    after,
  });
  return [file("up", texts.up), ...(texts.down === undefined ? [] : [file("down", texts.down)])];
}

const changeOf = ({ path, text }: Source, after: string): FileChange => ({ path, before: text, after });

const bodiesOf = ({ up, outside, back }: Whole): Bodies => ({
  up,
  upOutside: outside,
  downOutside: back?.outside === true,
  ...(back === undefined ? {} : { down: back.text }),
});

/** Below a header there is an empty line. */
const backText = (before: string, body: string): string =>
  before === "" || body.startsWith("\n") ? body : `\n${body}`;
