/** One statement at work: it collects the locks, rewrites and scans, and looks up names. */

import type { Ast, ObjectName } from "../ast.ts";
import { rangeName } from "../ast.ts";
import { type LockMode, stronger } from "./mode.ts";
import { chosenName, type NameParts } from "./name.ts";
import { hasStorage, type Relation, type RelationKind, type Schema, TEMPORARY } from "./schema.ts";

/** PostgreSQL refuses the statement. */
export class Refused extends Error {}

/** The state of a session that statements leave behind, and of its transaction. */
export interface Session {
  schema: Schema;
  searchPath: readonly string[];
  /** That is what the server has set for the session, which is not known: `public` is assumed. */
  isServersPath: boolean;
  timeZone: string;
  /** `check_function_bodies`: CREATE FUNCTION looks up what a body in SQL names. */
  checksBodies: boolean;
  prepared: Map<string, Ast>;
  cursors: Map<string, Ast>;
  /** The number of the transaction; types remember in which one they, and each of their labels, were made. */
  transaction: number;
  /** Tables with trigger events that wait for the end of the transaction. */
  pending: Set<number>;
  /** Ids of relations that the transaction made. */
  made: Set<number>;
  /** The id from which on relations were made by the run, and not before it. Before a run begins, none is. */
  firstOfRun: number;
  /** The same of the first run that counts: what was made since belongs to whoever runs it. */
  firstOwn: number;
  /** The first file of that run, as `Schema.file` counts them. */
  firstFile: number;
  /** What else was made since, and is no relation, by its kind and name; and the role that was set then, or an empty text. */
  own: Map<string, string>;
  /** The role that the file has SET. */
  role: string | undefined;
  /** The run has made, or renamed, what this picture does not show. */
  makesUnknown: boolean;
  /** It has run code whose statements are not known, and which may have made anything, roles too. */
  runsUnknown: boolean;
}

/** Others use it: it was there before the run, or may have been. */
export const isInUse = ({ firstOfRun }: Session, { id, known }: Relation): boolean =>
  !known || id < firstOfRun;

/** What the fold is told of the server. */
export interface Circumstances {
  /** The server's major version: 12 to 18. */
  readonly version: number;
  /** Whether the statements run within a transaction block. */
  readonly block: boolean;
}

/**
 * What rules ask about a statement and the picture behind it no longer shows. `zone`: new values depend on the session's
 * TimeZone. `fills`: a materialized view had not been populated. Of a column that is added: its default is `volatile`, or its
 * type a `domain` with constraints. Of a column that is there: rows are read to see that it has no `null`; its new type
 * `rewrites` a table, or `rechecks` what is over it.
 */
export type Trait =
  | "zone"
  | "fills"
  | `${"volatile" | "domain" | "null" | "rewrites" | "rechecks"} ${string}`;

export class Work {
  readonly session: Session;
  readonly circumstances: Circumstances;
  readonly locks = new Map<Relation, LockMode>();
  /** Of `locks` those that are given back before it works on anything. */
  readonly brief = new Set<Relation>();
  readonly rewrites = new Set<Relation>();
  readonly scans = new Set<Relation>();
  /** Tables of which every row is updated or deleted. */
  readonly writes = new Set<Relation>();
  /** Of `scans` those of which the rows that are found are updated or deleted. */
  readonly updates = new Set<Relation>();
  /** Indexes that are built, by the table they are on. */
  readonly builds = new Set<Relation>();
  readonly unknowns = new Set<string>();
  readonly traits = new Set<Trait>();
  /** What it makes, or gives that name, where what comes before it in the run needs that to be there. */
  usedBefore: Relation | undefined;
  /** Told of each relation before it is locked, and so before it is renamed. */
  onLock: (relation: Relation) => void = () => {};
  /** Told of each statement of a body before it is performed. */
  onBranch: (ast: Ast) => void = () => {};

  /** What is done now may stand in a branch that is not taken. */
  #isBranch = false;
  readonly #perform: (work: Work, ast: Ast) => void;

  constructor(session: Session, circumstances: Circumstances, perform: (work: Work, ast: Ast) => void) {
    this.session = session;
    this.circumstances = circumstances;
    this.#perform = perform;
  }

  /** Does a statement that stands within this one. */
  perform(ast: Ast): void {
    this.#perform(this, ast);
  }

  /** Does a statement of a body, which may stand in a branch. */
  performBranch(ast: Ast): void {
    const before = this.#isBranch;
    this.#isBranch = true;
    this.onBranch(ast);
    try {
      this.#perform(this, ast);
    } finally {
      this.#isBranch = before;
    }
  }

  get schema(): Schema {
    return this.session.schema;
  }

  get version(): number {
    return this.circumstances.version;
  }

  refuse(message: string): never {
    throw new Refused(message);
  }

  /**
   * What cannot be told, as the rest of a sentence: `which other tables …`. Where it makes a difference to the relations
   * `of` alone, nobody notices it if the run itself has made them.
   */
  unknown(what: string, of: readonly Relation[] = []): void {
    if (of.length === 0 || of.some((each) => isInUse(this.session, each))) this.unknowns.add(what);
  }

  lock(relation: Relation, mode: LockMode): void {
    this.onLock(relation);
    const strongest = stronger(this.locks.get(relation), mode);
    if (strongest === mode) this.brief.delete(relation);
    this.locks.set(relation, strongest);
  }

  /** A lock that is given back before it works on anything. */
  lockBriefly(relation: Relation, mode: LockMode): void {
    this.lock(relation, mode);
    if (this.locks.get(relation) === mode) this.brief.add(relation);
  }

  /** A lock that is given back when the statement ends. */
  release(relation: Relation): void {
    this.locks.delete(relation);
  }

  /** A relation whose rows a plan reads or writes: the planner opens its indexes in the same mode. */
  plan(relation: Relation, mode: LockMode): void {
    this.lock(relation, mode);
    if (!relation.known) this.unknown(`the indexes of ${relation.name}`);
    if (relation.kind === "partitioned table" && this.version < 16) return;
    for (const index of relation.indexes) this.lock(index, mode);
  }

  scan(relation: Relation): void {
    if (hasStorage(relation)) this.scans.add(relation);
  }

  /** It is read whole, and the rows that are found are written. */
  update(table: Relation): void {
    if (hasStorage(table)) this.updates.add(table);
  }

  writeAll(table: Relation): void {
    if (hasStorage(table)) this.writes.add(table);
  }

  build(table: Relation): void {
    this.builds.add(table);
    this.scan(table);
  }

  /** The table is written anew, and each of its indexes built again. */
  rewrite(relation: Relation): void {
    if (!hasStorage(relation)) return;
    if (!relation.known) this.unknown(`the indexes of ${relation.name}`);
    this.lock(relation, "ACCESS EXCLUSIVE");
    this.rewrites.add(relation);
    this.scan(relation);
    this.rebuildIndexes(relation);
  }

  rebuildIndexes(relation: Relation): void {
    for (const index of relation.indexes) {
      this.lock(index, "ACCESS EXCLUSIVE");
      this.rewrites.add(index);
      this.build(relation);
    }
  }

  /** What a name stands for, as far as it is known; the catalogs of PostgreSQL are nobody's hazard. */
  find(name: ObjectName): Relation | undefined {
    return this.schema.relation(name, this.session.searchPath);
  }

  /**
   * The relation of that name, locked. Undefined where it is one of PostgreSQL's own, or missing and allowed to be.
   * Where more may exist than is known it is taken to be a table of which nothing else is known.
   */
  open(
    name: ObjectName,
    mode: LockMode,
    { missingOk = false, kind = "table" }: { missingOk?: boolean; kind?: RelationKind } = {},
  ): Relation | undefined {
    const found = this.find(name);
    const perhaps = missingOk || this.#isBranch;
    if (found !== undefined) {
      found.perhaps &&= perhaps;
      this.lock(found, mode);
      return found;
    }
    if (isSystem(name)) return undefined;
    if (this.schema.isAbsent(name, this.#path)) {
      if (missingOk) return undefined;
      this.refuse(`relation ${name.name} does not exist`);
    }
    const schema = name.schema ?? this.#path[0] ?? "public";
    const assumed = this.schema.add({
      schema,
      name: name.name,
      inServersPath: this.isInServersPath(name, schema),
      kind,
      known: false,
      perhaps,
      rows: "unknown",
    });
    this.lock(assumed, mode);
    return assumed;
  }

  /** As `open`, of a `RangeVar`. */
  openRange(
    range: Ast,
    mode: LockMode,
    options: { missingOk?: boolean; kind?: RelationKind } = {},
  ): Relation | undefined {
    return this.open(rangeName(range), mode, options);
  }

  /** The schema in which a new object of that name is made. */
  schemaFor({ schema }: ObjectName, temporary = false): string {
    if (temporary) return TEMPORARY;
    if (schema !== undefined) {
      if (this.schema.complete && !this.schema.schemas.has(schema))
        this.refuse(`schema ${schema} does not exist`);
      return schema;
    }
    return this.#path.find((each) => this.schema.schemas.has(each)) ?? this.#path[0] ?? "public";
  }

  /** Whether the schema that is taken for that of a name is the one that the server's search_path leads to. */
  isInServersPath(name: ObjectName, schema: string): boolean {
    return name.schema === undefined && this.isPathGuessed && schema === "public";
  }

  /** `public` is only assumed: the path is the server's, or begins with the schema of the role's name, which few have. */
  get isPathGuessed(): boolean {
    const { isServersPath, searchPath } = this.session;
    return isServersPath || (searchPath[0] === OF_THE_ROLE && this.#path[0] === "public");
  }

  /** The schemas of search_path that have a name. */
  get #path(): readonly string[] {
    return this.session.searchPath.filter((each) => each !== OF_THE_ROLE);
  }

  /**
   * Of what need not be there, a statement that gives another its name shows that it is not. What an earlier run has used was
   * there; in the same run it may be the earlier statement that fails.
   */
  requireFree({ schema, name }: Required<ObjectName>): void {
    const found = this.schema.relation({ schema, name }, []);
    if (found === undefined || found.perhaps === true) return;
    const isThere = found.known || found.named !== undefined || found.id < this.session.firstOwn;
    if (isThere || this.#isBranch || this.locks.has(found)) this.refuse(`${name} already exists`);
    this.usedBefore = found;
  }

  /** Adds a relation that the statement makes. */
  make(relation: Parameters<Schema["add"]>[0]): Relation {
    this.requireFree(relation);
    const made = this.schema.add(relation);
    this.session.made.add(made.id);
    return made;
  }

  /** A name that no relation of the schema has, as PostgreSQL chooses it. */
  freeName(schema: string, parts: NameParts): string {
    return chosenName(parts, (name) => this.schema.relation({ schema, name }, []) !== undefined);
  }
}

const OF_THE_ROLE = "$user";

function isSystem({ schema, name }: ObjectName): boolean {
  return schema === undefined
    ? name.startsWith("pg_")
    : /^(?:pg_catalog|information_schema|pg_toast)$/.test(schema);
}
