/** PostgreSQL's table lock modes → which is stronger, and who waits for it. */

/** From the weakest to the strongest, as the manual names them. */
export const lockModes = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE",
] as const;

export type LockMode = (typeof lockModes)[number];

/** Whether who holds `mode` keeps others waiting who read the relation, or write to it. */
export interface Waiting {
  readonly readers: boolean;
  readonly writers: boolean;
}

export function waiting(mode: LockMode): Waiting {
  return {
    readers: mode === "ACCESS EXCLUSIVE",
    writers: lockModes.indexOf(mode) >= lockModes.indexOf("SHARE"),
  };
}

export function stronger(a: LockMode | undefined, b: LockMode): LockMode {
  return a !== undefined && lockModes.indexOf(a) > lockModes.indexOf(b) ? a : b;
}
