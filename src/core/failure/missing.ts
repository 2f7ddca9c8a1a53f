/** What the server says is not there → what to type, where a scratch database lacks it because no migration leaves it there. */
import type { RevisionId } from "../migration.ts";
import { asOptions, type OptionNames } from "../option-names.ts";
import { bare, identifier, qualified } from "../quote.ts";
import type { Part } from "../statement/parts.ts";
import { createdBy, renamedBy } from "../statement/written.ts";
import type { Failed } from "../undoing.ts";

/** A first migration behind which all the others come, and so those that are applied already. */
const A_NEW_FIRST_ONE = "a new first one (migrate revision -m before --head base)";
const PARENT_NOW = "name that as the parent of what is first now";

/** Where a schema is made that SQL needs: `scratch`: before a migration that lacks it on a scratch database. */
const SCHEMA_MADE = {
  run: (name: string) => `create ${name} in an earlier migration: CREATE SCHEMA ${name}`,
  scratch: (name: string) =>
    `create ${name} before this statement: CREATE SCHEMA IF NOT EXISTS ${name}; where this migration is applied already, in ${A_NEW_FIRST_ONE}, and ${PARENT_NOW}`,
  files: (name: string) => `create ${name} in the schema files: CREATE SCHEMA ${name}`,
} as const;

export type SchemaMadeIn = keyof typeof SCHEMA_MADE;

/** What to type where a schema is not there that should be. */
export const creatingSchema = (name: string, where: SchemaMadeIn): string =>
  SCHEMA_MADE[where](qualified(name));

export const missingSchemaHint = (name: string, where: SchemaMadeIn): string =>
  `correct the name; or ${creatingSchema(name, where)}`;

/** One of those before may well make it, and another behind that rename or drop it. */
const NOT_LEFT = `the migrations before this one do not leave it there: if one of them drops or renames it, edit the one of the two that is not applied yet; if another makes it, name that one (-- depends-on: REVISION); if it was there before them all, put its SQL (migrate dump --database URL) into ${A_NEW_FIRST_ONE}, and ${PARENT_NOW}`;

type Advice = readonly [RegExp, (name: string, options: OptionNames) => string];

/** By the beginning of the message, in English: a server that speaks otherwise gets no advice. */
const OF_SERVER: readonly Advice[] = [
  [
    /^role "(.+)" does not exist/,
    (role) =>
      `roles belong to the server; on that of the scratch database, run: CREATE ROLE ${identifier(role)}`,
  ],
  [
    /^extension "(.+)" is not available/,
    (name, options) =>
      `install ${name} on the server of the scratch database, or name one that has it: ${options.given("scratch", "URL")}`,
  ],
];

/** What a migration could make. */
const OF_DATABASE: readonly Advice[] = [
  [/^schema "(.+)" does not exist/, (name) => missingSchemaHint(name, "scratch")],
  [
    /^(?:relation|type|collation|extension|text search configuration)\b.* does not exist/,
    () => `correct the name; if it is right, ${NOT_LEFT}`,
  ],
  // A misspelt name and a wrong type are told in the same words as a routine that is not there.
  [
    /^(?:aggregate|procedure|function|operator)\b.* does not exist/,
    () => `correct the name, or the types of what it is given; if both are right, ${NOT_LEFT}`,
  ],
];

/** Of an up file that failed on a scratch database. */
export const missingHint = (message: string, names?: OptionNames): string | undefined =>
  hintIn([...OF_SERVER, ...OF_DATABASE], message, names);

/** Of any file that did: what no file could make. */
export const missingOnServer = (message: string, names?: OptionNames): string | undefined =>
  hintIn(OF_SERVER, message, names);

function hintIn(advice: readonly Advice[], message: string, names = asOptions): string | undefined {
  for (const [pattern, hint] of advice) {
    const found = pattern.exec(message);
    if (found !== null) return hint(found[1] ?? "", names);
  }
  return undefined;
}

/** What a message names, by the word that it has for it: `relation`. */
export interface Named {
  readonly kind: string;
  readonly name: string;
}

/** What the server does not find by its name, and a migration could have made and taken away again; of messages in English. */
export function missingObject(message: string): Named | undefined {
  const [, kind, name] = NOT_FOUND.exec(message) ?? [];
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

const NOT_FOUND =
  /^(schema|type|relation|table|view|materialized view|sequence|foreign table|index) "(.+)" does not exist/;

/** The column or the constraint that a table does not have; of messages in English. */
export function missingFrom(message: string): Part | undefined {
  const [, kind, name, table] =
    /^(column|constraint) "(.+?)" of relation "(.+)" does not exist/.exec(message) ?? [];
  return name === undefined || table === undefined ? undefined : { kind: kind as "column", name, table };
}

export const isRelation = ({ kind }: Named): boolean => kind !== "schema" && kind !== "type";

/** Whether that word may mean what a statement calls so: a table is a type, too. */
export const namesKind = (kind: string, made: string): boolean =>
  kind === "schema" || isRoutine(kind)
    ? made === kind
    : RELATION.test(made) || (kind === "type" && /^(?:type|domain)$/.test(made));

export const isRoutine = (kind: string): boolean => kind === "function" || kind === "procedure";

const RELATION = /^(?:table|foreign table|view|materialized view|sequence|index)$/;

/**
 * What a statement would make, or name so, that is there already, where its name says in which schema that is; of messages
 * in English.
 */
export function twiceMade({ sql = "", offset = 0, message = "" }: Failed): Named | undefined {
  const there = thereAlready(message);
  const made = createdBy(sql.slice(offset)) ?? renamedBy(sql.slice(offset));
  return there === undefined || made === undefined || made.kind === "index" || bare(made.name) !== there.name
    ? undefined
    : { kind: there.kind, name: made.name };
}

/** The column, the constraint or, of a relation, the index that is there already; of messages in English. */
export function partThere({ message = "" }: Failed): Pick<Part, "kind" | "name"> | undefined {
  const { kind, name } = thereAlready(message) ?? {};
  if (name === undefined) return undefined;
  if (kind === "relation") return { kind: "index", name };
  return kind === "column" || kind === "constraint" ? { kind, name } : undefined;
}

function thereAlready(message: string): Named | undefined {
  const [, kind, name] = THERE_ALREADY.exec(message) ?? [];
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

const THERE_ALREADY =
  /^(schema|type|relation|column|constraint) "(.+?)" (?:(?:of|for) relation ".+" )?already exists$/;

/** The routine that the server does not find, by its name and whatever its arguments are; of messages in English. */
export function missingRoutine(message: string): Named | undefined {
  const [, kind, name] = /^(function|procedure) ([\w.]+)\(.*\) does not exist$/.exec(message) ?? [];
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

/** What a DROP cannot leave behind, and the name of what it depends on. */
export interface Dependent extends Named {
  readonly on: string;
}

/** The first that a detail names: `constraint a on table orders depends on table users`; of details in English. */
export function dependentIn(detail = ""): Dependent | undefined {
  const [, kind, name, on] = DEPENDS.exec(detail) ?? [];
  return kind === undefined || name === undefined || on === undefined
    ? undefined
    : { kind, name: name.replaceAll('"', ""), on: on.replaceAll('"', "") };
}

const DEPENDS =
  /^(?:.* )?((?:foreign )?table|(?:materialized )?view|sequence|type) ("[^"]+"|\S+) depends on (?:.* )?("[^"]+"|\S+)$/m;

/** What became of what is not found. */
export interface Gone {
  readonly hint: string;
  /** The migrations did leave it there. */
  readonly isLeft?: true;
}

/** `gone`: the statement that took it away, and what it does. */
export const goneHint = (gone: string): string =>
  `${gone}: correct the name, or edit the one of the two files that is not applied yet`;

/** `gone`: the statement of the same file that took it away, and what it does. */
export const ownHint = (gone: string): string =>
  `${gone}: correct the name, or delete one of the two statements`;

/** `place`: the statement of the same file that makes it, below. */
export const belowHint = (place: string): string => `${place} creates it: move that above this statement`;

/** `place`: the statement that has made it. */
export const leftHint = (place: string): string =>
  `${place}, which is applied, creates it: compare the database with the migrations: migrate drift`;

/** `place`: the statement that makes it, and need not run before; `dependsOn`: what this one must depend on then. */
export const unorderedHint = (place: string, dependsOn: readonly RevisionId[]): string =>
  `${place} creates it, but need not be applied before this migration: write in the header of this one: -- depends-on: ${dependsOn.join(", ")}`;

/** `place`: the statement that makes it, and cannot run before. */
export const laterHint = (place: string): string =>
  `${place} creates it, but comes after this migration: move one of the two statements, or change -- parent or -- depends-on in the headers so that the other migration comes first`;

/**
 * `place`: the statement of the revision that has made what depends on what is to go; `undo`: the command that undoes it;
 * `dependsOn`: what it must depend on so that it is undone first.
 */
export const heldHint = (
  { kind, name }: Named,
  place: string,
  {
    revision,
    undo,
    dependsOn,
  }: { readonly revision: RevisionId; readonly undo: string; readonly dependsOn: readonly RevisionId[] },
): string =>
  `${place} creates ${kind} ${name}, and ${revision} is still applied: undo it first: ${undo}; so that a downgrade does it by itself, write in its header: -- depends-on: ${dependsOn.join(", ")}`;

/** `place`: the statement that has made it. */
export const madeHint = (place: string): string =>
  `${place} creates it already: delete this statement, or give what it creates another name`;

/** `place`: the statement of the up file that has made what the down file makes. */
export const repeatedHint = (place: string): string =>
  `${place} creates it: a down file undoes what its up file did, and does not do it again`;

/** `down`: the path of the down file that creates what its up file does not find. */
export const exchangedHint = (down: string): string =>
  `${down} creates it: exchange what the up file and the down file have below their headers, if each has what the other should have`;

/** `path`: of the down file, which does not take away what its up file makes. */
export const leftoverHint = (path: string, revision: RevisionId): string =>
  `${path} does not take it away: if a downgrade of ${revision} has left it there, complete that file, and drop by hand what was left`;

/** `place`: the statement of the up file of the revision, whose down file ran before. */
export const notRestoredHint = (place: string, revision: RevisionId): string =>
  `${place} takes it away, and the down file of ${revision} does not bring it back: do that by hand, and complete that file`;

/** `place`: the statement of the up file that took away what the down file needs. */
export const notBackHint = (place: string): string =>
  `${place} takes it away: create it again above this statement, or write the name that it has now`;

/** `place`: the statement that would make it. */
export const stampedHint = (place: string, revision: RevisionId, isAll: boolean): string =>
  `${place} creates it, but ${revision} is only stamped: if that file was never run in this database, ${
    isAll
      ? "take back what is stamped, then upgrade: migrate stamp base"
      : "run it there with psql, and the others that are only stamped"
  }`;

/** Whether the server says it of something that a migration could make. */
export const couldBeMade = (message: string): boolean =>
  OF_DATABASE.some(([pattern]) => pattern.test(message));
