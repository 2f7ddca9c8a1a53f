/** The trees of one section → what is taken out of it, and what keeps it from being a file of ours. */
import { type Ast, kindOf, routineSource, someNode, word } from "../ast.ts";
import { unquoted } from "../dump/names.ts";
import type { Diagnostic } from "../errors.ts";
import { tokens } from "../lexer.ts";
import { locate, type Stretch } from "../source.ts";
import type { ParsedStatement } from "../statement/facts.ts";
import type { PrintedSection, Section } from "./foreign.ts";

/** What a section becomes. */
export interface Adjustment {
  /** What the tool's command has put around the SQL that it prints: its own table, its own transaction; in order. */
  readonly own: readonly Stretch[];
  /** BEGIN and COMMIT, where the section can do without them; in order. */
  readonly control: readonly Stretch[];
  /** A transaction holds statements, which fall apart outside one. */
  readonly together: boolean;
  /** The message of a section that does nothing but raise an error. */
  readonly raises?: string;
  /** Statements about the tool's own table. */
  readonly findings: readonly Diagnostic[];
}

/** `table`: the tool's version table. */
export function adjust(
  section: Section,
  statements: readonly ParsedStatement[],
  tool: string,
  table: string,
): Adjustment {
  const own = section.printed === undefined ? [] : ownStatements(section.printed, statements, table);
  const written = statements.filter((statement) => !own.includes(statement));
  const begun = section.printed?.begun === true;
  const control = transactionControl(written, begun) ?? [];
  const rest = written.filter((statement) => !control.includes(statement));
  const raises = raisedBy(rest);
  return {
    own,
    control,
    together: rest.some(({ start }) => isInTransaction(start, control, begun)),
    ...(raises === undefined ? {} : { raises }),
    findings: [
      ...rest
        .filter(({ ast }) => names(ast, table))
        .map(({ start }) => usesTable(section, start, tool, table)),
      ...(section.printed === undefined || own.length > 0 || statements.length === 0
        ? []
        : [printsNoTable(section, tool, table)]),
    ],
  };
}

const usesTable = ({ source }: Section, start: number, tool: string, table: string): Diagnostic => ({
  code: "findings/version-table",
  message: `the statement uses ${table}, in which ${tool} records what it has run`,
  hint: `delete it in the new file, or write it without that table, which a new database will not have`,
  location: locate(source, start),
});

const printsNoTable = ({ source, bodyStart }: Section, tool: string, table: string): Diagnostic => ({
  code: "findings/version-table",
  message: `${tool} prints no statement about ${table} here: its version table may have another name`,
  hint: "name that table, and run this command again: --table NAME",
  location: locate(source, bodyStart),
});

/** Statements about the tool's table, and behind the last of them those about its transaction. */
function ownStatements(
  { begun }: PrintedSection,
  statements: readonly ParsedStatement[],
  table: string,
): readonly ParsedStatement[] {
  const last = statements.findLastIndex(({ ast }) => isAboutTable(ast, table));
  return statements.filter(
    ({ ast }, at) =>
      isAboutTable(ast, table) || (begun && last >= 0 && at > last && kindOf(ast)[0] === "TransactionStmt"),
  );
}

function isAboutTable(ast: Ast, table: string): boolean {
  const [kind, tree] = kindOf(ast);
  if (kind === "DropStmt") return names(ast, table);
  const relation = tree["relation"] as Ast | undefined;
  return WRITES.has(kind) && relation?.["relname"] === table;
}

const WRITES = new Set(["InsertStmt", "UpdateStmt", "DeleteStmt", "CreateStmt"]);

/** Whether a place is between a BEGIN and its COMMIT, those of the tool included. */
function isInTransaction(place: number, control: readonly Stretch[], begun: boolean): boolean {
  const before = control.filter(({ start }) => start < place).length;
  return control.length > 0 && before % 2 === (begun ? 0 : 1);
}

/** The section without its cuts: of the same length, so that every place stays where it is. */
export function blanked({ source }: Section, cuts: readonly Stretch[]): string {
  return cuts.reduce(
    (text, { start, end }) => text.slice(0, start) + " ".repeat(end - start) + text.slice(end),
    source.text,
  );
}

/** The bytes of the section, but for its cuts; of one that was printed, without the empty lines around it. */
export function bodyOf({ source, bodyStart, printed }: Section, cuts: readonly Stretch[]): string {
  const ends = [bodyStart, ...cuts.map(({ end }) => end)];
  const body = ends
    .map((from, at) => source.text.slice(from, cuts[at]?.start ?? source.text.length))
    .join("");
  if (printed === undefined) return body;
  const text = body.trim();
  return text === "" ? "" : `${text}\n`;
}

/** Where what stands in a section stands in what `bodyOf` makes of it, and back: UTF-16 offsets. */
export interface Places {
  inBody(offset: number): number;
  inSection(offset: number): number;
}

export function placesOf({ source, bodyStart, printed }: Section, cuts: readonly Stretch[]): Places {
  const start = printed === undefined ? bodyStart : skipSpace(source.text, bodyStart, cuts);
  return {
    inBody: (offset) => Math.max(offset - cutBefore(offset, cuts) - (start - cutBefore(start, cuts)), 0),
    inSection: (offset) =>
      cuts.reduce(
        (at, cut) => (cut.start >= start && cut.start <= at ? at + cut.end - cut.start : at),
        start + offset,
      ),
  };
}

/** How much of the text before a place is cut out. */
const cutBefore = (offset: number, cuts: readonly Stretch[]): number =>
  cuts.reduce((sum, { start, end }) => sum + Math.min(Math.max(offset - start, 0), end - start), 0);

/** Behind the space and the cuts at a place. */
function skipSpace(text: string, from: number, cuts: readonly Stretch[]): number {
  let at = from;
  for (;;) {
    const cut = cuts.find(({ start }) => start === at);
    if (cut === undefined && !/^\s/.test(text.slice(at, at + 1))) return at;
    at = cut?.end ?? at + 1;
  }
}

/**
 * The statements that begin and end transactions, where one transaction around all of the file does as well: they come in
 * pairs, and what is done in between is the same. Undefined where it is not, and a person must look. `begun`: in a transaction
 * that was begun before them, so that COMMIT comes first.
 */
function transactionControl(
  statements: readonly ParsedStatement[],
  begun: boolean,
): readonly ParsedStatement[] | undefined {
  const control = statements.filter(({ ast }) => kindOf(ast)[0] === "TransactionStmt");
  const isPaired =
    control.length % 2 === 0 &&
    control.every(({ ast }, at) => {
      const tree = kindOf(ast)[1];
      const kinds = (at % 2 === 0) === begun ? CLOSES : OPENS;
      return kinds.has(word(tree["kind"])) && tree["options"] === undefined && tree["chain"] === undefined;
    });
  const isOne = control.length === 2 && control[0] === statements[0] && control[1] === statements.at(-1);
  // A value that was added to an enum cannot be used before its transaction is over.
  const addsValue = ({ ast }: ParsedStatement): boolean => kindOf(ast)[0] === "AlterEnumStmt";
  const isKept = isOne && (!begun || statements.slice(1, -1).every(addsValue));
  const needsItsOwn = !isKept && statements.some(addsValue);
  return isPaired && !needsItsOwn ? control : undefined;
}

const OPENS = new Set(["TRANS_STMT_BEGIN", "TRANS_STMT_START"]);
const CLOSES = new Set(["TRANS_STMT_COMMIT"]);

/** Whether a statement, or the code that it holds, speaks of that table. */
function names(ast: Ast, table: string): boolean {
  const code = routineSource(ast)?.code ?? "";
  const isTable = (kind: string, fields: Ast): boolean =>
    fields["relname"] === table || (kind === "String" && fields["sval"] === table);
  return someNode(ast, isTable) || tokensOf(code).some((text) => unquoted(text) === table);
}

/** The tokens of SQL or PL/pgSQL, without spaces and comments. */
const tokensOf = (code: string): readonly string[] =>
  [...tokens(code)].flatMap(({ kind, start, end }) =>
    kind === "space" || kind === "comment" ? [] : [code.slice(start, end)],
  );

/** The message of the only statement, where that is a DO whose body is one RAISE EXCEPTION. */
function raisedBy(statements: readonly ParsedStatement[]): string | undefined {
  const [only, ...others] = statements;
  if (only === undefined || others.length > 0 || kindOf(only.ast)[0] !== "DoStmt") return undefined;
  const code = routineSource(only.ast)?.code ?? "";
  const words = tokensOf(code);
  const said = words.join(" ");
  if (!/^begin raise (?:exception )?'/i.test(said) || words.filter((each) => each === ";").length > 2)
    return undefined;
  const message = words.find((each) => each.startsWith("'"))!;
  return message.slice(1, -1).replaceAll("''", "'");
}
