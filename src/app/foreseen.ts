/**
 * A statement that failed because what it names is there, or is not, and the migrations → whether they say so themselves, on
 * whatever database they are run, and which statement before it is why.
 */
import type { ObjectName } from "../core/ast.ts";
import { Fold, newSession } from "../core/effects/effects.ts";
import { effectsOfFile } from "../core/effects/file.ts";
import { quotedName } from "../core/failure/failure.ts";
import {
  exchangedHint,
  leftoverHint,
  madeHint,
  missingObject,
  notBackHint,
  notRestoredHint,
  ownHint,
  repeatedHint,
} from "../core/failure/missing.ts";
import type { Plan, PlanStep } from "../core/plan/types.ts";
import { bare } from "../core/quote.ts";
import type { ServerVersion } from "../core/server-version.ts";
import { locate } from "../core/source.ts";
import { createdBy, hasWord } from "../core/statement/written.ts";
import type { Step } from "../core/steps.ts";
import { DUPLICATE, type Failed, UNDEFINED } from "../core/undoing.ts";
import { createGrammar } from "../io/grammar.ts";
import { readTrees } from "../io/trees.ts";
import { fileOf, startOf } from "./effects.ts";
import { type Before, isStamped } from "./gone.ts";
import type { Project } from "./project.ts";

export interface Foreseen {
  /** No stamp would be right. */
  readonly isForeseen: boolean;
  /** What to type: of a relation, since the text of the statement that made it need not have its name; or why it may be there. */
  readonly hint?: string;
}

/** Answers of a step of a plan and its statement that failed. */
export const foreseenIn =
  (project: Project, applied: () => readonly Before[], plan: Pick<Plan, "steps">, server: ServerVersion) =>
  async (step: PlanStep, failed: Failed): Promise<Foreseen> => {
    const { sqlstate = "", number = 1 } = failed;
    if (!DUPLICATE.has(sqlstate) && !UNDEFINED.has(sqlstate)) return { isForeseen: false };
    const before = applied();
    const relation = relationIn(failed);
    const read = (isAll: boolean) =>
      walkTo(project, [before, plan, server], step, { number, relation, isAll });
    const { refused, changed } = await read(false);
    // Only then it is that relation that is spoken of, and not one of that name in another schema.
    if (isSaid(failed, refused)) {
      const isPassedOver =
        changed?.direction === "up" &&
        before.some((row) => row.revision === changed.revision && isStamped(row));
      const hint = changed === undefined || isPassedOver ? undefined : hintOf(step, failed, changed);
      return { isForeseen: true, ...(hint === undefined ? {} : { hint }) };
    }
    if (!UNDEFINED.has(sqlstate)) {
      const left = await leftover(project, [before, plan, server], step, failed);
      return { isForeseen: false, ...(left === undefined ? {} : { hint: left }) };
    }
    // What no file makes cannot have been taken away as a file does it.
    if (relation !== undefined) {
      const other = changed === undefined ? await exchanged(project, step, relation) : undefined;
      return { isForeseen: changed === undefined, ...(other === undefined ? {} : { hint: other }) };
    }
    return { isForeseen: isSaid(failed, (await read(true)).refused) };
  };

/** Where the way up, the way down and the way up again fail as this did: its down file leaves what its up file makes. */
async function leftover(
  project: Project,
  [before, { steps }, server]: readonly [readonly Before[], Pick<Plan, "steps">, ServerVersion],
  step: PlanStep,
  failed: Failed,
): Promise<string | undefined> {
  const { revision } = step;
  const down = project.migrations.get(revision)?.down;
  if (down === undefined || step.direction === "down") return undefined;
  const ups = [...steps.slice(0, steps.indexOf(step)), { ...step }];
  const again = [...ups, { ...step, direction: "down" as const }, step];
  const { number = 1 } = failed;
  const of = { number, relation: undefined, isAll: false };
  const { refused } = await walkTo(project, [before, { steps: again }, server], step, of);
  return isSaid(failed, refused) ? leftoverHint(down.source.path, revision) : undefined;
}

/** Where the down file of a migration makes what its up file lacks. */
async function exchanged(
  { migrations }: Project,
  { direction, revision }: PlanStep,
  { name }: ObjectName,
): Promise<string | undefined> {
  const down = direction === "up" ? migrations.get(revision)?.down : undefined;
  if (down === undefined) return undefined;
  const { source } = down;
  const { statements } = (await readTrees(createGrammar(), down)).file;
  const makes = statements.some(
    ({ start, end }) => bare(createdBy(source.text.slice(start, end))?.name ?? "") === name,
  );
  return makes ? exchangedHint(source.path) : undefined;
}

/** A statement that made a relation, or took it away. */
interface Change extends Step {
  readonly isThere: boolean;
  readonly path: string;
  /** Of its file. */
  readonly line: number;
}

/** What the effects of all that runs before a statement say of it: why it fails, and what last changed about a relation. */
async function walkTo(
  project: Project,
  [before, { steps }, server]: readonly [readonly Before[], Pick<Plan, "steps">, ServerVersion],
  step: PlanStep,
  {
    number,
    relation,
    isAll,
  }: {
    readonly number: number;
    readonly relation: ObjectName | undefined;
    /** Nothing is there but what the files make. */
    readonly isAll: boolean;
  },
): Promise<{ readonly refused?: string | undefined; readonly changed?: Change | undefined }> {
  const start = startOf(project, server);
  const fold = new Fold(newSession(isAll, start.timeZone));
  const grammar = createGrammar();
  const isThere = ({ schema, searchPath } = fold.session): boolean =>
    relation !== undefined && schema.relation(relation, searchPath)?.known === true;
  let changed: Change | undefined;
  const walk = async (each: Step): Promise<{ readonly refused?: string | undefined } | undefined> => {
    const file = fileOf(project, each);
    if (file === undefined) return undefined;
    const read = (await readTrees(grammar, file)).file;
    let at = 0;
    for (const { refused } of effectsOfFile(fold, read, start)) {
      if (each === step && at === number - 1) return { refused };
      if (isThere() !== (changed?.isThere ?? false)) {
        const { direction, revision } = each;
        const { path, line } = locate(file.source, read.statements[at]!.start);
        changed = { direction, revision, isThere: isThere(), path, line };
      }
      at += 1;
    }
    return undefined;
  };
  for (const { revision } of before) await walk({ direction: "up", revision });
  fold.beginRun();
  for (const each of steps.slice(0, steps.indexOf(step))) await walk(each);
  return { ...(await walk(step)), changed };
}

function hintOf(
  { direction, revision }: PlanStep,
  { sqlstate = "" }: Failed,
  changed: Change,
): string | undefined {
  const isOfStep = changed.revision === revision;
  const isOwn = isOfStep && changed.direction === direction;
  const place = isOwn ? `line ${changed.line} of this file` : `${changed.path}:${changed.line}`;
  if (!changed.isThere && UNDEFINED.has(sqlstate))
    return isOwn
      ? ownHint(`${place} drops it`)
      : isOfStep
        ? notBackHint(place)
        : direction === "down" && changed.direction === "up"
          ? notRestoredHint(place, changed.revision)
          : undefined;
  if (!changed.isThere || sqlstate !== RELATION_THERE) return undefined;
  return isOfStep && !isOwn ? repeatedHint(place) : madeHint(place);
}

const RELATION_THERE = "42P07";

/** Whether what the files say is what the server said; of messages in English. */
function isSaid({ sqlstate = "", message = "" }: Failed, refused: string | undefined): boolean {
  const [, quoted, called] = /^[a-z ]*?(?:"(.+?)"|([\w.]+)\()/.exec(message) ?? [];
  const name = quoted ?? called;
  const words = DUPLICATE.has(sqlstate)
    ? /already (?:exists|has)|would have two columns/
    : /do(?:es)? not exist| has no /;
  return (
    refused !== undefined &&
    name !== undefined &&
    words.test(refused) &&
    hasWord(refused, bare(name).toLowerCase())
  );
}

/** The relation that a message is about. */
function relationIn({ sqlstate, message = "" }: Failed): ObjectName | undefined {
  const whole = sqlstate === RELATION_THERE ? quotedName(message) : missingObject(message)?.name;
  if (whole === undefined) return undefined;
  const [name = "", schema] = whole.split(".").reverse();
  return schema === undefined ? { name } : { schema, name };
}
