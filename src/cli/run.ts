/** What `upgrade` and `downgrade` share: flags, the run with its progress, the script. */
import type { RunResult } from "../app/run.ts";
import type { Request } from "../app/steps.ts";
import { MigrateError } from "../core/errors.ts";
import type { PlanStep } from "../core/plan.ts";
import { type Command, flag, type Invocation, value } from "./command.ts";
import { refuseScriptFlags, scriptFlags, writeScript } from "./script.ts";

interface RunCommand {
  readonly name: "upgrade" | "downgrade";
  readonly summary: string;
  readonly target: string;
  readonly examples: NonNullable<Command["examples"]>;
}

export function runCommandOf({ name, summary, examples }: RunCommand): Command {
  return {
    name,
    summary,
    args: {
      "dry-run": flag("show what would run; writes nothing"),
      "single-transaction": flag("one transaction for all steps instead of one each"),
      "lock-wait": value("seconds to wait for another migrator (default 60; 0: do not wait)", "SECONDS"),
      yes: flag("do not ask before data is destroyed", "y"),
      ...scriptFlags,
    },
    positionals: { required: name === "downgrade" ? 1 : 0, names: ["TARGET"] },
    examples,
    run: (invocation) => {
      const { args } = invocation;
      const request = { kind: name, target: args.positionals[0] ?? "head" };
      return args.flag("sql") ? writeScript(request, invocation) : runOnline(request, invocation);
    },
  };
}

/** Runs a request on the database and tells how it goes. */
export async function runOnline(request: Request, invocation: Invocation): Promise<void> {
  const { args, deps, project, printer, json } = invocation;
  refuseScriptFlags(invocation);
  const { run } = await import("../app/run.ts");
  const dryRun = args.flag("dry-run");
  const result = await run(deps, request, {
    ...project,
    dryRun,
    singleTransaction: args.flag("single-transaction"),
    lockWait: seconds(args.text("lock-wait"), "--lock-wait"),
    onNotice: ({ severity, message }) => printer.info(`${severity.toLowerCase()}: ${message}`),
    onEvent: (event) => {
      if (event.type === "waiting") printer.progress(`waiting for another migrator: ${event.seconds.toFixed(0)} s`);
      if (event.type === "step-started") printer.progress(`${event.index + 1}/${event.of} ${line(event.step)}`);
      if (event.type === "step-done") printer.info(`${line(event.step)}  ${time(event.ms)}`);
    },
  });
  if (json) printer.json(resultValue(result));
  else if (result.steps.length === 0) printer.info(`nothing to ${request.kind}: ${heads(result.plan.to)}`);
  else if (dryRun) printer.data(result.steps.map(line).join("\n"));
  else printer.info(`${heads(result.plan.from)} -> ${heads(result.plan.to)}`);
}

function resultValue({ plan, steps, done }: RunResult): unknown {
  return { from: plan.from, to: plan.to, done, steps };
}

export const heads = (revisions: readonly string[]): string => revisions.join(", ") || "<base>";

const line = (step: PlanStep): string =>
  `${step.direction === "up" ? "+" : "-"} ${step.revision}${step.message === "" ? "" : `  ${step.message}`}`;

const time = (ms: number): string => (ms < 1000 ? `(${ms.toFixed(0)} ms)` : `(${(ms / 1000).toFixed(1)} s)`);

/** A number of seconds from a flag. Throws `usage/number`. */
export function seconds(text: string | undefined, flagName: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number) && number >= 0) return number;
  throw new MigrateError({
    code: "usage/number",
    message: `${flagName} takes a number of seconds, not '${text}'`,
    hint: `for example: ${flagName} 30`,
  });
}
