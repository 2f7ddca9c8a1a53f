/** The page of a review in a real browser: nothing is wider than a phone, the keyboard sorts and folds, and print shows all. */
import { expect, test } from "vitest";
import type { ReviewedMigration } from "../../src/core/review.ts";
import { reviewHtml } from "../../src/render/review/html.ts";
import { chromium, withPage } from "../support/browser.ts";

const TABLE = "a_table_with_a_long_name_".repeat(3);

const migration = (revision: string, mode?: "SHARE" | "ACCESS EXCLUSIVE"): ReviewedMigration => ({
  revision,
  message: `message of ${revision}`,
  path: `migrations/${"long_".repeat(20)}${revision}.up.sql`,
  parents: [],
  transactional: true,
  ...(mode === undefined
    ? {}
    : {
        effect: {
          locks: [{ relation: `shop.${TABLE}`, schema: "shop", name: TABLE, mode }],
          rewrites: [],
          scans: [],
          writes: [],
          updates: [],
          builds: [],
          unknown: [],
        },
      }),
  statements: [
    {
      sql: `SELECT '${"wide ".repeat(60)}';`,
      line: 4,
      tag: "SELECT",
      losses: [],
      findings: [],
    },
    { sql: `SELECT 1;${" -- long".repeat(400)}`, line: 5, tag: "SELECT", losses: [], findings: [] },
  ],
  findings: [],
  back: { losses: [], notRestored: [], writtenAgain: [] },
});

const page = reviewHtml(
  {
    migrations: [migration("a", "SHARE"), migration("b"), migration("c", "ACCESS EXCLUSIVE")],
    checks: [{ finds: "nothing", sql: "SELECT 1;" }],
  },
  `* ${"graph ".repeat(60)}`,
);

const ORDER = `[...document.querySelectorAll("tbody tr")].map((row) => row.cells[0].textContent).join("")`;
const FOCUSED = `document.activeElement.textContent.trim()`;

test.skipIf(chromium === undefined)("in Chromium", { timeout: 60_000 }, async () => {
  await withPage(page, async ({ evaluate, resize, emulate, press, complaints }) => {
    // The page hears of keys and of its size a moment later.
    const soon = (expression: string) => expect.poll(() => evaluate(expression), { timeout: 10_000 });
    for (const width of [390, 820, 1280]) {
      await resize(width, 900);
      const over = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      await soon(`[innerWidth, ${over}]`).toEqual([width, 0]);
    }

    // The skip link, then the heads of the table: Enter sorts, and again turns it round.
    await press("Tab");
    await soon(FOCUSED).toBe("To the first migration");
    await soon(`document.activeElement.getBoundingClientRect().left >= 0`).toBe(true);
    for (let heads = 0; heads < 3; heads += 1) await press("Tab");
    await soon(FOCUSED).toBe("strongest lock");
    await soon(`getComputedStyle(document.activeElement).outlineStyle`).toBe("solid");
    await press("Enter");
    await soon(ORDER).toBe("213");
    await press("Enter");
    await soon(ORDER).toBe("312");
    await soon(`document.activeElement.parentElement.ariaSort`).toBe("descending");

    // Long SQL is folded; Enter unfolds it; so does print.
    const FOLDED = `[...document.querySelectorAll("details")].filter((each) => !each.open).length`;
    await soon(FOLDED).toBe(3);
    await evaluate(`document.querySelector("details:not([open]) summary").focus()`);
    await press("Enter");
    await soon(FOLDED).toBe(2);
    await evaluate(`dispatchEvent(new Event("beforeprint"))`);
    await soon(FOLDED).toBe(0);
    await emulate({ media: "print" });
    await soon(`getComputedStyle(document.querySelector("pre")).whiteSpace`).toMatch(/^pre-wrap/);
    await emulate({ media: "" });

    // Text can be read on its ground, light and dark.
    for (const value of ["light", "dark"]) {
      await emulate({ features: [{ name: "prefers-color-scheme", value }] });
      const colors = await evaluate<readonly string[]>(
        `((style) => [style.color, style.backgroundColor])(getComputedStyle(document.body))`,
      );
      expect(contrast(colors)).toBeGreaterThan(7);
    }
    expect(complaints).toEqual([]);
  });
});

/** As WCAG defines it: from 1 to 21. */
function contrast(colors: readonly string[]): number {
  const [a, b] = colors.map(luminance).sort((x, y) => y - x) as [number, number];
  return (a + 0.05) / (b + 0.05);
}

function luminance(color: string): number {
  const [r, g, b] = /(\d+), (\d+), (\d+)/
    .exec(color)!
    .slice(1)
    .map((part) => Number(part) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
