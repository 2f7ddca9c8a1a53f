/** What a command printed → what it advises, and each way that the advice names. */
import type { Files, Run, World } from "./world.ts";

/** A message, and what to do about it. */
export interface Advice {
  /** `said` where it has no code. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly isError: boolean;
  /** All that was printed with it. */
  readonly context: string;
}

/** One way out: words to run, files as they become, or what only a person can do. */
export type Way = {
  readonly text: string;
  readonly isPossible: boolean;
} /** `files`: as they are to be meanwhile. */ & (
  | { readonly kind: "command"; readonly words: readonly string[]; readonly files?: Files }
  | { readonly kind: "edit"; readonly files: Files }
  | { readonly kind: "sql"; readonly sql: string }
  | { readonly kind: "person" }
);

/** What the world should be and was, to do what hints ask of a person. */
export interface Truth {
  /** The files before any mistake, and those of all times. */
  readonly files: Files;
  readonly ever: Files;
  readonly isOldRelease: boolean;
}

const HEAD = /^(?:(\S+):\d+:\d+: )?(error|warning)\[([\w/-]+)\] (.*)$/;

export function adviceOf({ stdout, stderr, code }: Run, words: readonly string[]): readonly Advice[] {
  const all: Omit<Advice, "context">[] = [];
  let head: { place: string; isError: boolean; code: string; message: string } | undefined;
  const lines = `${words.includes("--sql") ? "" : stdout}\n${stderr}`.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index]!;
    const found = HEAD.exec(line);
    if (found !== null) {
      if (head !== undefined) all.push({ ...head, hint: "" });
      head = {
        place: found[1] ?? "",
        isError: found[2] === "error",
        code: found[3]!,
        message: `${found[1] ?? ""} ${found[4]}`,
      };
      continue;
    }
    const hint = /^hint: (.*)$/.exec(line)?.[1];
    if (hint === undefined && !/\bmigrate [a-z]/.test(line)) continue;
    let whole = hint ?? line;
    while (/^ {2,}/.test(lines[index + 1] ?? "") && hint !== undefined) whole += `\n${lines[++index]}`;
    all.push(
      head === undefined || hint === undefined
        ? { code: "said", message: line, hint: whole, isError: code !== 0 }
        : { ...head, hint: whole },
    );
    if (hint !== undefined) head = undefined;
  }
  if (head !== undefined) all.push({ ...head, hint: "" });
  const context = `${stdout}\n${stderr}`;
  return all.map((each) => ({ ...each, message: steady(each.message), hint: steady(each.hint), context }));
}

/** Without what is another each time. */
const steady = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.\d]*(?:Z|\+00(?::00)?| UTC)?/g, "TIME")
    .replace(/retort_hints_\w+/g, "DATABASE")
    .replace(/127\.0\.0\.1:\d+|localhost:\d+/g, "SERVER");

/** `world`: where the advice was given; `said`: the words that were run. */
export function waysOf(advice: Advice, world: World, truth: Truth, said: readonly string[]): readonly Way[] {
  const ways: Way[] = [];
  for (const clause of advice.hint.split(/;\s|\n|, or,? /)) {
    const isPossible = possible(clause, advice, world, truth);
    for (const found of clause.matchAll(
      /(?<=^|: |\bor |^ +)migrate ([a-z][a-z-]*(?:(?! \(| or |, |\)$|\) )(?:"[^"]*"|[^"\n]))*)/g,
    )) {
      const text = `migrate ${found[1]!.replace(/[).]+$/, "").trim()}`;
      const isPattern = /\b[A-Z]{2,}\b|…(?!")/.test(text.replace(/"[^"]*"/g, ""));
      const files = /until this is done/.test(clause) ? { ...world.files, ...truth.ever } : undefined;
      // What the cause is only a person knows.
      const isAfterFix =
        /fix the cause(?:, leaving the statements before this one as they are,)? and run: $/.test(
          clause.slice(0, found.index),
        );
      if (isPattern || isAfterFix) ways.push({ kind: "person", text, isPossible });
      else
        ways.push({
          kind: "command",
          text,
          words: wordsOf(text.slice(8)),
          isPossible,
          ...(files === undefined ? {} : { files }),
        });
    }
    const flag = /\b(?:add|pass) (--[a-z-]+)$/.exec(clause)?.[1];
    if (flag !== undefined)
      ways.push({
        kind: "command",
        text: `migrate ${said.join(" ")} ${flag}`,
        words: [...said, flag],
        isPossible,
      });
    const sql = sqlIn(clause);
    const last = ways.at(-1);
    // What one hint says to run, it says to run in one go.
    if (sql !== undefined && last?.kind === "sql")
      ways[ways.length - 1] = { ...last, text: `${last.text}; ${sql}`, sql: `${last.sql}; ${sql}` };
    else if (sql !== undefined) ways.push({ kind: "sql", text: sql, sql, isPossible });
    for (const [text, files] of edits(clause, advice, world, truth))
      ways.push({ kind: "edit", text, files, isPossible });
  }
  if (ways.length === 0) ways.push({ kind: "person", text: advice.hint, isPossible: true });
  return ways;
}

/** What is to be run in the database, which is another's to the commands but not to who runs this. */
const sqlIn = (clause: string): string | undefined => {
  const sql = /(?:^|: |, then: )((?:GRANT|ALTER|DROP|CREATE|CALL|REVOKE|DELETE|UPDATE|REINDEX) .*)$/.exec(
    clause.trim(),
  )?.[1];
  return sql === undefined || /\b(?:ROLE|PASSWORD|NAME)\b$|…|\.\.\./.test(sql) ? undefined : sql;
};

const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => (a ?? b ?? c)!.replace("…", "text"));

/** Whether the case that the clause names is that of the world. */
function possible(
  clause: string,
  { message, context }: Advice,
  { database, files }: World,
  truth: Truth,
): boolean {
  const known = Object.keys({ ...truth.ever, ...files }).flatMap(
    (file) => /_(\w+)\.up\.sql$/.exec(file)?.[1] ?? [],
  );
  const named = (text: string) => known.filter((id) => new RegExp(`\\b${id}\\b`).test(text));
  const has = (id: string): boolean => (id === "sq" ? has("aa") && has("bb") : database.tables.includes(id));
  if (/where nothing that (?:it|they) did is in the database/.test(clause)) return !named(clause).some(has);
  const done = /if the database has already all that (\w+) does/.exec(clause)?.[1];
  if (done !== undefined) return has(done);
  const undone = /if all that (\w+) did is undone already/.exec(clause)?.[1];
  if (undone !== undefined) return !has(undone);
  if (/if the database (?:already )?has/.test(clause)) {
    const applied = Object.values(database.ledgers).flat();
    const lacking = named(`${message} ${context}`).filter((id) => !applied.includes(id));
    return lacking.every(has);
  }
  if (/after a rollback to an older release|newer release/.test(clause)) return truth.isOldRelease;
  if (/if you have deleted the files/.test(clause))
    return !Object.keys(truth.files).every((file) => file in files);
  return true;
}

function edits(
  clause: string,
  { message }: Advice,
  { files }: World,
  truth: Truth,
): readonly (readonly [string, Files])[] {
  const place = message.split(" ", 1)[0]!;
  const found: (readonly [string, Files])[] = [];
  const without = (gone: readonly string[]): Files =>
    Object.fromEntries(Object.entries(files).filter(([file]) => !gone.includes(file)));
  if (/\b(?:restore|deploy|with the files of)\b/.test(clause) && !/until this is done/.test(clause)) {
    const isSame = Object.entries(truth.files).every(([file, text]) => files[file] === text);
    found.push(["restore", { ...files, ...(isSame ? truth.ever : truth.files) }]);
  }
  const removed = /\brm ((?:\S+\.sql ?)+)/.exec(clause);
  if (removed !== null) found.push([removed[0], without(removed[1]!.trim().split(" "))]);
  if (/\bdelete (?:this|the down) file\b/.test(clause))
    found.push([
      `delete ${place}`,
      without([place.replace(".up.", clause.includes("down") ? ".down." : ".up.")]),
    ]);
  const created = /\bcreate (\S+\.sql)/.exec(clause)?.[1];
  if (created !== undefined)
    found.push([`create ${created}`, { ...files, [created]: truth.files[created] ?? "" }]);
  const same = /^(\S+\.sql) has the same revision: rename (?:this file|it) to (\S+\.sql)/.exec(clause);
  if (same !== null) {
    const from = clause.includes("this file") ? place : same[1]!;
    if (from in files)
      found.push([`mv ${from} ${same[2]}`, { ...without([from]), [same[2]!]: files[from]! }]);
  }
  const header = /(?:write|add) '-- ([\w-]+): ([^'<]+)'/.exec(clause);
  if (header !== null && place in files) {
    const [, key, value] = header;
    const line = `-- ${key}: ${value}`;
    const had = new RegExp(`^-- ${key}: .*$`, "m");
    const text = files[place]!;
    found.push([
      `${line} in ${place}`,
      { ...files, [place]: had.test(text) ? text.replace(had, line) : `${line}\n${text}` },
    ]);
  }
  const renamed = /rename it to '([^']+)'/.exec(clause)?.[1];
  if (renamed !== undefined && place in files)
    found.push([
      `rename ${place}`,
      { ...without([place]), [place.replace(/[^/]+$/, renamed)]: files[place]! },
    ]);
  return found;
}
