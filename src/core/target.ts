/**
 * A target expression (`head`, `+1`, `billing@head`, `9f3c-2`) → the revisions it means in a graph.
 *
 * The answers are Alembic's, down to its corners: which of its forms take a branch for what it needs, and which only
 * narrow a choice by it, is what scripts written for it rely on. Where Alembic crashes, guesses, or runs without the
 * branch that was named, this is an error that lists the choices.
 */
import { endMeant } from "./end-words.ts";
import { MigrateError } from "./errors.ts";
import {
  ancestors,
  descendants,
  type Edges,
  type Graph,
  LIST_REVISIONS,
  maximal,
  nodeOf,
  ownDependencies,
  rangeMeant,
  unknownRevision,
} from "./graph.ts";
import { describe, RESERVED } from "./graph-faults.ts";
import type { Revision, RevisionId } from "./migration.ts";
import { shellWord } from "./shell.ts";

/** Where nothing is applied. Not a revision: no revision may have this name. */
export const BASE = "base";

/** A revision, or `BASE`. */
export type Place = RevisionId;

/** `branch@symbol+offset`; an empty symbol is the current revision. */
export interface Relative {
  readonly branch: string | undefined;
  readonly symbol: string;
  readonly offset: number;
}

const RELATIVE = /^(?:(.+?)@)?([^@+:-]*)([+-]\d+)$/;

/** The parts of a relative expression; undefined when `text` is an absolute one. */
export function parseRelative(text: string): Relative | undefined {
  const match = RELATIVE.exec(text);
  return match === null
    ? undefined
    : { branch: match[1], symbol: match[2]!, offset: Number.parseInt(match[3]!, 10) };
}

/**
 * The revisions that an expression means without a database; none for base. The forms are `heads`, `head`, `base`, a
 * name, a name with `+N` or `-N`, each also as `branch@…`, and `-N` or `label@-N`: so many below each head. `hint` is for
 * steps that lead to base.
 */
export function resolveAll(graph: Graph, text: string, hint = FEWER_STEPS): readonly RevisionId[] {
  return placesOf(graph, text).map((place) => notBase(place, text, hint));
}

/**
 * As `resolveAll`, without steps below each head: where something is applied already, they might be counted from that as well.
 */
export function resolveNamed(graph: Graph, text: string, hint: string): readonly RevisionId[] {
  return namedPlaces(graph, text, expand(graph, text)).map((place) => notBase(place, text, hint));
}

/** As `resolveAll`, for where a range starts: one or several with commas between; steps may lead down to base, which is none. */
export function resolveStart(graph: Graph, text: string): readonly RevisionId[] {
  const places = startsOf(text).flatMap((start) => placesOf(graph, start));
  return [...new Set(places)].filter((place) => place !== BASE);
}

/** The starts of a range, `a,b`; an empty one is none, from base. */
export const startsOf = (text: string): readonly string[] =>
  text
    .split(",")
    .map((start) => start.trim())
    .filter((start) => start !== "");

/** The ends that one of the starts of a range keeps, in their order. */
export function alongBranchesOf(
  graph: Graph,
  start: string,
  ends: readonly RevisionId[],
): readonly RevisionId[] {
  const starts = startsOf(start);
  if (starts.length === 0) return ends;
  const kept = new Set(starts.flatMap((each) => alongBranchOf(graph, each, ends)));
  return ends.filter((id) => kept.has(id));
}

/**
 * `label@…` as the start of a range keeps only the ends that have the label. A revision may stand for the one label
 * it has.
 */
function alongBranchOf(graph: Graph, start: string, ends: readonly RevisionId[]): readonly RevisionId[] {
  const at = start.indexOf("@");
  if (at < 0) return ends;
  const branch = start.slice(0, at);
  if (resolveOne(graph, branch) !== branch)
    return ends.filter((id) => nodeOf(graph, id).labels.includes(branch));
  const [label, ...others] = nodeOf(graph, branch).labels;
  return label === undefined || others.length > 0
    ? onBranch(graph, ends, branch)
    : ends.filter((id) => nodeOf(graph, id).labels.includes(label));
}

function placesOf(graph: Graph, text: string): readonly Place[] {
  const { branch, names } = expand(graph, text);
  if (names.length !== 1 || !/^-[1-9]\d*$/.test(names[0]!))
    return namedPlaces(graph, text, { branch, names });
  const heads = graph.realHeads.filter(
    (head) => branch === undefined || nodeOf(graph, head).labels.includes(branch),
  );
  if (branch !== undefined && heads.length === 0)
    throw new MigrateError({
      code: "graph/unknown-revision",
      message: `Can't locate revision identified by '${text}': no head has the branch label '${branch}'`,
      hint: `steps are counted down from a revision so: ${shellWord(branch + names[0]!)}`,
    });
  return heads.map((head) => walk(graph, head, Number(names[0])));
}

function namedPlaces(graph: Graph, text: string, { branch, names }: Expanded): readonly Place[] {
  if (names.length === 0 && parseRelative(text) !== undefined) return [BASE];
  return names.map((name) => resolveName(graph, name, branch));
}

/** As `resolveAll`, for an expression that must mean one place. Throws `graph/multiple-heads` when it means several. */
export function resolveOne(graph: Graph, text: string): Place {
  const { branch, names } = expand(graph, text);
  if (names.length > 1) throw multipleHeads(graph, text, names);
  if (names[0] !== undefined) return resolveName(graph, names[0], branch);
  return BASE;
}

/**
 * The revision of a name: an exact id, a branch label, a file number that one file has, or the beginning of one id or label
 * (of at least four characters; not by one or two digits). A number goes before a beginning: ids are drawn at random. With `branch`, the revision must be on its lineage.
 */
export function resolveName(graph: Graph, name: string, branch?: string): RevisionId {
  const carrier = branch === undefined ? undefined : resolveBranch(graph, branch);
  const found = namedBy(graph, name, branch) ?? unknown(graph, name, branch);
  if (carrier !== undefined && !lineage(graph, [carrier]).has(found)) {
    const which = describe(nodeOf(graph, found).revision);
    const isNeeded = lineage(graph, [carrier], "all").has(found);
    throw new MigrateError({
      code: "graph/not-on-branch",
      message: `Can't locate revision identified by '${name}' on the branch '${branch}': ${which} is ${isNeeded ? "joined to it only by depends-on" : `neither before nor after ${carrier}`}`,
      hint: isNeeded
        ? `write it alone: ${shellWord(found)}`
        : `leave '${branch}@' out, or see what is on the branch with: migrate history -r :${branch}@heads`,
    });
  }
  return found;
}

/** Throws. `branch`: what is written before the name. */
function unknown(graph: Graph, name: string, branch: string | undefined): never {
  throw new MigrateError(unknownRevision(graph, name, branch));
}

/** Throws for what is no branch before an `@`; who has written `head@billing` is told which way round it is. */
function checkBranch(graph: Graph, branch: string, behind: string): void {
  // What the name of the current revision is for is told where it is looked up.
  if (!RESERVED.has(branch) || branch === "current") {
    resolveBranch(graph, branch);
    return;
  }
  throw new MigrateError({
    code: "graph/unknown-revision",
    message: `Can't locate revision identified by '${branch}@${behind}': '${branch}' is not a branch`,
    hint: insteadOfBranch(graph, branch, behind),
  });
}

/** What is meant by a word of targets that stands before an `@`. */
function insteadOfBranch(graph: Graph, word: string, behind: string): string {
  const [, name = "", steps = ""] = /^(.*?)([+-]\d+)?$/s.exec(behind) ?? [];
  if (name === "") return `did you mean '${word}${steps}'?`;
  if (RESERVED.has(name)) {
    const isOnePlace = (word === BASE) === (name === BASE);
    return isOnePlace
      ? `did you mean '${name === "heads" ? name : word}${steps}'?`
      : `a branch is written before the @; one place is written '${behind}', a range '${word}:${behind}'`;
  }
  return namedBy(graph, name) === undefined
    ? `the branch comes first, and '${name}' is not one either; see the heads and their labels: migrate heads`
    : `the branch comes first; did you mean '${name}@${word}${steps}'?`;
}

/** The revision that a branch is named by. */
export function resolveBranch(graph: Graph, branch: string): RevisionId {
  return exactly(graph, branch) ?? resolveName(graph, branch);
}

/** Those of `ids` that share a lineage with what `branch` means: before it, after it, or it. All, where that is base. */
export function onBranch(
  graph: Graph,
  ids: Iterable<RevisionId>,
  branch: string,
  edges: Edges = "lineage",
): readonly RevisionId[] {
  const candidates = [...ids];
  // A name is not even looked up when there is nothing to choose from, as in Alembic.
  if (candidates.length === 0) return candidates;
  const within = lineageOf(graph, branch, edges);
  return within === undefined ? candidates : candidates.filter((id) => within.has(id));
}

/** Where an upgrade ends, seen from the current heads. With `clamp`, a walk too far stops at the end. */
export function upgradeTargets(
  graph: Graph,
  current: readonly RevisionId[],
  text: string,
  options: { readonly clamp?: boolean } = {},
): readonly RevisionId[] {
  const relative = parseRelative(text);
  if (relative === undefined) {
    if (options.clamp !== true) refuseHabit(graph, text, "up");
    return resolveAll(graph, text);
  }
  const { branch, symbol, offset } = relative;
  if (symbol === "" && offset <= 0) throw notUpwards(text, offset);
  if (symbol !== "") return [notBase(counted(graph, relative, text, options), text)];
  const start = upgradeStart(graph, current, branch, text);
  const isHead = start !== BASE && nodeOf(graph, start).children.length === 0;
  const instead = isHead ? furtherUp(graph, current, branch) : "";
  return [walk(graph, start, offset, { ...options, branch, text, instead })];
}

/** What goes on where no revision comes after what is applied, as the end of a hint. On a branch that would be all the others. */
const furtherUp = (graph: Graph, current: readonly RevisionId[], branch: string | undefined): string =>
  branch !== undefined || graph.realHeads.every((head) => current.includes(head))
    ? ""
    : "; to go all the way up, use: heads";

/** The place so many steps from a symbol. */
function counted(
  graph: Graph,
  { branch, symbol, offset }: Relative,
  text: string,
  options: Pick<WalkOptions, "clamp" | "instead"> = {},
): Place {
  // No branch is looked up on the way up, but for a head: after one there is nothing, however many there are.
  const start = symbol === "head" && offset > 0 ? qualified(branch, symbol) : symbol;
  return offset > 0
    ? walk(graph, resolveOne(graph, start), offset, { ...options, branch, text })
    : walk(graph, resolveOne(graph, qualified(branch, symbol)), offset, { ...options, text });
}

/**
 * Where a downgrade ends, seen from the current heads, and the branch that narrows what it takes down. The
 * symbol of an absolute target is looked up in the whole graph, not on the branch. `start`: of the range of a script.
 */
export function downgradeTarget(
  graph: Graph,
  current: readonly RevisionId[],
  text: string,
  start?: string,
): { readonly branch: string | undefined; readonly place: Place } {
  const typed = (end: string): string => asTyped(end, start);
  const relative = parseRelative(text);
  if (relative === undefined) {
    refuseHabit(graph, text, "down", start);
    const at = text.lastIndexOf("@");
    const branch = text.slice(0, Math.max(at, 0)) || undefined;
    if (branch !== undefined) checkBranch(graph, branch, text.slice(at + 1));
    return { branch, place: placeBelow(graph, branch, text.slice(at + 1), text, typed) };
  }
  const { branch, symbol, offset } = relative;
  const everything = (end: string): string => `to undo everything, use: ${typed(end)}`;
  const instead = `; ${everything(qualified(branch, BASE))}`;
  if (symbol === "") {
    if (offset === 0) throw nowhere(text, everything(BASE));
    if (offset > 0) throw noSuchRelative(text, offset, "a downgrade goes down, by -N; +N is for an upgrade");
    const from = downgradeStart(graph, current, branch, text, start);
    const on = branch ?? from;
    return { branch: on, place: walk(graph, from, offset, { text, instead, on }) };
  }
  const heads = branch === undefined ? graph.heads : onBranch(graph, graph.heads, branch);
  if (/^heads?$/.test(symbol) && offset < 0 && heads.length > 1)
    throw severalHeads(
      text,
      "a downgrade counts down from one revision",
      `name one of ${listed(graph, heads)}, for example: ${typed(`${heads[0]}@${offset}`)}`,
    );
  return { branch, place: counted(graph, relative, text, { instead }) };
}

/**
 * Where a downgrade is to end, as it is typed in the place of what was: whatever else was typed stays. `start`: of the range
 * of a script.
 */
export const asTyped = (end: string, start: string | undefined): string =>
  shellWord(start === undefined ? end : `${start}:${end}`);

/** The place of a symbol in the whole graph. Where it is several heads, those on the branch are proposed. */
function placeBelow(
  graph: Graph,
  branch: string | undefined,
  symbol: string,
  text: string,
  typed: (end: string) => string,
): Place {
  const several = symbol === "head" ? graph.heads : symbol === "heads" ? graph.realHeads : [];
  if (several.length <= 1) return resolveOne(graph, symbol);
  const heads = branch === undefined ? graph.heads : onBranch(graph, graph.heads, branch);
  const why =
    branch === undefined
      ? "a downgrade goes to one revision"
      : `a downgrade looks '${symbol}' up in the whole graph`;
  throw severalHeads(
    text,
    why,
    `name ${heads.length > 1 ? `one of ${listed(graph, heads)}, for example` : listed(graph, heads)}: ${typed(qualified(branch, heads[0]!))}`,
  );
}

/** The fault of an expression where no merge is the way out. `why`: one is needed. */
export const severalHeads = (text: string, why: string, hint: string): MigrateError =>
  new MigrateError({
    code: "graph/multiple-heads",
    message: `Multiple head revisions are present for given argument '${text}': ${why}`,
    hint,
  });

/** The fault of an expression that must mean one head and means several: names their files, and the way out. */
export function multipleHeads(graph: Graph, argument: string, heads: readonly RevisionId[]): MigrateError {
  return new MigrateError({
    code: "graph/multiple-heads",
    message:
      `Multiple head revisions are present for given argument '${argument}'; please specify a specific target ` +
      // Where the heads were asked for, one place is needed.
      (/^(?:.*@)?heads$/.test(argument)
        ? "revision, or '<branchname>@head' to narrow to a specific head"
        : "revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads"),
    hint: wayOutOf(graph, heads),
  });
}

/** The heads with their files and dates, and the command that merges them. */
export function wayOutOf(graph: Graph, heads: readonly RevisionId[]): string {
  // That word means neither the heads of a branch alone nor those that another depends on.
  const isAll = heads.length === graph.heads.length && graph.realHeads.length === heads.length;
  const which = heads.length > MAX_LISTED && isAll ? "heads" : heads.join(" ");
  const message = heads.length > 2 ? `merge ${heads.length} heads` : `merge ${heads.join(" and ")}`;
  const lines = heads.slice(0, MAX_LISTED).map((id) => `    ${describe(nodeOf(graph, id).revision)}`);
  const more = heads.length > MAX_LISTED ? [`    and ${heads.length - MAX_LISTED} more`] : [];
  return [
    "the heads are",
    ...lines,
    ...more,
    "to join them:",
    `    migrate merge ${which} -m "${message}"`,
  ].join("\n");
}

/** More than these help nobody to choose. */
const MAX_LISTED = 20;

/** Revisions for a message, with their files and dates. */
function listed(graph: Graph, ids: readonly RevisionId[]): string {
  const list = ids.slice(0, MAX_LISTED).map((id) => describe(nodeOf(graph, id).revision));
  return list.join(", ") + (ids.length > MAX_LISTED ? ` and ${ids.length - MAX_LISTED} more` : "");
}

/** The names in an expression, before they are looked up, and the branch before its `@`. */
interface Expanded {
  readonly branch: string | undefined;
  readonly names: readonly string[];
}

function expand(graph: Graph, text: string): Expanded {
  // No name has one: what is before an @ or behind it would be a part of the list alone.
  if (text.includes(",")) unknown(graph, text, undefined);
  const at = text.indexOf("@");
  const branch = at < 0 ? undefined : text.slice(0, at);
  const symbol = text.slice(at + 1);
  if (branch !== undefined) checkBranch(graph, branch, symbol);
  switch (symbol) {
    case "heads":
      return { branch, names: branch === undefined ? graph.realHeads : onBranch(graph, graph.heads, branch) };
    case "head": {
      const heads = branch === undefined ? graph.heads : onBranch(graph, graph.heads, branch);
      if (heads.length > 1) throw multipleHeads(graph, text, heads);
      return { branch, names: heads };
    }
    case BASE:
      return { branch, names: [] };
    default: {
      const relative = parseRelative(text);
      if (relative === undefined || relative.symbol === "") return { branch, names: [symbol] };
      const place = counted(graph, relative, text);
      return { branch, names: place === BASE ? [] : [place] };
    }
  }
}

/** The one revision of a name, if any. */
const namedBy = (graph: Graph, name: string, branch?: string): RevisionId | undefined =>
  exactly(graph, name) ?? byNumber(graph, name) ?? byPrefix(graph, name, branch);

/** The revision whose id or branch label that is; it goes before all else. */
export function exactly(graph: Graph, name: string): RevisionId | undefined {
  return graph.nodes.has(name) ? name : graph.carriers.get(name);
}

/** Who types so few digits means a file number or a count of steps, not the beginning of a hash. */
const COUNT = /^\d{0,2}$/;

/** Ids and labels of fewer than four characters are not found by a part of them. */
function byPrefix(graph: Graph, prefix: string, branch: string | undefined): RevisionId | undefined {
  if (COUNT.test(prefix)) return undefined;
  const within = branch === undefined ? undefined : lineageOf(graph, branch);
  const matches = [...graph.nodes.keys(), ...graph.carriers.keys()].filter(
    (name) =>
      name.length > 3 &&
      name.startsWith(prefix) &&
      (within === undefined || within.has(exactly(graph, name)!)),
  );
  if (matches.length > 1)
    throw ambiguous(graph, `'${prefix}' is the beginning of`, prefix, matches, "write more of the id");
  return matches[0] === undefined ? undefined : exactly(graph, matches[0]);
}

/** One or two digits that name nothing may be meant as a count of steps, and 0 or a word as where nothing is applied. */
function refuseHabit(graph: Graph, text: string, way: "up" | "down", start?: string): void {
  const [, branch, word = ""] = /^(?:(.*)@)?(.*)$/s.exec(text) ?? [];
  const isCount = /^\d{1,2}$/.test(text);
  const isNothing = isCount ? Number(text) === 0 : endMeant(word, way) === BASE;
  if (!(isCount || isNothing) || namedBy(graph, word) !== undefined) return;
  if (branch !== undefined) checkBranch(graph, branch, word);
  const unknown = unknownRevision(graph, text);
  const hint = isNothing
    ? `to undo everything, ${way === "up" ? "downgrade to" : "use"}: ${asTyped(qualified(branch, BASE), start)}`
    : `a count of steps is written ${way === "up" ? "+" : "-"}${text}`;
  throw new MigrateError({ ...unknown, hint: `${hint}; ${isCount ? unknown.hint : LIST_REVISIONS}` });
}

function byNumber(graph: Graph, number: string): RevisionId | undefined {
  const matches = [...graph.nodes].filter(([, node]) => node.revision.number === number).map(([id]) => id);
  if (matches.length > 1)
    throw ambiguous(graph, `'${number}' is the file number of`, number, matches, "write the id");
  return matches[0];
}

function ambiguous(
  graph: Graph,
  why: string,
  name: string,
  matches: readonly string[],
  hint: string,
): MigrateError {
  const list = matches.slice(0, MAX_LISTED).map((match) => {
    const { revision } = nodeOf(graph, exactly(graph, match)!);
    return match === revision.revision ? describe(revision) : `${match} (label of ${revision.revision})`;
  });
  const more = matches.length > MAX_LISTED ? ` and ${matches.length - MAX_LISTED} more` : "";
  return new MigrateError({
    code: "graph/ambiguous-name",
    message: `Can't locate revision identified by '${name}': ${why} ${list.join(", ")}${more}`,
    hint,
  });
}

function lineage(
  graph: Graph,
  ids: readonly RevisionId[],
  edges: Edges = "lineage",
): ReadonlySet<RevisionId> {
  return new Set([...ancestors(graph, ids, edges), ...descendants(graph, ids, edges)]);
}

/** What shares a lineage with what `branch` means; undefined where that is base, which is before everything. */
function lineageOf(
  graph: Graph,
  text: string,
  edges: Edges = "lineage",
): ReadonlySet<RevisionId> | undefined {
  const { branch, names } = expand(graph, text);
  const all = branch === undefined ? names : [branch, ...names];
  return all.length === 0
    ? undefined
    : lineage(
        graph,
        all.map((name) => namedBy(graph, name) ?? unknown(graph, name, branch)),
        edges,
      );
}

interface WalkOptions {
  /** Which children to follow on the way up. */
  readonly branch?: string | undefined;
  /** Stop at the end instead of failing. */
  readonly clamp?: boolean;
  /** The expression, for messages. */
  readonly text?: string;
  /** What to type where base comes too soon, for the end of a hint. */
  readonly instead?: string;
  /** The branch that a place is named on where the way forks; else it is named alone. */
  readonly on?: string;
}

/** The place so many steps above (> 0) or below (< 0) `start`, over parents. Throws where the way forks or ends. */
function walk(graph: Graph, start: Place, steps: number, options: WalkOptions = {}): Place {
  const { branch, clamp = false, text = String(steps) } = options;
  const within = branch === undefined || steps <= 0 ? undefined : lineageOf(graph, branch);
  const next = (place: Place): readonly Place[] => {
    if (steps > 0) {
      const children = place === BASE ? graph.bases : nodeOf(graph, place).children;
      return within === undefined ? children : children.filter((id) => within.has(id));
    }
    if (place === BASE) return [];
    const { parents } = nodeOf(graph, place);
    return parents.length === 0 ? [BASE] : parents;
  };
  let place = start;
  for (let step = 0; step < Math.abs(steps); step += 1) {
    const [only, ...others] = next(place);
    if (only === undefined) {
      if (clamp) return place;
      throw noSuchRelative(text, steps, `${endOf(start, steps, step, branch)}${options.instead ?? ""}`);
    }
    if (others.length > 0) {
      const isLast = step + 1 === Math.abs(steps);
      throw ambiguousWalk(graph, text, { from: place, to: [only, ...others], isLast, on: options.on });
    }
    place = only;
  }
  return place;
}

/** How far a walk in that direction can go. `branch`: that it must stay on. */
function endOf(start: Place, steps: number, most: number, branch: string | undefined): string {
  if (steps < 0) return `base is ${most === 0 ? "the end" : `only ${most} down`}`;
  const where = `after ${start}${branch === undefined ? "" : ` on the branch '${branch}'`}`;
  if (most === 0) return `no revision comes ${where}`;
  const found = most === 1 ? "only 1 revision comes" : `only ${most} revisions come`;
  return `${found} ${where}; to go all the way up, use: ${shellWord(qualified(branch, "heads"))}`;
}

function notUpwards(text: string, offset: number): MigrateError {
  return offset === 0
    ? nowhere(text, "to go up by N, use: +N")
    : noSuchRelative(text, offset, "an upgrade goes up, by +N; -N is for a downgrade");
}

const nowhere = (text: string, hint: string): MigrateError =>
  new MigrateError({ code: "graph/walked-too-far", message: `'${text}' leads nowhere: it is no step`, hint });

interface Fork {
  readonly from: Place;
  readonly to: readonly RevisionId[];
  /** It ends there. */
  readonly isLast: boolean;
  readonly on: string | undefined;
}

function ambiguousWalk(graph: Graph, text: string, { from, to, isLast, on }: Fork): MigrateError {
  return new MigrateError({
    code: "graph/ambiguous-walk",
    message: `Ambiguous walk: from ${from}, '${text}' could go ${isLast ? "to" : "on over"} ${listed(graph, to)}`,
    hint: isLast
      ? `name the revision, for example: ${qualified(on, to[0]!)}`
      : "name the revision where it is to end; list them with: migrate history",
  });
}

function noSuchRelative(text: string, offset: number, hint: string): MigrateError {
  const count = Math.abs(offset);
  const { branch, symbol } = parseRelative(text) ?? { branch: undefined, symbol: "" };
  const meant = rangeMeant(text);
  return new MigrateError({
    code: "graph/walked-too-far",
    message:
      symbol === ""
        ? `Relative revision ${text} didn't produce ${count} migrations`
        : `Walked too far: there ${count === 1 ? "is no revision" : `are no ${count} revisions`} ${offset > 0 ? "after" : "before"} '${qualified(branch, symbol)}'`,
    hint: meant === undefined ? hint : `did you mean ${meant}?`,
  });
}

const FEWER_STEPS = "name a revision, or go back fewer steps";

function notBase(place: Place, text: string, hint = FEWER_STEPS): RevisionId {
  if (place !== BASE) return place;
  throw new MigrateError({
    code: "graph/walked-too-far",
    message: `Walked too far: '${text}' is base, which is not a revision`,
    hint,
  });
}

const qualified = (branch: string | undefined, symbol: string): string =>
  branch === undefined ? symbol : `${branch}@${symbol}`;

/** Where `+N` starts: the current revision; on a branch that is not applied yet, the point where it leaves what is. */
function upgradeStart(
  graph: Graph,
  current: readonly RevisionId[],
  branch: string | undefined,
  text: string,
): Place {
  let starts = current;
  if (branch !== undefined) {
    starts = onBranch(graph, current, branch);
    if (starts.length === 0) starts = tips(graph, onBranch(graph, ancestors(graph, current), branch));
  }
  if (starts.length <= 1) return starts[0] ?? BASE;
  const goesOn = starts.find((id) => nodeOf(graph, id).children.length > 0);
  const offset = text.slice(text.lastIndexOf("+"));
  // It does not matter where it starts.
  if (goesOn === undefined) {
    const further = furtherUp(graph, current, branch);
    throw noSuchRelative(text, Number(offset), `no revision comes after ${listed(graph, starts)}${further}`);
  }
  throw new MigrateError({
    code: "graph/ambiguous-start",
    message: `Ambiguous upgrade from multiple current revisions: '${text}' could start at ${listed(graph, starts)}`,
    hint: `name one, for example: ${goesOn}${offset}`,
  });
}

/** Those of `ids` that none of the others has as a parent or dependency. The way between two may lead past `ids`. */
function tips(graph: Graph, ids: readonly RevisionId[]): readonly RevisionId[] {
  const covered = new Set(ids.flatMap((id) => [...nodeOf(graph, id).parents, ...ownDependencies(graph, id)]));
  return ids.filter((id) => !covered.has(id));
}

/** Where it is to be seen what is applied, for the end of a hint. `start`: of the range of a script. */
export const appliedFrom = (start: string | undefined): string =>
  start === undefined
    ? "see what is applied with: migrate current"
    : `the range starts at ${start}${start === BASE ? "" : ", with what that needs"}`;

/** Where `-N` starts: the one current revision; of a branch, also one that is current only through a dependency. */
function downgradeStart(
  graph: Graph,
  current: readonly RevisionId[],
  branch: string | undefined,
  text: string,
  start: string | undefined,
): RevisionId {
  let starts = current;
  if (branch !== undefined) {
    starts = onBranch(graph, current, branch);
    if (starts.length === 0) {
      starts = onBranch(graph, maximal(graph, ancestors(graph, current), "lineage"), branch);
    }
  }
  const offset = text.slice(text.lastIndexOf("-"));
  if (starts[0] === undefined) {
    // What is before it may be applied, with others above that.
    const none =
      branch === undefined ? "nothing is applied there" : `no current revision is on the branch '${branch}'`;
    throw noSuchRelative(text, Number(offset), `${none}; ${appliedFrom(start)}`);
  }
  if (starts.length === 1) return starts[0];
  const below = (id: RevisionId): readonly string[] => {
    const { parents } = nodeOf(graph, id);
    return parents.length > 1 ? oneDown({ revision: id, parents }) : [`${id}@${offset}`];
  };
  throw new MigrateError({
    code: "graph/ambiguous-start",
    message: `Ambiguous downgrade from multiple current revisions: '${text}' could start at ${listed(graph, starts)}`,
    hint: `name one, for example: ${starts.flatMap(below).slice(0, 3).join(" or ")}`,
  });
}

/**
 * The targets that take back a revision that nothing applied needs, and no other: each names where it leads, so that
 * it takes back nothing more when it is typed again. Above a parent may be something else.
 */
export function oneDown({
  revision,
  parents,
}: Pick<Revision, "revision" | "parents">): readonly [string, ...string[]] {
  const [first = `${revision}@${BASE}`, ...others] = parents.map((parent) => `${revision}@${parent}`);
  return [first, ...others];
}
