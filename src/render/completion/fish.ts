/** The command table → a completion script for fish. */
import { type CompletedFlag, type CompletedTable, type CompletedValue, withGlobals } from "./table.ts";

export function fishCompletion(table: CompletedTable): string {
  const withValue = table.flags.filter(({ value }) => value !== undefined).flatMap(({ names }) => names);
  const completions = withGlobals(table).flatMap(({ name, summary, flags, argument }) => {
    const condition = name === "" ? "" : ` -n '__migrate_command_is ${name}'`;
    return [
      ...(name === ""
        ? []
        : [`complete -c $program -n '__migrate_command_is' -a ${name} -d ${quoted(summary)}`]),
      ...flags.map((flag) => `complete -c $program${condition}${flagWords(flag)}`),
      ...(argument === undefined ? [] : [`complete -c $program${condition} ${valueWords(argument)}`]),
    ];
  });
  return `# fish completion for migrate. In ~/.config/fish/config.fish: migrate completion fish | source

# Whether that command stands on the line; without a word: whether none does.
function __migrate_command_is
    set -l words (commandline -opc)
    set -l value no
    set -l command
    for word in $words[2..-1]
        if test $value = yes
            set value no
        else if contains -- $word ${withValue.join(" ")}
            set value yes
        else if not string match -q -- '-*' $word
            set command $word
            break
        end
    end
    test "$command" = "$argv"
end

# What the project holds: a word, a tab and what it is, a line each. A range has two ends, and a list several parts.
function __migrate_words
    set -l words (commandline -opc)
    set -l before (string match -r -- '^.*[:,]' (commandline -ct))
    for line in ($words[1] __complete $argv[1] -- $words[2..-1] 2>/dev/null)
        printf '%s%s\\n' "$before" $line
    end
end

for program in ${table.programs.join(" ")}
    complete -c $program -f
${completions.map((line) => `    ${line}`).join("\n")}
end
`;
}

/** A backslash and a quote are all that act between quotes of fish. */
const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, "\\$&")}'`;

function flagWords({ names, description, value }: CompletedFlag): string {
  const words = names.map((name) =>
    name.startsWith("--") ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`,
  );
  return `${words.join("")} -d ${quoted(description)}${value === undefined ? "" : ` ${valueWords(value)}`}`;
}

function valueWords({ of }: CompletedValue): string {
  if (typeof of !== "string") return `-xa '${of.join(" ")}'`;
  const words = {
    files: "-rF",
    folders: "-xa '(__fish_complete_directories (commandline -ct))'",
    revisions: "-k -xa '(__migrate_words revisions)'",
    labels: "-k -xa '(__migrate_words labels)'",
    any: "-x",
  } as const;
  return words[of];
}
