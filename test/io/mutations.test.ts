/** Mutated files on the whole way to a script: sound or refused with a clear error; never a hang, a crash, a stack. */
import { expect, test } from "vitest";
import { mutate } from "../chaos/mutations.ts";

const count = Number(process.env["CHAOS_MUTATIONS"] ?? 300);
const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);

test(`mutated files: ${count}, from seed ${seed}`, { timeout: 300_000 + count * 1500 }, async () => {
  const { unclear, ...figures } = await mutate(seed, count, (done) => {
    if (count > 1000 && done % 1000 === 0) console.error(`${done} of ${count} mutated files`);
  });
  if (count > 1000)
    console.error(
      `mutated files, seed ${seed}: sound ${figures.sound}, refused ${figures.refused}, slowest ${figures.slowest.toFixed(0)} ms, unclear ${unclear.length}`,
    );
  for (const each of unclear.slice(0, 20)) console.error(each);
  expect(unclear.length).toBe(0);
  expect(figures.sound).toBeGreaterThan(0);
  expect(figures.refused).toBeGreaterThan(count / 3);
});
