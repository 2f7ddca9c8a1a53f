/** A form → the lines that a script begins and ends with for its client. */
import type { ScriptForm } from "../../core/plan/script.ts";
import { PAGE_WIDTH, type Page } from "./page.ts";
import { endPreflight, unlessPreflight } from "./preflight.ts";

/** The third line of a script. psql fails, exit code 3, at the end of a file that lacks its `\endif`. */
export const wholeFile = ({ client }: ScriptForm): string => (client === "psql" ? "\\if true" : "--");

/** What a `.psqlrc` or a flag may have set otherwise: then a guard that stops would not stop what follows. */
export function beginClient(page: Page, { client }: ScriptForm): void {
  page.gap();
  if (client === "psql") {
    page.add(
      "-- psql: stops at the first error, sends each statement as written, prints little. The old settings",
      "-- are saved, unless a script that stopped has saved them, and restored at the end. If the end of",
      "-- this file is missing, so is the \\endif of the \\if above, and the exit code is 3.",
      "\\if :{?retort_QUIET} \\else",
      ...joinedCommands(PSQL_SETTINGS.map(([name]) => `\\set retort_${name} :${name}`)),
      "\\endif",
      ...PSQL_SETTINGS.map(([name, value]) => `\\set ${name} ${value}`),
      "\\set retort_passed off",
      "-- If a transaction is already open, the script stops below and leaves AUTOCOMMIT as it was.",
      "SELECT pg_catalog.transaction_timestamp() OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp()",
      "  AS retort_open \\gset",
      "\\if :retort_open \\set AUTOCOMMIT :retort_AUTOCOMMIT \\elif :retort_AUTOCOMMIT \\else",
      "\\echo 'retort: AUTOCOMMIT is on until the end, and after an error' \\endif",
      ...SAME_SESSION,
      ...unlessPreflight,
    );
    return;
  }
  // A text that is sent at once has been cut into strings before its first SET is run.
  page.add(
    "-- Stops if the session does not read backslashes as standard SQL does.",
    "SELECT pg_catalog.concat('retort: first run in this session: SET standard_conforming_strings = on')::integer",
    "  WHERE pg_catalog.length('\\\\') <> 2;",
  );
}

/** psql takes several commands on one line. */
function joinedCommands(commands: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const command of commands) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + command.length <= PAGE_WIDTH)
      lines[lines.length - 1] = `${line} ${command}`;
    else lines.push(command);
  }
  return lines;
}

const PSQL_SETTINGS = [
  ["ON_ERROR_STOP", "on"],
  ["ON_ERROR_ROLLBACK", "off"],
  ["AUTOCOMMIT", "on"],
  ["SINGLELINE", "off"],
  ["SINGLESTEP", "off"],
  ["FETCH_COUNT", "0"],
  ["QUIET", "on"],
] as const;

/** No single round trip tells whether a pooler gives the next one to another backend. */
const SAME_SESSION = [
  "-- Fifty round trips must reach the same session: a transaction pooler would share it with others.",
  "SELECT pg_catalog.format('DO $$BEGIN IF pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) %s THEN",
  "  RAISE EXCEPTION USING ERRCODE = ''RT001'', MESSAGE = ''retort: a transaction pooler gives each '",
  "  'transaction another session'', HINT = ''Nothing was changed. Connect to the server directly.'';",
  "  END IF; END$$', pg_catalog.pg_backend_pid()) FROM pg_catalog.generate_series(1, 50) \\gexec",
];

/** What stands behind the look at the session, before anything is set in it: RESET ALL would take it away. */
export const keepSession = ({ client }: ScriptForm): readonly string[] =>
  client === "psql"
    ? [
        "-- The session's settings are saved. A statement pooler refuses BEGIN.",
        "BEGIN;",
        "\\if :{?retort_settings} \\else",
        "SELECT pg_catalog.encode(pg_catalog.convert_to(coalesce(pg_catalog.json_object_agg(name,",
        "  setting)::pg_catalog.text, '{}'), 'UTF8'), 'hex') AS retort_settings",
        "  FROM pg_catalog.pg_settings WHERE source OPERATOR(pg_catalog.=) 'session' \\gset",
        "\\endif",
        "COMMIT;",
      ]
    : [];

/**
 * `checked`: the check has set `retort_passed`; else that all was sent is what there is to know. `preflight`: what stands in the place
 * of all that is before it.
 */
export function endClient(
  page: Page,
  { client }: ScriptForm,
  checked: boolean,
  preflight: readonly string[],
): void {
  if (client !== "psql") return;
  page.gap();
  page.add(
    "-- The settings of the session are restored.",
    `SELECT ${checked ? "" : "true AS retort_passed, "}pg_catalog.count(pg_catalog.set_config(key, value, false))`,
    "  AS retort_restored FROM pg_catalog.json_each_text(pg_catalog.convert_from(pg_catalog.decode(",
    "  :'retort_settings', 'hex'), 'UTF8')::pg_catalog.json) \\gset",
    "\\endif",
  );
  page.gap();
  page.add(...preflight);
  page.gap();
  page.add(
    "-- The settings of psql are restored.",
    ...joinedCommands(PSQL_SETTINGS.map(([name]) => `\\set ${name} :retort_${name}`)),
    ...joinedCommands(
      [
        ...PSQL_SETTINGS.map(([name]) => name),
        "settings",
        "restored",
        "open",
        "pending",
        "next",
        "facts",
        "preflight",
      ].map((name) => `\\unset retort_${name}`),
    ),
    ...endPreflight,
    "\\if :retort_passed \\echo 'retort: done' \\endif",
    "\\unset retort_passed",
    "\\endif",
  );
}
