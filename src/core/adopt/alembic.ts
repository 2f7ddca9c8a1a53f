/** A folder of Alembic → its migrations, as Python files describe them: revisions, parents, labels, dependencies. */
import type { Diagnostic } from "../errors.ts";
import type { Direction } from "../header-keys.ts";
import { tokens } from "../lexer.ts";
import { topological } from "../topological.ts";
import { aboutFile, compare, type FolderFile, type ForeignMigration, type Reading } from "./foreign.ts";
import type { Printed, Program } from "./program.ts";
import { type Literal, type PythonModule, pythonModule } from "./python.ts";

const DESCRIBED = /^revision\b/m;
const DESCRIBES_PARENT = /^down_revision\b/m;

const isMigration = ({ name, text }: FolderFile): boolean =>
  name.endsWith(".py") && DESCRIBED.test(text) && DESCRIBES_PARENT.test(text);

export const recognises = (files: readonly FolderFile[]): boolean => files.some(isMigration);

interface Described {
  readonly migration: ForeignMigration;
  /** What must come before it: versions and labels. */
  readonly needs: readonly string[];
  readonly labels: readonly string[];
}

/** The version is the revision. Each comes after its parents and what it depends on; of two, first the older one. */
export function read(files: readonly FolderFile[]): Reading {
  const findings: Diagnostic[] = [];
  const found = files.filter(isMigration).flatMap((file) => described(file, findings));
  const migrations = found.sort(
    ({ migration: a }, { migration: b }) =>
      compare(a.created ?? "", b.created ?? "") || compare(a.version, b.version),
  );
  const places = new Map(
    migrations.flatMap(({ migration, labels }, at) =>
      [migration.version, ...labels].map((name) => [name, at] as const),
    ),
  );
  const needs = migrations.map((each) =>
    each.needs.flatMap((name) => {
      const place = places.get(name);
      if (place === undefined) findings.push(lostParent(each.migration, name));
      return place ?? [];
    }),
  );
  const order = topological(
    migrations.map(() => 0),
    needs,
  );
  return { migrations: order.map((at) => migrations[at]!.migration), findings, others: [] };
}

function described(file: FolderFile, findings: Diagnostic[]): readonly Described[] {
  const module = pythonModule(file.text);
  const [revision, parents, branchLabels, dependsOn] = [
    "revision",
    "down_revision",
    "branch_labels",
    "depends_on",
  ].map((name) => textsOf(module.values.has(name) ? module.values.get(name) : null));
  if (
    revision?.length !== 1 ||
    parents === undefined ||
    branchLabels === undefined ||
    dependsOn === undefined
  ) {
    findings.push(computed(file));
    return [];
  }
  const version = revision[0]!;
  const [message = ""] = module.docstring.trim().split(/\r?\n[ \t]*\r?\n/);
  const created = /^Create Date:[ \t]*(?<date>.*\S)/m.exec(module.docstring)?.groups?.["date"];
  const raises = module.functions.get(FUNCTIONS.down)?.raises;
  const migration: ForeignMigration = {
    version,
    slug: "",
    ...(message === "" ? {} : { message }),
    ...(created === undefined ? {} : { created }),
    ...(raises === undefined ? {} : { irreversible: raises || "its downgrade raises an error" }),
    place: { revision: version, parents, branchLabels, dependsOn },
    asked: {
      path: file.path,
      text: file.text,
      lines: linesOf(module),
      idle: DIRECTIONS.filter((each) => isIdle(module, each)),
    },
  };
  return [{ migration, needs: [...parents, ...dependsOn], labels: branchLabels }];
}

/** A text or several; undefined where it is computed. */
function textsOf(literal: Literal | undefined): readonly string[] | undefined {
  if (literal === undefined) return undefined;
  if (literal === null) return [];
  const items = typeof literal === "string" ? [literal] : literal;
  return items.every((item) => typeof item === "string") ? items : undefined;
}

const DIRECTIONS = ["up", "down"] as const;

const FUNCTIONS: Readonly<Record<Direction, string>> = { up: "upgrade", down: "downgrade" };

const isIdle = ({ functions }: PythonModule, direction: Direction): boolean =>
  functions.get(FUNCTIONS[direction])?.isEmpty === true;

const linesOf = ({ functions }: PythonModule): Readonly<Record<Direction, number>> => ({
  up: functions.get(FUNCTIONS.up)?.line ?? 1,
  down: functions.get(FUNCTIONS.down)?.line ?? 1,
});

const computed = ({ path }: FolderFile): Diagnostic =>
  aboutFile(
    path,
    "computed",
    "its revision, parents, labels or dependencies are computed, not written; it was left out",
    "write them as strings, as 'alembic history -v' shows them, and run this command again",
  );

const lostParent = ({ asked, version }: ForeignMigration, name: string): Diagnostic =>
  aboutFile(
    asked!.path,
    "lost-parent",
    `${version} comes after ${name}, which is not in this folder`,
    "name the folder that holds all of alembic's version locations",
  );

export const program: Program = {
  flag: "alembic",
  command: ["alembic"],
  install: "pip install alembic, with the packages that the project's env.py imports",
  home: /^alembic\.ini$/,
  args: (direction, from = "base", to = "base") => [FUNCTIONS[direction], `${from}:${to}`, "--sql"],
  writes: "stdout",
  doubt: ({ text }, printed) =>
    longestOf(/%+/g, printed) > longestOf(/%+/g, text)
      ? {
          message: "alembic may have printed each % twice",
          hint: 'add dialect_opts={"paramstyle": "named"} to the context.configure() of run_migrations_offline() in env.py, and run this command again',
        }
      : undefined,
  goes: "all",
  printed: (text, direction) => {
    const found: (Printed & { readonly comment: number })[] = [];
    let begun = false;
    for (const { kind, start, end } of tokens(text)) {
      const token = text.slice(start, end);
      if (kind === "word" && found.length === 0 && token === "BEGIN") begun = true;
      const version = kind === "comment" ? MARKERS[direction].exec(token)?.groups?.["version"] : undefined;
      if (version !== undefined) found.push({ version, comment: start, start: end, end: text.length, begun });
    }
    return found.map(({ comment: _, ...each }, at) => ({ ...each, end: found[at + 1]?.comment ?? each.end }));
  },
};

const longestOf = (pattern: RegExp, text: string): number =>
  Math.max(0, ...(text.match(pattern) ?? []).map(({ length }) => length));

/** The comment before each. */
const MARKERS: Readonly<Record<Direction, RegExp>> = {
  up: /^-- Running upgrade .*-> (?<version>[^\s,]+)\s*$/,
  down: /^-- Running downgrade (?<version>[^\s,]+) -> /,
};
