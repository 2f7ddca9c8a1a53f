/** Texts → files: each of them whole, and all of them or none. */

import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MigrateError } from "../core/errors.ts";
import { codeOf, type From, ownStatsAt, reasonOf } from "./files.ts";
import { randomHex } from "./random.ts";

/** Who writes files. */
export interface Writer extends From {
  /** Told the path of each file that is in its place, when the work that wrote it has succeeded. */
  readonly onWritten?: ((path: string) => void) | undefined;
}

/** A file that is to hold these pieces of text; its path as the user would type it. */
export interface NewText {
  readonly path: string;
  readonly pieces: Iterable<string>;
  /**
   * What is there: null, nothing; a text, a file or a link to one that holds it, as it was read without a byte order mark,
   * which stays, as the permissions do. By default that is not asked: a link is replaced like any file, and what it leads
   * to stays as it is.
   */
  readonly before?: string | null;
  /** What to do where a file is there that must not be, as the end of a hint. */
  readonly ifThere?: string | undefined;
}

/**
 * Writes all texts beside their files, and then puts each in its place: whoever opens one sees the old text or the new,
 * never a part. Where one cannot be put there, those before it are put back; only what went to a pipe or a device, which
 * come last, is written. Throws `usage/file-changed`, `usage/file-exists`, `usage/cannot-write`.
 */
export async function writeFiles(files: readonly NewText[], { cwd, onWritten }: Writer): Promise<void> {
  const beside: string[] = [];
  try {
    const ready = files.map((file) => prepared(file, { cwd, beside, putsBack: files.length > 1 }));
    const isLast = ({ partial }: Ready): boolean => partial === undefined;
    placeAll([...ready.filter((each) => !isLast(each)), ...ready.filter(isLast)]);
  } finally {
    for (const path of beside) rmSync(path, { force: true });
  }
  for (const { path } of files) onWritten?.(path);
}

/** A text that lies beside its file; what is written to, not replaced, has none. */
interface Ready extends NewText {
  readonly target: string;
  readonly partial?: string;
  /** A copy of what it takes the place of. */
  readonly old?: string | undefined;
}

interface Preparing extends From {
  /** The files beside their targets, which are removed in the end. */
  readonly beside: string[];
  readonly putsBack: boolean;
}

function prepared(file: NewText, work: Preparing): Ready {
  const path = resolve(work.cwd, file.path);
  try {
    if (file.before === null) return { ...file, target: path, partial: written(path, file.pieces, work) };
    if (file.before !== undefined) return changed({ ...file, before: file.before }, realpathSync(path), work);
    if (isStream(path)) return { ...file, target: path };
    refuseFolder(file.path, work);
    return { ...file, target: path, partial: written(path, file.pieces, work), old: copyOf(path, work) };
  } catch (error) {
    throw error instanceof MigrateError ? error : cannotCreate(file.path, error);
  }
}

const MARK = "\uFEFF";

function changed(file: NewText & { readonly before: string }, target: string, work: Preparing): Ready {
  const text = readFileSync(target, "utf8");
  const mark = text.startsWith(MARK) ? MARK : "";
  if (text !== mark + file.before) throw hasChanged(file.path);
  const partial = written(target, [mark, ...file.pieces], work);
  chmodSync(partial, statSync(target).mode);
  return { ...file, target, partial, old: copyOf(target, work) };
}

function written(target: string, pieces: Iterable<string>, work: Preparing): string {
  const partial = nameBeside(target);
  const file = openSync(partial, "wx");
  work.beside.push(partial);
  writeAndClose(file, pieces);
  return partial;
}

/** Of a link it is such a link. */
function copyOf(target: string, work: Preparing): string | undefined {
  const stats = work.putsBack ? ownStatsAt(target) : undefined;
  if (stats === undefined) return undefined;
  const copy = nameBeside(target);
  if (stats.isSymbolicLink()) symlinkSync(readlinkSync(target), copy);
  else copyFileSync(target, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  work.beside.push(copy);
  return copy;
}

const nameBeside = (target: string): string => `${target}.${randomHex(8)}.part`;

function placeAll(ready: readonly Ready[]): void {
  for (const [index, each] of ready.entries()) {
    try {
      place(each);
    } catch (error) {
      const left = ready.slice(0, index).filter((placed) => !isPutBack(placed));
      if (each.partial === undefined) throw cannotSend(each.path, error);
      if (each.before === null && codeOf(error) === "EEXIST") throw fileExists(each);
      throw cannotCreate(
        each.path,
        error,
        left.map(({ path }) => path),
      );
    }
  }
}

function place({ pieces, before, target, partial }: Ready): void {
  if (partial === undefined) writeAndClose(openSync(target, "a"), pieces);
  else if (before === null) placeNew(partial, target);
  else renameSync(partial, target);
}

/** Neither takes the place of a file that is there. */
function placeNew(partial: string, target: string): void {
  try {
    linkSync(partial, target);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    // Some file systems have no hard links.
    copyFileSync(partial, target, constants.COPYFILE_EXCL);
  }
}

function isPutBack({ target, partial, old }: Ready): boolean {
  if (partial === undefined) return false;
  try {
    if (old === undefined) rmSync(target);
    else renameSync(old, target);
    return true;
  } catch {
    return false;
  }
}

/** Where the system keeps devices and the process's own open files: links there, such as /dev/stdout, are followed. */
const OF_THE_SYSTEM = /^\/(?:dev|dev\/fd|proc\/self\/fd)\/[^/]+$/;

/** What is written to, not replaced: a pipe or a device. */
export function isStream(target: string): boolean {
  const stats = ownStatsAt(target);
  if (stats === undefined || OF_THE_SYSTEM.test(target)) return stats !== undefined;
  return !stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink();
}

/** Whether both paths are the same entry of the same folder, whichever way they lead there. */
export const isSameFile = (one: string, other: string, { cwd }: From): boolean =>
  entryOf(resolve(cwd, one)) === entryOf(resolve(cwd, other));

function entryOf(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

/** Writes all pieces, and closes the file also where that fails. */
function writeAndClose(file: number, pieces: Iterable<string>): void {
  try {
    for (const piece of pieces) writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

/** Why a file was not made. `left`: those that the same work has written all the same. */
export function cannotCreate(path: string, cause: unknown, left: readonly string[] = []): MigrateError {
  const written = left.length === 0 ? "nothing was written" : `only ${left.join(", ")} was written`;
  return new MigrateError(
    {
      code: "usage/cannot-write",
      message: `cannot create ${path}: ${reasonOf(cause)}`,
      hint: `${written}; ${WAYS_OUT[codeOf(cause) ?? ""] ?? "make its folder writable and try again"}`,
    },
    { cause },
  );
}

/** What was to go to a pipe or a device, which may have got a part of it. */
const cannotSend = (path: string, cause: unknown): MigrateError =>
  new MigrateError(
    {
      code: "usage/cannot-write",
      message: `cannot write to ${path}: ${reasonOf(cause)}`,
      hint: WAYS_OUT[codeOf(cause) ?? ""] ?? "name another file",
    },
    { cause },
  );

/** By the system's code. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  ENOENT: "create its folder first, or name another",
  ENOTDIR: "a part of its path is a file; name another",
  EISDIR: "it is a folder; name a file",
  EEXIST: "a file has that name; name another",
  ENOSPC: "free some space and try again",
  EDQUOT: "free some space and try again",
  ENAMETOOLONG: "its name is too long; give it a shorter one",
  EPIPE: "what reads from it has ended too early",
};

const fileExists = ({ path, ifThere = "delete or rename that file first" }: NewText): MigrateError =>
  new MigrateError({
    code: "usage/file-exists",
    message: `${path} already exists`,
    hint: `nothing was written; ${ifThere}`,
  });

/** Throws `usage/cannot-write` for a folder, also for one that is not there yet. */
export function refuseFolder(path: string, { cwd }: From): void {
  const isThere = ownStatsAt(resolve(cwd, path))?.isDirectory() === true;
  if (!isThere && !path.endsWith("/")) return;
  throw new MigrateError({
    code: "usage/cannot-write",
    message: `cannot create ${path}: ${isThere ? "it is a folder" : "the slash at its end makes it a folder"}`,
    hint: "nothing was written; name a file",
  });
}

const hasChanged = (path: string): MigrateError =>
  new MigrateError({
    code: "usage/file-changed",
    message: `${path} has changed since it was read`,
    hint: "nothing was written; run the command again",
  });
