/** The command table → a completion script for bash 3.2 or later. */
import { type CompletedCommand, type CompletedTable, valuesText, withGlobals } from "./table.ts";

/** What projects hold comes from `migrate __complete`, line by line: no text of theirs is expanded by the shell. */
export function bashCompletion(table: CompletedTable): string {
  const commands = table.commands.map(({ name }) => name).join(" ");
  return `# bash completion for migrate. In ~/.bashrc: eval "$(migrate completion bash)"

# A command → its flags, in REPLY; without a command: those of all.
_migrate_flags() {
  case $1 in
${withGlobals(table)
  .map(({ name, flags }) => `    '${name}') REPLY='${flags.flatMap(({ names }) => names).join(" ")}' ;;`)
  .join("\n")}
    *) REPLY= ;;
  esac
}

# A command and a flag, or a command and nothing → what is typed after it, in REPLY.
_migrate_values() {
  case "$1 $2" in
${withGlobals(table).flatMap(valueLines).join("\n")}
    *) REPLY= ;;
  esac
}

_migrate() {
  local IFS=$' \\t\\n' REPLY each command= flag= values= value= before=
  local line=\${COMP_LINE:0:COMP_POINT}
  local -a words
  read -ra words <<<"$line"
  local word=
  if [[ $line != *[[:space:]] ]]; then
    word=\${words[\${#words[@]} - 1]}
    unset "words[\${#words[@]} - 1]"
  fi
  for each in "\${words[@]:1}"; do
    if [[ -n $flag ]]; then
      flag=
    elif [[ $each == -* ]]; then
      _migrate_values "$command" "$each"
      [[ -n $REPLY || -z $command ]] || _migrate_values '' "$each"
      [[ -z $REPLY ]] || flag=$each
    elif [[ -z $command ]]; then
      command=$each
    fi
  done

  value=$word
  if [[ -z $flag && $word == --*=* ]]; then
    flag=\${word%%=*} before=\${word%%=*}= value=\${word#*=}
  fi
  if [[ -n $flag ]]; then
    _migrate_values "$command" "$flag"
    [[ -n $REPLY ]] || _migrate_values '' "$flag"
    values=$REPLY
  elif [[ $word == -* ]]; then
    _migrate_flags "$command"
    values=$REPLY
    _migrate_flags ''
    values="$values $REPLY"
  elif [[ -z $command ]]; then
    values='${commands}'
  else
    _migrate_values "$command" ''
    values=$REPLY
  fi

  COMPREPLY=()
  case $values in
    '' | any) return ;;
    files | folders)
      compopt -o filenames 2>/dev/null
      local action=-f
      [[ $values == files ]] || action=-d
      while IFS= read -r each; do COMPREPLY+=("$each"); done < <(compgen "$action" -- "$value")
      return
      ;;
    revisions | labels)
      # A range has two ends, and a list several parts.
      [[ $value != *[:,]* ]] || before+=\${value%"\${value##*[:,]}"}
      value=\${value##*[:,]}
      while IFS=$'\\t' read -r each _; do
        [[ $each != "$value"* ]] || COMPREPLY+=("$before$each")
      done < <("\${COMP_WORDS[0]}" __complete "$values" -- "\${words[@]:1}" 2>/dev/null)
      ;;
    *)
      for each in $values; do
        [[ $each != "$value"* ]] || COMPREPLY+=("$before$each")
      done
      ;;
  esac

  # Readline replaces only what stands after the last of these characters.
  local breaks=\${COMP_WORDBREAKS//[^:=@,]/}
  [[ -n $breaks ]] || return
  local kept=\${word%"\${word##*[$breaks]}"}
  COMPREPLY=("\${COMPREPLY[@]#"$kept"}")
}

complete -F _migrate ${table.programs.join(" ")}
`;
}

function valueLines({ name, flags, argument }: CompletedCommand): readonly string[] {
  const ofFlags = flags.flatMap(({ names, value }) =>
    value === undefined
      ? []
      : [
          line(
            names.map((flag) => `${name} ${flag}`),
            valuesText(value.of),
          ),
        ],
  );
  return argument === undefined ? ofFlags : [...ofFlags, line([`${name} `], valuesText(argument.of))];
}

const line = (patterns: readonly string[], values: string): string =>
  `    ${patterns.map((pattern) => `'${pattern}'`).join(" | ")}) REPLY='${values}' ;;`;
