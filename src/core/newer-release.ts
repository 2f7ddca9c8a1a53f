/** The ledger's rows and the files of an older release → what it goes by beside a newer one, or why nothing shows that there is one. */
import { aheadOf, isElsewhere, lackingBelow, lostHint, squashedHint, upgradeTo } from "./absence.ts";
import type { Graph } from "./graph.ts";
import { appliedHeads } from "./history.ts";
import type { Applied, Intent, LedgerState } from "./ledger/types.ts";
import type { Migration, RevisionId } from "./migration.ts";
import { waitingOf } from "./replaced.ts";
import { unfinishedText } from "./undoing.ts";

/** What to say, and to type. */
export interface Fault {
  readonly message: string;
  readonly hint: string;
}

/** Either there is something to tell, or nothing is applied or begun but what has files, or `fault`. */
export interface BesideNewer {
  /** Without the rows of the newer release. */
  readonly known: readonly Applied[];
  /** What it is ahead by, and what is current there: no migration here, most of the time. */
  readonly ahead?: string;
  readonly current?: readonly RevisionId[];
  /** The step that the newer release is at, or was interrupted at. */
  readonly begun?: Intent;
  readonly fault?: Fault;
}

/** What an older release starts from: the rows that the ledger says follow its files are left out. */
export function besideNewer(
  graph: Graph<Migration>,
  { applied, intent }: Pick<LedgerState, "applied" | "intent">,
): BesideNewer {
  const { waiting, replaced } = waitingOf(graph, applied);
  const rows = [...applied, ...replaced];
  // Of another project, as is said without the flag too.
  if (!rows.some(({ revision }) => graph.nodes.has(revision))) return { known: applied };
  const ahead = aheadOf(graph, rows);
  const known = rows.filter((row) => !ahead.includes(row) && !waiting.includes(row));
  // Of what squashing has to do with, it is said better where the steps are planned.
  const isSquash = ({ revision }: Applied): boolean =>
    graph.replaced.has(revision) || graph.dormant.some((each) => each.revision === revision);
  const others = known.filter((row) => !graph.nodes.has(row.revision) && !isSquash(row));
  if (others.length > 0) {
    const ids = others.map(({ revision }) => revision);
    return { known: applied, fault: notAhead(ids, lackingBelow(graph, applied)) };
  }
  const begun = intent !== undefined && isElsewhere(graph, intent.revision) ? { begun: intent } : {};
  if (ahead.length === 0 && waiting.length === 0) return { known: applied, ...begun };
  const ids = (these: readonly Applied[]): string => these.map(({ revision }) => revision).join(", ");
  const message = [
    ...(ahead.length === 0 ? [] : [`the database is ahead of these files, which lack ${ids(ahead)}`]),
    ...(waiting.length === 0 ? [] : [`the ledger has ${ids(waiting)} in place of ${ids(replaced)}`]),
  ].join("; ");
  return { known, ahead: message, current: appliedHeads(graph, [...known, ...ahead]), ...begun };
}

/**
 * What keeps an older release from being done beside a newer one, or what to tell where it is; neither where there is no newer
 * one, or all that there is of it is a step that is not finished and `pending` must wait for. `target`: what is to be upgraded to.
 */
export function doneBeside(
  { ahead, begun, fault }: BesideNewer,
  pending: readonly RevisionId[],
  target: string,
): { readonly fault?: Fault; readonly notice?: string } {
  if (fault !== undefined) return { fault };
  if (pending.length > 0) return ahead === undefined ? {} : { fault: leftToDo(ahead, pending, target) };
  const step = begun && `left to the newer release: ${unfinishedText(begun)}`;
  const notice = [ahead, step].filter((each) => each !== undefined).join("; ");
  return notice === "" ? {} : { notice };
}

const notAhead = (revisions: readonly RevisionId[], lacking: readonly RevisionId[]): Fault => ({
  message: `the ledger does not say that ${revisions.join(", ")} follows these files, so nothing shows that they are of an older release`,
  hint: lacking.length > 0 ? squashedHint(lacking) : lostHint(revisions),
});

/** An older release runs nothing beside a newer one. */
const leftToDo = (ahead: string, pending: readonly RevisionId[], target: string): Fault => ({
  message: `${ahead}; but ${pending.join(", ")} ${pending.length === 1 ? "is" : "are"} not in the ledger, and an older release runs nothing there`,
  hint: `with the files of the newer release, which may have squashed ${pending.length === 1 ? "it" : "them"}, run: ${upgradeTo(target)}; if there is no newer release, see what to do with: migrate verify`,
});
