/** What is known of tools whose migrations are programs, and whose own command prints the SQL of each. */
import type { Diagnostic } from "../errors.ts";
import type { Direction } from "../header-keys.ts";
import type { Stretch } from "../source.ts";
import type { Asked } from "./foreign.ts";

export interface Program {
  /** The flag that names another command, and the command by default, in words. */
  readonly flag: "alembic" | "dotnet-ef";
  readonly command: readonly string[];
  /** What to type where there is no such command. */
  readonly install: string;
  /** Matches a file of the folder that the command is run in: that of the migrations, or the nearest above it. */
  readonly home: RegExp;
  /**
   * The arguments that make it write the SQL of a direction, from one version to another; undefined is the empty database.
   * `file`: where it is to write, if it does not print.
   */
  readonly args: (
    direction: Direction,
    from: string | undefined,
    to: string | undefined,
    file: string,
  ) => readonly string[];
  readonly writes: "stdout" | "file";
  /** How far one run goes: `all` that a version needs, or that version `alone`. */
  readonly goes: "all" | "alone";
  /** Why the SQL of a migration may not be what the command runs. */
  readonly doubt?: (asked: Asked, printed: string) => Pick<Diagnostic, "message" | "hint"> | undefined;
  /** What is whose in the text of a run that asked for `version`. */
  readonly printed: (text: string, direction: Direction, version: string) => readonly Printed[];
}

/** The SQL of one migration in what a command printed. */
export interface Printed extends Stretch {
  readonly version: string;
  /** The tool has begun a transaction before it. */
  readonly begun: boolean;
}
