/** The edge of the process: words, environment, clock and signals go in; an exit code comes out. */
import { main } from "./cli/main.ts";

declare const RETORT_VERSION: string;

const abort = new AbortController();
let signalled = 0;
for (const [name, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(name, () => {
    // The second time the user means it: nothing is waited for, the server rolls back by itself.
    if (signalled !== 0) process.exit(code);
    signalled = code;
    abort.abort(name);
  });
}
// `migrate history | head` closes the pipe early; that is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

/** Resolves when the command has ended. */
export const ended = main(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  now: () => new Date(),
  version: RETORT_VERSION,
  signal: abort.signal,
}).then((code) => {
  process.exitCode = signalled === 0 ? code : signalled;
});
