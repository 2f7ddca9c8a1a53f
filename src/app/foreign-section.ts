/** One direction of another tool's migration → it is run as that tool runs it, or why the server refuses it. */
import { adjust, blanked } from "../core/adopt/adjust.ts";
import type { Section } from "../core/adopt/foreign.ts";
import type { Tool } from "../core/adopt/tools.ts";
import { kindOf } from "../core/ast.ts";
import { skipTrivia } from "../core/lexer.ts";
import { type Location, locate } from "../core/source.ts";
import type { Grammar } from "../io/grammar.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";

/** What the server said, and whether all that the section did before is undone. */
export interface Refusal {
  readonly failure: StatementFailure;
  readonly location: Location;
  readonly isUndone: boolean;
}

/** `active_sql_transaction`: what stands outside of transactions. */
const OUTSIDE = "25001";

/**
 * In a transaction, unless the file or the tool says otherwise, or a statement cannot stand in one; after it none is open. Throws
 * what is no failure of a statement.
 */
export async function runSection(
  session: Session,
  section: Section,
  tool: Tool,
  grammar: Grammar,
): Promise<Refusal | undefined> {
  const statements = await statementsOf(section, tool, grammar);
  const hasControl = statements.some(({ isControl }) => isControl);
  const begins = section.printed?.begun === true || !(section.outside || hasControl);
  const refusal = await sent(session, section, statements, begins);
  return begins && refusal?.failure.sqlstate === OUTSIDE
    ? await sent(session, section, statements, false)
    : refusal;
}

interface SectionStatement {
  /** Its offset in the source. */
  readonly start: number;
  readonly sql: string;
  /** It is BEGIN, COMMIT and the like. */
  readonly isControl: boolean;
}

/** Without what the tool itself has printed around the author's. */
async function statementsOf(
  section: Section,
  tool: Tool,
  grammar: Grammar,
): Promise<readonly SectionStatement[]> {
  const trees = await grammar.trees(section);
  const own = section.printed === undefined ? [] : adjust(section, trees, tool.name, tool.table.name).own;
  const text = blanked(section, own);
  const statements = trees
    .filter((tree) => !own.some(({ start }) => start === tree.start))
    .map(({ ast, start, end }) => ({
      start,
      sql: text.slice(start, end),
      isControl: kindOf(ast)[0] === "TransactionStmt",
    }));
  // What the parser does not take the server refuses, and says why.
  const rest = skipTrivia(text, trees.at(-1)?.end ?? section.bodyStart);
  return rest < text.length
    ? [...statements, { start: rest, sql: text.slice(rest), isControl: false }]
    : statements;
}

/** `begins`: in a transaction that is begun for it. */
async function sent(
  session: Session,
  section: Section,
  statements: readonly SectionStatement[],
  begins: boolean,
): Promise<Refusal | undefined> {
  const refused = async (failure: StatementFailure, start: number, count: number): Promise<Refusal> => {
    const before = statements.slice(0, count).map((each) => each.isControl);
    // Where the file's own BEGIN is its first statement, and no COMMIT has come since.
    const isUndone = begins || (before.indexOf(true) === 0 && before.lastIndexOf(true) === 0);
    if (isUndone) await session.send("ROLLBACK");
    return { failure, location: placeIn(section, start), isUndone };
  };
  if (begins) await session.send("BEGIN");
  for (const [at, { start, sql }] of statements.entries()) {
    const failure = await failureOf(() => session.send(sql));
    if (failure !== undefined) return await refused(failure, start, at);
  }
  // A transaction that the file leaves open is what the tool ends when it records the version.
  if (!begins && statements.every(({ isControl }) => !isControl)) return undefined;
  const failure = await failureOf(() => session.send("COMMIT"));
  return failure && (await refused(failure, section.bodyStart, statements.length));
}

/** Of SQL that was printed, its migration in the program. */
const placeIn = ({ printed, source }: Section, start: number): Location =>
  printed?.place ?? locate(source, start);

async function failureOf(send: () => Promise<unknown>): Promise<StatementFailure | undefined> {
  try {
    await send();
    return undefined;
  } catch (error) {
    if (error instanceof StatementFailure) return error;
    throw error;
  }
}
