/**
 * Finds messages that lead nowhere: makes small projects and mistakes in them, runs the everyday commands there, and follows what
 * they say, as far as a machine can: each command, and each edit that is spelled out. Every revision makes the table of its name,
 * so what is applied can be seen.
 *
 * Usage: node scripts/run.mjs scripts/hints.ts URL [--only PATTERN] [--minutes N] [--seed N] [--pairs] [--all]
 * URL: of a server where databases may be created. It prints what did not end well, the worst first:
 * the state, the command, what that said, and the steps that followed it. Not all of it is a fault: see what the message says.
 */
import { parseArgs } from "node:util";
import { type Outcome, outcomes, type Row, rowsOf, textOf, worse } from "./hints/follow.ts";
import { statesOf } from "./hints/states.ts";
import { Worlds } from "./hints/world.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Of the names of states, such as `line at bb: row deleted of aa`. */
    only: { type: "string", default: "" },
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: "7" },
    /** Two mistakes at once. */
    pairs: { type: "boolean", default: false },
    /** What ended well, too. */
    all: { type: "boolean", default: false },
  },
});

const worlds = new Worlds(positionals[0]!);
const all: Row[] = [];
try {
  const only = new RegExp(values.only);
  const states = [...(await statesOf(worlds, { only, seed: Number(values.seed), pairs: values.pairs }))];
  const end = Date.now() + Number(values.minutes) * 60_000;
  let count = 0;
  const walk = async (): Promise<void> => {
    while (states.length > 0 && Date.now() < end) {
      const state = await states.pop()!.make();
      if (state === undefined) continue;
      count += 1;
      all.push(...(await rowsOf(worlds, state)));
    }
  };
  await Promise.all(Array.from({ length: 4 }, walk));
  console.log(`${count} states, ${states.length} left, ${worlds.runs} commands run`);
} finally {
  await worlds.close();
}

/** Rows that differ only in names are shown once. */
const shape = ({ outcome, advice, trail }: Row): string =>
  [outcome, advice.code, advice.hint, trail.at(-1)].join().replace(/\b[a-z]{2}\b|\d+/g, "X");

const groups = new Map<string, readonly Row[]>();
for (const row of all) groups.set(shape(row), [...(groups.get(shape(row)) ?? []), row]);
const isShown = ([{ outcome }]: readonly [Row, ...Row[]]): boolean => values.all || outcome !== "ok";
const shown = ([...groups.values()] as [Row, ...Row[]][]).filter(isShown);
for (const [row, ...others] of shown.sort(([a], [b]) => worse(b.outcome, a.outcome))) {
  console.log(
    `${row.outcome} (${others.length + 1})\n    ${row.state} $ migrate ${row.words}\n    ${textOf(row.advice)}`,
  );
  for (const step of row.trail) console.log(`    ⇒ ${step}`);
  for (const { state, words } of others.slice(0, 3)) console.log(`    also: ${state} $ migrate ${words}`);
}
const countOf = (outcome: Outcome): number => all.filter((row) => row.outcome === outcome).length;
console.log(outcomes.map((outcome) => `${outcome}: ${countOf(outcome)}`).join(", "));
