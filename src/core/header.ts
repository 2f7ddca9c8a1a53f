/**
 * One file → its header, the leading `-- key: value` lines, with every fault in it. Below the header comments are
 * prose; the one exception is a lost header line (see `lostLines`), because an instruction must not vanish silently.
 */
import { markHint } from "./characters.ts";
import { CONFLICT_HINT, isConflict } from "./conflict.ts";
import type { Diagnostic } from "./errors.ts";
import { excerptAt, shorten } from "./fault.ts";
import {
  allKeys,
  type Direction,
  type Form,
  type Header,
  type HeaderKey,
  headerKeys,
  isAtHome,
  isEmptyList,
  itemsOf,
  keysOf,
  keysOfTemplates,
  meantKey,
} from "./header-keys.ts";
import {
  countLines,
  type HeaderLine,
  headerLineAt,
  type LostLine,
  placeAt,
  placeOf,
  placeOfValue,
} from "./header-line.ts";
import { valueFault } from "./header-value.ts";
import { tokens } from "./lexer.ts";
import type { Source } from "./source.ts";

const SLIPPED_LINE =
  /([ \t]*(?!\/\*)(-{2,}|[^\w\s]{1,3})[ \t]*([a-z][a-z_-]*)(?:[ \t]*([:=])|[ \t]|(?=[\r\n]|$))([^\r\n]*))(?:\r\n|\r|\n|$)/y;

/** Lines of other tools that mean one of ours, such as sqlx's; they have no value. */
const otherLines: Readonly<Record<string, { readonly key: HeaderKey; readonly value: string }>> = {
  "no-transaction": { key: "transaction", value: "none" },
};

/** The line at an offset, as one of the header that is written otherwise; undefined where it has no key of ours. */
function slipAt(source: Source, start: number, number: number, direction: Direction) {
  SLIPPED_LINE.lastIndex = start;
  const [whole = "", text = "", mark = "", written = "", sign, rest = ""] =
    SLIPPED_LINE.exec(source.text) ?? [];
  const value = rest.trim();
  const other = value === "" && Object.hasOwn(otherLines, written) ? otherLines[written] : undefined;
  const said = other ?? { key: written.replaceAll("_", "-"), value };
  const { key } = said;
  if (!isAtHome(key, direction)) return undefined;
  const line: LostLine = { key, value: said.value, text, line: number, next: start + whole.length };
  return { line, mark, written, sign, isOther: other !== undefined };
}

const GAP = /\s+|\/\*[\s\S]*?\*\/|--[^\r\n]*/y;

/** A line of which one can tell what key is meant; the first of that key. */
interface Said {
  readonly key: HeaderKey;
  readonly line: HeaderLine;
  /** The key is written as it should be, and so is the value. */
  readonly isSound: boolean;
}

/**
 * Reads the header of one file. `direction` says which keys are at home in it. `bodyStart` is the UTF-16 offset of the
 * first line that is not a header line. The header is complete only when there are no diagnostics. `revision`: what the
 * other file of the pair says, where that is known.
 */
export function parseHeader(
  source: Source,
  direction: Direction,
  revision = UNKNOWN,
): { readonly header: Header; readonly bodyStart: number; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  // A key that is misspelt or has a bad value counts as said, so that it is not reported as missing as well.
  const said: Said[] = [];
  let bodyStart = 0;
  for (let number = 1; ; number += 1) {
    const line = headerLineAt(source.text, bodyStart, number);
    if (line === undefined) {
      const slip = slippedLine(source, bodyStart, number, direction, said);
      if (slip === undefined) break;
      bodyStart = slip.line.next;
      diagnostics.push(slip.fault);
      said.push({ key: slip.line.key, line: slip.line, isSound: false });
      continue;
    }
    bodyStart = line.next;
    const key = meantKey(line.key, direction);
    const earlier = key === undefined ? undefined : lineThatSays(said, key);
    const fault =
      key === line.key && earlier === undefined
        ? valueFault(source, line, key)
        : keyFault(source, line, direction, key, earlier);
    if (fault !== undefined) diagnostics.push(fault);
    if (key !== undefined && earlier === undefined) said.push({ key, line, isSound: fault === undefined });
  }
  const unsaid: HeaderKey[] = [];
  for (const key of required[direction]) if (lineThatSays(said, key) === undefined) unsaid.push(key);
  const lost = lostLines(source, bodyStart, direction, said, unsaid);
  const [firstLost] = lost;
  if (firstLost !== undefined) diagnostics.push(...faultsOfLost(source, firstLost, bodyStart, said));
  const missing = unsaid.filter((key) => !lost.some((line) => line.key === key));
  if (missing.length > 0)
    diagnostics.push(missingKeys(source, missing, lineThatSays(said, "revision"), bodyStart, revision));

  return { header: headerOf(said), bodyStart, diagnostics };
}

/**
 * Reads the header lines that a template adds to those of each new file: from `start`, behind the line that says what it
 * is for, up to the first line that has no key of ours, which may be prose.
 */
export function parseTemplate(
  source: Source,
  direction: Direction,
  start: number,
): { readonly bodyStart: number; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const said: Said[] = [];
  let bodyStart = start;
  let line = headerLineAt(source.text, start, countLines(source.text, start) + 1);
  while (line !== undefined && Object.hasOwn(headerKeys, line.key)) {
    bodyStart = line.next;
    const key = meantKey(line.key, direction);
    const earlier = key === undefined ? undefined : lineThatSays(said, key);
    const fault = !isForTemplates(line.key)
      ? notForTemplates(source, line, direction)
      : key !== undefined && earlier === undefined
        ? valueFault(source, line, key)
        : keyFault(source, line, direction, key, earlier);
    if (fault !== undefined) diagnostics.push(fault);
    if (key !== undefined && earlier === undefined) said.push({ key, line, isSound: fault === undefined });
    line = headerLineAt(source.text, bodyStart, line.line + 1);
  }
  const slip = slippedLine(source, bodyStart, countLines(source.text, bodyStart) + 1, direction, said);
  if (slip !== undefined && isForTemplates(slip.line.key)) diagnostics.push(slip.fault);
  for (const lost of lostLines(source, bodyStart, direction, said)) {
    diagnostics.push(
      ...(isForTemplates(lost.key)
        ? faultsOfLost(source, lost, bodyStart, said)
        : [notForTemplates(source, lost, direction)]),
    );
  }
  return { bodyStart, diagnostics };
}

const isForTemplates = (key: string): boolean => keysOfTemplates.some((known) => known === key);

function notForTemplates(source: Source, line: HeaderLine, direction: Direction): Diagnostic {
  const allowed = keysOfTemplates.filter((key) => isAtHome(key, direction));
  return {
    code: "source/misplaced-key",
    message: `'${line.key}' does not belong in a template`,
    hint: `delete the line: a new file gets a header of its own, to which a template can add only ${allowed.join(", ")}`,
    ...placeOf(source, line),
  };
}

/** By index: this is asked for each line of ten thousand files, and iterators are what would take longest. */
function lineThatSays(said: readonly Said[], key: HeaderKey): HeaderLine | undefined {
  for (let i = 0; i < said.length; i += 1) if (said[i]!.key === key) return said[i]!.line;
  return undefined;
}

const required: Readonly<Record<Direction, readonly HeaderKey[]>> = {
  up: ["revision", "parent"],
  down: ["revision"],
};

/**
 * The place of the value of `key` in the header, or of one item of its list, for faults that one file alone does not show:
 * undefined when the header lacks the key.
 */
export function placeOfKey(
  source: Source,
  key: HeaderKey,
  item?: string,
): Pick<Diagnostic, "location" | "excerpt"> | undefined {
  let line = headerLineAt(source.text, 0, 1);
  let [next, number] = [0, 1];
  for (; line?.key !== key; line = headerLineAt(source.text, next, number)) {
    // What is said below a line that is written otherwise is said all the same.
    const passed: HeaderLine | undefined = line ?? slippedLine(source, next, number, "up", [])?.line;
    if (passed === undefined) return undefined;
    if (line === undefined && passed.key === key) return placeAt(source, passed, 0, passed.text.length);
    next = passed.next;
    number += 1;
  }
  if (line.value === "") return placeOf(source, line);
  const [at] = item === undefined ? [] : startsOfItem(line.value, item);
  return at === undefined ? placeOfValue(source, line) : placeOfValue(source, line, at, item!.length);
}

/** Where in a list an item stands. */
function startsOfItem(list: string, item: string): readonly number[] {
  let end = 0;
  return list.split(",").flatMap((raw) => {
    const start = end + (raw.length - raw.trimStart().length);
    end += raw.length + 1;
    return raw.trim() === item ? [start] : [];
  });
}

function headerOf(said: readonly Said[]): Header {
  const header: Record<string, string | readonly string[]> = { ...noLists };
  for (const { key, line, isSound } of said) {
    const { form, property } = headerKeys[key];
    if (isSound) header[property] = form === "ids" ? itemsOf(line.value) : line.value;
  }
  return header as Header;
}

/** Forms that no prose has: a comment with such a value is meant for the program wherever it stands. */
const EXACT: readonly Form[] = ["none", "time", "acceptance"];

/** Any comment with such a key, in strings too. */
const EXACT_LINE = new RegExp(
  `--[ \\t]*(?:${allKeys.filter((key) => EXACT.includes(headerKeys[key].form)).join("|")})[ \\t]*:`,
  "g",
);

/** Forms of which any text may be a value, so that prose may be, too. */
const FREE: readonly Form[] = ["text", "reason"];

const noLists: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  allKeys.flatMap((key) => (headerKeys[key].form === "ids" ? [[headerKeys[key].property, []]] : [])),
);

// ---------------------------------------------------------------------------------------------- reading lines

/** The line that would be one with a colon, and that no prose is; a note may say `-- lock-timeout 1s` of what follows. */
function withoutColon(source: Source, start: number, direction: Direction): LostLine | undefined {
  const slip = slipAt(source, start, 0, direction);
  if (slip === undefined || slip.mark !== "--" || slip.sign === ":") return undefined;
  const { form } = headerKeys[slip.line.key];
  const isExact = form === "none" || form === "acceptance" || (slip.sign === "=" && !FREE.includes(form));
  return isExact ? { ...slip.line, isSlipped: true } : undefined;
}

/**
 * Header lines that stand below the header and would have meant something in it: one of our keys (`message` and
 * `created` change nothing: these two may be prose), with a value of the right form that the header does not have, or, where
 * that form is exact, with a word or two in its place: `-- transaction: off`. `-- parent: the table above` is prose. Below
 * the first SQL, where comments are about single statements, only the lines with a value of an exact form are lost, and
 * those that say what the header cannot be without: `unsaid`.
 */
function lostLines(
  source: Source,
  bodyStart: number,
  direction: Direction,
  said: readonly Said[],
  unsaid: readonly HeaderKey[] = [],
): readonly LostLine[] {
  const lost: LostLine[] = [];
  const { text } = source;
  const take = (start: number, isLost: (line: LostLine) => boolean): void => {
    const found = headerLineAt(text, start, 0);
    const line =
      found === undefined
        ? withoutColon(source, start, direction)
        : isAtHome(found.key, direction)
          ? { ...found, key: found.key }
          : undefined;
    if (line === undefined) return;
    if (lost.some(({ key }) => key === line.key) || !isLost(line)) return;
    if (isEmptyList(line.value, line.key)) return;
    if (isSameValue(line, lineThatSays(said, line.key))) return;
    const lineStart = Math.max(text.lastIndexOf("\n", start - 1), text.lastIndexOf("\r", start - 1)) + 1;
    const indent = text.slice(lineStart, start);
    lost.push({ ...line, line: countLines(text, start) + 1, text: indent + line.text });
  };
  const isSound = (line: LostLine): boolean => valueFault(source, line, line.key) === undefined;
  GAP.lastIndex = bodyStart;
  let start = bodyStart;
  for (; GAP.test(text); start = GAP.lastIndex)
    if (text.startsWith("--", start))
      take(start, (line) => !isProse(line) && (isNearlyExact(line) || isSound(line)));
  EXACT_LINE.lastIndex = start;
  const second: readonly HeaderKey[] = secondHeader(text, start) === undefined ? [] : ["revision"];
  const wanted = beginsBelow(text, start, unsaid) ? unsaid : second;
  // To cut ten thousand files into tokens would take longer than all else that is done with them.
  if (wanted.length === 0 && !EXACT_LINE.test(text)) return lost;
  const isWanted = ({ key }: LostLine, at: number): boolean =>
    wanted.includes(key) && /[\r\n]/.test(text.charAt(at - 1));
  for (const token of tokens(text, start))
    if (token.kind === "comment")
      take(token.start, (line) => (isExact(line) || isWanted(line, token.start)) && isSound(line));
  return lost;
}

/** Where a whole header begins below the first SQL, as where git could not merge two files and both were kept. */
function secondHeader(text: string, start: number): number | undefined {
  // Nearly all files are done with here.
  if (!text.includes("revision:", start)) return undefined;
  const at = text.slice(start).search(SECOND);
  return at < 0 ? undefined : start + at;
}

const SECOND = /^--[ \t]*revision:[ \t]*\S+[ \t]*\r?\n(?:--[^\r\n]*\r?\n){0,12}?--[ \t]*parent:/m;

/**
 * Whether what the header lacks may stand below the first SQL, from its first column on, as in a header. A parent without
 * a revision is a comment on a table.
 */
function beginsBelow(text: string, start: number, [first]: readonly HeaderKey[]): boolean {
  if (first === undefined) return false;
  const line = new RegExp(`^--[ \\t]*${first}[ \\t]*:`, "gm");
  line.lastIndex = start;
  return line.test(text);
}

const isExact = ({ key }: LostLine): boolean => EXACT.includes(headerKeys[key].form);

/** Prose with such a key and a colon has more words: `-- transaction: the file is one`. */
const isNearlyExact = (line: LostLine): boolean =>
  line.isSlipped !== true && isExact(line) && /^\S+(?:[ \t]+\S+)?$/.test(line.value);

/**
 * The line that would end the header, where it was meant for it: it has a key that the header lacks, but no colon, or
 * begins with what chats make of `--`. Between two lines of the header any such line is meant. Behind the last one, prose
 * begins with a word such as `replaces`, which a value of the right form tells from it, or says when the file was `created`.
 */
function slippedLine(
  source: Source,
  start: number,
  number: number,
  direction: Direction,
  said: readonly Said[],
): { readonly line: LostLine; readonly fault: Diagnostic } | undefined {
  const slip = slipAt(source, start, number, direction);
  if (slip === undefined || lineThatSays(said, slip.line.key) !== undefined) return undefined;
  const { line, mark, written, sign, isOther } = slip;
  const { key } = line;
  const isComment = /^--+$/.test(mark);
  const isSlip = sign === undefined ? isComment || isOther : mark !== "--" || sign === "=";
  if (!isSlip) return undefined;
  const isSound = line.value !== "" && valueFault(source, line, key) === undefined;
  const mayBeProse = sign === undefined ? isProse(line) : namesFiles(line);
  const isMeant = !mayBeProse && (isSound || isNoWordOfProse(key) || required[direction].includes(key));
  if (!isMeant && (number === 1 || !goesOn(source, line, direction, said))) return undefined;
  const elsewhere =
    isSound && withoutColon(source, start, direction) !== undefined
      ? "word it otherwise"
      : "put it below the header, after a blank line";
  const otherwise = isComment ? `; if it is only a comment, ${elsewhere}` : "";
  return {
    line,
    fault: {
      code: "source/header-line",
      message: isOther
        ? `'${written}' is not a header key`
        : mark === "--"
          ? `there is no colon after '${written}'`
          : `the header line begins with ${markHint(mark)}, not with two hyphens`,
      hint: `write '-- ${key}: ${isSound ? shorten(line.value) : "…"}'${otherwise}`,
      ...placeAt(source, line, line.text.indexOf(written), written.length),
    },
  };
}

/** Whether another line of the header follows, be it one that is written otherwise. */
function goesOn(source: Source, line: LostLine, direction: Direction, said: readonly Said[]): boolean {
  const number = line.line + 1;
  const following = headerLineAt(source.text, line.next, number);
  if (following !== undefined) return isAtHome(following.key, direction);
  // No key is met twice, so it ends.
  const saidThen = [...said, { key: line.key, line, isSound: false }];
  return slippedLine(source, line.next, number, direction, saidThen) !== undefined;
}

/** Directly below the header, where a note on the file would have a blank line above it. */
const isNoWordOfProse = (key: HeaderKey): boolean =>
  key.includes("-") || EXACT.includes(headerKeys[key].form) || headerKeys[key].form === "reason";

/** As other tools' comments do. */
const namesFiles = ({ key, value }: LostLine): boolean =>
  headerKeys[key].form === "ids" && itemsOf(value).some((item) => item.endsWith(".sql"));

/** Says nothing of what runs. */
const isProse = (line: LostLine): boolean =>
  line.key === "message" || line.key === "created" || namesFiles(line);

const isSameValue = (line: LostLine, said: HeaderLine | undefined): boolean =>
  said !== undefined &&
  (headerKeys[line.key].form === "ids"
    ? itemsOf(line.value).join() === itemsOf(said.value).join()
    : FREE.includes(headerKeys[line.key].form) || line.value === said.value);

// ------------------------------------------------------------------------------------------------------ faults

/** What is wrong with a line whose key is not simply one of ours, said for the first time. */
function keyFault(
  source: Source,
  line: HeaderLine,
  direction: Direction,
  meant: HeaderKey | undefined,
  earlier: HeaderLine | undefined,
): Diagnostic {
  const { key } = line;
  const fault = (code: string, message: string, hint: string): Diagnostic => ({
    code,
    message,
    hint,
    ...placeOf(source, line),
  });
  if (meant === key) {
    const together = headerKeys[meant].form === "ids" ? ", in which commas separate several values" : "";
    return fault(
      "source/duplicate-key",
      `'${key}' appears twice`,
      `line ${earlier?.line} already has it; keep one line${together}`,
    );
  }
  if (Object.hasOwn(headerKeys, key)) {
    return fault(
      "source/misplaced-key",
      `'${key}' does not belong in ${direction === "up" ? "an up" : "a down"} file`,
      direction === "up"
        ? "put it into the down file"
        : key === "irreversible"
          ? "an irreversible migration has no down file: put the line into the header of the up file, and delete this file"
          : "the up file sets it for both; delete this line",
    );
  }
  if (meant === key.toLowerCase()) {
    return fault("source/uppercase-key", `'${key}' is not in lower case`, `write '-- ${meant}:'`);
  }
  return fault(
    "source/unknown-key",
    `'${shorten(key)}' is not a header key`,
    meant !== undefined
      ? `did you mean '-- ${meant}:'?`
      : `the keys are ${keysOf[direction].join(", ")}; put other comments below the header, after a blank line`,
  );
}

/** The id of a file that is not known. */
const UNKNOWN = "<id>";

function missingKeys(
  source: Source,
  missing: readonly HeaderKey[],
  line: HeaderLine | undefined,
  bodyStart: number,
  revision: string,
): Diagnostic {
  const place =
    line === undefined
      ? {
          location: { path: source.path, line: 1, column: 1 },
          ...(/^[^\r\n]/.test(source.text) ? { excerpt: excerptAt(source, 0) } : {}),
        }
      : placeOf(source, line);
  const isEmpty = source.text.trim() === "";
  const hints: Partial<Record<HeaderKey, string>> = {
    revision: `start the file with '-- revision: ${revision}'${isEmpty || revision !== UNKNOWN ? "" : " (if it is applied, migrate log has its id)"}`,
    parent: "add '-- parent: <id>', the revision it follows, or '-- parent: none' if it is a base",
  };
  const asks = missing.map((key) => hints[key]).join("; ");
  return {
    code: "source/missing-key",
    message: `${isEmpty ? "the file is empty: " : ""}${missing.map((key) => `'${key}'`).join(" and ")} ${missing.length > 1 ? "are" : "is"} missing in the header`,
    hint: isConflict(source.text, bodyStart)
      ? CONFLICT_HINT
      : isEmpty
        ? `if it had something in it, restore it; if it is new, ${asks}`
        : asks,
    ...place,
  };
}

/** That it is lost, and what would be wrong with it where it belongs. */
function faultsOfLost(
  source: Source,
  lost: LostLine,
  bodyStart: number,
  said: readonly Said[],
): readonly Diagnostic[] {
  const fault = valueFault(source, lost, lost.key);
  return [
    misplacedBelow(source, lost, bodyStart, lineThatSays(said, lost.key)),
    ...(fault === undefined ? [] : [fault]),
  ];
}

function misplacedBelow(
  source: Source,
  lost: LostLine,
  bodyStart: number,
  said: HeaderLine | undefined,
): Diagnostic {
  const end = countLines(source.text, bodyStart) + 1;
  const isIndented = lost.line === end && /^\s/.test(lost.text);
  // It is the header itself, which no other is above.
  const isWhole = bodyStart === 0 && !isIndented && lost.key === "revision";
  const second =
    said !== undefined && lost.key === "revision" ? secondHeader(source.text, bodyStart) : undefined;
  const isSecond = second !== undefined && countLines(source.text, second) + 1 === lost.line;
  const move =
    said === undefined && lost.isSlipped === true
      ? `write '-- ${lost.key}: ${shorten(lost.value)}' among the other header lines, above line ${end}, which ends the header`
      : said === undefined
        ? `move it up to the other header lines, above line ${end}, which ends the header`
        : `line ${said.line} has another value: correct it there, and delete this line`;
  return {
    code: "source/misplaced-key",
    message: isWhole
      ? "the header is not in the first lines of the file"
      : isSecond
        ? `another migration, ${shorten(lost.value)}, begins here`
        : `'${lost.key}' is below the header, where it has no effect`,
    hint: isConflict(source.text, bodyStart)
      ? CONFLICT_HINT
      : isSecond
        ? "move it, from this line on, into a file of its own, and likewise what its down file has"
        : isIndented
          ? "delete the blanks before it: a header line begins with '--'"
          : bodyStart === 0
            ? isWhole
              ? "move its lines to the top of the file, above everything else"
              : "the header is the very first lines of the file: move everything else below it"
            : `${move}; if it is only a comment, word it otherwise`,
    ...placeOf(source, lost),
  };
}

// ------------------------------------------------------------------------------------------------------ places
