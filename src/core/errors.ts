/**
 * The one family of errors. Everything a user can cause is a `MigrateError`; anything else that is thrown is a
 * bug of ours. A command that finds several faults throws one error whose `diagnostics` hold them all.
 */
import type { Location } from "./source.ts";

/** The process exit code of each kind of failure. */
export const exitCodes = {
  ok: 0,
  findings: 1,
  usage: 2,
  source: 3,
  graph: 4,
  state: 5,
  execution: 6,
  bug: 70,
} as const;

export type ErrorKind = Exclude<keyof typeof exitCodes, "ok">;

/** One fault: what is wrong, where, and what to type next. */
export interface Diagnostic {
  /** A stable name such as `graph/multiple-heads`. */
  readonly code: string;
  /** One sentence or clause, without a full stop. */
  readonly message: string;
  /** What to do about it, often a command to type. */
  readonly hint?: string;
  readonly location?: Location;
  /** What is shown of the source at `location`. */
  readonly excerpt?: Excerpt;
  /** SQLSTATE of the server's error, with `execution/` codes. */
  readonly sqlstate?: string;
  /** It is about another database than the one that is worked with: so are the commands in its hint. */
  readonly beside?: true;
}

/** A source line without passwords, which makes its columns others than in the file. */
export interface Excerpt {
  readonly line: string;
  /** Where the caret stands, 1-based; by default in the column of the location. */
  readonly column?: number;
  /** How many columns to underline; by default 1. */
  readonly length?: number;
}

/** A fault and the context it was found in. `code` begins with its kind: `source/`, `graph/`, `state/`, … */
export class MigrateError extends Error implements Diagnostic {
  readonly code: string;
  // Declared only: what is absent is not listed where the error is printed.
  declare readonly hint?: string;
  declare readonly location?: Location;
  declare readonly excerpt?: Excerpt;
  /** Every fault found, in file order; the first is this one. */
  readonly diagnostics: readonly Diagnostic[];
  readonly exitCode: number;
  declare readonly sqlstate?: string;
  declare readonly beside?: true;

  constructor(
    diagnostic: Diagnostic,
    options: { readonly diagnostics?: readonly Diagnostic[]; readonly cause?: unknown } = {},
  ) {
    super(diagnostic.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MigrateError";
    this.code = diagnostic.code;
    if (diagnostic.hint !== undefined) this.hint = diagnostic.hint;
    if (diagnostic.location !== undefined) this.location = diagnostic.location;
    if (diagnostic.excerpt !== undefined) this.excerpt = diagnostic.excerpt;
    if (diagnostic.sqlstate !== undefined) this.sqlstate = diagnostic.sqlstate;
    if (diagnostic.beside !== undefined) this.beside = diagnostic.beside;
    this.diagnostics = options.diagnostics ?? [diagnostic];
    this.exitCode = exitCodeOf(diagnostic.code);
  }

  /** One error for many faults (at least one): the first speaks, all are listed. */
  static all(diagnostics: readonly Diagnostic[]): MigrateError {
    return errorOf(diagnostics);
  }
}

/** Outside of the class: one that names itself is given another name in the bundle, which `console.error` shows. */
function errorOf(diagnostics: readonly Diagnostic[]): MigrateError {
  const [first] = diagnostics;
  if (first === undefined) throw new RangeError("MigrateError.all needs at least one diagnostic");
  return new MigrateError(first, { diagnostics });
}

/** What to do about all that was found, as one text. */
export function hintsOf({ diagnostics }: MigrateError): string | undefined {
  const hints = new Set(diagnostics.flatMap(({ hint }) => hint ?? []));
  return hints.size === 0 ? undefined : [...hints].join("; ");
}

function exitCodeOf(code: string): number {
  const kind = code.slice(0, code.indexOf("/"));
  return kind in exitCodes ? exitCodes[kind as ErrorKind] : exitCodes.bug;
}

/** Hints of `cancelled`: the lock was not had yet, or what was done went away with its database; or the ledger has it. */
export const NOTHING = "nothing was changed";
export const GOES_ON = "what was done so far is kept; to continue, run it again";

/** The user, or the system, has asked to stop; the hint says what became of the work. */
export function cancelled(hint: string, cause?: unknown): MigrateError {
  const { sqlstate } = (cause ?? {}) as { readonly sqlstate?: string | undefined };
  return new MigrateError(
    {
      code: "execution/cancelled",
      message: "stopped on request",
      hint,
      ...(sqlstate === undefined ? {} : { sqlstate }),
    },
    { cause },
  );
}

/** Whether an error is that of `cancelled`, with this hint. */
export const isCancelled = (error: unknown, hint: string): boolean =>
  error instanceof MigrateError && error.code === "execution/cancelled" && error.hint === hint;
