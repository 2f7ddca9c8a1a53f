/** What a folder of another tool becomes → the summary a person reads before anything is written. */

import type { AdoptedFinding, AdoptedMigration } from "../core/adopt/adopt.ts";
import { type Difference, legendOf } from "../core/catalog/compare.ts";
import type { Diagnostic } from "../core/errors.ts";
import { fewOf } from "../core/few.ts";
import type { Direction } from "../core/header-keys.ts";
import type { RevisionId } from "../core/migration.ts";
import { counted } from "./counted.ts";
import { differenceLines } from "./differences.ts";
import { hanging } from "./terminal.ts";

/** What is shown of an adoption. */
export interface AdoptionSummary {
  readonly tool: string;
  readonly folder: string;
  readonly migrations: readonly AdoptedMigration[];
  /** Those that are not shown, because the project has them. */
  readonly known: readonly RevisionId[];
  readonly findings: readonly AdoptedFinding[];
  readonly leftOut: readonly string[];
}

/** How many migrations are as they were but for their header, were adjusted, are left to do by hand. */
export interface Totals {
  readonly migrations: number;
  readonly unchanged: number;
  readonly adjusted: number;
  readonly byHand: number;
  /** Of all of them, those that cannot be taken down. */
  readonly irreversible: number;
}

export function totalsOf(migrations: readonly AdoptedMigration[]): Totals {
  const byHand = migrations.filter(({ findings }) => findings.length > 0);
  const adjusted = migrations.filter(({ findings, changes }) => findings.length === 0 && changes.length > 0);
  return {
    migrations: migrations.length,
    unchanged: migrations.length - adjusted.length - byHand.length,
    adjusted: adjusted.length,
    byHand: byHand.length,
    irreversible: migrations.filter(({ irreversible }) => irreversible !== undefined).length,
  };
}

/** `golang-migrate: 115 migrations in db/migrations`, the totals, and what is to be done by hand. */
export function summaryLines(adoption: AdoptionSummary): readonly string[] {
  const { tool, folder, migrations, known, findings, leftOut } = adoption;
  const totals = totalsOf(migrations);
  return [
    `${tool}: ${counted(totals.migrations + known.length, "migration")} in ${folder}`,
    ...countLine(known.length, "in the project already: left as they are there"),
    ...countLine(totals.unchanged, "unchanged: the body is the same, byte for byte"),
    ...countLine(totals.adjusted, `adjusted${inBrackets(changesOf(migrations))}`),
    ...countLine(totals.byHand, "by hand: see below"),
    ...(totals.irreversible === 0
      ? []
      : ["", `${totals.irreversible} irreversible${inBrackets(reasonsOf(migrations))}`]),
    ...(leftOut.length === 0
      ? []
      : [
          "",
          `left out: ${counted(leftOut.length, "file")}, for other databases or not named as ${tool} names its files (${fewOf(leftOut)})`,
        ]),
    ...byHandLines(firstFindings([...findings, ...migrations.flatMap((each) => each.findings)])),
  ];
}

const countLine = (count: number, what: string): readonly string[] =>
  count === 0 ? [] : [`${String(count).padStart(6)}  ${what}`];

const inBrackets = (text: string): string => (text === "" ? "" : ` (${text})`);

const changesOf = (migrations: readonly AdoptedMigration[]): string =>
  tallied(migrations.flatMap(({ changes, findings }) => (findings.length === 0 ? changes : [])));

function reasonsOf(migrations: readonly AdoptedMigration[]): string {
  const reasons = migrations.flatMap(({ irreversible }) => irreversible ?? []);
  return new Set(reasons).size > 3 ? "" : tallied(reasons);
}

function tallied(all: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].map(([each, count]) => `${count} × ${each}`).join(", ");
}

/** Of each new file the first, which may be the cause of the others. */
function firstFindings(findings: readonly AdoptedFinding[]): readonly AdoptedFinding[] {
  const seen = new Set<string>();
  return findings.filter(({ to }) => {
    const isFirst = to === undefined || !seen.has(to.path);
    if (to !== undefined) seen.add(to.path);
    return isFirst;
  });
}

/** What is shown of a proof. */
export interface ProofSummary {
  readonly tool: string;
  readonly folder: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly refused: { readonly old: readonly Diagnostic[]; readonly new: readonly Diagnostic[] };
  readonly assumed: readonly string[];
  readonly notRun: readonly string[];
  readonly objects: number;
  readonly differences: Readonly<Record<Direction, readonly Difference[]>>;
}

/** What was run and whether it came to the same, then what is different, then which downs are refused. `withDown`: they were run. */
export function proofLines(proof: ProofSummary, withDown: boolean): readonly string[] {
  const { tool, folder, up, down, refused, assumed, notRun, objects, differences } = proof;
  const refusals = [...refused.old, ...refused.new];
  const listed = differences.up.length > 0 ? "up" : "down";
  const line = (direction: Direction, run: readonly string[], what: string): string => {
    const found = differences[direction].length;
    const legend = direction === listed ? ` ${legendOf(`what ${tool} makes`, "what migrate makes")}` : "";
    return `${direction.padEnd(4)} ${counted(run.length, "migration")}: ${found === 0 ? `the same${what}` : counted(found, "difference") + legend}`;
  };
  return [
    line("up", up, `, ${counted(objects, "object")}`),
    ...(withDown ? [down.length > 0 || refusals.length > 0 ? line("down", down, "") : NO_WAY_BACK] : []),
    ...(assumed.length === 0
      ? []
      : [
          `not compared: ${counted(assumed.length, "migration")}, of which only the new file is SQL (${fewOf(assumed)})`,
        ]),
    ...(notRun.length === 0
      ? []
      : [
          `not run: ${counted(notRun.length, "migration")} below these, which ${folder} does not have (${fewOf(notRun)})`,
        ]),
    ...differenceLines(differences[listed], [tool, "migrate"]),
    ...byHandLines(refused.old),
    ...byHandLines(refused.new),
  ];
}

const NO_WAY_BACK = "down: there is no way back from the last";

/** Those that are done in the same way stand together, above how. */
function byHandLines(findings: readonly AdoptedFinding[]): readonly string[] {
  const groups = new Map<string, AdoptedFinding[]>();
  for (const finding of findings) {
    const hint = finding.hint ?? "correct it in the new file: PostgreSQL would refuse it";
    groups.set(hint, [...(groups.get(hint) ?? []), finding]);
  }
  return [...groups].flatMap(([hint, group]) => [
    "",
    ...group.flatMap((finding) => hanging(`${placeOf(finding)}: ${finding.message}`)),
    ...hint.split("\n").map((line) => `  ${line}`),
  ]);
}

/** In the file that is to be corrected, and where that was made of another, in that. */
function placeOf({ location, to }: AdoptedFinding): string {
  const [old, own] = [location, to].map((at) => at && `${at.path}:${at.line}`);
  return own === undefined || own === old ? `${old}` : `${own} (${old})`;
}
