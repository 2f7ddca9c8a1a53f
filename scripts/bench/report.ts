/** What was measured → the table that people read, and the same as JSON. */
import { cpus, release, totalmem, type } from "node:os";
import type { Measured, Sample } from "./measure.ts";
import type { Contest, Row } from "./rows.ts";

/** A row with what came of it; `failure` where a program broke. */
export type Outcome =
  | { readonly row: Row; readonly contest: Contest; readonly measured: readonly Measured[] }
  | { readonly row: Row; readonly failure: string };

const columns = [
  "work",
  "program",
  "wall ms",
  "spread",
  "CPU ms",
  "peak MB",
  "trips",
  "ours ÷ it",
  "CPU ÷",
  "promised",
];

/** A Markdown table, padded so that a terminal shows it well too, and below it what could not be measured. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const measured = outcomes.filter((outcome) => "contest" in outcome);
  const failed = outcomes.filter((outcome) => "failure" in outcome);
  const table = aligned([columns, columns.map(() => "---"), ...measured.flatMap(linesOf)]);
  return [table, ...failed.map(({ row, failure }) => `${row.work}: failed, ${failure}\n`)].join("\n");
}

function linesOf({ row, contest, measured }: Extract<Outcome, { contest: Contest }>): string[][] {
  const [own, ...others] = measured as [Measured, ...Measured[]];
  const { limits = {}, count = 1 } = contest;
  const trips = (m: Measured): number | undefined => (m.trips === undefined ? undefined : m.trips / count);
  const numbers = (m: Measured): string[] => [
    median(m.samples.map((s) => s.wall)).toFixed(0),
    spread(m.samples.map((s) => s.wall)),
    median(m.samples.map((s) => s.cpu)).toFixed(0),
    m.peak?.toFixed(0) ?? "",
    trips(m)?.toFixed(2) ?? "",
  ];
  const kept = [
    verdict("peak", own.peak, limits.peak, " MB"),
    verdict("CPU", median(own.samples.map((s) => s.cpu)), limits.cpu, " ms"),
    verdict("trips", trips(own), limits.trips, ""),
  ].filter((text) => text !== "");
  return [
    [row.work, "**retort**", ...numbers(own), "", "", kept.join(", ")],
    ...contest.rivals.map((rival, i) => {
      const other = others[i]!;
      const wall = ratio(own, other, (s) => s.wall);
      const cpu = ratio(own, other, (s) => s.cpu);
      const promised = [verdict("", wall, rival.wall, ""), verdict("CPU", cpu, rival.cpu, "")];
      return [
        "",
        rival.name,
        ...numbers(other),
        wall.toFixed(2),
        cpu.toFixed(2),
        promised.filter((text) => text !== "").join(", "),
      ];
    }),
  ];
}

/** `≤ 1.3 ok`, or how it is broken; nothing where nothing was promised. */
function verdict(what: string, value: number | undefined, limit: number | undefined, unit: string): string {
  if (limit === undefined || value === undefined) return "";
  return `${what} ≤ ${Number(limit.toFixed(2))}${unit} ${value <= limit ? "ok" : "**over**"}`.trim();
}

/** The median of the ratios of each turn: what slows the machine down for a while slows both. */
function ratio(own: Measured, other: Measured, of: (sample: Sample) => number): number {
  return median(own.samples.map((sample, turn) => of(sample) / Math.max(of(other.samples[turn]!), 1)));
}

/**
 * How the time grows from each size to the next, as an exponent: 1 is in proportion, 2 with the square. The start of
 * Node is taken off, and so is what the rival took, since the file system has an exponent of its own.
 */
export function growthOf(outcomes: readonly Outcome[], start: number): string {
  const series = new Map<string, { size: number; own: number; floor: number }[]>();
  for (const outcome of outcomes) {
    if ("failure" in outcome || outcome.row.growth === undefined) continue;
    const { series: name, size } = outcome.row.growth;
    const [own, floor] = outcome.measured.map((m) =>
      Math.max(median(m.samples.map((s) => s.wall)) - start, 1),
    );
    series.set(name, [...(series.get(name) ?? []), { size, own: own!, floor: floor! }]);
  }
  const lines = [...series].flatMap(([name, points]) =>
    points.slice(1).map((point, i) => {
      const before = points[i]!;
      const exponent = (key: "own" | "floor"): string =>
        (Math.log(point[key] / before[key]) / Math.log(point.size / before.size)).toFixed(2);
      return [
        name,
        `${before.size} → ${point.size}`,
        `${before.own.toFixed(0)} → ${point.own.toFixed(0)}`,
        exponent("own"),
        exponent("floor"),
      ];
    }),
  );
  if (lines.length === 0) return "";
  const head = ["growth", "migrations", "ms above Node's start", "exponent", "of the floor"];
  return aligned([head, head.map(() => "---"), ...lines]);
}

export function machine(postgres: string): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? "unknown processor"}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ${type()} ${release()}, Node ${process.version.slice(1)}, PostgreSQL ${postgres} (fsync off)`;
}

/** Every sample, for programs. */
export function jsonOf(outcomes: readonly Outcome[], postgres: string): unknown {
  return {
    machine: machine(postgres),
    rows: outcomes.map((outcome) => {
      const { id, work } = outcome.row;
      if ("failure" in outcome) return { id, work, failure: outcome.failure };
      const { contest, measured } = outcome;
      const programs = [contest.ours, ...contest.rivals].map(({ name }, i) => ({ name, ...measured[i]! }));
      const bounds = contest.rivals.map(({ name, wall, cpu }) => ({ name, wall, cpu }));
      return { id, work, limits: contest.limits, bounds, programs };
    }),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (cell === "---" ? "-".repeat(widths[i]!) : cell.padEnd(widths[i]!))).join(" | ")} |`;
  return `${rows.map(line).join("\n")}\n`;
}
