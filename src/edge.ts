/** The edge of the process: words, environment, clock and signals go in; an exit code comes out. */
import { createRequire } from "node:module";
import { main } from "./cli/main.ts";
import { createRecorder, type Printed } from "./io/printed.ts";

declare const RETORT_VERSION: string;
/** Set by whoever loads the program: its name, and what the same words printed before. */
declare const RETORT_PROGRAM: string;
declare const RETORT_PRINTED: Printed | undefined;

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
const words = process.argv.slice(2);
const recorder = createRecorder(RETORT_PROGRAM, words, process.env);
const begin = (): void => {
  recorder.begin();
  // The grammar is a package of its own, and can be replaced by a newer one.
  recorder.file(createRequire(import.meta.url).resolve("libpg-query"));
};

/** Node makes its streams when they are first looked at, which takes a while; not every command says something. */
const streams = {
  get stdout() {
    const { stdout } = process;
    // `migrate history | head` closes the pipe early; that is not an error.
    if (stdout.listenerCount("error", endOfPipe) === 0) stdout.on("error", endOfPipe);
    return stdout;
  },
  get stderr() {
    return process.stderr;
  },
  get stdin() {
    return process.stdin;
  },
};

function endOfPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}

/** Resolves when the command has ended. */
export const ended = main(words, {
  env: recorder.env,
  get cwd() {
    return process.cwd();
  },
  streams,
  now: () => new Date(),
  version: RETORT_VERSION,
  signal: abort.signal,
  recorder,
  begin,
  printed: RETORT_PRINTED,
}).then((code) => {
  recorder.end(code);
  process.exitCode = signalled === 0 ? code : signalled;
});
