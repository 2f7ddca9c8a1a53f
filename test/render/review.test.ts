/** The page of a review: what users wrote is text in it, its only script is the one that its policy allows, and it needs nothing else. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { ReviewDocument } from "../../src/render/review/document.ts";
import { reviewHtml } from "../../src/render/review/html.ts";
import { reviewMarkdown } from "../../src/render/review/markdown.ts";

const evil = `</pre><script>alert(1)</script>"'\u202e&\``;
const review: ReviewDocument = {
  migrations: [
    {
      revision: "a",
      message: evil,
      path: `migrations/${evil}.up.sql`,
      parents: [],
      transactional: true,
      effect: {
        locks: [{ relation: evil, schema: evil, name: evil, mode: "ACCESS EXCLUSIVE" }],
        rewrites: [evil],
        scans: [],
        writes: [],
        updates: [],
        builds: [],
        unknown: [evil],
        waits: true,
      },
      statements: [
        {
          sql: `SELECT '${evil}' -- ${evil}\n\`\`\``,
          line: 3,
          tag: evil,
          losses: [{ effect: "takes-away", kind: "drop table", object: evil }],
          findings: [
            {
              rule: "drop-table",
              severity: "error",
              message: evil,
              advice: evil,
              recipe: [evil],
              location: { path: evil, line: 3, column: 1 },
              excerpt: { line: evil },
            },
          ],
        },
      ],
      findings: [],
      back: { irreversible: evil, losses: [], notRestored: [], writtenAgain: [] },
    },
  ],
  changed: { since: evil, files: [{ revision: "z", path: evil, change: "deleted" }] },
  catalog: {
    proves: true,
    differences: [{ kind: "extra", class: "table", identity: [evil] }],
    downgrade: { revisions: [evil], differences: [], rows: [{ table: evil, before: 2, after: 1 }] },
  },
  sizes: [{ relation: evil, rows: 1_234_567, bytes: 5_000_000 }],
  checks: [{ finds: "none", sql: `SELECT '${evil}'` }],
};

test("what users wrote is text", () => {
  const page = reviewHtml(review, evil);
  expect(page.match(/<script>/g)).toHaveLength(1);
  expect(page).not.toMatch(/alert\(1\)<\/script>|\u202e/);
  expect(page.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)!.length).toBeGreaterThan(8);
  // Every attribute is closed where it was opened.
  expect(
    page
      .match(/<(?:td|th|a|section|pre|div|details)\b[^<>]*>/g)!
      .every((tag) => tag.split('"').length % 2 === 1),
  ).toBe(true);
});

test("what of the ref is changed is said first", () => {
  const changed = {
    since: "main",
    files: [
      { revision: "y", path: "0001_y.up.sql", change: "edited" as const },
      { revision: "z", path: "0002_z.up.sql", change: "deleted" as const },
    ],
  };
  const text = reviewMarkdown({ ...review, changed });
  expect(text).toMatch(/^# Review of migrations\n\n.*: 2 earlier migrations changed; /);
  expect(text).toContain("## Changed migrations\n\nThese are not as main has them.");
  expect(text).toContain("```text\nedited   0001_y.up.sql\ndeleted  0002_z.up.sql\n```");
  const { changed: _, ...unchanged } = review;
  expect(reviewMarkdown(unchanged) + reviewHtml(unchanged, "")).not.toContain("Changed migrations");
});

test("its policy allows its own script and nothing from elsewhere", () => {
  const page = reviewHtml(review, "");
  const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
  const hash = createHash("sha256").update(script).digest("base64");
  expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`);
  expect(page).not.toMatch(/\b(?:src|href)="(?!#)/);
});

test("the commands that it proposes are for the same project and database", () => {
  const undone = { migrations: [{ ...review.migrations[0]!, back: { ...review.migrations[0]!.back } }] };
  delete (undone.migrations[0]!.back as { irreversible?: string }).irreversible;
  const document = { ...review, ...undone, catalog: { reason: "run: migrate revision -m x" } };
  const carry = (text: string): string => text.replaceAll(/\bmigrate \w+/g, "$& -n prod");
  for (const text of [reviewHtml(document, "", carry), reviewMarkdown(document, carry)]) {
    for (const name of ["revision", "test", "status", "verify", "drift"])
      expect(text).toContain(`migrate ${name} -n prod`);
    expect(text).not.toMatch(/\bmigrate \w+(?! -n prod)\b/);
  }
});

test("in Markdown no text ends its block", () => {
  const text = reviewMarkdown(review);
  expect(text).toContain("````sql\nSELECT");
  const outside = text.replaceAll("\\`", "").replaceAll(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, "");
  expect(outside).not.toMatch(/(?<!\\)<script/);
  expect(outside).toContain("\\<script");
});
