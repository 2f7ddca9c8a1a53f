/** A review → the words that all its formats share. */

import type {
  ChangedSince,
  CheckQuery,
  NotCompared,
  RelationSize,
  ReviewedCatalog,
  ReviewedDowngrade,
  ReviewedMigration,
  ReviewedStatement,
} from "../../core/review.ts";
import { counted } from "../counted.ts";
import { differenceLines } from "../differences.ts";
import { effectLines, type RelationEffect, relationEffects } from "../effect.ts";
import { lossLine } from "../loss.ts";
import { sizeText } from "./size.ts";

export interface ReviewDocument {
  /** In the order in which they run. */
  readonly migrations: readonly ReviewedMigration[];
  readonly changed?: ChangedSince;
  readonly catalog?: ReviewedCatalog | NotCompared;
  readonly sizes?: readonly RelationSize[];
  readonly checks: readonly CheckQuery[];
}

/** `3 migrations, 7 statements: 1 error, 2 warnings; others wait in 1` */
export function summaryOfReview({ migrations, changed, catalog }: ReviewDocument): string {
  const statements = migrations.flatMap((each) => each.statements);
  const findings = [...migrations, ...statements].flatMap((each) => each.findings);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const waits = migrations.filter(({ effect }) => effect?.waits === true).length;
  const counts = `${counted(errors, "error")}, ${counted(findings.length - errors, "warning")}`;
  const unknown = migrations.some(({ effect }) => (effect?.unknown.length ?? 0) > 0);
  const wait =
    waits > 0
      ? `other sessions are blocked in ${waits}`
      : unknown
        ? "not all that they lock is known"
        : "no table is locked against others for more than a moment";
  const all = `${counted(migrations.length, "migration")}, ${counted(statements.length, "statement")}`;
  const failing = failingOf(catalog);
  const others =
    changed === undefined ? "" : `${counted(changed.files.length, "earlier migration")} changed; `;
  return `${all}: ${others}${failing === undefined ? "" : `the ${failing} fails on a scratch database; `}${counts}; ${wait}`;
}

/** What could not be run to its end on the scratch database. */
function failingOf(catalog: ReviewDocument["catalog"]): "upgrade" | "downgrade" | undefined {
  if (catalog === undefined) return undefined;
  if ("reason" in catalog) return catalog.failed === true ? "upgrade" : undefined;
  return catalog.downgrade?.failed === undefined ? undefined : "downgrade";
}

/** What a statement does to others, and to what is there. */
export const notes = ({
  effect,
  losses,
}: Pick<ReviewedStatement, "effect" | "losses">): readonly string[] => [
  ...(effect === undefined ? [] : effectLines(effect)),
  ...losses.map(lossLine),
];

/** What the way back of a migration does, and what it does not bring back. */
export function backLines({ back }: ReviewedMigration): readonly string[] {
  if (back.irreversible !== undefined) return [`It cannot be undone: ${back.irreversible}`];
  const lines = notes(back);
  return lines.length === 0 ? ["No data is lost, and no table is locked against reads or writes."] : lines;
}

/** What becomes of the rows and values of a migration when it is taken down again, under a title each. */
export const lostParts = ({ back }: ReviewedMigration): readonly (readonly [string, readonly string[]])[] =>
  (
    [
      ["Not restored by the downgrade", back.notRestored.map(lossLine)],
      ["Written again by the downgrade, perhaps with other values", back.writtenAgain.map(lossLine)],
    ] as const
  ).filter(([, lines]) => lines.length > 0);

/** One relation that a migration locks or works through. */
export interface EffectRow extends RelationEffect {
  readonly migration: ReviewedMigration;
  /** `about 1,200,000 rows, 340 MB`; empty where it was not asked, or is not known. */
  readonly size: string;
}

/** All of them, by migration. */
export const effectRows = ({ migrations, sizes = [] }: ReviewDocument): readonly EffectRow[] =>
  migrations.flatMap((migration) =>
    (migration.effect === undefined ? [] : relationEffects(migration.effect)).map((each) => ({
      ...each,
      migration,
      size: sizeText(sizes.find(({ relation }) => relation === each.relation)),
    })),
  );

/** A sentence, and the lines of what it speaks of. */
export interface Told {
  readonly sentence: string;
  readonly lines: readonly string[];
}

const SIDES = ["before", "after"] as const;

/** Adds to the commands that a text proposes which project and which database they are for. */
export type Carry = (text: string) => string;
export const asIs: Carry = (text) => text;

/** What the migrations change in the catalog; undefined where it was not asked for. */
export function catalogChange({ catalog }: ReviewDocument, carry: Carry): Told | undefined {
  if (catalog === undefined) return undefined;
  if ("reason" in catalog) return { sentence: `Not compared: ${carry(catalog.reason)}`, lines: [] };
  const { differences, proves } = catalog;
  const server = proves ? "" : ", of another major version than the database";
  return differences.length === 0
    ? { sentence: `The catalog of a scratch database${server} is the same before and after.`, lines: [] }
    : {
        sentence: `As seen on a scratch database${server}. extra: only after the migrations; missing: only before them.`,
        lines: differenceLines(differences, SIDES),
      };
}

/** How far the migrations can be taken back, and what that leaves. */
export function rollback(document: ReviewDocument, carry: Carry): readonly Told[] {
  const { migrations, catalog } = document;
  const last = migrations.findLast(({ back }) => back.irreversible !== undefined);
  const stop: readonly Told[] =
    last === undefined
      ? []
      : [
          {
            sentence: `A downgrade stops at ${last.revision}, which is irreversible: ${last.back.irreversible}`,
            lines: [],
          },
        ];
  const seen = catalog !== undefined && "differences" in catalog ? catalog.downgrade : undefined;
  if (seen !== undefined) return [...stop, ...downgradeTold(seen)];
  return stop.length > 0 || migrations.length === 0
    ? stop
    : [
        {
          sentence: carry("Each migration has a downgrade. It was not tried; to try it: migrate test"),
          lines: [],
        },
      ];
}

function downgradeTold({ revisions, differences, rows, failed }: ReviewedDowngrade): readonly Told[] {
  if (failed !== undefined) return [{ sentence: `The downgrade fails: ${failed}`, lines: [] }];
  const what = `The downgrade of ${revisions.length === 1 ? revisions[0] : counted(revisions.length, "migration")}`;
  if (differences.length + rows.length === 0)
    return [
      {
        sentence: `${what} restores the catalog, and the rows that earlier migrations inserted.`,
        lines: [],
      },
    ];
  return [
    ...(differences.length === 0
      ? []
      : [
          {
            sentence: `${what} leaves another catalog. extra: only after it; missing: only before the upgrade.`,
            lines: differenceLines(differences, SIDES),
          },
        ]),
    ...(rows.length === 0
      ? []
      : [
          {
            sentence: `${what} leaves other rows than earlier migrations inserted.`,
            lines: rows.map(
              ({ table, before, after }) => `${table}: ${counted(before, "row")} before, ${after} after`,
            ),
          },
        ]),
  ];
}

/** What the migrations that were there before have become. */
export const changedTold = ({ changed }: ReviewDocument): readonly Told[] =>
  changed === undefined
    ? []
    : [
        {
          sentence: `These are not as ${changed.since} has them. Where they are applied, the next upgrade stops.`,
          lines: changed.files.map(({ change, path }) => `${change.padEnd("deleted".length)}  ${path}`),
        },
      ];

export const CHANGED = "Changed migrations";

export const CHECKS = "These queries list what may need another look:";

/** The queries as one text that can be pasted into psql. */
export const checksSql = ({ checks }: ReviewDocument): string =>
  checks.map(({ finds, sql }) => `-- ${finds}\n${sql}`).join("\n\n");

/** What can be asked with this program. */
export const commands = (carry: Carry): readonly (readonly [what: string, command: string])[] =>
  COMMANDS.map(([what, command]) => [what, carry(command)]);

const COMMANDS: readonly (readonly [what: string, command: string])[] = [
  ["All migrations are applied, and none was interrupted:", "migrate status"],
  ["The applied files are unchanged:", "migrate verify"],
  ["The database is what its migrations make:", "migrate drift"],
];
