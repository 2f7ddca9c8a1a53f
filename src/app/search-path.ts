/** The configured search_path and the schemas of a database → what is said of those that are missing there. */
import type { LedgerState } from "../core/ledger/types.ts";
import { qualified } from "../core/quote.ts";
import { configFile } from "../io/config.ts";
import { schemasThere } from "../io/server-facts.ts";
import type { Session } from "../io/session/types.ts";
import { asTold } from "./as-told.ts";
import type { Project } from "./project.ts";

export interface MissingSchemas {
  readonly message: string;
  readonly hint: string;
  /** No schema of the path exists: nothing can be made without its schema's name. */
  readonly none: boolean;
}

/**
 * PostgreSQL passes over them without a word. Undefined where none is missing, or a pending migration names it and so may
 * make it. Reads the server only where a path is configured.
 */
export async function missingSchemas(
  project: Project,
  state: LedgerState,
  session: Session,
): Promise<MissingSchemas | undefined> {
  const { searchPath: path = [], role } = project.config.session;
  const there = await schemasThere(session, path, role).catch((error: unknown) => {
    throw asTold(error);
  });
  if (path.every((name) => name === "$user" || there.has(name))) return undefined;
  const applied = new Set(state.applied.map(({ revision }) => revision));
  const coming = [...project.migrations.values()].flatMap(({ revision, up }) =>
    applied.has(revision) ? [] : up.source.text,
  );
  const isThere = (name: string): boolean => there.has(name) || coming.some((text) => text.includes(name));
  const missing = path.filter((name) => name !== "$user" && !isThere(name));
  if (missing.length === 0) return undefined;
  const names = missing.map((name) => qualified(name));
  const first = path.find(isThere);
  const isPassedOver = first !== undefined && path.indexOf(missing[0]!) < path.indexOf(first);
  const so =
    first === undefined
      ? "; what a migration makes without a schema's name would fail"
      : isPassedOver
        ? `; what a migration makes without a schema's name would be made in ${there.get(first) ?? qualified(first)}`
        : "";
  const does = names.length === 1 ? `schema ${names[0]} does` : `schemas ${names.join(", ")} do`;
  const place = project.config.origins["session.searchPath"] ?? configFile(project.config);
  return {
    message: `${does} not exist${so}`,
    hint: `correct "session.searchPath" (${place}), or create what is missing in a migration: CREATE SCHEMA ${names[0]}`,
    none: first === undefined,
  };
}
