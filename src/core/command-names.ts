/** The commands, whose names messages propose to type. */
export const commandNames: readonly string[] = [
  ...["init", "revision", "merge", "dev", "squash", "baseline", "edit", "adopt", "list-templates"],
  ...["check", "lint", "review", "trace", "test"],
  ...["upgrade", "downgrade", "stamp", "repair", "ensure-version"],
  ...["status", "current", "history", "graph", "heads", "branches", "show", "verify", "drift", "dump", "log"],
  ...["receipt", "config", "doctor", "completion"],
];
