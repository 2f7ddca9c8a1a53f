/** A command's definition → its help text; the command table → the overview. */
import { type Command, type Flags, globals } from "./command.ts";

/** The columns of help: those of the terminal within bounds, and 80 in a pipe. */
export const helpWidth = (columns: number): number =>
  Number.isFinite(columns) ? Math.min(Math.max(columns, 50), 100) : 80;

/** The help of one command, in lines of at most `width` columns where words allow it. */
export function commandHelp(command: Command, width = 80): string {
  const sections = [
    fold(command.summary, width).join("\n"),
    `usage: ${usageOf(command)}`,
    section("flags", flagRows(command.args), width),
    section("global flags", flagRows(globals, command.args), width),
    section("examples", [...(command.examples ?? [])], width),
  ];
  return sections.filter((text) => text !== "").join("\n\n");
}

/** `migrate merge TARGET... [flags]` */
export function usageOf({ name, positionals: { names, required, many } }: Command): string {
  const words = names.map((word, i) => {
    const shown = many === true && i === names.length - 1 ? `${word}...` : word;
    return i < required ? shown : `[${shown}]`;
  });
  return ["migrate", name, ...words, "[flags]"].join(" ");
}

/** The overview: what each command does. */
export function overview(
  groups: readonly (readonly [
    string,
    readonly (readonly [string, readonly [summary: string, ...unknown[]]])[],
  ])[],
  width = 80,
): string {
  return [
    "Migrations for PostgreSQL written in plain SQL.",
    "usage: migrate COMMAND [flags]",
    ...groups.map(([name, commands]) =>
      section(
        name,
        commands.map(([command, [summary]]) => [command, summary]),
        width,
      ),
    ),
    section("global flags", flagRows(globals), width),
    "Help for a command: migrate COMMAND --help",
  ].join("\n\n");
}

/** Each flag as it is typed, and what it does. A short form that a flag in `taken` has already is left out. */
export function flagRows(args: Flags, taken: Flags = {}): [string, string][] {
  const gone = new Set(Object.values(taken).flatMap((definition) => definition.alias ?? []));
  return Object.entries(args).map(([name, definition]) => {
    const alias = [definition.alias ?? []].flat().find((other) => other.length === 1 && !gone.has(other));
    const short = alias === undefined ? "    " : `-${alias}, `;
    const long = alias === name ? `-${name}` : `--${name}`;
    const hint = definition.valueHint === undefined ? "" : ` ${definition.valueHint}`;
    return [`${alias === name ? "" : short}${long}${hint}`, definition.description ?? ""];
  });
}

function section(name: string, rows: readonly (readonly [string, string])[], width: number): string {
  if (rows.length === 0) return "";
  const longest = Math.max(...rows.map(([left]) => left.length));
  const column = Math.min(longest, 34, Math.floor(width * 0.45)) + 4;
  const lines = rows.flatMap(([left, right]) => {
    const [first = "", ...rest] = fold(right, width - column);
    const begin =
      left.length + 4 > column
        ? [`  ${left}`, `${" ".repeat(column)}${first}`]
        : [`  ${left}`.padEnd(column) + first];
    return [...begin, ...rest.map((line) => " ".repeat(column) + line)];
  });
  return [`${name}:`, ...lines].join("\n");
}

function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
