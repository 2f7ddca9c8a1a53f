/** A misspelt word and the words that exist → the one that was probably meant. */

/**
 * The candidate within two edits of `word` (one, where either has up to four letters), or undefined. Two letters that changed
 * places are one edit; upper case counts as lower.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // Any letter is one edit away from any other.
  if (word.length < 2 || word.length > 64) return undefined;
  const typed = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of candidates) {
    const limit = Math.min(bestDistance, typed.length <= 4 || candidate.length <= 4 ? 2 : 3);
    if (Math.abs(candidate.length - typed.length) >= limit) continue;
    const distance = editDistance(typed, candidate.toLowerCase());
    if (distance < limit) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The same of ids. One that differs only in a number is another of their series, `m0003` beside `m0001`: it is as near
 * where nobody has misspelt anything.
 */
export function nearestId(id: string, candidates: Iterable<string>): string | undefined {
  return nearest(
    id,
    [...candidates].filter((candidate) => !isOfSeries(id, candidate)),
  );
}

/** Whether nothing but their numbers tells them apart. */
export function isOfSeries(id: string, other: string): boolean {
  const [a, b] = [id.toLowerCase(), other.toLowerCase()];
  return a !== b && withoutNumbers(a) === withoutNumbers(b);
}

const withoutNumbers = (id: string): string => id.replaceAll(/\d+/g, "0");

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  let above = row;
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? above[j - 2]! + 1 : substitution;
      next.push(Math.min(substitution, swap, row[j]! + 1, next[j - 1]! + 1));
    }
    above = row;
    row = next;
  }
  return row[b.length]!;
}
