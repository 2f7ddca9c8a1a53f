/** Files → the user's editor is opened on them, in this terminal. */
import { spawn } from "node:child_process";
import { MigrateError } from "../core/errors.ts";

/**
 * Runs `command`, as the environment has it (`code --wait`), with the files behind it, and waits for its end. Throws
 * `usage/editor` where it cannot be run or fails.
 */
export function openEditor(
  command: string,
  files: readonly string[],
  {
    cwd,
    env,
    hint,
  }: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** What to type where it fails. */
    readonly hint: string;
  },
): Promise<void> {
  // The shell splits the command; the files reach it as arguments, whatever is in their names.
  const [program, ...words] =
    process.platform === "win32"
      ? [`${command} ${files.map((file) => `"${file}"`).join(" ")}`]
      : ["sh", "-c", `${command} "$@"`, command, ...files];
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(
        new MigrateError({
          code: "usage/editor",
          message: `the editor '${command}' ${why}`,
          hint,
        }),
      );
    const child = spawn(program!, words, { cwd, env, stdio: "inherit", shell: process.platform === "win32" });
    child.once("error", (error) => fail(`cannot be started: ${error.message}`));
    child.once("close", (code, signal) =>
      code === 0 ? resolve() : fail(`exited with ${signal ?? `code ${code}`}`),
    );
  });
}
