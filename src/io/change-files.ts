/** New texts for files, and new files → all of them on disk, or none. */
import { linkSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { MigrateError } from "../core/errors.ts";
import type { FileChange } from "../core/fix/files.ts";
import { cannotCreate, codeOf, fileExists, type Writer, writeBeside } from "./files.ts";

/** A change that lies ready beside its file. */
interface Ready extends FileChange {
  readonly target: string;
  readonly partial: string;
  /** The bytes that it takes the place of. */
  readonly old: Buffer | undefined;
}

const MARK = "\uFEFF";

/**
 * Writes all texts beside their files, and then puts each in its place; where one cannot be put there, those before it are put
 * back. Throws `usage/file-changed` for a file that is not as it was read, `usage/file-exists`, `usage/cannot-write`.
 */
export async function changeFiles(changes: readonly FileChange[], { cwd, onWritten }: Writer): Promise<void> {
  const ready: Ready[] = [];
  const done: Ready[] = [];
  try {
    for (const change of changes) ready.push(prepared(change, cwd));
    for (const each of ready) {
      place(each);
      done.push(each);
    }
  } catch (error) {
    for (const each of done) putBack(each);
    throw error;
  } finally {
    for (const { partial } of ready) rmSync(partial, { force: true });
  }
  for (const { path } of done) onWritten?.(path);
}

function prepared(change: FileChange, cwd: string): Ready {
  const path = resolve(cwd, change.path);
  try {
    if (change.before === undefined)
      return { ...change, target: path, partial: writeBeside(path, [change.after]), old: undefined };
    const target = realpathSync(path);
    const old = readFileSync(target);
    const text = old.toString("utf8");
    const mark = text.startsWith(MARK) ? MARK : "";
    if (text !== mark + change.before) throw changed(change.path);
    return { ...change, target, partial: writeBeside(target, [mark, change.after], target), old };
  } catch (error) {
    throw error instanceof MigrateError ? error : cannotCreate(change.path, error);
  }
}

function place({ path, target, partial, old }: Ready): void {
  try {
    // A link does not take the place of a file that is there.
    if (old === undefined) linkSync(partial, target);
    else renameSync(partial, target);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? fileExists(path) : cannotCreate(path, error);
  }
}

function putBack({ target, old }: Ready): void {
  if (old === undefined) rmSync(target, { force: true });
  else renameSync(writeBeside(target, [old], target), target);
}

const changed = (path: string): MigrateError =>
  new MigrateError({
    code: "usage/file-changed",
    message: `${path} has changed since it was read`,
    hint: "nothing was written; run the command again",
  });
