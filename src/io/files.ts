/** Any file by its path → its text. */
import { isUtf8 } from "node:buffer";
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { devNull } from "node:os";
import { dirname, join, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { MigrateError } from "../core/errors.ts";
import { shellWord } from "../core/shell.ts";
import { locate } from "../core/source.ts";

/** Where a relative path begins; absolute. */
export interface From {
  readonly cwd: string;
}

const MB = 1024 * 1024;

/** What a file holds; where it is not UTF-8, U+FFFD stands in the text for what cannot be read. */
export interface FileContent {
  readonly text: string;
  readonly isUtf8: boolean;
}

/** The text of any file the user names; `otherwise` says what to do with one in UTF-16. Throws `usage/unreadable-file`. */
export function readText(path: string, from: From, otherwise?: string): string {
  const { text, isUtf8 } = contentNamed(path, from);
  const code = "usage/unreadable-file";
  refuseOtherFormat(text, code, path, otherwise);
  if (isUtf8) return text;
  const { line } = locate({ path, text }, text.indexOf("\ufffd"));
  throw new MigrateError({
    code,
    message: `cannot read ${path}: line ${line} is not UTF-8`,
    hint: "save it as UTF-8",
  });
}

function contentNamed(path: string, { cwd }: From): FileContent {
  try {
    return contentOf(resolve(cwd, path), 512 * MB);
  } catch (error) {
    throw new MigrateError({
      code: "usage/unreadable-file",
      message: `cannot read ${path}: ${reasonOf(error)}`,
      hint: wayToRead(resolve(cwd, path), error),
    });
  }
}

function wayToRead(path: string, error: unknown): string {
  const stats = statsAt(path);
  if (stats === undefined && ownStatsAt(path)?.isSymbolicLink() === true)
    return "mend the symbolic link, or remove it";
  if (stats !== undefined && !stats.isFile() && !stats.isDirectory())
    return "write what comes from there to a file, and name that";
  return codeOf(error) === "ENOENT"
    ? "name an existing file"
    : "check that it is a file that this user can read";
}

/** Throws where a text was read from what is no UTF-8, by what it begins with; `fromUtf16`: what to do with UTF-16. */
export function refuseOtherFormat(text: string, code: string, path: string, fromUtf16?: string): void {
  const format = formatOf(text);
  if (format === undefined) return;
  throw new MigrateError({
    code,
    message: `${path} is ${format}`,
    hint: (format === UTF16 ? fromUtf16 : undefined) ?? wayFrom(format, path),
  });
}

const UTF16 = "UTF-16, not UTF-8";
const ARCHIVE = "an archive of pg_dump, and no SQL";

/** What UTF-8 makes of the first bytes, with U+FFFD for what it cannot read. */
const FORMATS: readonly (readonly [start: string, format: string])[] = [
  ["\ufffd\ufffd", UTF16],
  ["PGDMP", ARCHIVE],
  ["\x1f\ufffd", "compressed (gzip)"],
  ["PK\x03\x04", "compressed (zip)"],
  ["(\ufffd/\ufffd", "compressed (zstd)"],
  ["\ufffd7zXZ\0", "compressed (xz)"],
  // Behind the version is the block size, a digit.
  ...[..."123456789"].map((size) => [`BZh${size}1AY&SY`, "compressed (bzip2)"] as const),
];

/** What a file is that is no UTF-8, as the end of a sentence; undefined where its beginning does not tell. */
export const formatOf = (text: string): string | undefined =>
  FORMATS.find(([start]) => text.startsWith(start))?.[1];

/** A hint. */
export const wayFrom = (format: string, path: string): string =>
  format === UTF16 ? fromUtf16(path) : format === ARCHIVE ? fromArchive(path) : "unpack it first";

function fromArchive(path: string): string {
  const [file, made] = [path, `${path}.new`].map(shellWord);
  return `make SQL of it: pg_restore --schema-only -f ${made} ${file} && mv ${made} ${file}`;
}

const fromUtf16 = (path: string): string =>
  `PowerShell's '>' writes UTF-16; save it as UTF-8, for example with: ${recoding("UTF-16", path)}`;

/** The command that makes a file UTF-8; iconv itself only prints. */
export function recoding(from: string, path: string): string {
  const [file, made] = [path, `${path}.new`].map(shellWord);
  return `iconv -f ${from} -t UTF-8 ${file} > ${made} && mv ${made} ${file}`;
}

/**
 * The text of a file of settings that need not be there: then undefined; a link to what is not there, as to a secret that
 * was not mounted, is a fault. The null device is an empty one. Throws with `code`; messages name the file as `shown`.
 */
export const textIfThere = (file: string, code: string, shown = file): string | undefined =>
  contentIfThere(file, code, shown)?.text;

/** The same, with whether it is UTF-8. */
export function contentIfThere(file: string, code: string, shown = file): FileContent | undefined {
  try {
    return contentOf(file, 16 * MB);
  } catch (error) {
    const isBroken = isMissing(error) && ownStatsAt(file)?.isSymbolicLink() === true;
    if (isMissing(error) && !isBroken) return undefined;
    throw new MigrateError({
      code,
      message: `cannot read ${shown}: ${isBroken ? "its symbolic link is broken" : reasonOf(error)}`,
      hint: wayToRead(file, error),
    });
  }
}

/** The same of a file at its usual place, which nobody named: in a folder that this user may not enter there is none. */
export const textIfSeen = (file: string, code: string): string | undefined =>
  statsAt(file) === undefined ? undefined : textIfThere(file, code);

/** What was opened is looked at, since a pipe may never be written to, and a device may have no end. */
function contentOf(path: string, mostBytes: number): FileContent {
  // To open a pipe would wait for its writer. Windows has no such flag.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    if (isNullDevice(stats)) return { text: "", isUtf8: true };
    if (!stats.isFile()) throw new Error("it is not a regular file");
    const bytes = bytesOf(file, mostBytes);
    return { text: bytes.toString("utf8"), isUtf8: isUtf8(bytes) };
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

/**
 * What lies at a path, behind a link; undefined where nothing does, and where it cannot be told, as in a folder that this
 * user may not enter: who then opens it is told why.
 */
export const statsAt = (path: string): Stats | undefined => orUndefined(() => statSync(path));

/** The same of what lies there itself, which may be a link. */
export const ownStatsAt = (path: string): Stats | undefined => orUndefined(() => lstatSync(path));

/** What lies in a folder, for a guess or a hint; nothing where it cannot be read. */
export const entriesIn = (folder: string): readonly Dirent[] =>
  orUndefined(() => readdirSync(folder, { withFileTypes: true })) ?? [];

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Whether git has the folder for the root of a repository, or of a further work tree. */
export const isRepository = (folder: string): boolean => ownStatsAt(join(folder, ".git")) !== undefined;

/** The root of the repository that a folder lies in. */
export function repositoryOf(folder: string): string | undefined {
  if (isRepository(folder)) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : repositoryOf(above);
}

/** `ENOENT` and the like. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Whether there is nothing at the path that an error is about. */
export const isMissing = (error: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "");

/** `permission denied`, as the system puts it. */
export function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message;
}
