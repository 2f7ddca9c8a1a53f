/** A head that is not applied, or a squashed revision that waits → its files are gone again. */
import { absences } from "../core/absence.ts";
import { MigrateError } from "../core/errors.ts";
import { fewOf } from "../core/few.ts";
import { dormantNamed, type Graph, isHead, nodeOf } from "../core/graph.ts";
import { describe } from "../core/graph-faults.ts";
import type { Applied } from "../core/ledger/types.ts";
import { lockHeld } from "../core/lock-held.ts";
import type { Migration, RevisionId } from "../core/migration.ts";
import { asOptions } from "../core/option-names.ts";
import { settledRows } from "../core/replaced.ts";
import { shellWord } from "../core/shell.ts";
import { idsOf } from "../core/steps.ts";
import { resolveAll } from "../core/target.ts";
import { downgradeOf, finishingHint, takingOut, unfinishedText } from "../core/undoing.ts";
import { lockHolders, readLedger } from "../io/queries.ts";
import type { Session } from "../io/session/types.ts";
import { removeFiles } from "../io/write-files.ts";
import { connect } from "./connect.ts";
import { otherWith } from "./other-ledger.ts";
import { type Deps, openProject, type Project, type ProjectOptions } from "./project.ts";

export interface RemoveOptions extends ProjectOptions {
  /** Which head, or squashed revision that waits for the files that it replaces to be deleted. Default: the only head. */
  readonly head?: string | undefined;
  /** Go on where no database can be asked whether it is applied: none is configured, or it does not answer; or where only another ledger has it. */
  readonly yes?: boolean | undefined;
}

export interface Removed {
  readonly revision: RevisionId;
  /** Paths of the files that were deleted. */
  readonly files: readonly string[];
}

/** Deletes the pair. Throws `graph/…` where it is no head, `state/applied` where it is applied, `state/locked` where it may be about to be, `usage/no-database`, `execution/connect`. */
export async function removeRevision(deps: Deps, options: RemoveOptions): Promise<Removed> {
  const project = await openProject(deps, options);
  const { migration, fault } = newest(project, options.head);
  // It is a fault whatever the database says, which only knows of a better way out.
  const asked = fault === undefined ? options : { ...options, yes: true };
  const session = await sessionOf(deps, project, migration, asked);
  if (session !== undefined) await refuseApplied(session, project, migration, options, deps);
  if (fault !== undefined) throw fault;
  const files = [migration.up, migration.down].flatMap((file) => file?.source.path ?? []);
  await removeFiles(files, deps);
  return { revision: migration.revision, files };
}

interface Newest {
  readonly migration: Migration;
  /** Why what was named cannot be removed, unless `migration` is applied: that one goes first. */
  readonly fault?: MigrateError;
}

function newest({ graph }: Project, head: string | undefined): Newest {
  const waiting = head === undefined ? undefined : dormantNamed(graph, head);
  if (waiting !== undefined) return { migration: waiting };
  if (head === undefined) refuseSeveral(graph);
  const ids = head === undefined ? graph.heads : resolveAll(graph, head);
  const [id] = ids;
  if (id === undefined || ids.length > 1) {
    throw new MigrateError({
      code: "graph/one-revision",
      message:
        id === undefined
          ? head === undefined || graph.nodes.size === 0
            ? "there is no migration to remove"
            : `'${head}' is not a revision`
          : `'${head}' is ${ids.length} revisions; only one can be removed at a time`,
      hint: "list the heads with: migrate heads",
    });
  }
  const node = nodeOf(graph, id);
  const needing = [...node.children, ...node.dependents].map((other) =>
    describe(nodeOf(graph, other).revision),
  );
  const squashed = graph.dormant.find(({ replaces }) => replaces?.includes(id));
  if (squashed !== undefined) {
    const fault = new MigrateError({
      code: "graph/half-replaced",
      message: `${describe(squashed)} replaces ${describe(node.revision)}, and would then replace a part of what exists`,
      hint: `remove that first: migrate revision --remove --head ${squashed.revision}`,
    });
    return { migration: squashed, fault };
  }
  if (needing.length === 0) return { migration: node.revision };
  throw new MigrateError({
    code: "graph/not-a-head",
    message: `${describe(node.revision)} is ${isHead(node) ? "needed by" : "followed by"} ${needing.join(", ")}`,
    hint: "only the newest revision can be removed; remove what comes after it first",
  });
}

/** Throws where one of several may be meant: a head, or a squashed revision that was written after the heads. */
function refuseSeveral(graph: Graph<Migration>): void {
  const heads = graph.heads.map((id) => nodeOf(graph, id).revision);
  const waiting = graph.dormant.filter(({ created = "", replaces = [] }) =>
    heads.every((each) => created >= (each.created ?? "") && !replaces.includes(each.revision)),
  );
  const all = [...heads, ...waiting];
  if (all.length < 2) return;
  throw new MigrateError({
    code: waiting.length === 0 ? "graph/multiple-heads" : "graph/one-revision",
    message: `${waiting.length === 0 ? "Multiple heads are present" : "the newest is a squashed revision, which is no head yet"}; please specify which one to remove`,
    hint: `one of ${all.map(describe).join(", ")}: migrate revision --remove --head ${all.at(-1)!.revision}`,
  });
}

const anyway = (head: string | undefined, { names = asOptions }: Pick<Deps, "names">): string => {
  const at = head === undefined ? "" : ` --head ${shellWord(head)}`;
  return names.either(`run: migrate revision --remove${at} --yes`, "give yes: true");
};

/** On the database that knows whether it is applied; undefined where none can be asked, and that is as well. */
async function sessionOf(
  deps: Deps,
  { config }: Project,
  migration: Migration,
  { head, yes = false }: RemoveOptions,
): Promise<Session | undefined> {
  const otherwise = `or, if it is not applied anywhere, ${anyway(head, deps)}`;
  const unknown = `so it is not known whether ${describe(migration)} is applied`;
  try {
    return await connect(deps, config);
  } catch (error) {
    if (!(error instanceof MigrateError) || !UNASKED.has(error.code)) throw error;
    if (yes) return undefined;
    const { code, message, hint } = error;
    const first =
      code === "usage/no-database"
        ? `name the database with ${(deps.names ?? asOptions).given("database", "URL")}`
        : hint;
    throw new MigrateError(
      { code, message: `${message}, ${unknown}`, hint: `${first}; ${otherwise}` },
      { cause: error },
    );
  }
}

const UNASKED: ReadonlySet<string> = new Set(["usage/no-database", "execution/connect"]);

async function refuseApplied(
  session: Session,
  project: Project,
  migration: Migration,
  { head, yes = false }: RemoveOptions,
  deps: Deps,
): Promise<void> {
  const { graph, ledger } = project;
  const { revision } = migration;
  try {
    // Whose run ends in between has written to the ledger by then.
    const holders = await lockHolders(session, ledger);
    const { applied, intent } = await readLedger(session, ledger);
    const rows = settledRows(graph, applied);
    const row = rows.find((each) => each.revision === revision);
    if (row === undefined && intent?.revision !== revision) {
      const other = yes ? undefined : await otherWith(project, session, revision);
      if (other !== undefined)
        throw new MigrateError({
          code: "state/applied",
          message: `${describe(migration)} is in another ledger of the database`,
          hint: `${other}; if that is another project's, ${anyway(head, deps)}`,
        });
      if (holders.length === 0) return;
      throw lockHeld(holders, {
        mayDo: `, and may be applying ${describe(migration)}`,
        lead: "no file was deleted; ",
        next: "then run the same command again",
      });
    }
    if (row !== undefined && applied.every((each) => each.revision !== revision))
      throw standsForApplied(migration);
    // The parser is loaded only where something is interrupted.
    const begun = async () => (await import("./resume.ts")).begunStep(project, intent!);
    throw new MigrateError({
      code: "state/applied",
      message:
        row === undefined
          ? unfinishedText(intent!)
          : `${describe(migration)} was ${onlyRecorded(migration, row) ? "recorded as " : ""}applied on ${row.appliedAt} by ${row.appliedBy}`,
      hint:
        row === undefined
          ? finishingHint(project, idsOf(rows), await begun(), "finish it first")
          : undoing(graph, rows, migration, row),
    });
  } finally {
    await session.close();
  }
}

/** The ledger has what a squashed one replaces, whose files are gone, and not itself. */
function standsForApplied(migration: Migration): MigrateError {
  const { revision, replaces = [] } = migration;
  return new MigrateError({
    code: "state/applied",
    message: `${describe(migration)} stands for ${fewOf(replaces)}, which ${replaces.length === 1 ? "is" : "are"} applied`,
    hint: `restore the files of what it replaces, then run: migrate revision --remove --head ${shellWord(revision)}; or undo what they did: ${downgradeOf(migration)}`,
  });
}

/** It was stamped, as a baseline is. A squashed one is, too, where what it replaces has run. */
const onlyRecorded = ({ replaces = [] }: Migration, { how }: Applied): boolean =>
  how === "stamp" && replaces.length === 0;

/** How a head is undone that is applied; by hand, where it is irreversible. One that waits is not: it is what the database has. */
function undoing(graph: Graph, rows: readonly Applied[], migration: Migration, row: Applied): string {
  const { revision, down } = migration;
  const waits = absences(graph, rows).find((each) => each.row === row);
  if (waits !== undefined) return waits.hint;
  const known = idsOf(rows).filter((id) => graph.nodes.has(id));
  const forgotten = takingOut(graph, known, revision);
  const isRecorded = onlyRecorded(migration, row);
  if (down === undefined)
    return isRecorded
      ? `it ran nothing there, so there is nothing to undo; take it out of the ledger${forgotten}`
      : `it is irreversible: undo by hand what it did in the database, then record that${forgotten}`;
  return isRecorded
    ? `it ran nothing there; take it out of the ledger${forgotten}; or, to run its down file too: ${downgradeOf(migration)}`
    : `undo it first: ${downgradeOf(migration)}`;
}
