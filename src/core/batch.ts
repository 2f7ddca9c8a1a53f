/**
 * `-- batch: 1000` above a statement → one DO block that repeats it, with a COMMIT after each round, until it
 * changes no row. The block is a statement like any other: sent alone, the same online and in a script. Stopped or
 * killed, it is simply run again, since what it did is committed and what is left is what the statement still finds.
 */
import { type Ast, kindOf, node, visitNodes } from "./ast.ts";
import { parseDuration } from "./duration.ts";
import type { Fault } from "./fault.ts";
import { tokens } from "./lexer.ts";
import { dollarQuoted, identifier } from "./quote.ts";
import type { Source } from "./source.ts";

/** What the tag of a batch ends with: `UPDATE in batches`. */
export const IN_BATCHES = " in batches";

/** What the directive says. */
export interface BatchDirective {
  /** Rows a round. */
  readonly size: number;
  /** Seconds between rounds. */
  readonly pause: number;
  /** Walk over the values of this key instead of repeating until nothing is found: `shop.orders.id`. */
  readonly key?: { readonly table: readonly string[]; readonly column: string };
}

const LINE = /^[ \t]*--[ \t]*batch:(.*)$/gm;
/** What looks like that line; its value without the words that say what is counted. */
const NEAR =
  /^[ \t]*(?:-{2,}|\/\*+)[ \t]*batch(?<many>es)?(?<of>[-_ ]?size(?:[ \t]+of)?|[ \t]+of)?[ \t]*(?<sign>[:=][ \t]*)?(?<value>\d.{0,200}?)(?<rows>[ \t]+rows)?[.;]?[ \t\r]*(?:\*+\/[ \t\r]*)?$/gim;
const FORM =
  /^(\d{1,9})(?:[ \t]+by[ \t]+([A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*){1,2}))?(?:,?[ \t]+pause[ \t]+([\d.]+[ \t]*[a-z]+))?$/;
const PLACEHOLDER = /:batch_(?:size|from|to)\b/g;

/** The text with `:batch_size` and its like turned into something a grammar reads, each offset where it was. */
export function readable(text: string): string {
  return text.includes(":batch_") ? text.replaceAll(PLACEHOLDER, (name) => "1".padEnd(name.length)) : text;
}

/** The placeholder that stands at an offset of a file, where a grammar reads something else. */
export function placeholderAt({ written = "" }: Source, offset: number): string | undefined {
  return new RegExp(PLACEHOLDER, "y").exec(written.slice(offset, offset + 20))?.[0];
}

/** Whether a comment of the text can be the directive, or be meant for it: a look that needs no parser. */
export const mayHaveDirective = (text: string): boolean => /batch/i.test(text);

const lastLine = (comments: string): RegExpExecArray | undefined => [...comments.matchAll(LINE)].at(-1);

/** A directive that cannot be read, and where its line stands in the comments. */
export interface BrokenDirective {
  readonly fault: Fault;
  readonly start: number;
  readonly end: number;
}

/**
 * The directive in the comments above a statement; undefined where there is none. With what is known of the statement, a
 * comment that was meant for one is broken.
 */
export function directiveIn(comments: string, below?: Below): BatchDirective | BrokenDirective | undefined {
  const line = lastLine(comments);
  if (line === undefined) return below === undefined ? undefined : nearMiss(comments, below);
  const written = line[1]!.trim();
  const form = FORM.exec(written);
  const size = Number(form?.[1]);
  const pause = parseDuration(form?.[3] ?? "0");
  if (form === null || size === 0 || "mustBe" in pause) {
    const fault = {
      code: "source/batch",
      message: `invalid batch '${written}'`,
      hint: "write, for example, '-- batch: 1000', '-- batch: 1000 by shop.orders.id' or '-- batch: 1000, pause 100ms'",
    };
    return { fault, ...placeIn(line[0], line.index) };
  }
  const names = form[2]?.split(".");
  return {
    size,
    pause: pause.ms / 1000,
    ...(names === undefined ? {} : { key: { table: names.slice(0, -1), column: names.at(-1)! } }),
  };
}

/** Where the key of the directive stands that is the last one before an offset of a file; undefined where it has none. */
export function keyBefore(text: string, offset: number): number | undefined {
  const line = lastLine(text.slice(0, offset));
  const key = line === undefined ? undefined : FORM.exec(line[1]!.trim())?.[2];
  return key === undefined ? undefined : line!.index + line![0].lastIndexOf(key);
}

/** What of a statement tells whether a comment above it means a batch. */
export interface Below {
  readonly tag: string;
  /** As `limitIn` has it. */
  readonly limit?: number;
}

/**
 * The fewest rows that a query in a statement is limited to: such a statement changes some rows at a time. LIMIT 1 is of a
 * query for a value; what is no number may be any.
 */
export function limitIn(ast: Ast): number | undefined {
  let fewest: number | undefined;
  visitNodes(ast, (kind, { limitCount }) => {
    if (kind !== "SelectStmt" || limitCount === undefined) return true;
    const { ival = Number.MAX_SAFE_INTEGER } = node(node(node(limitCount)["A_Const"])["ival"]);
    if (Number(ival) > 1) fewest = Math.min(fewest ?? Infinity, Number(ival));
    return true;
  });
  return fewest;
}

/** Fewer rows are not changed at a time, unless a LIMIT is no more: below that it is a label, such as `-- batch 3`. */
const FEWEST_ROWS = 100;

/** A comment with another form of the key and a value that is a directive's. INSERTs have labels such as `-- batch 120`. */
function nearMiss(comments: string, { tag, limit }: Below): BrokenDirective | undefined {
  if (!changesRowsThere(tag)) return undefined;
  for (const { index, 0: line, groups = {} } of comments.matchAll(NEAR)) {
    const { many, of, sign, value = "", rows } = groups;
    const [form, size, key, pause] = FORM.exec(value) ?? [];
    if (form === undefined) continue;
    // `-- batches: 7` may be how many there are.
    const countsRows = (of ?? rows ?? key ?? pause ?? (many ? undefined : sign)) !== undefined;
    const isMeant =
      (many === undefined && Number(size) >= FEWEST_ROWS) ||
      (limit !== undefined && (countsRows || Number(size) >= limit));
    if (!isMeant) continue;
    const andThen = limit === undefined || key !== undefined ? "" : " and LIMIT :batch_size";
    const fault = {
      code: "source/batch",
      message: `'${line.trim()}' is only a comment, so ${tag} would not run in batches`,
      hint: `write '-- batch: ${value}'${andThen}; if it is meant as a comment, word it otherwise`,
    };
    return { fault, ...placeIn(line, index) };
  }
  return undefined;
}

/** By its tag: a statement that may find fewer rows each time. */
export const changesRowsThere = (tag: string): boolean => /^(?:UPDATE|DELETE|MERGE)\b/.test(tag);

/** Where what stands in a line of the comments begins and ends. */
const placeIn = (line: string, index: number): Pick<BrokenDirective, "start" | "end"> => ({
  start: index + line.length - line.trimStart().length,
  end: index + line.trimEnd().length,
});

/** What is wrong with a statement under a directive, or with placeholders without one; undefined where it is well. */
export function batchFault(
  text: string,
  tag: string,
  directive: BatchDirective | undefined,
): Fault | undefined {
  const used = new Set([...placeholders(text)].map(({ start, end }) => text.slice(start, end)));
  const fault = (message: string, hint: string): Fault => ({ code: "source/batch", message, hint });
  const [only] = used;
  const canBe = /^(?:INSERT|UPDATE|DELETE|MERGE)\b/.test(tag);
  // A batch by a key has other placeholders.
  const isBySize = only === undefined || (used.size === 1 && only === BY_SIZE);
  if (directive === undefined) {
    if (only === undefined) return undefined;
    return fault(
      `${[...used].join(", ")} ${used.size === 1 ? "is" : "are"} used in a statement that is not a batch`,
      canBe
        ? `add '-- batch: 1000${isBySize ? "" : " by TABLE.COLUMN"}' on the line above the statement`
        : CAN_BE_BATCH,
    );
  }
  if (!canBe) return fault(`${tag} cannot run in batches`, CAN_BE_BATCH);
  const needed = placeholdersUnder(directive);
  if (needed.every((name) => used.has(name)) && used.size === needed.length) return undefined;
  return directive.key === undefined
    ? fault(
        "a batch must use :batch_size and no other placeholder",
        `for example: WHERE id IN (SELECT id FROM t WHERE … LIMIT :batch_size)${isBySize ? "" : "; for a batch by a key, write '-- batch: 1000 by TABLE.COLUMN'"}`,
      )
    : fault(
        "a batch by a key must use :batch_from and :batch_to and no other placeholder",
        "for example: WHERE id >= :batch_from AND id < :batch_to",
      );
}

const BY_SIZE = ":batch_size";

const CAN_BE_BATCH = "a batch is an INSERT, UPDATE, DELETE or MERGE";

/** What is wrong with the tree of a statement below comments that make it a batch: a block has nowhere to put rows. */
export function batchTreeFault(ast: Ast, comments: string): Fault | undefined {
  const [, tree] = kindOf(ast);
  // The clause is a list up to PostgreSQL 17.
  if (tree["returningClause"] === undefined && tree["returningList"] === undefined) return undefined;
  const directive = directiveIn(comments);
  if (directive === undefined || "fault" in directive) return undefined;
  return {
    code: "source/batch",
    message: "a batch cannot have RETURNING: nobody reads its rows",
    hint: "remove RETURNING",
  };
}

/** The placeholders that a statement under a directive must use. */
export const placeholdersUnder = ({ key }: BatchDirective): readonly string[] =>
  key === undefined ? [BY_SIZE] : [":batch_from", ":batch_to"];

/** Where placeholders stand in a statement; what is in a string or a comment is none. */
function* placeholders(text: string): Generator<{ readonly start: number; readonly end: number }> {
  if (!text.includes(":batch_")) return;
  for (const { kind, start, end } of tokens(text)) {
    if (
      kind !== "word" ||
      !NAMES.has(text.slice(start, end)) ||
      !/(?:^|[^:]):$/.test(text.slice(0, start).slice(-2))
    )
      continue;
    yield { start: start - 1, end };
  }
}

const NAMES = new Set(["batch_size", "batch_from", "batch_to"]);

/** The statement with the block's variables in it, which no column of the same name can hide. */
function withVariables(text: string): string {
  let result = "";
  let from = 0;
  for (const { start, end } of placeholders(text)) {
    result += `${text.slice(from, start)} ${BLOCK}.${text.slice(start + 1, end)}`;
    from = end;
  }
  return result + text.slice(from);
}

/** The label of the block, which qualifies its variables. */
const BLOCK = "retort";

/** Behind this the block does its work. */
const BEGINS = "told timestamptz := began;\nBEGIN\n";

/** A block of `batchBlock`, after the comments of its statement, with statements before its first round and after its last. */
export function surrounded(block: string, offset: number, before: string, after: string): string {
  const begin = block.lastIndexOf(BEGINS, offset) + BEGINS.length;
  const delimiter = /DO (\$\w+\$)(?!.*DO \$)/s.exec(block.slice(0, begin))![1]!;
  const end = block.indexOf(`END\n${delimiter};`, offset);
  // What the ledger's procedures set ends with the transaction.
  return `${block.slice(0, begin)}  ${before}\n  COMMIT;\n${block.slice(begin, end)}  ${after}\n${block.slice(end)}`;
}

/** The DO block around a statement (without its comments), and where in it the statement stands. */
export function batchBlock(
  statement: string,
  { size, pause, key }: BatchDirective,
): { readonly sql: string; readonly offset: number } {
  const body = withVariables(statement);
  const told =
    "RAISE NOTICE 'retort: % rows so far, % rows/s', total, pg_catalog.round(total\n" +
    "        / GREATEST(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began), 0.001));\n";
  const head =
    `\n#variable_conflict use_column\n<<${BLOCK}>>\nDECLARE\n  batch_size CONSTANT bigint := ${size};\n` +
    (key === undefined
      ? ""
      : "  batch_from bigint;\n  batch_to bigint := '-9223372036854775808';\n  batch_end bigint;\n") +
    "  changed bigint;\n  total bigint := 0;\n  began CONSTANT timestamptz := pg_catalog.clock_timestamp();\n  " +
    BEGINS;
  const loop = key === undefined ? "  LOOP\n" : walking(key);
  const count = `\n    GET DIAGNOSTICS changed = ROW_COUNT;\n${key === undefined ? "    EXIT WHEN changed = 0;\n" : ""}`;
  const tail =
    `${count}    COMMIT;\n    total := total + changed;\n` +
    "    IF pg_catalog.clock_timestamp() - told >= interval '1 second' THEN\n" +
    `      told := pg_catalog.clock_timestamp();\n      ${told}    END IF;\n` +
    (pause === 0 ? "" : `    PERFORM pg_catalog.pg_sleep(${pause});\n`) +
    `  END LOOP;\n  ${told}END\n`;
  const sql = `DO ${dollarQuoted(head + loop + body + tail)};`;
  return { sql, offset: sql.indexOf(body) };
}

/** What the walk over the keys begins with. */
const WALK = "  SELECT max(";

/** Whether an offset of a block is in the walk over the keys, which stands before its statement. */
export function isInWalk(block: string, statement: number, offset: number): boolean {
  const start = block.lastIndexOf(WALK, statement);
  return start >= 0 && offset >= start && offset < statement;
}

/** From each key that is there to the next one behind the round, however wide the gaps; rows that come later are not waited for. */
function walking({ table, column }: NonNullable<BatchDirective["key"]>): string {
  const [name, from] = [identifier(column), table.map(identifier).join(".")];
  return (
    `${WALK}${name}) INTO batch_end FROM ${from};\n  LOOP\n` +
    `    SELECT min(${name}) INTO batch_from FROM ${from} WHERE ${name} >= ${BLOCK}.batch_to;\n` +
    "    EXIT WHEN batch_from IS NULL OR batch_from > batch_end;\n    batch_to := batch_from + batch_size;\n"
  );
}
