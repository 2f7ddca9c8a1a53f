/** Items and what each needs → an order in which each comes after what it needs. */

/**
 * The indexes of the items. Of those that could come next the first by `rank` does, then the first as given. `needs` of an
 * index are indexes; where they form a cycle, what is in it and behind it is left out.
 */
export function topological(
  ranks: readonly number[],
  needs: readonly (readonly number[])[],
): readonly number[] {
  const byRank = ranks.map((_, index) => index).sort((a, b) => ranks[a]! - ranks[b]! || a - b);
  const position = new Map(byRank.map((index, at) => [index, at]));
  const missing = needs.map((each) => each.length);
  const followers = needs.map((): number[] => []);
  for (const [index, each] of needs.entries()) for (const need of each) followers[need]!.push(index);
  // The positions of the items that nothing holds back, in descending order.
  const ready: number[] = [];
  const add = (index: number): void => {
    const at = position.get(index)!;
    let low = 0;
    for (let high = ready.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (ready[middle]! > at) low = middle + 1;
      else high = middle;
    }
    ready.splice(low, 0, at);
  };
  for (const [index, count] of missing.entries()) if (count === 0) add(index);
  const result: number[] = [];
  for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
    const index = byRank[at]!;
    result.push(index);
    for (const follower of followers[index]!) {
      missing[follower]! -= 1;
      if (missing[follower] === 0) add(follower);
    }
  }
  return result;
}
