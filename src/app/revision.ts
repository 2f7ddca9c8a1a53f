/** A message and where to branch off → a new pair of migration files. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { MigrateError } from "../core/errors.ts";
import { formatFileName, nextNumber, slugOf } from "../core/filename.ts";
import { buildGraph } from "../core/graph.ts";
import type { Revision, RevisionId } from "../core/migration.ts";
import { newRevision } from "../core/new-revision.ts";
import { commentText } from "../core/quote.ts";
import { createFiles } from "../io/directory.ts";
import { type Deps, openProject, type Project, type ProjectOptions } from "./project.ts";

export interface RevisionOptions extends ProjectOptions {
  readonly message: string;
  /** Targets to follow: several make a merge, `base` makes a new root. Default: `head`. */
  readonly heads?: readonly string[] | undefined;
  /** Allow a parent that already has children. */
  readonly splice?: boolean | undefined;
  readonly branchLabels?: readonly string[] | undefined;
  readonly dependsOn?: readonly string[] | undefined;
  /** The id; default 12 random hex digits. */
  readonly revision?: RevisionId | undefined;
}

export interface NewRevision {
  readonly revision: RevisionId;
  readonly parents: readonly RevisionId[];
  /** Paths of the up and the down file, as shown to people. */
  readonly files: readonly string[];
}

/** Writes the pair. Throws `usage/…` and `graph/…`; an existing file is never touched. */
export async function createRevision(deps: Deps, options: RevisionOptions): Promise<NewRevision> {
  const project = await openProject(deps, options);
  const place = newRevision(project.graph, {
    ...(options.heads === undefined ? {} : { heads: options.heads }),
    splice: options.splice ?? false,
    dependsOn: options.dependsOn ?? [],
  });
  const created: Revision = {
    ...place,
    revision: options.revision ?? randomBytes(6).toString("hex"),
    branchLabels: options.branchLabels ?? [],
    message: options.message,
  };
  // Whether the id and the labels are free and legal is what the graph knows.
  buildGraph<Revision>([...project.migrations.values(), created]);
  const number = nextNumber([...project.migrations.values()].flatMap((m) => m.number ?? []));
  const slug = slugOf(options.message);
  const files = await createFiles(
    directoryFor(project, place.parents),
    [
      { name: formatFileName({ number, slug, half: "up" }), text: upText(created, deps.now()) },
      { name: formatFileName({ number, slug, half: "down" }), text: `-- revision: ${created.revision}\n\n` },
    ],
    deps,
  );
  return { revision: created.revision, parents: place.parents, files };
}

/** A new revision lands beside its parent; a base in the first directory. */
function directoryFor({ config, migrations }: Project, parents: readonly RevisionId[]): string {
  const parent = migrations.get(parents[0] ?? "");
  if (parent !== undefined) return path.dirname(parent.path);
  const [first] = config.directories;
  if (first !== undefined) return first;
  throw new MigrateError({ code: "usage/no-directory", message: "no folder of migrations is configured", hint: "begin with: migrate init" });
}

function upText({ revision, parents, dependsOn, branchLabels, message }: Revision, now: Date): string {
  const created = now.toISOString().replace("T", " ").replace(/\.\d+Z$/, "+00:00");
  return [
    `-- revision: ${revision}`,
    `-- parent: ${parents.join(", ") || "none"}`,
    ...(branchLabels.length > 0 ? [`-- branch-labels: ${branchLabels.join(", ")}`] : []),
    ...(dependsOn.length > 0 ? [`-- depends-on: ${dependsOn.join(", ")}`] : []),
    ...(message === "" ? [] : [`-- message: ${commentText(message)}`]),
    `-- created: ${created}`,
    "",
    "",
  ].join("\n");
}
