/** The command table → a completion script for zsh. */
import {
  type CompletedCommand,
  type CompletedFlag,
  type CompletedTable,
  type CompletedValue,
  shellWord,
} from "./table.ts";

export function zshCompletion({ programs, flags, commands }: CompletedTable): string {
  return `#compdef ${programs.join(" ")}
# zsh completion for migrate. In ~/.zshrc, below compinit: source <(migrate completion zsh)

# What the project holds: a word, a tab and what it is, a line each. A range has two ends, and a list several parts.
_migrate_words() {
  local -a found
  local each
  compset -P '*[:,]'
  for each in "\${(@f)$("$migrate_program" __complete $1 -- "\${migrate_words[@]}" 2>/dev/null)}"; do
    [[ -z $each ]] || found+=("\${each%%$'\\t'*}:\${each#*$'\\t'}")
  done
  _describe -V $1 found
}

_migrate() {
  local curcontext=$curcontext state line ret=1
  local migrate_program=$words[1]
  local -a migrate_words=("\${(@)words[2,CURRENT-1]}") commands
  # Of every command.
  local -a flags=(
${flags
  .flatMap(flagSpecs)
  .map((spec) => `    ${spec}`)
  .join("\n")}
  )
  typeset -A opt_args
  _arguments -C -s -A '-*' "$flags[@]" '1: :->command' '*:: :->argument' && ret=0
  case $state in
    command)
      commands=(
${commands.map(({ name, summary }) => `        ${shellWord(`${name}:${summary}`)}`).join("\n")}
      )
      _describe command commands && ret=0
      ;;
    argument)
      case $line[1] in
${commands.map(caseOf).join("\n")}
      esac
      ;;
  esac
  return ret
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _migrate "$@"
else
  compdef _migrate ${programs.join(" ")}
fi
`;
}

function caseOf({ name, flags, argument }: CompletedCommand): string {
  const argumentSpec = argument === undefined ? [] : [`${argument.many ? "*" : "1"}:${valueSpec(argument)}`];
  const specs = [...flags.flatMap(flagSpecs), ...argumentSpec.map(shellWord)];
  return `        ${name})
          _arguments -s "$flags[@]"${specs.map((spec) => ` \\\n            ${spec}`).join("")} && ret=0
          ;;`;
}

function flagSpecs({ names, description, value }: CompletedFlag): readonly string[] {
  const text = `[${description.replaceAll(/[[\]\\]/g, "\\$&")}]`;
  return names.map((name) => {
    if (value === undefined) return shellWord(`${name}${text}`);
    return shellWord(`*${name}${name.startsWith("--") ? "=" : "+"}${text}:${valueSpec(value)}`);
  });
}

function valueSpec({ hint, of }: CompletedValue): string {
  const message = hint.replaceAll(":", "\\:");
  if (typeof of !== "string") return `${message}:(${of.join(" ")})`;
  const actions = { files: "_files", folders: "_files -/", any: " " } as const;
  // Behind a space nothing is put between the function and its argument.
  return `${message}:${of === "revisions" || of === "labels" ? ` _migrate_words ${of}` : actions[of]}`;
}
