/** `migrate downgrade`. */
import { runCommandOf } from "../run.ts";

export default runCommandOf({
  name: "downgrade",
  summary: "Takes migrations back down to a target; with --sql writes the offline script instead.",
  target: "TARGET",
  examples: [
    ["migrate downgrade -1", "take the last one back"],
    ["migrate downgrade base", "take everything back"],
    ["migrate downgrade head:29f859a13ea1 --sql", "a script from head down to that revision"],
  ],
});
