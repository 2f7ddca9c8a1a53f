import { expect, test } from "vitest";
import { readCatalog } from "../../src/io/catalog.ts";
import { type Session, StatementFailure } from "../../src/io/session/types.ts";

/** A session of which so many readings fail, because another drops what is read. */
const meanwhile = (failures: number, sqlstate = "XX000"): Session => {
  let left = failures;
  const read = async () => {
    left -= 1;
    if (left < 0) return [];
    const message = "could not open relation with OID 7";
    throw new StatementFailure(Object.assign(new Error(message), { severity: "ERROR", code: sqlstate }));
  };
  return { version: { text: "18.4", number: 180004 }, read } as unknown as Session;
};

test("a catalog that another session changes is read anew, but not for ever", async () => {
  expect((await readCatalog(meanwhile(3))).objects).toEqual([]);
  await expect(readCatalog(meanwhile(50))).rejects.toThrow("could not open relation with OID 7");
  await expect(readCatalog(meanwhile(1, "42501"))).rejects.toThrow();
});
