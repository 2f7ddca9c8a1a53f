/**
 * A project and a scratch database → what stands there before the first migration, as on the database that is worked with:
 * the schemas of the search_path that somebody else has made. In another schema the same SQL would make other objects.
 */
import { MigrateError } from "../core/errors.ts";
import type { FileText, RevisionId } from "../core/migration.ts";
import { dollarQuoted, identifier } from "../core/quote.ts";
import { mayMakeSchema } from "../core/statement/made-schema.ts";
import { createGrammar } from "../io/grammar.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import type { Project } from "./project.ts";

/** Where the project sets no search_path, names are looked for along that of the database that is worked with. */
export const withPath = (project: Project, { searchPath }: Pick<Scratch, "searchPath">): Project =>
  searchPath === undefined || project.pins.searchPath !== undefined
    ? project
    : { ...project, pins: { ...project.pins, searchPath } };

export interface Makers {
  /** Those that have made the database; all migrations by default, since a later one may have made a schema of it. */
  readonly applied?: readonly RevisionId[] | undefined;
  /** Other files that are run. */
  readonly more?: readonly FileText[] | undefined;
}

/** Those of the schemas that none of these makes. */
export async function schemasBeforehand(
  { migrations }: Project,
  { schemas }: Scratch,
  { applied = [...migrations.keys()], more = [] }: Makers = {},
): Promise<readonly string[]> {
  if (schemas.length === 0) return [];
  const files = [...applied.map((revision) => migrations.get(revision)!.up), ...more];
  const grammar = createGrammar();
  const left = new Set(schemas);
  for (const file of files) {
    const { text } = file.source;
    const named = [...left].filter((name) => text.toLowerCase().includes(name.toLowerCase()));
    if (named.length === 0 || !/\bschema\b/i.test(text)) continue;
    for (const { ast, start, end } of await grammar.trees(file))
      for (const name of named) if (mayMakeSchema(ast, text.slice(start, end), name)) left.delete(name);
  }
  return [...left];
}

/** An empty database with these schemas, and the role that the project runs its SQL as, where roles are ours to make. */
export async function emptyWith(
  { pins: { role } }: Project,
  scratch: Scratch,
  schemas: readonly string[],
): Promise<Session> {
  const session = await scratch.empty();
  if (role !== undefined && scratch.ownsRoles) await session.send(standInSql(role));
  const owner = role === undefined ? "" : ` AUTHORIZATION ${identifier(role)}`;
  for (const name of schemas) await session.send(`CREATE SCHEMA ${identifier(name)}${owner}`);
  return session;
}

/** An empty database as it stands before the first migration. */
export const emptyBefore = async (project: Project, scratch: Scratch, makers?: Makers): Promise<Session> =>
  emptyWith(project, scratch, await schemasBeforehand(project, scratch, makers));

/**
 * What the server says it does not have, a role or a database, which belong to it and not to the database → the SQL that makes
 * what stands for it.
 */
export function standInFor(error: unknown): string | undefined {
  if (!(error instanceof StatementFailure || error instanceof MigrateError)) return undefined;
  const { sqlstate = "", message } = error;
  const [, class_ = "", name = ""] = /\b(role|database) "(.+)" does not exist/.exec(message) ?? [];
  if (class_ === "role") return ["42704", "22023"].includes(sqlstate) ? standInSql(name) : undefined;
  return class_ === "database" && sqlstate === "3D000" ? `CREATE DATABASE ${identifier(name)}` : undefined;
}

/** It may be there, with what was kept. */
export async function makeStandIn(session: Session, sql: string): Promise<void> {
  try {
    await session.send(sql);
  } catch (error) {
    if (!(error instanceof StatementFailure && error.sqlstate === "42P04")) throw error;
  }
}

/** It stands for one that may do what the files ask of it; and may be there, with what was kept. */
export const standInSql = (role: string): string =>
  `DO ${dollarQuoted(`BEGIN CREATE ROLE ${identifier(role)} SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL; END`)}`;
