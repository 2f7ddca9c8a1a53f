/** `migrate upgrade`. */
import { runCommandOf } from "../run.ts";

export default runCommandOf({
  name: "upgrade",
  summary: "Applies migrations up to a target (default: head); with --sql writes an offline script instead.",
  target: "TARGET",
  examples: [
    ["migrate upgrade head", "apply everything"],
    ["migrate upgrade +1", "apply the next one"],
    ["migrate upgrade billing@head", "one branch only"],
    ["migrate upgrade head --sql > migration.sql", "a script from nothing to head"],
    ["migrate upgrade 29f859a13ea1:head --sql", "a script from that revision on"],
  ],
});
