/** A state → what comes of all that the everyday commands say in it, followed as far as a machine can. */
import { type Advice, adviceOf, type Truth, type Way, waysOf } from "./advice.ts";
import type { State } from "./states.ts";
import { type Database, keyOf, onlyReads, type Run, replacedBy, type World, type Worlds } from "./world.ts";

/** From the best to the worst. `person`: only a person can do it. `look`: a command that only shows something. */
export const outcomes = [
  "ok",
  "person",
  "look",
  "impossible",
  "no hint",
  "itself",
  "too deep",
  "needless",
  "no effect",
  "circle",
  "same error",
  "refused",
  "silent",
  "wrong rows",
  "untrue",
  "bug",
] as const;
/** Of a way beside one that ends well. */
const harmless: readonly Outcome[] = ["person", "look", "impossible", "itself", "needless"];
export type Outcome = (typeof outcomes)[number];
export const worse = (a: Outcome, b: Outcome): number => outcomes.indexOf(a) - outcomes.indexOf(b);

const commands = [
  "status",
  "check",
  "upgrade",
  "upgrade head",
  "heads",
  "downgrade -1",
  "verify",
  "current",
  "history -i",
  "stamp head",
  "repair",
  "upgrade --sql",
  "upgrade --sql --from-database",
  "downgrade --sql --from-database base",
  "lint",
  "revision -m text",
  "revision --remove",
  "upgrade +1",
].map((text) => text.split(" "));

const DEPTH = 4;

/** What is asked: that these words, in the end, say that no more. */
interface Goal {
  readonly worlds: Worlds;
  readonly words: readonly string[];
  readonly advice: Advice;
  readonly truth: Truth;
}

interface Found {
  readonly outcome: Outcome;
  /** The steps, as typed, and what each said. */
  readonly trail: readonly string[];
}

const isSame = (a: Advice, b: Advice): boolean =>
  a.code === b.code && a.message === b.message && a.hint === b.hint;
const isBug = (run: Pick<Run, "code" | "stderr">): boolean =>
  run.code === 70 || /migrate has a bug/.test(run.stderr);
const best = (all: readonly Found[]): Found => [...all].sort((a, b) => worse(a.outcome, b.outcome))[0]!;

/** What comes of every way of an advice. */
async function followed(
  world: World,
  advice: Advice,
  goal: Goal,
  seen: readonly string[],
  trail: readonly string[],
): Promise<readonly (Found & { readonly way: Way })[]> {
  const found = [];
  for (const way of waysOf(advice, world, goal.truth, goal.words))
    found.push({ way, ...(await follow(world, way, goal, seen, [...trail, way.text])) });
  return found;
}

async function follow(
  world: World,
  way: Way,
  goal: Goal,
  seen: readonly string[],
  trail: readonly string[],
): Promise<Found> {
  if (!way.isPossible) return { outcome: "impossible", trail };
  if (way.kind === "person") return { outcome: "person", trail };
  if (way.kind === "edit") {
    const after = { ...world, files: way.files };
    return keyOf(after) === keyOf(world) ? { outcome: "needless", trail } : again(after, goal, seen, trail);
  }
  if (way.kind === "sql") {
    const database = await goal.worlds.changed(world.database, way.sql);
    if (database === undefined) return { outcome: "refused", trail };
    return database.key === world.database.key
      ? { outcome: "no effect", trail }
      : again({ ...world, database }, goal, seen, trail);
  }
  const step = keyOf(world) + way.words.join(" ");
  if (seen.includes(step)) return { outcome: onlyReads(way.words) ? "itself" : "circle", trail };
  const { after: left, ...run } = await goal.worlds.run(
    { ...world, files: way.files ?? world.files },
    way.words,
  );
  const after = way.files === undefined ? left : { ...left, files: world.files };
  if (isBug(run)) return { outcome: "bug", trail };
  const advice = adviceOf({ ...run, after }, way.words);
  const error = advice.find(({ isError, code }) => isError && code !== "said");
  if (run.code === 2 && error?.code.startsWith("usage/"))
    return { outcome: "refused", trail: [...trail, textOf(error)] };
  if (error !== undefined && isSame(error, goal.advice)) return { outcome: "same error", trail };
  const wrong = wrongRows(world, after.database);
  if (wrong !== "") return { outcome: "wrong rows", trail: [...trail, wrong] };
  if (error !== undefined && error.code === goal.advice.code)
    return { outcome: "same error", trail: [...trail, textOf(error)] };
  // What `--allow-ahead` is for is that nothing is done.
  const isGoal =
    (way.words[0] === goal.words[0] || way.words.includes("--allow-ahead")) &&
    error === undefined &&
    !advice.some((each) => isSame(each, goal.advice));
  if (isGoal) return { outcome: "ok", trail };
  if (keyOf(after) !== keyOf(world)) return again(after, goal, [...seen, step], trail);
  const next = error === undefined ? advice.filter((each) => !isSame(each, goal.advice)) : [error];
  if (next.length === 0) return { outcome: onlyReads(way.words) ? "look" : "no effect", trail };
  return deeper(world, next, goal, [...seen, step], trail);
}

/** The words of the goal in the state that was reached. */
async function again(
  world: World,
  goal: Goal,
  seen: readonly string[],
  trail: readonly string[],
): Promise<Found> {
  const step = keyOf(world) + goal.words.join(" ");
  if (seen.includes(step)) return { outcome: "circle", trail };
  const run = await goal.worlds.run(world, goal.words);
  if (isBug(run)) return { outcome: "bug", trail: [...trail, goal.words.join(" ")] };
  const advice = adviceOf(run, goal.words);
  const left = advice.filter(({ isError, code }) => isError && code !== "said");
  const same = advice.filter((each) => isSame(each, goal.advice));
  if (left.length === 0 && same.length === 0) return { outcome: "ok", trail };
  return deeper(world, left.length > 0 ? left.slice(0, 1) : same, goal, [...seen, step], trail);
}

async function deeper(
  world: World,
  all: readonly Advice[],
  goal: Goal,
  seen: readonly string[],
  trail: readonly string[],
): Promise<Found> {
  if (seen.length > DEPTH) return { outcome: "too deep", trail };
  const found = [];
  for (const advice of all.slice(0, 2))
    found.push(...(await followed(world, advice, goal, seen, [...trail, `→ ${textOf(advice)}`])));
  return best(found);
}

/** Rows that a ledger lost although the tables are there, or got although they are not. */
function wrongRows({ files, database: before }: World, after: Database): string {
  const parts = (id: string): readonly string[] => [id, ...replacedBy(files, id)];
  const has = (id: string): boolean =>
    parts(id)
      .slice(parts(id).length > 1 ? 1 : 0)
      .every((each) => after.tables.includes(each));
  return Object.entries(after.ledgers)
    .flatMap(([schema, rows]) => {
      const had = (before.ledgers[schema] ?? []).flatMap(parts);
      const all = rows.flatMap(parts);
      const lost = had.filter(
        (id) =>
          !all.includes(id) &&
          has(id) &&
          !parts(id)
            .slice(1)
            .every((each) => all.includes(each)),
      );
      const got = all.filter((id) => !had.includes(id) && !has(id));
      return [...lost.map((id) => `loses ${id}`), ...got.map((id) => `gets ${id}`)];
    })
    .join(", ");
}

/** What a message says of the ledger, the folder or the run, and is not so. */
function untrue({ message, context, hint }: Advice, run: Run, { database, files }: World): string {
  const schema =
    Object.entries(files)
      .map(([file, text]) => file.endsWith(".json") && /"schema":"(\w+)"/.exec(text)?.[1])
      .find(Boolean) || "retort";
  const rows = database.ledgers[schema] ?? [];
  const has = (id: string) => rows.includes(id) || (rows.includes("sq") && /^(?:aa|bb)$/.test(id));
  const text = `${message} ${hint}`;
  const claims: readonly (readonly [RegExp, (id: string) => boolean])[] = [
    [/\b(?!it\b)([a-z]{2}) (?:is|was) applied/g, has],
    [/\b([a-z]{2}) is not applied/g, (id) => !has(id)],
    [
      /\b([a-z]{2})(?:'[^;]*,)? (?:but )?has no file/g,
      (id) => !Object.values(files).some((each) => each.includes(`-- revision: ${id}\n-- parent`)),
    ],
    [
      /(nothing was (?:done|changed|written))/gi,
      () => run.after.database.key === database.key || context.includes("the ledger was repaired"),
    ],
  ];
  return claims
    .flatMap(([claim, isTrue]) =>
      [...text.matchAll(claim)].filter(([, id]) => !isTrue(id!)).map(([all]) => all),
    )
    .join(", ");
}

export const textOf = ({ code, message, hint }: Advice): string =>
  `[${code}] ${message.trim()}${hint === "" || hint === message ? "" : ` | ${hint.replaceAll("\n", " ")}`}`;

export interface Row extends Found {
  readonly state: string;
  readonly words: string;
  readonly advice: Advice;
}

/** What a flag that makes the rest shorter, or data of it, does not take away. */
const warningsIn = ({ stderr }: Run): readonly string[] =>
  stderr.split("\n").filter((line) => /(?:^|: )warning(?:\[|:)/.test(line));

/** What comes of all that the commands say in this state; what several say is followed once. */
export async function rowsOf(worlds: Worlds, { name: state, world, truth }: State): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const told = new Set<string>();
  for (const words of commands) {
    const run = await worlds.run(world, words);
    const common = { state, words: words.join(" ") };
    if (isBug(run))
      rows.push({
        ...common,
        advice: { code: "bug", message: run.stderr, hint: "", isError: true, context: "" },
        outcome: "bug",
        trail: [],
      });
    for (const flag of ["-q", "--json"]) {
      const lost = warningsIn(run).filter((each) => !told.has(flag + each));
      if (lost.length === 0) continue;
      for (const each of lost) told.add(flag + each);
      const other = await worlds.run(world, [...words, flag]);
      const silent = lost.filter((each) => !warningsIn(other).includes(each));
      for (const each of other.stderr.includes("[usage/") ? [] : silent)
        rows.push({
          ...common,
          words: [...words, flag].join(" "),
          advice: { code: "silent", message: each, hint: "", isError: false, context: "" },
          outcome: "silent",
          trail: [],
        });
    }
    const advice = adviceOf(run, words);
    for (const each of advice) {
      if (told.has(textOf(each))) continue;
      told.add(textOf(each));
      if (each.hint === "") rows.push({ ...common, advice: each, outcome: "no hint", trail: [] });
      else {
        const found = await followed(
          run.after,
          each,
          { worlds, words, advice: each, truth },
          [keyOf(world) + words.join(" ")],
          [],
        );
        const isSolved = found.some(({ outcome }) => outcome === "ok");
        rows.push(
          ...found
            .filter(({ outcome }) => !isSolved || !harmless.includes(outcome))
            .map((row) => ({ ...common, advice: each, ...row })),
        );
      }
      const claim = untrue(each, run, world);
      if (claim !== "") rows.push({ ...common, advice: each, outcome: "untrue", trail: [claim] });
    }
    // All commands that read the files say the same.
    if (
      advice.some(({ code }) => /^(?:source|graph)\//.test(code) && code !== "graph/multiple-heads") &&
      words[0] !== "status"
    )
      break;
  }
  return rows;
}
