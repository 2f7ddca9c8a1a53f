/** The command table → a completion script for PowerShell 5.1 or later. */
import { type CompletedCommand, type CompletedTable, valuesText, withGlobals } from "./table.ts";

export function powershellCompletion(table: CompletedTable): string {
  return `# PowerShell completion for migrate. In $PROFILE: migrate completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName ${table.programs.map(quoted).join(", ")} -ScriptBlock {
    param($word, $ast, $cursor)

    # Command, flag, what is typed after it ('' for a flag without a value), what it does. Without a flag: the command.
    $table = @(
${withGlobals(table).flatMap(rows).join(",\n")}
    )

    $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })
    if ($word -eq '') { $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -le $cursor } | ForEach-Object { $_.ToString() }) }
    $command = ''
    $flag = ''
    foreach ($each in @($words | Select-Object -Skip 1)) {
        if ($flag -ne '') { $flag = ''; continue }
        if ($each.StartsWith('-')) {
            $row = $table | Where-Object { ($_[0] -ceq $command -or $_[0] -eq '') -and $_[1] -ceq $each } | Select-Object -First 1
            if ($row -and $row[2] -ne '') { $flag = $each }
        } elseif ($command -eq '') {
            $command = $each
        }
    }

    function Complete-Word($text, $what) {
        if ($what -eq '') { $what = $text }
        if ($text.StartsWith($word)) {
            [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $what)
        }
    }

    if ($flag -eq '' -and $word.StartsWith('-')) {
        $table | Where-Object { $_[1] -ne '' -and ($_[0] -ceq $command -or $_[0] -eq '') } | ForEach-Object { Complete-Word $_[1] $_[3] }
        return
    }
    if ($flag -eq '' -and $command -eq '') {
        $table | Where-Object { $_[0] -ne '' -and $_[1] -eq '' } | ForEach-Object { Complete-Word $_[0] $_[3] }
        return
    }
    $row = $table | Where-Object { ($_[0] -ceq $command -or $_[0] -eq '') -and $_[1] -ceq $flag } | Select-Object -First 1
    if (-not $row) { return }
    switch ($row[2]) {
        { $_ -in '', 'any', 'files', 'folders' } { return }
        { $_ -in 'revisions', 'labels' } {
            $typed = @($words | Select-Object -Skip 1)
            # In quotes: PowerShell keeps a bare -- from a script, and on Windows npm's migrate is one.
            & $words[0] __complete $_ '--' @typed 2>$null | ForEach-Object {
                $text, $what = $_ -split "\`t", 2
                Complete-Word $text "$what"
            }
        }
        default { $_ -split ' ' | ForEach-Object { Complete-Word $_ '' } }
    }
}
`;
}

function rows({ name, summary, flags, argument }: CompletedCommand): readonly string[] {
  const row = (...cells: readonly string[]): string => `        @(${cells.map(quoted).join(", ")})`;
  const own =
    name === "" ? [] : [row(name, "", argument === undefined ? "" : valuesText(argument.of), summary)];
  const ofFlags = flags.flatMap(({ names, value, description }) =>
    names.map((flag) => row(name, flag, value === undefined ? "" : valuesText(value.of), description)),
  );
  return [...own, ...ofFlags];
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
