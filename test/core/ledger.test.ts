/** The ledger's SQL files, in a schema of any name. */
import { expect, test } from "vitest";
import { ledgerOf } from "../../src/core/ledger/calls.ts";
import { bodiesHash, FORMAT, inSchema, ledgerFiles } from "../../src/core/ledger/format.ts";
import { tokens } from "../../src/core/lexer.ts";

test("procedures that were released are known by their hash: others are another format", () => {
  expect(`format ${FORMAT}: ${bodiesHash("retort")}`).toMatchInlineSnapshot(
    `"format 2: 7260d26296a20f651badfef8db735e82687ea0b2c78e088e77e3dd1e5d8f6c4e"`,
  );
});

test("the files are ASCII: a database of any encoding can hold them", () => {
  for (const text of [...Object.values(ledgerFiles), ledgerOf({ schema: "retort" }).guard("needed")])
    expect(text).toMatch(/^[\n -~]*$/);
});

test("in its own schema a file is what it is", () => {
  for (const text of Object.values(ledgerFiles)) expect(inSchema(text, "retort")).toBe(text);
});

test.each(["$body$", "a$&b$$c$'d", "it's", 'say "x"', "a.b", "a\n\\! id", "*/ --", "é😀", "$body1$ $body$"])(
  "in the schema %j nothing leaves its name, its string or its comment",
  (schema) => {
    const kinds = (text: string) => [...tokens(text)].map(({ kind }) => kind);
    for (const text of Object.values(ledgerFiles)) {
      const other = inSchema(text, schema);
      expect(kinds(other)).toEqual(kinds(text));
      expect(other).not.toMatch(/\bretort\.(?!state is missing)/);
    }
    const ledger = ledgerOf({ schema, owner: `o'$body$ "x", {}` });
    for (const block of [ledger.guard("needed"), ledger.create, ledger.upgrade, ledger.unlock])
      expect(kinds(block)).toEqual(["word", "space", "string", "symbol"]);
  },
);

test("where the project sets a role, whoever creates the ledger for it is told to leave that out", () => {
  const how = (and: string) => `create the ledger for it, with the address of that owner${and}: `;
  expect(ledgerOf({ schema: "retort", role: "app" }).create).toContain(
    how(' and a config file without "role"'),
  );
  expect(ledgerOf({ schema: "retort" }).create).toContain(how(""));
});
