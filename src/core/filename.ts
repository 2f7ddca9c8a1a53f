/** A file name → its number, slug and half; and back, for new files. */
import type { HalfName } from "./migration.ts";

/** The parts of `0004_add_orders.up.sql`. */
export interface FileName {
  /** As written: `0004`, or a timestamp. */
  readonly number: string;
  /** `add_orders` */
  readonly slug: string;
  readonly half: HalfName;
}

/** What is wrong with a file name. */
export interface FileNameFault {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const MIGRATION_FILE = /^(\d+)_(.+)\.(up|down)\.sql$/s;
const FEWEST_DIGITS = 4;
const LONGEST_SLUG = 50;

/**
 * Reads the base name of a `.sql` file. A number that is too short is a fault, but the file still has its parts, so
 * that its pair and its header can be checked in the same pass.
 */
export function parseFileName(name: string): {
  readonly fileName?: FileName;
  readonly fault?: FileNameFault;
} {
  const match = MIGRATION_FILE.exec(name);
  if (match === null) return { fault: misnamed(name) };
  const fileName: FileName = { number: match[1]!, slug: match[2]!, half: match[3] as HalfName };
  if (fileName.number.length >= FEWEST_DIGITS) return { fileName };
  const padded = fileName.number.padStart(FEWEST_DIGITS, "0");
  return {
    fileName,
    fault: {
      code: "source/short-number",
      message: `the number '${fileName.number}' has fewer than ${FEWEST_DIGITS} digits`,
      hint: `rename it to '${formatFileName({ ...fileName, number: padded })}'`,
    },
  };
}

export function formatFileName({ number, slug, half }: FileName): string {
  return `${number}_${slug}.${half}.sql`;
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

/** The number after the highest of `numbers`, at least as wide as it and four digits; `0001` when there are none. */
export function nextNumber(numbers: Iterable<string>): string {
  let highest = 0n;
  let width = FEWEST_DIGITS;
  for (const number of numbers) {
    const value = BigInt(number);
    if (value < highest) continue;
    highest = value;
    width = Math.max(FEWEST_DIGITS, number.length);
  }
  return String(highest + 1n).padStart(width, "0");
}

function misnamed(name: string): FileNameFault {
  const half = /\.(up|down)\.sql$/i.exec(name)?.[1]?.toLowerCase();
  const stem = name.replace(/(\.(up|down))?\.sql$/i, "");
  const [, digits, words] = /^(\d*)[_.\s-]*(.*)$/s.exec(stem)!;
  const number = digits === "" ? "NNNN" : digits!.padStart(FEWEST_DIGITS, "0");
  const suggestion = `${number}_${words === "" ? "name" : words}.${half ?? "up"}.sql`;
  const message =
    half === undefined
      ? "the name says neither '.up.sql' nor '.down.sql'"
      : digits === ""
        ? "the name begins with no number"
        : "the name is not of the form 'NNNN_name.up.sql' or 'NNNN_name.down.sql'";
  return {
    code: "source/file-name",
    message,
    hint:
      half === undefined
        ? `rename it to '${suggestion}' if it is a migration, or move it to another folder: no file is skipped silently`
        : `rename it to '${suggestion}'`,
  };
}
