/** How V8 runs the command: for a short life, and in little memory. */
import { setFlagsFromString } from "node:v8";

/**
 * Sets V8's flags for this process. For the command alone: they hold for all that runs in it, and belong to what is
 * kept of compiled code, so they are set before the first of that is looked at. V8 leaves out what it does not know.
 */
export function tuneEngine(): void {
  // It would compile the hot parts of the SQL parsers a second time, to run faster. That takes 150 ms and 50 MB (550 MB
  // with Node 24), and what it then gains is not seen even in a migration of 10 MB. Node 24 does not take one flag alone.
  setFlagsFromString("--no-wasm-tier-up");
  setFlagsFromString("--no-wasm-dynamic-tiering");
  // It would let memory fill before it looks what of it is still needed: new objects may take 48 MB, old ones four times
  // what they last needed. That saves no time that could be measured, and takes 30 MB more for 1,000 migrations.
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=100");
  // With so few new objects at a time, to wake other threads for them takes longer than to look at them.
  setFlagsFromString("--no-parallel-scavenge");
}
