/** `migrate downgrade`. */
import { runCommandOf } from "../run.ts";

export default runCommandOf({
  name: "downgrade",
  summary: "Undoes migrations down to a target; with --sql writes an offline script instead.",
  target: "TARGET",
  examples: [
    ["migrate downgrade -1", "undo the last one"],
    ["migrate downgrade base", "undo everything"],
    ["migrate downgrade head:29f859a13ea1 --sql", "a script from head down to that revision"],
  ],
});
