/** A project, a target and a scratch database → the database that the migrations up to there make, by the plan that a run runs. */
import { MigrateError } from "../core/errors.ts";
import type { RevisionId } from "../core/migration.ts";
import { sha256 } from "../core/sha256.ts";
import { createGrammar } from "../io/grammar.ts";
import { readLedger } from "../io/queries.ts";
import type { Scratch } from "../io/scratch/types.ts";
import type { Session } from "../io/session/types.ts";
import { compileSteps } from "./compile.ts";
import { standInSql } from "./desired.ts";
import type { Deps, Project } from "./project.ts";
import { sourceText } from "./run.ts";
import { send } from "./send.ts";
import { stepsFrom } from "./steps.ts";

export interface Replayed {
  readonly session: Session;
  /** In the order in which they were applied. */
  readonly revisions: readonly RevisionId[];
  /** How many of these were not run, but in what was kept of a replay before. */
  readonly kept: number;
}

/** Throws `MigrateError` of every kind that an upgrade of an empty database throws. */
export async function replay(
  deps: Deps,
  project: Project,
  scratch: Scratch,
  target = "heads",
): Promise<Replayed> {
  const revisions = revisionsTo(project, target);
  const keys = keysOf(project, scratch, revisions);
  for (const missing = new Set<string>(); ; ) {
    const found = await scratch.restored([...keys].reverse());
    const kept = found === undefined ? 0 : keys.indexOf(found.key) + 1;
    const session = found?.session ?? (await scratch.empty());
    for (const role of missing) await session.send(standInSql(role));
    if (kept === revisions.length) return { session, revisions, kept };
    try {
      await upgrade(deps, project, session, target);
      return { session: await scratch.keep(keys.at(-1)!), revisions, kept };
    } catch (error) {
      const role = missingRole(error);
      if (role === undefined || missing.has(role) || !scratch.ownsRoles) throw error;
      // From the beginning: what stood outside of a transaction is half done.
      missing.add(role);
    }
  }
}

async function upgrade(deps: Deps, project: Project, session: Session, target: string): Promise<void> {
  const { config, ledger } = project;
  const { applied } = await readLedger(session, ledger);
  const steps = stepsFrom(project, { kind: "upgrade", target }, applied);
  const plan = await compileSteps(project, steps, "run", { serverVersion: session.version });
  const backend = { pid: session.pid, pooled: "none" } as const;
  await send(
    plan,
    { session, backend, config, ledger },
    deps,
    {},
    {
      sourceText: (path) => sourceText(project, path),
    },
  );
}

const revisionsTo = (project: Project, target: string): readonly RevisionId[] =>
  stepsFrom(project, { kind: "upgrade", target }, []).steps.map((step) => step.revision);

/** For each revision a key of all that makes the database what it is after it: the server, the settings, the files up to it. */
function keysOf(
  { migrations, ledger, pins }: Project,
  { version }: Scratch,
  revisions: readonly RevisionId[],
): readonly string[] {
  let key = sha256(JSON.stringify([version.number, ledger.names, ledger.create, pins]));
  return revisions.map((revision) => {
    key = sha256(`${key} ${revision} ${migrations.get(revision)!.up.checksum}`);
    return key;
  });
}

/** The role that PostgreSQL says it does not know. */
function missingRole(error: unknown): string | undefined {
  if (!(error instanceof MigrateError) || !["42704", "22023"].includes(error.sqlstate ?? ""))
    return undefined;
  return /role "(.+)" does not exist/.exec(error.message)?.[1];
}

/**
 * The first statement up to the target that changes more than its database, as `CREATE ROLE in 0001_roles.up.sql:3`;
 * undefined: there is none. It is better found for nothing, in a comment, than not found in a DO block.
 */
export async function beyondDatabase(project: Project, target = "heads"): Promise<string | undefined> {
  const grammar = createGrammar();
  for (const revision of revisionsTo(project, target)) {
    const { up } = project.migrations.get(revision)!;
    for (const { tag, sql, origin } of await grammar.statements(up)) {
      const words = tag.endsWith(" ROLE") ? tag : BEYOND.exec(sql)?.[0].replaceAll(/\s+/g, " ").toUpperCase();
      if (words !== undefined) return `${words} in ${origin.path}:${origin.line}`;
    }
  }
  return undefined;
}

const BEYOND = new RegExp(
  [
    /\b(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER(?!\s+MAPPING)|GROUP|DATABASE|TABLESPACE|SUBSCRIPTION)\b/,
    /\bALTER\s+SYSTEM\b/,
    /\b(?:DROP|REASSIGN)\s+OWNED\b/,
    /\bON\s+(?:DATABASE|TABLESPACE|PARAMETER)\b/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "i",
);
