/** An object of a catalog → how a person is told of it. */
import { expect, test } from "vitest";
import { describeObject } from "../../src/core/catalog/catalog.ts";

test.each([
  ["table", ["shop", "orders"], "table shop.orders"],
  ["function", ["shop", "settle", ""], "function shop.settle()"],
  ["procedure", ["shop", "settle", "integer, text"], "procedure shop.settle(integer, text)"],
  ["comment", ["table", "shop", "orders"], "comment table shop.orders"],
  ["comment", ["table", "shop", "orders", "status"], "comment column shop.orders.status"],
  ["comment", ["table constraint", "shop", "orders", "paid"], "comment table constraint shop.orders.paid"],
  ["comment", ["function", "shop", "settle"], "comment function shop.settle()"],
  [
    "comment",
    ["function", "shop", "settle", "integer", "text"],
    "comment function shop.settle(integer, text)",
  ],
  ["comment", ["schema", "shop"], "comment schema shop"],
])("%s %j", (name, identity, expected) => {
  expect(describeObject({ class: name, identity })).toBe(expected);
});
