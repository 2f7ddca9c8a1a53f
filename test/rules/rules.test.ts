/** Each rule's examples: what it finds in the bad one, and that nothing is found in what it advises. */
import { describe, expect, test } from "vitest";
import { allRules } from "../../src/core/rules/all.ts";
import { asTheyCome, findingsIn } from "../support/lint.ts";

const brief = (findings: Awaited<ReturnType<typeof findingsIn>>) =>
  findings.map(({ rule, message }) => `${rule}: ${message}`);

test("names are one each, in order", () => {
  const ids = allRules.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort());
});

describe.each(allRules.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  const rules = asTheyCome.some((each) => each.rule === rule)
    ? asTheyCome
    : [...asTheyCome, { rule, severity: "warning" as const }];

  test("finds its bad example", async () => {
    const found = await findingsIn([rule.bad], rules);
    expect(brief(found).filter((each) => each.startsWith(`${id}: `))).not.toEqual([]);
  });

  test("finds nothing in what is to be written instead, nor does another rule", async () => {
    const recipes = (await findingsIn([rule.bad], rules)).find((each) => each.rule === id)?.recipe;
    const all = [recipes, rule.good].filter((each) => each !== undefined);
    expect(all).not.toEqual([]);
    for (const migrations of all) expect(brief(await findingsIn(migrations, rules))).toEqual([]);
  });
});
