/** A project → the templates for its new revisions. */

import { MigrateError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { thereAre } from "../core/only.ts";
import { templateDescription } from "../core/template.ts";
import { readTemplates, type Template } from "../io/templates.ts";
import { type Deps, openConfig, type ProjectOptions } from "./project.ts";

export interface ListedTemplate {
  readonly name: string;
  /** What it is for, in its own words. */
  readonly description: string;
  /** Of the up file. */
  readonly path: string;
  /** In the project's own folder of templates. */
  readonly own: boolean;
}

/** By name. Throws `usage/…`. */
export async function listTemplates(deps: Deps, options: ProjectOptions): Promise<readonly ListedTemplate[]> {
  const config = await openConfig(deps, options);
  return [...readTemplates(config.templates, deps).values()].map(({ name, up, own }) => ({
    name,
    description: templateDescription(up.text),
    path: up.path,
    own,
  }));
}

/** The template of a name. Throws `usage/unknown-template`, which lists what there is. */
export function findTemplate(name: string, ownFolder: string | undefined, deps: Deps): Template {
  const templates = readTemplates(ownFolder, deps);
  const found = templates.get(name);
  if (found !== undefined) return found;
  const meant = nearest(name, templates.keys());
  throw new MigrateError({
    code: "usage/unknown-template",
    message: `template '${name}' does not exist`,
    hint: `${meant === undefined ? "" : `did you mean ${meant}? `}${thereAre("template", [...templates.keys()])}; see: migrate list-templates`,
  });
}
