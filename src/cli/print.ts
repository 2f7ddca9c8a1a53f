/** What a person or a program reads: data goes to stdout, everything else to stderr. The only importer of consola. */
import { type ConsolaInstance, createConsola } from "consola/basic";
import type { Diagnostic, Excerpt, MigrateError } from "../core/errors.ts";
import { codePoints, type Location, offsetOfCodePoint } from "../core/source.ts";
import { renderError } from "../render/diagnostic.ts";

/** Where the process prints and is answered; each is made when it is first looked at. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
}

export interface Printer {
  /** Data: exactly this text, then a line end. */
  data(text: string): void;
  /** Data that ends its own lines, in pieces; resolves when all is on its way, so that what is said next comes after it. */
  raw(pieces: Iterable<string>): Promise<void>;
  /** A value as one JSON document. */
  json(value: unknown): void;
  /** What is going on; silent with `--quiet`. */
  info(text: string): void;
  warn(text: string): void;
  /** Details; only with `--verbose`. */
  verbose(text: string): void;
  error(error: MigrateError): void;
  /** A line that is overwritten by the next; only on a terminal. */
  progress(text: string): void;
  /** Yes or no; undefined where nobody can be asked. */
  ask(question: string): Promise<boolean | undefined>;
  readonly width: number;
  readonly color: boolean;
  readonly interactive: boolean;
}

export function createPrinter(
  streams: Streams,
  env: Readonly<Record<string, string | undefined>>,
  options: {
    readonly quiet: boolean;
    readonly verbose: boolean;
    readonly json: boolean;
    /** Takes the passwords out of whatever is no data: what went wrong may quote anything. */
    readonly clean: (text: string) => string;
  },
): Printer {
  const colored = (stream: NodeJS.WriteStream): boolean => {
    if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
    if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0") return true;
    return stream.isTTY === true && env["TERM"] !== "dumb";
  };
  const out = (text: string): void => void streams.stdout.write(text);
  let transient = false;
  const clear = (): void => {
    if (transient) streams.stderr.write("\r\u001b[K");
    transient = false;
  };
  let made: ConsolaInstance | undefined;
  const log = (): ConsolaInstance => {
    made ??= createConsola({
      level: options.quiet ? 1 : options.verbose ? 4 : 3,
      reporters: [
        {
          log: ({ args }) => {
            clear();
            streams.stderr.write(`${options.clean(args.join(" "))}\n`);
          },
        },
      ],
    });
    return made;
  };
  return {
    data: (text) => out(`${text}\n`),
    async raw(pieces) {
      for (const piece of pieces) {
        // As bytes once and for all: whoever passes them on does not make them again.
        const bytes = Buffer.from(piece);
        await new Promise((resolve) => streams.stdout.write(bytes, () => resolve(undefined)));
      }
    },
    json: (value) => out(`${JSON.stringify(value, jsonValue, 2)}\n`),
    info: (text) => log().info(text),
    warn: (text) => log().warn(`warning: ${text}`),
    verbose: (text) => log().debug(text),
    error: (error) => {
      const diagnostics = error.diagnostics.map((each) => cleanDiagnostic(each, options.clean));
      if (options.json) {
        const clean = (_key: string, each: unknown) =>
          typeof each === "string" ? options.clean(each) : each;
        out(`${JSON.stringify({ error: errorValue(error) }, clean, 2)}\n`);
      }
      const { stderr } = streams;
      log().error(renderError({ diagnostics }, { color: colored(stderr), width: widthOf(stderr) }));
    },
    progress: (text) => {
      const { stderr } = streams;
      if (options.quiet || stderr.isTTY !== true) return;
      stderr.write(`\r\u001b[K${options.clean(text).slice(0, (stderr.columns || 80) - 1)}`);
      transient = true;
    },
    async ask(question) {
      const { stdin, stderr } = streams;
      if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
      clear();
      const { createInterface } = await import("node:readline/promises");
      const terminal = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
      } finally {
        terminal.close();
      }
    },
    get width() {
      return widthOf(streams.stdout);
    },
    get color() {
      return colored(streams.stdout);
    },
    get interactive() {
      return streams.stderr.isTTY === true;
    },
  };
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

/** An error as data: the same fields in the API and under `--json`. */
function errorValue(error: MigrateError): unknown {
  const { code, exitCode, sqlstate } = error;
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

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** Columns; a pipe or a file has as many as are needed. */
const widthOf = ({ isTTY, columns }: NodeJS.WriteStream): number =>
  isTTY === true ? columns || 80 : Number.POSITIVE_INFINITY;
