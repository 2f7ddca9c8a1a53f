/**
 * The files' migrations and the ledger's rows → what no longer agrees between them, and what is done about it:
 * an upgrade that stops, a warning, or a plan that accepts the files as they are.
 */
import { absences, OWN_LEDGER } from "./absence.ts";
import type { Diagnostic } from "./errors.ts";
import { type Graph, inOrder } from "./graph.ts";
import { appliedHeads } from "./history.ts";
import type { IntentRef, Ledger } from "./ledger/calls.ts";
import type { Applied, Intent } from "./ledger/types.ts";
import { tokens } from "./lexer.ts";
import type { Migration, MigrationFile, RevisionId } from "./migration.ts";
import { compile } from "./plan/compile.ts";
import type { SessionPins } from "./plan/session.ts";
import type { StepInput } from "./plan/step.ts";
import type { Plan } from "./plan/types.ts";
import { commentText } from "./quote.ts";
import { appliedThrough, namesNow } from "./replaced.ts";
import { sha256 } from "./sha256.ts";
import { shellWord } from "./shell.ts";
import { currentHeads, idsOf, type Step } from "./steps.ts";
import { unique } from "./unique.ts";

/** One thing that the ledger recorded and that is different now. JSON-safe. */
export type Finding = Recorded &
  (
    | {
        /** `body`: the SQL. `comments`: only comments or white space between its tokens. */
        readonly kind: "body" | "comments";
        readonly path: string;
        /** The checksum of the file as it is now. */
        readonly fileChecksum: string;
        readonly hint: string;
      }
    | {
        /** The header. */
        readonly kind: "header";
        readonly path: string;
        readonly differences: readonly Difference[];
        /** None while a revision that it followed, or depended on, is applied and vanished. */
        readonly hint?: string;
      }
    | {
        /** The revision is none of the graph; `isEvery`: nor any other that is applied, as where another project's ledger is read. */
        readonly kind: "vanished";
        readonly isEvery: boolean;
        /** Why: `has no file`, where its file is, or, of a squashed revision, what keeps it from counting. */
        readonly reason: string;
        readonly hint: string;
      }
    | {
        /** Applied, although what its file follows or depends on is not. */
        readonly kind: "hole";
        readonly path: string;
        readonly missing: readonly RevisionId[];
        /** None beside vanished ones, which stop what would fill it. */
        readonly hint?: string;
      }
  );

/** Of the ledger's row. */
interface Recorded {
  readonly revision: RevisionId;
  readonly checksum: string;
  /** ISO 8601, UTC. */
  readonly appliedAt: string;
  readonly appliedBy: string;
}

/** A header line whose value is another than the one that was recorded; lists separated by commas. */
export interface Difference {
  readonly key: "parent" | "depends-on" | "message";
  readonly ledger: string;
  readonly file: string;
}

/** Compares every row with its file: in the order of the graph, those that no file has last and in order of time. */
export function findingsOf(graph: Graph<Migration>, rows: readonly Applied[]): readonly Finding[] {
  const byRevision = new Map(rows.map((row) => [row.revision, row]));
  const known = inOrder(
    graph,
    [...byRevision.keys()].filter((id) => graph.nodes.has(id)),
  );
  const unknown = absences(graph, rows).toSorted((a, b) => (a.row.appliedAt < b.row.appliedAt ? -1 : 1));
  const through = appliedThrough(graph, rows);
  const had = new Set([...byRevision.keys(), ...through]);
  const isEvery = known.length === 0 && through.length === 0;
  const context: Context = {
    had,
    heads: () => currentHeads(graph, byRevision.keys()),
    vanished: new Set(unknown.map(({ row }) => row.revision)),
  };
  const found = [
    ...known.flatMap((id) => changesOf(graph, byRevision.get(id)!, context)),
    ...unknown.map(
      ({ row, reason, hint }): Finding => ({ kind: "vanished", isEvery, reason, hint, ...recorded(row) }),
    ),
  ];
  if (unknown.length > 0) return found;
  const isStopped = found.some(({ kind }) => kind === "body");
  const hint = isStopped ? OTHERS_FIRST : holeHint(graph, context.heads());
  return found.map((each) => (each.kind === "hole" ? { ...each, hint } : each));
}

/**
 * The same findings, where `faults` are what a run would refuse of the files that changed below the header: no run takes them
 * as they are now, and `repair` accepts nothing until they are corrected.
 */
export function withFaults(findings: readonly Finding[], faults: readonly Diagnostic[]): readonly Finding[] {
  if (faults.length === 0) return findings;
  return findings.map((finding): Finding => {
    if (finding.kind === "vanished" || finding.kind === "hole") return finding;
    const fault = faults.find(({ location }) => location?.path === finding.path);
    const isBroken = fault !== undefined && finding.kind !== "header";
    return { ...finding, hint: isBroken ? brokenHint(fault) : BROKEN_FIRST };
  });
}

const brokenHint = ({ message, hint, location }: Diagnostic): string =>
  `no run would take ${location!.path} as it is now: line ${location!.line}: ${[message, hint].filter(Boolean).join("; ")}; correct that, or restore the file`;

/** What to type about what `repair` would accept, if it were not for another. */
const BROKEN_FIRST =
  "migrate repair accepts nothing while a changed file cannot be run; settle that first, then run: migrate verify";

/** What to type about a hole where changed SQL stops the upgrade that would fill it; not all who tell of holes tell of that. */
const OTHERS_FIRST = "settle the changed SQL first, which migrate verify lists";

/** What the rows are, all together. */
interface Context {
  /** What is applied, also through squashed revisions. */
  readonly had: ReadonlySet<RevisionId>;
  readonly heads: () => readonly RevisionId[];
  /** What is applied and none of the graph. */
  readonly vanished: ReadonlySet<RevisionId>;
}

function changesOf(
  graph: Graph<Migration>,
  row: Applied,
  { had, heads, vanished }: Context,
): readonly Finding[] {
  const { revision, parents, dependencies } = graph.nodes.get(row.revision)!;
  const { path, up, message } = revision;
  const common = { ...recorded(row), path };
  const findings: Finding[] = [];
  if (up.checksum !== row.checksum) {
    const kind = codeChecksumOf(up) === row.codeChecksum ? "comments" : "body";
    const hint = kind === "body" ? bodyHint(row, heads) : "accept the file with: migrate repair";
    findings.push({ kind, ...common, fileChecksum: up.checksum, hint });
  }
  const follows = namesNow(graph, row.parents, parents);
  const depends = namesNow(graph, row.dependsOn, dependencies);
  const differences = [
    difference("parent", listed(follows, "none"), listed(parents, "none")),
    difference("depends-on", listed(depends), listed(dependencies)),
    difference("message", row.message, message),
  ].filter((found) => found !== undefined);
  if (differences.length > 0) {
    const gone = unique([...follows, ...depends]).filter((id) => !graph.nodes.has(id));
    const isHeld = gone.some((id) => vanished.has(id));
    const hint = isHeld ? {} : { hint: headerHint(differences, gone) };
    findings.push({ kind: "header", ...common, differences, ...hint });
  }
  const missing = unique([...parents, ...dependencies]).filter((id) => !had.has(id));
  if (missing.length > 0) findings.push({ kind: "hole", ...common, missing });
  return row.codeChecksum !== NO_CODE && mayBeAnothers(findings)
    ? findings.map((each) => (isAcceptable(each) ? { ...each, hint: ANOTHERS } : each))
    : findings;
}

/** Whether nothing of a row is its file's: names such as 0001 occur in many projects. `ofRow`: what was found of it. */
export const mayBeAnothers = (ofRow: readonly Finding[]): boolean =>
  ofRow.some(({ kind }) => kind === "body") &&
  ofRow.some((each) => each.kind === "header" && each.differences.some(({ key }) => key === "message"));

/** What to type about such a row: to accept the file would take the other project's revision for this one's. */
const ANOTHERS = `both the message and the SQL are others, as where another project has recorded a revision of that name: ${OWN_LEDGER}; if the file was edited, restore it and write a new migration`;

/** Whether a hint is about whatever was found, and not about what one file is to say. */
export const isOfWhole = (hint: string): boolean => hint === ANOTHERS || hint === BROKEN_FIRST;

const NO_CODE = sha256("");

/** What to type about SQL that changed. What was recorded when its file had none yet can still be run. */
function bodyHint({ revision, parents, dependsOn, codeChecksum }: Applied, heads: Context["heads"]): string {
  if (codeChecksum !== NO_CODE)
    return "restore the file and write a new migration, or accept it as it is now with: migrate repair";
  const [parent = "base", ...others] = parents;
  // A stamp of the parent takes away whatever else is applied.
  const isAlone = others.length + dependsOn.length === 0 && heads().join() === revision;
  const way = isAlone
    ? `to run what it has now: migrate stamp ${shellWord(parent)}; then: migrate upgrade ${shellWord(revision)}`
    : "write the SQL into a new migration, and restore the file";
  return `it had no SQL then; ${way}; or, if the database has that already, accept it with: migrate repair`;
}

/** A stamp of heads that are applied records what they need and lack; `heads`: all that are applied. */
const holeHint = (graph: Graph, heads: readonly RevisionId[]): string =>
  `run what is missing with: migrate upgrade${graph.heads.length > 1 ? " heads" : ""}; if the database already has it, run: migrate stamp ${heads.map(shellWord).join(" ")}`;

function recorded({ revision, checksum, appliedAt, appliedBy }: Applied): Recorded {
  return { revision, checksum, appliedAt, appliedBy };
}

/** The order in which parents are written means nothing. */
const listed = (ids: readonly RevisionId[], empty = ""): string =>
  [...new Set(ids)].sort().join(", ") || empty;

function difference(key: Difference["key"], ledger: string, file: string): Difference | undefined {
  return ledger === file ? undefined : { key, ledger, file };
}

// ------------------------------------------------------------------------------------------------------- comments

/** Two characters that, side by side, may be one token: then a blank between them means something. */
const RUNS_TOGETHER = /^(?:[\w$.&'"\x80-\uffff]{2}|[-+*/<>=~!@#%^&|`?:]{2})$/;

/**
 * Version 1 of the code checksum: as the checksum, but of the body without its comments, where white space between
 * two tokens is one blank if they could run together, and nothing elsewhere. What stands in quotes stays as it is.
 */
export function codeChecksumOf({ source, bodyStart }: MigrationFile): string {
  const body = source.text.slice(bodyStart).replaceAll(/\r\n?/g, "\n");
  const code: string[] = [];
  // Tokens without anything between them are one piece of the text.
  let start = 0;
  let end = 0;
  for (const token of tokens(body)) {
    if (token.kind === "space" || token.kind === "comment") continue;
    if (token.start > end) {
      if (end > start) code.push(body.slice(start, end));
      const apart = code.length > 0 && RUNS_TOGETHER.test(body.charAt(end - 1) + body.charAt(token.start));
      if (apart) code.push(" ");
      start = token.start;
    }
    end = token.end;
  }
  code.push(body.slice(start, end));
  return sha256(code.join(""));
}

// ------------------------------------------------------------------------------------------------------ what to do

/** A finding as a fault: what, where, and what to type. */
export function diagnosticOf(finding: Finding): Diagnostic {
  const { kind, revision } = finding;
  const hint = finding.hint === undefined ? {} : { hint: finding.hint };
  const applied = `applied on ${finding.appliedAt} by ${commentText(finding.appliedBy)}`;
  switch (kind) {
    case "body":
    case "comments": {
      // It may as well be the row of another project.
      const what =
        kind === "body"
          ? `the SQL of ${revision} is not what the ledger recorded`
          : `only comments or white space of ${revision} changed since the ledger recorded it`;
      return {
        code: `state/changed-${kind === "body" ? "file" : "comments"}`,
        message: `${what}: sha256 ${short(finding.checksum)} in the ledger, ${short(finding.fileChecksum)} in the file; it was ${applied}`,
        ...hint,
        location: startOf(finding.path),
      };
    }
    case "header": {
      const changes = finding.differences.map((each) => `${each.key} ${arrow(each)}`).join("; ");
      return {
        code: "state/changed-header",
        message: `the header of ${revision} is not what the ledger recorded: ${changes}; it was ${applied}`,
        ...hint,
        location: startOf(finding.path),
      };
    }
    case "vanished":
      return {
        code: "state/unknown-revision",
        message: `${revision} ${finding.reason}; it was ${applied}, sha256 ${short(finding.checksum)}`,
        ...hint,
      };
    case "hole":
      return {
        code: "state/hole",
        message: `${revision} was ${applied}, but ${finding.missing.join(", ")}, which it needs, is not`,
        ...hint,
        location: startOf(finding.path),
      };
  }
}

/** A line that says what is so, and of which file where there is one. */
export const findingText = ({ location, message }: Diagnostic): string =>
  location === undefined ? message : `${commentText(location.path)}: ${message}`;

/** That line, and what to type. */
export const warningText = (found: Diagnostic): string =>
  [findingText(found), found.hint].filter((part) => part !== undefined).join("; ");

/**
 * The findings that stop what is to run, and those to warn of. An upgrade builds on what is applied, so it stops
 * where SQL changed; a downgrade is how a changed migration is taken back, so it warns of those it takes down, and of what
 * these need and is not applied: with that it cannot end, even where that is its target. A stamp says itself what is so.
 * Rows that no file has stop every one of them where its steps are planned.
 */
export function consequences(
  findings: readonly Finding[],
  { kind, steps }: { readonly kind: "upgrade" | "downgrade" | "stamp"; readonly steps: readonly Step[] },
): { readonly refused: readonly Diagnostic[]; readonly warnings: readonly Diagnostic[] } {
  const warnOf = (chosen: readonly Finding[]) => ({ refused: [], warnings: chosen.map(diagnosticOf) });
  if (kind === "stamp") return warnOf([]);
  if (kind === "downgrade") {
    const down = new Set(steps.map((step) => step.revision));
    const ofSteps = findings.filter((finding) => down.has(finding.revision));
    return warnOf(ofSteps.filter((finding) => finding.kind === "body" || finding.kind === "hole"));
  }
  const bodies = findings.filter((finding) => finding.kind === "body");
  if (bodies.length > 0) return { refused: bodies.map(diagnosticOf).map(toCompare), warnings: [] };
  return warnOf(findings.filter((finding) => finding.kind === "comments" || finding.kind === "hole"));
}

/** The findings of which the graph is made: it is another than the one that was applied. */
export const movedIn = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(
    (finding) => finding.kind === "header" && finding.differences.some(({ key }) => key !== "message"),
  );

/** What ends with that command says what it is for. */
const toCompare = (found: Diagnostic): Diagnostic =>
  found.hint === BROKEN_FIRST ? found : { ...found, hint: `${found.hint}; to compare: migrate verify` };

export interface RepairInput {
  readonly graph: Graph<Migration>;
  readonly rows: readonly Applied[];
  readonly findings: readonly Finding[];
  /** Rows to delete: `vanished` ones. */
  readonly forget: readonly RevisionId[];
  /** The step that was under way when the ledger was read; it stays so, unless it is of a row that goes. */
  readonly interrupted?: IntentRef & Pick<Intent, "direction">;
  readonly how: "run" | "script";
  /** That a script of it was asked for with. */
  readonly flags?: readonly string[];
  readonly pins: SessionPins;
  readonly ledger: Ledger;
}

/** The plan that makes the ledger say what the files say, and forgets what it is told to. Writes only the ledger. */
export function repairPlan(input: RepairInput): Plan {
  const { graph, rows, findings, forget, ...rest } = input;
  const steps = rows.flatMap((row): StepInput[] => {
    const changes = findings.filter((finding) => finding.revision === row.revision && isAcceptable(finding));
    if (changes.length > 0) return [acceptStep(graph, row, changes)];
    return forget.includes(row.revision) ? [forgetStep(row, rest.interrupted)] : [];
  });
  return compile({
    ...rest,
    kind: "repair",
    applied: idsOf(rows),
    from: appliedHeads(graph, rows),
    to: appliedHeads(
      graph,
      rows.filter(({ revision }) => !forget.includes(revision)),
    ),
    steps,
    singleTransaction: true,
  });
}

/** What the files can be right about. A vanished row is for `forget`, a hole for `upgrade`. */
export function isAcceptable({ kind }: Finding): boolean {
  return kind === "body" || kind === "comments" || kind === "header";
}

function acceptStep(graph: Graph<Migration>, row: Applied, changes: readonly Finding[]): StepInput {
  const { revision: migration, parents, dependencies } = graph.nodes.get(row.revision)!;
  return {
    direction: "up",
    revision: row.revision,
    message: migration.message,
    parents,
    dependsOn: dependencies,
    path: migration.path,
    checksum: migration.up.checksum,
    codeChecksum: codeChecksumOf(migration.up),
    transactional: true,
    statements: [],
    correction: { row, detail: changes.map(changeText).join("; ") },
  };
}

function forgetStep(row: Applied, interrupted: RepairInput["interrupted"]): StepInput {
  const { revision, message, parents, dependsOn, checksum, codeChecksum, appliedAt, appliedBy } = row;
  const halted =
    interrupted?.revision === revision
      ? `; its downgrade was interrupted at statement ${interrupted.statement}`
      : "";
  const detail = `forgotten: in no file; applied on ${appliedAt} by ${appliedBy} as sha256:${checksum}${halted}`;
  return {
    direction: "down",
    revision,
    message,
    parents,
    dependsOn,
    path: "",
    checksum,
    codeChecksum,
    transactional: true,
    statements: [],
    correction: { row, detail },
  };
}

/** What the ledger's log keeps of an accepted change. */
function changeText(finding: Finding): string {
  if (finding.kind === "header")
    return finding.differences.map((each) => `${each.key}: ${arrow(each)}`).join("; ");
  if (finding.kind === "body" || finding.kind === "comments")
    return `${finding.kind}: sha256:${finding.checksum} -> sha256:${finding.fileChecksum}`;
  return finding.kind;
}

/** What to type about a header that changed. No file can name again what is `gone`: what the ledger recorded, and no node is. */
function headerHint(differences: readonly Difference[], gone: readonly RevisionId[]): string {
  const accept = "accept the file as it is now with: migrate repair";
  return gone.length > 0
    ? `${gone.join(", ")} ${gone.length === 1 ? "is no revision" : "are no revisions"} here; ${accept}`
    : `${restoring(differences)}, or ${accept}`;
}

/** What makes the header as it was; a line that was not there has no value to write. */
function restoring(differences: readonly Difference[]): string {
  const written = differences
    .filter(({ ledger }) => ledger !== "")
    .map(({ key, ledger }) => `'-- ${key}: ${commentText(ledger)}'`);
  const added = differences
    .filter(({ ledger }) => ledger === "")
    .map(({ key }) => `delete the line '${key}'`);
  const again = written.length === 0 ? [] : [`write ${written.join(" and ")} in the header again`];
  return [...again, ...added].join(" and ");
}

const arrow = ({ ledger, file }: Difference): string => `'${commentText(ledger)}' -> '${commentText(file)}'`;

const short = (checksum: string): string => checksum.slice(0, 12);

const startOf = (path: string) => ({ path, line: 1, column: 1 });
