/** What findings become: the form that each CI system reads. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Finding } from "../../src/core/rules/lint.ts";
import { formats } from "../../src/render/lint/formats.ts";
import { schemaFaults } from "../support/json-schema.ts";

const schema = JSON.parse(readFileSync(new URL("sarif-schema.json", import.meta.url), "utf8"));

const finding: Finding = {
  rule: "add-check",
  severity: "error",
  message: "every row of shop.ord*rs is read, 100 % of them",
  advice: "add it as NOT VALID",
  recipe: ["ALTER TABLE a;", "ALTER TABLE b;"],
  location: { path: "migra tions/0001_ä.up.sql", line: 3, column: 1 },
  excerpt: { line: "ALTER TABLE shop.orders -- ```", length: 5 },
};
const fault: Finding = {
  rule: "source/syntax",
  severity: "error",
  message: 'syntax error at or near "x"',
  advice: "",
  location: { path: "m/2.up.sql", line: 1, column: 1 },
  excerpt: { line: "" },
};
const report = {
  findings: [finding, { ...finding, severity: "warning" as const }, fault],
  migrations: 2,
  statements: 5,
};
const rendered = (format: string, findings: readonly Finding[] = report.findings): string =>
  formats[format]!({ ...report, findings });

describe("sarif", () => {
  const sarif = JSON.parse(rendered("sarif"));

  test("is as its schema says, with findings and without", () => {
    expect(schemaFaults(sarif, schema)).toEqual([]);
    expect(schemaFaults(JSON.parse(rendered("sarif", [])), schema)).toEqual([]);
  });

  test("and the check would see what is not", () => {
    const [run] = sarif.runs;
    const broken = {
      ...sarif,
      runs: [{ ...run, results: [{ ...run.results[0], level: "fatal", column: 1 }] }],
    };
    expect(schemaFaults(broken, schema)).toEqual(
      [
        "$.runs[0].results[0]: must not have column",
        "$.runs[0].results[0].level: fatal is not allowed",
      ].toSorted((a, b) => b.localeCompare(a)),
    );
  });

  test("names each rule once, and each place by its URI", () => {
    const [{ tool, results }] = sarif.runs;
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(["add-check", "source/syntax"]);
    expect(results[0].locations[0].physicalLocation.artifactLocation.uri).toBe(
      "migra%20tions/0001_%C3%A4.up.sql",
    );
    const prints = results.map((each: { partialFingerprints: object }) =>
      JSON.stringify(each.partialFingerprints),
    );
    expect(new Set(prints).size).toBe(3);
  });
});

test("github: what would end the command is escaped", () => {
  expect(rendered("github", [finding])).toBe(
    "::error file=migra tions/0001_ä.up.sql,line=3,col=1,title=add-check::every row of shop.ord*rs is read, 100 %25 of them%0A%0Aadd it as NOT VALID%0A%0AALTER TABLE a;%0A%0A-- the next migration:%0AALTER TABLE b;",
  );
});

test("gitlab: one object a finding, with a fingerprint of its own", () => {
  const list = JSON.parse(rendered("gitlab"));
  expect(list[0]).toMatchObject({
    check_name: "add-check",
    severity: "major",
    location: { path: "migra tions/0001_ä.up.sql", lines: { begin: 3 } },
  });
  expect(new Set(list.map(({ fingerprint }: { fingerprint: string }) => fingerprint)).size).toBe(3);
});

test("markdown: nothing in a file can end a fence or begin markup", () => {
  const text = rendered("markdown", [finding]);
  expect(text).toContain("````sql\nALTER TABLE shop.orders -- ```\n````");
  expect(text).toContain("shop.ord\\*rs");
});

test("json: all that is known", () => {
  expect(JSON.parse(rendered("json"))).toEqual(report);
});
