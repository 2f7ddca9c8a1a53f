/** A package that is not there: what to type, and in the executable that no package can be loaded. */
import { expect, test } from "vitest";
import { optionalPackage } from "../../src/io/packages.ts";

test.each([
  ["ERR_MODULE_NOT_FOUND", "is not installed", /^npm install -D pgretort a@1$/],
  [
    "ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING",
    "the executable cannot load",
    /^the npm package .*npm install -D pgretort a@1; then run: npx pgretort$/,
  ],
])("%s", async (code, message, hint) => {
  const load = () => Promise.reject(Object.assign(new Error(), { code }));
  await expect(optionalPackage("a@1", "this needs", load)).rejects.toMatchObject({
    code: "usage/no-package",
    message: expect.stringContaining(message),
    hint: expect.stringMatching(hint),
  });
});
