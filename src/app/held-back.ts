/**
 * A callback of the caller's → one that throws nothing where it is called, which may be amid an answer of the server, where
 * nobody would catch it.
 */
export interface HeldBack<T> {
  readonly call: (value: T) => void;
  /** Waits for what was begun, if the callback is async. Throws what the callback threw first. */
  readonly ended: () => Promise<void>;
}

export function heldBack<T>(callback: ((value: T) => unknown) | undefined): HeldBack<T> {
  const begun: Promise<unknown>[] = [];
  let thrown: { readonly error: unknown } | undefined;
  const hold = (error: unknown): void => {
    thrown ??= { error };
  };
  return {
    call: (value) => {
      try {
        const result = callback?.(value);
        if (result instanceof Promise) begun.push(result.catch(hold));
      } catch (error) {
        hold(error);
      }
    },
    ended: async () => {
      await Promise.all(begun);
      if (thrown !== undefined) throw thrown.error;
    },
  };
}
