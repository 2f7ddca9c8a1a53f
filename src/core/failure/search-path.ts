/** What is looked for along search_path, or made in it, and is not found → what to type. */
import { withoutComments } from "../lexer.ts";
import { searchPathNames } from "../plan/session.ts";
import type { Plan, Statement } from "../plan/types.ts";
import { bare, qualified } from "../quote.ts";
import type { Location } from "../source.ts";
import { type Failure, quotedName } from "./failure.ts";
import { creatingSchema, missingObject, missingSchemaHint, type SchemaMadeIn } from "./missing.ts";
import { isUpTo } from "./place.ts";

/**
 * What to do where a schema is not there, or nothing can be made in any of search_path. `settings`: the session's, of which
 * one may be the path; `setBy`: what the file itself has set it with; `role`: whom the right to use it could be granted to;
 * `given`: the connection's own path, where the project has none.
 */
export function noSchemaHint(
  failure: Pick<Failure, "sqlstate" | "message">,
  {
    settings,
    setBy,
    madeIn,
    role,
    given,
  }: {
    readonly settings: readonly string[];
    readonly setBy: Location | undefined;
    readonly madeIn: SchemaMadeIn;
    readonly role?: string;
    readonly given?: string | undefined;
  },
): string | undefined {
  if (failure.sqlstate !== "3F000") return undefined;
  const missing = missingSchema(failure);
  if (missing !== undefined) return missingSchemaHint(missing, madeIn);
  if (setBy !== undefined)
    return `line ${setBy.line} of this file sets a search_path with ${NO_SCHEMA}: ${QUALIFY}, or correct that line`;
  const path = pathIn(settings);
  const first = (path ?? searchPathNames(given ?? "")).find((name) => name !== "$user");
  // What a scratch database has, it has of the migrations.
  const granted =
    role === undefined || madeIn !== "run" || first === undefined
      ? ""
      : `; or, where it exists, as its owner, run: GRANT USAGE, CREATE ON SCHEMA ${qualified(first)} TO ${role}`;
  if (path === undefined) {
    const named = given === undefined ? "" : ` (${given})`;
    const there =
      first === undefined
        ? `or set "session": {"searchPath": ["shop"]} in the config file`
        : `or run: CREATE SCHEMA ${qualified(first)}${granted}`;
    return `search_path${named} has ${NO_SCHEMA}: ${QUALIFY}, ${there}`;
  }
  // On a scratch database it may be that of the database that is worked with.
  const set =
    madeIn === "run"
      ? '"session.searchPath"'
      : `search_path (${path.map((name) => qualified(name)).join(", ")})`;
  return first === undefined
    ? `${set} has ${NO_SCHEMA}: correct it`
    : `${set} has ${NO_SCHEMA}: correct it; or ${creatingSchema(first, madeIn)}${granted}`;
}

/** The server passes over a schema that the role may not use as over one that does not exist. */
const NO_SCHEMA = "no schema that exists and that this role may use";
const QUALIFY = "qualify the name (CREATE TABLE shop.users)";

const SEARCH_PATH = "search_path = ";

/** Of a session's settings. */
function pathIn(settings: readonly string[]): readonly string[] | undefined {
  const path = settings.find((each) => each.startsWith(SEARCH_PATH));
  return path === undefined ? undefined : searchPathNames(path.slice(SEARCH_PATH.length));
}

/** What is looked for by its name along search_path is not there: a relation, a routine, any other object. */
export const LOOKED_FOR: ReadonlySet<string> = new Set(["42P01", "42883", "42704"]);

/**
 * The search_path that the author's statement had: what the file has set, or the project; undefined where it is the
 * connection's, as also behind a RESET.
 */
export function searchPathOf(
  { batches, settings }: Plan,
  { origin }: Statement,
): readonly string[] | undefined {
  const all = batches.flatMap(({ statements }) => statements);
  const set = origin === undefined ? undefined : pathSetter(all, origin)?.searchPath;
  if (set !== undefined) return set.length === 0 ? undefined : set;
  return pathIn(settings);
}

/** Schemas of search_path in which the server looks for nothing, since the role may not use them. */
export interface Shut {
  readonly schemas: readonly string[];
  readonly role: string;
}

/** What to grant where something is not found that may be in a schema of search_path that this role may not use. */
export function shutHint(
  { sql }: Statement,
  { sqlstate = "", message }: Failure,
  shut: Shut | undefined,
): string | undefined {
  if (shut === undefined || !LOOKED_FOR.has(sqlstate) || isQualified(sql, quotedName(message)))
    return undefined;
  const schemas = shut.schemas.map((schema) => qualified(schema)).join(", ");
  const role = qualified(shut.role);
  const owner = shut.schemas.length === 1 ? "the owner of the schema" : "the owner of the schemas";
  return `search_path names ${schemas}, which ${role} may not use: if it is there, as ${owner}, run: GRANT USAGE ON SCHEMA ${schemas} TO ${role}`;
}

/** With a schema before it, a name is looked for there alone. */
function isQualified(sql: string, name: string | undefined): boolean {
  const text = withoutComments(sql);
  return name !== undefined && [name, `"${name}"`].some((each) => text.includes(`.${each}`));
}

/** Where a relation of the name is that is not found. */
export interface Elsewhere {
  readonly schemas: readonly string[];
  /** The search_path that the connection was given. */
  readonly path: readonly string[];
}

interface PathSetting {
  readonly settings: readonly string[];
  readonly setBy: Location | undefined;
  /** What a file has set it to, or the project. */
  readonly setTo?: readonly string[] | undefined;
}

/** What to type where something would be made in PostgreSQL's own schema, since the file's search_path begins with it. */
export function systemsFirstHint(
  { sql }: Pick<Statement, "sql">,
  { sqlstate, message }: Pick<Failure, "sqlstate" | "message">,
  { settings, setBy }: PathSetting,
): string | undefined {
  const name = sqlstate === "42501" ? /^pg_catalog\.(.+)$/.exec(quotedName(message) ?? "")?.[1] : undefined;
  if (name === undefined || setBy === undefined || isQualified(sql, name)) return undefined;
  const schema = pathIn(settings)?.find((each) => each !== "$user") ?? "public";
  return `line ${setBy.line} of this file sets a search_path that begins with pg_catalog, in which nothing can be made: write ${qualified(schema, name)}, or name ${qualified(schema)} first in that line`;
}

function namesSchema(sql: string, schema: string, name: string): boolean {
  const text = withoutComments(sql);
  return [schema, `"${schema}"`].some((one) =>
    [name, `"${name}"`].some((other) => text.includes(`${one}.${other}`)),
  );
}

/** Where a relation is that is not found; `setBy`: where the file has set the path; `settings`: of the session. */
export function elsewhereHint(
  { sql }: Pick<Statement, "sql">,
  { message }: Pick<Failure, "message">,
  elsewhere: Elsewhere | undefined,
  { settings, setBy, setTo }: PathSetting,
): string | undefined {
  const missing = missingObject(message)?.name;
  if (missing === undefined || elsewhere === undefined) return undefined;
  const name = bare(missing);
  const isWhole = missing.includes(".") || isQualified(sql, name);
  const path = setTo ?? (setBy === undefined ? (pathIn(settings) ?? elsewhere.path) : []);
  // Where it was looked for, it was not there: it came back when what took it away was rolled back.
  const wasLookedFor = (schema: string): boolean =>
    isWhole ? namesSchema(`${missing} ${sql}`, schema, name) : path.includes(schema);
  const schemas = elsewhere.schemas.filter((each) => !wasLookedFor(each));
  const [first] = schemas;
  if (first === undefined) return undefined;
  const whole = qualified(first, name);
  if (isWhole) return `if ${whole} is meant, which is there, write the name so`;
  const lacking = `${schemas.map((schema) => qualified(schema)).join(", ")}, where ${name} is: write ${whole}, or`;
  if (setBy !== undefined)
    return `line ${setBy.line} of this file sets a search_path without ${lacking} name ${qualified(first)} in that line`;
  return `search_path does not have ${lacking} set "session": {"searchPath": ${JSON.stringify([...path, first]).replaceAll(",", ", ")}} in the config file`;
}

/** Where a file sets search_path, up to this place. */
export const settingPath = (
  statements: readonly { readonly origin?: Location; readonly searchPath?: unknown }[],
  place: Location,
): Location | undefined => pathSetter(statements, place)?.origin;

/** What a file sets search_path with: the last statement up to this place. */
const pathSetter = <T extends { readonly origin?: Location; readonly searchPath?: unknown }>(
  statements: readonly T[],
  place: Location,
): T | undefined =>
  statements.findLast(({ origin, searchPath }) => searchPath !== undefined && isUpTo(place, origin));

/** The schema that is not there, by its name; that search_path has none is said without one. */
export const missingSchema = ({
  sqlstate,
  message,
}: Pick<Failure, "sqlstate" | "message">): string | undefined =>
  sqlstate === "3F000" ? quotedName(message) : undefined;
