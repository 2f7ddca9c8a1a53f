/**
 * The statements of a run, in order → what each does to a database that others use: the relations it locks and how
 * strongly, what it rewrites, reads whole and builds, and what cannot be told. Pure: a schema goes in, and with the
 * effects the schema that is left comes out.
 */

import { type Ast, items, kindOf, node, option, roleName, word } from "../ast.ts";
import { NEWEST, newerFeature } from "../newer-syntax.ts";
import type { ParsedStatement } from "../statement/facts.ts";
import type { Loss, RoutineBody } from "../statement/losses.ts";
import { alterTable, moveRelation, rename } from "./alter-table.ts";
import * as create from "./create.ts";
import { alterFunction, createFunction } from "./create-function.ts";
import { drop, kindFor } from "./drop.ts";
import { call, doBlock } from "./function.ts";
import { cluster, createIndex, reindex } from "./index.ts";
import { Made } from "./made.ts";
import type { LockMode } from "./mode.ts";
import * as other from "./other.ts";
import type { Privilege } from "./privilege.ts";
import { privilegesOf } from "./privileges.ts";
import { isQuery, query } from "./query.ts";
import { type Relation, type RelationKind, Schema } from "./schema.ts";
import { copyOf, setConfig, setVariable, Transaction } from "./transaction.ts";
import { type Circumstances, isInUse, Refused, type Session, type Trait, Work } from "./work.ts";

/** A relation as it was called when the statement began. */
export interface RelationName {
  /** The same for the same relation throughout, whatever it is called. */
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  /** As `isInUse` says. */
  readonly inUse: boolean;
  /** How many files before this one the run gave it that name: 0, in this one. Absent where it had it before. */
  readonly named?: number;
  /** `public` stands for the schema that the server's search_path leads to. */
  readonly inServersPath?: true;
}

export interface Lock extends RelationName {
  readonly mode: LockMode;
  /** It is given back before the statement works on anything. */
  readonly brief?: true;
}

/** What one statement does. Relations that its own transaction made are left out: nobody else sees them. */
export interface Effect {
  readonly locks: readonly Lock[];
  /** It locks something that its own transaction has made. */
  readonly locksOwn: boolean;
  /** Tables and indexes that get a new file. */
  readonly rewrites: readonly RelationName[];
  /** Tables that are read from end to end. */
  readonly scans: readonly RelationName[];
  /** Tables of which every row is updated or deleted. */
  readonly writes: readonly RelationName[];
  /** Of `scans` those of which the rows that are found are updated or deleted. */
  readonly updates: readonly RelationName[];
  /** Tables of which indexes are built. */
  readonly builds: readonly RelationName[];
  /** Why PostgreSQL would not do it, as far as that shows. */
  readonly refused?: string;
  /** What it makes, or gives that name, where what comes before it in the run needs that to be there. */
  readonly usedBefore?: RelationName;
  /** What cannot be told, each as the rest of a sentence: `which tables …`. */
  readonly unknown: readonly string[];
  /** Absent where there is none. */
  readonly traits?: ReadonlySet<Trait>;
  /** What the role that runs it must be allowed to do. */
  readonly privileges: readonly Privilege[];
  /** What it takes away or overwrites of what was there before the run, where its text alone does not tell that. */
  readonly losses?: readonly Loss[];
}

/** One statement: its tree and its text. */
export interface Statement extends Pick<ParsedStatement, "ast" | "body"> {
  readonly sql: string;
  /** Whether it may run in a transaction block. */
  readonly transactional: boolean;
}

export interface Effects {
  readonly effects: readonly Effect[];
  readonly session: Session;
  /** What the open transaction holds at the end, by the relation's id. */
  readonly held: ReadonlyMap<number, LockMode>;
}

/** What each file starts from. */
export interface FileState extends Pick<Session, "searchPath" | "timeZone"> {
  /** Those that are there, beside `public`, before all that is read. */
  readonly schemas?: readonly string[] | undefined;
  /** The path is what the server has set, and `searchPath` what is assumed of it. */
  readonly isServersPath?: boolean | undefined;
  /** Absent: yes, as is PostgreSQL's default. */
  readonly checksBodies?: boolean | undefined;
}

/** A session that has just begun. `complete`: the schema holds all that there is; nothing is in it yet. */
export function newSession(complete: boolean, timeZone = "UTC"): Session {
  return {
    schema: new Schema(complete),
    searchPath: ["public"],
    isServersPath: false,
    timeZone,
    checksBodies: true,
    prepared: new Map(),
    cursors: new Map(),
    transaction: 1,
    pending: new Set(),
    made: new Set(),
    firstOfRun: Number.POSITIVE_INFINITY,
    firstOwn: 1,
    firstFile: 1,
    own: new Map(),
    role: undefined,
    makesUnknown: false,
    runsUnknown: false,
  };
}

/** Runs statements over a picture, which stays as it was. With `block` they are one transaction; otherwise each is its own. */
export function effectsOf(
  statements: Iterable<Statement>,
  start: Session,
  circumstances: Circumstances,
): Effects {
  const fold = new Fold(start);
  const effects = [...fold.run(statements, circumstances)];
  return { effects, session: fold.session, held: fold.held };
}

/** One session at work on a picture of its own, for runs of many files: nothing is copied between them. */
export class Fold {
  #session: Session;
  readonly #transaction = new Transaction();
  readonly #made = new Made();
  #isRunning = false;

  constructor(start: Session) {
    this.#session = copyOf(start);
  }

  get session(): Session {
    return this.#session;
  }

  /** What the open transaction holds, by the relation's id. */
  get held(): ReadonlyMap<number, LockMode> {
    return this.#transaction.held;
  }

  /** A new run begins: all that is there is in use by now, and nobody knows whether it has rows. */
  beginRun(): void {
    const { schema } = this.#session;
    this.#session.firstOfRun = schema.nextId();
    // Of runs one by one the same role makes all: what the first has made is its own in the second.
    if (!this.#isRunning) {
      this.#session.firstOwn = this.#session.firstOfRun;
      this.#session.firstFile = schema.file + 1;
      this.#session.own.clear();
      this.#session.makesUnknown = false;
      this.#session.runsUnknown = false;
    }
    this.#isRunning = true;
    this.#made.clear();
    schema.takeRenamed();
    for (const each of schema.takeAdded()) each.rows = "unknown";
  }

  /** The next file begins: in a transaction, and in a session, that has nothing of the one before. */
  beginFile(state: FileState): void {
    const { searchPath, timeZone, schemas = [], isServersPath = false, checksBodies = true } = state;
    this.#transaction.end(this.#session);
    this.#session.schema.file += 1;
    Object.assign(this.#session, { searchPath, isServersPath, timeZone, checksBodies, role: undefined });
    for (const name of schemas) this.#session.schema.schemas.add(name);
    this.#session.schema.discardTemporary();
    this.#session.prepared.clear();
    this.#session.cursors.clear();
  }

  /** The effect of each statement in turn. When it is given, the picture is as the statement leaves it. */
  *run(statements: Iterable<Statement>, circumstances: Circumstances): Generator<Effect> {
    for (const statement of statements) {
      yield this.#perform(statement, circumstances);
      if (!circumstances.block) this.#transaction.end(this.#session);
    }
  }

  #perform(statement: Statement, circumstances: Circumstances): Effect {
    const [kind, tree] = kindOf(statement.ast);
    if (kind === "TransactionStmt") return this.#control(tree, circumstances);
    const work = new Work(this.#session, circumstances, perform);
    const names = new Map<Relation, RelationName>();
    work.onLock = (relation) => {
      if (!names.has(relation)) names.set(relation, nameOf(this.#session, relation));
    };
    const privileges = privilegesOf(work, statement.ast, statement.body);
    const lossesOf = this.#isRunning ? this.#made.lossesOf(work, statement.ast, statement.body) : undefined;
    const refused = attempt(work, statement);
    const losses = lossesOf?.();
    if (this.#isRunning) this.#made.note(work, statement.ast);
    this.#transaction.hold(work.locks);
    return {
      ...effectOf(work, names, refused),
      privileges,
      ...(losses === undefined ? {} : { losses }),
    };
  }

  #control(tree: Ast, circumstances: Circumstances): Effect {
    const refused = transactionFault(tree, circumstances);
    this.#session = this.#transaction.control(tree, this.#session);
    if (/^TRANS_STMT_(?:COMMIT|ROLLBACK|PREPARE)$/.test(word(tree["kind"])))
      this.#transaction.end(this.#session);
    return { ...NOTHING, ...(refused === undefined ? {} : { refused }) };
  }
}

const NOTHING: Effect = {
  locks: [],
  locksOwn: false,
  rewrites: [],
  scans: [],
  writes: [],
  updates: [],
  builds: [],
  unknown: [],
  privileges: [],
};

function nameOf(session: Session, relation: Relation): RelationName {
  const { id, schema, name, kind, inServersPath, named = 0 } = relation;
  return {
    id,
    schema,
    name,
    kind,
    inUse: isInUse(session, relation),
    ...(inServersPath ? { inServersPath } : {}),
    ...(named < session.firstFile ? {} : { named: session.schema.file - named }),
  };
}

function transactionFault(tree: Ast, { block }: Circumstances): string | undefined {
  return block && /PREPARED$/.test(word(tree["kind"]))
    ? `${word(tree["kind"])} cannot run in a transaction`
    : undefined;
}

/** The version that a statement needs, where that is newer than `version`. */
function neededVersion({ ast, body, sql }: Statement, version: number): number | undefined {
  if (version >= NEWEST) return undefined;
  return newerFeature(version, sql, [ast, ...(body?.statements ?? [])])?.since;
}

function attempt(work: Work, statement: Statement): string | undefined {
  const needed = neededVersion(statement, work.version);
  if (needed !== undefined) return `it needs PostgreSQL ${needed}`;
  if (work.circumstances.block && !statement.transactional) return "it cannot run in a transaction";
  try {
    perform(work, statement.ast, statement.body);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function effectOf(
  work: Work,
  names: ReadonlyMap<Relation, RelationName>,
  refused: string | undefined,
): Omit<Effect, "privileges" | "losses"> {
  const shown = (relations: Iterable<Relation>): RelationName[] =>
    [...relations]
      .filter(({ id }) => !work.session.made.has(id))
      .map((each) => names.get(each) ?? nameOf(work.session, each));
  return {
    locks: [...work.locks]
      .filter(([{ id }]) => !work.session.made.has(id))
      .map(([relation, mode]) => ({
        ...(names.get(relation) ?? nameOf(work.session, relation)),
        mode,
        ...(work.brief.has(relation) ? { brief: true } : {}),
      })),
    locksOwn: [...work.locks.keys()].some(({ id }) => work.session.made.has(id)),
    rewrites: shown(work.rewrites),
    scans: shown(work.scans),
    writes: shown(work.writes),
    updates: shown(work.updates),
    builds: shown(work.builds),
    unknown: [...work.unknowns],
    ...(work.traits.size === 0 ? {} : { traits: work.traits }),
    ...(refused === undefined ? {} : { refused }),
    ...(work.usedBefore === undefined || refused !== undefined
      ? {}
      : { usedBefore: nameOf(work.session, work.usedBefore) }),
  };
}

function perform(work: Work, ast: Ast, body?: RoutineBody): void {
  const [kind, tree] = kindOf(ast);
  const action = ACTIONS[kind];
  if (action !== undefined) action(work, tree, ast, body);
  else if (!HARMLESS.test(kind)) work.unknown(`what ${kind} does`);
}

/** Of sessions, roles and objects that are no relations: no relation is locked. */
const HARMLESS =
  /^(?:Alter(?:Owner|Default|Database|Role|System|OpFamily|Operator|Collation|Type|TS|Event|Extension|Fdw|ForeignServer|UserMapping|TableSpace|Subscription|Stats|ObjectDepends|Policy).*|Check(?:Point)?Stmt|CheckPointStmt|Close.*|Create(?:Role|Cast|Conversion|Extension|Fdw|ForeignServer|UserMapping|OpClass|OpFamily|PLang|Am|EventTrig|Transform|TableSpace|Subscription|db).*|Createdb.*|Deallocate.*|DefineStmt|Drop(?:Role|UserMapping|TableSpace|Subscription|db).*|Dropdb.*|GrantRole.*|Listen.*|Load.*|Notify.*|Unlisten.*|ReassignOwned.*|ReplicaIdentity.*|SecLabel.*|Variable.*|Constraints.*)$/;

type Action = (work: Work, tree: Ast, ast: Ast, body: RoutineBody | undefined) => void;

const ACTIONS: Readonly<Record<string, Action>> = {
  AlterTableStmt: alterTable,
  AlterDomainStmt: other.alterDomain,
  AlterEnumStmt: other.alterEnum,
  AlterFunctionStmt: alterFunction,
  AlterObjectSchemaStmt: (work, tree) =>
    tree["relation"] === undefined ? other.moveOther(work, tree) : moveRelation(work, tree),
  AlterObjectDependsStmt: (work, tree) => {
    const type = word(tree["objectType"]);
    const mode = type === "OBJECT_TRIGGER" ? "ACCESS SHARE" : "ACCESS EXCLUSIVE";
    if (tree["relation"] !== undefined) work.openRange(node(tree["relation"]), mode, { kind: kindFor(type) });
  },
  AlterPolicyStmt: (work, tree) => create.createPolicy(work, tree, true),
  AlterPublicationStmt: other.publication,
  AlterSeqStmt: create.alterSequence,
  CallStmt: (work, tree) => call(work, tree),
  ClusterStmt: cluster,
  CommentStmt: other.comment,
  CompositeTypeStmt: create.createComposite,
  ConstraintsSetStmt: (work, tree) => {
    // IMMEDIATE checks what has waited so far.
    if (tree["deferred"] === true || work.session.pending.size === 0) return;
    if (items(tree["constraints"]).length > 0) work.unknown("which constraints still wait for the end");
    work.session.pending.clear();
  },
  CopyStmt: (work, tree) => other.copy(work, tree),
  CreateDomainStmt: (work, tree) => create.createType(work, "CreateDomainStmt", tree),
  CreateEnumStmt: (work, tree) => create.createType(work, "CreateEnumStmt", tree),
  CreateForeignTableStmt: (work, tree) =>
    create.createTable(work, {
      base: { CreateStmt: node(tree["base"])["CreateStmt"] ?? node(tree["base"]) },
    }),
  CreateFunctionStmt: (work, tree, _, body) => createFunction(work, tree, body),
  CreatePolicyStmt: (work, tree) => create.createPolicy(work, tree),
  CreatePublicationStmt: other.publication,
  CreateRangeStmt: (work, tree) => create.createType(work, "CreateRangeStmt", tree),
  CreateSchemaStmt: (work, tree) => other.createSchema(work, tree),
  CreateSeqStmt: create.createSequence,
  CreateStatsStmt: create.createStatistics,
  CreateStmt: create.createTable,
  CreateTableAsStmt: (work, tree) => create.createTableAs(work, tree),
  CreateTrigStmt: create.createTrigger,
  DeclareCursorStmt: (work, tree) => {
    query(work, node(tree["query"]), "planned");
    work.session.cursors.set(word(tree["portalname"]), node(tree["query"]));
  },
  DiscardStmt: (work, tree) => {
    if (work.circumstances.block && tree["target"] === "DISCARD_ALL")
      work.refuse("DISCARD ALL cannot run in a transaction");
    if (/ALL|TEMP/.test(word(tree["target"]))) work.schema.discardTemporary();
  },
  DoStmt: (work, _, __, body) => doBlock(work, body),
  DropStmt: drop,
  DropOwnedStmt: (work, tree) => {
    const roles = items(tree["roles"]).map(roleName);
    if (roles.includes("postgres")) work.refuse("the database system needs what the role owns");
    else if (roles.includes("CURRENT_USER"))
      work.refuse("if the role is the server's first superuser, the database system needs what it owns");
    if (!work.schema.complete) work.unknown("what the role owns");
  },
  ExecuteStmt: (work, tree) => {
    const found = work.session.prepared.get(word(tree["name"]));
    if (found === undefined) work.unknown("what the prepared statement does");
    else query(work, found, "run");
  },
  ExplainStmt: (work, tree) => {
    const analyzes = option(tree["options"], "analyze");
    const inner = node(tree["query"]);
    if (analyzes) perform(work, inner);
    else if (isQuery(inner)) query(work, inner, "planned");
  },
  FetchStmt: (work, tree) => {
    const found = work.session.cursors.get(word(tree["portalname"]));
    if (found !== undefined) query(work, found, "run");
  },
  GrantStmt: other.grant,
  ImportForeignSchemaStmt: (work) => work.unknown("which tables the foreign schema has"),
  IndexStmt: createIndex,
  LockStmt: other.lockTables,
  PrepareStmt: (work, tree) => {
    query(work, node(tree["query"]), "analysed");
    work.session.prepared.set(word(tree["name"]), node(tree["query"]));
  },
  ReassignOwnedStmt: (work, tree) => {
    if (items(tree["roles"]).some((role) => roleName(role) === "postgres"))
      work.refuse("the database system requires objects that postgres owns");
    if (!work.schema.complete) work.unknown("what the role owns");
  },
  RefreshMatViewStmt: (work, tree) => other.refresh(work, tree),
  ReindexStmt: reindex,
  RenameStmt: (work, tree) =>
    tree["relation"] === undefined ? other.renameOther(work, tree) : rename(work, tree),
  RuleStmt: (work, tree) => create.createRule(work, tree),
  SecLabelStmt: (work) => work.unknown("whether a provider of security labels is loaded"),
  SelectStmt: (work, tree, ast) => {
    setConfig(work.session, ast);
    if (tree["intoClause"] === undefined) query(work, ast, "run");
    else create.makeFrom(work, ast, node(tree["intoClause"]), { matview: false, missing: false });
  },
  TruncateStmt: other.truncate,
  VacuumStmt: other.analyze,
  VariableSetStmt: (work, tree) => setVariable(work.session, tree),
  ViewStmt: (work, tree) => create.createView(work, tree),
  ...Object.fromEntries(
    ["Insert", "Update", "Delete", "Merge"].map((each) => [
      `${each}Stmt`,
      ((work, _, ast) => query(work, ast, "run")) satisfies Action,
    ]),
  ),
};
