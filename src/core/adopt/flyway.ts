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
  const migrations = all
    .filter(({ kind }) => kind === "V")
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
  const findings = files.flatMap((file) => findingsOf(file));
  return { migrations: migrations.sort(byParts), findings, others: [] };
}

/** Each part is a number: 1.10 comes after 1.9, and 1.0 is 1. */
function byParts({ version: a }: ForeignMigration, { version: b }: ForeignMigration): number {
  const [one, other] = [a.split("."), b.split(".")];
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const order = compare(BigInt(one[at] ?? 0), BigInt(other[at] ?? 0));
    if (order !== 0) return order;
  }
  return 0;
}

function findingsOf(file: FolderFile): readonly Diagnostic[] {
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
    ...(name.startsWith("B") && NAME.test(name)
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
