/** Any file by its path → its text; and text into a file, so that a part of it is never seen. */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { devNull } from "node:os";
import { resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { MigrateError } from "../core/errors.ts";

interface From {
  /** Where a relative path begins; absolute. */
  readonly cwd: string;
}

/** Who writes files. */
export interface Writer extends From {
  /** Told the path of each file that is in its place, when the work that wrote it has succeeded. */
  readonly onWritten?: ((path: string) => void) | undefined;
}

const MB = 1024 * 1024;

/** The text of any file the user names. Throws `usage/unreadable-file`. */
export function readText(path: string, { cwd }: From): string {
  try {
    return textOf(resolve(cwd, path), 512 * MB);
  } catch (error) {
    throw new MigrateError({
      code: "usage/unreadable-file",
      message: `cannot read ${path}: ${reasonOf(error)}`,
      hint: wayToRead(resolve(cwd, path), error),
    });
  }
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

/** A file that is to hold these pieces of text; its path as the user would type it. */
export interface NewText {
  readonly path: string;
  readonly pieces: Iterable<string>;
}

/** As `replaceFiles`, for one. */
export const replaceFile = (path: string, pieces: Iterable<string>, writer: Writer): Promise<void> =>
  replaceFiles([{ path, pieces }], writer);

/**
 * Writes all texts beside their files, and then puts each in its place: whoever opens one sees the old text or the new,
 * never a part, and where there is no room for all, all stay as they are. A symbolic link is replaced like any file, and
 * what it leads to stays as it is. Throws `usage/cannot-write`.
 */
export async function replaceFiles(files: readonly NewText[], { cwd, onWritten }: Writer): Promise<void> {
  const ready: Ready[] = [];
  const done: string[] = [];
  try {
    for (const file of files) ready.push(prepared(file, cwd));
    for (const each of ready) {
      place(each, done);
      done.push(each.path);
    }
  } finally {
    for (const { partial } of ready) if (partial !== undefined) rmSync(partial, { force: true });
  }
  for (const path of done) onWritten?.(path);
}

/** A text that lies beside its file; what is written to has none. */
interface Ready extends NewText {
  readonly target: string;
  readonly partial?: string;
}

function prepared(file: NewText, cwd: string): Ready {
  const target = resolve(cwd, file.path);
  try {
    if (isStream(target)) return { ...file, target };
    if (lstatSync(target, { throwIfNoEntry: false })?.isDirectory() === true) throw isFolder(file.path);
    return { ...file, target, partial: writeBeside(target, file.pieces) };
  } catch (error) {
    throw error instanceof MigrateError ? error : cannotCreate(file.path, error);
  }
}

function place({ path, pieces, target, partial }: Ready, done: readonly string[]): void {
  try {
    if (partial === undefined) writeAndClose(openSync(target, "a"), pieces);
    else renameSync(partial, target);
  } catch (error) {
    throw cannotCreate(path, error, done);
  }
}

/** Where the system keeps devices and the process's own open files: links there, such as /dev/stdout, are followed. */
const OF_THE_SYSTEM = /^\/(?:dev|dev\/fd|proc\/self\/fd)\/[^/]+$/;

/** What is written to, not replaced: a pipe or a device. */
export function isStream(target: string): boolean {
  const stats = lstatSync(target, { throwIfNoEntry: false });
  if (stats === undefined || OF_THE_SYSTEM.test(target)) return stats !== undefined;
  return !stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink();
}

/** A new file beside the target, with the permissions of the file `like`; none where it cannot be written whole. */
export function writeBeside(target: string, pieces: Iterable<string | Buffer>, like?: string): string {
  const partial = `${target}.${randomBytes(8).toString("hex")}.part`;
  const file = openSync(partial, "wx");
  try {
    writeAndClose(file, pieces);
    if (like !== undefined) chmodSync(partial, statSync(like).mode);
    return partial;
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Writes all pieces, and closes the file also where that fails. */
export function writeAndClose(file: number, pieces: Iterable<string | Buffer>): void {
  try {
    for (const piece of pieces) writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

/** Why a file was not made. `done`: those that the same work has written all the same. */
export function cannotCreate(path: string, cause: unknown, done: readonly string[] = []): MigrateError {
  const written = done.length === 0 ? "nothing was written" : `only ${done.join(", ")} was written`;
  return new MigrateError(
    {
      code: "usage/cannot-write",
      message: `cannot create ${path}: ${reasonOf(cause)}`,
      hint: `${written}; ${WAYS_OUT[codeOf(cause) ?? ""] ?? "make its folder writable and try again"}`,
    },
    { cause },
  );
}

/** By the system's code. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  ENOENT: "create its folder first",
  ENOTDIR: "a part of its path is a file; name another",
  EISDIR: "it is a folder; name a file",
  ENOSPC: "free some space and try again",
  EDQUOT: "free some space and try again",
};

export const fileExists = (path: string): MigrateError =>
  new MigrateError({
    code: "usage/file-exists",
    message: `${path} already exists`,
    hint: "nothing was written; delete or rename that file first",
  });

const isFolder = (path: string): MigrateError =>
  new MigrateError({
    code: "usage/cannot-write",
    message: `cannot create ${path}: it is a folder`,
    hint: "nothing was written; name a file",
  });

/** `ENOENT` and the like. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** `permission denied`, as the system puts it. */
export function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message;
}
