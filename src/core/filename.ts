/** A file name → its number, slug and direction, by the project's pattern; and back, for new files. */
import type { Direction } from "./header-keys.ts";
import { nearest } from "./nearest.ts";

/** The parts of `0004_add_orders.up.sql`. */
export interface FileName {
  /** As written: `0004`, or a timestamp. Absent where the pattern has no `{number}`. */
  readonly number?: string;
  /** `add_orders` */
  readonly slug: string;
  readonly direction: Direction;
}

/** What a new file's name can be made of. */
export interface NewName {
  readonly number: string;
  readonly slug: string;
  readonly revision: string;
  readonly date: Date;
  readonly direction: Direction;
}

/** What is wrong with a file name. */
export interface FileNameFault {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** A name without `.up.sql`, such as `{number}_{slug}` or `{date:YYYY_MM_DD_HHmm}-{revision}_{slug}`. */
export interface FileNamePattern {
  readonly text: string;
  readonly parts: readonly Part[];
  /** Only then is the number in a file's name a target. */
  readonly hasNumber: boolean;
  /** Matches the name without `.up.sql`, with the groups `number` and `slug`. */
  readonly stem: RegExp;
}

type Part =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "number" | "slug" | "revision" }
  | { readonly is: "date"; readonly format: string };

/** Of a number in a file's name. */
export const FEWEST_DIGITS = 4;
const LONGEST_SLUG = 50;
const PLACEHOLDER = /\{([^{}]*)\}/g;
const PLACEHOLDERS = ["number", "slug", "revision", "date"] as const;
const DATE_UNIT = /YYYY|MM|DD|HH|mm|ss/g;

/** Reads a pattern in which `patternFault` finds none. */
export function filePattern(text: string): FileNamePattern {
  const fault = patternFault(text);
  if (fault !== undefined) throw new Error(`the file name pattern must be ${fault.mustBe}`);
  const parts = partsOf(text);
  return {
    text,
    parts,
    hasNumber: parts.some((part) => part.is === "number"),
    stem: new RegExp(`^${parts.map(sourceOf).join("")}$`, "s"),
  };
}

const LONGEST_PATTERN = 128;

/** Why a text cannot be a pattern, as the end of the sentence "it must be …"; undefined where it can. */
export function patternFault(text: string): { readonly mustBe: string; readonly hint: string } | undefined {
  const example = "for example: {number}_{slug}, or {date:YYYY_MM_DD_HHmm}-{revision}_{slug}";
  const fault = (mustBe: string, hint = example) => ({ mustBe, hint });
  // Linux and macOS take names of 255 bytes, and a slug and an ending come with it.
  if (text.length > LONGEST_PATTERN) return fault(`a text of at most ${LONGEST_PATTERN} characters`);
  const names = [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!);
  const literal = text.replaceAll(PLACEHOLDER, "");
  const illegal = /[/\\<>:"|?*\p{Cc}]/u.exec(literal)?.[0];
  if (/[{}]/.test(literal))
    return fault(`made of whole placeholders; a '${/[{}]/.exec(literal)![0]}' is unpaired`);
  if (illegal === "/" || illegal === "\\") return fault("a file name, without / or \\");
  if (illegal !== undefined) return fault(`a file name that every system allows, without '${illegal}'`);
  if (text.startsWith(".")) return fault("a name that does not begin with a dot: such files are not read");
  const ending = /(?:\.(?:up|down))?\.sql$|\.(?:up|down)$/i.exec(text)?.[0];
  if (ending !== undefined)
    return fault(
      `a name without its ending: .up.sql and .down.sql are added to it`,
      `leave out ${ending}: ${text.slice(0, -ending.length)}`,
    );
  for (const name of names) {
    const [word, ...format] = name.split(":");
    const known = PLACEHOLDERS.find((placeholder) => placeholder === word);
    if (known === undefined || (known !== "date" && format.length > 0)) {
      const meant = known ?? nearest(word!, PLACEHOLDERS);
      const all = "{number}, {slug}, {revision} and {date:…}";
      const shown = meant === "date" ? "{date:YYYY_MM_DD}" : `{${meant}}`;
      return fault(
        `made of ${all}; '{${name}}' is not one of them`,
        meant === undefined ? example : `did you mean ${shown}?`,
      );
    }
    const rest = known === "date" ? format.join(":").replaceAll(DATE_UNIT, "") : "";
    if (known === "date" && (format.join("") === "" || /[\p{L}\p{N}/\\<>:"|?*\p{Cc}]/u.test(rest))) {
      const units = "the date is written with YYYY, MM, DD, HH, mm and ss, such as {date:YYYY_MM_DD_HHmm}";
      return fault(`clear about its date, unlike '{${name}}'`, units);
    }
    const repeated = known === "date" ? repeatedUnit(format.join(":")) : undefined;
    if (repeated === "MM")
      return fault(
        "clear about its date: MM is the month, and it appears twice",
        "minutes are written mm, as in {date:YYYY_MM_DD_HHmm}",
      );
    if (repeated !== undefined) return fault(`clear about its date, in which ${repeated} appears twice`);
    const twice = names.filter((other) => other.split(":")[0] === word).length > 1;
    if (twice) return fault(`a name that contains {${word}} once`);
  }
  if (names.every((name) => name === "slug"))
    return fault("one that tells migrations apart, with {number}, {revision} or {date:…}");
  if (/\}\{|\d\{number\}|\{number\}\d/.test(text))
    return fault(
      "one whose parts can be told apart: put '_' or '-' between placeholders, and no digit beside {number}",
    );
  return undefined;
}

function repeatedUnit(format: string): string | undefined {
  const units: readonly string[] = format.match(DATE_UNIT) ?? [];
  return units.find((unit, index) => units.indexOf(unit) < index);
}

function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: whole, 1: name, index } of text.matchAll(PLACEHOLDER)) {
    if (index > end) parts.push({ is: "text", text: text.slice(end, index) });
    parts.push(name!.startsWith("date:") ? { is: "date", format: name!.slice(5) } : { is: name as "slug" });
    end = index + whole.length;
  }
  return end === text.length ? parts : [...parts, { is: "text", text: text.slice(end) }];
}

function sourceOf(part: Part): string {
  const plain = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  if (part.is === "text") return plain(part.text);
  if (part.is === "date") return plain(part.format).replaceAll(DATE_UNIT, (unit) => `\\d{${unit.length}}`);
  return { number: "(?<number>\\d+)", slug: "(?<slug>.+)", revision: "[A-Za-z0-9_.]+?" }[part.is];
}

/** `NNNN_name`, unless the project says otherwise. */
export const defaultPattern: FileNamePattern = filePattern("{number}_{slug}");

/**
 * Reads the base name of a `.sql` file. A number that is too short is a fault, but the file still has its parts, so
 * that its pair and its header can be checked in the same pass. Without `{number}` in the pattern any name will do:
 * who a migration is stands in its header. `free`: the name without its ending → a number for it, for hints. `hasParent`:
 * its header names a parent, which only an up file does. `takenBy`: why a name is not to be had, such as that another file beside it has it.
 */
export function parseFileName(
  name: string,
  pattern: FileNamePattern = defaultPattern,
  free: (stem: string) => string = () => nextNumber([]),
  hasParent = false,
  takenBy: TakenBy = () => undefined,
): {
  readonly fileName?: FileName;
  readonly fault?: FileNameFault;
  /** The name that a file with such a fault should have. */
  readonly proper?: string;
} {
  const direction = directionOf(name);
  const stem = direction === undefined ? name : stemOf(name, direction);
  const match = pattern.stem.exec(stem);
  if (direction === undefined || (match === null && pattern.hasNumber))
    return { fault: misnamed(name, pattern, { free, hasParent, takenBy }) };
  const { number, slug = match === null ? stem : "" } = match?.groups ?? {};
  const fileName: FileName = { ...(number === undefined ? {} : { number }), slug, direction };
  if (number === undefined || number.length >= FEWEST_DIGITS) return { fileName };
  const proper = renumbered(name, number.padStart(FEWEST_DIGITS, "0"), pattern);
  const why = takenBy(proper);
  const open = why === undefined ? proper : renumbered(name, free(stem), pattern);
  return {
    fileName,
    proper: open,
    fault: {
      code: "source/short-number",
      message: `the number '${number}' has fewer than ${FEWEST_DIGITS} digits`,
      hint: `${because(why)}rename it to '${open}'`,
    },
  };
}

function directionOf(name: string): Direction | undefined {
  return name.endsWith(".up.sql") ? "up" : name.endsWith(".down.sql") ? "down" : undefined;
}

/** Why a file cannot have a name: `'0001_a.up.sql' exists`. */
export type TakenBy = (name: string) => string | undefined;

/** Why a file is not to get the name that is nearest to its own. */
const because = (why: string | undefined): string => (why === undefined ? "" : `${why}: `);

/** The name or the path of a file without `.up.sql` or `.down.sql`. */
export function stemOf(name: string, direction: Direction): string {
  return name.slice(0, -(direction.length + ".".length + ".sql".length));
}

/** The name of a new file. */
export function formatFileName(name: NewName, pattern: FileNamePattern = defaultPattern): string {
  const stem = pattern.parts.map((part) => {
    if (part.is === "text") return part.text;
    return part.is === "date" ? dateText(name.date, part.format) : name[part.is];
  });
  return `${stem.join("")}.${name.direction}.sql`;
}

/** A file's name with another number. */
export function renumbered(name: string, number: string, pattern: FileNamePattern = defaultPattern): string {
  const stem = new RegExp(pattern.stem, "ds");
  const [start, end] = stem.exec(name.replace(/\.(up|down)\.sql$/, ""))?.indices?.groups?.["number"] ?? [
    0, 0,
  ];
  return name.slice(0, start) + number + name.slice(end);
}

/** In UTC, so that files made in two places at once keep their order. */
function dateText(date: Date, format: string): string {
  const [, year, month, day, hour, minute, second] = /(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/.exec(
    date.toISOString(),
  )!;
  const units: Readonly<Record<string, string | undefined>> = {
    YYYY: year,
    MM: month,
    DD: day,
    HH: hour,
    mm: minute,
    ss: second,
  };
  return format.replaceAll(DATE_UNIT, (unit) => units[unit]!);
}

/** The words of a message as part of a file name: `Add orders & items` → `add_orders_items`. */
export function slugOf(message: string): string {
  const words = message
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "_");
  const slug = [...words]
    .slice(0, LONGEST_SLUG)
    .join("")
    .replace(/^_+|_+$/g, "");
  return slug === "" ? "migration" : slug;
}

/** The message of a migration whose header has none: its slug, as words. */
export function messageOf(slug: string): string {
  return slug.replace(/[_\s]+/g, " ").trim();
}

/**
 * The number after the highest of `numbers`, at least as wide as it and four digits; `0001` when there are none. One that
 * `isName`, an id or a label, is passed over: it would have two meanings wherever it is typed.
 */
export function nextNumber(
  numbers: Iterable<string>,
  isName: (number: string) => boolean = () => false,
): string {
  let highest = 0n;
  let width = FEWEST_DIGITS;
  for (const number of numbers) {
    const value = BigInt(number);
    if (value < highest) continue;
    highest = value;
    width = Math.max(FEWEST_DIGITS, number.length);
  }
  const next = String(highest + 1n).padStart(width, "0");
  return isName(next) ? nextNumber([next], isName) : next;
}

/** A name of Flyway's whose version is no number: `U1.2__x.sql` undoes `V1.2__x.sql`. */
const VERSIONED = /^([VU])(\d+(?:[._]\d+)+__(.*))$/is;

/** What stands for the number in the form that is shown, or before it in Flyway's names: `U5__x.sql` undoes `V5__x.sql`. */
const NUMBERED = /^(?:NNNN(?=[_.\s-])|([VU])(?=\d))?(\d*)[_.\s-]*(.*)$/is;

const formed = ({ text }: FileNamePattern, number: string, slug: string): string =>
  text.replace("{number}", number).replace("{slug}", slug);

/** What a migration's files are named, as it is shown: `NNNN_name`. */
export const shapeOf = (pattern: FileNamePattern): string => formed(pattern, "NNNN", "name");

/** Why what cannot be a migration is a fault; subfolders and other endings are passed over. */
export const NONE_SKIPPED = "no SQL file in a folder of migrations is skipped";

/** The end of a name as it may be written: `x.UP.SQL`, `x_up.sql`, `x-down.sql`, `x.down.sql.sql`, `down.sql`. */
const ENDING = /(?:(^|[._\s-])(up|down))?(?:\.sql)*$/i;

/** What a program that copies a file adds to its name: ` (copy)`, ` copy 2`, ` - Copy`, ` (1)`. */
const COPY = /\s+(?:-\s*)?(?:\((?:[^()]*\bcopy|\d+)\)|copy(?:\s+\d+|\s*\(\d+\))?)(?=(?:\.sql)*$)/i;

function misnamed(
  name: string,
  pattern: FileNamePattern,
  {
    free,
    hasParent,
    takenBy,
  }: {
    readonly free: (stem: string) => string;
    readonly hasParent: boolean;
    readonly takenBy: TakenBy;
  },
): FileNameFault {
  const original = name.replace(COPY, "");
  const { 0: ending, 1: before, 2: word, index } = ENDING.exec(original)!;
  const written = word?.toLowerCase() as Direction | undefined;
  const direction = original === name && /^\.(up|down)\.sql$/i.test(ending) ? written : undefined;
  // In `0004_shut_down.sql` the last word may be a part of the name.
  const isDirection = before === "." || !(hasParent && written === "down");
  const stem = isDirection ? original.slice(0, index) : original.replace(/(?:\.sql)+$/i, "");
  const versioned = VERSIONED.exec(stem);
  const [, letter = "", digits, said] =
    versioned === null ? NUMBERED.exec(stem)! : ["", versioned[1], "", versioned[3]];
  const words = said!.replaceAll(/[^\p{L}\p{M}\p{N}_.-]+/gu, "_").replaceAll(/^_+|_+$/g, "");
  // Both files of a pair get the same one.
  const next = (): string => free(versioned?.[2] ?? stem.slice(letter.length));
  const number = digits === "" ? next() : digits!.padStart(FEWEST_DIGITS, "0");
  const form = (n: string, slug: string): string => formed(pattern, n, slug);
  const better = pattern.hasNumber ? form(number, words || "name") : stem || "name";
  const meant = (isDirection ? written : undefined) ?? (/u/i.test(letter) ? "down" : "up");
  const proper = `${better}.${meant}.sql`;
  const why = takenBy(proper);
  const suggestion =
    why === undefined || digits === "" ? proper : `${form(next(), words || "name")}.${meant}.sql`;
  // Of what nothing is known the placeholder stands.
  const open = better.match(PLACEHOLDER) ?? [];
  const values = open.length === 0 ? "" : `, with a value for ${open.join(" and ")}`;
  const rename =
    why === undefined || suggestion !== proper
      ? `${because(why)}rename it to '${suggestion}'${values}`
      : `${why}: give it another name that ends in '.${meant}.sql'`;
  const shape = shapeOf(pattern);
  const isOwn = pattern.text !== defaultPattern.text;
  const message =
    direction === undefined
      ? "the name ends in neither '.up.sql' nor '.down.sql'"
      : digits === "" && shape.startsWith("NNNN")
        ? "the name does not start with a number"
        : `the name is not of the form '${shape}.up.sql' or '${shape}.down.sql'`;
  return {
    code: "source/file-name",
    message,
    hint:
      direction === undefined
        ? `${rename} if it is a migration, or move it to another folder: ${NONE_SKIPPED}`
        : isOwn
          ? `${rename}; or, if the other files are named like this one, correct "fileName" in the config file, which is "${pattern.text}"`
          : rename,
  };
}
