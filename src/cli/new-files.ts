/** A pair of files that was written, and with `--json` more that is said of it → what `revision` and `merge` print. */
import type { NewRevision } from "../app/revision.ts";
import { sharedNumberText } from "../core/shared-numbers.ts";
import type { Printer } from "./print.ts";

export function printNew(
  { project, revision, parents, files, sharedNumbers }: NewRevision,
  printer: Printer,
  json: boolean,
  more: object = {},
): void {
  if (json) printer.json({ revision, parents, files, ...more });
  else for (const file of files) printer.data(file);
  for (const shared of sharedNumbers) printer.warn(sharedNumberText(project.graph, shared));
}
