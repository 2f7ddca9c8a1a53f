/** Any file by its path → its text. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { devNull } from "node:os";
import { resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { MigrateError } from "../core/errors.ts";

/** Where a relative path begins; absolute. */
export interface From {
  readonly cwd: string;
}

const MB = 1024 * 1024;

/** The text of any file the user names. Throws `usage/unreadable-file`. */
export function readText(path: string, { cwd }: From): string {
  let text: string;
  try {
    text = textOf(resolve(cwd, path), 512 * MB);
  } catch (error) {
    throw new MigrateError({
      code: "usage/unreadable-file",
      message: `cannot read ${path}: ${reasonOf(error)}`,
      hint: wayToRead(resolve(cwd, path), error),
    });
  }
  refuseUtf16(text, "usage/unreadable-file", path);
  return text;
}

/** A text of UTF-16 that was read as UTF-8. Throws with `code`; the message names the file as `shown`. */
export function refuseUtf16(text: string, code: string, shown: string): void {
  // The mark that it begins with.
  if (!text.startsWith("\ufffd\ufffd")) return;
  throw new MigrateError({
    code,
    message: `${shown} is UTF-16, not UTF-8`,
    hint: "save it as UTF-8; PowerShell's '>' writes UTF-16",
  });
}

function wayToRead(path: string, error: unknown): string {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    return "mend the symbolic link, or remove it";
  return codeOf(error) === "ENOENT"
    ? "name an existing file"
    : "check that it is a file that this user can read";
}

/**
 * The text of a file of settings that need not be there: then undefined. The null device is an empty one. Throws with
 * `code`; messages name the file as `shown`.
 */
export function textIfThere(file: string, code: string, shown = file): string | undefined {
  try {
    return textOf(file, 16 * MB);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return undefined;
    throw new MigrateError({
      code,
      message: `cannot read ${shown}: ${reasonOf(error)}`,
      hint: "check that it is a file that this user can read",
    });
  }
}

/** What was opened is looked at, since a pipe may never be written to, and a device may have no end. */
function textOf(path: string, mostBytes: number): string {
  // To open a pipe would wait for its writer. Windows has no such flag.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    if (isNullDevice(stats)) return "";
    if (!stats.isFile()) throw new Error("it is not a regular file");
    return bytesOf(file, mostBytes).toString("utf8");
  } finally {
    closeSync(file);
  }
}

/** What `/dev/null` is, also where it was mounted in the place of a file. */
export function isNullDevice(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === statSync(devNull).rdev;
}

/** All that can be read; not what the file's size says, which in /proc says nothing. */
function bytesOf(file: number, most: number): Buffer {
  const pieces: Buffer[] = [];
  let size = 0;
  for (;;) {
    const piece = Buffer.allocUnsafe(64 * 1024);
    const read = readSync(file, piece);
    if (read === 0) return Buffer.concat(pieces, size);
    size += read;
    if (size > most) throw new Error(`it is larger than ${most / MB} MB`);
    pieces.push(piece.subarray(0, read));
  }
}

/** `ENOENT` and the like. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** `permission denied`, as the system puts it. */
export function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message;
}
