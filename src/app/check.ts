/**
 * A project's files → what must be corrected before they are merged: several heads, SQL that does not parse, a schema
 * folder that differs from the migrations.
 */
import { counts } from "../core/diff/verdict.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { inOrder } from "../core/graph.ts";
import type { ServerVersion } from "../core/server-version.ts";
import { type SharedNumber, sharedNumbers } from "../core/shared-numbers.ts";
import { wayOutOf } from "../core/target.ts";
import { hasSchemaFolder } from "../io/schema-folder.ts";
import { checkSchema, type SchemaCheck } from "./check-schema.ts";
import { stepInputs } from "./compile.ts";
import type { Standing } from "./look.ts";
import { type Deps, openWarned, type Project, type ProjectOptions } from "./project.ts";

/** What can be checked without the database that is worked with. */
export const checks = ["single-head", "files", "schema"] as const;

export type CheckName = (typeof checks)[number];

export interface CheckOptions extends ProjectOptions {
  /** Default: all. */
  readonly only?: readonly CheckName[] | undefined;
  /** The servers that the files are for; default: the configuration's, else the newest that is known. */
  readonly serverVersion?: ServerVersion | undefined;
}

export interface Check {
  readonly project: Project;
  readonly checked: readonly CheckName[];
  /** Empty where there is nothing to clear up. */
  readonly findings: readonly Diagnostic[];
  /** Not findings: everything works with them. */
  readonly sharedNumbers: readonly SharedNumber[];
  /** Where the files were checked: how many, and for which servers; absent: for the newest. */
  readonly files?: { readonly count: number; readonly serverVersion?: ServerVersion };
  /** Absent where it was not checked: nobody has named a schema folder and there is none, or a file does not parse. */
  readonly schema?: SchemaCheck;
}

/** Runs nothing but on a scratch database, and that only for the schema folder. Throws as `openProject` and `checkSchema`. */
export async function check(deps: Deps, options: CheckOptions): Promise<Check> {
  const project = await openWarned(deps, options);
  const checked = checks.filter((name) => options.only?.includes(name) ?? true);
  const { graph, pattern, config } = project;
  const serverVersion = options.serverVersion ?? config.serverVersion;
  const parses = checked.includes("files");
  const faults = parses ? await faultsOfFiles(project, serverVersion) : [];
  const isNamed = options.only?.includes("schema") === true || config.origins["schema"] !== undefined;
  const schema =
    checked.includes("schema") && faults.length === 0 && (isNamed || hasSchemaFolder(config.schema))
      ? await checkSchema(deps, project)
      : undefined;
  return {
    project,
    checked: checked.filter((name) => name !== "schema" || schema !== undefined),
    findings: [
      ...(checked.includes("single-head") ? severalHeads(project) : []),
      ...faults,
      ...(schema === undefined ? [] : schemaDiffers(schema)),
    ],
    ...(schema === undefined ? {} : { schema }),
    sharedNumbers: sharedNumbers(graph, pattern),
    ...(parses
      ? {
          files: {
            count: [...project.migrations.values()].reduce((sum, { down }) => sum + (down ? 2 : 1), 0),
            ...(serverVersion === undefined ? {} : { serverVersion }),
          },
        }
      : {}),
  };
}

function schemaDiffers({ differences, rows }: SchemaCheck): readonly Diagnostic[] {
  if (rows.length === 0 && differences.every((difference) => !counts(difference))) return [];
  return [
    {
      code: "findings/schema-differs",
      message: "the schema folder and the migrations differ",
      hint: 'correct the schema files, or write a migration: migrate revision --autogenerate -m "…"',
    },
  ];
}

function severalHeads({ graph }: Project): readonly Diagnostic[] {
  if (graph.heads.length < 2) return [];
  return [
    {
      code: "findings/multiple-heads",
      message: "Multiple head revisions are present, but there should be one",
      hint: wayOutOf(graph, graph.heads),
    },
  ];
}

/** All that a run, up or down, would refuse of the files before it sends anything. */
async function faultsOfFiles(
  project: Project,
  server: ServerVersion | undefined,
): Promise<readonly Diagnostic[]> {
  const { graph, migrations } = project;
  const steps = inOrder(graph, graph.nodes.keys()).flatMap((revision) => [
    { direction: "up" as const, revision },
    ...(migrations.get(revision)!.down === undefined ? [] : [{ direction: "down" as const, revision }]),
  ]);
  try {
    await stepInputs(project, { kind: "upgrade", before: [], after: [], steps }, { serverVersion: server });
    return [];
  } catch (error) {
    if (error instanceof MigrateError) return error.diagnostics;
    throw error;
  }
}

/** What keeps a database from being at the heads of the files; empty where it is. */
export function headsFindings({ pending, unknown, interrupted }: Standing): readonly Diagnostic[] {
  const reasons = [
    ...(pending.length > 0
      ? [`${pending.length} pending (${pending[0]}${pending.length > 1 ? ", …" : ""}): migrate upgrade heads`]
      : []),
    ...(interrupted === undefined
      ? []
      : [`the ${interrupted.direction} of ${interrupted.revision} was interrupted: migrate status`]),
    ...(unknown.length > 0
      ? [`applied, but not a migration here: ${unknown.map((row) => row.revision).join(", ")}`]
      : []),
  ];
  if (reasons.length === 0) return [];
  return [
    {
      code: "findings/not-at-heads",
      message: "Database is not on all head revisions",
      hint: reasons.join("; "),
    },
  ];
}
