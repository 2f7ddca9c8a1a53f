/** A header line whose key is known → what is wrong with its value. */
import { acceptanceOf, aspects } from "./acceptance.ts";
import { durationFault } from "./duration.ts";
import type { Diagnostic } from "./errors.ts";
import { shorten } from "./fault.ts";
import { type Form, type HeaderKey, headerKeys, isEmptyList, reservedWords } from "./header-keys.ts";
import { type HeaderLine, placeOf, placeOfValue } from "./header-line.ts";
import type { Source } from "./source.ts";

/** The names of ids and labels end up in an index of the ledger, whose entries have a limit. */
const LONGEST_ID = 255;

const ILLEGAL_IN_ID = /[^A-Za-z0-9_.]/u;

const INVISIBLE = /^[\p{Cf}\p{Default_Ignorable_Code_Point}]$/u;

const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

/** The first fault of the value, or of an item of a list. */
export function valueFault(source: Source, line: HeaderLine, key: HeaderKey): Diagnostic | undefined {
  const { value } = line;
  const { form } = headerKeys[key];
  if (isEmptyList(value, key)) return undefined;
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
    return {
      code: "source/control-character",
      message: `'${key}' contains the control character ${codePointOf(control[0])}`,
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
      return timeFault(source, line, key);
    case "acceptance":
      return acceptanceFault(source, line);
    case "reason":
      return reasonFault(source, line, key);
    case "text":
      return undefined;
  }
}

const codePointOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;

function acceptanceFault(source: Source, line: HeaderLine): Diagnostic | undefined {
  if (acceptanceOf(line.value) !== undefined) return undefined;
  const all = line.value.split(",").map((each) => each.trim());
  const what = all.every((each) => aspects.some((aspect) => aspect === each)) ? all.join(", ") : undefined;
  return {
    code: "source/illegal-value",
    message: `'accepts' must say what and why, not '${shorten(line.value)}'`,
    hint:
      what !== undefined
        ? `write why, in parentheses: '-- accepts: ${what} (<reason>)'`
        : `for example '-- accepts: column-order (it is read by name)'; from ${aspects.join(", ")}, separated by commas`,
    ...placeOfValue(source, line),
  };
}

const WHETHER = /^(?:(no|n|false|off|none|never|0)|yes|y|true|on|1)[.!]?$/i;

function reasonFault(source: Source, line: HeaderLine, key: HeaderKey): Diagnostic | undefined {
  const [whole, no] = WHETHER.exec(line.value) ?? [];
  if (whole === undefined) return undefined;
  return {
    code: "source/illegal-value",
    message: `'${key}' must say why, not '${shorten(line.value)}'`,
    hint:
      no === undefined
        ? emptyHints.reason(key)
        : "a migration that can be undone lacks the line, and has a down file: delete the line",
    ...placeOfValue(source, line),
  };
}

function timeFault(source: Source, line: HeaderLine, key: HeaderKey): Diagnostic | undefined {
  const fault = durationFault(line.value);
  if (fault === undefined) return undefined;
  return {
    code: "source/illegal-value",
    message: `'${key}' must be ${fault.mustBe}, not '${shorten(line.value)}'`,
    hint: fault.hint,
    ...placeOfValue(source, line),
  };
}

const emptyHints: Readonly<Record<Form, (key: HeaderKey) => string>> = {
  id: () => "write the id of this migration: letters, digits, '_' and '.'",
  ids: () => "write the revision it follows, or '-- parent: none' if it is a base",
  text: () => "write a value, or delete the line",
  reason: () => "write why it cannot be undone; this is shown on downgrade",
  none: () => "write '-- transaction: none', or delete the line",
  time: (key) => `write a time such as '-- ${key}: 5s', or delete the line`,
  acceptance: () => "write what the downgrade may leave different and why, or delete the line",
};

/** The first fault of a comma-separated list. */
function listFault(source: Source, line: HeaderLine, key: HeaderKey): Diagnostic | undefined {
  if (line.value === "none") return undefined;
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
        hint: "delete the comma, or add what is missing next to it",
        ...placeOfValue(source, line, Math.min(at, line.value.length - 1), 1),
      };
    }
    if (key === "parent" && item === "none") {
      return {
        code: "source/reserved-id",
        message: "'none' cannot be combined with another parent",
        hint: "for a base, write '-- parent: none'; otherwise delete 'none'",
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
      message: `${shownCharacter(character)} is not allowed in the ${noun} '${shorten(id)}'`,
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

function shownCharacter(character: string): string {
  if (INVISIBLE.test(character)) return `the invisible character ${codePointOf(character)}`;
  return /\s/.test(character) ? "a blank" : `'${character}'`;
}

/** Words → what may be meant by them as an id or a label; empty where no character of them may be in one. */
export const asOneId = (words: string): string =>
  words.replaceAll(/[^A-Za-z0-9_.]+/gu, "_").replaceAll(/^_+|_+$/g, "");

/** What to write where the page that shows a header has `<id>`. */
const PLACEHOLDER: Partial<Record<HeaderKey, string>> = {
  revision: "write an id without the brackets: migrate revision writes one into each new file",
  parent: "write the id that is in the header of the file before it, without the brackets; or none",
  "depends-on": "write the id that is in the header of the file that it needs, without the brackets",
};

function illegalHint(key: HeaderKey, character: string, id: string): string {
  if (INVISIBLE.test(character)) return "delete it; an id has only letters, digits, '_' and '.'";
  const placeholder = /^<.*>$/.test(id) ? PLACEHOLDER[key] : undefined;
  if (placeholder !== undefined) return placeholder;
  if (key === "revision" || key === "branch-labels") {
    const suggestion = asOneId(id);
    if (/[\s;]/.test(character) && key === "branch-labels")
      return `separate several with commas${character === ";" ? "" : `, or write one as ${shorten(suggestion)}`}`;
    const rule = "use letters, digits, '_' and '.' only";
    return suggestion === "" ? rule : `${rule}, such as '${shorten(suggestion)}'`;
  }
  const [, first, rest] = /^([\w.]+)[\s;]+(.*)$/s.exec(id) ?? [];
  // What stands behind the id is a comment.
  if (first !== undefined && !/^[\w.]+(?:[\s;]+[\w.]+)*$/.test(rest!))
    return `write only the id: ${shorten(first)}`;
  // Two words may be two ids, or an id and the message that `history` shows behind it.
  if (first !== undefined) {
    const several = id.split(/[\s;]+/).join(", ");
    return `write only the id that the header of its file has, ${shorten(first)} if that is it; if these are several ids, separate them with commas: ${shorten(several)}`;
  }
  if ("@+:-".includes(character))
    return "write the id from that file's header; expressions such as 'label@head' or '-1' work only on the command line";
  return "an id has only letters, digits, '_' and '.'";
}

function reservedHint(key: HeaderKey, word: string): string {
  if (key === "revision" || key === "branch-labels")
    return `choose another; reserved words are ${reservedWords.join(", ")}`;
  if (key === "parent" && word === "none") return "write '-- parent: none' in lower case";
  if (key === "parent" && word === "base") return "for a base, write '-- parent: none'";
  return "write the id itself, from the header of that revision's file";
}
