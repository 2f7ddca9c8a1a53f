/** Migrations → what a review says of each: all of them each by itself, those of a range as one upgrade. */
import { expect, test } from "vitest";
import { review } from "../../src/app/review.ts";
import { effectLines } from "../../src/render/effect.ts";
import { project } from "../support/project.ts";

const { deps } = project({
  a: "CREATE TABLE t (id int);",
  b: "CREATE INDEX i ON t (id);",
  c: "CREATE INDEX j ON t (id);",
});

const linesOf = async (which: Parameters<typeof review>[1]) =>
  (await review(deps, which)).migrations.map(({ revision, effect }) =>
    [revision, ...(effect === undefined ? [] : effectLines(effect))].join(" "),
  );

test.each([
  [
    { all: true },
    [
      "a",
      "b public.t SHARE: blocks writes; builds an index",
      "c public.t SHARE: blocks writes; builds an index",
    ],
  ],
  [{ which: ["base:b"] }, ["a", "b"]],
  [{ which: ["b:c"] }, ["c public.t SHARE: blocks writes; builds an index"]],
])("%j", async (which, lines) => {
  expect(await linesOf(which)).toEqual(lines);
});

test("sizes without a database are refused before anything runs", async () => {
  const onScratch = () => expect.unreachable();
  await expect(review(deps, { which: ["b"], sizes: true, catalog: true, onScratch })).rejects.toMatchObject({
    code: "usage/no-database",
  });
});
