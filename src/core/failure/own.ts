/** What a statement of ours is for → what was not done because it failed. */
import type { Purpose } from "../plan/types.ts";

/** What, and what could not be done with it; a revision stands between. */
const WORK: Readonly<Record<Exclude<Purpose, "commit" | "defer">, readonly [what: string, done: string]>> = {
  user: ["a statement", "run"],
  "user-setting": ["a SET of the file", "repeated"],
  begin: ["a transaction", "begun"],
  lock: ["the lock of the ledger", "taken"],
  unlock: ["the lock of the ledger", "released"],
  pin: ["the encoding of the session", "set"],
  reset: ["the role of the session", "reset"],
  setting: ["the settings of the session", "set"],
  "create-ledger": ["the ledger", "created or upgraded"],
  "repair-ledger": ["the ledger", "repaired"],
  "guard-session": ["the session", "checked"],
  "guard-ledger": ["the ledger", "checked"],
  "guard-lock": ["the lock of the ledger", "checked"],
  "guard-start": ["what is applied", "checked"],
  "guard-step": ["the step", "begun"],
  "guard-part": ["the next statement", "begun"],
  "guard-done": ["the outcome of a statement", "checked"],
  "take-locks": ["the locks", "taken"],
  intent: ["the next statement", "recorded in the ledger"],
  outcome: ["the outcome of a statement", "recorded in the ledger"],
  record: ["the record", "written to the ledger"],
  forget: ["the record of the interrupted step", "deleted from the ledger"],
  repair: ["what is half done", "cleaned up or finished"],
  cleanup: ["what is half done", "cleaned up or finished"],
  receipt: ["the receipt", "recorded in the ledger"],
  check: ["what is applied", "checked"],
  summary: ["what is applied", "read"],
  durations: ["the durations", "read"],
};

/** `of`: of which step, as ` of revision …`; empty where it is of none. */
export function notDone(purpose: keyof typeof WORK, of: string): string {
  const [what, done] = WORK[purpose];
  return `${what}${of} could not be ${done}`;
}
