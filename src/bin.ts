/**
 * What the shell starts: the words that need no project are answered before anything is loaded; for all others the
 * program is loaded, as Node has compiled it before.
 */
export {};

/** Set by the build: what `--version` and `--help` print. */
declare const RETORT_ANSWERS: Readonly<Record<string, string>>;

const [word, ...others] = process.argv.slice(2);
if (word !== undefined && others.length === 0 && Object.hasOwn(RETORT_ANSWERS, word)) {
  process.stdout.write(RETORT_ANSWERS[word]!);
} else {
  void import("./io/engine.ts").then(({ prepareEngine }) => {
    prepareEngine(process.env);
    require("./main.cjs");
  });
}
