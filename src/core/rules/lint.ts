/** Migration files with their trees, in the order of a run → what rules find in them. Pure. */
import { type Ast, items, kindOf, node, word } from "../ast.ts";
import { type Effect, Fold, newSession } from "../effects/effects.ts";
import { effectsOfFile, type FileStart, type FileToRun } from "../effects/file.ts";
import { type Fault, faultAt } from "../fault.ts";
import { type Location, locate, type Source } from "../source.ts";
import type { ParsedStatement } from "../statement/facts.ts";
import type { Loss } from "../statement/losses.ts";
import { type DownStatement, lostData } from "../statement/restored.ts";
import { type Fixable, fixOf } from "./fix.ts";
import { type Ignore, ignoresIn } from "./ignore.ts";
import type { Found, Rule, Severity } from "./rule.ts";
import { type ActiveRule, isRule, ruleHint, ruleMeantBy, unknownRuleText } from "./settings.ts";
import { commandsIn, type Earlier, pictureOf, type Site } from "./site.ts";
import { statementFails, usesTooEarly } from "./statement-fails.ts";

/** A statement with its tree. `start` and `end`: UTF-16 offsets in the file; `begin`: of the comments before it. */
export interface LintedStatement extends Pick<ParsedStatement, "ast" | "body" | "start" | "end"> {
  readonly begin: number;
  readonly transactional: boolean;
  readonly losses: readonly Loss[];
  /** It is repeated in batches. */
  readonly batched: boolean;
}

/** One file as it will run. */
export interface LintedFile extends FileToRun {
  readonly statements: readonly LintedStatement[];
  /** Of its header. */
  readonly lockTimeout?: string;
}

/** Something that should not be, at its place. */
export interface Finding {
  /** The rule's name, or what is wrong with an ignore. */
  readonly rule: string;
  readonly severity: Exclude<Severity, "off">;
  readonly message: string;
  /** What to do instead, as a clause. */
  readonly advice: string;
  /** The SQL of one migration each, in order. */
  readonly recipe?: readonly string[];
  readonly location: Location;
  readonly excerpt: { readonly line: string; readonly length?: number };
}

/** What each migration starts from. */
export interface Surroundings extends FileStart {
  readonly lockTimeout: string;
}

interface Surrounded extends Pick<Site, "kind" | "tree" | "effect" | "earlier" | "lockTimeout"> {
  readonly down: readonly DownStatement[];
}

/** A statement, and what was found in it. */
interface Looked extends Pick<LintedStatement, "start" | "end"> {
  readonly source: Source;
  readonly ignores: readonly Ignore[];
  /** The rules that found something, whether they are ignored or not. */
  readonly used: Set<string>;
}

export class Linter {
  readonly #rules: readonly ActiveRule[];
  readonly #byKind = new Map<string, readonly ActiveRule[]>();
  readonly #around: Surroundings;
  readonly #fold: Fold;
  /** What no statement has made, by its id: where it was used first. */
  readonly #firstUses = new Map<number, Looked>();
  readonly #findings: { readonly finding: Finding; readonly mended?: () => boolean }[] = [];

  constructor(rules: readonly ActiveRule[], around: Surroundings) {
    this.#rules = rules;
    this.#around = around;
    this.#fold = new Fold(newSession(false, around.timeZone));
  }

  /** The files that follow go to a database that the earlier ones have made, and that is in use. */
  beginRun(): void {
    this.#fold.beginRun();
  }

  /** A file that was applied before: only what it makes is noted. */
  passOver(file: LintedFile): void {
    for (const _ of this.#effectsOf(file));
  }

  /** Which of its statements have a safe form, or are left without one. `down`: what takes the file back. */
  lint(file: LintedFile, down: readonly DownStatement[] = []): readonly Fixable[] {
    const fixable: Fixable[] = [];
    const earlier: Earlier[] = [];
    let [i, lockTimeout] = [0, !isZero(file.lockTimeout ?? this.#around.lockTimeout)];
    const initial = lockTimeout;
    for (const effect of this.#effectsOf(file)) {
      const statement = file.statements[i]!;
      const [kind, tree] = kindOf(statement.ast);
      lockTimeout = lockTimeoutAfter(kind, tree, initial) ?? lockTimeout;
      const fix = this.#lintStatement(file, statement, { kind, tree, effect, earlier, lockTimeout, down });
      if (fix !== undefined)
        fixable.push({ index: i, line: locate(file.source, statement.start).line, ...fix });
      if (file.transactional) earlier.push({ kind, tree, effect });
      i += 1;
      this.#lookBehind(file.source, statement, file.statements[i]);
    }
    return fixable;
  }

  /** Without what the run itself has put right. */
  findings(): readonly Finding[] {
    return this.#findings.filter(({ mended }) => mended?.() !== true).map(({ finding }) => finding);
  }

  #effectsOf(file: LintedFile): Generator<Effect> {
    return effectsOfFile(this.#fold, file, this.#around);
  }

  #siteOf(
    { source, transactional }: LintedFile,
    { start, end, batched, losses: ofText }: LintedStatement,
    { down, ...rest }: Surrounded,
  ): Site {
    const losses = rest.effect.losses ?? ofText;
    const { schema, searchPath } = this.#fold.session;
    const sql = source.text.slice(start, end);
    return {
      ...rest,
      ...commandsIn(rest.kind, rest.tree, sql),
      sql,
      schema,
      searchPath,
      losses,
      writtenAgain: lostData(losses, down).writtenAgain,
      alone: !transactional || batched,
      batched,
      version: this.#around.version,
    };
  }

  #rulesFor(kind: string): readonly ActiveRule[] {
    const known = this.#byKind.get(kind);
    if (known !== undefined) return known;
    const rules = this.#rules.filter(({ rule: { kinds } }) => kinds === undefined || kinds.includes(kind));
    this.#byKind.set(kind, rules);
    return rules;
  }

  #lintStatement(
    file: LintedFile,
    statement: LintedStatement,
    surrounded: Surrounded,
  ): Omit<Fixable, "index" | "line"> | undefined {
    const { source } = file;
    const { begin, start, end } = statement;
    const site = this.#siteOf(file, statement, surrounded);
    const ignores = ignoresIn(source.text, begin, start);
    const used = new Set<string>();
    const looked: Looked = { source, start, end, ignores, used };
    const open = new Set<Rule>();
    for (const active of this.#rulesFor(site.kind)) {
      if (active.rule.last === true && used.size > 0) continue;
      for (const found of active.rule.find(site)) {
        if (this.#found(active, looked, found)) open.add(active.rule);
      }
    }
    this.#noteUses(site, looked);
    const { locksOwn, locks } = site.effect;
    const isNew = locksOwn || locks.some(({ inUse }) => !inUse);
    for (const ignore of ignores) this.#judge(source, ignore, isNew ? undefined : used);
    return fixOf(site, [...open]);
  }

  /** Whether it is told. */
  #found({ rule, severity }: ActiveRule, looked: Looked, { mended, ...found }: Found): boolean {
    const { source, start, end, ignores, used } = looked;
    used.add(rule.id);
    if (ignores.some(({ reason, bare, rules }) => reason !== "" && !bare && rules.includes(rule.id)))
      return false;
    const finding = { rule: rule.id, severity, advice: rule.advice, ...found };
    this.#add(source, start, end - start, finding, mended);
    return true;
  }

  /** Where something is used that no statement has made; and where it is made after all, that this was too early. */
  #noteUses(site: Site, looked: Looked): void {
    const { locks, usedBefore } = site.effect;
    const early = usedBefore === undefined ? undefined : this.#firstUses.get(usedBefore.id);
    const active = this.#rules.find(({ rule }) => rule === statementFails);
    if (early !== undefined && active !== undefined) {
      const { path, line } = locate(looked.source, looked.start);
      this.#found(
        active,
        early,
        usesTooEarly(usedBefore!.name, site.kind === "RenameStmt", `${path}:${line}`),
      );
    }
    for (const lock of locks) {
      const { known = true, named, perhaps } = pictureOf(site, lock) ?? {};
      if (!known && named === undefined && perhaps !== true && !this.#firstUses.has(lock.id))
        this.#firstUses.set(lock.id, looked);
    }
  }

  /**
   * What is wrong with an ignore. `used`: the rules that found something; undefined where that cannot be told, since the
   * statement is about what this run has made, and another run may begin behind it.
   */
  #judge(
    source: Source,
    { rules, reason, bare, start, length }: Ignore,
    used: ReadonlySet<string> | undefined,
  ): void {
    const add = (
      severity: Finding["severity"],
      { code, message, hint = "" }: Fault,
      mended?: () => boolean,
    ): void => this.#add(source, start, length, { rule: code, severity, message, advice: hint }, mended);
    const meant = bare === undefined ? reason || "reason" : reason === "" ? bare : `${bare} (${reason})`;
    const existing = new Set(rules.map((id) => (isRule(id) ? id : ruleMeantBy(id))));
    existing.delete(undefined);
    const form = `write: -- retort-ignore: ${[...existing].join(", ") || "rule"} (${meant})`;
    const hasReason = bare === undefined && reason !== "";
    if (rules.length === 0)
      add("error", { code: "ignore-without-rule", message: "no rule is named", hint: form });
    else if (!hasReason)
      add("error", {
        code: "ignore-without-reason",
        message: bare === undefined ? "no reason is given" : "the reason is not in parentheses",
        hint: form,
      });
    for (const id of rules) {
      if (!isRule(id)) {
        // The line to write has its name right.
        if (hasReason || ruleMeantBy(id) === undefined)
          add("error", { code: "unknown-rule", message: unknownRuleText(id), hint: ruleHint(id) });
      } else if (used?.has(id) === false && this.#rules.some(({ rule }) => rule.id === id))
        add(
          "warning",
          { code: "unused-ignore", message: `${id} finds nothing here`, hint: "delete it" },
          // A later statement may show something here.
          () => used.has(id),
        );
    }
  }

  /** An ignore that is above no statement: it is in one, at the end of its line, or below the last. */
  #lookBehind({ text, path }: Source, { start, end }: LintedStatement, next?: LintedStatement): void {
    for (const ignore of ignoresIn(text, start, next?.begin ?? text.length)) {
      const isBelow = ignore.start > end && /[\r\n]/.test(text.slice(end, ignore.start));
      if (isBelow) this.#judge({ text, path }, ignore, new Set());
      else
        this.#add({ text, path }, ignore.start, ignore.length, {
          rule: "misplaced-ignore",
          severity: "warning",
          message: "it switches no rule off here",
          advice: "put it on a line of its own above the statement",
        });
    }
  }

  #add(
    source: Source,
    start: number,
    length: number,
    finding: Omit<Finding, "location" | "excerpt">,
    mended?: () => boolean,
  ): void {
    const at = { ...locate(source, start), start };
    const { location, excerpt } = faultAt(source, at, length, {
      code: finding.rule,
      message: finding.message,
    });
    this.#findings.push({
      finding: { ...finding, location: location!, excerpt: excerpt! },
      ...(mended === undefined ? {} : { mended }),
    });
  }
}

const isZero = (time: string): boolean => /^\s*0+\s*[a-z]*\s*$/i.test(time);

/** Whether `lock_timeout` is a time after the statement; undefined where it says nothing about it. */
function lockTimeoutAfter(kind: string, tree: Ast, initial: boolean): boolean | undefined {
  if (kind !== "VariableSetStmt" || word(tree["name"]).toLowerCase() !== "lock_timeout")
    return kind === "VariableSetStmt" && tree["kind"] === "VAR_RESET_ALL" ? initial : undefined;
  const value = node(node(items(tree["args"])[0])["A_Const"]);
  if (value["sval"] !== undefined) return !isZero(word(node(value["sval"])["sval"]));
  if (value["ival"] !== undefined) return Number(node(value["ival"])["ival"] ?? 0) !== 0;
  return initial;
}
