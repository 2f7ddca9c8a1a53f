/** Steps → Plan: parses just the files that will run, and hands statements to the compiler. */

import { flag, oneOf, type Rules } from "../core/arguments.ts";
import type { ObjectName } from "../core/ast.ts";
import type { FileToRun } from "../core/effects/file.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import type { LimitOptions } from "../core/failure/limits.ts";
import { faultAt } from "../core/fault.ts";
import { ancestors, descendants } from "../core/graph.ts";
import { placeOfKey } from "../core/header.ts";
import type { Direction } from "../core/header-keys.ts";
import { codeChecksumOf } from "../core/integrity.ts";
import type { How, Intent } from "../core/ledger/types.ts";
import type { Migration, MigrationFile, RevisionId } from "../core/migration.ts";
import { asOptions, type OptionNames } from "../core/option-names.ts";
import { compile } from "../core/plan/compile.ts";
import { refuseHazards } from "../core/plan/hazards.ts";
import type { SessionPins } from "../core/plan/session.ts";
import { type CompileInput, doesOf, type StepInput } from "../core/plan/step.ts";
import type { Does, Plan, PlanStep } from "../core/plan/types.ts";
import { majorOf, OLDEST, type ServerVersion } from "../core/server-version.ts";
import type { ParsedStatement } from "../core/statement/facts.ts";
import { statementsOf, transactionMode, type UserStatement } from "../core/statement/file.ts";
import { ledgerFault } from "../core/statement/ledger.ts";
import { type Loss, losesData } from "../core/statement/losses.ts";
import { lostData } from "../core/statement/restored.ts";
import { lossesOfCalls, namesOfRoutines, type Routine, type Routines } from "../core/statement/routines.ts";
import { currentHeads, idsOf, type Step } from "../core/steps.ts";
import type { Begun } from "../core/undoing.ts";
import { unique } from "../core/unique.ts";
import { createGrammar, type Grammar } from "../io/grammar.ts";
import type { KnownBodies } from "../io/parsed.ts";
import { readTrees, withTrees } from "../io/trees.ts";
import { effectsReader, fileOf } from "./effects.ts";
import { serverVersion, text, timeout } from "./options.ts";
import type { Deps, Project } from "./project.ts";
import { endOf, type Steps } from "./steps.ts";

export interface CompileOptions {
  /** One transaction for all steps instead of one each. */
  readonly singleTransaction?: boolean | undefined;
  /** The server the SQL must suit; without it the newest grammar alone decides. */
  readonly serverVersion?: ServerVersion | undefined;
  /** Instead of the configuration's, in PostgreSQL's form (`5s`); a file's header goes before both. */
  readonly lockTimeout?: string | undefined;
  readonly statementTimeout?: string | undefined;
  /** Skip what is done, from any state on the way: for scripts. */
  readonly idempotent?: boolean | undefined;
  /** Stop unless this is the database, or the role that connects. */
  readonly expectDatabase?: string | undefined;
  readonly expectRole?: string | undefined;
  /**
   * Say what each statement does to what others use, where something is applied: reads the files of that, too.
   * `one-by-one`: others use what the step before has made.
   */
  readonly effects?: boolean | "one-by-one" | undefined;
  /** Say what the role that runs it must be allowed to do; reads the files of what is applied, too. */
  readonly privileges?: boolean | undefined;
  /** Throw `findings/hazard` where others would have to wait while a table is worked through. */
  readonly failOn?: "hazard" | undefined;
}

export const compileRules: Rules<CompileOptions> = {
  singleTransaction: flag,
  serverVersion,
  lockTimeout: timeout,
  statementTimeout: timeout,
  idempotent: flag,
  expectDatabase: text,
  expectRole: text,
  effects: oneOf(true, false, "one-by-one"),
  privileges: flag,
  failOn: oneOf("hazard"),
};

function pinsOf({ pins }: Project, { lockTimeout, statementTimeout }: CompileOptions): SessionPins {
  return {
    ...pins,
    ...(lockTimeout === undefined ? {} : { lockTimeout }),
    ...(statementTimeout === undefined ? {} : { statementTimeout }),
  };
}

/** The options that `pinsOf` takes. */
export const limitOptions = (
  { lockTimeout, statementTimeout }: CompileOptions,
  { names = asOptions }: Pick<Deps, "names">,
): LimitOptions => ({
  lock_timeout: { name: names("lockTimeout"), given: lockTimeout !== undefined, settings: names.settings },
  statement_timeout: {
    name: names("statementTimeout"),
    given: statementTimeout !== undefined,
    settings: names.settings,
  },
});

/** An interrupted step, and how to find out where it goes on. */
export interface Resume {
  readonly intent: Intent;
  readonly resumed: (step: StepInput) => Promise<StepInput>;
}

/** 160004 → 160000: a script runs on every minor version of the server it was written for. */
const firstOfMajor = (version: number): number => majorOf(version) * 10_000;

/** The oldest server that understands every statement, as far as its tree shows that. */
const oldestFor = (steps: readonly StepInput[]): number =>
  10_000 *
  steps
    .flatMap(({ statements }) => statements)
    .reduce((newest, { since = OLDEST }) => Math.max(newest, since), OLDEST);

/** Compiles steps. Throws `source/…` with every fault of every file that would run, and what `resume` throws of the first. */
export async function compileSteps(
  project: Project,
  steps: Steps,
  how: How,
  options: CompileOptions &
    Pick<ReadOptions, "isShown"> &
    Pick<CompileInput, "flags"> &
    Pick<Deps, "names"> & { readonly resume?: Resume },
): Promise<Plan> {
  const inputs = await stepInputs(project, steps, options);
  const { resume, names = asOptions } = options;
  if (resume !== undefined && steps.kind !== "stamp") inputs[0] = await resume.resumed(inputs[0]!);
  const singleTransaction = options.singleTransaction ?? false;
  if (singleTransaction) refuseOutside(inputs, names);
  const from = currentHeads(project.graph, steps.before);
  const before = new Set(steps.before);
  const plan = compile({
    kind: steps.kind,
    applied: steps.before,
    from,
    to: currentHeads(project.graph, steps.after),
    without: [...ancestors(project.graph, from)].filter((id) => !before.has(id)),
    end: endOf(project.graph, steps),
    replaced: replacedBy(project, steps),
    steps: inputs,
    ...(resume === undefined ? {} : { interrupted: resume.intent }),
    how,
    ...(options.flags === undefined ? {} : { flags: options.flags }),
    singleTransaction,
    idempotent: options.idempotent ?? false,
    expect: {
      ...(how === "script"
        ? {
            minimumVersion: firstOfMajor(options.serverVersion?.number ?? oldestFor(inputs)),
            syntaxVersion: oldestFor(inputs),
          }
        : {}),
      ...(options.expectDatabase === undefined ? {} : { database: options.expectDatabase }),
      ...(options.expectRole === undefined ? {} : { role: options.expectRole }),
    },
    pins: pinsOf(project, options),
    ledger: project.ledger,
  });
  if (options.failOn !== undefined) refuseHazards(plan, names);
  return how === "script" && steps.kind === "upgrade"
    ? { ...plan, steps: await Promise.all(plan.steps.map((step) => withLostData(project, step))) }
    : plan;
}

/** Squashed revisions that are applied before the steps or after them, and what each replaces. */
function replacedBy(
  { graph }: Project,
  { before, after }: Steps,
): Readonly<Record<RevisionId, readonly RevisionId[]>> {
  return Object.fromEntries(
    unique([...before, ...after]).flatMap((id) => {
      const { replaces = [] } = graph.nodes.get(id)?.revision ?? {};
      return replaces.length === 0 ? [] : [[id, replaces] as const];
    }),
  );
}

/** With what of its rows and values its down does not restore. */
async function withLostData({ migrations }: Project, step: PlanStep): Promise<PlanStep> {
  if (step.losses?.some(losesData) !== true) return step;
  const down = migrations.get(step.revision)?.down;
  const statements = down === undefined ? [] : (await readTrees(createGrammar(), down)).file.statements;
  return { ...step, lost: lostData(step.losses, statements) };
}

/** Reads the files of steps. Throws `source/…` with every fault of every file. */
export async function stepInputs(project: Project, steps: Steps, options: ReadOptions): Promise<StepInput[]> {
  const { inputs, faults } = await readSteps(project, steps, options);
  if (faults.length > 0) throw MigrateError.all(faults);
  return inputs;
}

/** What `stepInputs` would throw. */
export const stepFaults = async (
  project: Project,
  steps: Steps,
  options: ReadOptions,
): Promise<readonly Diagnostic[]> => (await readSteps(project, steps, options)).faults;

/**
 * What each step would do; of one that was interrupted, what is left to do. A file that is refused has the effects of what could
 * be read of it.
 */
export async function stepsDo(
  project: Project,
  steps: Steps,
  serverVersion: ServerVersion,
  begun?: Begun,
): Promise<readonly Does[]> {
  const { inputs } = await readSteps(project, steps, { serverVersion, effects: true, isShown: true });
  const isLeft = ({ revision, direction }: StepInput): boolean =>
    begun?.revision === revision && begun.direction === direction && begun.differs === undefined;
  return inputs.map((input) =>
    doesOf(isLeft(input) ? { ...input, resumeAt: begun!.statement + (begun!.done ? 1 : 0) } : input),
  );
}

type ReadOptions = CompileOptions & {
  /**
   * Somebody is shown what is lost: what the run itself has made or renamed is told apart also where nothing is applied, and
   * the files are gone through for that alone.
   */
  readonly isShown?: boolean;
};

/** One input for each step. One that is refused has no statements. */
async function readSteps(
  project: Project,
  steps: Steps,
  { serverVersion: server, effects, privileges = false, failOn, idempotent, isShown = false }: ReadOptions,
): Promise<{ readonly inputs: StepInput[]; readonly faults: readonly Diagnostic[] }> {
  if (steps.steps.length === 0) return { inputs: [], faults: [] };
  const runs = steps.kind === "upgrade" || steps.kind === "downgrade";
  // What an earlier step has made may have been there for long.
  const oneByOne = idempotent === true || effects === "one-by-one";
  // Where nothing is applied nobody is there who could wait.
  const mayWait = steps.before.length > 0 || oneByOne;
  const asks = (effects !== undefined && effects !== false && mayWait) || failOn !== undefined;
  const isRead = asks || privileges || isShown;
  const reader = runs && isRead ? effectsReader(project, steps.before, server) : undefined;
  let trees: (() => FileToRun) | undefined;
  const grammar = createGrammar(server);
  const known = project.known(majorOf(server?.number ?? 0));
  const faults: Diagnostic[] = [];
  const inputs: StepInput[] = [];
  const bodies = new Map<MigrationFile, Body>();
  const bodyOf = async (file: MigrationFile): Promise<Body> => {
    const body =
      bodies.get(file) ??
      (await read(file, known, grammar, (each) => {
        trees = each;
      }));
    bodies.set(file, body);
    return body;
  };
  for (const step of steps.steps) {
    trees = undefined;
    const read = await stepInput(project, steps, step, bodyOf).catch((error: unknown) => {
      if (!(error instanceof MigrateError)) throw error;
      faults.push(...error.diagnostics);
      return undefined;
    });
    if (oneByOne) reader?.beginRun();
    const found = await reader?.effectsOf(fileOf(project, step), trees);
    const input = read ?? { ...withoutFile(step.revision), transactional: found?.isOne ?? true };
    inputs.push({
      ...input,
      ...(found === undefined ? {} : { statements: withLosses(input.statements, found.losses) }),
      ...(found === undefined || !asks ? {} : { effects: found.statements }),
      ...(found === undefined || !privileges ? {} : { privileges: found.privileges }),
    });
  }
  const all = await withCalls(project, inputs, bodyOf);
  known.keep();
  reader?.keep();
  return { inputs: all, faults };
}

/** The same statements; their losses are told by what is there before the run. */
const withLosses = (
  statements: readonly UserStatement[],
  told: readonly (readonly Loss[] | undefined)[],
): readonly UserStatement[] =>
  statements.map((statement, index) => ({ ...statement, losses: told[index] ?? statement.losses }));

/** The same steps; what their statements call is looked up in all files of the project. */
async function withCalls(
  project: Project,
  inputs: readonly StepInput[],
  bodyOf: (file: MigrationFile) => Promise<Body>,
): Promise<StepInput[]> {
  const calls = inputs.flatMap(({ statements }) => statements.flatMap((each) => each.calls ?? []));
  const routines = await routinesFor(project, calls, bodyOf);
  const whole = (statement: UserStatement): UserStatement =>
    statement.calls === undefined
      ? statement
      : { ...statement, losses: [...statement.losses, ...lossesOfCalls(statement.calls, routines)] };
  return inputs.map((step) => ({ ...step, statements: step.statements.map(whole) }));
}

/** What files create of the routines that are called, and of those that these call. Only such files are parsed. */
async function routinesFor(
  { migrations }: Project,
  calls: readonly ObjectName[],
  bodyOf: (file: MigrationFile) => Promise<Body>,
): Promise<Routines> {
  const routines = new Map<string, Routine[]>();
  if (calls.length === 0) return routines;
  const files = filesByRoutine(migrations.values());
  const read = new Set<MigrationFile>();
  const names = new Set(calls.map(({ name }) => name));
  // It grows while it is gone through.
  for (const called of names) {
    for (const file of files.get(called) ?? []) {
      if (read.has(file)) continue;
      read.add(file);
      for (const routine of await routinesIn(file, bodyOf)) {
        const { name } = routine.name;
        routines.set(name, [...(routines.get(name) ?? []), routine]);
      }
    }
    for (const routine of routines.get(called) ?? []) for (const { name } of routine.calls) names.add(name);
  }
  return routines;
}

/** The files that may create a routine, by its name. */
function filesByRoutine(migrations: Iterable<Migration>): ReadonlyMap<string, readonly MigrationFile[]> {
  const files = new Map<string, MigrationFile[]>();
  for (const { up, down } of migrations) {
    for (const file of down === undefined ? [up] : [up, down]) {
      for (const name of new Set(namesOfRoutines(file.source.text))) {
        const others = files.get(name);
        if (others === undefined) files.set(name, [file]);
        else others.push(file);
      }
    }
  }
  return files;
}

/** Of a file that has a fault nothing is known. */
async function routinesIn(
  file: MigrationFile,
  bodyOf: (file: MigrationFile) => Promise<Body>,
): Promise<readonly Routine[]> {
  try {
    return (await bodyOf(file)).statements.flatMap(({ routine }) => (routine === undefined ? [] : [routine]));
  } catch (error) {
    if (error instanceof MigrateError) return [];
    throw error;
  }
}

/** What a body says. */
interface Body {
  readonly statements: readonly UserStatement[];
  readonly codeChecksum: string;
}

/** Reads a file's body: what is known of it, else what the parsers say; then also with its trees. */
async function read(
  file: MigrationFile,
  known: KnownBodies,
  grammar: Grammar,
  onTrees: (file: () => FileToRun) => void,
): Promise<Body> {
  const found = known.find(file);
  if (found !== undefined) {
    return { statements: statementsOf(file, found.statements, []), codeChecksum: found.codeChecksum };
  }
  const seen: ParsedStatement[] = [];
  const parsed = await grammar.parse(file, (each) => seen.push(each));
  onTrees(() => withTrees(file, parsed, seen));
  const { facts, statements } = parsed;
  const codeChecksum = codeChecksumOf(file);
  known.add(file, { statements: facts, codeChecksum });
  return { statements, codeChecksum };
}

async function stepInput(
  project: Project,
  steps: Steps,
  { direction, revision }: Step,
  bodyOf: (file: MigrationFile) => Promise<Body>,
): Promise<StepInput> {
  const { kind } = steps;
  const migration = project.migrations.get(revision);
  if (migration === undefined) return withoutFile(revision);
  const file = kind === "stamp" ? migration.up : fileToRun(project, steps, migration, direction);
  const { irreversible } = migration.up.header;
  const { lockTimeout, statementTimeout, transaction } = file.header;
  const { statements, codeChecksum } =
    kind === "stamp" ? { statements: [], codeChecksum: codeChecksumOf(file) } : await bodyOf(file);
  refuseLedger(file, statements, project);
  return {
    direction,
    revision,
    message: migration.message,
    parents: migration.parents,
    dependsOn: project.graph.nodes.get(revision)!.dependencies,
    path: file.source.path,
    checksum: migration.up.checksum,
    ...(file === migration.up ? {} : { downChecksum: file.checksum }),
    ...(irreversible === undefined ? {} : { irreversible }),
    codeChecksum,
    transactional: transactionMode(file, statements, transaction) === "transaction",
    statements,
    ...(lockTimeout === undefined ? {} : { lockTimeout }),
    ...(statementTimeout === undefined ? {} : { statementTimeout }),
  };
}

/** Throws `source/ledger` for each statement that changes what only a run writes. */
function refuseLedger(
  { source }: MigrationFile,
  statements: readonly UserStatement[],
  { ledger: { names }, pins }: Project,
): void {
  const atStart = pins.searchPath ?? [];
  let path = atStart;
  const faults: Diagnostic[] = [];
  for (const { tag, origin, ledger = [], searchPath } of statements) {
    const fault = ledgerFault(tag, ledger, names.schema, path);
    if (fault !== undefined) faults.push(faultAt(source, origin, origin.end - origin.start, fault));
    if (searchPath !== undefined) path = searchPath.length === 0 ? atStart : searchPath;
  }
  if (faults.length > 0) throw MigrateError.all(faults);
}

/** A row that no file has: a stamp that purges deletes it. A file that is refused is as none. */
function withoutFile(revision: RevisionId): StepInput {
  const nothing = {
    message: "",
    parents: [],
    dependsOn: [],
    path: "",
    checksum: "",
    codeChecksum: "",
    statements: [],
  };
  return { direction: "down", revision, transactional: true, ...nothing };
}

function fileToRun(
  project: Project,
  steps: Steps,
  migration: Migration,
  direction: Direction,
): MigrationFile {
  if (direction === "up") return migration.up;
  if (migration.down !== undefined) return migration.down;
  throw new MigrateError({
    code: "graph/irreversible",
    message: `revision ${migration.revision} cannot be downgraded: ${migration.up.header.irreversible}`,
    hint: furthestDown(project, steps, migration.revision),
    ...placeOfKey(migration.up.source, "irreversible"),
  });
}

/** How far the steps could go where that revision stays, and what is left to do then: the same for all that have one in their way. */
function furthestDown({ graph, migrations }: Project, { steps }: Steps, revision: RevisionId): string {
  const down = idsOf(steps);
  const above = descendants(graph, [revision]);
  // They are taken down from the top: above the first of them nothing is in the way.
  const last = down.find((id) => above.has(id) && migrations.get(id)?.down === undefined)!;
  const further = descendants(graph, [last]);
  const leads = down.some((id) => id !== last && further.has(id));
  return `${leads ? `the furthest down is ${last}; or` : `no downgrade goes below ${last};`} undo what it did in a new migration: migrate revision -m "…"`;
}

function refuseOutside(steps: readonly StepInput[], names: OptionNames): void {
  const isOutside = (step: StepInput): boolean => !step.transactional || step.repairs !== undefined;
  const hint = `leave out ${names.short("singleTransaction")}${orOnlyTo(steps, steps.findIndex(isOutside))}`;
  const faults = steps.filter(isOutside).map((step): Diagnostic => {
    const first = step.statements.find((s) => !s.transactional);
    return {
      code: "source/not-in-transaction",
      message: `revision ${step.revision} cannot run in a single transaction${first === undefined ? "" : `: ${first.tag} must run outside a transaction`}`,
      hint,
      location: first?.origin ?? { path: step.path, line: 1, column: 1 },
    };
  });
  if (faults.length > 0) throw MigrateError.all(faults);
}

/** The target of the steps before the first that cannot be among them, as the end of a hint; empty where there are none. */
function orOnlyTo(steps: readonly StepInput[], first: number): string {
  if (first <= 0) return "";
  const { direction, revision } = steps[first]!;
  return direction === "up"
    ? `, or go only as far as ${steps[first - 1]!.revision}`
    : `, or go down only to ${revision}`;
}
