/**
 * One file → its header, the leading `-- key: value` lines, with every fault in it. Below the header comments are
 * prose; the one exception is a lost header line (see `lostLines`), because an instruction must not vanish silently.
 */
import type { Diagnostic } from "./errors.ts";
import type { HalfName, RevisionId } from "./migration.ts";
import { nearest } from "./nearest.ts";
import { codePoints, type Source } from "./source.ts";

/** What the header says. A key that is absent, or whose value is at fault, has no property (an empty list). */
export interface Header {
  readonly revision?: RevisionId;
  readonly parents: readonly RevisionId[];
  readonly branchLabels: readonly string[];
  readonly dependsOn: readonly string[];
  readonly message?: string;
  readonly created?: string;
  readonly transaction?: "none";
  readonly irreversible?: string;
  /** As written, in PostgreSQL's form: `5s`, `500ms`, `0`. */
  readonly lockTimeout?: string;
  readonly statementTimeout?: string;
}

type Form = "id" | "ids" | "text" | "none" | "time";

/** Every key: the form of its value, and whether a down file may hold it. */
const keys = {
  revision: { form: "id", down: true },
  parent: { form: "ids", down: false },
  "branch-labels": { form: "ids", down: false },
  "depends-on": { form: "ids", down: false },
  message: { form: "text", down: false },
  created: { form: "text", down: false },
  transaction: { form: "none", down: true },
  irreversible: { form: "text", down: false },
  "lock-timeout": { form: "time", down: true },
  "statement-timeout": { form: "time", down: true },
} as const satisfies Record<string, { readonly form: Form; readonly down: boolean }>;

export type HeaderKey = keyof typeof keys;

/** The keys whose value is one text, and where it goes. */
const plainProperties: Partial<
  Record<HeaderKey, Exclude<keyof Header, "parents" | "branchLabels" | "dependsOn">>
> = {
  revision: "revision",
  message: "message",
  created: "created",
  transaction: "transaction",
  irreversible: "irreversible",
  "lock-timeout": "lockTimeout",
  "statement-timeout": "statementTimeout",
};

/** What people who come from Alembic write, and plurals. */
const otherNames: Readonly<Record<string, HeaderKey>> = {
  id: "revision",
  "revision-id": "revision",
  "down-revision": "parent",
  revises: "parent",
  parents: "parent",
  label: "branch-labels",
  labels: "branch-labels",
  depends: "depends-on",
  dependencies: "depends-on",
  description: "message",
  "create-date": "created",
};

/** Words that a target expression already gives a meaning. */
export const reservedWords: readonly string[] = ["head", "heads", "base", "none", "current"];

/** The names of ids and labels end up in an index of the ledger, whose entries have a limit. */
const LONGEST_ID = 255;

const HEADER_LINE = /(--[ \t]*([A-Za-z][A-Za-z_-]*)[ \t]*:(?!\/\/)([^\r\n]*))(?:\r\n|\r|\n|$)/y;
const GAP = /\s+|\/\*[\s\S]*?\*\/|--[^\r\n]*/y;
const ILLEGAL_IN_ID = /[^A-Za-z0-9_.]/u;
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;
const TIME = /^\d+(\.\d+)?[ \t]*(us|ms|s|min|h|d)?$/;

interface HeaderLine {
  readonly key: string;
  /** Without the blanks around it. */
  readonly value: string;
  /** The whole line, without its end. */
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  /** UTF-16 indexes into `text`. */
  readonly keyAt: number;
  readonly valueAt: number;
  /** UTF-16 offset in the file of the line that follows. */
  readonly next: number;
}

/**
 * Reads the header of one file. `half` says which keys are at home in it. `bodyStart` is the UTF-16 offset of the
 * first line that is not a header line. The header is complete only when there are no diagnostics.
 */
export function parseHeader(
  source: Source,
  half: HalfName,
): { readonly header: Header; readonly bodyStart: number; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const seen = new Map<HeaderKey, HeaderLine>();
  const values = new Map<HeaderKey, string>();
  let bodyStart = 0;
  for (const line of headerLines(source.text)) {
    bodyStart = line.next;
    const key = meantKey(line.key, half);
    const earlier = key === undefined ? undefined : seen.get(key);
    const fault =
      key === line.key && earlier === undefined
        ? valueFault(source, line, key)
        : keyFault(source, line, half, key, earlier);
    // A key that is misspelt or has a bad value counts as said, so that it is not reported as missing as well.
    if (key !== undefined && earlier === undefined) seen.set(key, line);
    if (fault !== undefined) diagnostics.push(fault);
    else if (key !== undefined) values.set(key, line.value);
  }

  const lost = lostLines(source, bodyStart, half, seen);
  const [firstLost] = lost;
  if (firstLost !== undefined) diagnostics.push(misplacedBelow(source, firstLost, bodyStart));
  const required: readonly HeaderKey[] = half === "up" ? ["revision", "parent"] : ["revision"];
  const missing = required.filter((key) => !seen.has(key) && !lost.some((line) => line.key === key));
  if (missing.length > 0) diagnostics.push(missingKeys(source, missing, seen.get("revision")));

  return { header: headerOf(values), bodyStart, diagnostics };
}

/** The place of `key` in the header, for faults that only the pair shows: undefined when the header lacks it. */
export function placeOfKey(
  source: Source,
  key: HeaderKey,
): Pick<Diagnostic, "location" | "excerpt"> | undefined {
  for (const line of headerLines(source.text)) {
    if (line.key === key) return line.value === "" ? placeOf(source, line) : placeOfValue(source, line);
  }
  return undefined;
}

function headerOf(values: ReadonlyMap<HeaderKey, string>): Header {
  const list = (key: HeaderKey): readonly string[] => values.get(key)?.split(",").map(trimmed) ?? [];
  const header: Mutable<Header> = {
    parents: values.get("parent") === "none" ? [] : list("parent"),
    branchLabels: list("branch-labels"),
    dependsOn: list("depends-on"),
  };
  for (const [key, value] of values) {
    const name = plainProperties[key];
    if (name === "transaction") header.transaction = "none";
    else if (name !== undefined) header[name] = value;
  }
  return header;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const trimmed = (text: string): string => text.trim();

// ---------------------------------------------------------------------------------------------- reading lines

function* headerLines(text: string): Generator<HeaderLine> {
  let start = 0;
  for (let line = 1; start < text.length; line += 1) {
    const found = headerLineAt(text, start, line);
    if (found === undefined) return;
    yield found;
    start = found.next;
  }
}

function headerLineAt(text: string, start: number, line: number): HeaderLine | undefined {
  HEADER_LINE.lastIndex = start;
  const match = HEADER_LINE.exec(text);
  if (match === null) return undefined;
  const whole = match[1]!;
  const key = match[2]!;
  const rest = match[3]!;
  const value = rest.trim();
  return {
    key,
    value,
    text: whole,
    line,
    keyAt: whole.indexOf(key),
    valueAt: whole.length - rest.trimStart().length,
    next: start + match[0].length,
  };
}

/**
 * Header lines that stand below the header, before the first SQL, and would have meant something there: one of our
 * keys (`message` and `created` change nothing, a reason is any text: these three may be prose), not said in the
 * header, with a value of the right form. `-- parent: the table above` is prose.
 */
function lostLines(
  source: Source,
  bodyStart: number,
  half: HalfName,
  seen: ReadonlyMap<HeaderKey, HeaderLine>,
): readonly HeaderLine[] {
  const lost: HeaderLine[] = [];
  const text = source.text;
  GAP.lastIndex = bodyStart;
  for (let start = bodyStart; GAP.test(text); start = GAP.lastIndex) {
    if (!text.startsWith("--", start)) continue;
    const found = headerLineAt(text, start, 0);
    if (found === undefined || !isAtHome(found.key, half) || seen.has(found.key)) continue;
    if (lost.some((line) => line.key === found.key)) continue;
    if (keys[found.key].form === "text" || valueFault(source, found, found.key) !== undefined) continue;
    const lineStart = Math.max(text.lastIndexOf("\n", start - 1), text.lastIndexOf("\r", start - 1)) + 1;
    const indent = text.slice(lineStart, start);
    const line = countLines(text, start) + 1;
    lost.push({ ...found, line, text: indent + found.text, keyAt: indent.length + found.keyAt });
  }
  return lost;
}

function countLines(text: string, end: number): number {
  return text.slice(0, end).match(/\r\n|\r|\n/g)?.length ?? 0;
}

function isAtHome(key: string, half: HalfName): key is HeaderKey {
  return Object.hasOwn(keys, key) && (half === "up" || keys[key as HeaderKey].down);
}

// ------------------------------------------------------------------------------------------------------ faults

/** The key that a header line is about, as far as one can tell; undefined for a foreign one. */
function meantKey(key: string, half: HalfName): HeaderKey | undefined {
  if (isAtHome(key, half)) return key;
  if (Object.hasOwn(keys, key)) return undefined;
  const dashed = key.toLowerCase().replaceAll("_", "-");
  const meant = Object.hasOwn(otherNames, dashed) ? otherNames[dashed] : nearest(dashed, keysOf[half]);
  return meant !== undefined && isAtHome(meant, half) ? meant : undefined;
}

const keysOf: Readonly<Record<HalfName, readonly string[]>> = {
  up: Object.keys(keys),
  down: Object.keys(keys).filter((key) => isAtHome(key, "down")),
};

/** What is wrong with a line whose key is not simply one of ours, said for the first time. */
function keyFault(
  source: Source,
  line: HeaderLine,
  half: HalfName,
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
    const together = keys[meant].form === "ids" ? ", with all values in it, separated by commas" : "";
    return fault(
      "source/duplicate-key",
      `'${key}' is said twice`,
      `line ${earlier?.line} says it already; keep one line${together}`,
    );
  }
  if (Object.hasOwn(keys, key)) {
    return fault(
      "source/misplaced-key",
      `'${key}' does not belong in a down file`,
      "the up file says it for both; delete this line",
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
      : `the keys are ${keysOf[half].join(", ")}; free comments go below the header, after a blank line`,
  );
}

function valueFault(source: Source, line: HeaderLine, key: HeaderKey): Diagnostic | undefined {
  const { value } = line;
  const { form } = keys[key];
  if (value === "") {
    return {
      code: "source/empty-value",
      message: `'${key}' has no value`,
      hint: emptyHints[form](key),
      ...placeOf(source, line),
    };
  }
  const control = CONTROL.exec(value);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return {
      code: "source/control-character",
      message: `'${key}' holds the control character U+${code}`,
      hint: "delete it; it would reach the terminal of everyone who lists this migration",
      ...placeOfValue(source, line, control.index, 1),
    };
  }
  switch (form) {
    case "id":
      return idFault(source, line, key, value, 0);
    case "ids":
      return listFault(source, line, key);
    case "none":
      return value === "none"
        ? undefined
        : {
            code: "source/illegal-value",
            message: `'${key}' cannot be '${shorten(value)}'`,
            hint: "'-- transaction: none' runs the file outside a transaction; without the line it runs in one",
            ...placeOfValue(source, line),
          };
    case "time":
      return TIME.test(value)
        ? undefined
        : {
            code: "source/illegal-value",
            message: `'${shorten(value)}' is not a time`,
            hint: `write a number and a unit (us, ms, s, min, h, d), such as '-- ${key}: 5s'; 0 waits without limit`,
            ...placeOfValue(source, line),
          };
    case "text":
      return undefined;
  }
}

const emptyHints: Readonly<Record<Form, (key: HeaderKey) => string>> = {
  id: () => "write the id of this migration: letters, digits, '_' and '.'",
  ids: (key) =>
    key === "parent"
      ? "write the revision it follows, or '-- parent: none' if it is a base"
      : "write a value, or delete the line",
  text: (key) =>
    key === "irreversible"
      ? "say why there is no way back; it is shown on downgrade"
      : "write a value, or delete the line",
  none: () => "write '-- transaction: none', or delete the line",
  time: (key) => `write a time such as '-- ${key}: 5s', or delete the line`,
};

/** The first fault of a comma-separated list. */
function listFault(source: Source, line: HeaderLine, key: HeaderKey): Diagnostic | undefined {
  if (key === "parent" && line.value === "none") return undefined;
  const items = line.value.split(",");
  const earlier = new Set<string>();
  let at = 0;
  for (const raw of items) {
    const item = raw.trim();
    const itemAt = at + (raw.length - raw.trimStart().length);
    if (item === "") {
      return {
        code: "source/empty-item",
        message: `'${key}' has an empty item`,
        hint: "delete the comma, or write what is missing beside it",
        ...placeOfValue(source, line, Math.min(at, line.value.length - 1), 1),
      };
    }
    if (key === "parent" && item === "none") {
      return {
        code: "source/reserved-id",
        message: "'none' stands beside another parent",
        hint: "a base says '-- parent: none' alone; otherwise delete 'none'",
        ...placeOfValue(source, line, itemAt, item.length),
      };
    }
    const fault = idFault(source, line, key, item, itemAt);
    if (fault !== undefined) return fault;
    if (earlier.has(item)) {
      return {
        code: "source/duplicate-item",
        message: `'${item}' is listed twice`,
        hint: "delete one of the two",
        ...placeOfValue(source, line, itemAt, item.length),
      };
    }
    earlier.add(item);
    at += raw.length + 1;
  }
  return undefined;
}

function idFault(
  source: Source,
  line: HeaderLine,
  key: HeaderKey,
  id: string,
  at: number,
): Diagnostic | undefined {
  const noun = key === "branch-labels" ? "branch label" : "revision id";
  const illegal = ILLEGAL_IN_ID.exec(id);
  if (illegal !== null) {
    const [character] = illegal;
    return {
      code: "source/illegal-id",
      message: `${/\s/.test(character) ? "a blank" : `'${character}'`} is not allowed in the ${noun} '${shorten(id)}'`,
      hint: illegalHint(key, character, id),
      ...placeOfValue(source, line, at + illegal.index, character.length),
    };
  }
  if (id.length > LONGEST_ID) {
    return {
      code: "source/illegal-id",
      message: `the ${noun} '${shorten(id)}' has ${id.length} characters`,
      hint: `use at most ${LONGEST_ID}`,
      ...placeOfValue(source, line, at, id.length),
    };
  }
  if (reservedWords.includes(id.toLowerCase())) {
    return {
      code: "source/reserved-id",
      message: `'${id}' is a reserved word, not a ${noun}`,
      hint: reservedHint(key, id.toLowerCase()),
      ...placeOfValue(source, line, at, id.length),
    };
  }
  return undefined;
}

function illegalHint(key: HeaderKey, character: string, id: string): string {
  if (key === "revision" || key === "branch-labels") {
    if (/[\s;]/.test(character) && key === "branch-labels") return "separate several with commas";
    const suggestion = id.replace(/[^A-Za-z0-9_.]+/gu, "_").replace(/^_+|_+$/g, "");
    const rule = "use letters, digits, '_' and '.' only";
    return suggestion === "" ? rule : `${rule}, such as '${shorten(suggestion)}'`;
  }
  if (/[\s;]/.test(character)) return "separate several with commas";
  if ("@+:-".includes(character))
    return "write the id that stands in that file's header; expressions such as 'label@head' or '-1' are for the command line";
  return "ids are written bare: letters, digits, '_' and '.'";
}

function reservedHint(key: HeaderKey, word: string): string {
  if (key === "revision" || key === "branch-labels")
    return `choose another; reserved are ${reservedWords.join(", ")}`;
  if (key === "depends-on" && word === "none") return "delete the line when there is nothing it depends on";
  if (key === "parent" && word === "none") return "write '-- parent: none' in lower case";
  if (key === "parent" && word === "base") return "a base says '-- parent: none'";
  return "write the id itself; migrate heads prints those of the heads";
}

function missingKeys(
  source: Source,
  missing: readonly HeaderKey[],
  revision: HeaderLine | undefined,
): Diagnostic {
  const firstLine = /^[^\r\n]*/.exec(source.text)![0];
  const place =
    revision === undefined
      ? {
          location: { path: source.path, line: 1, column: 1 },
          ...(firstLine === "" ? {} : { excerpt: { line: firstLine } }),
        }
      : placeOf(source, revision);
  const hints: Partial<Record<HeaderKey, string>> = {
    revision: "begin the file with '-- revision: <id>'",
    parent: "say '-- parent: <id>' of what it follows, or '-- parent: none' if it is a base",
  };
  return {
    code: "source/missing-key",
    message: `${missing.map((key) => `'${key}'`).join(" and ")} ${missing.length > 1 ? "are" : "is"} missing in the header`,
    hint: missing.map((key) => hints[key]).join("; "),
    ...place,
  };
}

function misplacedBelow(source: Source, lost: HeaderLine, bodyStart: number): Diagnostic {
  const end = countLines(source.text, bodyStart) + 1;
  return {
    code: "source/misplaced-key",
    message: `'${lost.key}' stands below the header, where it has no effect`,
    hint:
      bodyStart === 0
        ? "the header is the very first lines of the file: move everything else below it"
        : `move it up to the other header lines, above line ${end}, which ends the header`,
    ...placeOf(source, lost),
  };
}

// ------------------------------------------------------------------------------------------------------ places

type Place = Pick<Diagnostic, "location" | "excerpt">;

/** The caret under the key. */
function placeOf(source: Source, line: HeaderLine): Place {
  return placeAt(source, line, line.keyAt, line.key.length);
}

/** The caret under a part of the value, or all of it; `at` and `length` in UTF-16 units of the value. */
function placeOfValue(source: Source, line: HeaderLine, at = 0, length = line.value.length): Place {
  return placeAt(source, line, line.valueAt + at, length);
}

function placeAt(source: Source, line: HeaderLine, at: number, length: number): Place {
  return {
    location: { path: source.path, line: line.line, column: codePoints(line.text, 0, at) + 1 },
    excerpt: { line: line.text, length: codePoints(line.text, at, at + length) },
  };
}

/** A value as part of a sentence. */
function shorten(value: string): string {
  return codePoints(value) <= 60 ? value : `${[...value.slice(0, 120)].slice(0, 59).join("")}…`;
}
