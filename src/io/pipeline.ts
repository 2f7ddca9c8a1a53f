/**
 * Statements in order → their answers in order, with as many on their way to the server as it does in about a second:
 * it need not wait for us, and goes on for no longer than that when we are gone.
 */
import type { Failure } from "../core/failure/failure.ts";
import type { Batch, Statement } from "../core/plan/types.ts";
import type { Session } from "./session/types.ts";

/** A statement of a plan, and the batch that it stands in. */
export interface Item {
  readonly batch: number;
  readonly transactional: boolean;
  readonly statement: Statement;
  /** What other sessions see before it. */
  readonly label?: string;
}

export interface Answers {
  /** The server begins with this one. */
  readonly onBegun: (item: Item) => void;
  readonly onDone: (item: Item) => void;
}

/** The first statement that failed. Those behind it that were on their way have failed too. */
export class ItemFailure extends Error {
  readonly item: Item;
  readonly failure: Failure;
  constructor(item: Item, failure: Failure) {
    super(failure.message, { cause: failure });
    this.item = item;
    this.failure = failure;
  }
}

/** ms; what is on its way is about so much work. */
const AHEAD = 1000;
/** UTF-16 units on their way at most. */
const BYTES = 512 * 1024;
/** How many statements are sent before anything is known of their speed. */
const FIRST = 8;

/**
 * Sends the items. A statement outside a transaction waits for all before it, and nothing is sent behind it: after an
 * error inside a transaction the rest of it fails at once, and the guard of the next step stops what comes then, but
 * outside one nothing would. `isStopped` ends the sending. When it returns, or throws `ItemFailure`, all that was on its
 * way is answered, and no transaction is open.
 */
export async function sendAhead(
  items: Iterable<Item>,
  session: Session,
  { onBegun, onDone }: Answers,
  isStopped: () => boolean,
): Promise<void> {
  const waiting: Item[] = [];
  let bytes = 0;
  let room = FIRST;
  let pace = AHEAD / FIRST;
  let last = performance.now();
  let failed: ItemFailure | undefined;
  let sent: Item | undefined;
  let wake = (): void => {};

  const answered = (item: Item): void => {
    const now = performance.now();
    // What was sent at once is answered at once when the network is slow: the mean of many tells the truth.
    pace = pace * 0.9 + (now - last) * 0.1;
    last = now;
    room = Math.max(1, Math.min(AHEAD / pace, room + 1));
    waiting.shift();
    bytes -= item.statement.sql.length;
    const next = waiting[0];
    if (failed === undefined && next !== undefined) onBegun(next);
    wake();
  };
  const send = (item: Item): void => {
    const isFirst = waiting.length === 0;
    if (isFirst) last = performance.now();
    waiting.push(item);
    sent = item;
    bytes += item.statement.sql.length;
    if (isFirst) onBegun(item);
    session.send(item.statement.sql, item.label).then(
      () => {
        if (failed === undefined) onDone(item);
        answered(item);
      },
      (failure: Failure) => {
        failed ??= new ItemFailure(item, failure);
        answered(item);
      },
    );
  };
  const until = async (ready: () => boolean): Promise<void> => {
    while (!ready() && failed === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };

  for (const item of items) {
    const alone = !item.transactional;
    await until(() => waiting.length === 0 || (!alone && waiting.length < room && bytes < BYTES));
    if (failed !== undefined || isStopped()) break;
    send(item);
    if (alone) await until(() => waiting.length === 0);
  }
  while (waiting.length > 0) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  // Where the connection is gone, so is the transaction.
  if (sent?.transactional === true && sent.statement.purpose !== "commit")
    await session.send("ROLLBACK;").catch(() => {});
  if (failed !== undefined) throw failed;
}

/** The items of the batches from `first` on. */
export function* itemsOf(
  batches: readonly Batch[],
  first: number,
  labelOf: (statement: Statement) => string | undefined,
): Generator<Item> {
  for (let batch = first; batch < batches.length; batch += 1) {
    const { transactional, statements } = batches[batch]!;
    for (const statement of statements) {
      const label = labelOf(statement);
      yield { batch, transactional, statement, ...(label === undefined ? {} : { label }) };
    }
  }
}
