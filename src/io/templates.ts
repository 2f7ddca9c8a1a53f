/** Folders of templates → their texts: the ones that are shipped, and the user's own. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { MigrateError } from "../core/errors.ts";
import type { Direction } from "../core/header-keys.ts";
import type { Source } from "../core/source.ts";
import { unreadableFolder } from "./directory.ts";
import { codeOf, readText } from "./files.ts";

/** A pair of files `NAME.up.sql` and, if there is something to take back, `NAME.down.sql`. */
export interface Template {
  readonly name: string;
  readonly up: Source;
  readonly down?: Source;
  /** In the user's own folder. */
  readonly own: boolean;
}

/**
 * Every template by name, the user's own in place of a shipped one of that name. Throws `usage/no-templates` where
 * the user's folder is not there.
 */
export function readTemplates(
  ownFolder: string | undefined,
  { cwd }: { readonly cwd: string },
): ReadonlyMap<string, Template> {
  const templates = new Map(inFolder(shippedFolder(), cwd, false));
  if (ownFolder === undefined) return templates;
  try {
    for (const [name, template] of inFolder(ownFolder, cwd, true)) templates.set(name, template);
  } catch (error) {
    const shown = shownPath(ownFolder, cwd);
    if (error instanceof MigrateError) throw error;
    if (codeOf(error) !== "ENOENT")
      throw unreadableFolder(shown, error, 'name another with "templates" in the config file');
    throw new MigrateError({
      code: "usage/no-templates",
      message: `the templates folder ${shown} does not exist`,
      hint: 'create it, or remove "templates" from the config file; the shipped templates are always available',
    });
  }
  return new Map([...templates].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function inFolder(folder: string, cwd: string, own: boolean): [string, Template][] {
  const files = new Set(readdirSync(folder));
  const source = (name: string, direction: Direction): Source => {
    const path = shownPath(join(folder, `${name}.${direction}.sql`), cwd);
    return { path, text: readText(path, { cwd }).replace(/^\ufeff/, "") };
  };
  return [...files]
    .flatMap((file) => /^([^.].*)\.up\.sql$/.exec(file)?.[1] ?? [])
    .sort()
    .map((name): [string, Template] => {
      const down = files.has(`${name}.down.sql`) ? { down: source(name, "down") } : {};
      return [name, { name, up: source(name, "up"), ...down, own }];
    });
}

/** `sql/templates` of this package, which is above this file wherever it was built to. */
function shippedFolder(): string {
  const begin = dirname(fileURLToPath(import.meta.url));
  for (let folder = begin; folder !== dirname(folder); folder = dirname(folder)) {
    const templates = join(folder, "sql", "templates");
    if (existsSync(join(templates, "default.up.sql"))) return templates;
  }
  throw new Error(`sql/templates is missing above ${begin}`);
}

function shownPath(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return (below.startsWith("..") ? path : below).replaceAll(sep, "/");
}
