/** Options → a run that has begun: a promise of its result, and its events as they come. */
import type { Event } from "../core/event.ts";
import { type Deps, depsOf } from "./project.ts";
import { type RunOptions, type RunResult, run } from "./run.ts";
import type { Request } from "./steps.ts";

/** What `run` takes, and what surrounds it: the process, unless it is said. */
export interface MigrationOptions extends RunOptions, Partial<Pick<Deps, "env" | "cwd" | "now" | "signal">> {}

/**
 * A run that has begun. Each loop over it sees every event from the first, however late it comes; the run waits for none.
 * When the loop ends the run has ended: who leaves it early waits for that. Both the promise and the loop throw what `run`
 * throws.
 */
export type MigrationRun = Promise<RunResult> & AsyncIterable<Event>;

/** Applies what is pending up to the target, by default `head`; as `run` does. */
export const upgrade = (
  options: MigrationOptions & { readonly target?: string | undefined } = {},
): MigrationRun => begun({ kind: "upgrade", target: options.target ?? "head" }, options);

/** Reverts what was applied after the target, such as `-1` or `base`; as `run` does, and asks nobody without `confirm`. */
export const downgrade = (options: MigrationOptions & { readonly target: string }): MigrationRun =>
  begun({ kind: "downgrade", target: options.target }, options);

function begun(request: Request, options: MigrationOptions): MigrationRun {
  // A run tells notices itself.
  const { onNotice: _, ...world } = options;
  const deps = depsOf(world);
  const events: Event[] = [];
  let waiting: (() => void)[] = [];
  let hasEnded = false;
  const tell = (): void => {
    for (const wake of waiting) wake();
    waiting = [];
  };
  const onEvent = (event: Event): void => {
    events.push(event);
    options.onEvent?.(event);
    tell();
  };
  const result = run(deps, request, { ...options, onEvent }).finally(() => {
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
