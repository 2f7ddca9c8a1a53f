/**
 * What the grammar found in a file → its statements: the author's bytes, and what each one is.
 *
 * Whatever a statement may do to a transaction or to data is read from its syntax tree, never from its text.
 */
import {
  type Ast,
  dotted,
  items,
  kindOf,
  namesIn,
  node,
  type ObjectName,
  objectName,
  option,
  optionOf,
  rangeName,
  relationOf,
  roleName,
  word,
} from "./ast.ts";
import { batchBlock, batchFault, directiveIn } from "./batch.ts";
import { type Diagnostic, MigrateError } from "./errors.ts";
import { ENOUGH_FAULTS, faultAt } from "./fault.ts";
import { SPACE, tokens } from "./lexer.ts";
import type { MigrationFile } from "./migration.ts";
import { refusal } from "./refusal.ts";
import { type Location, locate, type Source, type Span } from "./source.ts";
import { detachOf, objectWords, tagOf } from "./tag.ts";

/** One statement as the grammar cuts it. */
export interface ParsedStatement {
  /** The tree with its kind around it: `{ IndexStmt: { … } }`. */
  readonly ast: Ast;
  /** UTF-16 offsets in the file: the first token, and after the `;` (after the last token where there is none). */
  readonly start: number;
  readonly end: number;
}

/** One statement of a file, as it will be sent. */
export interface UserStatement {
  /**
   * The author's bytes: the comments before it, the statement with its `;` (added where the last one has none) and a
   * comment after it on the same line; the last statement takes every comment below it. It can end in a `--` comment.
   */
  readonly sql: string;
  /** The statement itself in the file: first token to `;`. */
  readonly origin: Span;
  /** UTF-16 offset of the first token in `sql`. */
  readonly offset: number;
  /** Like the server's command tag, and as exact as a message needs: `CREATE INDEX CONCURRENTLY`, `ALTER TABLE`. */
  readonly tag: string;
  /** False for what PostgreSQL refuses inside a transaction block, as far as that shows without a catalog. */
  readonly transactional: boolean;
  /** It may hold COMMIT (CALL; DO that speaks of it): under `transaction: none` it must stand outside a transaction. */
  readonly mayCommit: boolean;
  /** One DO block that repeats the author's statement and commits as it goes; it can simply run again. */
  readonly batched?: true;
  /** What it takes away, for a person: `drops table shop.users`, `deletes rows of t`. */
  readonly destructive: readonly string[];
  /** It may change how later text is read: nothing may share a message with it. */
  readonly changesLexing: boolean;
  /** What to look for in the catalog when it was interrupted; absent where it can simply run again. */
  readonly probe?: Probe;
}

/** What a statement outside a transaction does to the catalog. */
export type Probe =
  | {
      readonly kind: "create-index";
      readonly table: ObjectName;
      /** In the schema of the table; absent where the server chooses the name. */
      readonly index?: string;
      readonly ifNotExists: boolean;
    }
  | { readonly kind: "drop-index"; readonly indexes: readonly ObjectName[]; readonly ifExists: boolean }
  | {
      readonly kind: "reindex";
      readonly of: "index" | "table" | "schema" | "database" | "system";
      readonly object?: ObjectName;
      readonly concurrently: boolean;
    }
  | { readonly kind: "detach-partition"; readonly table: ObjectName; readonly partition: ObjectName }
  | {
      readonly kind: "create" | "drop";
      readonly of: "database" | "tablespace" | "subscription";
      readonly name: string;
    };

/** What the grammar has to say of a statement: all that is kept of its tree. JSON-safe. */
export interface Draft {
  /** UTF-16 offsets in the file: its comments, its first token, behind its last, and where the next one's comments begin. */
  readonly begin: number;
  readonly start: number;
  readonly end: number;
  readonly tail: number;
  readonly facts: Facts;
}

/**
 * What the statements of a file are, in order. What must not stand in a migration is added to `faults`. The trees are
 * read one by one and not kept, so `parsed` can be a generator over a large file.
 */
export function draftsOf(
  { source, bodyStart }: MigrationFile,
  parsed: Iterable<ParsedStatement>,
  faults: Diagnostic[],
): readonly Draft[] {
  const { text } = source;
  const drafts: Draft[] = [];
  let from = bodyStart;
  let last: Omit<Draft, "tail"> | undefined;
  // Named one by one: a copy by `...` takes twice the memory, 10 MB for ten thousand files.
  const add = ({ begin, start, end, facts }: Omit<Draft, "tail">, tail: number): void => {
    drafts.push({ begin, start, end, tail, facts });
  };
  for (const { ast, start, end } of parsed) {
    if (last !== undefined) {
      from = lineEndAfter(text, last.end, start);
      add(last, from);
    }
    const statement = text.slice(start, end);
    const fault = faults.length < ENOUGH_FAULTS ? refusal(ast, statement) : undefined;
    if (fault !== undefined)
      faults.push(faultAt(source, { ...locate(source, start), start }, end - start, fault));
    last = { begin: leadOf(text, from), start, end, facts: factsOf(ast, statement) };
  }
  if (last !== undefined) add(last, text.length);
  return drafts;
}

/** The statements of a file, from its text and what is known of them. Faults of batches are added to `faults`. */
export function statementsOf(
  { source }: MigrationFile,
  drafts: readonly Draft[],
  faults: Diagnostic[],
): UserStatement[] {
  const place = locator(source);
  return drafts.map((draft) => {
    const { start, end } = draft;
    // Named one by one, as in `draftsOf`.
    const { path, line, column } = place(start);
    return finished(source, draft, { path, line, column, start, end }, faults);
  });
}

function finished(source: Source, draft: Draft, origin: Span, faults: Diagnostic[]): UserStatement {
  const { text } = source;
  const { begin, end, tail, facts } = draft;
  const comments = text.slice(begin, origin.start);
  const after = trimEnd(text.slice(end, tail));
  const isWhole = text[end - 1] === ";";
  const statement = isWhole ? text.slice(origin.start, end) : `${text.slice(origin.start, end)};`;
  const found = directiveIn(comments);
  const directive = found !== undefined && "size" in found ? found : undefined;
  const fault = found !== undefined && "code" in found ? found : batchFault(statement, facts.tag, directive);
  if (fault !== undefined) faults.push(faultAt(source, origin, end - origin.start, fault));
  if (directive === undefined) {
    // A piece of the file's text, where it is one, takes no memory of its own.
    const sql = isWhole ? text.slice(begin, end + after.length) : comments + statement + after;
    return { sql, origin, offset: comments.length, ...facts };
  }
  const { sql, offset } = batchBlock(statement, directive);
  const tag = `${facts.tag} in batches`;
  const batched = { ...facts, tag, transactional: false, batched: true as const };
  return { sql: comments + sql + after, origin, offset: comments.length + offset, ...batched };
}

export type TransactionMode = "transaction" | "none";

/**
 * How a file runs: in one transaction, or outside one where its header says so or every statement must.
 * Throws `source/mixed-transaction` when only some of them must.
 */
export function transactionMode(
  { source }: MigrationFile,
  statements: readonly UserStatement[],
  header: "none" | undefined,
): TransactionMode {
  if (header === "none") return "none";
  const first = statements.find((statement) => !statement.transactional);
  if (first === undefined) return "transaction";
  const ordinary = statements.filter((statement) => statement.transactional && !isSetting(statement));
  if (ordinary.length === 0) return "none";
  const { start, end } = first.origin;
  const others = ordinary.length === 1 ? `the ${ordinary[0]!.tag}` : `${ordinary.length} other statements`;
  throw new MigrateError(
    faultAt(source, first.origin, end - start, {
      code: "source/mixed-transaction",
      message: `${first.tag} cannot run in a transaction, and ${others} of this file should`,
      hint: `${splitOf(source, statements)}; or write '-- transaction: none' in the header, and a failure leaves what was done before it`,
    }),
  );
}

// What a statement is.

type Facts = Pick<
  UserStatement,
  "tag" | "transactional" | "mayCommit" | "destructive" | "changesLexing" | "probe"
>;

const LEXING = /standard_conforming_strings|backslash_quote|client_encoding/i;

function factsOf(ast: Ast, text: string): Facts {
  const [kind, tree] = kindOf(ast);
  const probe = probeOf(kind, tree);
  return {
    tag: tagOf(kind, tree),
    transactional: !refusesTransaction(kind, tree),
    mayCommit: kind === "CallStmt" || (kind === "DoStmt" && /\b(?:commit|rollback|call)\b/i.test(text)),
    destructive: [...new Set(losses(kind, tree))],
    changesLexing: changesLexing(kind, tree, text),
    ...(probe === undefined ? {} : { probe }),
  };
}

function changesLexing(kind: string, tree: Ast, text: string): boolean {
  if (kind === "VariableSetStmt") return tree["kind"] === "VAR_RESET_ALL" || LEXING.test(word(tree["name"]));
  return /^(?:Select|Do|Call|Execute)Stmt$/.test(kind) && (LEXING.test(text) || /set_config/i.test(text));
}

/** The list of PreventInTransactionBlock in PostgreSQL's source, as far as no catalog is needed to tell. */
function refusesTransaction(kind: string, tree: Ast): boolean {
  switch (kind) {
    case "IndexStmt":
    case "DropStmt":
      return tree["concurrent"] === true;
    case "ReindexStmt":
      return option(tree["params"], "concurrently") || /SCHEMA|SYSTEM|DATABASE/.test(word(tree["kind"]));
    case "ClusterStmt":
      return tree["relation"] === undefined;
    case "VacuumStmt":
      return tree["is_vacuumcmd"] === true;
    case "AlterTableStmt":
      return detachOf(tree) !== undefined;
    case "AlterDatabaseStmt":
      return optionOf(tree["options"], "tablespace") !== undefined;
    case "CreateSubscriptionStmt":
      return option(tree["options"], "connect", true) && option(tree["options"], "create_slot", true);
    case "AlterSubscriptionStmt":
      return altersSubscriptionOutside(tree);
    case "CreatedbStmt":
    case "DropdbStmt":
    case "CreateTableSpaceStmt":
    case "DropTableSpaceStmt":
    case "AlterSystemStmt":
    case "DropSubscriptionStmt":
      return true;
    default:
      return false;
  }
}

function altersSubscriptionOutside(tree: Ast): boolean {
  const kind = word(tree["kind"]);
  if (kind.includes("REFRESH")) return true;
  if (kind.endsWith("_PUBLICATION")) return option(tree["options"], "refresh", true);
  const slot = ["failover", "two_phase"];
  return kind.endsWith("_OPTIONS") && slot.some((name) => optionOf(tree["options"], name) !== undefined);
}

function probeOf(kind: string, tree: Ast): Probe | undefined {
  if (!refusesTransaction(kind, tree)) return undefined;
  switch (kind) {
    case "IndexStmt": {
      const index = word(tree["idxname"]);
      return {
        kind: "create-index",
        table: relationOf(tree),
        ...(index === "" ? {} : { index }),
        ifNotExists: tree["if_not_exists"] === true,
      };
    }
    case "DropStmt":
      return {
        kind: "drop-index",
        indexes: items(tree["objects"]).map((object) => objectName(namesIn(object))),
        ifExists: tree["missing_ok"] === true,
      };
    case "ReindexStmt": {
      const name = word(tree["name"]);
      const object = tree["relation"] === undefined ? objectName([name]) : relationOf(tree);
      return {
        kind: "reindex",
        of: word(tree["kind"]).replace("REINDEX_OBJECT_", "").toLowerCase() as "index",
        ...(object.name === "" ? {} : { object }),
        concurrently: option(tree["params"], "concurrently"),
      };
    }
    case "AlterTableStmt":
      return {
        kind: "detach-partition",
        table: relationOf(tree),
        partition: rangeName(detachOf(tree)?.["name"]),
      };
    case "CreatedbStmt":
    case "DropdbStmt":
      return { kind: verbOf(kind), of: "database", name: word(tree["dbname"]) };
    case "CreateTableSpaceStmt":
    case "DropTableSpaceStmt":
      return { kind: verbOf(kind), of: "tablespace", name: word(tree["tablespacename"]) };
    case "CreateSubscriptionStmt":
    case "DropSubscriptionStmt":
      return { kind: verbOf(kind), of: "subscription", name: word(tree["subname"]) };
    default:
      return undefined;
  }
}

function verbOf(kind: string): "create" | "drop" {
  return kind.startsWith("Create") ? "create" : "drop";
}

/** What a statement takes away. What a function or a DO block does is not known. */
function* losses(kind: string, tree: Ast): Generator<string> {
  const cascade = tree["behavior"] === "DROP_CASCADE" ? " and all that depends on it" : "";
  switch (kind) {
    case "DropStmt": {
      const type = word(tree["removeType"]);
      if (!HOLDS_DATA.test(type) && cascade === "") break;
      for (const object of items(tree["objects"])) {
        yield `drops ${objectWords(type).toLowerCase()} ${namesIn(object).join(".")}`.trim() + cascade;
      }
      break;
    }
    case "AlterTableStmt":
      for (const command of items(tree["cmds"]).map((item) => node(item["AlterTableCmd"]))) {
        if (command["subtype"] !== "AT_DropColumn") continue;
        const more = command["behavior"] === "DROP_CASCADE" ? " and all that depends on it" : "";
        yield `drops column ${word(command["name"])} of ${dotted(relationOf(tree))}${more}`;
      }
      break;
    case "TruncateStmt": {
      const more = cascade === "" ? "" : " and all tables that refer to it";
      for (const item of items(tree["relations"]))
        yield `truncates ${dotted(rangeName(item["RangeVar"]))}${more}`;
      break;
    }
    case "DropdbStmt":
      yield `drops database ${word(tree["dbname"])}`;
      break;
    case "DropOwnedStmt":
      yield `drops all that is owned by ${items(tree["roles"]).map(roleName).join(", ")}`;
      break;
    case "DeleteStmt":
      yield `deletes rows of ${dotted(relationOf(tree))}`;
      break;
    case "MergeStmt": {
      const clauses = items(tree["mergeWhenClauses"]).map((item) => node(item["MergeWhenClause"]));
      if (clauses.some((clause) => clause["commandType"] === "CMD_DELETE")) {
        yield `deletes rows of ${dotted(relationOf(tree))}`;
      }
      break;
    }
    case "InsertStmt":
      yield* losses(...kindOf(node(tree["selectStmt"])));
      break;
    case "ExplainStmt":
      if (option(tree["options"], "analyze")) yield* losses(...kindOf(node(tree["query"])));
      break;
  }
  for (const item of items(node(tree["withClause"])["ctes"])) {
    yield* losses(...kindOf(node(node(item["CommonTableExpr"])["ctequery"])));
  }
}

const HOLDS_DATA = /^OBJECT_(?:TABLE|FOREIGN_TABLE|MATVIEW|SEQUENCE|SCHEMA|EXTENSION)$/;

/** Settings suit either side of a transaction. */
function isSetting({ tag }: UserStatement): boolean {
  return tag === "SET" || tag === "RESET";
}

/** The runs of statements that can share a migration, as an instruction. */
function splitOf(source: Source, statements: readonly UserStatement[]): string {
  const runs: { outside: boolean; readonly of: UserStatement[] }[] = [];
  for (const statement of statements) {
    const last = runs.at(-1);
    const outside = !statement.transactional;
    if (last?.of.every(isSetting)) last.outside = outside;
    if (last !== undefined && (isSetting(statement) || last.outside === outside)) last.of.push(statement);
    else runs.push({ outside, of: [statement] });
  }
  const parts = runs.map(({ outside, of }) => {
    const from = of[0]!.origin.line;
    const to = locate(source, of.at(-1)!.origin.end - 1).line;
    const lines = from === to ? `line ${from}` : `lines ${from}-${to}`;
    return outside ? `${lines} (${of.find((each) => !each.transactional)!.tag})` : lines;
  });
  return `make ${parts.length} migrations of it, in this order: ${parts.join("; ")}`;
}

// Offsets.

/** Places of rising offsets, in one walk over the file. */
function locator({ path, text }: Source): (offset: number) => Location {
  let [at, line, column] = [0, 1, 1];
  return (offset) => {
    for (; at < offset; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit === 0x0a || (unit === 0x0d && text.charCodeAt(at + 1) !== 0x0a)) {
        line += 1;
        column = 1;
      } else if (unit < 0xdc00 || unit > 0xdfff) column += 1; // the second half of a pair counts with its first
    }
    return { path, line, column };
  };
}

/** Where the text of the next statement begins: its first comment or token, with the indentation of that line. */
function leadOf(text: string, from: number): number {
  let first = from;
  while (first < text.length && `${SPACE};`.includes(text[first]!)) first += 1;
  let begin = first;
  while (begin > from && /[ \t]/.test(text[begin - 1]!)) begin -= 1;
  return begin === 0 || /[\r\n]/.test(text[begin - 1]!) ? begin : first;
}

/** After the comments that follow `end` on its line; `end` itself where the next statement begins on that line. */
function lineEndAfter(text: string, end: number, next: number): number {
  for (const { kind, start, end: tokenEnd } of tokens(text, end)) {
    if (start >= next) return end;
    if (kind === "space") {
      const newLine = text.slice(start, tokenEnd).search(/[\r\n]/);
      if (newLine >= 0) return start + newLine;
    }
  }
  return end;
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE.includes(text[end - 1]!)) end -= 1;
  return text.slice(0, end);
}
