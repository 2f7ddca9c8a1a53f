/** What `upgrade` and `downgrade` share: flags, the run with its progress, the script. */
import type { RunResult } from "../app/run.ts";
import type { Request } from "../app/steps.ts";
import { exitCodes, MigrateError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import { fewOf } from "../core/few.ts";
import type { Plan } from "../core/plan/types.ts";
import { stays } from "../render/counted.ts";
import { doesLines } from "../render/does.ts";
import { pendingText } from "../render/effect.ts";
import { lossLine } from "../render/loss.ts";
import { type Command, excluding, type Flags, flag, type Invocation, idle, value } from "./command.ts";
import { count, seconds, timeout } from "./numbers.ts";
import { progressOf, stepLine, timeText } from "./progress.ts";
import { failOn, scriptFlags, upgradeScriptFlags, warnOfLongTransaction, writeScript } from "./script.ts";

interface RunCommand {
  readonly name: "upgrade" | "downgrade";
  readonly summary: string;
  readonly target: string;
  readonly examples: NonNullable<Command["examples"]>;
}

export const lockWaitFlag = value(
  "how long to wait for another migrator, in seconds or with a unit (default 60s; 0: do not wait)",
  "TIME",
);

/** Flags of whatever changes a database. */
export const writeFlags: Flags = {
  "dry-run": flag("show what would be done, and do nothing"),
  "lock-wait": lockWaitFlag,
  wait: value(
    "how long to wait until the server accepts connections, in seconds or with a unit (default 0)",
    "TIME",
  ),
};

const runFlags: Flags = {
  ...writeFlags,
  "single-transaction": flag("one transaction for all steps instead of one each"),
  "lock-timeout": value(
    "how long a statement waits for a lock, in milliseconds or with a unit (default 5s; 0: no limit)",
    "TIME",
  ),
  "lock-retries": value(
    "how often a migration is retried after a lock timeout or a deadlock (default 5)",
    "COUNT",
  ),
  "statement-timeout": value(
    "how long a statement may run, in milliseconds or with a unit (default 0: no limit)",
    "TIME",
  ),
  yes: flag("do not ask before a downgrade that is or may be destructive", "y"),
  "json-events": flag("print each event as a line of JSON as it happens; the last line is the result"),
  "fail-on": value(
    "hazard: stop if other sessions would wait while a table is rewritten, scanned or indexed",
    "WHAT",
  ),
};

const upgradeFlags: Flags = {
  "allow-ahead": excluding(
    { sql: "leave one out: a script is for the files that it is made of; a plain run takes --allow-ahead" },
    flag("succeed if a newer release has migrated further and nothing is left to do"),
  ),
};

export function runCommandOf({ name, summary, examples }: RunCommand): Command {
  return {
    name,
    summary,
    args: {
      ...(name === "upgrade" ? upgradeFlags : {}),
      ...runFlags,
      ...(name === "upgrade" ? { yes: idle("only a downgrade asks", "y") } : {}),
      ...scriptFlags,
      ...(name === "upgrade" ? upgradeScriptFlags : {}),
    },
    positionals: {
      required: name === "downgrade" ? 1 : 0,
      names: ["TARGET"],
      words: { all: name === "upgrade" ? "heads" : "base" },
    },
    examples,
    soMany:
      name === "upgrade"
        ? { what: "to apply so many", words: (count) => `+${count}` }
        : { what: "to undo so many", words: (count) => `-${count}` },
    run: (invocation) => {
      const { args } = invocation;
      const request = { kind: name, target: args.positionals[0] ?? "head" };
      return args.flag("sql") ? writeScript(request, invocation) : runOnline(request, invocation);
    },
  };
}

/** Runs a request on the database and tells how it goes. The exit code: 1 where the answer was no. */
export async function runOnline(request: Request, invocation: Invocation): Promise<number> {
  const { args, deps, project, printer, json } = invocation;
  const { run } = await import("../app/run.ts");
  const dryRun = args.flag("dry-run");
  const events = args.flag("json-events");
  const began = performance.now();
  const progress = progressOf(printer);
  const onStep = dryRun ? undefined : deps.onRun?.();
  const told = (event: Event): void => {
    if (event.type === "step-done") onStep?.(event.step.revision);
    progress.onEvent(event);
  };
  const result = await run(deps, request, {
    ...project,
    dryRun,
    allowAhead: args.flag("allow-ahead"),
    failOn: failOn(args.text("fail-on")),
    singleTransaction: args.flag("single-transaction"),
    lockTimeout: timeout(args.text("lock-timeout"), "--lock-timeout"),
    statementTimeout: timeout(args.text("statement-timeout"), "--statement-timeout"),
    lockWait: seconds(args.text("lock-wait"), "--lock-wait"),
    lockRetries: count(args.text("lock-retries"), "--lock-retries"),
    wait: seconds(args.text("wait"), "--wait"),
    confirm: (plan, database) => {
      warnOfLongTransaction(plan.steps.length, invocation);
      return confirmed(plan, database, invocation);
    },
    onEvent: events ? eventLines(invocation, told) : told,
  }).finally(progress.stop);
  const isRefused = !result.done && !dryRun && result.plan.batches.length > 0;
  if (events) printer.jsonLine({ type: "result", at: deps.now().toISOString(), result: resultValue(result) });
  else if (json) printer.json(resultValue(result));
  else if (result.plan.batches.length === 0 && result.steps.length === 0 && !result.done) {
    printer.info(`nothing to ${request.kind}: ${heads(result.plan.to)} on ${result.database}`);
  } else if (dryRun) {
    printer.lines(result.steps.flatMap((step) => [stepLine(step), ...doesLines(step)]));
    for (const line of onlyDeleted(result)) printer.info(`to be ${line}`);
  } else if (result.done) {
    for (const line of onlyDeleted(result)) printer.info(line);
    printer.info(
      `now at ${heads(result.plan.to)} on ${result.database}  ${timeText(performance.now() - began)}`,
    );
  } else printer.info("nothing was done");
  return isRefused ? exitCodes.findings : exitCodes.ok;
}

/** Prints each event as it comes, before a person is told. */
function eventLines({ deps, printer }: Invocation, told: (event: Event) => void): (event: Event) => void {
  return (event) => {
    const { type, ...rest } = event;
    printer.jsonLine({ type, at: deps.now().toISOString(), ...rest });
    told(event);
  };
}

/**
 * Says who will have to wait, and asks before a downgrade destroys anything, or may: in a terminal; elsewhere `--yes` must
 * have been said.
 */
async function confirmed(
  plan: Plan,
  database: string,
  { args, printer, passing }: Invocation,
): Promise<boolean> {
  const waits = pendingText(plan) ?? [];
  const losses = plan.steps.flatMap((step) => step.losses ?? []);
  if (plan.kind !== "downgrade" || args.flag("yes") || losses.length === 0) {
    for (const line of [waits].flat()) printer.info(line);
    return true;
  }
  const isCertain = losses.some(({ effect }) => effect !== "not-known");
  const verdict = `this downgrade of ${database} ${isCertain ? "is" : "may be"} destructive`;
  const lines = plan.steps.flatMap(({ revision, losses = [] }) =>
    losses.map((loss) => `  ${revision}  ${lossLine(loss)}`),
  );
  const answer = await printer.ask([waits, `T${verdict.slice(1)}:`, ...lines].flat(), "Continue?");
  if (answer !== undefined) return answer;
  throw new MigrateError({
    code: "usage/needs-yes",
    message: `${verdict}:\n${lines.join("\n")}`,
    hint: `nothing was done; to go on without being asked, ${passing("--yes")}`,
  });
}

/** A step of a stamp looks like that of a downgrade, and undoes nothing. */
function onlyDeleted({ plan, steps }: RunResult): readonly string[] {
  const deleted = steps.filter(({ direction }) => direction === "down");
  if (plan.kind !== "stamp" || deleted.length === 0) return [];
  const revisions = fewOf(deleted.map(({ revision }) => revision));
  return [`deleted from the ledger: ${revisions}; ${stays(deleted.length)}`];
}

function resultValue({ database, plan, steps, done }: RunResult): unknown {
  return { database, from: plan.from, to: plan.to, done, steps };
}

export const heads = (revisions: readonly string[]): string => revisions.join(", ") || "<base>";
