/** What was measured → figures beside what is promised, and the table that people read. */
import { cpus, release, totalmem, type } from "node:os";

/** One number, and the most that it may be. */
export interface Figure {
  /** `÷ psql`, `trips a migration`. */
  readonly what: string;
  readonly value: number;
  readonly bound: number;
  /** Of a ratio: the ms of each turn. */
  readonly ours?: readonly number[];
  readonly theirs?: readonly number[];
}

/** A row on one Node: its figures, or why there are none. */
export interface Outcome {
  readonly work: string;
  readonly node: string;
  readonly figures: readonly Figure[];
  readonly failure?: string;
}

/**
 * One program's times divided by the sum of others': the median of the ratios of each turn, since what slows the machine
 * down for a while slows both.
 */
export function ratio<Name extends string>(
  walls: Readonly<Record<Name, readonly number[]>>,
  name: Name,
  others: readonly Name[],
  bound: number,
): Figure {
  const ours = walls[name];
  const theirs = ours.map((_, turn) => others.reduce((sum, other) => sum + walls[other][turn]!, 0));
  const what = `${name === "ours" ? "" : `${name} `}÷ ${others.join(" + ")}`;
  return { what, value: median(ratiosOf(ours, theirs)), bound, ours, theirs };
}

/** A Markdown table with two columns for each Node, padded so that a terminal shows it well too; below it, what failed. */
export function tableOf(outcomes: readonly Outcome[], nodes: readonly string[]): string {
  const works = [...new Set(outcomes.map(({ work }) => work))];
  const lines = works.flatMap((work) => {
    const of = nodes.map((node) =>
      outcomes.find((outcome) => outcome.work === work && outcome.node === node),
    );
    const figures = of.find((outcome) => outcome !== undefined && outcome.figures.length > 0)?.figures ?? [];
    return figures.map(({ what, bound }, i) => {
      const cells = of.flatMap((outcome) => cellsOf(outcome?.figures.find((figure) => figure.what === what)));
      return [i === 0 ? work : "", what, `≤ ${bound}`, ...cells];
    });
  });
  const head = ["work", "figure", "promised", ...nodes.flatMap((node) => [`Node ${node}`, "ms ÷ ms"])];
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  return [
    aligned([head, head.map(() => "---"), ...lines]),
    ...failed.map(({ work, node, failure }) => `${work}, Node ${node}: failed, ${failure}\n`),
  ].join("\n");
}

const ratiosOf = (ours: readonly number[], theirs: readonly number[]): readonly number[] =>
  ours.map((wall, turn) => wall / theirs[turn]!);

/** The number, bold if it is over its bound; of a ratio the least and the most of all turns, and both times. */
function cellsOf(figure: Figure | undefined): readonly [string, string] {
  if (figure === undefined) return ["", ""];
  const { value, bound, ours, theirs } = figure;
  const number = value.toFixed(value < 10 ? 2 : 0);
  const shown = value <= bound ? number : `**${number}**`;
  if (ours === undefined || theirs === undefined) return [shown, ""];
  const ratios = ratiosOf(ours, theirs);
  const spread = ` (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
  return [
    `${shown}${ratios.length > 1 ? spread : ""}`,
    `${median(ours).toFixed(0)} ÷ ${median(theirs).toFixed(0)}`,
  ];
}

/** What it was measured on; `postgres` is the server's version. */
export function machine(postgres: string): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? "unknown processor"}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ${type()} ${release()}, PostgreSQL ${postgres}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (cell === "---" ? "-".repeat(widths[i]!) : cell.padEnd(widths[i]!))).join(" | ")} |`;
  return `${rows.map(line).join("\n")}\n`;
}
