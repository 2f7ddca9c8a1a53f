/** A request → the steps that fulfil it, from the state of a ledger or from the start of a range. */

import { filled, flag, isFields, refuseTogether, wrongOption } from "../core/arguments.ts";
import { MigrateError } from "../core/errors.ts";
import { descendants, type Graph, nodeOf } from "../core/graph.ts";
import type { Applied } from "../core/ledger/types.ts";
import type { RevisionId } from "../core/migration.ts";
import { conversionOf } from "../core/replaced.ts";
import { shellWord } from "../core/shell.ts";
import {
  type AppliedRow,
  appliedAfter,
  appliedBelow,
  currentHeads,
  idsOf,
  offlineDowngrade,
  oneTarget,
  parseRange,
  planDowngrade,
  planOfflineDowngrade,
  planOfflineUpgrade,
  planStamp,
  planUpgrade,
  refuseReversed,
  type Stamp,
  type Step,
  stateAt,
} from "../core/steps.ts";
import { BASE, downgradeTarget, parseRelative, upgradeTargets } from "../core/target.ts";
import { checkOptions, type OtherArgument, target, text, texts } from "./options.ts";
import type { Deps, Project } from "./project.ts";

/** What the user asks for; targets are expressions such as `head`, `+1` or `billing@head`. */
export type Request =
  | { readonly kind: "upgrade" | "downgrade"; readonly target: string }
  | {
      readonly kind: "stamp";
      readonly targets: readonly string[];
      readonly purge?: boolean;
      /** Deletes no row: where the targets are applied there is nothing to do, whatever is above them. */
      readonly onlyAdds?: boolean;
    };

const requestRules = { kind: text, target };
const stampRules = { kind: text, targets: filled(texts), purge: flag, onlyAdds: flag };

/** What a request of any kind can have, to those who look for it elsewhere. */
export const inRequest: OtherArgument = {
  rules: { ...requestRules, ...stampRules },
  place: "the request, the second argument",
};

/** Throws `usage/option` where it is none. `others`: the other arguments of the call. */
export function checkRequest(request: unknown, others: readonly OtherArgument[]): void {
  const given = isFields(request) ? request : {};
  const { kind } = given;
  const needed = kind === "stamp" ? "targets" : "target";
  const whole = { ...given, [needed]: given[needed] ?? null };
  if (kind === "stamp") {
    checkOptions(whole, stampRules, others);
    refuseTogether(given, "purge", "onlyAdds");
  } else if (kind === "upgrade" || kind === "downgrade") checkOptions(whole, requestRules, others);
  else
    throw wrongOption(
      "kind must be upgrade, downgrade or stamp",
      'give a request such as { kind: "upgrade", target: "head" }',
    );
}

/** The requests that an option is for, where it is not for all. */
const FOR: Readonly<Record<string, readonly Request["kind"][]>> = {
  allowAhead: ["upgrade"],
  failOn: ["upgrade", "downgrade"],
  lockRetries: ["upgrade", "downgrade"],
  lockTimeout: ["upgrade", "downgrade"],
  singleTransaction: ["upgrade", "downgrade"],
  statementTimeout: ["upgrade", "downgrade"],
  withDowngrade: ["upgrade"],
};

/** Throws `usage/option` for what the request has no use for, as the command does. */
export function refuseOfOthers({ kind }: Request, options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const kinds = FOR[name];
    if (kinds === undefined || value === undefined || value === false || kinds.includes(kind)) continue;
    throw wrongOption(`${name} works only with ${kinds.join(" and ")}`, "leave it out");
  }
}

export interface Steps {
  readonly kind: Request["kind"];
  /** Every revision that is applied before the steps, and after them. */
  readonly before: readonly RevisionId[];
  readonly after: readonly RevisionId[];
  readonly steps: readonly Step[];
  /** Where they end, as the user has typed it. */
  readonly target?: string;
}

/**
 * The end of a range that from every start leads where these steps lead, and takes away nothing else but what is above it;
 * undefined where no text does.
 */
export function endOf(graph: Graph, { kind, after, steps, target }: Steps): string | undefined {
  const to = currentHeads(graph, after);
  const down = steps.flatMap(({ direction, revision }) =>
    direction === "down" && graph.nodes.has(revision) ? [revision] : [],
  );
  if (kind === "stamp") {
    const takesOthers = down.length > 0 && !isTakenFromAll(graph, down, () => stampOfAll(graph, to));
    return takesOthers ? undefined : to.join(" ") || BASE;
  }
  const absolute =
    target === undefined || target === "" || parseRelative(target) !== undefined
      ? undefined
      : shellWord(target);
  if (kind === "upgrade") {
    if (to.length === 1) return to[0];
    const reached = to.filter((id) => steps.some(({ revision }) => revision === id));
    return absolute ?? (reached.length === 1 ? reached[0] : undefined);
  }
  const last = down.at(-1);
  const parents = last === undefined ? [] : nodeOf(graph, last).parents;
  const place = parents.length === 1 ? parents[0]! : BASE;
  const ends = [absolute ?? place, place, ...(last === undefined ? [] : [`${last}@${place}`])];
  return ends.find((end) =>
    isTakenFromAll(graph, down, () => planOfflineDowngrade(graph, `heads:${end}`).steps),
  );
}

/** Whether of a database with all revisions the steps take away just these, and what needs them. */
function isTakenFromAll(graph: Graph, taken: readonly RevisionId[], plan: () => readonly Step[]): boolean {
  const wanted = descendants(graph, taken);
  try {
    const found = plan().filter(({ direction }) => direction === "down");
    return found.length === wanted.size && found.every(({ revision }) => wanted.has(revision));
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return false;
  }
}

const stampOfAll = (graph: Graph, to: readonly RevisionId[]): readonly Step[] =>
  planStamp(graph, appliedBelow(graph, graph.heads), to.length === 0 ? [BASE] : to).removed.map(
    (revision) => ({ direction: "down", revision }),
  );

/** Steps from what the ledger says is applied. */
export function stepsFrom(
  { graph }: Project,
  request: Request,
  rows: readonly (Applied | AppliedRow)[],
  { names }: Pick<Deps, "names"> = {},
): Steps {
  for (const target of request.kind === "stamp" ? request.targets : [request.target])
    oneTarget(graph, request.kind, target, names);
  const before = rows.map((row) => row.revision);
  if (request.kind === "stamp") {
    const { purge = false, onlyAdds = false } = request;
    const stamp = planStamp(graph, rows, request.targets, { purge, onlyAdds });
    return { kind: "stamp", before, after: stamp.applied, steps: stampSteps(stamp) };
  }
  const plan = request.kind === "upgrade" ? planUpgrade : planDowngrade;
  const steps = plan(graph, rows, request.target);
  return { kind: request.kind, before, after: appliedAfter(before, steps), steps, target: request.target };
}

/**
 * The same request with an end that stays where it is, where it counts from what is applied: once a part of it is done, `-2` would
 * lead further. Throws as `stepsFrom`.
 */
export function withFixedEnd(graph: Graph, request: Request, rows: readonly AppliedRow[]): Request {
  if (request.kind === "stamp" || parseRelative(request.target)?.symbol !== "") return request;
  const { kind, target } = request;
  const current = currentHeads(graph, idsOf(rows));
  if (kind === "upgrade") return { kind, target: upgradeTargets(graph, current, target)[0]! };
  const { branch, place } = downgradeTarget(graph, current, target);
  const isOnlyWay = planDowngrade(graph, rows, place).length === planDowngrade(graph, rows, target).length;
  return { kind, target: isOnlyWay ? place : `${branch}@${place}` };
}

/** A stamp after which the ledger names the squashed revisions. */
export interface ConversionSteps extends Steps {
  readonly squashed: readonly RevisionId[];
}

/** The stamp that lets a ledger name squashed revisions instead of all that they replace; undefined: it does. */
export function conversionSteps(
  { graph }: Project,
  rows: readonly { readonly revision: RevisionId }[],
): ConversionSteps | undefined {
  const conversion = conversionOf(graph, rows);
  if (conversion === undefined) return undefined;
  const { squashed, removed, added } = conversion;
  const before = rows.map(({ revision }) => revision);
  return {
    kind: "stamp",
    before,
    after: [...before.filter((id) => !removed.includes(id)), ...added],
    steps: stampSteps(conversion),
    squashed,
  };
}

/** What a stamp takes out of the ledger, then what it adds. */
const stampSteps = ({ removed, added }: Pick<Stamp, "removed" | "added">): readonly Step[] => [
  ...removed.map((revision): Step => ({ direction: "down", revision })),
  ...added.map((revision): Step => ({ direction: "up", revision })),
];

/** The range that ends at the heads, where the end is left out: `0001:`. */
export const withEnd = (range: string): string => (/:\s*$/.test(range) ? `${range}heads` : range);

/** Steps of a range that the user wrote: `start:end`, where nothing but the start says what is applied. */
export function stepsOfRange(project: Project, request: Request, { names }: Pick<Deps, "names"> = {}): Steps {
  const { graph } = project;
  if (request.kind === "stamp") {
    const [first, ...others] = request.targets;
    const range = parseRange(first ?? "");
    const rows = appliedBelow(graph, stateAt(graph, range?.start ?? BASE));
    const targets = range === undefined ? request.targets : [range.end, ...others];
    return stepsFrom(project, { ...request, targets }, rows);
  }
  refuseReversed(graph, request.kind, request.target);
  const plan = request.kind === "upgrade" ? planOfflineUpgrade : offlineDowngrade;
  const { applied, steps } = plan(graph, request.target, names);
  const target = parseRange(request.target)?.end ?? request.target;
  return { kind: request.kind, before: applied, after: appliedAfter(applied, steps), steps, target };
}
