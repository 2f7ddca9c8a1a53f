/** A target → the files of its revisions, opened in the user's editor. */

import { MigrateError } from "../core/errors.ts";
import { nodeOf } from "../core/graph.ts";
import { thereAre } from "../core/only.ts";
import { shellWord } from "../core/shell.ts";
import { openEditor } from "../io/editor.ts";
import { show } from "./look.ts";
import type { Deps, ProjectOptions } from "./project.ts";

/** Opens them all at once, up before down, and waits. Throws `usage/no-editor`, `usage/editor`, `graph/…`. */
export async function edit(deps: Deps, target: string, options: ProjectOptions): Promise<readonly string[]> {
  const { project, revisions } = await show(deps, target, options);
  const files = revisions.flatMap((id) => {
    const { up, down } = nodeOf(project.graph, id).revision;
    return [up, down].flatMap((file) => file?.source.path ?? []);
  });
  if (files.length === 0) {
    throw new MigrateError({
      code: "graph/no-files",
      message:
        target === "current" ? "No current revisions" : `No revision files indicated by symbol '${target}'`,
      hint:
        target === "current"
          ? "nothing is applied; see: migrate status"
          : "list the revisions with: migrate history",
    });
  }
  // VISUAL goes before EDITOR, so only it can name another where it is set.
  const variable = deps.env["VISUAL"] ? "VISUAL" : "EDITOR";
  const another = `${variable}=vi migrate edit ${shellWord(target)}; ${thereAre("file", files)}`;
  const editor = deps.env[variable];
  if (!editor) {
    throw new MigrateError({
      code: "usage/no-editor",
      message: "no editor is configured: neither VISUAL nor EDITOR is set",
      hint: `for example: ${another}`,
    });
  }
  await openEditor(editor, files, { ...deps, hint: `use another this time, for example: ${another}` });
  return files;
}
