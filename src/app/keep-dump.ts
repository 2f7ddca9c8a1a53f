/** A session on a database → its schema as a value; and as SQL in the file that the configuration names for it. */
import { relative } from "node:path";
import { type Made, madeBy, withoutVersionTables } from "../core/adopt/version-tables.ts";
import type { Catalog } from "../core/catalog/catalog.ts";
import { ignoredIn, unusedPatterns } from "../core/catalog/compare.ts";
import { otherLedgers, withoutSchemas } from "../core/catalog/ledgers.ts";
import { dumpOf, dumpText } from "../core/dump/dump.ts";
import { hintsOf, MigrateError } from "../core/errors.ts";
import { asFlags, type OptionNames } from "../core/option-names.ts";
import { outputs } from "../core/outputs.ts";
import { shellWord } from "../core/shell.ts";
import { readCatalog } from "../io/catalog.ts";
import type { Config } from "../io/config.ts";
import { isReadFrom } from "../io/directory.ts";
import { sessionState } from "../io/queries.ts";
import type { Notice, Session } from "../io/session/types.ts";
import type { Deps, Project } from "./project.ts";
import { writeOutputs } from "./write-output.ts";

export interface Schema {
  readonly catalog: Catalog;
  /** The role that migrations run as: what it owns needs no word. */
  readonly owner: string;
  /** Tables in which another tool has recorded what it has run, which are left out. */
  readonly versionTables: readonly string[];
  /** What is to be said of the patterns. */
  readonly unused: readonly string[];
}

/** What a caller leaves out beside what is configured. */
interface Patterns {
  readonly patterns?: readonly string[] | undefined;
  readonly names?: OptionNames | undefined;
}

/**
 * What is in a session's database but for ledgers, other projects' too, other tools' version tables, and what the configuration
 * or these patterns ignore; and the role that migrations run as. `made` is asked only where there may be such a table.
 */
export async function schemaOf(
  session: Session,
  { ledger, ignore, session: { role } }: Pick<Config, "ledger" | "ignore" | "session">,
  made: () => Promise<Made>,
  { patterns = [], names }: Patterns = {},
): Promise<Schema> {
  const read = await readCatalog(session, ledger.schema);
  const all = withoutSchemas(read, otherLedgers(read));
  const isLikeOne = withoutVersionTables(all, madeBy([])).tables.length > 0;
  const { catalog, tables } = withoutVersionTables(all, isLikeOne ? await made() : madeBy([]));
  const isIgnored = ignoredIn([...ignore, ...patterns], [catalog]);
  return {
    catalog: { ...catalog, objects: catalog.objects.filter((object) => !isIgnored(object)) },
    owner: role ?? (await sessionState(session)).role,
    versionTables: tables,
    unused: unusedPatterns(patterns, [catalog], names),
  };
}

/** What the files of a project make. */
export const madeByFiles = ({ migrations }: Project): Made =>
  madeBy([...migrations.values()].map(({ up }) => up.source.text));

/** What to do before the command that writes it. The hints of other errors speak of flags that neither has. */
function firstOf(error: MigrateError): string {
  const hint = error.code === "usage/cannot-dump" ? hintsOf(error) : undefined;
  return hint === undefined ? "once that is settled, run" : `${hint}; then run`;
}

/**
 * Writes the file of `dump.file`, if one is configured, behind a run. A run that is done does not fail for it: what stands in
 * the way is a notice.
 */
export async function keepDump(
  deps: Deps,
  session: Session,
  project: Project,
  onNotice: ((notice: Notice) => void) | undefined,
): Promise<void> {
  const { config } = project;
  if (config.dumpFile === undefined) return;
  const below = relative(deps.cwd, config.dumpFile);
  const path = below.startsWith("..") ? config.dumpFile : below;
  try {
    const { catalog, owner } = await schemaOf(session, config, async () => madeByFiles(project));
    // What is to be typed behind a hint is a command, for a caller of the API too.
    const pieces = [dumpText(dumpOf(catalog, owner, asFlags))];
    await writeOutputs(deps, outputs.dump, [{ path, pieces }], config.directories);
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    // What that folder has stays a migration, whatever is done to the file.
    const next = isReadFrom(path, config.directories, deps)
      ? `name a file in another folder as "dump.file" (${config.origins["dump.file"]})`
      : `${firstOf(error)}: migrate dump -o ${shellWord(path)}`;
    const message = `dump.file was not written: ${error.diagnostics.map((each) => each.message).join("; ")}; ${next}`;
    onNotice?.({ severity: "WARNING", message });
  }
}
