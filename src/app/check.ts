/**
 * A project's files → what must be corrected before they are merged: several heads, SQL that does not parse, a schema
 * folder that differs from the migrations.
 */
import { legendOf, moreIgnored } from "../core/catalog/compare.ts";
import { counts } from "../core/diff/verdict.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { inOrder } from "../core/graph.ts";
import type { RevisionId } from "../core/migration.ts";
import { besideNewer, doneBeside } from "../core/newer-release.ts";
import type { StepInput } from "../core/plan/step.ts";
import type { ServerVersion } from "../core/server-version.ts";
import { type SharedNumber, sharedNumbers } from "../core/shared-numbers.ts";
import { wayOutOf } from "../core/target.ts";
import { unfinishedText } from "../core/undoing.ts";
import { createGrammar } from "../io/grammar.ts";
import { hasSchemaFolder } from "../io/schema-folder.ts";
import type { Notice } from "../io/session/types.ts";
import { checkSchema, type SchemaCheck } from "./check-schema.ts";
import { stepInputs } from "./compile.ts";
import { isEmptyUp, leavesWhatItMakes } from "./empty-files.ts";
import { type Standing, unfinishedOf } from "./look.ts";
import { type Deps, openWarned, type Project, type ProjectOptions, withMigrations } from "./project.ts";

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
  /** Where the files were checked. */
  readonly files?: {
    readonly count: number;
    /** How many of them are of squashed migrations that do not count yet. */
    readonly waiting: number;
    /** For which servers; absent: for the newest. */
    readonly serverVersion?: ServerVersion;
    /**
     * Paths of the down files without a statement that leave what their up file creates; such an up fails the second time.
     * Not findings: it may be meant.
     */
    readonly emptyDowns: readonly string[];
    /** Of the up files without a statement, but for those that join what they follow. Not findings, either. */
    readonly emptyUps: readonly string[];
  };
  /** Absent where it was not checked: nobody has named a schema folder and there is none, or a file does not parse. */
  readonly schema?: SchemaCheck;
}

/** Runs nothing but on a scratch database, and that only for the schema folder. Throws as `openProject` and `checkSchema`. */
export async function check(deps: Deps, options: CheckOptions): Promise<Check> {
  const project = await openWarned(deps, options);
  const checked = checks.filter((name) => options.only?.includes(name) ?? true);
  const { graph, pattern, config } = project;
  const serverVersion = options.serverVersion ?? config.serverVersion;
  const files = checked.includes("files") ? await checkFiles(project, serverVersion) : undefined;
  const faults = files?.faults ?? [];
  const isNamed = options.only?.includes("schema") === true || config.origins["schema"] !== undefined;
  const looksAtSchema = checked.includes("schema") && (isNamed || hasSchemaFolder(config.schema, deps));
  const others = checked.filter((name) => name === "files" || (name === "schema" && looksAtSchema));
  const found = [...(checked.includes("single-head") ? severalHeads(project, others) : []), ...faults];
  const schema =
    looksAtSchema && faults.length === 0
      ? await checkSchema(deps, project).catch((error: unknown) => {
          throw besides(error, found);
        })
      : undefined;
  return {
    project,
    checked: checked.filter((name) => name !== "schema" || schema !== undefined),
    findings: [...found, ...(schema === undefined ? [] : schemaDiffers(schema))],
    ...(schema === undefined ? {} : { schema }),
    sharedNumbers: sharedNumbers(graph, pattern),
    ...(files === undefined ? {} : { files: files.checked }),
  };
}

/** An error that ends the check, with what was found before: it would be told only once that is mended. */
const besides = (error: unknown, found: readonly Diagnostic[]): unknown =>
  error instanceof MigrateError
    ? new MigrateError(error, { diagnostics: [...error.diagnostics, ...found], cause: error })
    : error;

function schemaDiffers({ differences, ignored, rows }: SchemaCheck): readonly Diagnostic[] {
  const differ = differences.some(counts);
  if (rows.length === 0 && !differ) return [];
  const legend = differ ? ` ${legendOf("the migrations", "the schema folder")}` : "";
  return [
    {
      code: "findings/schema-differs",
      message: `the schema folder and the migrations differ${legend}${moreIgnored(ignored)}`,
      hint: 'correct the schema files, or write a migration: migrate revision --autogenerate -m "…"',
    },
  ];
}

/** `others`: the checks that are left where several heads are meant. */
function severalHeads({ graph }: Project, others: readonly CheckName[]): readonly Diagnostic[] {
  if (graph.heads.length < 2) return [];
  const alone = others.map((name) => ` --${name}`).join("");
  return [
    {
      code: "findings/multiple-heads",
      message: "Multiple head revisions are present, but there should be one",
      hint: `${wayOutOf(graph, graph.heads)}${alone === "" ? "" : `\nif several are meant, check the rest alone:\n    migrate check${alone}`}`,
    },
  ];
}

/** What is wrong with the files, also with those of squashed migrations that wait for their time. */
async function checkFiles(
  project: Project,
  serverVersion: ServerVersion | undefined,
): Promise<{ readonly faults: readonly Diagnostic[]; readonly checked: NonNullable<Check["files"]> }> {
  const { inputs, faults } = await readFiles(project, serverVersion);
  const version = serverVersion === undefined ? {} : { serverVersion };
  const checked = {
    count: filesIn(project),
    waiting: 0,
    ...version,
    emptyDowns: await emptyDowns(project, inputs, serverVersion),
    emptyUps: inputs.flatMap(({ direction, revision, statements, path }) =>
      direction === "up" && isEmptyUp(project.migrations.get(revision)!, statements.length) ? [path] : [],
    ),
  };
  if (project.dormant.length === 0) return { faults, checked };
  const waiting = waitingProject(project);
  const count = filesIn(waiting);
  return {
    faults: [...faults, ...(await readFiles(waiting, serverVersion)).faults],
    checked: { ...checked, count: checked.count + count, waiting: count },
  };
}

/** The squashed migrations that wait for their time, each for itself: what they follow is in the project. */
const waitingProject = (project: Project): Project =>
  withMigrations(
    project,
    project.dormant.map((each) => ({ ...each, parents: [], dependsOn: [], branchLabels: [], replaces: [] })),
  );

const filesIn = ({ migrations }: Project): number =>
  [...migrations.values()].reduce((sum, { down }) => sum + (down ? 2 : 1), 0);

/** The files as a run, up or down, would send them; or all that it would refuse of them before it sends anything. */
export async function readFiles(
  project: Project,
  server: ServerVersion | undefined,
): Promise<{ readonly inputs: readonly StepInput[]; readonly faults: readonly Diagnostic[] }> {
  const { graph, migrations } = project;
  const steps = inOrder(graph, graph.nodes.keys()).flatMap((revision) => [
    { direction: "up" as const, revision },
    ...(migrations.get(revision)!.down === undefined ? [] : [{ direction: "down" as const, revision }]),
  ]);
  const all = { kind: "upgrade", before: [], after: [], steps } as const;
  try {
    return { inputs: await stepInputs(project, all, { serverVersion: server }), faults: [] };
  } catch (error) {
    if (error instanceof MigrateError) return { inputs: [], faults: error.diagnostics };
    throw error;
  }
}

async function emptyDowns(
  { migrations }: Project,
  inputs: readonly StepInput[],
  server: ServerVersion | undefined,
): Promise<readonly string[]> {
  const grammar = createGrammar(server);
  const paths: string[] = [];
  for (const { direction, revision, statements, path } of inputs) {
    if (direction === "up" || statements.length > 0) continue;
    if (await leavesWhatItMakes(migrations.get(revision)!, grammar)) paths.push(path);
  }
  return paths;
}

export interface HeadsOptions {
  /**
   * Applied revisions that no file has are taken for those of a newer release, as in an upgrade with `allowAhead`; so is a step
   * of one that is under way or was interrupted.
   */
  readonly allowAhead?: boolean | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
}

/** What keeps a database from being at the heads of the files; empty where it is. */
export function headsFindings(
  standing: Standing,
  { allowAhead = false, onNotice }: HeadsOptions = {},
): readonly Diagnostic[] {
  if (!allowAhead) return awayFromHeads(standing);
  const { interrupted, underWay, ...rest } = standing;
  const { project, applied, pending } = rest;
  const intent = unfinishedOf(standing);
  const beside = besideNewer(project.graph, { applied, ...(intent && { intent }) });
  const { fault, notice } = doneBeside(beside, pending, "heads");
  if (fault !== undefined) return [{ code: NOT_AT_HEADS, ...fault }];
  if (notice === undefined) return awayFromHeads(standing);
  onNotice?.({ severity: "NOTICE", message: notice });
  return awayFromHeads({ ...(beside.begun === undefined ? standing : rest), unknown: [] });
}

/** The same of one that may not be the project's own, and what it is called. */
export function awayFromHeads(
  { pending, unknown, interrupted, underWay }: Standing,
  name = "Database",
): readonly Diagnostic[] {
  // No upgrade goes by them.
  const first = [
    ...(unknown.length > 0
      ? [`see what to do about ${inShort(unknown.map(({ revision }) => revision))} with: migrate status`]
      : []),
    ...(underWay === undefined ? [] : [`${unfinishedText(underWay)}; wait for that`]),
    ...(interrupted === undefined
      ? []
      : [`${unfinishedText(interrupted)}; to finish or discard it, see: migrate status`]),
  ];
  const reasons = [
    ...first,
    ...(pending.length === 0
      ? []
      : [
          `${first.length > 0 ? "then " : ""}apply what is pending (${inShort(pending)}) with: migrate upgrade heads`,
        ]),
  ];
  if (reasons.length === 0) return [];
  return [
    {
      code: NOT_AT_HEADS,
      message:
        pending.length > 0
          ? `${name} is not on all head revisions`
          : interrupted !== undefined
            ? `${name} has an interrupted step`
            : underWay !== undefined
              ? `${name} has a step under way`
              : `${name} has revisions that are no migrations here`,
      hint: reasons.join("; "),
    },
  ];
}

const inShort = ([first, ...others]: readonly RevisionId[]): string =>
  `${first}${others.length > 0 ? ` and ${others.length} more` : ""}`;

const NOT_AT_HEADS = "findings/not-at-heads";
