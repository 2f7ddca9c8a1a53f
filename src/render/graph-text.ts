/**
 * Revisions, newest first → lanes, as `git log --graph` draws them: first which line runs in which column (values),
 * then the characters.
 *
 * Lines lead to parents. A depends-on is told in words (`needs …`), for its lines would cross everything. There are
 * only so many columns; the lines that find no room share the last one. A parent whose line cannot be followed with
 * the eye is named (`follows …`).
 */
import { type Graph, isHead, isRealHead, nodeOf } from "../core/graph.ts";
import type { RevisionId } from "../core/migration.ts";
import { type Colored, cut, type Line, onOneLine } from "./terminal.ts";

/** What is to be drawn. */
export interface Picture {
  readonly graph: Graph;
  /** Newest first: each before its parents. */
  readonly revisions: readonly RevisionId[];
  /** What is applied, and the heads of that; absent where no database was asked. */
  readonly applied?: ReadonlySet<RevisionId>;
  readonly current?: ReadonlySet<RevisionId>;
}

/** A line to a revision, from its column beside one node to its column beside the next. */
export interface Link {
  readonly from: number;
  readonly to: number;
  readonly towards: RevisionId;
}

/** One revision in its column, 0 being the leftmost, and the lines beside and below it. */
export interface LaneRow {
  readonly revision: RevisionId;
  readonly column: number;
  /** The columns whose lines pass the node and go straight on, from left to right. */
  readonly passing: readonly number[];
  /** The node's own lines, and the line that joins one of them, if it comes from another column. */
  readonly links: readonly Link[];
  /** The column that several lines share beside this node: the last, or none. */
  readonly crowded: number | undefined;
  /** Parents whose line cannot be followed: it shares a column on its way, or is not drawn. */
  readonly named: readonly RevisionId[];
}

/**
 * Gives every revision a row. Where a second line to the same revision would begin, it joins the first; otherwise a
 * line keeps its column, so a row costs no more than there are columns. `limit`, at least 2, is how many.
 */
export function laneRows({ graph, revisions }: Picture, limit: number): readonly LaneRow[] {
  const last = limit - 1;
  const drawn = new Set(revisions);
  /** Where the line to a revision is, for every line under way. */
  const columns = new Map<RevisionId, number>();
  /** How many lines are in each column: more than one only in the last. */
  const lines = new Array<number>(limit).fill(0);
  /** What the lines lead to that were not alone in the last column, be it for a moment. */
  const shared = new Set<RevisionId>();
  let aloneInLast: RevisionId | undefined;

  const firstFree = (): number => {
    const column = lines.indexOf(0);
    return column < 0 ? last : column;
  };
  const lead = (towards: RevisionId, column: number): void => {
    columns.set(towards, column);
    lines[column]! += 1;
    if (column !== last) return;
    if (lines[last] === 1) aloneInLast = towards;
    else for (const each of [towards, aloneInLast!]) shared.add(each);
  };

  const rows = revisions.map((revision) => {
    const column = columns.get(revision) ?? firstFree();
    if (columns.delete(revision)) lines[column]! -= 1;
    const passing = new Set([...lines.keys()].filter((each) => lines[each]! > 0));
    const crowded = lines[last]! > 1 ? last : undefined;
    const links: Link[] = [];
    let moved: number | undefined;
    for (const towards of nodeOf(graph, revision).parents) {
      if (!drawn.has(towards)) continue;
      const before = columns.get(towards);
      const to = lines[column] === 0 ? Math.min(before ?? column, column) : (before ?? firstFree());
      links.push({ from: column, to, towards });
      if (before === to) continue;
      lead(towards, to);
      if (before === undefined) continue;
      links.push({ from: before, to, towards });
      if (lines[before] === 1) passing.delete(before);
      moved = before;
    }
    // Only now: a column in which one line ends and another begins would look like one line.
    if (moved !== undefined) lines[moved]! -= 1;
    return { revision, column, passing: [...passing], links, crowded };
  });

  return rows.map((row, index) => {
    const next = rows[index + 1]?.revision;
    const named = nodeOf(graph, row.revision).parents.filter(
      (parent) => !drawn.has(parent) || (shared.has(parent) && parent !== next),
    );
    return { ...row, named };
  });
}

export interface TextStyle {
  /** Columns of the terminal; `Infinity` where there is none, and then what is applied is said in words as well. */
  readonly width: number;
  /** Draw with ASCII characters only. What the files say stays as it is. */
  readonly ascii: boolean;
  /** Say the path of each revision, on a line of its own. */
  readonly paths: boolean;
}

/** No more columns than this, however wide the terminal. */
const MOST_COLUMNS = 20;

/** The drawing: none of its lines is wider than the terminal. */
export function graphText(picture: Picture, style: TextStyle): readonly Line[] {
  const glyphs = style.ascii ? ASCII : UNICODE;
  // Lanes get a third of the terminal, at two characters each, and words the rest.
  const rows = laneRows(picture, Math.max(2, Math.min(MOST_COLUMNS, Math.floor(style.width / 6))));
  const line = (cells: readonly string[], words: string): Line => {
    const lanes = Array.from(cells, (cell, x) => (cell === undefined ? " " : inColor(cell, x)));
    const text = cut(words, style.width - lanes.length - 1, glyphs.ellipsis);
    return text === "" ? lanes : [...lanes, ` ${text}`];
  };
  return rows.flatMap((row, index) => {
    const { revision, column, passing, links } = row;
    const beside = [...passing, ...links.map((link) => link.from)];
    const applied = picture.applied?.has(revision);
    const node = upright(row, beside, glyphs);
    node[2 * column] = applied === undefined ? glyphs.node : applied ? glyphs.applied : glyphs.pending;
    const found = [line(node, wordsOf(picture, row, style))];

    const { path } = nodeOf(picture.graph, revision).revision;
    if (style.paths && path !== undefined) {
      const cells = upright(row, beside, glyphs);
      cells.length = node.length;
      found.push(line(cells, onOneLine(path)));
    }
    if (links.some(({ from, to }) => from !== to)) found.push(line(joined(row, glyphs), ""));
    // Without a gap, a base and the head below it would look like child and parent.
    else if (links.length === 0 && found.length === 1 && rows[index + 1]?.column === column) {
      found.push(line(upright(row, passing, glyphs), ""));
    }
    return found;
  });
}

/** `2a95102259be (networking) (head) (current)`: a head has the labels of its whole lineage, others their own. */
export function titleOf({ graph, current }: Picture, id: RevisionId): string {
  const node = nodeOf(graph, id);
  const labels = isHead(node) ? node.labels : node.revision.branchLabels;
  return [
    id,
    ...bracketed("", labels),
    ...(isHead(node) ? [isRealHead(node) ? "(head)" : "(effective head)"] : []),
    ...(current?.has(id) === true ? ["(current)"] : []),
  ].join(" ");
}

function wordsOf(picture: Picture, { revision, named }: LaneRow, { width }: TextStyle): string {
  const { dependsOn, message } = nodeOf(picture.graph, revision).revision;
  const onlyApplied = picture.applied?.has(revision) === true && picture.current?.has(revision) !== true;
  const words = [
    titleOf(picture, revision),
    ...(onlyApplied && width === Number.POSITIVE_INFINITY ? ["(applied)"] : []),
    ...bracketed("needs ", dependsOn),
    ...bracketed("follows ", named),
    message,
  ];
  return onOneLine(words.join(" "));
}

const bracketed = (what: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`(${what}${names.join(", ")})`];

interface Glyphs {
  readonly node: string;
  readonly applied: string;
  readonly pending: string;
  readonly ellipsis: string;
  /** Several lines in one column. */
  readonly shared: string;
  /** By the sum of the arms that a cell has. */
  readonly arms: readonly string[];
}

const UP = 1;
const DOWN = 2;
const LEFT = 4;
const RIGHT = 8;

const UNICODE: Glyphs = {
  node: "*",
  applied: "●",
  pending: "○",
  ellipsis: "…",
  shared: "┆",
  arms: [..." ╵╷│╴╯╮┤╶╰╭├─┴┬┼"],
};
const ASCII: Glyphs = {
  node: "*",
  applied: "@",
  pending: "o",
  ellipsis: "...",
  shared: ":",
  arms: [...` '.|-'.+-'.+-'.+`],
};

/** Upright lines in these columns; two cells a column. */
function upright({ crowded }: LaneRow, columns: readonly number[], { arms, shared }: Glyphs): string[] {
  const cells: string[] = [];
  for (const column of columns) cells[2 * column] = column === crowded ? shared : arms[UP | DOWN]!;
  return cells;
}

/** The lines between a node and the next, where some go sideways. They pass under an upright line they do not join. */
function joined(row: LaneRow, glyphs: Glyphs): string[] {
  const cells = upright(row, row.passing, glyphs);
  const sideways = row.links.filter(({ from, to }) => from !== to);
  const meets = new Set(sideways.flatMap(({ from, to }) => [2 * from, 2 * to]));
  const arms = new Map<number, number>();
  const add = (x: number, more: number): void => void arms.set(x, (arms.get(x) ?? 0) | more);
  for (const column of row.passing) if (meets.has(2 * column)) add(2 * column, UP | DOWN);
  for (const { from, to } of row.links) {
    add(2 * from, UP);
    add(2 * to, DOWN);
    const [start, end] = [2 * Math.min(from, to), 2 * Math.max(from, to)];
    if (start === end) continue;
    add(start, RIGHT);
    add(end, LEFT);
    for (let x = start + 1; x < end; x += 1) if (meets.has(x) || cells[x] === undefined) add(x, LEFT | RIGHT);
  }
  for (const [x, sum] of arms) cells[x] = glyphs.arms[sum]!;
  return cells;
}

/** A column keeps its colour; what goes sideways has that of the column to its right. */
function inColor(cell: string, x: number): string | Colored {
  return cell === " " ? cell : { color: 31 + (Math.ceil(x / 2) % 6), text: cell };
}
