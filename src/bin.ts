/**
 * What the shell starts: the words that need no project are answered before anything is loaded; for all others the
 * program is loaded, as Node has compiled it before.
 */
import { writeFileSync } from "node:fs";

/**
 * Node writes to a file once, and does not look how much of it was written: on a disk that is nearly full the rest would be
 * lost without a word.
 */
function writeWhole(stream: NodeJS.WriteStream & { readonly fd: number }): void {
  if (stream.constructor.name !== "SyncWriteStream") return;
  stream._write = (bytes: Uint8Array, _encoding, done) => {
    try {
      writeFileSync(stream.fd, bytes);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}

writeWhole(process.stdout);

/** Set by the build: what `--version` and `--help` print. */
declare const RETORT_ANSWERS: Readonly<Record<string, string>>;

const [word, ...others] = process.argv.slice(2);
/** The answers are folded for this many columns. */
const isWide = (process.stdout.columns ?? 80) >= 80;
if (word !== undefined && others.length === 0 && isWide && Object.hasOwn(RETORT_ANSWERS, word)) {
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // `migrate --help | head` closes it early, and that is not an error.
    if (code === "EPIPE") process.exit(0);
    process.stderr.write(
      `error[usage/cannot-write] cannot write the output: ${message}\nhint: free some space, and run the command again\n`,
      () => process.exit(2),
    );
  });
  process.stdout.write(RETORT_ANSWERS[word]!);
} else {
  void import("./io/engine.ts").then(({ prepareEngine }) => {
    prepareEngine(process.env);
    require("./main.cjs");
  });
}
