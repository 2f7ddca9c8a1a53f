/** The environment → where the user's cache lies, if nobody else can write there: what is kept is believed and run. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * `retort` in XDG_CACHE_HOME or ~/.cache, or the folder `name` in it; made where it is missing; absolute. A relative
 * XDG_CACHE_HOME counts as not set. Undefined where RETORT_CACHE is off, where there is no home or it cannot be written
 * to, and where another user could read, change or exchange what is kept.
 */
export function cacheFolder(env: Env, name?: string): string | undefined {
  const configured = env["XDG_CACHE_HOME"] ?? "";
  const root = isAbsolute(configured) ? configured : join(env["HOME"] || env["LOCALAPPDATA"] || "", ".cache");
  if (!isAbsolute(root) || env["RETORT_CACHE"] === "off") return undefined;
  try {
    make(root);
    const real = realpathSync(root);
    if (!isSafePath(real)) return undefined;
    const folder = privateIn(real, "retort");
    return folder === undefined || name === undefined ? folder : privateIn(folder, name);
  } catch {
    return undefined;
  }
}

function privateIn(parent: string, name: string): string | undefined {
  const path = join(parent, name);
  make(path);
  // A link is none of ours. Windows has no such flags.
  const folder = openSync(
    path,
    constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0),
  );
  try {
    const stats = fstatSync(folder);
    return stats.isDirectory() && isPrivate(stats) ? path : undefined;
  } finally {
    closeSync(folder);
  }
}

/** Makes a folder, unless there is one or another user could put one in its place. */
function make(path: string): void {
  const parent = dirname(path);
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined || !isSafePath(realpathSync(parent))) return;
  try {
    // Not with `recursive`: Node tries without end where there is a parent and still "no such file", as in /proc.
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another command was quicker.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Whether nobody but this user and root can exchange a folder, or one that it lies in; without symbolic links. */
function isSafePath(folder: string): boolean {
  const above = dirname(folder);
  return isSafe(statSync(folder)) && (above === folder || isSafePath(above));
}

/** Whether it is for nobody but this user. Windows has no user ids; there a home is private. */
export function isPrivate({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0);
}

/** Whether nobody but this user and root can exchange what lies in it. */
function isSafe({ uid, mode }: Stats): boolean {
  if (process.getuid === undefined) return true;
  const isSticky = (mode & 0o1000) !== 0;
  return (uid === process.getuid() || uid === 0) && (isSticky || (mode & 0o022) === 0);
}
