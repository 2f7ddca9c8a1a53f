/** A folder of Flyway → its migrations: `V1.2__add_orders.sql`, undone by `U1.2__add_orders.sql`, also in folders below. */
import type { Diagnostic } from "../errors.ts";
import { locate } from "../source.ts";
import {
  aboutFile,
  baseName,
  compare,
  type FolderFile,
  type ForeignMigration,
  type Reading,
  wholeOf,
} from "./foreign.ts";

const NAME = /^(?<kind>[VUB])(?<version>\d+(?:[._]\d+)*)__(?<slug>.*)\.(?<ending>sql|java|kt|class)$/;
const REPEATABLE = /^R__.*\.(?:sql|java|kt|class)$/;
const CALLBACK = /^(?:before|after|create)[A-Z]\w*(?:__.*)?\.sql$/;
const PLACEHOLDER = /\$\{[\w.:-]+\}/;
const OUTSIDE = /^\s*executeInTransaction\s*=\s*false\s*$/m;

interface Named {
  readonly file: FolderFile;
  readonly kind: string;
  readonly version: string;
  readonly slug: string;
  readonly isCode: boolean;
}

function named(file: FolderFile): readonly Named[] {
  const groups = NAME.exec(baseName(file.name))?.groups;
  if (groups === undefined) return [];
  const version = groups["version"]!.replaceAll("_", ".");
  return [
    { file, kind: groups["kind"]!, version, slug: groups["slug"]!, isCode: groups["ending"] !== "sql" },
  ];
}

export const recognises = (files: readonly FolderFile[]): boolean =>
  files.flatMap(named).some(({ kind }) => kind === "V");

/** The version is the number with dots, as it is written. */
export function read(files: readonly FolderFile[]): Reading {
  const all = files.flatMap(named);
  const undo = new Map(
    all.flatMap((each) => (each.kind === "U" ? [[each.version, each.file] as const] : [])),
  );
  const settings = new Map(files.map(({ name, text }) => [name, text]));
  const section = (file: FolderFile) => wholeOf(file, OUTSIDE.test(settings.get(`${file.name}.conf`) ?? ""));
  const first = firstBaseline(all);
  const migrations = all
    .filter((each) => each.kind === "V" || each === first)
    .map(({ file, version, slug, isCode }): ForeignMigration => {
      const down = undo.get(version);
      return {
        version,
        ...(version.includes(".") ? {} : { number: version }),
        slug,
        ...(isCode ? { code: file.path } : { up: section(file) }),
        ...(down === undefined ? {} : { down: section(down) }),
      };
    });
  const findings = files.flatMap((file) => findingsOf(file, file === first?.file));
  migrations.sort(({ version: a }, { version: b }) => byParts(a, b));
  return { migrations, findings, others: [] };
}

/** The newest baseline, if no migration has its version or one before it: then it is what an empty database begins with. */
function firstBaseline(all: readonly Named[]): Named | undefined {
  const versions = (kind: string) =>
    all.filter((each) => each.kind === kind).sort((a, b) => byParts(a.version, b.version));
  const [newest, oldest] = [versions("B").at(-1), versions("V")[0]];
  if (newest === undefined || oldest === undefined) return newest;
  return byParts(newest.version, oldest.version) < 0 ? newest : undefined;
}

/** Each part is a number: 1.10 comes after 1.9, and 1.0 is 1. */
export function byParts(a: string, b: string): number {
  const [one, other] = [a.split("."), b.split(".")];
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const order = compare(BigInt(one[at] ?? 0), BigInt(other[at] ?? 0));
    if (order !== 0) return order;
  }
  return 0;
}

function findingsOf(file: FolderFile, isFirst: boolean): readonly Diagnostic[] {
  const { path } = file;
  const name = baseName(file.name);
  const placeholder = name.endsWith(".sql") ? PLACEHOLDER.exec(file.text) : null;
  return [
    ...(REPEATABLE.test(name)
      ? [
          aboutFile(
            path,
            "repeatable",
            "a repeatable migration, which Flyway runs again whenever it changes; it was left out",
            'write a migration for it, and another each time it changes: migrate revision -m "…"',
          ),
        ]
      : []),
    ...(CALLBACK.test(name)
      ? [
          aboutFile(
            path,
            "callback",
            "a callback, which Flyway runs with every command; it was left out",
            "run it yourself before or after 'migrate upgrade', or write a migration for it",
          ),
        ]
      : []),
    ...(name.startsWith("B") && NAME.test(name) && !isFirst
      ? [
          aboutFile(
            path,
            "baseline",
            "a baseline, which Flyway runs in an empty database instead of what came before; it was left out",
            "if the versions before it are present, do nothing; otherwise make it the first migration",
          ),
        ]
      : []),
    ...(placeholder === null
      ? []
      : [
          {
            code: "findings/substitution",
            message: `Flyway replaces ${placeholder[0]} with a value, which migrate does not`,
            hint: "write the value itself in the new file",
            location: locate(file, placeholder.index),
          },
        ]),
  ];
}
