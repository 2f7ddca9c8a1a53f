/**
 * The files of test/differential go in; their cases come out, and three ways to run one: its files by plain psql, a run,
 * and its script by psql.
 *
 * A file holds cases one after another. A line `-- >>> case NAME` begins one; `-- >>> key value` lines below it say more,
 * `-- >>> down` ends its way up. All else is its SQL:
 *
 *   header         a line of the up file's header; `down-header` of the down file's
 *   server N       only from this major version on
 *   bare           without the line `CREATE SCHEMA NAME; SET search_path = NAME, public;` before its first
 *   alone X        in a database of its own, which it shares with the others of that X
 *   line-ends X    CRLF or CR, in both files; `bom`: with a byte order mark
 *   fails X        the SQLSTATE that it ends with
 *   refused X      the code with which it is not even sent, while psql takes it
 *   misread X      the code with which no script is written, since psql reads it otherwise than the server; a run does it
 *   differs X      it shows a difference that the docs name with these words
 *
 * Without a way down, that is `DROP SCHEMA NAME CASCADE`, and nothing for what is bare.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plan, Statement } from "../../src/core/plan/types.ts";
import { locate } from "../../src/core/source.ts";
import { psqlText } from "../../src/render/script/psql.ts";
import { type MigrationText, project, type TestProject } from "./project.ts";
import { type Finished, psql, runScript } from "./psql.ts";

const folder = fileURLToPath(new URL("../differential", import.meta.url));

export interface Case {
  readonly name: string;
  /** `types.sql`: a case may need what those before it in its file have made. */
  readonly file: string;
  readonly up: string;
  readonly down: string;
  readonly header: readonly string[];
  readonly downHeader: readonly string[];
  /** The least major version of a server. */
  readonly server: number;
  readonly alone?: string;
  readonly lineEnds: string;
  readonly bom: boolean;
  readonly fails?: string;
  readonly refused?: string;
  readonly misread?: string;
  readonly differs?: string;
}

const LINE_ENDS: Readonly<Record<string, string>> = { CRLF: "\r\n", CR: "\r" };

/** All cases, in the order of files and lines. */
export function casesOf(): readonly Case[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .flatMap((file) =>
      readFileSync(join(folder, file), "utf8")
        .split(/^-- >>> case /m)
        .slice(1)
        .map((text) => caseOf(file, text)),
    );
}

function caseOf(file: string, text: string): Case {
  const [first = "", ...lines] = text.split("\n");
  const name = first.trim();
  const keys = new Map<string, string>();
  while (lines[0]?.startsWith("-- >>> ") && lines[0] !== "-- >>> down") {
    const [, key = "", value = ""] = /^-- >>> (\S+) ?(.*)$/.exec(lines.shift()!)!;
    keys.set(key, value);
  }
  const at = lines.indexOf("-- >>> down");
  const [up, down] = at < 0 ? [lines, undefined] : [lines.slice(0, at), lines.slice(at + 1)];
  const isBare = keys.has("bare");
  const said = ["fails", "refused", "misread", "differs", "alone"].filter((key) => keys.has(key));
  return {
    name,
    file,
    up: `${isBare ? "" : `CREATE SCHEMA ${name}; SET search_path = ${name}, public;\n`}${up.join("\n").trimEnd()}\n`,
    down: down?.join("\n") ?? (isBare ? "" : `DROP SCHEMA ${name} CASCADE;\n`),
    header: keys.has("header") ? [keys.get("header")!] : [],
    downHeader: keys.has("down-header") ? [keys.get("down-header")!] : [],
    server: Number(keys.get("server") ?? 0),
    lineEnds: LINE_ENDS[keys.get("line-ends") ?? ""] ?? "\n",
    bom: keys.has("bom"),
    ...Object.fromEntries(said.map((key) => [key, keys.get(key)!])),
  };
}

/** A project of these cases: one after another, or each beside the others, behind the first. */
export function projectOf(
  cases: readonly Case[],
  order: "in a row" | "side by side" = "in a row",
): TestProject {
  const [first] = cases;
  const texts = cases.map(({ name, up, down, header, downHeader }): [string, MigrationText] => [
    name,
    {
      up,
      down,
      header,
      downHeader,
      ...(order === "in a row" || name === first?.name ? {} : { parent: first!.name }),
    },
  ]);
  const made = project(Object.fromEntries(texts));
  for (const [index, { name, bom, lineEnds }] of cases.entries()) {
    if (!bom && lineEnds === "\n") continue;
    for (const way of ["up", "down"]) {
      const file = `${String(index + 1).padStart(4, "0")}_${name}.${way}.sql`;
      const text = readFileSync(join(made.folder, file), "utf8");
      made.write(file, `${bom ? "\ufeff" : ""}${text.replaceAll("\n", lineEnds)}`);
    }
  }
  return made;
}

/**
 * Runs the files of a plan by psql, each on a connection of its own, in a transaction of its own where the plan has it so.
 * `\connect` and `BEGIN; \i file; COMMIT` do in one process what `psql --single-transaction -f file` does in many.
 */
export function runFilesByPsql(url: string, of: TestProject, plan: Plan): Promise<Finished> {
  const lines = plan.steps.flatMap(({ path, transactional }) => {
    const include = `\\i '${join(of.folder, path)}'`;
    return ["\\connect", ...(transactional ? ["BEGIN;", include, "COMMIT;"] : [include])];
  });
  return runScript(url, `\\set QUIET on\n${lines.join("\n")}\n`);
}

/** Where a file failed. */
export interface Place {
  readonly sqlstate: string;
  /** Which statement, from 1; absent where it was the commit. */
  readonly statement?: number;
  /** The line that the server pointed at, and the column in it, in code points from 1. */
  readonly line?: string;
  readonly column?: number;
}

const VERBOSE = ["-v", "VERBOSITY=verbose"];

/** Where plain psql fails in a file of one step. */
export async function failureOfPsql(url: string, of: TestProject, plan: Plan): Promise<Place> {
  const [{ path, transactional }] = plan.steps as [Plan["steps"][0]];
  const file = join(of.folder, path);
  const { stderr } = await psql(url, file, { args: [...VERBOSE, ...(transactional ? ["-1"] : [])] });
  const text = readFileSync(file, "utf8");
  return placeIn(
    stderr,
    authors(plan).map(({ origin }) => locate({ path, text }, origin!.end - 1).line),
  );
}

/** Where its script fails in psql. */
export async function failureOfScript(url: string, script: string, plan: Plan): Promise<Place> {
  const { stderr } = await runScript(url, script, { args: VERBOSE });
  let from = 0;
  const ends = authors(plan).map(({ sql }) => {
    const text = psqlText(sql);
    const at = script.indexOf(text, from);
    if (at < 0) throw new Error(`the script lacks this statement:\n${sql}`);
    from = at + text.length;
    return locate({ path: "", text: script }, at + text.search(/;[^;]*$/)).line;
  });
  return placeIn(stderr, ends);
}

/** Where a run fails, as psql would say it; `exact`: the server pointed at a place. */
export function failureOfRun(error: Error & Record<string, unknown>, plan: Plan, exact: boolean): Place {
  const { sqlstate, location, excerpt } = error as unknown as {
    sqlstate: string;
    location?: { line: number; column: number };
    excerpt?: { line: string };
  };
  if (location === undefined) return { sqlstate };
  const after = authors(plan).findIndex(
    ({ origin }) =>
      origin!.line > location.line || (origin!.line === location.line && origin!.column > location.column),
  );
  const statement = after < 0 ? authors(plan).length : after;
  if (!exact) return { sqlstate, statement };
  return { sqlstate, statement, line: lineOf(excerpt?.line ?? ""), column: location.column };
}

const authors = ({ batches }: Plan): readonly Statement[] =>
  batches.flatMap(({ statements }) => statements.filter(({ purpose }) => purpose === "user"));

/** `ends`: the line on which each of the author's statements ends. What psql cannot name was sent behind them. */
function placeIn(stderr: string, ends: readonly number[]): Place {
  const error = /^(?:psql:[^\n]*:(\d+): )?(?:psql: error: )?(?:ERROR|FATAL): {2}([0-9A-Z]{5}): /m.exec(
    stderr,
  );
  if (error === null) throw new Error(`psql found no error:\n${stderr}`);
  const [all, at, sqlstate = ""] = error;
  const index = ends.lastIndexOf(Number(at));
  if (index < 0) return { sqlstate };
  const rest = stderr.slice(error.index + all.length);
  const shown = /^LINE \d+: (.*)\n( *)\^$/m.exec(rest);
  if (shown === null || /^QUERY:/m.test(rest)) return { sqlstate, statement: index + 1 };
  const [line, width] = [shown[1]!, shown[2]!.length - (shown[0].indexOf(": ") + 2)];
  return { sqlstate, statement: index + 1, line: lineOf(line), column: charactersIn(line, width) + 1 };
}

/** Without what follows its statement, which psql does not send with it, and as psql shows tabs. */
const lineOf = (line: string): string => line.replaceAll("\t", " ").replace(/;.*$/, "");

/** How many characters fill so many columns of a terminal, by which psql sets its caret. */
function charactersIn(line: string, width: number): number {
  let [count, columns] = [0, 0];
  for (const character of line) {
    if (columns >= width) break;
    columns += /\p{Emoji_Presentation}/u.test(character) ? 2 : 1;
    count += 1;
  }
  return count;
}
