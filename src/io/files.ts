/** Any file by its path → its text; and text into a file, so that a part of it is never seen. */
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { MigrateError } from "../core/errors.ts";

/** Where a relative path begins; absolute. */
interface From {
  readonly cwd: string;
}

/** The text of any file the user names. Throws `usage/unreadable-file`. */
export function readText(path: string, { cwd }: From): string {
  try {
    return readFileSync(resolve(cwd, path), "utf8");
  } catch (error) {
    throw new MigrateError({
      code: "usage/unreadable-file",
      message: `cannot read ${path}: ${reasonOf(error)}`,
      hint: "name a file that is there",
    });
  }
}

/** The text of a file that need not be there: then undefined. Throws with `code`; messages name it as `shown`. */
export function textIfThere(file: string, code: string, shown = file): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return undefined;
    throw new MigrateError({
      code,
      message: `cannot read ${shown}: ${reasonOf(error)}`,
      hint: "check that it is a file which this user may read",
    });
  }
}

/** Writes a file from pieces of text so that whoever opens it sees the old text or the new, never a part. */
export async function replaceFile(path: string, pieces: Iterable<string>, { cwd }: From): Promise<void> {
  const target = resolve(cwd, path);
  // A pipe or a device is written to, not replaced by a file.
  if (statSync(target, { throwIfNoEntry: false })?.isFile() === false)
    return writeAndClose(openSync(target, "w"), pieces);
  const partial = `${target}.${process.pid}.part`;
  try {
    writeAndClose(openSync(partial, "w"), pieces);
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw cannotCreate(path, error);
  }
}

/** Writes all pieces, and closes the file also where that fails. */
export function writeAndClose(file: number, pieces: Iterable<string>): void {
  try {
    for (const piece of pieces) writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

export function cannotCreate(path: string, cause: unknown): MigrateError {
  return new MigrateError(
    {
      code: "usage/cannot-write",
      message: `${path} cannot be created: ${reasonOf(cause)}`,
      hint: `nothing was left behind; ${codeOf(cause) === "ENOENT" ? "create its folder first" : "make its folder writable and try again"}`,
    },
    { cause },
  );
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
