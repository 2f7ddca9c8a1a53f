/** Two texts of a file → the lines that change, as `diff -u` writes them. */

/** Lines around a change. */
const CONTEXT = 3;

interface Line {
  readonly is: " " | "-" | "+";
  readonly text: string;
}

/** Empty where the texts are the same. `before` undefined: the file is new. */
export function unifiedDiff(path: string, before: string | undefined, after: string): readonly string[] {
  const lines = compared(linesOf(before ?? ""), linesOf(after));
  const hunks = hunksOf(lines);
  if (hunks.length === 0) return [];
  return [`--- ${before === undefined ? "/dev/null" : path}`, `+++ ${path}`, ...hunks.flat()];
}

const linesOf = (text: string): readonly string[] => {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
};

/** The longest common subsequence, between the lines that both begin and end with. */
function compared(a: readonly string[], b: readonly string[]): readonly Line[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const same = (text: string): Line => ({ is: " ", text });
  return [
    ...a.slice(0, start).map(same),
    ...between(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
}

function between(a: readonly string[], b: readonly string[]): readonly Line[] {
  // lengths[i][j]: of the longest common subsequence of a from i and b from j.
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      lengths[i]![j] =
        a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ is: " ", text: a[i]! });
      i += 1;
      j += 1;
    } else if (j === b.length || (i < a.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      lines.push({ is: "-", text: a[i]! });
      i += 1;
    } else {
      lines.push({ is: "+", text: b[j]! });
      j += 1;
    }
  }
  return lines;
}

/** Changes with the lines around them, and before each where it stands in both files. */
function hunksOf(lines: readonly Line[]): readonly (readonly string[])[] {
  const isNear = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ is }) => is !== " "),
  );
  const hunks: string[][] = [];
  let [a, b] = [1, 1];
  for (let i = 0; i < lines.length; ) {
    let end = i;
    while (end < lines.length && isNear[end]) end += 1;
    const part = lines.slice(i, Math.max(end, i + 1));
    const inA = part.filter(({ is }) => is !== "+").length;
    const inB = part.filter(({ is }) => is !== "-").length;
    if (end > i)
      hunks.push([`@@ -${rangeOf(a, inA)} +${rangeOf(b, inB)} @@`, ...part.map(({ is, text }) => is + text)]);
    a += inA;
    b += inB;
    i += part.length;
  }
  return hunks;
}

const rangeOf = (start: number, count: number): string =>
  count === 1 ? String(start) : `${count === 0 ? start - 1 : start},${count}`;
