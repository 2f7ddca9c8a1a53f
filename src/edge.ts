/** The edge of the process: words, environment, clock and signals go in; an exit code comes out. */
import { fstatSync } from "node:fs";
import { main } from "./cli/main.ts";
import { brokenOutputText, signalCodes } from "./cli/print.ts";

declare const RETORT_VERSION: string;

// Packages that are loaded later look at this: it makes pg load what is not there.
delete process.env["NODE_PG_FORCE_NATIVE"];
// slonik's log writes nothing, and does not throw what stdout has to say, as its own writer would.
Object.assign(globalThis, {
  ROARR: {
    versions: [`${Number.MAX_SAFE_INTEGER}.0.0`],
    write: () => {},
    asyncLocalStorage: { getStore: () => undefined, run: (_store: unknown, work: () => unknown) => work() },
  },
});

type Signal = keyof typeof signalCodes;
const signals = Object.keys(signalCodes) as readonly Signal[];

const abort = new AbortController();
let signalled: Signal | undefined;

function onSignal(name: Signal): void {
  // Only the first process of a container gets here twice.
  if (signalled !== undefined) process.exit(signalCodes[name]);
  signalled = name;
  // The second time the user means it: nothing is waited for, the server rolls back by itself.
  leaveSignals();
  abort.abort(name);
}

function hearSignals(): void {
  for (const name of signals) process.on(name, onSignal);
}

/** The system ends the process at once, whatever it is at; but not the first of a container, which must hear them. */
function leaveSignals(): void {
  if (process.pid !== 1) for (const name of signals) process.off(name, onSignal);
}

/** Nothing is heard while this thread computes. */
async function killable<T>(work: () => Promise<T>): Promise<T> {
  leaveSignals();
  try {
    return await work();
  } finally {
    if (signalled === undefined && process.pid !== 1) hearSignals();
  }
}

hearSignals();

/** The files that the command has written. */
const written: string[] = [];
/** The revisions of steps that are done, once a run has begun. */
let steps: string[] | undefined;

let isBroken = false;

/**
 * Stdout cannot be written to. `migrate history | head` closes it early, and that is not an error. A run goes on to its end
 * all the same: what it does to the database is not to depend on who reads.
 */
function onBrokenStdout(error: NodeJS.ErrnoException): void {
  if (isBroken) return;
  isBroken = true;
  const isLeft = error.code === "EPIPE";
  const tell = (then: () => void): void =>
    void streams.stderr.write(brokenOutputText(error, { written, steps }), then);
  if (steps === undefined) {
    if (isLeft) process.exit(0);
    tell(() => process.exit(2));
  } else if (!isLeft) process.once("beforeExit", () => tell(() => (process.exitCode ||= 2)));
}

/** Messages that nobody reads are no reason to stop. */
function onBrokenStderr(): void {}

function listening(stream: NodeJS.WriteStream, onError: (error: Error) => void): NodeJS.WriteStream {
  if (stream.listenerCount("error", onError) === 0) stream.on("error", onError);
  return stream;
}

function isOneFile(): boolean {
  const [out, err] = [1, 2].map((descriptor) => fstatSync(descriptor, { bigint: true }));
  // Where the system has no such numbers, they are 0.
  return out!.ino !== 0n && out!.dev === err!.dev && out!.ino === err!.ino;
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
  areOne: isOneFile,
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
  killable,
  onWritten: (path) => void written.push(path),
  onRun: () => {
    const begun: string[] = [];
    steps = begun;
    return (revision) => void begun.push(revision);
  },
}).then((code) => {
  process.exitCode = signalled === undefined ? code : signalCodes[signalled];
});
