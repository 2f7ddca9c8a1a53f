/** A project, a target and a scratch database → the database that the migrations up to there make, by the plan that a run runs. */
import { MigrateError } from "../core/errors.ts";
import { unknownRevision } from "../core/graph.ts";
import type { FileText, RevisionId } from "../core/migration.ts";
import type { Plan } from "../core/plan/types.ts";
import { sha256 } from "../core/sha256.ts";
import { locate } from "../core/source.ts";
import { beyondOf } from "../core/statement/beyond.ts";
import { parseRelative } from "../core/target.ts";
import type { ExecuteOptions } from "../io/execute.ts";
import { createGrammar } from "../io/grammar.ts";
import type { Scratch } from "../io/scratch/types.ts";
import type { Session } from "../io/session/types.ts";
import { emptyWith, type Makers, makeStandIn, schemasBeforehand, standInFor } from "./beforehand.ts";
import { compileSteps } from "./compile.ts";
import { needsIn } from "./effects.ts";
import { goneIn, madeIn } from "./gone.ts";
import type { Deps, Project } from "./project.ts";
import { sourceText } from "./run.ts";
import { send } from "./send.ts";
import { type Steps, stepsFrom } from "./steps.ts";

export interface Replayed {
  readonly session: Session;
  /** In the order in which they were applied. */
  readonly revisions: readonly RevisionId[];
  /** How many of these were not run, but in what was kept of a replay before. */
  readonly kept: number;
  /** Those that stood there before the first. */
  readonly schemas: readonly string[];
}

/** Throws `MigrateError` of every kind that an upgrade of an empty database throws. */
export const replay = (deps: Deps, project: Project, scratch: Scratch, target = "heads"): Promise<Replayed> =>
  replayRevisions(deps, project, scratch, revisionsTo(project, target));

/** The same; of several who want it at the same time, one runs the migrations, and the others have copies. */
export async function replayOnce(
  deps: Deps,
  project: Project,
  scratch: Scratch,
  target = "heads",
): Promise<Replayed> {
  const revisions = revisionsTo(project, target);
  const schemas = await schemasBeforehand(project, scratch);
  const key = keysOf(project, scratch, { revisions, schemas }).at(-1) ?? "";
  const found = await scratch.restored([key]);
  if (found !== undefined) return { session: found.session, revisions, kept: revisions.length, schemas };
  return await scratch.alone(key, () => replayRevisions(deps, project, scratch, revisions));
}

export interface ReplayOptions extends Pick<Makers, "applied"> {
  /** What they make is kept, which is the default. */
  readonly keeps?: boolean | undefined;
}

/** The same with these revisions, in this order: each after all that it needs. */
export async function replayRevisions(
  deps: Deps,
  project: Project,
  scratch: Scratch,
  revisions: readonly RevisionId[],
  { keeps = true, applied }: ReplayOptions = {},
): Promise<Replayed> {
  const schemas = await schemasBeforehand(project, scratch, { applied });
  const keys = keysOf(project, scratch, { revisions, schemas });
  const isKept = revisions.length >= scratch.keepsFrom;
  // From the beginning, if a role or a database is missing: what stood outside of a transaction is half done.
  return withStandIns(scratch, async (makeStandIns) => {
    const found = isKept ? await scratch.restored([...keys].reverse()) : undefined;
    const kept = found === undefined ? 0 : keys.indexOf(found.key) + 1;
    const session = found?.session ?? (await emptyWith(project, scratch, schemas));
    await makeStandIns(session);
    if (kept === revisions.length) return { session, revisions, kept, schemas };
    await runSteps(deps, project, session, upwards(revisions.slice(0, kept), revisions.slice(kept)));
    const left = keeps && isKept ? await scratch.keep(keys.at(-1)!) : session;
    return { session: left, revisions, kept, schemas };
  });
}

/**
 * Does the work, and again with what stands for each role and database that it turns out to need, where the server is ours.
 * `makeStandIns` is called on the session of the work before it begins.
 */
export async function withStandIns<T>(
  { ownsRoles }: Scratch,
  work: (makeStandIns: (session: Session) => Promise<void>) => Promise<T>,
): Promise<T> {
  for (const standIns = new Set<string>(); ; ) {
    try {
      return await work(async (session) => {
        for (const sql of standIns) await makeStandIn(session, sql);
      });
    } catch (error) {
      const sql = ownsRoles ? standInFor(error) : undefined;
      if (sql === undefined || standIns.has(sql)) throw error;
      standIns.add(sql);
    }
  }
}

/** `runSteps`, of what is shown with what it found. */
export const trySteps = (...run: readonly [Deps, Project, Session, Steps]): Promise<Plan> =>
  runSteps(...run, { adviceOnly: true });

/** Steps that bring revisions up where others are. */
export const upwards = (before: readonly RevisionId[], revisions: readonly RevisionId[]): Steps => ({
  kind: "upgrade",
  before,
  after: [...before, ...revisions],
  steps: revisions.map((revision) => ({ direction: "up", revision })),
});

/** Steps that take the last of what is applied back, these in turn. */
export const downwards = (before: readonly RevisionId[], revisions: readonly RevisionId[]): Steps => ({
  kind: "downgrade",
  before,
  after: before.filter((id) => !revisions.includes(id)),
  steps: revisions.map((revision) => ({ direction: "down", revision })),
});

/** Runs steps on the database of a scratch, as they would be run on any; the plan that was run. Throws as `run` does. */
export async function runSteps(
  deps: Deps,
  project: Project,
  session: Session,
  steps: Steps,
  { adviceOnly }: Pick<ExecuteOptions, "adviceOnly"> = {},
): Promise<Plan> {
  const { config, ledger } = project;
  const plan = await compileSteps(project, steps, "run", { serverVersion: session.version });
  const backend = { pid: session.pid, pooled: "none" } as const;
  const before = (): readonly { readonly revision: RevisionId }[] =>
    steps.before.map((revision) => ({ revision }));
  await send(
    plan,
    { session, backend, config, ledger },
    deps,
    {},
    {
      sourceText: (path) => sourceText(project, path),
      goneBy: goneIn(project, before, plan),
      recording: madeIn(project, before, plan),
      needs: needsIn(project, () => steps.before, plan, session.version),
      adviceOnly,
    },
  );
  return plan;
}

/**
 * What an upgrade of an empty database to there runs, in order. Throws `graph/…`, and `usage/…` for a range. Who says no
 * upgrade, and goes down from nowhere, means a place.
 */
export function revisionsTo(project: Project, target: string): readonly RevisionId[] {
  const steps = parseRelative(target);
  if (steps?.symbol === "" && steps.branch === undefined && steps.offset <= 0)
    throw new MigrateError(unknownRevision(project.graph, target));
  return stepsFrom(project, { kind: "upgrade", target }, []).steps.map((step) => step.revision);
}

/**
 * For each revision a key of all that makes the database what it is after it: the server, who is connected to it and how,
 * the settings there and ours, what was there before, the files up to it.
 */
function keysOf(
  { migrations, ledger, pins }: Project,
  { version, settings, address }: Scratch,
  { revisions, schemas }: { readonly revisions: readonly RevisionId[]; readonly schemas: readonly string[] },
): readonly string[] {
  const session = [version.number, settings, address?.user, address?.options, pins];
  let key = sha256(JSON.stringify([...session, ledger.names, ledger.create, schemas]));
  return revisions.map((revision) => {
    key = sha256(`${key} ${revision} ${migrations.get(revision)!.up.checksum}`);
    return key;
  });
}

/** What runs of these migrations can send, of all by default: both their files. */
export const filesOf = (
  project: Project,
  revisions: readonly RevisionId[] = revisionsTo(project, "heads"),
): readonly FileText[] =>
  revisions.flatMap((revision) => {
    const { up, down } = project.migrations.get(revision)!;
    return down === undefined ? [up] : [up, down];
  });

/** The first statement of these files that reaches beyond its database, as `CREATE ROLE in 0001_roles.up.sql:3`; undefined: there is none. */
export async function beyondDatabase(files: readonly FileText[]): Promise<string | undefined> {
  const grammar = createGrammar();
  for (const file of files) {
    const { source } = file;
    for (const { ast, start, end } of await grammar.trees(file)) {
      const what = beyondOf(ast, source.text.slice(start, end));
      if (what !== undefined) return `${what} in ${source.path}:${locate(source, start).line}`;
    }
  }
  return undefined;
}

/**
 * Throws `usage/scratch` where files that have changed since a scratch database was made reach beyond it, on a server of the
 * user's. `named`: where that was named, if it was.
 */
export async function refuseBeyond(
  { ownsRoles }: Pick<Scratch, "ownsRoles">,
  files: readonly FileText[],
  named: string | undefined,
): Promise<void> {
  if (ownsRoles) return;
  const beyond = await beyondDatabase(files);
  if (beyond === undefined) return;
  throw new MigrateError({
    code: "usage/scratch",
    message: `cannot run ${beyond} on a scratch database: it reaches beyond its database, and what it does would remain`,
    hint:
      named === undefined
        ? "end this command and start it again: it then takes another server"
        : `end this command and start it again without a server for scratch databases (from ${named}): it then takes another`,
  });
}
