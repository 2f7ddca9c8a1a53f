/** The page of a graph: what users wrote is text in it, its lines join, and it names what is applied. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assemble } from "../../src/core/assemble.ts";
import { buildGraph } from "../../src/core/graph.ts";
import type { RevisionId } from "../../src/core/migration.ts";
import { graphHtml, type PictureWithFiles } from "../../src/render/graph-html.ts";
import { chromium, withPage } from "../support/browser.ts";
import { randomRevisions } from "../support/graphs.ts";
import { growth, LINEAR } from "../support/growth.ts";
import { example, migrate } from "../support/migrate.ts";

interface Files {
  readonly id: RevisionId;
  readonly header?: string;
  readonly up?: string;
  /** Without it the migration is irreversible. */
  readonly down?: string;
}

/** A picture of migrations as they are read from files. */
function pictureOf(files: readonly Files[], rest: Partial<PictureWithFiles> = {}): PictureWithFiles {
  const sources = files.flatMap(({ id, header = "-- parent: none", up = "", down }, index) => {
    const path = `m<i>"/${String(index + 1).padStart(5, "0")}_x`;
    const irreversible = down === undefined ? `-- irreversible: ${EVIL}\n` : "";
    return [
      { path: `${path}.up.sql`, text: `-- revision: ${id}\n${header}\n${irreversible}\n${up}` },
      ...(down === undefined ? [] : [{ path: `${path}.down.sql`, text: `-- revision: ${id}\n\n${down}` }]),
    ];
  });
  const { migrations, diagnostics } = assemble(sources, []);
  expect(diagnostics).toEqual([]);
  const graph = buildGraph(migrations);
  return { graph, revisions: graph.order.toReversed(), ...rest };
}

const EVIL = `</pre></script><script>alert(1)</script>"'&`;

const sectionsOf = (page: string): readonly string[] => page.match(/<section id=[\s\S]*?<\/section>/g) ?? [];

test("what users wrote is text", () => {
  const page = graphHtml(
    pictureOf([
      {
        id: "a",
        header: `-- parent: none\n-- message: ${EVIL}`,
        up: `SELECT '${EVIL}'; -- ${EVIL}`,
        down: EVIL,
      },
      { id: "b", header: `-- parent: a\n-- message: ${EVIL}`, up: `SELECT 1;\r\nSELECT '\u202e';` },
    ]),
  );
  expect(page.match(/<script>/g)).toHaveLength(1);
  expect(page.match(/<\/script>/g)).toHaveLength(1);
  expect(page.match(/&lt;script&gt;alert\(1\)/g)!.length).toBeGreaterThan(6);
  expect(page).not.toContain("<i>");
  expect(page).toContain("\\u202e");
  expect(page).not.toMatch(/\u202e|\r|\\u000d/);
  const hash = createHash("sha256")
    .update(/<script>([\s\S]*)<\/script>/.exec(page)![1]!)
    .digest("base64");
  expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`);
  expect(page).not.toMatch(/\b(?:src|href)="(?!#)/);
});

test("every revision is a row that leads to its section, with its SQL and its neighbours", () => {
  const page = graphHtml(
    pictureOf([
      { id: "a", up: "CREATE TABLE t ();", down: "DROP TABLE t;" },
      { id: "b", header: "-- parent: a\n-- depends-on: c", up: "SELECT 2;" },
      { id: "c", up: "SELECT 3;", down: "" },
    ]),
  );
  expect(page.match(/<li><a href="#r-\w"/g)).toHaveLength(3);
  const [b, c, a] = ["b", "c", "a"].map(
    (id) => sectionsOf(page).find((text) => text.includes(`id="r-${id}"`))!,
  );
  expect(a).toContain('<span class="key">CREATE</span> <span class="key">TABLE</span> t ();</pre>');
  expect(a).toContain('<span class="key">DROP</span> <span class="key">TABLE</span> t;</pre>');
  expect(a).toContain('<dt>followed by</dt><dd><a href="#r-b">b</a></dd>');
  expect(b).toContain(
    '<dt>follows</dt><dd><a href="#r-a">a</a></dd><dt>needs</dt><dd><a href="#r-c">c</a></dd>',
  );
  expect(b).toContain("Cannot be undone: &lt;/pre&gt;");
  expect(c).toContain("<p>No SQL.</p>");
  expect(page).not.toMatch(/applied|pending<|class="pending/);
});

test("a neighbour outside the range is named, and is no link", () => {
  const whole = pictureOf([{ id: "a" }, { id: "b", header: "-- parent: a" }]);
  const page = graphHtml({ ...whole, revisions: ["b"] });
  expect(page).toContain("<dt>follows</dt><dd>a</dd>");
  expect(page).not.toContain("#r-a");
});

test("what is applied and what is pending is drawn, and said", () => {
  const files = [{ id: "a" }, { id: "b", header: "-- parent: a" }, { id: "c", header: "-- parent: b" }];
  const page = graphHtml(pictureOf(files, { applied: new Set(["a"]), current: new Set(["a"]) }));
  expect(page).toContain("1 applied</span>");
  expect(page).toContain("2 pending</span>");
  expect(page.match(/<circle class="l0 (\w+)"/g)).toEqual([
    '<circle class="l0 pending"',
    '<circle class="l0 pending"',
    '<circle class="l0 applied"',
  ]);
  expect(page).toContain("<small>a (current) · applied</small>");
});

test("no line ends in the air: where it begins or ends there is a node, or another line", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const files = randomRevisions(seed, 150).map(({ revision, parents, branchLabels }) => ({
      id: revision,
      header: [
        `-- parent: ${parents.length === 0 ? "none" : parents.join(", ")}`,
        ...(branchLabels.length === 0 ? [] : [`-- branch-labels: ${branchLabels.join(", ")}`]),
      ].join("\n"),
      down: "",
    }));
    expect(looseEnds(graphHtml(pictureOf(files)))).toEqual([]);
  }
});

/**
 * The ends of lines where neither a node nor another line is, as `x y`. At the edge of a block's drawing its lines go on in
 * the next one.
 */
function looseEnds(page: string): readonly string[] {
  return (page.match(/<svg [\s\S]*?<\/svg>/g) ?? []).flatMap((svg) => {
    const height = Number(/height="(\d+)"/.exec(svg)![1]);
    const nodes = new Set([...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => `${x} ${y}`));
    const lines = [...svg.matchAll(/ d="M([^"]+)"/g)].flatMap(([, d]) => d!.split("M")).map(lineOf);
    const meets = (x: number, y: number, self: number): boolean =>
      lines.some(({ from, to }, index) => {
        if (index === self) return false;
        const isUpright = from[0] === to[0] && from[0] === x && from[1] <= y && y <= to[1];
        return isUpright || (from[0] === x && from[1] === y) || (to[0] === x && to[1] === y);
      });
    return lines.flatMap(({ from, to }, index) =>
      [from, to]
        .filter(([x, y]) => y > 0 && y < height && !nodes.has(`${x} ${y}`) && !meets(x, y, index))
        .map(([x, y]) => `${x} ${y}`),
    );
  });
}

/** `8 0V22C8 33 24 33 24 44` → where it begins and where it ends. */
function lineOf(path: string): {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
} {
  const [x, y, ...rest] = path.match(/[\d.]+/g)!.map(Number) as [number, number, ...number[]];
  const end = rest.at(-1)!;
  return { from: [x, y], to: [path.includes("C") ? rest.at(-2)! : x, end] };
}

test("a file that is very long is cut, and a large folder is highlighted only in its newest files", () => {
  const long = `SELECT 1;\n`.repeat(20_000);
  const page = graphHtml(
    pictureOf(
      Array.from({ length: 8 }, (_, i) => ({
        id: `m${i}`,
        header: `-- parent: ${i === 0 ? "none" : `m${i - 1}`}`,
        up: long,
        down: "",
      })),
    ),
  );
  expect(page.match(/The rest is in m&lt;i&gt;&quot;\/0000\d_x\.up\.sql\./g)).toHaveLength(8);
  const sections = sectionsOf(page);
  expect(sections.map((text) => text.includes('class="key"'))).toEqual([1, 1, 1, 1, 0, 0, 0, 0].map(Boolean));
});

test("thousands of revisions take as long as they are many", async () => {
  const draw = (count: number): void => {
    const files = Array.from({ length: count }, (_, i) => ({
      id: `m${i}`,
      header: `-- parent: ${i === 0 ? "none" : `m${i - 1}`}`,
      down: "",
    }));
    expect(graphHtml(pictureOf(files)).length).toBeLessThan(1500 * count);
  };
  expect(await growth(draw, 4000)).toBeLessThan(LINEAR);
});

test.each(["text", "html", "mermaid", "dot", "json"])(
  "-o writes to a file what graph --format %s prints",
  async (format) => {
    const folder = mkdtempSync(join(tmpdir(), "retort-graph-"));
    try {
      const words = ["graph", "--format", format, "--directory", example];
      const printed = await migrate(words, { cwd: folder });
      expect(printed).toMatchObject({ code: 0, stderr: "" });
      expect(printed.stdout).toContain("29f859a13ea1");
      // The second takes the place of the first.
      for (const _ of [1, 2])
        expect(await migrate([...words, "-o", "graph"], { cwd: folder })).toMatchObject({
          code: 0,
          stdout: "",
        });
      expect(readFileSync(join(folder, "graph"), "utf8")).toBe(printed.stdout);
      writeFileSync(join(folder, "0001_a.up.sql"), "CREATE TABLE t ();");
      const { code, stderr } = await migrate([...words, "-o", "0001_a.up.sql"], { cwd: folder });
      expect(stderr).toContain("error[usage/not-a-graph] 0001_a.up.sql exists");
      expect(code).toBe(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.skipIf(chromium === undefined)(
  "in Chromium its script marks the row of the revision in the address",
  async () => {
    const page = graphHtml(pictureOf([{ id: "a" }, { id: "b", header: "-- parent: a" }]));
    await withPage(page, async ({ evaluate, complaints }) => {
      await evaluate(`location.hash = "#r-a"`);
      const marked = `[...document.querySelectorAll('a[aria-current="true"]')].map((each) => each.getAttribute("href"))`;
      await expect.poll(() => evaluate(marked)).toEqual(["#r-a"]);
      expect(complaints).toEqual([]);
    });
  },
);
