/** The edge of the process: words, environment, clock and signals go in; an exit code comes out. */
import { main } from "./cli/main.ts";

declare const RETORT_VERSION: string;

// Packages that are loaded later look at these: the one makes slonik print its log, the other makes pg load what is not there.
for (const name of ["ROARR_LOG", "NODE_PG_FORCE_NATIVE"]) delete process.env[name];

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

/** Stdout cannot be written to. `migrate history | head` closes it early, and that is not an error. */
function onBrokenStdout({ code, message }: NodeJS.ErrnoException): void {
  if (code === "EPIPE") process.exit(0);
  streams.stderr.write(
    `error[usage/cannot-write] what is printed cannot be written: ${message}\nhint: make room where it goes, and say it again\n`,
    () => process.exit(2),
  );
}

/** Messages that nobody reads are no reason to stop. */
function onBrokenStderr(): void {}

function listening(stream: NodeJS.WriteStream, onError: (error: Error) => void): NodeJS.WriteStream {
  if (stream.listenerCount("error", onError) === 0) stream.on("error", onError);
  return stream;
}

/** Node makes its streams when they are first looked at, which takes a while; not every command says something. */
const streams = {
  get stdout() {
    return listening(process.stdout, onBrokenStdout);
  },
  get stderr() {
    return listening(process.stderr, onBrokenStderr);
  },
  get stdin() {
    return process.stdin;
  },
};

void main(process.argv.slice(2), {
  env: process.env,
  get cwd() {
    return process.cwd();
  },
  streams,
  now: () => new Date(),
  version: RETORT_VERSION,
  signal: abort.signal,
}).then((code) => {
  process.exitCode = signalled === 0 ? code : signalled;
});
