/**
 * A graph, the ledger's rows and a target → the steps of an upgrade, a downgrade or a stamp, in order.
 *
 * Alembic keeps only the current heads of a database; our ledger has every applied revision. The heads are always
 * computed from those, so they cannot go wrong.
 */

import {
  type Absence,
  absences,
  type Beside,
  nothingBeside,
  type Row,
  upgradeBeside,
  upgradeTo,
} from "./absence.ts";
import { refuseTogether } from "./arguments.ts";
import { type Diagnostic, MigrateError } from "./errors.ts";
import {
  ancestors,
  descendants,
  type Edges,
  type Graph,
  inOrder,
  maximal,
  nodeOf,
  rangeMeant,
} from "./graph.ts";
import { describe } from "./graph-faults.ts";
import type { RevisionId } from "./migration.ts";
import { asOptions, type OptionNames } from "./option-names.ts";
import { appliedThrough } from "./replaced.ts";
import { shellWord } from "./shell.ts";
import {
  alongBranchesOf,
  appliedFrom,
  asTyped,
  BASE,
  downgradeTarget,
  onBranch,
  type Place,
  resolveAll,
  resolveBranch,
  resolveNamed,
  resolveOne,
  resolveStart,
  severalHeads,
  startsOf,
  upgradeTargets,
} from "./target.ts";

/** One migration in one direction. */
export interface Step {
  readonly direction: "up" | "down";
  readonly revision: RevisionId;
}

export const idsOf = (rows: readonly { readonly revision: RevisionId }[]): readonly RevisionId[] =>
  rows.map(({ revision }) => revision);

/** What is needed of a row of the ledger; the more is known, the better an error says what to type. */
export interface AppliedRow extends Row {
  /** ISO 8601, UTC. */
  readonly appliedAt?: string;
  readonly appliedBy?: string;
}

/** Steps that start from a state which was not read from a database but named, as in `upgrade --sql a:b`. */
export interface OfflineSteps {
  /** Everything that is applied before the first step, in order. */
  readonly applied: readonly RevisionId[];
  readonly steps: readonly Step[];
}

/** What a stamp does to the ledger. */
export interface Stamp {
  /** Everything that is applied afterwards, in order. */
  readonly applied: readonly RevisionId[];
  /** Rows to write: each after its parents. */
  readonly added: readonly RevisionId[];
  /** Rows to delete: each before its parents; those unknown to the files first. */
  readonly removed: readonly RevisionId[];
}

/**
 * What `upgrade target` runs. Only what is missing and what the target needs: parents and depends-on alike.
 * Throws `state/unknown-revision` for rows that no file has, `graph/…` for a target that cannot be had.
 */
export function planUpgrade(graph: Graph, rows: readonly AppliedRow[], target: string): readonly Step[] {
  const applied = appliedSet(graph, rows, besideTarget(rows, target));
  return stepsUp(graph, applied, oneTarget(graph, "upgrade", target));
}

/** The same upgrade; where its target names nothing here, one to the heads. */
const besideTarget =
  (rows: readonly AppliedRow[], target: string): Beside =>
  (graph) =>
    ofSound(() => {
      const had = [...idsOf(rows), ...appliedThrough(graph, rows)];
      return {
        command: upgradeTo(target),
        needs: requiredFor(graph, currentHeads(graph, had), oneTarget(graph, "upgrade", target)),
      };
    }) ?? upgradeBeside(graph);

const requiredFor = (graph: Graph, current: readonly RevisionId[], target: string): ReadonlySet<RevisionId> =>
  requiredBy(graph, upgradeTargets(graph, current, target));

/**
 * What `downgrade target` runs: what is applied above the target, with all that depends on it. `branch@target`
 * takes only that branch down. Throws as `planUpgrade`.
 */
export function planDowngrade(graph: Graph, rows: readonly AppliedRow[], target: string): readonly Step[] {
  const applied = appliedSet(graph, rows);
  return stepsDown(graph, applied, oneTarget(graph, "downgrade", target));
}

/** As `planUpgrade`, for `start:end`, `a,b:end` with several starts, or `end` alone, from base. */
export function planOfflineUpgrade(graph: Graph, range: string): OfflineSteps {
  const { start, end } = parseRange(range) ?? { start: BASE, end: range };
  const applied = stateAt(graph, start);
  return { applied: inOrder(graph, applied), steps: stepsUp(graph, applied, end) };
}

/** As `planDowngrade`, for `start:end`; the start is required. */
export const planOfflineDowngrade = (graph: Graph, range: string): OfflineSteps =>
  offlineDowngrade(graph, range);

/** The same for one whose options are called so. */
export function offlineDowngrade(graph: Graph, range: string, names: OptionNames = asOptions): OfflineSteps {
  const parsed = parseRange(range);
  // From base no way leads down: who leaves the start open means where the database is.
  if (parsed === undefined || (parsed.start === "" && parsed.end !== "")) {
    const [head, ...others] = graph.heads;
    const isSeveral = others.length > 0;
    const target = parsed?.end ?? range;
    // From head to head there is nothing to do, up leads no way, and what is current only a database knows.
    const end = !/^(?:heads?|current)$/.test(target)
      ? target.replace(/^\+(?=\d)/, "-")
      : isSeveral
        ? `${head}@-1`
        : "-1";
    const whole = rangeMeant(range) ?? `${isSeveral ? "heads" : "head"}:${end}`;
    throw new MigrateError({
      code: "usage/range-required",
      message: `downgrade ${names.offline} requires <fromrev>:<torev>`,
      hint: `name the revision that the database is at, for example: ${names.range("downgrade", whole)}`,
    });
  }
  const applied = stateAt(graph, parsed.start);
  return {
    applied: inOrder(graph, applied),
    steps: stepsDown(graph, applied, parsed.end, parsed.start || BASE),
  };
}

/** Throws `usage/reversed-range` for a `start:end` whose end comes first in that direction; its script would be empty. */
export function refuseReversed(graph: Graph, kind: "upgrade" | "downgrade", range: string): void {
  const meant = turned(graph, kind, range);
  if (meant === undefined) return;
  throw new MigrateError({
    code: "usage/reversed-range",
    message: `'${range}' leads ${kind === "upgrade" ? "down, but an upgrade goes up" : "up, but a downgrade goes down"}`,
    hint: `a range is written start:end; did you mean ${meant.start}:${meant.end}?`,
  });
}

/** The range whose end comes first in that direction, the other way round. */
function turned(
  graph: Graph,
  kind: "upgrade" | "downgrade",
  range: string,
): { readonly start: string; readonly end: string } | undefined {
  const parsed = parseRange(range);
  if (parsed === undefined || (kind === "downgrade" && parsed.start === "")) return undefined;
  const start = parsed.start || BASE;
  const applied = stateAt(graph, parsed.start);
  const current = currentHeads(graph, applied);
  const isReversed =
    kind === "upgrade"
      ? isPast(current, applied, upgradeTargets(graph, current, parsed.end))
      : isAhead(graph, current, applied, downgradeTarget(graph, current, parsed.end, start).place);
  return isReversed ? { start: parsed.end, end: start } : undefined;
}

/**
 * The target that a range means where it stands in the place of one: its end, or what was written first where that is the
 * end in this direction. Undefined: it names none.
 */
export function targetMeant(
  graph: Graph,
  kind: "upgrade" | "downgrade" | "stamp",
  range: string,
): { readonly target: string | undefined; readonly isReversed: boolean } {
  const sides = range.split(":").map((side) => side.trim());
  const named = sides.findLast((side) => side !== "");
  const other = kind === "stamp" ? undefined : ofSound(() => turned(graph, kind, range));
  // What is left open leads up to the head.
  const last = kind !== "downgrade" && sides.at(-1) === "" && named !== undefined ? "head" : named;
  return { target: other?.end ?? last, isReversed: other !== undefined };
}

/** Undefined where the range has another fault, so that it has no direction. */
function ofSound<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof MigrateError) return undefined;
    throw error;
  }
}

const isPast = (
  current: readonly RevisionId[],
  applied: ReadonlySet<RevisionId>,
  ends: readonly RevisionId[],
): boolean => current.length > 0 && ends.every((id) => applied.has(id) && !current.includes(id));

const isAhead = (
  graph: Graph,
  current: readonly RevisionId[],
  applied: ReadonlySet<RevisionId>,
  place: RevisionId,
): boolean => {
  if (place === BASE || applied.has(place)) return false;
  const below = ancestors(graph, [place]);
  return current.every((id) => below.has(id));
};

/**
 * What `stamp targets…` writes. Heads that share a lineage with a target make room for it, the others stay;
 * `purge` forgets every row first, also those that no file has; `onlyAdds`, which goes without it, deletes none. Throws
 * as `planUpgrade`; `usage/option` for both; with `onlyAdds` `state/diverged` where what is applied has left the targets' lineage below them.
 */
export function planStamp(
  graph: Graph,
  rows: readonly AppliedRow[],
  targets: readonly string[],
  options: { readonly purge?: boolean; readonly onlyAdds?: boolean } = {},
): Stamp {
  refuseTogether(options, "purge", "onlyAdds");
  const before = options.purge === true ? new Set<RevisionId>() : appliedSet(graph, rows);
  const current = currentHeads(graph, before);
  for (const target of targets) oneTarget(graph, "stamp", target);
  const moving = new Set(targets.flatMap((target) => onBranch(graph, current, target, "all")));
  const destinations = destinationsOf(graph, targets);
  if (options.onlyAdds === true) {
    const wanted = ancestors(graph, destinations);
    const lacking = [...wanted].filter((id) => !before.has(id));
    if (lacking.length === 0) return { applied: inOrder(graph, before), added: [], removed: [] };
    const isApart = (head: RevisionId): boolean =>
      !wanted.has(head) && [...ancestors(graph, [head])].some((id) => wanted.has(id));
    const apart = current.filter(isApart);
    if (apart.length > 0) throw diverged(apart, currentHeads(graph, lacking));
  }

  const heads = new Set(current);
  // A target that is a head already stays, although Alembic deletes it where another target moves a head.
  const leaving = [...moving].filter((head) => !destinations.includes(head));
  // What a leaving head only depends on is applied as before, although Alembic, which has the heads alone, forgets it.
  const above = destinations.length === 0 ? new Set<RevisionId>() : descendants(graph, destinations);
  const staysWithout = (head: RevisionId): readonly RevisionId[] => {
    const lineage = ancestors(graph, [head], "lineage");
    return [...ancestors(graph, [head])].filter((id) => before.has(id) && !lineage.has(id) && !above.has(id));
  };
  const leave = (): void => {
    for (const head of leaving) heads.delete(head);
    if (targets.includes(BASE)) return;
    for (const id of leaving.flatMap(staysWithout)) heads.add(id);
  };
  if (destinations.length === 0) leave();
  const related = new Set([...ancestors(graph, moving), ...descendants(graph, moving)]);
  for (const destination of destinations) {
    if (moving.has(destination)) continue;
    if (related.has(destination)) leave();
    heads.add(destination);
  }

  // What was not applied below a head that stays is none of the stamp's business, unless it names that head.
  const below = ancestors(
    graph,
    destinations.filter((id) => heads.has(id)),
  );
  const after = new Set([...ancestors(graph, heads)].filter((id) => before.has(id) || below.has(id)));
  const had = new Set(rows.map((row) => row.revision));
  const gone = [...had].filter((id) => !after.has(id));
  return {
    applied: inOrder(graph, after),
    added: inOrder(
      graph,
      [...after].filter((id) => !had.has(id)),
    ),
    removed: [
      ...gone.filter((id) => !graph.nodes.has(id)),
      ...inOrder(
        graph,
        gone.filter((id) => graph.nodes.has(id)),
      ).reverse(),
    ],
  };
}

function diverged(own: readonly RevisionId[], lacking: readonly RevisionId[]): MigrateError {
  const both = [...own, ...lacking].map(shellWord).join(" ");
  return new MigrateError({
    code: "state/diverged",
    message: `the ledger has ${own.join(", ")}, but not ${lacking.join(", ")}, and neither comes after the other`,
    hint: `if the database has what all of them do, record it: migrate stamp ${both}`,
  });
}

/** The heads of an applied set: those below none of the others, over parents and depends-on. In order. */
export function currentHeads(graph: Graph, applied: Iterable<RevisionId>): readonly RevisionId[] {
  return maximal(
    graph,
    [...applied].filter((id) => graph.nodes.has(id)),
  );
}

/** The ids of the rows. Throws one `state/unknown-revision` that names every row that no file has. */
export function appliedSet(
  graph: Graph,
  rows: readonly AppliedRow[],
  beside: Beside = nothingBeside,
): ReadonlySet<RevisionId> {
  const found = absences(graph, rows, beside);
  if (found.length > 0)
    throw MigrateError.all(distinctFaults(found.map((each) => each.fault ?? unknownRow(each))));
  return new Set(rows.map((row) => row.revision));
}

/** A revision that is half there is one fault, not one for each of its rows. */
const distinctFaults = (faults: readonly Diagnostic[]): readonly Diagnostic[] => [
  ...new Map(faults.map((fault) => [fault.message, fault])).values(),
];

/** What is applied when exactly `heads` are current: these and everything they need. */
export function appliedBelow(graph: Graph, heads: Iterable<RevisionId>): readonly AppliedRow[] {
  return inOrder(graph, ancestors(graph, heads)).map((revision) => ({ revision }));
}

/** What is applied after the steps, in the order in which it came about. */
export function appliedAfter(applied: Iterable<RevisionId>, steps: readonly Step[]): readonly RevisionId[] {
  const after = new Set(applied);
  for (const { direction, revision } of steps) {
    if (direction === "up") after.add(revision);
    else after.delete(revision);
  }
  return [...after];
}

/** All that the targets need, with them. Throws `graph/overlap` when one of them needs another. */
export function requiredBy(graph: Graph, targets: readonly RevisionId[]): ReadonlySet<RevisionId> {
  const tops = new Set(maximal(graph, targets));
  for (const target of targets) {
    if (tops.has(target)) continue;
    const upper = [...tops].find((top) => ancestors(graph, [top]).has(target))!;
    throw new MigrateError({
      code: "graph/overlap",
      message: `Requested revision ${describe(nodeOf(graph, upper).revision)} overlaps with other requested revisions ${target}`,
      hint: `${upper} already needs ${target}: ask for ${upper} alone`,
    });
  }
  return ancestors(graph, tops);
}

/** What the targets of a stamp name. Throws `graph/base-and-more` where one of several means that nothing is applied. */
function destinationsOf(graph: Graph, targets: readonly string[]): readonly RevisionId[] {
  const named = targets.map((target) => resolveNamed(graph, target, STAMP_BASE));
  const base = targets.find((_, i) => named[i]!.length === 0);
  const more = targets.filter((_, i) => named[i]!.length > 0);
  if (base === undefined || more.length === 0) return named.flat();
  throw new MigrateError({
    code: "graph/base-and-more",
    message: `${base} records that nothing is applied${base === BASE ? "" : " on that branch"}, and ${more.join(", ")} that something is`,
    hint: `name one of the two, or run first: migrate stamp ${shellWord(base)}, then: migrate stamp ${more.map(shellWord).join(" ")}`,
  });
}

const STAMP_BASE = "to record that nothing is applied, use: base";

/** The two sides of `start:end`; undefined where there is no colon. */
export function parseRange(text: string): { readonly start: string; readonly end: string } | undefined {
  const [start, end, ...rest] = text.split(":");
  if (start === undefined || end === undefined) return undefined;
  if (rest.length > 0) {
    throw new MigrateError({
      code: "usage/range",
      message: `'${text}' has more than one colon`,
      hint: "a range is written start:end",
    });
  }
  return { start: start.trim(), end: end.trim() };
}

/**
 * The revisions of `start:end`, what comes after the start; else the targets, each for itself. Default: all. Over the
 * lineage, without what the end only depends on.
 */
export function revisionsOf(
  graph: Graph,
  range: string | undefined,
  edges: Edges = "all",
): ReadonlySet<RevisionId> {
  const resolved = (text: string): readonly RevisionId[] => (text === "" ? [] : resolveAll(graph, text));
  const sides = range === undefined ? { start: BASE, end: "heads" } : parseRange(range);
  if (sides === undefined) return new Set(resolved(range!));
  const { start, end } = sides;
  const below = ancestors(graph, resolveStart(graph, start));
  // Up to all heads is everything, whatever leads there.
  const ends = end === "" || end === "heads" ? graph.heads : resolved(end);
  const above = ancestors(graph, alongBranchesOf(graph, start, ends), edges);
  return new Set([...above].filter((id) => !below.has(id)));
}

function stepsUp(graph: Graph, applied: ReadonlySet<RevisionId>, target: string): readonly Step[] {
  const required = requiredFor(graph, currentHeads(graph, applied), target);
  const missing = [...required].filter((id) => !applied.has(id));
  return inOrder(graph, missing).map((revision) => ({ direction: "up", revision }));
}

function stepsDown(
  graph: Graph,
  applied: ReadonlySet<RevisionId>,
  target: string,
  start?: string,
): readonly Step[] {
  const current = currentHeads(graph, applied);
  const { branch, place } = downgradeTarget(graph, current, target, start);
  const above = place === BASE ? graph.bases : nodeOf(graph, place).children;
  const roots = branch === undefined ? above : towards(graph, above, branch);
  if (branch !== undefined && roots.length === 0 && above.length > 0) {
    const begun = above.filter((id) => applied.has(id));
    const further = target.slice(target.lastIndexOf("@"));
    throw new MigrateError({
      code: "graph/not-below",
      message: `Not a valid downgrade target from current heads: the branch '${branch}' is none of those that begin after ${place} (${above.join(", ")})`,
      hint:
        begun.length === 0
          ? `nothing above ${place} is applied; ${appliedFrom(start)}`
          : `name one that is applied: ${begun.map((id) => asTyped(id + further, start)).join(" or ")}`,
    });
  }
  const doomed = [...descendants(graph, roots)].filter((id) => applied.has(id));
  if (place !== BASE && doomed.length === 0 && !current.includes(place)) {
    throw new MigrateError({
      code: "graph/not-below",
      message: `Destination ${target} is not a valid downgrade target from current head(s)`,
      hint: applied.has(place)
        ? `nothing above ${place} is applied${branch === undefined ? neededBy(graph, applied, place) : ` on the branch '${branch}'`}; ${appliedFrom(start)}`
        : `${describe(nodeOf(graph, place).revision)} is not applied; ${appliedFrom(start)}`,
    });
  }
  return inOrder(graph, doomed)
    .reverse()
    .map((revision) => ({ direction: "down", revision }));
}

/** Which applied revisions depend on a place, though none comes after it; the middle of a hint. */
function neededBy(graph: Graph, applied: ReadonlySet<RevisionId>, place: RevisionId): string {
  const needing = nodeOf(graph, place).dependents.filter((id) => applied.has(id));
  return needing.length === 0 ? "" : ` on its own branch, though ${needing.join(", ")} depends on it`;
}

/**
 * Those of the roots from which the branch comes, if any. As in Alembic the branch narrows only what is a choice,
 * and a root that has labels of its own counts as one.
 */
function towards(graph: Graph, roots: readonly RevisionId[], branch: string): readonly RevisionId[] {
  const named = roots.flatMap((id) => nodeOf(graph, id).revision.branchLabels);
  const choices = roots === graph.bases ? roots.length + named.length : roots.length;
  if (choices <= 1) return roots;
  const line = ancestors(graph, [resolveBranch(graph, branch)], "lineage");
  return roots.filter((id) => line.has(id));
}

/** The place of one start. Throws `graph/multiple-heads` for `head` where there are several. */
function startOf(graph: Graph, start: string): Place {
  if (start !== "head" || graph.heads.length < 2) return resolveOne(graph, start);
  throw severalHeads(
    start,
    graph.heads.join(", "),
    "name the one that the database is at; where it is at all of them, write: heads",
  );
}

/** All that is applied where `starts` are current: `a,b`, or `heads`. */
export function stateAt(graph: Graph, starts: string): ReadonlySet<RevisionId> {
  const places = startsOf(starts)
    // `heads` is a state like any other: everything is applied.
    .flatMap((start) => (start === "heads" ? resolveAll(graph, start) : [startOf(graph, start)]));
  return ancestors(
    graph,
    places.filter((place) => place !== BASE),
  );
}

/** The target, which is no range. Throws `usage/range-not-allowed`. */
export function oneTarget(
  graph: Graph,
  kind: "upgrade" | "downgrade" | "stamp",
  target: string,
  names: OptionNames = asOptions,
): string {
  if (!target.includes(":")) return target;
  const { target: meant } = targetMeant(graph, kind, target);
  throw new MigrateError({
    code: "usage/range-not-allowed",
    message: "Range revision not allowed",
    hint: `a range is only for scripts (${names.either("--sql", "offline(deps, request)")}); ${meant === undefined ? "name a revision; list them with: migrate history" : `give the target alone: ${meant}`}`,
  });
}

function unknownRow({ row, reason, hint }: Absence<AppliedRow>): Diagnostic {
  const { revision, appliedAt, appliedBy } = row;
  const when = appliedAt === undefined ? "" : ` on ${appliedAt}`;
  const by = appliedBy === undefined ? "" : ` by ${appliedBy}`;
  return {
    code: "state/unknown-revision",
    message: `Can't locate revision identified by '${revision}': it was applied${when}${by}, but ${reason}`,
    hint,
  };
}
