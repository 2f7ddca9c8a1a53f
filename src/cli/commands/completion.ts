/** `migrate completion`. */
import { MigrateError } from "../../core/errors.ts";
import { bashCompletion } from "../../render/completion/bash.ts";
import { fishCompletion } from "../../render/completion/fish.ts";
import { powershellCompletion } from "../../render/completion/powershell.ts";
import type { CompletedFlag, CompletedTable, CompletedValue, Values } from "../../render/completion/table.ts";
import { zshCompletion } from "../../render/completion/zsh.ts";
import { type Command, type Flags, globals } from "../command.ts";

const shells: Readonly<Record<string, (table: CompletedTable) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
};

const command: Command = {
  name: "completion",
  summary: "Prints a script that completes commands, flags, targets and labels in a shell.",
  args: {},
  positionals: { required: 1, names: [Object.keys(shells).join("|")] },
  examples: [
    ['eval "$(migrate completion bash)"', "in ~/.bashrc"],
    ["source <(migrate completion zsh)", "in ~/.zshrc, below compinit"],
    ["migrate completion fish | source", "in ~/.config/fish/config.fish"],
    ["migrate completion powershell | Out-String | iex", "in $PROFILE"],
  ],
  async run({ args, printer, json, commands }) {
    const shell = args.positionals[0]!;
    if (!Object.hasOwn(shells, shell)) {
      throw new MigrateError({
        code: "usage/shell",
        message: `completions for '${shell}' are not available`,
        hint: `the shells are ${Object.keys(shells).join(", ")}; for example: migrate completion bash`,
      });
    }
    const script = shells[shell]!(tableOf(await commands()));
    if (json) printer.json({ shell, script });
    else await printer.script([script]);
  },
};
export default command;

/** The definitions of the commands, as the scripts take them. */
export function tableOf(commands: readonly Command[]): CompletedTable {
  return {
    programs: ["migrate", "pgretort"],
    flags: flagsOf(globals),
    commands: commands.map(({ name, summary, args, positionals: { names, many = false } }) => {
      const [hint] = names;
      const flags = flagsOf(args);
      return {
        name,
        summary,
        flags,
        ...(hint === undefined ? {} : { argument: { ...typed(hint), many } }),
      };
    }),
  };
}

function flagsOf(flags: Flags): readonly CompletedFlag[] {
  return Object.entries(flags).map(([name, { alias = [], description = "", type, valueHint }]) => {
    const short = [alias].flat().find((other) => other.length === 1);
    const long = name.length > 1 ? [`--${name}`] : [];
    const names = [...long, ...(short === undefined ? [] : [`-${short}`])];
    return { names, description, ...(type === "boolean" ? {} : { value: typed(valueHint ?? "VALUE") }) };
  });
}

/** What may be typed for `TARGET`, for `bash|zsh`. */
function typed(hint: string): CompletedValue {
  if (hint.includes("|")) return { hint, of: hint.split("|") };
  const kinds: Readonly<Record<string, Values>> = {
    DIR: "folders",
    FILE: "files",
    TARGET: "revisions",
    REVISION: "revisions",
    RANGE: "revisions",
    LABEL: "labels",
  };
  return { hint, of: kinds[hint] ?? "any" };
}
