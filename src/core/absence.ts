/** The graph and all applied rows → why an applied revision is no node of the graph, and what to type. */
import type { Diagnostic } from "./errors.ts";
import { type Graph, nodeOf } from "./graph.ts";
import { folderOf, removalOf, type UnreadFile, unreadHint } from "./graph-faults.ts";
import type { Applied } from "./ledger/types.ts";
import { skipTrivia } from "./lexer.ts";
import {
  type Migration,
  type MigrationFile,
  type Revision,
  type RevisionId,
  sourcesOf,
} from "./migration.ts";
import { appliedThrough, halfApplied, replacing } from "./replaced.ts";
import { shellWord } from "./shell.ts";
import { unique } from "./unique.ts";

export interface Absence<R extends Row = Row> {
  readonly row: R;
  /** What is to be said of the revision: `has no file`. */
  readonly reason: string;
  readonly hint: string;
  /** What an upgrade would run if it were not for its row, and the database may have, in part or in full, as of a squash. */
  readonly keepsFrom?: readonly RevisionId[];
  /** Where it is a part of one fault, that one: the same for each row that has a part in it. */
  readonly fault?: Diagnostic;
}

/** What is needed of a row of the ledger; what is left out is not known. */
export type Row = Pick<Applied, "revision"> &
  Partial<Pick<Applied, "parents" | "dependsOn" | "message" | "checksum">>;

/** The revisions may be known without their files. */
type Files = Graph<Revision & Partial<Pick<Migration, "up" | "down">>>;

type WithFiles = Revision & Pick<Migration, "up" | "down">;

/** The one case that a row without a node is. */
type Cause =
  /** Squashed, and what it replaces has files, as after a merge or a rollback. */
  | { readonly kind: "dormant"; readonly squashed: Revision }
  /** Replaced, while others that the same revision replaces are not applied. */
  | { readonly kind: "half-replaced"; readonly fault: Diagnostic }
  /** A file that is not applied has its message and its SQL, under another id: it may be the same migration, or not. */
  | { readonly kind: "renamed"; readonly migration: WithFiles }
  /** Its file is in a folder that is not read. */
  | { readonly kind: "unread"; readonly file: UnreadFile }
  /**
   * Revisions that are above it, or beside it, need others that the ledger does not have: it may stand for these.
   * `hadThem`: the ledger shows that something went there. Else they may be new, put in below what is applied.
   */
  | { readonly kind: "squashed"; readonly lacking: readonly RevisionId[]; readonly hadThem: boolean }
  /** No applied revision is a node, or in a file that is not read. */
  | { readonly kind: "other-project" }
  /** Of another git branch, or of a newer release if it follows what is applied. */
  | { readonly kind: "lost"; readonly mayBeNewer: boolean };

/** What an older release may want beside a newer one: a command, and all that has to be applied for it to succeed. */
export type Beside = (
  graph: Graph,
) => { readonly command: string; readonly needs: Iterable<RevisionId> } | undefined;

/** Its upgrade. */
export const upgradeBeside: Beside = ({ heads, nodes }) => ({
  command: upgradeTo(heads.length > 1 ? "heads" : "head"),
  needs: nodes.keys(),
});

/** The question whether it is ready. */
export const checkBeside: Beside = ({ nodes }) => ({
  command: "migrate current --check-heads",
  needs: nodes.keys(),
});

export const nothingBeside: Beside = () => undefined;

/** The command that upgrades to a target, as it is typed. */
export const upgradeTo = (target: string): string =>
  `migrate upgrade${target === "head" ? "" : ` ${shellWord(target)}`}`;

/**
 * One for each row that is no node, in the order of the rows. `rows`: all that is applied. The hint is for all rows of that
 * cause, so it is the same for each.
 */
export function absences<R extends Row>(
  graph: Files,
  rows: readonly R[],
  beside: Beside = upgradeBeside,
): readonly Absence<R>[] {
  const absent = rows.filter(({ revision }) => !graph.nodes.has(revision));
  if (absent.length === 0) return [];
  const causeOf = causesOf(graph, rows);
  const causes = absent.map((row) => ({ row, cause: causeOf(row) }));
  const lost = causes.flatMap(({ row: { revision }, cause }) =>
    cause.kind === "lost" ? [{ revision, ...cause }] : [],
  );
  const ahead = aheadHint(graph, rows, beside);
  const [unread, ...others] = causes.flatMap(({ cause }) => (cause.kind === "unread" ? [cause.file] : []));
  // An upgrade that leaves newer ones alone is refused for what is not read.
  const mayBeNewer = unread === undefined && lost.every((each) => each.mayBeNewer);
  const hintOfLost = lostHint(lost.map(({ revision }) => revision)) + (mayBeNewer ? ahead : "");
  const hintOfUnread = unread === undefined ? "" : unreadHint([unread, ...others]);
  return causes.map(({ row, cause }): Absence<R> => {
    const reason = "has no file";
    switch (cause.kind) {
      case "dormant":
        return { row, ...ofDormant(graph, cause.squashed, ahead) };
      case "half-replaced":
        return {
          row,
          reason,
          hint: `${cause.fault.message}: ${cause.fault.hint}`,
          keepsFrom: [replacing(graph, row.revision)!],
          fault: cause.fault,
        };
      case "renamed":
        return { row, reason, hint: renamedHint(graph, row.revision, cause.migration) };
      case "unread": {
        const folder = folderOf(cause.file.path);
        return { row, reason: `has its file in ${folder}, which is not read`, hint: hintOfUnread };
      }
      case "squashed":
        return {
          row,
          reason,
          hint: squashedHint(cause.lacking),
          ...(cause.hadThem && { keepsFrom: cause.lacking }),
        };
      case "other-project":
        // What files here would do again, once it is forgotten, the database may have.
        return { row, reason, hint: graph.nodes.size > 0 ? OF_ANOTHER : `${OF_ANOTHER}; ${DELETED}` };
      default:
        return { row, reason, hint: hintOfLost };
    }
  });
}

/** An applied revision that is no node, in a list of what is current. */
export const notHere = ({ dormant }: Graph, id: RevisionId): string =>
  dormant.some(({ revision }) => revision === id)
    ? `${id} (waits until what it replaces is deleted)`
    : `${id} (no migration here)`;

/** What to type about them, each once. */
export const hintsOf = (found: readonly Absence[]): readonly string[] =>
  unique(found.map(({ hint }) => hint));

function causesOf<R extends Row>(graph: Files, rows: readonly R[]): (row: R) => Cause {
  const through = appliedThrough(graph, rows);
  const isKnown = ({ revision }: Row): boolean =>
    graph.nodes.has(revision) || graph.findUnread(revision) !== undefined;
  const isOther = through.length === 0 && !rows.some(isKnown);
  const lacking = lackingBelow(graph, rows, through);
  const isAbove = aboveOf(graph, rows, lacking);
  const ahead = new Set<Row>(aheadOf(graph, rows));
  const hadThem = hadBelow(graph, rows, lacking);
  return (row) => {
    const fault = halfApplied(graph, rows, row.revision);
    if (fault !== undefined) return { kind: "half-replaced", fault };
    const squashed = graph.dormant.find(({ revision }) => revision === row.revision);
    if (squashed !== undefined) return { kind: "dormant", squashed };
    const migration = renamedTo(graph, rows, row);
    if (migration !== undefined) return { kind: "renamed", migration };
    const file = graph.findUnread(row.revision);
    if (file !== undefined) return { kind: "unread", file };
    if (lacking.length > 0 && !isAbove(row)) return { kind: "squashed", lacking, hadThem };
    if (isOther) return { kind: "other-project" };
    return { kind: "lost", mayBeNewer: ahead.has(row) };
  };
}

/** Whether something that the ledger recorded below what needs `lacking` is not applied any more, or no node. */
function hadBelow({ nodes }: Graph, rows: readonly Row[], lacking: readonly RevisionId[]): boolean {
  const known = new Set(rows.flatMap(({ revision }) => (nodes.has(revision) ? [revision] : [])));
  return rows.some(({ revision, parents = [], dependsOn = [] }) => {
    const node = nodes.get(revision);
    const needs = node === undefined ? [] : [...node.parents, ...node.dependencies];
    return (
      needs.some((id) => lacking.includes(id)) && ![...parents, ...dependsOn].every((id) => known.has(id))
    );
  });
}

/** Whether a row is recorded as above one that lacks something; what it lacks, the row cannot stand for. */
function aboveOf(graph: Graph, rows: readonly Row[], lacking: readonly RevisionId[]): (row: Row) => boolean {
  const parents = new Map(rows.map((row) => [row.revision, row.parents ?? []]));
  const neededBy = (id: RevisionId): readonly RevisionId[] => {
    const node = graph.nodes.get(id);
    return node === undefined ? (parents.get(id) ?? []) : [...node.parents, ...node.dependencies];
  };
  return ({ revision }) => {
    const seen = new Set([revision]);
    for (const id of seen) for (const below of neededBy(id)) seen.add(below);
    return lacking.some((id) => seen.has(id));
  };
}

/**
 * The one migration that is not applied and has the row's message and SQL. Without the message it may be anybody's: two
 * branches have the same `CREATE EXTENSION`, and all merges have the same SQL, which is none.
 */
function renamedTo(
  { nodes }: Files,
  rows: readonly Row[],
  { checksum, message }: Row,
): WithFiles | undefined {
  if (checksum === undefined) return undefined;
  const applied = new Set(rows.map(({ revision }) => revision));
  const found = [...nodes.values()].flatMap(({ revision }) => {
    const { up, down } = revision;
    const isSame = up?.checksum === checksum && revision.message === message && hasSql(up);
    return isSame && !applied.has(revision.revision) ? [{ ...revision, up, ...(down && { down }) }] : [];
  });
  return found.length === 1 ? found[0] : undefined;
}

const hasSql = ({ source: { text }, bodyStart }: MigrationFile): boolean =>
  skipTrivia(text, bodyStart) < text.length;

/** What `current` leaves out, in one sentence and with what to type; undefined where it leaves out nothing. */
export function leftOutOf(
  graph: Files,
  rows: readonly Row[],
): { readonly message: string; readonly hint: string } | undefined {
  const found = absences(graph, rows);
  const [first, ...others] = found;
  if (first === undefined) return undefined;
  const message =
    others.length === 0
      ? `${first.row.revision} is applied, but ${first.reason}`
      : `${found.length} applied revisions are no migrations here: ${found.map(({ row }) => row.revision).join(", ")}`;
  return { message, hint: hintsOf(found).join("; ") };
}

/** The rows of a newer release: no nodes, and above what is applied. A base is none, since it begins another project's history. */
export function aheadOf<R extends Row>(graph: Graph, rows: readonly R[]): readonly R[] {
  const applied = new Set(rows.map((row) => row.revision));
  return rows.filter(
    ({ revision, parents = [] }) =>
      isElsewhere(graph, revision) && parents.length > 0 && parents.every((parent) => applied.has(parent)),
  );
}

/** It is no migration here, none that a squash has replaced, nor a squashed one that waits. */
export const isElsewhere = ({ nodes, replaced, dormant }: Graph, id: RevisionId): boolean =>
  !nodes.has(id) && !replaced.has(id) && !dormant.some(({ revision }) => revision === id);

/** What is not applied, although applied revisions need it. `through`: as `appliedThrough` says of the rows. */
export function lackingBelow(
  graph: Graph,
  rows: readonly { readonly revision: RevisionId }[],
  through: readonly RevisionId[] = appliedThrough(graph, rows),
): readonly RevisionId[] {
  const had = new Set([...rows.map(({ revision }) => revision), ...through]);
  const needed = [...had].flatMap((id) => {
    const node = graph.nodes.get(id);
    return node === undefined ? [] : [...node.parents, ...node.dependencies];
  });
  return unique(needed.filter((id) => !had.has(id)));
}

// ── what to type ────────────────────────────────────────────────────────────────────────────────────────────────

/** The database has the squashed revision already, and what it replaces came back, as by a merge. */
function ofDormant(graph: Graph, { revision, replaces = [] }: Revision, ahead: string): Omit<Absence, "row"> {
  const instead = unique(replaces.map((id) => graph.replaced.get(id) ?? id));
  const revisions = instead.map((id) => nodeOf(graph, id).revision);
  const rollback = replaces.every((id) => graph.nodes.has(id)) ? ahead : "";
  const have = instead.length === 1 ? "has files" : "have files";
  return {
    reason: `does nothing while ${instead.join(", ")} ${have}`,
    keepsFrom: instead,
    hint: `the ledger has ${revision} in place of ${instead.join(", ")}, so delete their files again: ${removalOf(revisions)}${rollback}`,
  };
}

function renamedHint(graph: Graph, was: RevisionId, { revision, ...files }: WithFiles): string {
  const paths = sourcesOf(files)
    .map(({ path }) => path)
    .join(" and ");
  const { children, dependents } = nodeOf(graph, revision);
  // A parent that no file has any more would be the next error.
  const naming = [...children, ...dependents].map((id) => nodeOf(graph, id).revision.path ?? id);
  const there =
    naming.length === 0 ? "" : `, and in place of ${revision} in the header of ${naming.join(", ")}`;
  return `${files.up.source.path} has its message and its SQL under the id ${revision}: if it is the same migration, write '-- revision: ${was}' in ${paths}${there}, since an id must not change once it is applied; otherwise ${lostHint([was])}`;
}

/**
 * What to type where a revision without a file may be a squashed one of a newer release: its row stands for what is
 * `lacking`, so it must not be deleted.
 */
export const squashedHint = (lacking: readonly RevisionId[]): string =>
  `applied revisions need ${lacking.join(", ")}, which the ledger does not have: a newer git branch or release may have squashed ${lacking.length === 1 ? "it" : "them"}; use that, or restore its files, then run: migrate verify`;

/** How the ledgers of two projects are kept apart. */
export const OWN_LEDGER =
  'if two projects share a database, give each its own ledger: "ledger": {"schema": ...} in the config file';

/** Where no applied revision is in a file: of another project, or all were squashed since. */
const OF_ANOTHER = `no applied revision has a file here: use the git branch, the release or the folder that has their files, or the database that belongs to this folder; ${OWN_LEDGER}`;

/** How to begin anew where there are no files. */
const DELETED =
  "if you have deleted the files to begin anew, forget what is applied: migrate stamp --purge base";

/** What to type about revisions of which nothing is known but that they are applied. */
export function lostHint(lost: readonly RevisionId[]): string {
  const [its, has, it, row] =
    lost.length === 1 ? ["its file", "it", "it", "its row"] : ["their files", "them", "they", "their rows"];
  const forget = lost.map((id) => `--forget ${shellWord(id)}`).join(" ");
  return `restore ${its} (another git branch may have ${has}), or, where nothing that ${it} did is in the database, delete ${row} with: migrate repair ${forget}`;
}

function aheadHint(graph: Graph, rows: readonly Row[], beside: Beside): string {
  const wanted = beside(graph);
  if (wanted === undefined) return "";
  const had = new Set([...appliedThrough(graph, rows), ...rows.map(({ revision }) => revision)]);
  // An older release runs nothing beside a newer one.
  if (![...wanted.needs].every((id) => had.has(id))) return "";
  return `; after a rollback to an older release, run: ${wanted.command} --allow-ahead`;
}
