/** How a database is made, and where → databases that are made so, one after the other: the next is made while the last is used. */
import type { Scratch } from "../io/scratch/types.ts";
import type { Session } from "../io/session/types.ts";

export interface Ahead {
  /** A new one; those before it are not used any more. */
  next(): Promise<Session>;
  /** The same, if no other is likely to be needed: none is made meanwhile. */
  last(): Promise<Session>;
  /** Resolves when nothing is being made any more. */
  end(): Promise<void>;
}

/** Begins at once, on the first; with one scratch, each is made when it is asked for. */
export function madeAhead(
  make: (scratch: Scratch) => Promise<Session>,
  first: Scratch,
  second: Scratch | undefined,
): Ahead {
  let [due, other] = [first, second];
  let made: Promise<Session> | undefined;
  const begin = (): void => {
    if (other === undefined) return;
    made = make(due);
    // It is thrown where it is asked for.
    made.catch(() => {});
  };
  const last = (): Promise<Session> => {
    const session = made ?? make(due);
    made = undefined;
    return session;
  };
  begin();
  return {
    last,
    next: async () => {
      const session = await last();
      if (other !== undefined) [due, other] = [other, due];
      begin();
      return session;
    },
    end: async () => {
      await made?.catch(() => {});
    },
  };
}
