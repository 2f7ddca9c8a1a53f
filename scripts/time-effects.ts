/**
 * 5,000 statements → how long the parser takes for them, and how long the model of effects takes for its trees: CPU time
 * of the process in ms, the first time and once more when the code is compiled.
 *
 * Usage: node scripts/run.mjs scripts/time-effects.ts
 */
import { effectsOf, newSession } from "../src/core/effects/effects.ts";
import { setFlags } from "../src/io/engine.ts";
import { createReader } from "../src/io/grammar.ts";

setFlags();

const TABLES = 1_000;

const statementsFor = (i: number): readonly string[] => {
  const table = `shop.t${i}`;
  const before = `shop.t${Math.max(0, i - 1)}`;
  return [
    `create table ${table} (id bigint generated always as identity primary key, a int not null, b text, p bigint references ${before}, check (a > 0));`,
    `create index on ${table} (a, b);`,
    `alter table ${table} add column c timestamptz not null default now(), add constraint q${i} check (b <> '') not valid;`,
    `insert into ${table} (a, b) select id, 'x' from ${before} where id < 5;`,
    i % 2 === 0 ? `alter table ${table} alter column a type bigint;` : `alter table ${table} drop column b;`,
  ];
};

/** What it gives, and the CPU time that it took, in ms. */
function timed<T>(what: () => T): readonly [T, number] {
  const before = process.cpuUsage();
  const made = what();
  const { user, system } = process.cpuUsage(before);
  return [made, Math.round((user + system) / 1_000)];
}

const sql = Array.from({ length: TABLES }, (_, i) => statementsFor(i).join("\n")).join("\n");
const reader = await createReader();
const circumstances = { version: 18, block: false };
for (const when of ["first", "again"]) {
  const [statements, parser] = timed(() => reader(sql).map((each) => ({ ...each, transactional: true })));
  const [, model] = timed(() => effectsOf(statements, newSession(false), circumstances));
  process.stdout.write(`${when}: ${statements.length} statements, parser ${parser} ms, model ${model} ms\n`);
}
