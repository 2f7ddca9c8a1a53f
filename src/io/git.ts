/** A folder, and a commit of git's → the files that the folder has there. The only file that runs git. */
import { spawnSync } from "node:child_process";
import { MigrateError } from "../core/errors.ts";
import { asOptions, type OptionNames } from "../core/option-names.ts";
import { shellWord } from "../core/shell.ts";
import { repositoryOf } from "./files.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The files that lie directly in a folder where the history of `ref` and that of what is checked out part; empty where
 * the folder is not there yet. Throws `usage/git`.
 */
export function filesAt(ref: string, folder: string, names = asOptions): ReadonlySet<string> {
  const listed = git(folder, ["ls-tree", "-z", "--name-only", baseOf(ref, folder, names)]);
  return pathsIn(listed.stdout);
}

/** A file as a commit has it. */
export interface OldFile {
  readonly name: string;
  readonly text: string;
}

/** Those of the files that `filesAt` lists that are other ones or missing now, committed or not. Throws `usage/git`. */
export function changedFiles(ref: string, folder: string, names = asOptions): readonly OldFile[] {
  const base = baseOf(ref, folder, names);
  const only = ["--raw", "-z", "--no-renames", "--no-abbrev", "--relative", "--diff-filter=MDT"];
  const { stdout } = git(folder, ["diff", ...only, base, "--", "."]);
  const changed = [...stdout.matchAll(/:\d+ \d+ ([0-9a-f]+) [0-9a-f]+ [A-Z]\0([^\0]+)\0/g)]
    .map(([, blob, name]) => ({ blob: blob!, name: name! }))
    .filter(({ name }) => !name.includes("/"));
  if (changed.length === 0) return [];
  const input = changed.map(({ blob }) => `${blob}\n`).join("");
  const texts = spawnSync("git", ["-C", folder, "cat-file", "--batch"], { input, maxBuffer: 1 << 28 }).stdout;
  let at = 0;
  return changed.flatMap(({ name }) => {
    const start = texts.indexOf("\n", at) + 1;
    const size = Number(texts.toString("utf8", at, start).split(" ")[2]);
    at = start;
    // Git says so where it lacks one.
    if (Number.isNaN(size)) return [];
    at += size + 1;
    return { name, text: texts.toString("utf8", start, start + size).replace(/^\uFEFF/, "") };
  });
}

/** The commit where the two histories part. */
function baseOf(ref: string, folder: string, names: OptionNames): string {
  const commit = commitOf(ref, folder);
  if (commit.status !== 0) throw noCommit(ref, folder, names);
  const base = git(folder, ["merge-base", commit.stdout.trim(), "HEAD"]);
  return (base.status === 0 ? base.stdout : commit.stdout).trim();
}

const commitOf = (ref: string, folder: string) =>
  git(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);

/** Of a range, of which none is taken, that its beginning is missing, if it is. */
function noCommit(ref: string, folder: string, names: OptionNames): MigrateError {
  const [first = ""] = ref.split(/\.{2,3}/);
  const name = first === "" ? ref : first;
  const { status, stderr } = commitOf(name, folder);
  const isThere = status === 0;
  const missing = isThere ? ref : name;
  const isRepository = git(folder, ["rev-parse", "--git-dir"]).status === 0;
  const without = `leave out ${names.short("since")}`;
  return new MigrateError({
    code: "usage/git",
    message: `git finds no commit '${missing}' in ${folder}${stderr === "" ? "" : `: ${stderr.trim()}`}`,
    hint: isThere
      ? `one commit is taken, not a range: ${names.given("since", name)}`
      : isRepository
        ? wayTo(name, folder, names)
        : repositoryOf(folder) === undefined
          ? `${without}, or run this in a clone of the repository`
          : `${without}, or first do what git says`,
  });
}

/** The files that lie directly in a folder in the last commit, and have something in them; none where there is no git, no repository or no commit. */
export function filesAtHead(folder: string): ReadonlySet<string> {
  const listed = spawnGit(folder, ["ls-tree", "-z", "-l", "HEAD"]);
  if (listed.status !== 0) return new Set();
  const lines = [...pathsIn(listed.stdout)];
  return new Set(lines.flatMap((line) => /^\d+ blob \w+ +[1-9]\d*\t(.+)$/s.exec(line)?.[1] ?? []));
}

/** What to type where a ref is missing. A clone may have only one branch; then `git fetch origin main` makes no origin/main. */
function wayTo(ref: string, folder: string, names: OptionNames): string {
  const branches = linesOf(git(folder, ["for-each-ref", ONLY_REAL, "refs/heads", "refs/remotes"]).stdout);
  const fetching = fetchOf(ref, linesOf(git(folder, ["remote"]).stdout));
  if (branches.includes(fetching?.tracked ?? "")) return `write: ${names.given("since", fetching!.tracked)}`;
  const isShallow = git(folder, ["rev-parse", "--is-shallow-repository"]).stdout.trim() === "true";
  const ways = [
    ...(isShallow
      ? ["this clone is shallow; fetch its whole history: git fetch --unshallow (in CI: fetch-depth: 0)"]
      : []),
    ...(branches.length === 0 ? [] : [`name a branch, tag or commit that exists: ${some(branches)}`]),
    ...(fetching === undefined ? [] : [`fetch ${fetching.tracked} and name that: ${fetching.command}`]),
  ];
  return ways.join("; or ") || `commit first, or leave out ${names.short("since")}`;
}

/** Names of branches, but not of what only points at one, such as origin/HEAD. */
const ONLY_REAL = "--format=%(if)%(symref)%(then)%(else)%(refname:short)%(end)";

const linesOf = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");

const some = (names: readonly string[]): string =>
  [...names.slice(0, 5), ...(names.length > 5 ? ["…"] : [])].join(", ");

/** How the branch of a remote is fetched that a ref may be: `origin/main`, or `main` of the only remote. */
function fetchOf(ref: string, remotes: readonly string[]) {
  const named = remotes.find((name) => ref.startsWith(`${name}/`));
  const remote = named ?? (remotes.length === 1 ? remotes[0] : undefined);
  const branch = named === undefined ? ref : ref.slice(named.length + 1);
  if (remote === undefined || !/^\w[\w./-]*$/.test(branch)) return undefined;
  const tracked = `${remote}/${branch}`;
  return {
    tracked,
    command: `git fetch ${shellWord(remote)} ${shellWord(`${branch}:refs/remotes/${tracked}`)}`,
  };
}

/** The paths that `ls-tree -z` lists. */
const pathsIn = (listed: string): ReadonlySet<string> =>
  new Set(listed.split("\0").filter((path) => path !== ""));

function git(folder: string, words: readonly string[]) {
  const done = spawnGit(folder, words);
  if (done.error === undefined) return done;
  throw new MigrateError({
    code: "usage/git",
    message: `cannot run git: ${done.error.message}`,
    hint: "install git, or name the migrations",
  });
}

const spawnGit = (folder: string, words: readonly string[], env?: Environment) =>
  spawnSync("git", ["-C", folder, ...words], { env, encoding: "utf8", maxBuffer: 1 << 28 });

/** What others may have of a folder. */
export interface SharedFiles {
  /** The names of the files that lie directly in it. */
  readonly files: ReadonlySet<string>;
  /** Where they are: `origin/main`, `the last commit`; undefined: there is no git, no repository or no commit. */
  readonly where?: string;
}

/**
 * Of the branch that the one checked out follows, else of origin's main branch, else of the last commit. A repository that was not
 * cloned may not know which is the main one; a branch that is the only one is.
 */
export function sharedFiles(folder: string, env: Environment): SharedFiles {
  const answer = (...words: readonly string[]): string | undefined => {
    const { status, stdout } = spawnGit(folder, words, env);
    return status === 0 ? stdout : undefined;
  };
  const onlyBranch = (): string | undefined => {
    const branches = linesOf(answer("for-each-ref", "--format=%(refname)", "refs/remotes/origin/") ?? "");
    return branches.length === 1 ? branches[0] : undefined;
  };
  for (const find of [() => "@{upstream}", () => "refs/remotes/origin/HEAD", onlyBranch, () => "HEAD"]) {
    const ref = find();
    if (ref === undefined) continue;
    const commit = answer("rev-parse", "--verify", "--quiet", `${ref}^{commit}`)?.trim();
    const listed = commit === undefined ? undefined : answer("ls-tree", "-z", "--name-only", commit);
    if (listed === undefined) continue;
    const branch = ref === "HEAD" ? undefined : answer("rev-parse", "--abbrev-ref", ref)?.trim();
    return { files: pathsIn(listed), where: branch ?? "the last commit" };
  }
  return { files: new Set() };
}
