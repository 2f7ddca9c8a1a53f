/** Migrations to squash → the bodies of the new one: the authors' text in order, with or without what is created and dropped again. */
import { acceptanceOf, aspects } from "./acceptance.ts";
import type { Direction } from "./header-keys.ts";
import type { Migration, MigrationFile } from "./migration.ts";
import { restoring, type SessionPins } from "./plan/session.ts";
import { commentText } from "./quote.ts";
import type { UserStatement } from "./statement/file.ts";
import { createdBy } from "./statement/written.ts";

/** A file that becomes a part of another. */
export interface SquashedFile {
  readonly file: MigrationFile;
  readonly statements: readonly UserStatement[];
}

/** The two bodies, header lines of their own on top. */
export interface SquashedBody {
  readonly up: string;
  /** Undefined where one of the migrations is irreversible, and so is this one. */
  readonly down?: string;
  /** What was left out, as it is told: `table shop.notes`. */
  readonly leftOut: readonly string[];
}

export interface SquashChoice {
  /** Statements about what is created and dropped again are left out. */
  readonly lean: boolean;
  /** Outside a transaction, also where no file says so. */
  readonly outside: boolean;
}

/** `migrations`, and in `filesOf` their files, in the order in which they are run. */
export function squashedBody(
  migrations: readonly Migration[],
  filesOf: Readonly<Record<Direction, readonly SquashedFile[]>>,
  pins: SessionPins,
  { lean, outside }: SquashChoice,
): SquashedBody {
  const passing = {
    up: lean ? passingObjects(filesOf.up) : [],
    down: lean ? passingObjects(filesOf.down) : [],
  };
  const reasons = unique(migrations.flatMap(({ up }) => up.header.irreversible ?? []));
  const text = (direction: Direction, extra: readonly string[]): string => {
    const files = filesOf[direction];
    const isOutside = outside || files.some(({ file }) => file.header.transaction === "none");
    const header = [...extra, ...(isOutside ? ["-- transaction: none"] : []), ...timeouts(files)];
    return [...header, "", ...bodiesOf(files, passing[direction], pins)].join("\n");
  };
  return {
    up: text("up", reasons.length === 0 ? [] : [`-- irreversible: ${reasons.join("; ")}`]),
    ...(reasons.length === 0 ? { down: text("down", acceptances(migrations)) } : {}),
    leftOut: unique([...passing.up, ...passing.down].map(({ kind, name }) => `${kind} ${name}`)),
  };
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

function acceptances(migrations: readonly Migration[]): readonly string[] {
  const all = migrations.flatMap(({ down }) => acceptanceOf(down?.header.accepts ?? "") ?? []);
  if (all.length === 0) return [];
  const accepted = aspects.filter((aspect) => all.some((each) => each.aspects.includes(aspect)));
  return [`-- accepts: ${accepted.join(", ")} (${unique(all.map(({ reason }) => reason)).join("; ")})`];
}

/** What all files say alike; what they say otherwise was about one of them. */
function timeouts(files: readonly SquashedFile[]): readonly string[] {
  const said = (key: string, property: "lockTimeout" | "statementTimeout"): readonly string[] => {
    const values = unique(files.map(({ file }) => file.header[property] ?? ""));
    return values.length === 1 && values[0] !== "" ? [`-- ${key}: ${values[0]}`] : [];
  };
  return [...said("lock-timeout", "lockTimeout"), ...said("statement-timeout", "statementTimeout")];
}

function bodiesOf(
  files: readonly SquashedFile[],
  passing: readonly Passing[],
  pins: SessionPins,
): readonly string[] {
  return files.flatMap(({ file, statements }, index) => {
    const left = statements.filter((statement) => !passing.some((each) => isAbout(each, statement)));
    if (left.length === 0) return [];
    // Each file began with the project's settings.
    const restored =
      index === files.length - 1 ? [] : unique(left.flatMap(settingsIn)).map((name) => restoring(name, pins));
    const name = file.source.path.split("/").at(-1)!;
    return [
      `-- ${commentText(name)}`,
      "",
      ...left.map((statement) => `${authorsText(file, statement)}\n`),
      ...(restored.length === 0 ? [] : [...restored, ""]),
    ];
  });
}

/** With the comments before it; of a change in batches, what the author wrote and not what is sent. */
function authorsText({ source, bodyStart }: MigrationFile, { sql, origin, batched }: UserStatement): string {
  if (batched !== true) return sql.trim();
  const comments =
    /(?:^[ \t]*--[^\n]*\n|^[ \t]*\n)*$/m.exec(source.text.slice(bodyStart, origin.start))?.[0] ?? "";
  const text = source.text.slice(origin.start, origin.end);
  return `${comments.trimStart()}${text}${text.endsWith(";") ? "" : ";"}`;
}

const SET = /^(?:RE)?SET\s+(?:SESSION\s+(?!AUTHORIZATION))?(SESSION\s+AUTHORIZATION|TIME\s+ZONE|[\w.]+)/i;
const SET_CONFIG = /\bset_config\s*\(\s*'([\w.]+)'/gi;

const OTHER_WORDS: Readonly<Record<string, string>> = {
  "time zone": "timezone",
  names: "client_encoding",
  schema: "search_path",
  xml: "xmloption",
};

/** The settings that a statement leaves otherwise, in lower case. */
function settingsIn({ setting, sql, offset }: UserStatement): readonly string[] {
  const text = sql.slice(offset);
  const [, name] = setting === undefined ? [] : (SET.exec(text) ?? []);
  const names = name === undefined ? [...text.matchAll(SET_CONFIG)].map((match) => match[1]!) : [name];
  return (
    names
      .map((each) => each.toLowerCase().replaceAll(/\s+/g, " "))
      // SET SESSION CHARACTERISTICS is about transactions to come.
      .flatMap((each) => (each === "characteristics" ? [] : [OTHER_WORDS[each] ?? each]))
  );
}

// ── what is created and dropped again ───────────────────────────────────────────────────────────────────────────

/** An object that is there only in between, and the statements from its creation to its end. */
interface Passing {
  readonly kind: string;
  /** As it is written where it is created. */
  readonly name: string;
  readonly between: ReadonlySet<UserStatement>;
}

const KINDS = /^(?:table|view|materialized view|index|type|domain|sequence)$/;

function passingObjects(files: readonly SquashedFile[]): readonly Passing[] {
  const all = files.flatMap(({ statements }) => statements);
  const open = new Map<string, number>();
  const found: Passing[] = [];
  for (const [index, statement] of all.entries()) {
    const created = createdBy(statement.sql.slice(statement.offset));
    if (created !== undefined && KINDS.test(created.kind)) open.set(`${created.kind} ${created.name}`, index);
    const [loss, ...others] = statement.losses;
    if (loss === undefined || others.length > 0 || loss.cascade === true || !loss.kind.startsWith("drop "))
      continue;
    const kind = loss.kind.slice("drop ".length);
    const start = open.get(`${kind} ${loss.object}`);
    if (start === undefined) continue;
    open.delete(`${kind} ${loss.object}`);
    found.push({ kind, name: loss.object, between: new Set(all.slice(start, index + 1)) });
  }
  return found;
}

const NAME = '((?:"(?:[^"]|"")*"|[\\w$]+)(?:\\s*\\.\\s*(?:"(?:[^"]|"")*"|[\\w$]+)){0,2})';

/** What statements are about, beside those that create an object: its name is the first that matches. */
const ABOUT = [
  `^(?:ALTER|DROP)\\s+(?:TABLE|VIEW|MATERIALIZED\\s+VIEW|INDEX|TYPE|DOMAIN|SEQUENCE)\\s+(?:CONCURRENTLY\\s+)?(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?${NAME}`,
  `^CREATE\\s+(?:UNIQUE\\s+)?INDEX\\b.*?\\bON\\s+(?:ONLY\\s+)?${NAME}`,
  `^CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:CONSTRAINT\\s+)?(?:TRIGGER|POLICY)\\b.*?\\bON\\s+${NAME}`,
  `^COMMENT\\s+ON\\s+(?:TABLE|VIEW|MATERIALIZED\\s+VIEW|INDEX|TYPE|DOMAIN|SEQUENCE|COLUMN)\\s+${NAME}`,
  `^(?:INSERT\\s+INTO|UPDATE|DELETE\\s+FROM|TRUNCATE)\\s+(?:TABLE\\s+)?(?:ONLY\\s+)?${NAME}`,
  `^(?:GRANT|REVOKE)\\b.*?\\bON\\s+(?:TABLE\\s+|SEQUENCE\\s+)?${NAME}\\s+(?:TO|FROM)\\b`,
].map((source) => new RegExp(source, "is"));

/** That nothing else hangs on it is not looked for here: the proof shows it. */
function isAbout({ kind, name, between }: Passing, statement: UserStatement): boolean {
  if (!between.has(statement)) return false;
  const text = statement.sql.slice(statement.offset);
  const created = createdBy(text);
  if (created?.kind === kind && created.name === name) return true;
  const isColumn = /^COMMENT\s+ON\s+COLUMN/i.test(text);
  return ABOUT.some((pattern) => {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) return false;
    const about = createdBy(`CREATE TABLE ${found}`)?.name ?? "";
    return isColumn ? found.toLowerCase().startsWith(`${name}.`) : about === name;
  });
}
