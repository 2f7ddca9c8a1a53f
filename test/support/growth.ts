/** Work of a size goes in; how its processor time grows with the size comes out. What else the machine does counts little. */

/** Below it lies what grows with its input: four times the input takes 4 times as long, or 16 where it is squared. */
export const LINEAR = 9;

const NOISE = 20_000; // µs, below which nothing is told apart

/** How many times as long `work` takes for `size` as for a quarter of it, at best. It is not called at the same time as itself. */
export async function growth(work: (size: number) => unknown, size: number): Promise<number> {
  const small = Math.ceil(size / 4);
  await work(small); // what is done once is done now
  const best = { small: Number.POSITIVE_INFINITY, whole: Number.POSITIVE_INFINITY };
  for (let k = 1; ; k += 1) {
    best.small = Math.min(best.small, await timeOf(() => work(small)));
    best.whole = Math.min(best.whole, await timeOf(() => work(size)));
    const grown = (best.whole + NOISE) / (best.small + NOISE);
    if (k >= FEWEST && (grown < LINEAR || k === MOST)) return grown;
  }
}

/** How often each size is measured. The machine and the collection of garbage only ever add: what is least is nearest. */
const FEWEST = 2;
const MOST = 12;

/** Processor time of this process, in µs. */
async function timeOf(work: () => unknown): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return user + system;
}
