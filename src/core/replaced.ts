/**
 * Revisions, some of which replace others → those that count; and the ledger's rows of replaced revisions → one of the
 * revision that replaces them.
 *
 * A squashed revision is dormant while the files of all replaced ones exist, so every database continues with those. When
 * they are all gone, the squashed one takes their place, also where one of their ids is named. One of which another replaces
 * all that it does, and more, was squashed again before its time came, and remains dormant; a ledger that has it, as of another
 * git branch, has what it replaces.
 */
import { type Diagnostic, MigrateError } from "./errors.ts";
import type { Graph } from "./graph.ts";
import {
  describe,
  haveSoundNames,
  meantFile,
  namesAFile,
  type PlaceOf,
  removalOf,
  replacesMore,
} from "./graph-faults.ts";
import type { Applied } from "./ledger/types.ts";
import type { Migration, Revision, RevisionId } from "./migration.ts";
import { unique } from "./unique.ts";

export interface Settled<R extends Revision> {
  /** Parents and dependencies name revisions that are there. */
  readonly active: readonly R[];
  readonly dormant: readonly R[];
}

/**
 * Throws `graph/half-replaced` where some of what a revision replaces is gone, `graph/replaced-twice`, and
 * `graph/follows-replaced` where it could not take their place, as it follows one of them.
 */
export function settleReplaced<R extends Revision>(revisions: readonly R[], placeOf: PlaceOf<R>): Settled<R> {
  const all = revisions.filter(({ replaces = [] }) => replaces.length > 0);
  if (all.length === 0) return { active: revisions, dormant: [] };
  const squashed = all.filter((each) => !all.some((other) => replacesMore(other, each)));
  const faults = faultsOfReplacing(revisions, squashed, placeOf);
  if (faults.length > 0) throw MigrateError.all(faults);
  const there = new Set(revisions.map(({ revision }) => revision));
  const dormant = all.filter((each) => !squashed.includes(each) || there.has(each.replaces![0]!));
  const by = new Map(
    squashed.flatMap((each) =>
      dormant.includes(each) ? [] : each.replaces!.map((id) => [id, each.revision] as const),
    ),
  );
  // Where a squashed revision was squashed again, one leads to the next.
  const standsFor = (id: RevisionId): RevisionId => {
    const other = by.get(id);
    return other === undefined ? id : standsFor(other);
  };
  const active = revisions
    .filter((each) => !dormant.includes(each))
    .map((each) => ({
      ...each,
      parents: unique(each.parents.map(standsFor)),
      dependsOn: unique(each.dependsOn.map(standsFor)),
    }));
  return { active, dormant };
}

function faultsOfReplacing<R extends Revision>(
  revisions: readonly R[],
  squashed: readonly R[],
  placeOf: PlaceOf<R>,
): readonly Diagnostic[] {
  const byId = new Map(revisions.map((each) => [each.revision, each]));
  const owners = new Map<RevisionId, R>();
  const isFile = namesAFile(revisions);
  return squashed.flatMap((each): readonly Diagnostic[] => {
    const ids = each.replaces!;
    const place = placeOf(each, "replaces") ?? {};
    const twice = ids.find((id) => owners.has(id));
    for (const id of ids) if (!owners.has(id)) owners.set(id, each);
    if (ids.includes(each.revision)) {
      const message = `${describe(each)} replaces itself`;
      return [{ code: "graph/half-replaced", message, hint: "remove its own id from replaces", ...place }];
    }
    if (twice !== undefined) {
      const message = `${twice} is replaced by ${describe(each)} and by ${describe(owners.get(twice)!)}`;
      const hint = "keep one of the two, and delete the files of the other, if no database has it";
      return [{ code: "graph/replaced-twice", message, hint, ...place }];
    }
    const below = [...each.parents, ...each.dependsOn].find((id) => leadsTo(byId, id, ids) !== undefined);
    if (below !== undefined) {
      const found = leadsTo(byId, below, ids)!;
      const how = found === below ? "which it follows" : `and follows ${below}, which follows that`;
      const message = `${describe(each)} replaces ${found}, ${how}: it could never take that place`;
      return [{ code: "graph/follows-replaced", message, hint: parentHint(byId, ids), ...place }];
    }
    const gone = ids.filter((id) => !byId.has(id));
    const misnamed = gone.filter(isFile).flatMap((id): readonly Diagnostic[] => {
      const hint = meantFile(revisions, id, each.revision);
      const message = `${id}, which ${describe(each)} replaces, is not the id of a revision`;
      const at = placeOf(each, "replaces", id) ?? {};
      return hint === undefined ? [] : [{ code: "graph/missing-replaced", message, hint, ...at }];
    });
    if (misnamed.length > 0) return misnamed;
    const there = ids.filter((id) => byId.has(id));
    if (there.length === 0 || there.length === ids.length) return [];
    // Without it what follows a revision that is gone refers to nothing.
    const stands = haveSoundNames(revisions.filter((other) => other !== each));
    const without = stands
      ? `; where no database has ${each.revision}, its own files can be deleted instead: ${removalOf([each])}`
      : "";
    return [
      {
        code: "graph/half-replaced",
        message: `of the revisions that ${describe(each)} replaces, ${gone.join(", ")} ${gone.length === 1 ? "has" : "have"} no file, but ${there.map((id) => describe(byId.get(id)!)).join(", ")} still ${there.length === 1 ? "has" : "have"}`,
        hint: `restore the missing files, or, once every database has them all, delete the remaining ones too: ${removalOf(there.map((id) => byId.get(id)!))}${without}`,
        ...place,
      },
    ];
  });
}

/** The first of `ids` that is this revision, or that it follows or depends on. */
function leadsTo(
  byId: ReadonlyMap<RevisionId, Revision>,
  from: RevisionId,
  ids: readonly RevisionId[],
): RevisionId | undefined {
  const reached = new Set([from]);
  // It grows while it is gone through.
  for (const id of reached) {
    if (ids.includes(id)) return id;
    const { parents = [], dependsOn = [] } = byId.get(id) ?? {};
    for (const next of [...parents, ...dependsOn]) reached.add(next);
  }
  return undefined;
}

function parentHint(byId: ReadonlyMap<RevisionId, Revision>, ids: readonly RevisionId[]): string {
  const out = "if it is no squashed migration, remove the line 'replaces'";
  if (!ids.every((id) => byId.has(id))) return `${out}; else name a parent that follows none of them`;
  const parents = unique(ids.flatMap((id) => byId.get(id)!.parents)).filter((id) => !ids.includes(id));
  return `${out}; else follow what they follow: '-- parent: ${parents.join(", ") || "none"}'`;
}

// ── the ledger ──────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * What the ledger has, and what it has by a squashed revision that another one replaces as well: two git branches may have
 * squashed, one of them more.
 */
function hadOf(graph: Graph, rows: readonly { readonly revision: RevisionId }[]): ReadonlySet<RevisionId> {
  const ids = rows.map(({ revision }) => revision);
  return new Set([...ids, ...ids.flatMap((id) => overtaken(graph, id))]);
}

/** What a squashed revision replaces that waits for ever, as another one has taken the place of all that. */
function overtaken({ dormant, replaced }: Graph, id: RevisionId): readonly RevisionId[] {
  const { replaces = [] } = dormant.find(({ revision }) => revision === id) ?? {};
  return replaces.every((each) => replaced.has(each)) ? replaces : [];
}

/** The revision that has taken the place of a row's, or of what that has taken the place of. */
export const replacing = (graph: Graph, row: RevisionId): RevisionId | undefined =>
  graph.replaced.get(overtaken(graph, row)[0] ?? row);

/** The squashed revisions of which the ledger has all that they replace. */
function takenOver(graph: Graph, rows: readonly { readonly revision: RevisionId }[]): readonly RevisionId[] {
  const had = hadOf(graph, rows);
  const named = unique([...had].flatMap((id) => graph.replaced.get(id) ?? []));
  return named.filter((id) => graph.nodes.get(id)!.revision.replaces!.every((each) => had.has(each)));
}

export interface Conversion {
  /** The revisions that take the place of others. */
  readonly squashed: readonly RevisionId[];
  readonly removed: readonly RevisionId[];
  /** Those of the squashed that have no row yet. */
  readonly added: readonly RevisionId[];
}

/** What a stamp writes so that the ledger names squashed revisions instead of those that they replace; undefined: it does. */
export function conversionOf(
  graph: Graph,
  rows: readonly { readonly revision: RevisionId }[],
): Conversion | undefined {
  const squashed = takenOver(graph, rows);
  if (squashed.length === 0) return undefined;
  const had = new Set(rows.map(({ revision }) => revision));
  const added = squashed.filter((id) => !had.has(id));
  const removed = squashed.flatMap((id) => {
    const replaces = graph.nodes.get(id)!.revision.replaces!;
    const isPart = (row: RevisionId): boolean =>
      overtaken(graph, row).some((each) => replaces.includes(each));
    return [...[...had].filter(isPart), ...replaces.filter((each) => had.has(each)).reverse()];
  });
  return { squashed, removed, added };
}

/** The rows as they are once the ledger names the squashed revisions; for whoever only reads. */
export function settledRows(graph: Graph<Migration>, rows: readonly Applied[]): readonly Applied[] {
  const conversion = conversionOf(graph, rows);
  if (conversion === undefined) return rows;
  const { removed, added } = conversion;
  const left = rows.filter(({ revision }) => !removed.includes(revision));
  const made = added.map((id): Applied => {
    const { revision, parents, dependencies } = graph.nodes.get(id)!;
    const last = rows.findLast((row) =>
      [row.revision, ...overtaken(graph, row.revision)].some((each) => revision.replaces!.includes(each)),
    )!;
    const { message, up } = revision;
    return {
      ...last,
      revision: id,
      parents,
      dependsOn: dependencies,
      message,
      checksum: up.checksum,
      how: "stamp",
    };
  });
  return [...left, ...made];
}

/**
 * The squashed revisions that are applied although they wait, as after a rollback to a release that still has the old
 * files, and a row for each revision that they replace.
 */
export function waitingOf(
  graph: Graph<Migration>,
  rows: readonly Applied[],
): { readonly waiting: readonly Applied[]; readonly replaced: readonly Applied[] } {
  const through = rows.map((row) => ({ row, ids: appliedThrough(graph, [row]) }));
  const replaced = through.flatMap(({ row, ids }) =>
    ids.map((id): Applied => {
      const { revision, parents, dependencies } = graph.nodes.get(id)!;
      const { message, up } = revision;
      return { ...row, revision: id, parents, dependsOn: dependencies, message, checksum: up.checksum };
    }),
  );
  return { waiting: through.flatMap(({ row, ids }) => (ids.length > 0 ? [row] : [])), replaced };
}

/** What is applied through squashed revisions that wait, although the ledger does not name it. */
export function appliedThrough(
  { nodes, dormant }: Graph,
  rows: readonly { readonly revision: RevisionId }[],
): readonly RevisionId[] {
  if (dormant.length === 0) return [];
  const had = new Set(rows.map(({ revision }) => revision));
  return dormant
    .filter(({ revision }) => had.has(revision))
    .flatMap(({ replaces = [] }) => (replaces.every((id) => nodes.has(id)) ? replaces : []));
}

/**
 * What a row of the ledger named, by the names that its file may have for it now: the squashed revision that took a place,
 * or, of one that waits, those of `names` that it replaces.
 */
export function namesNow(
  graph: Graph,
  recorded: readonly RevisionId[],
  names: readonly RevisionId[],
): readonly RevisionId[] {
  return recorded.flatMap((id) => {
    const replaced = new Set(replacesOf(graph, id));
    // It grows while it is gone through: what a squash replaces may be squashed itself.
    for (const each of replaced) for (const below of replacesOf(graph, each)) replaced.add(below);
    const meant = names.filter((name) => replaced.has(name));
    return meant.length > 0 ? meant : [graph.replaced.get(id) ?? id];
  });
}

/** What a squashed revision that waits replaces. */
const replacesOf = ({ dormant }: Graph, id: RevisionId): readonly RevisionId[] =>
  dormant.find(({ revision }) => revision === id)?.replaces ?? [];

/** The fault of a row whose revision is replaced, while others that the same revision replaces are not applied. */
export function halfApplied(
  graph: Graph,
  rows: readonly { readonly revision: RevisionId }[],
  row: RevisionId,
): Diagnostic | undefined {
  const by = replacing(graph, row);
  if (by === undefined) return undefined;
  const had = hadOf(graph, rows);
  const { replaces = [] } = graph.nodes.get(by)!.revision;
  const missing = replaces.filter((id) => !had.has(id));
  const having = replaces.filter((id) => had.has(id));
  return {
    code: "state/half-replaced",
    message: `of the revisions that ${by} replaces, the database has ${having.join(", ")}, but not ${missing.join(", ")}`,
    hint: `with the files as they were before ${by} was written (an older commit), run: migrate upgrade ${replaces.at(-1)}; then go on with these`,
  };
}
