/** The edge of the process: words, environment, clock and signals go in; an exit code comes out. */
import { main } from "./cli/main.ts";
import { grammarFiles } from "./io/grammar-files.ts";
import { createRecorder, onBroken, type Printed } from "./io/printed.ts";

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
  if (!recorder.recording) return;
  for (const file of grammarFiles()) recorder.file(file);
};

/** Node makes its streams when they are first looked at, which takes a while; not every command says something. */
const streams = {
  get stdout() {
    return watched(process.stdout, 1);
  },
  get stderr() {
    return watched(process.stderr, 2);
  },
  get stdin() {
    return process.stdin;
  },
};

const broken = {
  1: (error: Error): void => onBroken(1, error),
  2: (error: Error): void => onBroken(2, error),
};

function watched(stream: NodeJS.WriteStream, number: 1 | 2): NodeJS.WriteStream {
  if (stream.listenerCount("error", broken[number]) === 0) stream.on("error", broken[number]);
  return stream;
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
