/** A few of the states that scripts/hints.ts makes: whatever a command says there can be typed, and leads out. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Outcome, rowsOf, textOf } from "../../scripts/hints/follow.ts";
import { type Planned, statesOf } from "../../scripts/hints/states.ts";
import { Worlds } from "../../scripts/hints/world.ts";
import { servers } from "../support/server.ts";

const NAMES = [
  "merge at mm: both files deleted of cc",
  "fork at both: table dropped of bb",
  "active, had bb: none",
  "interrupted: none",
  "interrupted back: none",
];
const leadsNowhere: readonly Outcome[] = [
  "circle",
  "same error",
  "no effect",
  "refused",
  "wrong rows",
  "untrue",
  "bug",
];

const worlds = new Worlds(servers()[0]!.url());
let states: readonly Planned[] = [];
beforeAll(async () => {
  const only = new RegExp(`^(?:${NAMES.join("|")})$`);
  states = await statesOf(worlds, { only, seed: 1, pairs: false });
});
afterAll(() => worlds.close());

test.each(NAMES)("%s", async (name) => {
  const state = await states.find((each) => each.name === name)!.make();
  const rows = await rowsOf(worlds, state!);
  expect(rows.length).toBeGreaterThan(0);
  const bad = rows.filter(({ outcome }) => leadsNowhere.includes(outcome));
  expect(bad.map(({ outcome, words, advice, trail }) => [outcome, words, textOf(advice), ...trail])).toEqual(
    [],
  );
});
