/** A folder → what of it git's last commit holds. The only one who runs git. */
import { execFile } from "node:child_process";

/** Paths relative to the folder, with forward slashes; none where there is no git, no repository or no commit. */
export function committedFiles({
  cwd,
  env,
}: {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<ReadonlySet<string>> {
  return new Promise((resolve) => {
    const args = ["ls-tree", "-r", "-z", "--name-only", "HEAD"];
    const options = { cwd, env: { ...env }, maxBuffer: 1 << 28, encoding: "utf8" } as const;
    execFile("git", args, options, (error, stdout) => {
      resolve(new Set(error === null ? stdout.split("\0").filter((path) => path !== "") : []));
    });
  });
}
