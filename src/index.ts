/**
 * Retort's API: the verbs that the command line calls, the values they take and give, and the one family of errors.
 *
 * Every verb takes `deps` (environment, working directory, clock, abort signal) and options that name the project
 * as the flags do; it prints nothing, never exits, and throws `MigrateError`. Durations are in seconds unless a name
 * says `ms`; times are ISO 8601 in UTC.
 */
export { type BaselineOptions, baseline } from "./app/baseline.ts";
export { checkSingleHead, type HeadCheck, headsFindings } from "./app/check.ts";
export type { CompileOptions, ServerVersion } from "./app/compile.ts";
export { type CheckedConfig, checkConfig } from "./app/config.ts";
export { type Dumped, type DumpOptions, dump } from "./app/dump.ts";
export { edit } from "./app/edit.ts";
export { type EnsureOptions, ensureLedger, ledgerScript } from "./app/ensure.ts";
export { type InitOptions, type InitResult, init } from "./app/init.ts";
export { type LogOptions, readLog } from "./app/log.ts";
export { type History, type HistoryOptions, history, readState, type State, show } from "./app/look.ts";
export { type Offline, type OfflineOptions, offline } from "./app/offline.ts";
export { type Deps, openProject, type Project, type ProjectOptions } from "./app/project.ts";
export { type Removed, type RemoveOptions, removeRevision } from "./app/remove.ts";
export { type Repair, type RepairOptions, repair } from "./app/repair.ts";
export {
  createRevision,
  type MergeOptions,
  mergeRevisions,
  type NewRevision,
  type RevisionOptions,
} from "./app/revision.ts";
export { type RunOptions, type RunResult, run } from "./app/run.ts";
export type { Request } from "./app/steps.ts";
export { type ListedTemplate, listTemplates } from "./app/templates.ts";
export { refuseChanged, type Verification, verify } from "./app/verify.ts";
export { type Diagnostic, exitCodes, MigrateError } from "./core/errors.ts";
export type { Event, SessionInfo } from "./core/event.ts";
export { buildGraph, type Graph, type Node } from "./core/graph.ts";
export { branchPoints, currentRevisions, historyOf, shown } from "./core/history.ts";
export type { Ledger } from "./core/ledger/calls.ts";
export type { Applied, How, Intent, LedgerNames, LedgerState } from "./core/ledger/types.ts";
export type { Migration, MigrationFile, Revision, RevisionId } from "./core/migration.ts";
export { type NewRevisionOptions, newRevision } from "./core/new-revision.ts";
export { defaultForm, type ScriptForm } from "./core/plan/script.ts";
export type { SessionPins } from "./core/plan/session.ts";
export type { Batch, Plan, PlanStep, Purpose, Statement } from "./core/plan/types.ts";
export { receiptsOf } from "./core/receipt.ts";
export type { Location, Span } from "./core/source.ts";
export type { Loss } from "./core/statement/losses.ts";
export {
  type AppliedRow,
  appliedAfter,
  appliedBelow,
  currentHeads,
  type OfflineSteps,
  planDowngrade,
  planOfflineDowngrade,
  planOfflineUpgrade,
  planStamp,
  planUpgrade,
  type Stamp,
  type Step,
} from "./core/steps.ts";
export type { LogEntry } from "./io/queries.ts";
export type { Notice } from "./io/session/types.ts";
export { renderScript, renderSplit, type Script, type SplitScript } from "./render/script/script.ts";
