/** A request with a range → the plan of its script; no database is asked, unless it is to say where to start. */

import { fields, flag, type Rules } from "../core/arguments.ts";
import { MigrateError } from "../core/errors.ts";
import { ancestors } from "../core/graph.ts";
import type { Ledger } from "../core/ledger/calls.ts";
import { FORMAT } from "../core/ledger/format.ts";
import type { Applied } from "../core/ledger/types.ts";
import { asOptions } from "../core/option-names.ts";
import { defaultForm, refuseForm, refuseLayout, type ScriptForm } from "../core/plan/script.ts";
import type { Plan } from "../core/plan/types.ts";
import { projectWords } from "../core/project-flags.ts";
import { settledRows } from "../core/replaced.ts";
import { majorOf } from "../core/server-version.ts";
import { shellWord } from "../core/shell.ts";
import { appliedAfter, currentHeads, idsOf, type Step, targetMeant } from "../core/steps.ts";
import { type CompileOptions, compileRules, compileSteps, type Resume } from "./compile.ts";
import { connect } from "./connect.ts";
import { warnOfNewer } from "./effects.ts";
import { warnOfEmptyFiles } from "./empty-files.ts";
import type { OtherArgument } from "./options.ts";
import { readLedgers, refuseInconsistent, refuseOther } from "./other-ledger.ts";
import {
  computing,
  type Deps,
  openWarned,
  type Project,
  type ProjectOptions,
  projectRules,
} from "./project.ts";
import { interruptedFirst, resumedByScript, unfinished, warnOfHalf } from "./resume.ts";
import {
  conversionSteps,
  endOf,
  type Request,
  refuseOfOthers,
  type Steps,
  stepsFrom,
  stepsOfRange,
} from "./steps.ts";
import { refuseUnrecorded } from "./unrecorded.ts";
import { comparedSteps } from "./verify.ts";

export interface OfflineOptions extends ProjectOptions, CompileOptions {
  /** Read from the database, without writing to it, what is applied; the request then has no start of its own. */
  readonly fromDatabase?: boolean | undefined;
  /** How the script will be laid out. */
  readonly form?: ScriptForm | undefined;
  /** Of an upgrade: plan also what takes back exactly its steps. */
  readonly withDowngrade?: boolean | undefined;
}

export const offlineRules: Rules<OfflineOptions> = {
  ...projectRules,
  ...compileRules,
  fromDatabase: flag,
  form: fields,
  withDowngrade: flag,
};

/** To those who look for one of them where something is run. */
export const inScript: OtherArgument = { rules: offlineRules, place: "the options of offline, for a script" };

/** The plan of a script, the SQL of its ledger and its form: what `renderScript` and `renderSplit` take. */
export interface Offline {
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly form: ScriptForm;
  /** What takes it back, where that was asked for. */
  readonly back?: Plan;
}

/**
 * Plans the script for `start:end` (or `end`, from base). Throws `MigrateError` of kind usage (a form that cannot be
 * had; `usage/irreversible-range`: a way back that there is not), source or graph.
 */
export async function offline(deps: Deps, request: Request, options: OfflineOptions = {}): Promise<Offline> {
  const { singleTransaction = false, idempotent = false } = options;
  const asked = options.form ?? defaultForm;
  refuseOfOthers(request, { ...options, lockRetries: asked.lockRetries });
  refuseForm(asked, { kind: request.kind, singleTransaction, idempotent }, deps.names);
  if (request.kind === "stamp" && request.purge === true) throw purgeInScript(deps);
  const project = await openWarned(deps, options);
  if (options.fromDatabase === true) refuseRange(project, request, deps);
  const plans =
    options.fromDatabase === true
      ? await plansFromDatabase(deps, project, request, options)
      : await plansOf(deps, project, stepsOfRange(project, request, deps), {
          ...options,
          serverVersion: options.serverVersion ?? project.config.serverVersion,
        });
  const form = {
    ...asked,
    project: projectWords(options),
    flags: [...flagsOf(options), ...versionFlag(options, plans.plan)],
    lockRetries: asked.lockRetries ?? project.config.lockRetries,
  };
  for (const plan of Object.values(plans)) {
    refuseLayout(plan, form, deps.names);
    await warnOfEmptyFiles(
      project,
      plan,
      options.serverVersion ?? project.config.serverVersion,
      deps.onNotice,
    );
  }
  return { ...plans, ledger: project.ledger, form };
}

/** What changes the script, beside its range, the server that it is for, and what else its title says. */
function flagsOf(options: OfflineOptions): readonly string[] {
  const { client, annotate, lockRetries } = options.form ?? defaultForm;
  const given: Readonly<Record<string, boolean | string | undefined>> = {
    idempotent: options.idempotent,
    "single-transaction": options.singleTransaction,
    client: client === defaultForm.client ? undefined : client,
    "no-annotate": !annotate,
    "lock-timeout": options.lockTimeout,
    "statement-timeout": options.statementTimeout,
    "lock-retries": lockRetries?.toString(),
    "expect-database": options.expectDatabase,
    "expect-role": options.expectRole,
  };
  return [
    ...projectWords(options),
    ...Object.entries(given).flatMap(([name, value]) =>
      value === undefined || value === false
        ? []
        : [value === true ? `--${name}` : `--${name} ${shellWord(value)}`],
    ),
  ];
}

/** What the database said that it starts from stays said where that is not asked. */
function versionFlag({ serverVersion, fromDatabase }: OfflineOptions, { place }: Plan): readonly string[] {
  const found = fromDatabase === true ? place.minimumVersion : undefined;
  const version = serverVersion?.text ?? (found === undefined ? undefined : `${majorOf(found)}`);
  return version === undefined ? [] : [`--server-version ${shellWord(version)}`];
}

/** The plan of the steps, and of their way back where that is asked for. */
function plansOf(
  deps: Deps,
  project: Project,
  steps: Steps,
  options: OfflineOptions,
  resume?: Resume,
): Promise<Pick<Offline, "plan" | "back">> {
  warnOfNewer(deps, options.serverVersion);
  const compiling = {
    effects: true,
    privileges: true,
    ...options,
    names: deps.names,
    flags: flagsOf(options),
  };
  return computing(deps, project, async () => {
    const plan = await compileSteps(project, steps, "script", {
      ...compiling,
      ...(resume === undefined ? {} : { resume }),
    });
    if (options.withDowngrade !== true) return { plan };
    if (options.idempotent === true && steps.steps.length > 0) warnOfDone(deps, steps);
    // It is the upgrade that may be refused for what it does to others.
    const back = { ...compiling, failOn: undefined };
    return { plan, back: await compileSteps(project, wayBack(project, steps, deps), "script", back) };
  });
}

/** Which of them the first script finds done is known only when it is run. */
function warnOfDone({ onNotice, names = asOptions }: Deps, { steps }: Steps): void {
  const all = steps.length === 1 ? "its step" : `all ${steps.length} steps`;
  const message = `the script of ${names.short("withDowngrade")} takes back ${all}, also what the first script finds done when it is run`;
  onNotice?.({ severity: "WARNING", message });
}

/** The same steps the other way round. Throws `usage/irreversible-range`. */
function wayBack(
  { graph, migrations }: Project,
  { before, after, steps }: Steps,
  { names = asOptions }: Pick<Deps, "names">,
): Steps {
  const irreversible = idsOf(steps).filter((revision) => migrations.get(revision)?.down === undefined);
  const below = ancestors(graph, irreversible);
  const back = steps
    .filter(({ revision }) => !below.has(revision))
    .map(({ revision }): Step => ({ direction: "down", revision }))
    .toReversed();
  const way: Steps = { kind: "downgrade", before: after, after: appliedAfter(after, back), steps: back };
  const last = irreversible.at(-1);
  if (last === undefined) return { ...way, after: before };
  const end = endOf(graph, way);
  const how =
    back.length === 0
      ? ": nothing that the script applies can be taken back"
      : end === undefined
        ? ""
        : `, and write how far it goes with: migrate downgrade ${currentHeads(graph, after).join(",")}:${end} --sql`;
  throw new MigrateError({
    code: "usage/irreversible-range",
    message: `${names.short("withDowngrade")}: revision ${last} cannot be downgraded: ${migrations.get(last)?.up.header.irreversible}`,
    hint: `leave out ${names.short("withDowngrade")}${how}`,
  });
}

/** A script cannot name the rows that it would have to forget. */
const purgeInScript = ({ names = asOptions }: Pick<Deps, "names">): MigrateError =>
  new MigrateError({
    code: "usage/exclusive-flags",
    message: names.either(
      "Can't use --purge with --sql mode",
      "purge works only with run, and not in a script",
    ),
    hint: names.either(
      "give the applied revisions instead: migrate stamp --sql FROM:TO; or run it: migrate stamp --purge TO",
      'give the applied revisions instead: targets: ["FROM:TO"]',
    ),
  });

/** Who lets the database say where it stands does not say it as well. Throws `usage/range-not-allowed`. */
function refuseRange({ graph }: Project, request: Request, { names = asOptions }: Pick<Deps, "names">): void {
  const targets = request.kind === "stamp" ? request.targets : [request.target];
  const range = targets.find((target) => target.includes(":"));
  if (range === undefined) return;
  const { target = "head", isReversed } = targetMeant(graph, request.kind, range);
  throw new MigrateError({
    code: "usage/range-not-allowed",
    message: `${names.short("fromDatabase")} reads the start from the database, but '${range}' gives one as well`,
    hint: `give only the target: ${target}${isReversed ? "" : `; or leave out ${names.short("fromDatabase")}`}`,
  });
}

async function plansFromDatabase(
  deps: Deps,
  project: Project,
  request: Request,
  options: OfflineOptions,
): Promise<Pick<Offline, "plan" | "back">> {
  const session = await connect(deps, project.config);
  try {
    const ledgers = await readLedgers(session, project.ledger);
    refuseInconsistent(project, ledgers);
    if (request.kind === "upgrade") {
      refuseOther(project, ledgers);
      await refuseUnrecorded(project, session, ledgers.state);
    }
    const { applied, intent, format } = ledgers.state;
    const rows = settledRows(project.graph, applied);
    if (intent !== undefined && request.kind !== "stamp" && options.idempotent !== true)
      throw await unfinished(project, idsOf(rows), intent, "script");
    if (format !== undefined && format !== FORMAT) {
      throw new MigrateError({
        code: "state/ledger-format",
        message: `the ledger has format ${format}, but scripts need format ${FORMAT}`,
        hint: "upgrade it first: migrate ensure-version (--sql writes a script)",
      });
    }
    const compared = await comparedSteps(
      project,
      rows,
      () => stepsOf(project, request, applied),
      deps.onNotice,
    );
    const steps =
      intent === undefined ? compared : await interruptedFirst(project, compared, intent, "script");
    if (intent !== undefined) await warnOfHalf(project, session, steps, intent, "script", deps.onNotice);
    const serverVersion = options.serverVersion ?? session.version;
    const known = { ...options, serverVersion };
    if (intent === undefined) return await plansOf(deps, project, steps, known);
    return await plansOf(deps, project, steps, known, {
      intent,
      resumed: (step) => resumedByScript(project, session, step, intent, steps.before),
    });
  } finally {
    await session.close();
  }
}

/**
 * A stamp of what is applied is what lets the ledger name a squashed revision. Throws `state/replaced` for any other step
 * before it.
 */
function stepsOf(project: Project, request: Request, applied: readonly Applied[]): Steps {
  const conversion = conversionSteps(project, applied);
  if (conversion === undefined) return stepsFrom(project, request, applied);
  const { squashed, after } = conversion;
  const rows = after.map((revision) => ({ revision }));
  const isThat = (stamp: Request & { readonly kind: "stamp" }): boolean =>
    stepsFrom(project, stamp, rows).steps.length === 0;
  if (request.kind === "stamp" && isThat(request)) return conversion;
  // Of the squashed revision itself it would take what is applied above it out of the ledger.
  const heads = currentHeads(project.graph, after);
  throw new MigrateError({
    code: "state/replaced",
    message: `the ledger still names the revisions that ${squashed.join(", ")} ${squashed.length === 1 ? "replaces" : "replace"}`,
    hint: isThat({ kind: "stamp", targets: heads })
      ? `record the change first (as a script: add --sql --from-database): migrate stamp ${heads.map(shellWord).join(" ")}`
      : "a run records the change; no script can while something is missing below what is applied; see: migrate verify",
  });
}
