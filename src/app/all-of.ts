/** Work that is done at the same time → its results. */

/** All results, when all are there: what one of them throws is thrown when no other is at work any more. */
export async function allOf<T extends readonly unknown[]>(
  work: { readonly [K in keyof T]: Promise<T[K]> },
): Promise<T> {
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as T;
}
