/** The SQL files of a desired schema, in any order → an empty database into which they are loaded, and their statements. */
import path from "node:path";
import { rolesLeftOut, rowsLeftOut, type SchemaStatement, unsparing } from "../core/diff/schema-files.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { extensionHint } from "../core/extensions.ts";
import { serversHint } from "../core/failure/failure.ts";
import { missingObject, missingOnServer } from "../core/failure/missing.ts";
import {
  type Elsewhere,
  elsewhereHint,
  LOOKED_FOR,
  noSchemaHint,
  settingPath,
  systemsFirstHint,
} from "../core/failure/search-path.ts";
import type { FileText } from "../core/migration.ts";
import { STANDARD_STRINGS, searchPathIs, settingsOf } from "../core/plan/session.ts";
import { identifier } from "../core/quote.ts";
import type { ServerVersion } from "../core/server-version.ts";
import type { Location } from "../core/source.ts";
import { addedBy, createdBy, hasWord, mayBeSame } from "../core/statement/written.ts";
import { configFile } from "../io/config.ts";
import { createGrammar } from "../io/grammar.ts";
import { elsewhere } from "../io/queries.ts";
import { readSchemaFolder } from "../io/schema-folder.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { emptyBefore, makeStandIn, standInFor, standInSql } from "./beforehand.ts";
import type { Deps, Project } from "./project.ts";

/** The files of the schema folder. Throws `usage/no-schema` where there is none; `orElse` ends its hint. */
export const schemaFiles = (
  { cwd }: Pick<Deps, "cwd">,
  { config }: Project,
  orElse = "",
): readonly FileText[] =>
  readSchemaFolder(config.schema, { cwd, orElse }).map((source) => ({
    source,
    bodyStart: 0,
    kind: "schema",
  }));

/** Throws as `schemaStatements` and `loadSchema`. */
export async function loadSchemaFolder(
  deps: Pick<Deps, "cwd" | "names" | "onNotice">,
  project: Project,
  scratch: Scratch,
  folder: readonly FileText[],
): Promise<{ readonly session: Session; readonly statements: readonly SchemaStatement[] }> {
  const files = await schemaStatements(folder, scratch.version);
  const session = await emptyBefore(project, scratch, { more: folder });
  const { dumpFile } = project.config;
  const dump = folder.find(
    ({ source }) => dumpFile !== undefined && path.resolve(deps.cwd, source.path) === dumpFile,
  );
  await loadSchema(session, files, {
    ready: readier(project, scratch),
    ownsRoles: scratch.ownsRoles,
    dump: dump?.source.path,
    settings: settingsOf(project.pins),
    names: deps.names,
  });
  const statements = files.flat();
  const warn = ({ path: file, line, column }: Location, text: string): void =>
    deps.onNotice?.({ severity: "WARNING", message: `${file}:${line}:${column}: ${text}` });
  const { schema } = project.ledger.names;
  for (const { table, location } of rowsLeftOut(statements, project.config.referenceRows))
    warn(
      location,
      table.startsWith(`${schema}.`)
        ? `rows of ${table} are not compared: the ledger is not part of the schema`
        : `rows of ${table} are not compared; if they belong to the schema, add "${table}" to "referenceRows" in ${configFile(project.config)}`,
    );
  const migrations = [...project.migrations.values()].map(({ up }) => up.source.text);
  for (const { role, location } of rolesLeftOut(statements, migrations))
    warn(
      location,
      `the role ${role} belongs to the server, not to the schema, and no migration is generated for it: create it on each server before the migrations run, or in a migration that you write by hand`,
    );
  for (const { tag, origin } of statements.filter(({ tag }) => tag.startsWith("DROP ")))
    warn(
      origin,
      `${tag} may remove what these files create; an object that is not wanted is left out of them`,
    );
  return { session, statements };
}

/** Brings a session to where a migration begins, as far as names and owners go. */
export function readier({ pins }: Project, { ownsRoles }: Scratch): (session: Session) => Promise<void> {
  const { role, searchPath } = pins;
  return async (session) => {
    await session.send("SET SESSION AUTHORIZATION DEFAULT");
    await session.send("RESET ALL");
    await session.send(STANDARD_STRINGS);
    if (role !== undefined && ownsRoles) await session.send(standInSql(role));
    if (role !== undefined) await session.send(`SET ROLE ${identifier(role)}`);
    if (searchPath !== undefined) await session.send(`SET ${searchPathIs(searchPath)}`);
  };
}

/** Parses the files. Throws `source/…` with every fault of every file. */
export async function schemaStatements(
  folder: readonly FileText[],
  server: ServerVersion,
): Promise<readonly (readonly SchemaStatement[])[]> {
  const grammar = createGrammar(server);
  const faults: Diagnostic[] = [];
  const files: (readonly SchemaStatement[])[] = [];
  for (const each of folder) {
    try {
      files.push(await grammar.statements(each));
    } catch (error) {
      if (!(error instanceof MigrateError)) throw error;
      faults.push(...error.diagnostics);
    }
  }
  if (faults.length > 0) throw MigrateError.all(faults);
  return files;
}

export interface LoadOptions {
  /** What a session is brought to before each file: nothing that another file has set counts. */
  readonly ready: (session: Session) => Promise<void>;
  /** Whether roles that are missing may be made. */
  readonly ownsRoles: boolean;
  /** The file among them that every run writes anew, with all that the others create. */
  readonly dump?: string | undefined;
  /** Those of the session that are not the defaults. */
  readonly settings: readonly string[];
  /** What messages call the options; by default they are those of the API. */
  readonly names?: Deps["names"];
}

/**
 * Sends each statement, and those that the server refuses again behind the others, as long as that helps. Throws
 * `source/schema` with each statement that it does not take, and why.
 */
export async function loadSchema(
  session: Session,
  files: readonly (readonly SchemaStatement[])[],
  { ready, ownsRoles, dump, settings, names }: LoadOptions,
): Promise<void> {
  const sqlOf = unsparing(files.flat());
  let left = new Set(files.flat().filter(({ setting }) => setting === undefined));
  for (;;) {
    const refused = new Map<SchemaStatement, StatementFailure>();
    for (const turn of TURNS) {
      for (const file of files) {
        const due = file.filter(
          (each) => each.setting !== undefined || (left.has(each) && turnOf(each.tag) === turn),
        );
        if (!due.some(({ setting }) => setting === undefined)) continue;
        await ready(session);
        for (const statement of due) {
          const failure = await sent(session, sqlOf.get(statement) ?? statement.sql, ownsRoles);
          if (failure !== undefined && statement.setting === undefined) refused.set(statement, failure);
        }
      }
    }
    if (refused.size === 0) break;
    if (refused.size === left.size) {
      const places = await placesOfMissing(session, refused);
      throw refusedBy(refused, { all: files.flat(), dump, settings, names, places });
    }
    left = new Set(refused.keys());
  }
  await ready(session);
}

/** Roles before what speaks of them, which would get a stand-in; then what counts for objects that are made later. */
const EARLY = ["CREATE ROLE", "ALTER DEFAULT PRIVILEGES"];
const TURNS = [0, 1, 2];

function turnOf(tag: string): number {
  const early = EARLY.indexOf(tag);
  return early < 0 ? EARLY.length : early;
}

async function sent(
  session: Session,
  sql: string,
  ownsRoles: boolean,
): Promise<StatementFailure | undefined> {
  try {
    await session.send(sql);
    return undefined;
  } catch (error) {
    if (!(error instanceof StatementFailure) || error.lost) throw error;
    const standIn = ownsRoles ? standInFor(error) : undefined;
    if (standIn === undefined) return error;
    await makeStandIn(session, standIn);
    return sent(session, sql, false);
  }
}

/** By its name, where each relation is that is not found and is in another schema. */
async function placesOfMissing(
  session: Session,
  refused: ReadonlyMap<SchemaStatement, StatementFailure>,
): Promise<ReadonlyMap<string, Elsewhere>> {
  const places = new Map<string, Elsewhere>();
  for (const { sqlstate, message } of refused.values()) {
    const name = LOOKED_FOR.has(sqlstate ?? "") ? missingObject(message)?.name : undefined;
    const place = name === undefined || places.has(name) ? undefined : await elsewhere(session, name);
    if (place !== undefined) places.set(name!, place);
  }
  return places;
}

/** A schema, a relation, another object, a routine of that name. */
const IS_THERE: ReadonlySet<string> = new Set(["42P06", "42P07", "42710", "42723"]);

interface Refusal extends Pick<LoadOptions, "dump" | "names" | "settings"> {
  readonly all: readonly SchemaStatement[];
  readonly places: ReadonlyMap<string, Elsewhere>;
}

const refusedBy = (refused: ReadonlyMap<SchemaStatement, StatementFailure>, context: Refusal): MigrateError =>
  MigrateError.all(
    [...refused].map(([statement, failure]) => {
      const { origin, tag } = statement;
      const name = madeBy(statement)?.name ?? "";
      return {
        code: "source/schema",
        message: `${tag} ${name}`.trimEnd().concat(`: ${failure.message}`),
        hint: hintOf(statement, failure, context),
        location: { path: origin.path, line: origin.line, column: origin.column },
      };
    }),
  );

const madeBy = ({ sql, offset }: SchemaStatement) => createdBy(sql.slice(offset));

function hintOf(
  statement: SchemaStatement,
  failure: StatementFailure,
  { all, dump, settings, names, places }: Refusal,
): string {
  const isThere = IS_THERE.has(failure.sqlstate ?? "");
  if (isThere && dump !== undefined)
    return `${dump} is what "dump" in the config file has written, and is read as one of the schema files: name a file in another folder there, and delete this one`;
  if (isThere) return namesakeHint(statement, all);
  const path = { settings, setBy: settingPath(all, statement.origin) };
  const missing = missingObject(failure.message)?.name ?? "";
  return (
    serversHint(failure) ??
    partTwiceHint(statement, failure, all) ??
    missingOnServer(failure.message, names) ??
    extensionHint(failure.message) ??
    noSchemaHint(failure, { ...path, madeIn: "files" }) ??
    systemsFirstHint(statement, failure, path) ??
    elsewhereHint(statement, failure, places.get(missing), path) ??
    "the statements can be in any order, but each must work after all the others"
  );
}

/** About what is there already. */
function namesakeHint(statement: SchemaStatement, all: readonly SchemaStatement[]): string {
  const made = madeBy(statement);
  if (GIVEN.has(`${made?.kind} ${made?.name}`)) return "every database has it: delete the statement";
  const added = addedIn(statement);
  const others = all.filter(
    (each) => each !== statement && (isNamed(madeBy(each), made?.name) || isSamePart(addedIn(each), added)),
  );
  const same = others.filter((each) => madeBy(each)?.kind === made?.kind);
  if (same.length > 0)
    return `${placesOf(SHARING.has(made?.kind ?? "") ? same : same.slice(0, 1))} creates it, too: delete one of the two`;
  if (others.length > 0)
    return `${placeOf(others[0]!)} creates something else of that name: rename one of the two`;
  return (
    withTableHint(added?.table, all) ??
    "it comes with another object, or with the server: delete the statement, or choose another name"
  );
}

/** About a constraint or an index that no statement names: one that makes its table, or adds to it, makes it. */
function withTableHint(table: string | undefined, all: readonly SchemaStatement[]): string | undefined {
  if (table === undefined) return undefined;
  const tables = all.filter((each) => madeBy(each)?.kind === "table" && isNamed(madeBy(each), table));
  // Which of them stays tells what is made twice: a dump has apart what a table's own statement may have.
  if (tables.length > 1)
    return `settle first which statement creates the table ${table}, ${tables.map(placeOf).join(" or ")}`;
  const adding = all.filter((each) => isAdding(each, table) && addedIn(each)?.name === undefined);
  return alsoMade([...tables, ...adding], ", without its name");
}

/** What a table has one of at most, or one of a name: by the message, in English, with a word of the statement that makes it. */
const PARTS = [
  /^multiple (primary) keys /,
  /^column "(.+)" (?:of relation ".+" already exists|specified more than once)/,
];

/** About a primary key or a column that its table has already. */
function partTwiceHint(
  statement: SchemaStatement,
  { message }: StatementFailure,
  all: readonly SchemaStatement[],
): string | undefined {
  const [word] = PARTS.flatMap((said) => said.exec(message)?.[1] ?? []);
  if (word === undefined) return undefined;
  if (madeBy(statement)?.kind === "table") return "this statement makes it twice: keep only one of the two";
  const table = addedIn(statement)?.table;
  if (table === undefined) return undefined;
  const makers = all.filter(
    (each) =>
      each !== statement &&
      (isNamed(madeBy(each), table) || isAdding(each, table)) &&
      hasWord(each.sql, word) &&
      // A constraint with a name may speak of a column, and makes none.
      (word === "primary" || addedIn(each)?.name === undefined),
  );
  return alsoMade(makers);
}

/** `how`: what is different there. */
function alsoMade([maker, ...more]: readonly SchemaStatement[], how = ""): string | undefined {
  if (maker === undefined) return undefined;
  return more.length > 0
    ? `it is made, too${how}, by ${placesOf([maker, ...more])}: keep only one of the two`
    : `${placeOf(maker)} makes it, too${how}: keep only one of the two`;
}

function isAdding(statement: SchemaStatement, table: string): boolean {
  const added = addedIn(statement);
  return added !== undefined && mayBeSame(added.table, table);
}

const placeOf = ({ origin }: SchemaStatement): string => `${origin.path}:${origin.line}`;

const placesOf = (statements: readonly SchemaStatement[]): string =>
  (statements.length > 1 ? "one of " : "") + statements.map(placeOf).join(", ");

/** Of these there can be several with the name, by their arguments or their tables. */
const SHARING: ReadonlySet<string> = new Set([
  ...["function", "procedure", "aggregate", "operator", "trigger", "rule", "policy"],
]);

const addedIn = ({ sql, offset }: SchemaStatement) => addedBy(sql.slice(offset));

const isSamePart = (one: ReturnType<typeof addedIn>, other: typeof one): boolean =>
  one?.name !== undefined && one.name === other?.name && mayBeSame(one.table, other.table);

const GIVEN: ReadonlySet<string> = new Set(["schema public", "extension plpgsql"]);

const isNamed = (one: ReturnType<typeof madeBy>, name: string | undefined): boolean =>
  one !== undefined && name !== undefined && mayBeSame(one.name, name);
