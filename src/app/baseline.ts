/** A database without migrations → the first migration, which creates its schema; proven, and stamped as applied. */

import { resolve } from "node:path";
import { absences, hintsOf } from "../core/absence.ts";
import { madeBy } from "../core/adopt/version-tables.ts";
import { compareCatalogs } from "../core/catalog/compare.ts";
import { describeDifference } from "../core/diff/verdict.ts";
import { dumpOf, dumpText } from "../core/dump/dump.ts";
import { MigrateError } from "../core/errors.ts";
import { couldBeMade } from "../core/failure/missing.ts";
import type { Applied } from "../core/ledger/types.ts";
import { asOptions } from "../core/option-names.ts";
import { settledRows } from "../core/replaced.ts";
import { readCatalog } from "../io/catalog.ts";
import { removeFiles } from "../io/write-files.ts";
import { withPath } from "./beforehand.ts";
import { openConnected } from "./connect.ts";
import type { DumpOptions } from "./dump.ts";
import { type Schema, schemaOf } from "./keep-dump.ts";
import { commonOptions, type Deps, openProject, type Project, shownFolders } from "./project.ts";
import { replay } from "./replay.ts";
import { refuseUnfinished } from "./resume.ts";
import { createRevisions, type NewRevision, type RevisionOptions } from "./revision.ts";
import { run } from "./run.ts";
import { withScratch } from "./scratch.ts";

export type BaselineOptions = Omit<RevisionOptions, "heads" | "splice" | "dependsOn" | "template"> &
  Pick<DumpOptions, "ignore" | "onScratch">;

export interface Baseline {
  readonly created: NewRevision;
  /** The database in which it is stamped: `deploy@db.example:5432/shop`. */
  readonly database: string;
  readonly warnings: readonly string[];
  /** Tables in which another tool has recorded what it has run: they are left out. */
  readonly versionTables: readonly string[];
}

/**
 * Writes the up file, replays it on a scratch database, and stamps it where both are the same. Throws `usage/not-first`
 * where there are migrations, `state/not-first` where some are applied, `state/interrupted`, `state/locked`,
 * `usage/cannot-dump`, and `findings/baseline` with what is not the same; then no file is left.
 */
export async function baseline(deps: Deps, options: BaselineOptions): Promise<Baseline> {
  const { schema, database } = await readFirst(deps, options);
  const { text, warnings } = textOf(schema, database, deps.names);
  const [created] = await createRevisions(deps, { ...options, heads: ["base"] }, [{ up: text }]);
  const { files, revision } = created!;
  try {
    await prove(deps, options, schema);
    await run(deps, { kind: "stamp", targets: [revision] }, commonOptions(options));
  } catch (error) {
    await removeFiles(
      files.map((file) => resolve(deps.cwd, file)),
      deps,
    );
    throw withoutFile(error, deps);
  }
  return { created: created!, database, warnings, versionTables: schema.versionTables };
}

interface First {
  readonly schema: Schema;
  readonly database: string;
}

async function readFirst(deps: Deps, options: BaselineOptions): Promise<First> {
  const { project, session, state } = await openConnected(deps, {
    ...options,
    expectsNone: true,
    asksContents: true,
  });
  try {
    const [other] = project.migrations.values();
    const withoutFiles = hintsOf(absences(project.graph, settledRows(project.graph, state.applied))).join(
      "; ",
    );
    if (other !== undefined) {
      throw new MigrateError({
        code: "usage/not-first",
        message: `a baseline must be the first migration, but another exists: ${other.path}`,
        // Before those are settled, none of the others can be recorded.
        hint: withoutFiles || nextWith(project, state.applied),
      });
    }
    if (state.applied.length > 0) {
      throw new MigrateError({
        code: "state/not-first",
        message: `migrations are applied to ${session.database}, but there are none in ${shownFolders(project.config, deps)}`,
        hint: withoutFiles,
      });
    }
    // The stamp would discard what was half done, and the schema has it.
    await refuseUnfinished(project, state);
    const schema = await schemaOf(session, project.config, async () => madeBy([]), {
      patterns: options.ignore,
      names: deps.names,
    });
    return { schema, database: session.database };
  } finally {
    await session.close();
  }
}

/** What is next for a database whose project has migrations, by how many of them it has. */
function nextWith(
  { migrations, graph }: Project,
  applied: readonly Pick<Applied, "revision" | "how">[],
): string {
  const count = applied.filter(({ revision }) => migrations.has(revision)).length;
  const isOne = migrations.size === 1;
  const head = graph.heads.length > 1 ? ` --head ${graph.heads.at(-1)}` : "";
  const removal = `migrate revision --remove${head}`;
  // The removal asks only this one, and the files are the same for all.
  const unusedBy = isOne
    ? "no other database has it, delete it"
    : "no other database has any of them, delete the newest first";
  if (count === 0) {
    const which = isOne ? "it is not needed" : "they are not needed";
    return `record which of them this database already has: migrate stamp REVISION; or, if ${which} and ${unusedBy}: ${removal}`;
  }
  const which =
    count === migrations.size
      ? "all migrations here are"
      : `${count} of the ${migrations.size} migrations here ${count === 1 ? "is" : "are"}`;
  const all = `${which} recorded as applied to the database; to compare it with them: migrate drift; to write what it has besides as a migration: migrate revision -m TEXT --autogenerate --desired URL`;
  if (applied.some(({ how }) => how !== "stamp")) return all;
  return `${all}; or, if the stamp was a mistake, take it back: migrate stamp base; then, if ${unusedBy}: ${removal}`;
}

function textOf(
  { catalog, owner, unused }: Schema,
  database: string,
  names: Deps["names"],
): {
  readonly text: string;
  readonly warnings: readonly string[];
} {
  const dumped = dumpOf(catalog, owner, names);
  const empty =
    dumped.pieces.length > 0
      ? []
      : [
          `there is nothing in ${database} that the migration could create; if that is the wrong database: migrate stamp base, then: migrate revision --remove`,
        ];
  const header = "-- irreversible: a downgrade must not drop what existed before the first migration";
  return { text: `${header}\n\n${dumpText(dumped)}`, warnings: [...empty, ...unused, ...dumped.warnings] };
}

/** What the new file was refused for, with a hint that is true without a file, and without migrations before it. */
function withoutFile(error: unknown, { names = asOptions }: Pick<Deps, "names">): unknown {
  if (!(error instanceof MigrateError) || !couldBeMade(error.message)) return error;
  const isPath = /\b(?:SQL|PL\/pgSQL) function /.test(error.message);
  const path = isPath
    ? "where the function finds it by search_path, fix that for it: ALTER FUNCTION ... SET search_path = ...; "
    : "";
  const hint = `no file was written; ${path}to leave out what needs it, add: ${names.given("ignore", "SCHEMA.NAME")}`;
  const diagnostics = error.diagnostics.map((each) => ({ ...each, hint }));
  return new MigrateError(diagnostics[0]!, { diagnostics, cause: error });
}

/** Throws where the new migration makes anything else than the database has. */
async function prove(deps: Deps, options: BaselineOptions, { catalog }: Schema): Promise<void> {
  const { names = asOptions } = deps;
  const project = await openProject(deps, options);
  const differences = await withScratch(deps, project, options, async (scratch) => {
    const { session } = await replay(deps, withPath(project, scratch), scratch);
    const made = await readCatalog(session, project.config.ledger.schema);
    // What is ignored may come by itself, as the comment of an extension does, which is made in the version of the server.
    const ignore = [...project.config.ignore, ...(options.ignore ?? [])];
    return compareCatalogs(catalog, made, { ignore }).filter(({ kind }) => kind !== "version");
  });
  if (differences.length === 0) return;
  throw MigrateError.all(
    differences.map((difference) => ({
      code: "findings/baseline",
      message: describeDifference(difference),
      hint: `no file was written; to leave this object out, add ${names.given("ignore", `${difference.class}:${difference.identity.join(".")}`)}`,
    })),
  );
}
