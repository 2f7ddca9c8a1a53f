/** What the grammar found in a file → its statements: the author's bytes, and what each one is. */
import { batchBlock, batchFault, batchTreeFault, directiveIn, IN_BATCHES } from "../batch.ts";
import { type Diagnostic, MigrateError } from "../errors.ts";
import { ENOUGH_FAULTS, faultAt } from "../fault.ts";
import { SPACE, skipTrivia, tokens } from "../lexer.ts";
import type { FileText } from "../migration.ts";
import { refusal, transactionEdge } from "../refusal.ts";
import { type Location, locate, type Source, type Span } from "../source.ts";
import { downMarkerIn } from "./down-marker.ts";
import { type Facts, factsOf, type ParsedStatement } from "./facts.ts";

/** One statement of a file, as it will be sent. */
export interface UserStatement extends Facts {
  /**
   * The author's bytes: the comments before it, the statement with its `;` (added where the last one has none) and a
   * comment after it on the same line; the last statement takes every comment below it. It can end in a `--` comment.
   */
  readonly sql: string;
  /** The statement itself in the file: first token to `;`. */
  readonly origin: Span;
  /** UTF-16 offset of the first token in `sql`. */
  readonly offset: number;
  /** One DO block that repeats the author's statement and commits as it goes; it can simply run again. */
  readonly batched?: true;
}

/** What the grammar has to say of one statement of a file. JSON-safe: this is what is kept of it. */
export interface StatementFacts extends Facts {
  /** UTF-16 offsets in the file: its comments, its first token, behind its last, and where the next one's comments begin. */
  readonly begin: number;
  readonly start: number;
  readonly end: number;
  readonly tail: number;
}

/**
 * What the statements of a file are, in order. What must not stand in a migration is added to `faults`. The trees are
 * read one by one and not kept, so `parsed` can be a generator over a large file.
 */
export function factsOfFile(
  { source, bodyStart, header, kind }: FileText,
  parsed: Iterable<ParsedStatement>,
  faults: Diagnostic[],
): readonly StatementFacts[] {
  const { text } = source;
  const all: StatementFacts[] = [];
  const edges: Edge[] = [];
  let from = bodyStart;
  let last: Omit<StatementFacts, "tail"> | undefined;
  for (const each of parsed) {
    const { ast, start, end } = each;
    if (last !== undefined) {
      from = lineEndAfter(text, last.end, start);
      all.push({ ...last, tail: from });
    }
    const statement = text.slice(start, end);
    const begin = leadOf(text, from);
    const fault =
      faults.length < ENOUGH_FAULTS
        ? (refusal(ast, statement, kind ?? header?.transaction) ??
          batchTreeFault(ast, text.slice(begin, start)))
        : undefined;
    const diagnostic = fault && faultAt(source, { ...locate(source, start), start }, end - start, fault);
    if (diagnostic !== undefined) faults.push(diagnostic);
    const is = transactionEdge(ast);
    if (is !== undefined) edges.push({ is, start, fault: diagnostic });
    last = { begin, start, end, ...factsOf(each, statement) };
  }
  if (last !== undefined) all.push({ ...last, tail: text.length });
  return withoutEdges(all, edges, faults);
}

/** A statement that begins or ends a transaction, and its fault unless there were enough of them. */
interface Edge {
  readonly is: NonNullable<ReturnType<typeof transactionEdge>>;
  readonly start: number;
  readonly fault: Diagnostic | undefined;
}

/**
 * A `BEGIN` and a `COMMIT` around the whole file say what is so anyway: they are not sent, and are no fault. Nor is a `BEGIN`
 * at the top of a file that could not be read to its end, where the `COMMIT` would be.
 */
function withoutEdges(
  all: readonly StatementFacts[],
  edges: readonly Edge[],
  faults: Diagnostic[],
): readonly StatementFacts[] {
  const [first, last, ...others] = edges;
  const isAround =
    first?.is === "begin" &&
    last?.is === "commit" &&
    others.length === 0 &&
    first.start === all[0]?.start &&
    last.start === all.at(-1)?.start;
  const isCut = last === undefined && faults.some(({ code }) => code === "source/syntax");
  const isOpen = isCut && first?.is === "begin" && first.start === all[0]?.start;
  if (!isAround && !isOpen) return all;
  for (const { fault } of edges) if (fault !== undefined) faults.splice(faults.indexOf(fault), 1);
  return isOpen ? all : all.slice(1, -1);
}

/** Throws `source/transaction-control` for a `BEGIN` around a file that will not be a transaction. */
function refuseNeedlessBegin({ source, bodyStart }: FileText, why: string): void {
  const start = skipTrivia(source.text, bodyStart);
  const begin = /^(?:begin|start)\b/i.exec(source.text.slice(start, start + 6))?.[0];
  if (begin === undefined) return;
  throw new MigrateError(
    faultAt(source, { ...locate(source, start), start }, begin.length, {
      code: "source/transaction-control",
      message: `${begin.toUpperCase()} and COMMIT make the file one transaction, but ${why}`,
      hint: "remove the BEGIN and the COMMIT, or what conflicts with them",
    }),
  );
}

/** The statements of a file, from its text and what is known of them. Faults of batches are added to `faults`. */
export function statementsOf(
  { source }: FileText,
  facts: readonly StatementFacts[],
  faults: Diagnostic[],
): UserStatement[] {
  const place = locator(source);
  return facts.map((known) => {
    const { start, end } = known;
    return statementOf(source, known, { ...place(start), start, end }, faults);
  });
}

function statementOf(
  source: Source,
  known: StatementFacts,
  origin: Span,
  faults: Diagnostic[],
): UserStatement {
  const { text } = source;
  const { begin, start, end, tail, ...facts } = known;
  const comments = text.slice(begin, start);
  const after = trimEnd(text.slice(end, tail));
  const isWhole = text[end - 1] === ";";
  const statement = isWhole ? text.slice(start, end) : `${text.slice(start, end)};`;
  const found = directiveIn(comments, facts);
  const directive = found !== undefined && "size" in found ? found : undefined;
  const marker = source.path.endsWith(".up.sql") ? downMarkerIn(comments) : undefined;
  const wrong = marker ?? (found !== undefined && "fault" in found ? found : undefined);
  if (wrong !== undefined) {
    const at = begin + wrong.start;
    faults.push(faultAt(source, { ...locate(source, at), start: at }, wrong.end - wrong.start, wrong.fault));
  } else {
    const fault = batchFault(statement, facts.tag, directive);
    if (fault !== undefined) faults.push(faultAt(source, origin, end - start, fault));
  }
  if (directive === undefined) {
    // A piece of the file's text, where it is one, takes no memory of its own.
    const sql = isWhole ? text.slice(begin, end + after.length) : comments + statement + after;
    return { ...facts, sql, origin, offset: comments.length };
  }
  const { sql, offset } = batchBlock(statement, directive);
  return {
    ...facts,
    tag: facts.tag + IN_BATCHES,
    transactional: false,
    batched: true,
    sql: comments + sql + after,
    origin,
    offset: comments.length + offset,
  };
}

export type TransactionMode = "transaction" | "none";

/**
 * How a file runs: in one transaction, or outside one where its header says so or every statement must.
 * Throws `source/mixed-transaction` when only some of them must, `source/transaction-control` where a BEGIN says otherwise.
 */
export function transactionMode(
  file: FileText,
  statements: readonly UserStatement[],
  header: "none" | undefined,
): TransactionMode {
  const { source } = file;
  const first = statements.find((statement) => !statement.transactional);
  if (header === "none") {
    refuseNeedlessBegin(file, "its header says transaction: none");
    return "none";
  }
  if (first === undefined) return "transaction";
  refuseNeedlessBegin(file, `${first.tag} on line ${first.origin.line} cannot run in one`);
  const ordinary = statements.filter(
    (statement) => statement.transactional && statement.setting === undefined,
  );
  if (ordinary.length === 0) return "none";
  const { start, end } = first.origin;
  const others = ordinary.length === 1 ? `the ${ordinary[0]!.tag}` : `${ordinary.length} other statements`;
  throw new MigrateError(
    faultAt(source, first.origin, end - start, {
      code: "source/mixed-transaction",
      message: `${first.tag} cannot run in a transaction, but ${others} of this file should`,
      hint: waysOutOfMixed(source, statements),
    }),
  );
}

/** The down files of several migrations are run in the other order, and an up file that is applied must stay as it is. */
function waysOutOfMixed(source: Source, statements: readonly UserStatement[]): string {
  const parts = partsOf(source, statements);
  const places = parts.join("; ");
  const outside = "write '-- transaction: none' in the header, and a failure keeps what was done before it";
  return source.path.endsWith(".down.sql")
    ? `${outside}; or, if it is applied nowhere, split the migration into ${parts.length}, with these down files, that of the last migration first: ${places}`
    : `split it into ${parts.length} migrations, in this order: ${places}; or ${outside}`;
}

/** The places of the runs of statements that can share a migration. */
function partsOf(source: Source, statements: readonly UserStatement[]): readonly string[] {
  const runs: { outside: boolean; readonly of: UserStatement[] }[] = [];
  for (const statement of statements) {
    const last = runs.at(-1);
    const outside = !statement.transactional;
    if (last?.of.every(({ setting }) => setting !== undefined)) last.outside = outside;
    if (last !== undefined && (statement.setting !== undefined || last.outside === outside))
      last.of.push(statement);
    else runs.push({ outside, of: [statement] });
  }
  const places = runs.map(({ of }) => [of[0]!.origin, locate(source, of.at(-1)!.origin.end - 1)] as const);
  // Where two share a line, the line alone tells nobody which is meant.
  const shares = places.some(([from], i) => from.line === places[i - 1]?.[1].line);
  return runs.map(({ outside, of }, i) => {
    const place = shares ? columnsOf(...places[i]!) : linesOf(...places[i]!);
    return outside ? `${place} (${of.find((each) => !each.transactional)!.tag})` : place;
  });
}

const linesOf = (from: Location, to: Location): string =>
  from.line === to.line ? `line ${from.line}` : `lines ${from.line}-${to.line}`;

const columnsOf = (from: Location, to: Location): string =>
  from.line === to.line
    ? `line ${from.line}, columns ${from.column}-${to.column}`
    : `line ${from.line}, column ${from.column}, to line ${to.line}, column ${to.column}`;

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
