/**
 * Faults at random moments of an upgrade, each followed by a fresh one: the end is that of the undisturbed run.
 *
 * `make chaos` takes CHAOS_FAULTS of them (and prints figures); the suite a handful. CHAOS_SEED repeats a run.
 */
import { expect, test } from "vitest";
import { faultsFrom, migrations, revisions, suffer, undisturbed } from "../chaos/world.ts";
import { project } from "../support/project.ts";
import { needsPsql } from "../support/psql.ts";
import { servers } from "../support/server.ts";

const count = Number(process.env["CHAOS_FAULTS"] ?? 12);
const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);

test.for([
  ["runs", count],
  ["scripts that skip what is done, by psql alone", Math.ceil(count / 3)],
] as const)(
  `faults injected into %s, from seed ${seed}`,
  { timeout: 300_000 + count * 30_000 },
  async ([what, faultsOf], context) => {
    if (what !== "runs") needsPsql(context);
    const shop = project(migrations);
    const script = what === "runs" ? undefined : await shop.script("base:heads", { idempotent: true });
    const all = servers();
    const calm = await Promise.all(all.map((server) => undisturbed(shop, server, script)));
    const figures = { injected: 0, "not reached": 0, lost: 0, duplicated: 0, unexplained: 0 };
    const endings = new Map<string, number>();
    const faults = faultsFrom(seed, faultsOf, calm[0]!);
    for (const [index, fault] of faults.entries()) {
      const which = index % all.length;
      const { reached, ended, ...wrong } = await suffer(
        shop,
        all[which]!,
        calm[which]!,
        fault,
        revisions,
        script,
      );
      figures[reached ? "injected" : "not reached"] += 1;
      const ending = `${fault.deed}: ${ended.split("\n")[0]}`;
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
      for (const kind of ["lost", "duplicated", "unexplained"] as const) {
        if (wrong[kind].length === 0) continue;
        figures[kind] += 1;
        console.error(
          `fault ${index} on ${all[which]!.name}, ${JSON.stringify(fault)}: ${kind}\n  ${wrong[kind].join("\n  ")}`,
        );
      }
      if (count > 100 && (index + 1) % 50 === 0)
        console.error(`${index + 1} of ${faultsOf}: ${JSON.stringify(figures)}`);
    }
    console.error(
      `chaos, ${what}, seed ${seed}: ${Object.entries(figures)
        .map(([name, n]) => `${name} ${n}`)
        .join(", ")}`,
    );
    if (count > 100)
      for (const [ending, n] of [...endings].sort()) console.error(`  ${String(n).padStart(4)}  ${ending}`);
    expect(figures).toMatchObject({ lost: 0, duplicated: 0, unexplained: 0 });
    expect(figures.injected).toBeGreaterThan(faultsOf / 2);
  },
);
