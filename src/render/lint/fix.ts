/** What `migrate lint --fix` did, or would do → the lines and the JSON of it. */
import type { FileChange } from "../../core/fix/files.ts";
import type { FixedMigration, LeftAsItIs } from "../../core/fix/fixed.ts";
import { unifiedDiff } from "../unified-diff.ts";

/** The changes as `git apply` and `patch` take them. */
export const diffLines = (files: readonly FileChange[]): readonly string[] =>
  files.flatMap(({ path, before, after }) => unifiedDiff(path, before, after));

export function fixedText({ revisions: [revision, ...others], rules }: FixedMigration): string {
  const list = rules.join(", ");
  return others.length === 0
    ? `${revision}: fixed ${list}`
    : `${revision}: fixed ${list}; it continues in ${others.join(", ")}`;
}

export function leftText({ path, line, rules, reason }: LeftAsItIs): string {
  return `${path}${line === undefined ? "" : `:${line}`}: ${rules.join(", ")}: left as it is: ${reason}`;
}

/** A file with its diff instead of its texts. */
export const fileJson = (file: FileChange): object => ({
  path: file.path,
  created: file.before === undefined,
  diff: diffLines([file]),
});
