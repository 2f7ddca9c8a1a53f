/** Migrations that are programs, and the command of their tool → the same with the SQL that it prints for each. */
import { aboutFile, type ForeignMigration, type Reading, type Section } from "../core/adopt/foreign.ts";
import type { Printed, Program } from "../core/adopt/program.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import type { Direction } from "../core/header-keys.ts";
import type { Source } from "../core/source.ts";
import type { ForeignProgram } from "../io/foreign-program.ts";
import type { Grammar } from "../io/grammar.ts";

/** What the command gave for one direction of a migration, or why it gave nothing. */
type Answer = Section | { readonly failure: string };
type Answers = ReadonlyMap<string, Answer>;

/** Throws `usage/no-program`, and `usage/program-failed` where the command prints nothing of any migration. */
export async function askedOf(
  reading: Reading,
  program: Program,
  command: ForeignProgram,
  grammar: Grammar,
): Promise<Reading> {
  const up = await answersOf(reading.migrations, "up", program, command);
  const works = [...up.values()].some((answer) => !isFailure(answer) && answer.source.text !== "");
  const down = await answersOf(reading.migrations, "down", program, command, works);
  const findings: Diagnostic[] = [...reading.findings];
  const migrations: ForeignMigration[] = [];
  for (const migration of reading.migrations) {
    const [ups, downs] = [up.get(migration.version), down.get(migration.version)];
    if (isFailure(ups)) findings.push(noSql(migration, "up", ups.failure, command));
    findings.push(...doubts(migration, program, { up: ups, down: downs }));
    const way = isFailure(downs) ? wayBack(downs.failure) : {};
    if (isFailure(downs) && way.irreversible === undefined)
      findings.push(noSql(migration, "down", downs.failure, command));
    migrations.push({
      ...migration,
      ...(isFailure(ups) ? { code: migration.asked!.path } : { up: await ended(ups!, grammar) }),
      ...(isFailure(downs) ? way : { down: await ended(downs!, grammar) }),
    });
  }
  return { ...reading, migrations, findings };
}

/**
 * EF Core sends each statement alone, and prints one that its author wrote without a ; without one, an empty line before the
 * next. Where the parser stops at what follows such a line, one is added; if that does not help, all is as it was.
 */
async function ended(section: Section, grammar: Grammar): Promise<Section> {
  let { source } = section;
  for (;;) {
    const line = await firstFault(source, section.bodyStart, grammar);
    if (line === undefined) break;
    const text = endedBefore(source.text, line);
    if (text === undefined) return section;
    source = { ...source, text };
  }
  return source === section.source
    ? section
    : { ...section, source, printed: { ...section.printed!, semicolons: true } };
}

/** The line of the first syntax error. */
async function firstFault(source: Source, bodyStart: number, grammar: Grammar): Promise<number | undefined> {
  try {
    await grammar.statements({ source, bodyStart });
    return undefined;
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return error.diagnostics.find(({ code }) => code === "source/syntax")?.location?.line;
  }
}

/** The text with a ; behind what stands before an empty line above that line. Undefined: there is one, or no such line. */
function endedBefore(text: string, line: number): string | undefined {
  const before = text
    .split("\n")
    .slice(0, line - 1)
    .join("\n");
  const statement = before.trimEnd();
  const isApart = before.slice(statement.length).includes("\n");
  if (statement === "" || statement.endsWith(";") || !isApart) return undefined;
  return `${statement};${text.slice(statement.length)}`;
}

const isFailure = (answer: Answer | undefined): answer is { readonly failure: string } =>
  answer !== undefined && "failure" in answer;

function doubts(
  { asked }: ForeignMigration,
  { doubt }: Program,
  answers: Readonly<Record<Direction, Answer | undefined>>,
): readonly Diagnostic[] {
  return (["up", "down"] as const).flatMap((direction) => {
    const answer = answers[direction];
    if (answer === undefined || isFailure(answer)) return [];
    const found = doubt?.(asked!, answer.source.text.slice(answer.bodyStart));
    if (found === undefined) return [];
    return [aboutFile(asked!.path, "printed", found.message, found.hint!, asked!.lines[direction])];
  });
}

/** Programs say that they have no way back by an exception, which says why. */
function wayBack(failure: string): Pick<ForeignMigration, "irreversible"> {
  const said =
    /^(?:NotImplementedError|System\.Not(?:Supported|Implemented)Exception)\b:?\s*(?<why>.*)$/.exec(failure)
      ?.groups?.["why"];
  return said === undefined ? {} : { irreversible: said || "its down migration raised an error" };
}

const noSql = (
  { asked }: ForeignMigration,
  direction: Direction,
  failure: string,
  { command }: ForeignProgram,
): Diagnostic =>
  aboutFile(
    asked!.path,
    "no-sql",
    `${command} cannot print the SQL of its ${direction}grade: ${failure}`,
    direction === "up"
      ? "write its work as SQL in the new file, which raises an error in its place; a database where it has already run skips it"
      : "write its down file, and delete the line 'irreversible' in its up file",
    asked!.lines[direction],
  );

/** One direction, while its migrations are asked for. */
interface Asking {
  readonly direction: Direction;
  readonly program: Program;
  readonly command: ForeignProgram;
  readonly byVersion: ReadonlyMap<string, ForeignMigration>;
  readonly answers: Map<string, Answer>;
  /** The command has printed SQL before. */
  works: boolean;
}

/** From the last on, so that one run prints as many as it can. */
async function answersOf(
  migrations: readonly ForeignMigration[],
  direction: Direction,
  program: Program,
  command: ForeignProgram,
  works = false,
): Promise<Answers> {
  const byVersion = new Map(migrations.map((each) => [each.version, each]));
  const idle = migrations.filter(
    ({ asked, irreversible }) =>
      asked!.idle.includes(direction) || (direction === "down" && irreversible !== undefined),
  );
  const answers = new Map<string, Answer>(idle.map((each) => [each.version, nothingOf(each)]));
  const asking: Asking = { direction, program, command, byVersion, answers, works };
  for (const [at, { version }] of [...migrations.entries()].reverse())
    await settle(asking, version, program.goes === "all" ? undefined : migrations[at - 1]?.version);
  return answers;
}

/** Asks until there is an answer for the version. Where a run of ups stops at a migration, the next begins behind that one. */
async function settle(asking: Asking, version: string, predecessor: string | undefined): Promise<void> {
  const { direction, program, command, answers } = asking;
  let base = predecessor;
  while (!answers.has(version)) {
    const [from, to] = direction === "up" ? [base, version] : [version, base];
    const { text, failure } = await command.run((file) => program.args(direction, from, to, file));
    const printed = program.printed(text, direction, version);
    asking.works ||= printed.length > 0;
    if (failure === undefined) {
      take(asking, text, printed);
      answerOnce(answers, version, { failure: "it printed nothing of this migration" });
      return;
    }
    if (!asking.works) throw failed(program, command, [from, to], failure);
    take(asking, text, printed.slice(0, -1));
    const stopped = printed.at(-1)?.version ?? version;
    if (answers.has(stopped)) answerOnce(answers, version, { failure: `it stops before, at ${stopped}` });
    else answers.set(stopped, { failure });
    if (direction === "up") base = stopped;
  }
}

function take({ direction, byVersion, answers }: Asking, text: string, printed: readonly Printed[]): void {
  for (const { version, start, end, begun } of printed) {
    const owner = byVersion.get(version);
    if (owner !== undefined)
      answerOnce(answers, version, sectionOf(owner, direction, text.slice(0, end), start, begun));
  }
}

function answerOnce(answers: Map<string, Answer>, version: string, answer: Answer): void {
  if (!answers.has(version)) answers.set(version, answer);
}

const sectionOf = (
  { asked }: ForeignMigration,
  direction: Direction,
  text: string,
  bodyStart: number,
  begun: boolean,
): Section => {
  const { path, lines } = asked!;
  const place = { path, line: lines[direction], column: 1 };
  return { source: { path, text }, bodyStart, outside: false, printed: { place, begun } };
};

/** A direction in which there is nothing to do. */
const nothingOf = (migration: ForeignMigration): Section => sectionOf(migration, "up", "", 0, false);

const failed = (
  { flag }: Program,
  { command, home }: ForeignProgram,
  range: readonly (string | undefined)[],
  failure: string,
): MigrateError =>
  new MigrateError({
    code: "usage/program-failed",
    message: `${command} fails, and prints the SQL of no migration (${range.map((each) => each ?? "base").join(":")}): ${failure}`,
    hint: `run it in ${home} until it prints SQL, or say how it is run here: --${flag} COMMAND`,
  });
