/**
 * A plan → the lines of its script that are run instead of all others where the variable `preflight` is set: they only read, show
 * what the script will meet, and fail if it would fail.
 */
import block from "../../../sql/preflight/preflight.sql";
import { type LockMode, stronger } from "../../core/effects/mode.ts";
import { distinctPrivileges, isLookedUp } from "../../core/effects/privilege.ts";
import { type Ledger, regclassText } from "../../core/ledger/calls.ts";
import { type Expectation, withParts } from "../../core/ledger/format.ts";
import { withoutLedger } from "../../core/plan/absent.ts";
import { stateOf } from "../../core/plan/compile.ts";
import { rightsOf } from "../../core/plan/rights.ts";
import type { ScriptForm } from "../../core/plan/script.ts";
import type { Plan } from "../../core/plan/types.ts";
import { dollarQuoted, literal, qualified } from "../../core/quote.ts";
import { needText } from "../privilege.ts";
import { folded, PAGE_WIDTH, rule } from "./page.ts";

/** Between the two stands what the script does without the variable. psql takes its name in capitals for another one. */
export const unlessPreflight = [
  "-- If preflight or PREFLIGHT is set, only the part of that name runs, near the end.",
  "\\if :{?preflight} \\elif :{?PREFLIGHT} \\else",
] as const;

/** What stands in its place begins with this, and ends with `\endif`. */
export const ifPreflight = [
  "\\set retort_preflight :{?preflight}",
  "\\if :{?PREFLIGHT} \\set retort_preflight on \\endif",
  "\\if :retort_preflight",
] as const;

/** What it has found is in `retort_fails`, because it fails when the transaction has ended. */
export const preflightLines = (plan: Plan, ledger: Ledger, { project }: ScriptForm): readonly string[] => [
  ...rule("preflight"),
  "-- Only with psql -v preflight=1: reads, shows what the script will meet, and ends.",
  ...ifPreflight,
  "\\if :retort_open",
  withParts("DO $$\nBEGIN\n  /* open_transaction */\nEND\n$$;"),
  "\\endif",
  "BEGIN TRANSACTION READ ONLY;",
  "SET LOCAL search_path = pg_catalog, pg_temp;",
  "SET LOCAL client_encoding = 'UTF8';",
  "SET LOCAL standard_conforming_strings = on;",
  "-- What the run would say of this session, in the words of its own check.",
  ledger.lookAtSession(project),
  "-- A role that is set, which that has told of, is not whom the run would write as.",
  "SET LOCAL SESSION AUTHORIZATION DEFAULT;",
  "SET LOCAL role TO DEFAULT;",
  "SET LOCAL lock_timeout = '1s';",
  `SELECT pg_catalog.set_config('retort.preflight', ${literal(factsOf(plan, ledger))}, true)\n  AS retort_facts \\gset`,
  "-- What the run would say of the ledger, in the words of its own guard.",
  `SELECT pg_catalog.set_config('retort.guard', ${dollarQuoted(`\n${guardOf(plan, ledger)}\n`, "guard")}, true)\n  AS retort_facts \\gset`,
  "-- What the run would say of what is applied, in the words of its own check.",
  `SELECT pg_catalog.set_config('retort.state', ${dollarQuoted(lookOf(plan, ledger), "state")}, true)\n  AS retort_facts \\gset`,
  withParts(block.trimEnd()),
  `SELECT coalesce(r ->> 0, '') AS " ", r ->> 1 AS about,`,
  "  regexp_replace(r ->> 2, '[[:cntrl:]]+', ' ', 'g') AS found",
  "  FROM jsonb_array_elements(current_setting('retort.preflight')::jsonb) AS r;",
  "SELECT count(*) > 0 AS retort_fails",
  "  FROM jsonb_array_elements(current_setting('retort.preflight')::jsonb) AS r",
  "  WHERE r ->> 0 = 'X' \\gset",
  "COMMIT;",
  "\\endif",
];

/** Behind the settings of psql, which are as they were then. */
export const endPreflight = [
  "\\if :{?retort_fails}",
  "\\if :retort_fails",
  "\\set ON_ERROR_STOP on",
  "DO $$BEGIN RAISE EXCEPTION 'retort: the script would fail: see the lines with X' USING HINT =",
  "  'Nothing was changed.'; END$$;",
  "\\endif",
  "\\echo 'retort: preflight done, nothing was changed'",
  "\\unset retort_fails",
  "\\endif",
] as const;

/** What is asked for, as JSON: an object or a list on each line. */
function factsOf(plan: Plan, { lockKey }: Ledger): string {
  const { kind, place, start, role, schema, steps } = plan;
  const head = {
    ledger: qualified(schema),
    lock: lockKey,
    role: role ?? null,
    database: place.database ?? null,
    connected: place.role ?? null,
    minimum: place.minimumVersion ?? 120000,
    expected: expectationOf(plan),
    direction: start.direction,
    unfinished: start.discards
      ? ", which the script discards"
      : kind === "repair"
        ? ""
        : ", a step of this script",
    resumes: !start.discards && kind !== "repair",
  };
  const needs = distinctPrivileges(steps.flatMap(({ privileges = [] }) => privileges));
  const list = (items: readonly unknown[]): string =>
    items.length === 0 ? "[]" : `[${items.map((item) => `\n  ${inTwo(JSON.stringify(item))}`).join(",")}\n]`;
  const pairs = Object.entries(head).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  const may = folded(start.may.map((id) => JSON.stringify(id)).join(", "), PAGE_WIDTH - "may".length - 8);
  return `{${pairs.join(",\n")},\n"may": [${may.join("\n  ")}],\n"tables": ${list(tablesOf(plan))},\n"needs": ${list(
    needs
      .filter(
        ({ privilege, on }) => privilege !== "UNKNOWN" && !(privilege === "EXISTS" && on === "relation"),
      )
      // Which schema its name leads to is found there, and said with it.
      .map((need) => ({
        ...need,
        text: needText(isLookedUp(need) ? { ...need, name: "" } : need),
      })),
  )}}`;
}

/** What is long is on two lines. Within a string of JSON there is no quote without a backslash. */
const inTwo = (json: string): string =>
  json.length + 3 <= PAGE_WIDTH ? json : json.replace(',"text":', ',\n   "text":');

/** One that creates or upgrades the ledger demands no rights on its rows. */
const guardOf = (plan: Plan, ledger: Ledger): string =>
  ledger.lookAtLedger(
    expectationOf(plan),
    plan.kind === "ensure" ? undefined : rightsOf(plan),
    withoutLedger(plan),
  );

/** Empty where the ledger itself is made or repaired, whatever is applied. */
function lookOf(plan: Plan, ledger: Ledger): string {
  const expected = expectationOf(plan);
  return expected === "older" || expected === "inconsistent"
    ? ""
    : `\n${ledger.lookAtState(stateOf(plan))}\n`;
}

/** What the ledger must be before the first statement of the plan. */
function expectationOf({ kind, steps, batches }: Plan): Expectation {
  if (kind === "ensure") return "older";
  if (kind === "repair" && steps.length === 0) return "inconsistent";
  const creates = batches.some(({ statements }) =>
    statements.some(({ purpose }) => purpose === "create-ledger"),
  );
  return creates ? "optional" : "needed";
}

/**
 * The relations that are there already, how strongly each is locked, where the script fails unless it is there, the schemas
 * behind its own that search_path may lead to (`true`: search_path of the server is to tell its schema), and the revision
 * whose step gives it that name: until that is done it need not be there.
 */
function tablesOf({ steps }: Plan): readonly (readonly unknown[])[] {
  const modes = new Map<string, LockMode | undefined>();
  const needed = new Map<string, string>();
  const others = new Map<string, true | readonly string[]>();
  const namedBy = new Map<string, string>();
  // What no statement names, as a sequence that goes with its table, is looked for where it was made.
  const [named, unnamed] = [new Set<string>(), new Set<string>()];
  for (const [index, { effect, privileges = [] }] of steps.entries()) {
    for (const lock of effect?.locks ?? []) {
      const name = regclassText(lock);
      if (lock.named !== undefined && !modes.has(name))
        namedBy.set(name, steps[index - lock.named]!.revision);
      modes.set(name, stronger(modes.get(name), lock.mode));
      if (lock.inServersPath === true) unnamed.add(name);
    }
    for (const { on, schema = "", name, mustExist, ifThere, orIn, inServersPath } of privileges) {
      const relation = regclassText({ schema, name });
      if (on !== "relation" || ifThere === true) continue;
      named.add(relation);
      if (!modes.has(relation)) modes.set(relation, undefined);
      if (mustExist !== undefined) needed.set(relation, mustExist);
      const elsewhere = inServersPath === undefined ? orIn : true;
      if (elsewhere !== undefined) others.set(relation, elsewhere);
    }
  }
  for (const name of unnamed) if (!named.has(name)) others.set(name, true);
  return [...modes].map(([name, mode = ""]) => {
    const by = namedBy.get(name);
    const elsewhere = others.get(name) ?? (by === undefined ? undefined : null);
    const where = needed.get(name) ?? (elsewhere === undefined ? undefined : "");
    // What is left out at the end is not written.
    return [name, mode, where, elsewhere, by].filter((each) => each !== undefined);
  });
}
