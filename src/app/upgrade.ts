/** Options → a run that has begun: a promise of its result, and its events as they come. */
import { wrongOption } from "../core/arguments.ts";
import type { MigrateError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import { inScript } from "./offline.ts";
import { checkSole, target as targetRule } from "./options.ts";
import { type Deps, depsOf, depsRules } from "./project.ts";
import { type RunOptions, type RunResult, run, runRules } from "./run.ts";
import { told } from "./told.ts";

/** What `run` takes, and what surrounds it: the process, unless it is said. */
export interface MigrationOptions extends RunOptions, Partial<Pick<Deps, "env" | "cwd" | "now" | "signal">> {}

/**
 * A run that has begun. Each loop over it sees every event from the first, however late it comes; the run waits for none.
 * When the loop ends the run has ended: who leaves it early waits for that. Both the promise and the loop throw what `run`
 * throws.
 */
export type MigrationRun = Promise<RunResult> & AsyncIterable<Event>;

type Targeted = MigrationOptions & { readonly target?: string | undefined };

/** Applies what is pending up to the target, by default `head`; as `run` does. */
export const upgrade: (options?: Targeted) => MigrationRun = (...given) => begun("upgrade", given);

/**
 * Reverts what was applied after the target, such as `-1` or `base`; as `run` does, and asks nobody without `confirm`. Throws
 * `state/guard` rather than revert what was applied after it began.
 */
export const downgrade: (options: MigrationOptions & { readonly target: string }) => MigrationRun = (
  ...given
) => begun("downgrade", given);

const rules = { ...runRules, ...depsRules, target: targetRule };

const noTarget = (): MigrateError =>
  wrongOption(
    "downgrade needs a target",
    'name one: downgrade({ target: "-1" }), or "base" to take back all',
  );

const examples = { upgrade: "head", downgrade: "-1" } as const;

function begun(kind: keyof typeof examples, given: Parameters<typeof upgrade>): MigrationRun {
  const events: Event[] = [];
  let waiting: (() => void)[] = [];
  let hasEnded = false;
  const tell = (): void => {
    for (const wake of waiting) wake();
    waiting = [];
  };
  const started = async (): Promise<RunResult> => {
    checkSole({ name: kind, example: examples[kind] }, given, rules, [inScript]);
    const [{ env, cwd, now, signal, target: wanted, ...options } = {}] = given;
    if (kind === "downgrade" && wanted === undefined) throw noTarget();
    const target = wanted ?? "head";
    const deps = depsOf({ env, cwd, now, signal });
    const onEvent = (event: Event): unknown => {
      events.push(event);
      tell();
      return options.onEvent?.(event);
    };
    return await told(deps, { ...options, onEvent }, (deps, options) => run(deps, { kind, target }, options));
  };
  const result = started().finally(() => {
    hasEnded = true;
    tell();
  });
  async function* follow(): AsyncGenerator<Event, void> {
    // It is thrown below.
    result.catch(() => {});
    try {
      for (let next = 0; next < events.length || !hasEnded; ) {
        if (next === events.length) await new Promise<void>((resolve) => waiting.push(resolve));
        else yield events[next++]!;
      }
    } finally {
      await result;
    }
  }
  return Object.assign(result, { [Symbol.asyncIterator]: follow });
}
