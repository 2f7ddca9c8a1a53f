/**
 * The program, run from the code that V8 made of it the last time the same command ran: to compile it takes several
 * times as long as most commands do. The code is kept in the user's cache; where nothing is kept yet, there is what the
 * build's own Node made of it, and for another Node the program is compiled.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { cacheFolder, type Env, readCached, writeCached } from "./cache.ts";
import { tuneEngine } from "./engine.ts";
import { findPrinted, type Printed } from "./printed.ts";

/** Set by the build: what names the program's text, and the commands there are. */
declare const RETORT_PROGRAM: string;
declare const RETORT_COMMANDS: readonly string[];

type Main = (
  exports: Record<string, unknown>,
  require: NodeJS.Require,
  module: { exports: Record<string, unknown> },
  filename: string,
  dirname: string,
  importModule: (name: string) => Promise<unknown>,
  program: string,
  printed: Printed | undefined,
) => void;

/**
 * Does what the words say: prints again what they printed before, or loads the program, which reads them by itself and
 * compares the ledger, where only that is left to be compared.
 */
export function load(words: readonly string[], env: Env): void {
  // Two installs of one build have each their own packages.
  const program = `${RETORT_PROGRAM} ${__dirname}`;
  const printed = findPrinted(program, words, env);
  if (printed !== undefined && printed.ledger === undefined) {
    printed.again();
    return;
  }
  tuneEngine();
  const file = join(__dirname, "main.cjs");
  // Each command compiles other parts of the program, and fewer where it only asks whether all is as it was.
  const command = words.find((word) => RETORT_COMMANDS.includes(word)) ?? "none";
  const kind = printed !== undefined ? "again" : words.includes("--sql") ? "script" : "run";
  const engine = `${process.version}-${process.arch}`;
  const name = `code-${RETORT_PROGRAM}-${engine}-${command}-${kind}`;
  const folder = cacheFolder(env);
  const own = folder === undefined ? undefined : readCached(folder, name);
  // The build has left what its own Node made of it, which serves where nothing ran before.
  const cachedData = own ?? readCached(__dirname, `code-${engine}-${kind}`);
  const isNewHere = own === undefined && folder !== undefined && !existsSync(folder);
  // The text is ASCII, and read quickest as what it is: a function of what a module is given.
  const text = readFileSync(file, "latin1");
  const script = new Script(text, {
    // V8 keeps it with the code, which another installation may have made: a stack must not name that one's folder.
    filename: "dist/main.cjs",
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const module = { exports: {} as { readonly ended?: Promise<void> } & Record<string, unknown> };
  const main = script.runInThisContext() as Main;
  // All of it is out, and nobody needs to wait until the server has closed the connection.
  const again =
    printed === undefined || cachedData === undefined
      ? printed
      : {
          ...printed,
          again: () => {
            printed.again();
            process.exit();
          },
        };
  const importModule = (name: string): Promise<unknown> => import(name);
  main(module.exports, createRequire(file), module, file, dirname(file), importModule, program, again);
  const isCompiled = cachedData !== undefined && script.cachedDataRejected !== true;
  if (folder === undefined || (isCompiled && (own !== undefined || isNewHere))) return;
  // At the end, since only then is everything compiled that the command needs.
  void module.exports.ended?.then(() => writeCached(folder, name, script.createCachedData()));
}
