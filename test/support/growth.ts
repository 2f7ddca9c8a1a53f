/** Work of a size goes in; how its processor time grows with the size comes out. What else the machine does counts little. */

/** Below it lies what grows with its input: four times the input takes 4 times as long, or 16 where it is squared. */
export const LINEAR = 9;

const NOISE = 20_000; // µs, below which nothing is told apart

/** How many times as long `work` takes for `size` as for a quarter of it, at best. It is not called at the same time as itself. */
export async function growth(work: (size: number) => unknown, size: number): Promise<number> {
  const small = Math.ceil(size / 4);
  await work(small); // what is done once is done now
  const before = await bestOf(() => work(small));
  const after = await bestOf(() => work(size));
  return (after + NOISE) / (before + NOISE);
}

/** How often each size is measured: in two tries the larger one was found disturbed both times. */
const TRIES = 3;

async function bestOf(work: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i += 1) best = Math.min(best, await timeOf(work));
  return best;
}

/** Processor time of this process, in µs. */
async function timeOf(work: () => unknown): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return user + system;
}
