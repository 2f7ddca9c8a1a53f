/** What a person or a program reads: data goes to stdout, everything else to stderr. The only importer of consola. */
import { type ConsolaInstance, createConsola } from "consola/basic";
import { cancelled, type Diagnostic, type Excerpt, MigrateError, NOTHING } from "../core/errors.ts";
import { fewOf } from "../core/few.ts";
import { codePoints, type Location, offsetOfCodePoint } from "../core/source.ts";
import { errorLines } from "../render/diagnostic.ts";
import { cut, hanging, type Line, printed, visible } from "../render/terminal.ts";

/** Where the process prints and is answered; each is made when it is first looked at. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Whether both outputs go to the same file or pipe, as with `2>&1`. */
  readonly areOne?: () => boolean;
}

export interface Printer {
  /** Data: one line. */
  data(line: Line): void;
  lines(lines: readonly Line[]): void;
  /**
   * A script, in pieces: in a pipe its very bytes, in a terminal as other text is shown there. Resolves when all is on its
   * way, so that what is said next comes after it; but what `info` says would be a part of it where both go to one file.
   */
  script(pieces: Iterable<string>): Promise<void>;
  /** A value as one JSON document. */
  json(value: unknown): void;
  /** A value as JSON on one line, of a stream of such lines. */
  jsonLine(value: unknown): void;
  /** What is going on; silent with `--quiet`. `beside`: about another database than the one that is worked with. */
  info(text: string, beside?: boolean): void;
  /** Nothing silences it: neither `--quiet` nor `--json`. */
  warn(text: string, beside?: boolean): void;
  /** What to type about what was warned of, or is a result. */
  hint(text: string): void;
  /** Details; only with `--verbose`. */
  verbose(text: string): void;
  /** `stack`: that of the program too. */
  error(error: MigrateError, stack?: boolean): void;
  /** A line that is overwritten by the next; only on a terminal. */
  progress(text: string): void;
  /** Yes or no, below the lines that it is about; undefined where nobody can be asked. Throws `execution/cancelled`. */
  ask(about: readonly string[], question: string): Promise<boolean | undefined>;
  /** Adds to the commands that a text proposes which project and database they are for; for what is data and proposes some. The hints of JSON have it already. */
  carry(text: string, beside?: boolean): string;
  readonly width: number;
  readonly interactive: boolean;
}

export function createPrinter(
  streams: Streams,
  env: Readonly<Record<string, string | undefined>>,
  options: {
    readonly quiet: boolean;
    readonly verbose: boolean;
    /** An error is printed to stdout too, as a JSON document. */
    readonly json: boolean;
    /** Or as a line of a stream. */
    readonly events?: boolean;
    /** Takes the passwords out of whatever is no data: what went wrong may quote anything. */
    readonly clean: (text: string) => string;
    /** As that of the printer; errors and what goes to stderr have it already. */
    readonly carry: Printer["carry"];
    /** Fires when the user or the system asks to stop. */
    readonly signal: AbortSignal;
  },
): Printer {
  const colored = (stream: NodeJS.WriteStream): boolean => {
    if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
    if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0") return true;
    return stream.isTTY === true && env["TERM"] !== "dumb";
  };
  const lines = (all: readonly Line[]): void => {
    if (all.length > 0) streams.stdout.write(printed(all, colored(streams.stdout)));
  };
  const prose = (text: string, beside?: boolean): string =>
    printed(hanging(options.clean(options.carry(text, beside))));
  /** A line can be overwritten, which a dumb terminal has no way to do. */
  const overwrites = streams.stderr.isTTY === true && env["TERM"] !== "dumb";
  let transient = false;
  const clear = (): void => {
    if (transient) streams.stderr.write("\r\u001b[K");
    transient = false;
  };
  /** Where an output ends that is run as it is. */
  let isBehindScript = false;
  let made: ConsolaInstance | undefined;
  const log = (): ConsolaInstance => {
    made ??= createConsola({
      level: options.quiet ? 1 : options.verbose ? 4 : 3,
      reporters: [
        {
          log: ({ args }) => {
            clear();
            streams.stderr.write(args[0]);
          },
        },
      ],
    });
    return made;
  };
  return {
    carry: options.carry,
    data: (line) => lines([line]),
    lines,
    async script(pieces) {
      const isShown = streams.stdout.isTTY === true;
      for (const piece of pieces) {
        // As bytes once and for all: whoever passes them on does not make them again.
        const bytes = Buffer.from(isShown ? piece.split(/\r?\n/).map(visible).join("\n") : piece);
        await new Promise((resolve) => streams.stdout.write(bytes, () => resolve(undefined)));
      }
      isBehindScript = !isShown && streams.areOne?.() === true;
    },
    json: (value) => lines(jsonText(value, { carry: options.carry }).split("\n")),
    jsonLine: (value) => lines([jsonText(value, { clean: options.clean, indent: 0 })]),
    info: (text, beside) => {
      if (!isBehindScript) log().info(prose(text, beside));
    },
    warn: (text, beside) => log().warn(prose(`warning: ${text}`, beside)),
    hint: (text) => log().warn(prose(`hint: ${text}`)),
    verbose: (text) => log().debug(prose(text)),
    error: (thrown, stack = false) => {
      const carried = (each: Diagnostic): Diagnostic =>
        each.hint === undefined ? each : { ...each, hint: options.carry(each.hint, each.beside) };
      const error = MigrateError.all(thrown.diagnostics.map(carried));
      const value = errorValue(error, options.signal);
      if (options.events === true)
        lines([jsonText({ type: "error", error: value }, { clean: options.clean, indent: 0 })]);
      else if (options.json) lines(jsonText({ error: value }, { clean: options.clean }).split("\n"));
      const diagnostics = error.diagnostics.map((each) => cleanDiagnostic(each, options.clean));
      const { stderr } = streams;
      log().error(printed(errorLines({ diagnostics }, widthOf(stderr)), colored(stderr)));
      if (stack) log().error(prose(thrown.stack ?? ""));
    },
    progress: (text) => {
      const { stderr } = streams;
      if (options.quiet || !overwrites) return;
      const shown = cut(visible(options.clean(text)), (stderr.columns || 80) - 1, "…");
      stderr.write(`\r\u001b[K${shown}`);
      transient = true;
    },
    async ask(about, question) {
      const { stdin, stderr } = streams;
      if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
      clear();
      const { createInterface } = await import("node:readline");
      // The terminal itself edits the line, so that Ctrl-C remains a signal.
      const terminal = createInterface({ input: stdin, terminal: false });
      const shown = printed([...about.map((line) => options.carry(line)), `${question} [y/N] `]);
      stderr.write(options.clean(shown).slice(0, -1));
      const stop = (): void => terminal.close();
      options.signal.addEventListener("abort", stop);
      try {
        const answer = await new Promise<string>((resolve) => {
          terminal.once("line", resolve);
          terminal.once("close", () => resolve(""));
          // After Ctrl-D at a question before, nothing comes any more, not even the end.
          if (!stdin.readable) resolve("");
        });
        if (options.signal.aborted) throw cancelled(NOTHING);
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        options.signal.removeEventListener("abort", stop);
        terminal.close();
      }
    },
    get width() {
      return widthOf(streams.stdout);
    },
    interactive: overwrites,
  };
}

/** What a command has done when stdout cannot be written to. `steps`: the revisions whose steps a run has done. */
interface WorkDone {
  readonly written: readonly string[];
  readonly steps?: readonly string[] | undefined;
}

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** What is said where stdout cannot be written to. */
export function brokenOutputText(
  { code = "", message }: NodeJS.ErrnoException,
  { written, steps = [] }: WorkDone,
): string {
  const first = FULL.has(code) ? "free some space" : "see to it that the output can be written";
  const hint =
    steps.length > 0
      ? `the run was not stopped by it, and has done ${fewOf(steps)}; see where the database is: migrate status`
      : written.length === 0
        ? `${first}, and run the command again`
        : `only ${fewOf(written)} was written; ${first}`;
  return printed([`error[usage/cannot-write] cannot write the output: ${message}`, `hint: ${hint}`]);
}

/** Each text by itself: in one that is cut off, a password would reach to the end of all that is printed. */
function cleanDiagnostic(
  { code, message, hint, location, excerpt }: Diagnostic,
  clean: (text: string) => string,
): Diagnostic {
  return {
    code,
    message: clean(message),
    ...(hint === undefined ? {} : { hint: clean(hint) }),
    ...(location === undefined ? {} : { location }),
    ...(location === undefined || excerpt === undefined
      ? {}
      : { excerpt: cleanExcerpt(excerpt, location, clean) }),
  };
}

function cleanExcerpt(
  { line, column, length = 1 }: Excerpt,
  location: Location,
  clean: (text: string) => string,
): Excerpt {
  const before = line.slice(0, offsetOfCodePoint(line, (column ?? location.column) - 1));
  return { line: clean(line), column: codePoints(clean(before)) + 1, length };
}

const asIs = (text: string): string => text;

/** `carry`: what a hint proposes is for the same project and database as everywhere else. */
const jsonText = (value: unknown, { clean = asIs, carry = asIs, indent = 2 }): string =>
  JSON.stringify(
    value,
    (key, each) =>
      typeof each === "bigint"
        ? each.toString()
        : typeof each === "string"
          ? clean(key === "hint" ? carry(each) : each)
          : each,
    indent,
  );

/** The exit code of a process that a signal asked to stop, whatever it was at; as a shell shows one that the signal has ended. */
export const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** An error as data: the same fields in the API and under `--json`; the exit code is the one that the process will have. */
function errorValue(error: MigrateError, { aborted, reason }: AbortSignal): unknown {
  const { code, sqlstate } = error;
  const exitCode = (aborted ? signalCodes[reason as keyof typeof signalCodes] : undefined) ?? error.exitCode;
  const diagnostics = error.diagnostics.map(({ code, message, hint, location }) => ({
    code,
    message,
    hint,
    location,
  }));
  return {
    code,
    message: error.message,
    hint: error.hint,
    location: error.location,
    sqlstate,
    exitCode,
    diagnostics,
  };
}

/** Columns; a pipe or a file has as many as are needed. */
const widthOf = ({ isTTY, columns }: NodeJS.WriteStream): number =>
  isTTY === true ? columns || 80 : Number.POSITIVE_INFINITY;
