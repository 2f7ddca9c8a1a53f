/** The words of the command line → an exit code. The only place that catches errors. */
import type { Deps } from "../app/project.ts";
import { carrying } from "../core/carried.ts";
import { commandNames } from "../core/command-names.ts";
import { exitCodes, MigrateError } from "../core/errors.ts";
import { asFlags } from "../core/option-names.ts";
import { redact } from "../core/redact.ts";
import { hanging, printed } from "../render/terminal.ts";
import { type Command, perform, projectOf } from "./command.ts";
import { allCommands, type CommandLine, groups, readCommandLine } from "./command-line.ts";
import { createPrinter, type Printer, type Streams } from "./print.ts";
import { passing, refuseKept } from "./started.ts";

export interface Process {
  readonly streams: Streams;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws where the folder is there no more. */
  readonly cwd: string;
  readonly now: () => Date;
  readonly version: string;
  /** Fires when the user or the system asks to stop. */
  readonly signal: AbortSignal;
  readonly killable?: Deps["killable"];
  readonly onWritten?: Deps["onWritten"];
  readonly onRun?: Deps["onRun"];
}

/** Runs one command line. Never throws. */
export async function main(words: readonly string[], process: Process): Promise<number> {
  const secrets = new Set<string>();
  const clean = (text: string): string => redact(text, [...secrets]);
  try {
    const line = await readCommandLine(words);
    return await answer(line, process, secrets, clean);
  } catch (error) {
    const text = clean(`migrate has a bug: ${error instanceof Error ? error.stack : String(error)}`);
    const please = `Please report it with the command line and this text. (migrate ${process.version})`;
    process.streams.stderr.write(printed([...hanging(text), please]));
    return exitCodes.bug;
  }
}

/** Does what the line says, and tells what went wrong; passwords that come to light are added to `secrets`. */
async function answer(
  line: CommandLine,
  process: Process,
  secrets: Set<string>,
  clean: (text: string) => string,
): Promise<number> {
  const { args } = line;
  const [quiet, verbose, json] = [args.flag("quiet"), args.flag("verbose"), args.flag("json")];
  const printer = createPrinter(process.streams, process.env, {
    quiet,
    verbose,
    json,
    events: args.flag("json-events"),
    clean,
    carry: carrying(projectOf(args), line.command?.name),
    signal: process.signal,
  });
  try {
    if (line.unknown !== undefined) throw line.unknown;
    if (args.flag("version")) return print(printer, process.version);
    if (args.helps) return print(printer, await helpOf(line.command, printer.width));
    if (line.command !== undefined) refuseKept(line.command, args, process.env);
    if (args.fault !== undefined) throw args.fault;
    if (line.command === undefined) {
      if (json || [...args.values.values()].flat().some((value) => value !== "")) throw noCommand(args);
      process.streams.stderr.write(`${await helpOf(undefined, printer.width)}\n`);
      return exitCodes.usage;
    }
    const { env, now, signal, killable, onWritten, onRun } = process;
    const onSecrets = (found: readonly string[]): void => {
      for (const secret of found) secrets.add(secret);
    };
    const onReleased = (words: ReadonlySet<string>): void => {
      for (const word of words) secrets.delete(word);
    };
    const cwd = folderOf(process);
    const deps: Deps = {
      env,
      cwd,
      now,
      names: asFlags,
      signal,
      killable,
      onSecrets,
      onReleased,
      onWritten,
      onRun,
    };
    const { command } = line;
    return await perform(command, {
      args,
      passing: (flag) => passing(flag, command, args, env),
      printer,
      deps,
      project: projectOf(args),
      json,
      verbose,
      version: process.version,
      commands: allCommands,
    });
  } catch (thrown) {
    const { asTold } = await import("../app/as-told.ts");
    const error = asTold(thrown, process.signal);
    if (!(error instanceof MigrateError)) throw error;
    printer.error(error, args.flag("raiseerr"));
    return error.exitCode;
  }
}

function print(printer: Printer, text: string): number {
  printer.lines(text.split("\n"));
  return exitCodes.ok;
}

async function helpOf(command: Command | undefined, columns: number): Promise<string> {
  const { commandHelp, helpWidth, overview } = await import("./help.ts");
  const width = helpWidth(columns);
  return command === undefined ? overview(groups, width) : commandHelp(command, width);
}

/** For a program, and for who has given a flag a value: help alone would not say that a command is missing. */
function noCommand({ values }: CommandLine["args"]): MigrateError {
  const taken = [...values].flatMap(([flag, given]) =>
    given.filter((value) => commandNames.includes(value)).map((value) => ({ flag, value })),
  );
  const lead = taken.map(({ flag, value }) => `'${value}' was taken as the value of --${flag}; `).join("");
  return new MigrateError({
    code: "usage/missing-argument",
    message: "migrate needs COMMAND",
    hint: `${lead}see: migrate --help`,
  });
}

function folderOf(process: Process): string {
  try {
    return process.cwd;
  } catch {
    throw new MigrateError({
      code: "usage/no-folder",
      message: "the current directory no longer exists",
      hint: "change to the project's folder (cd …) and run the command again",
    });
  }
}
