/** The events of a run → what a person sees of it: in a terminal one line that is overwritten, elsewhere lines that stay. */
import { type Event, sessionText } from "../core/event.ts";
import type { PlanStep } from "../core/plan/types.ts";
import type { Printer } from "./print.ts";

/** ms after which a step is spoken of before it is done: in a terminal; where lines stay, at first and then again. */
const SLOW = { terminal: 1000, line: 5000, again: 60_000 };

export interface Progress {
  readonly onEvent: (event: Event) => void;
  /** Nothing more is under way. */
  readonly stop: () => void;
}

export function progressOf(printer: Printer): Progress {
  let running: Running | undefined;
  let waits = false;
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    if (running === undefined) return;
    const ms = performance.now() - running.began;
    if (printer.interactive) {
      if (ms >= SLOW.terminal) printer.progress(runningText(running, ms));
    } else if (ms >= running.next) {
      running.next = running.next === SLOW.line ? SLOW.again : running.next + SLOW.again;
      printer.info(runningText(running, ms));
    }
  };
  const begin = (step: PlanStep, index: number, of: number): void => {
    running = { step, left: of - index - 1, began: performance.now(), statement: 0, next: SLOW.line };
    timer ??= setInterval(tick, 250).unref();
  };
  const end = (): void => {
    running = undefined;
    printer.progress("");
  };
  const waiting = ({ holders, seconds }: Of<"waiting">): void => {
    const who = holders.map(sessionText).join("; ");
    // Once where it is kept, in a log; then only on the line that is overwritten.
    if (!waits) printer.info(`waiting for another migrator${who === "" ? "" : `: ${who}`}`);
    waits = true;
    printer.progress(`waiting for another migrator: ${seconds.toFixed(0)} s`);
  };
  const onEvent = (event: Event): void => {
    switch (event.type) {
      case "waiting":
        waiting(event);
        break;
      case "blocked":
        if (running !== undefined)
          running.blocked = { by: event.blockers.map(sessionText).join("; "), at: performance.now() };
        break;
      case "retry":
        printer.info(retryText(event));
        break;
      case "connection-lost":
        end();
        break;
      case "step-started":
        begin(event.step, event.index, event.of);
        break;
      case "statement-started":
        if (running !== undefined) {
          running.statement = event.statement;
          delete running.blocked;
        }
        break;
      case "step-done":
        end();
        printer.info(`${stepLine(event.step)}${event.ms === undefined ? "" : `  ${timeText(event.ms)}`}`);
        break;
    }
  };
  const stop = (): void => {
    clearInterval(timer);
    end();
  };
  return { onEvent, stop };
}

type Of<T extends Event["type"]> = Extract<Event, { readonly type: T }>;

function retryText({ after, seconds, retry, of, blockers }: Of<"retry">): string {
  const who = blockers.map(sessionText).join("; ");
  return `${after}, rolled back; trying again in ${seconds.toFixed(1)} s (${retry} of ${of})${who === "" ? "" : `: ${who}`}`;
}

interface Running {
  readonly step: PlanStep;
  /** Steps that come after it. */
  readonly left: number;
  readonly began: number;
  statement: number;
  /** Who held a lock that it waited for, and when that was seen last. */
  blocked?: { readonly by: string; readonly at: number };
  /** ms after which it is spoken of next, where lines stay. */
  next: number;
}

/** `+ 7c92a1b2c3d4  add phone: statement 2 of 5, 3 s; waits for a lock held by pid 4711, …; 12 to go` */
function runningText({ step, left, statement, blocked }: Running, ms: number): string {
  const at = statement === 0 || step.statements < 2 ? "" : `statement ${statement} of ${step.statements}, `;
  const rest = left === 0 ? "" : `; ${left} to go`;
  const waits =
    blocked === undefined || performance.now() - blocked.at > SEEN
      ? ""
      : `; waits for a lock held by ${blocked.by}`;
  return `${stepLine(step)}: ${at}${(ms / 1000).toFixed(0)} s${waits}${rest}`;
}

/** ms for which what was seen of a lock is true. */
const SEEN = 2000;

/** `+ 7c92a1b2c3d4  add phone` */
export const stepLine = (step: PlanStep): string =>
  `${step.direction === "up" ? "+" : "-"} ${step.revision}${step.message === "" ? "" : `  ${step.message}`}`;

export const timeText = (ms: number): string =>
  ms < 1000 ? `(${ms.toFixed(0)} ms)` : `(${(ms / 1000).toFixed(1)} s)`;
