/**
 * Each verb that takes `deps` and options → the same, whose options are checked before anything is opened: a caller may have
 * no types; and the functions over values, whose arguments are looked at. `upgrade`, `downgrade` and `migratedDatabase`, which
 * take both as one, check theirs themselves.
 */

import {
  argument,
  checkArgument,
  checkArguments,
  checkCount,
  checked as checkedOver,
  checkedSole,
  count,
  filled,
  flag,
  type Rules,
  required,
  texts as strings,
} from "../core/arguments.ts";
import * as graphs from "../core/graph.ts";
import * as histories from "../core/history.ts";
import * as newRevisions from "../core/new-revision.ts";
import * as receipts from "../core/receipt.ts";
import * as planned from "../core/steps.ts";
import * as adoptions from "./adopt.ts";
import * as adoptedDatabases from "./adopt-database.ts";
import * as adoptProofs from "./adopt-prove.ts";
import * as generated from "./autogenerate.ts";
import * as baselines from "./baseline.ts";
import * as checks from "./check.ts";
import * as configs from "./config.ts";
import { type ConnectOptions, connectRules } from "./connect.ts";
import * as rounds from "./dev.ts";
import * as doctor from "./doctor.ts";
import * as drifts from "./drift.ts";
import * as dumps from "./dump.ts";
import * as editors from "./edit.ts";
import * as ledgers from "./ensure.ts";
import * as fixes from "./fix.ts";
import * as inits from "./init.ts";
import * as lints from "./lint.ts";
import * as logs from "./log.ts";
import * as looks from "./look.ts";
import * as orders from "./merge-orders.ts";
import * as scripts from "./offline.ts";
import {
  address,
  assignments,
  callback,
  checkOptions,
  inOptions,
  type OtherArgument,
  optionsOf,
  serverVersion,
  someOf,
  target,
  text,
  texts,
} from "./options.ts";
import * as projects from "./project.ts";
import { checkDeps, type Deps, inDeps, type ProjectOptions, projectRules } from "./project.ts";
import * as removals from "./remove.ts";
import * as repairs from "./repair.ts";
import * as reviews from "./review.ts";
import * as revisions from "./revision.ts";
import * as runs from "./run.ts";
import { sendRules } from "./send.ts";
import * as squashes from "./squash.ts";
import { checkRequest, inRequest, type Request } from "./steps.ts";
import * as templates from "./templates.ts";
import * as tests from "./test.ts";
import { carriedIn, carriedOf, told, toldOf } from "./told.ts";
import * as traces from "./trace.ts";
import * as verifications from "./verify.ts";

// ── rules that several share ────────────────────────────────────────────────────────────────────────────────────

const onScratch = callback;

const revisionRules: Rules<revisions.RevisionOptions> = {
  ...projectRules,
  message: required(text),
  heads: filled(texts),
  splice: flag,
  branchLabels: texts,
  dependsOn: texts,
  revision: text,
  template: text,
  versionPath: text,
};
const { heads: _, dependsOn: __, ...joiningRules } = revisionRules;
const { splice, template, ...oneFileRules } = joiningRules;
const { template: ___, ...generatedRules } = revisionRules;

const lintRules: Rules<lints.LintOptions> = {
  ...projectRules,
  which: texts,
  since: text,
  all: flag,
  serverVersion,
};
const { all, ...fixRules } = lintRules;

const adoptRules: Rules<adoptions.AdoptOptions> = {
  ...projectRules,
  folder: required(text),
  tool: text,
  command: text,
  table: text,
  to: text,
  write: flag,
};
const { to, write, ...proofRules } = adoptRules;

const { connection, ...withoutConnection } = connectRules;

const dumpRules: Rules<dumps.DumpOptions> = {
  ...projectRules,
  onScratch,
  revision: target,
  ignore: texts,
  output: text,
  folder: text,
};

// ── the verbs ───────────────────────────────────────────────────────────────────────────────────────────────────

type Verb<Options, Result> = (deps: Deps, options: Options) => Promise<Result>;

/** The verb, which rejects with `usage/option` where an option is missing, is not known or cannot be taken. */
const checked =
  <Options extends object, Result>(
    verb: Verb<Options, Result>,
    rules: Rules<Options>,
  ): Verb<Options, Result> =>
  async (...given) => {
    const [deps, options] = given;
    checkDeps(deps, [inOptions(rules, "second")]);
    checkOptions(options, rules, [inDeps]);
    checkCount(given, ["deps", "options"]);
    return await told(deps, options, verb);
  };

/** The same of one that takes a target before its options. */
const checkedAt =
  <Result>(verb: (deps: Deps, at: string, options: ProjectOptions) => Promise<Result>): typeof verb =>
  async (...given) => {
    const [deps, at, options] = given;
    checkDeps(deps, [inOptions(projectRules, "third")]);
    checkArgument("target", at, target);
    checkOptions(options, projectRules, [inDeps]);
    checkCount(given, ["deps", "target", "options"]);
    return await told(deps, options, (deps, options) => verb(deps, at, options));
  };

/** The same of one that takes a request before its options, of which there may be none. */
const checkedFor =
  <Options extends object, Result>(
    verb: (deps: Deps, request: Request, options?: Options) => Promise<Result>,
    rules: Rules<Options>,
    others: readonly OtherArgument[] = [],
  ): typeof verb =>
  async (...given) => {
    const [deps, request, options] = given;
    const third = inOptions(rules, "third");
    checkDeps(deps, [third, inRequest]);
    checkRequest(request, [third, inDeps]);
    if (options !== undefined) checkOptions(options, rules, [inRequest, inDeps, ...others]);
    checkCount(given, ["deps", "request", "options"]);
    return await told(deps, options ?? ({} as Options), (deps, options) => verb(deps, request, options));
  };

export const adopt = checked(adoptions.adopt, adoptRules);
export const adoptDatabase = checked(adoptedDatabases.adoptDatabase, {
  ...projectRules,
  folder: required(text),
  tool: text,
  table: text,
  write: flag,
});
export const autogenerate = checked(generated.autogenerate, {
  ...generatedRules,
  onScratch,
  desired: address,
  renames: texts,
  allowLoss: flag,
  allowRebuild: texts,
  ignore: texts,
  online: flag,
  ask: callback,
});
export const baseline = checked(baselines.baseline, { ...oneFileRules, ignore: texts, onScratch });
export const check = checked(
  async (deps: Deps, options: checks.CheckOptions) => {
    const found = await checks.check(deps, options);
    return { ...found, findings: carriedIn(found.findings, deps, options) };
  },
  { ...projectRules, only: filled(someOf(...checks.checks)), serverVersion },
);
export const checkConfig = checked(configs.checkConfig, projectRules);
export const compareOrders: typeof orders.compareOrders = async (...given) => {
  const [deps, options, ids] = given;
  checkDeps(deps, [inOptions(projectRules, "second")]);
  checkOptions(options, projectRules, [inDeps]);
  checkArgument("revisions", ids, texts);
  checkCount(given, ["deps", "options", "revisions"]);
  return await told(deps, options, (deps, options) => orders.compareOrders(deps, options, ids));
};
export const createRevision = checked(revisions.createRevision, revisionRules);
export const dev = checked(rounds.dev, {
  ...projectRules,
  onScratch,
  once: flag,
  onDatabase: flag,
  onStart: callback,
  onRound: required(callback),
  onError: required(callback),
});
export const diagnose = checked(async (deps: Deps, options: ProjectOptions) => {
  const { settings, checks } = await doctor.diagnose(deps, options);
  return { settings, checks: carriedIn(checks, deps, options) };
}, projectRules);
export const drift = checked(drifts.drift, {
  ...projectRules,
  ...withoutConnection,
  onScratch,
  ignore: texts,
});
export const dump = checked(dumps.dump, dumpRules);
export const edit = checkedAt(editors.edit);
export const ensureLedger = checked(ledgers.ensureLedger, { ...projectRules, ...sendRules });
export const fix = checked(fixes.fix, { ...fixRules, onScratch, dryRun: flag });
export const history = checked(looks.history, {
  ...projectRules,
  range: text,
  last: count,
  indicateCurrent: flag,
});
export const init = checked(inits.init, {
  ...{ directory: text, template: text },
  ...{ database: address, environment: text, variables: assignments },
});
export const ledgerScript = checked(ledgers.ledgerScript, projectRules);
export const lint = checked(lints.lint, lintRules);
export const listTemplates = checked(templates.listTemplates, projectRules);
export const mergeRevisions = checked(revisions.mergeRevisions, {
  ...joiningRules,
  message: text,
  targets: required(texts),
});
export const offline = checkedFor(scripts.offline, scripts.offlineRules, [runs.inRun]);
export const openProject = checked(
  (deps: Deps, options: ProjectOptions) => projects.openProject(deps, options),
  projectRules,
);
export const proveAdoption = checked(adoptProofs.proveAdoption, { ...proofRules, down: flag, onScratch });
export const readLog = checked(logs.readLog, { ...projectRules, last: required(count) });
export const readState = checked(looks.readState, { ...projectRules, ...connectRules });
export const removeRevision = checked(removals.removeRevision, { ...projectRules, head: target, yes: flag });
export const repair = checked(repairs.repair, {
  ...projectRules,
  ...connectRules,
  ...sendRules,
  forget: texts,
  dryRun: flag,
  script: flag,
  confirm: callback,
});
export const review = checked(reviews.review, { ...lintRules, onScratch, catalog: flag, sizes: flag });
export const run = checkedFor(runs.run, runs.runRules, [scripts.inScript]);
export const show = checkedAt(looks.show);
export const squash = checked(squashes.squash, {
  ...oneFileRules,
  onScratch,
  range: required(text),
  message: text,
});
export const testMigrations = checked(tests.testMigrations, {
  ...projectRules,
  onScratch,
  range: text,
  rows: flag,
  jobs: count,
  script: callback,
  onTesting: callback,
  onTested: callback,
});
export const trace = checked(traces.trace, { ...projectRules, onScratch, range: text, down: flag });
export const verify = checked(
  async (deps: Deps, options: ProjectOptions & ConnectOptions) => {
    const { applied, findings } = await verifications.verify(deps, options);
    return { applied, findings: carriedIn(findings, deps, options) };
  },
  { ...projectRules, ...connectRules },
);

// ── over values ─────────────────────────────────────────────────────────────────────────────────────────────────

const { graph, rows, ids, steps, string } = argument;

export const appliedAfter = checkedOver(planned.appliedAfter, { applied: ids, steps });
export const appliedBelow = checkedOver(planned.appliedBelow, { graph, heads: ids });
export const branchPoints = checkedSole(histories.branchPoints, "graph", graph);
export const buildGraph = checkedOver(graphs.buildGraph, {
  revisions: required(argument.revisions),
  placeOf: callback,
  dormant: argument.revisions,
  findUnread: callback,
});
export const currentHeads = checkedOver(planned.currentHeads, { graph, applied: ids });
export const currentRevisions = checkedOver(histories.currentRevisions, { graph, applied: ids });
const headsFindingsOf: typeof checks.headsFindings = (state, options) =>
  carriedOf(checks.headsFindings(state, options), state.project);
export const headsFindings = checkedOver(headsFindingsOf, {
  state: argument.standing,
  options: optionsOf({ allowAhead: flag, onNotice: callback }),
});
export const historyOf = checkedOver(histories.historyOf, {
  graph,
  range: address,
  current: ids,
  last: count,
});
export const newRevision = checkedOver(newRevisions.newRevision, {
  graph,
  options: optionsOf({ heads: filled(strings), splice: flag, dependsOn: strings }),
});
export const planDowngrade = checkedOver(planned.planDowngrade, { graph, rows, target: string });
export const planOfflineDowngrade = checkedOver(planned.planOfflineDowngrade, { graph, range: string });
export const planOfflineUpgrade = checkedOver(planned.planOfflineUpgrade, { graph, range: string });
export const planStamp = checkedOver(planned.planStamp, {
  ...{ graph, rows },
  targets: required(filled(strings)),
  options: optionsOf({ purge: flag, onlyAdds: flag }),
});
export const planUpgrade = checkedOver(planned.planUpgrade, { graph, rows, target: string });
export const receiptsOf = checkedSole(receipts.receiptsOf, "text", string);
export const refuseChanged: typeof verifications.refuseChanged = async (...given) => {
  checkArguments(given, { project: argument.project, rows, steps: argument.run });
  return await toldOf(given[0], () => verifications.refuseChanged(...given));
};
export const shown = checkedOver(histories.shown, { graph, target: string, current: ids });
