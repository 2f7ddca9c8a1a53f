/** A directed graph → its cycles: every group of two or more nodes that each reach all the others. */

/**
 * The groups, and the nodes of each, in the order of `nodes`. `next` may name nodes that are not in `nodes`; they
 * are skipped, and so is an edge from a node to itself. Linear, and without recursion: a chain may be long.
 */
export function cyclesOf(
  nodes: readonly string[],
  next: (node: string) => readonly string[],
): readonly (readonly string[])[] {
  // Tarjan's algorithm. A node is numbered when it is entered; `low` is the smallest number it is known to reach.
  const rank = new Map(nodes.map((node, index) => [node, index]));
  const number = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const groups: string[][] = [];

  const enter = (node: string): { readonly node: string; readonly edges: Iterator<string> } => {
    number.set(node, number.size);
    low.set(node, number.get(node)!);
    open.push(node);
    isOpen.add(node);
    return { node, edges: next(node)[Symbol.iterator]() };
  };
  const lower = (node: string, value: number): void => {
    if (value < low.get(node)!) low.set(node, value);
  };
  const close = (root: string): void => {
    const group = open.splice(open.lastIndexOf(root));
    for (const node of group) isOpen.delete(node);
    if (group.length > 1) groups.push(group.sort((a, b) => rank.get(a)! - rank.get(b)!));
  };

  for (const start of nodes) {
    if (number.has(start)) continue;
    const path = [enter(start)];
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const edge = at.edges.next();
      if (!edge.done) {
        if (!rank.has(edge.value)) continue;
        if (!number.has(edge.value)) path.push(enter(edge.value));
        else if (isOpen.has(edge.value)) lower(at.node, number.get(edge.value)!);
        continue;
      }
      path.pop();
      const from = path.at(-1);
      if (from !== undefined) lower(from.node, low.get(at.node)!);
      if (low.get(at.node) === number.get(at.node)) close(at.node);
    }
  }
  return groups.sort((a, b) => rank.get(a[0]!)! - rank.get(b[0]!)!);
}
