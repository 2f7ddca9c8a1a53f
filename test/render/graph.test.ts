import { describe, expect, it } from "vitest";
import { buildGraph, type Graph, nodeOf } from "../../src/core/graph.ts";
import type { Revision, RevisionId } from "../../src/core/migration.ts";
import { graphDot } from "../../src/render/graph-dot.ts";
import { graphMermaid } from "../../src/render/graph-mermaid.ts";
import {
  graphText,
  type LaneRow,
  laneRows,
  type Picture,
  type TextStyle,
} from "../../src/render/graph-text.ts";
import { columnsOf, printed } from "../../src/render/terminal.ts";
import { chance, longRevisions, randomRevisions, revision } from "../support/graphs.ts";
import { growth, LINEAR } from "../support/growth.ts";

const plain: TextStyle = { width: Number.POSITIVE_INFINITY, ascii: false, paths: false };

function pictureOf(revisions: readonly Revision[], rest: Partial<Picture> = {}): Picture {
  const graph = buildGraph(revisions);
  return { graph, revisions: graph.order.toReversed(), ...rest };
}

/** A revision without a message. */
const bare = (id: string, parents: readonly string[] = [], rest: Partial<Revision> = {}): Revision =>
  revision(id, parents, { message: "", ...rest });

const linesOf = (picture: Picture, style: Partial<TextStyle> = {}, color = false): readonly string[] =>
  printed(graphText(picture, { ...plain, ...style }), color)
    .split("\n")
    .slice(0, -1);

/** The drawing between two line ends, as it stands in a template below. */
const drawing = (picture: Picture, style: Partial<TextStyle> = {}): string =>
  `\n${linesOf(picture, style).join("\n")}\n`;

const diamond = [bare("a"), bare("b", ["a"]), bare("c", ["a"]), bare("d", ["b", "c"])];
const octopus = [
  bare("a"),
  ...["b", "c", "d", "e"].map((id) => bare(id, ["a"])),
  bare("m", ["b", "c", "d", "e"]),
];

describe("the drawing", () => {
  it("has one column for one line", () => {
    expect(drawing(pictureOf([bare("a"), bare("b", ["a"]), bare("c", ["b"])]))).toBe(`
* c (head)
* b
* a
`);
  });

  it("parts where lines meet, and joins where they began", () => {
    expect(drawing(pictureOf(diamond))).toBe(`
* d (head)
├─╮
│ * c
* │ b
├─╯
* a
`);
  });

  it("joins many, and takes leave of them one by one", () => {
    expect(drawing(pictureOf(octopus))).toBe(`
* m (head)
├─┬─┬─╮
│ │ │ * e
│ │ * │ d
│ │ ├─╯
│ * │ c
│ ├─╯
* │ b
├─╯
* a
`);
  });

  it("passes under a line that it does not join", () => {
    const crossing = [bare("a"), bare("b"), bare("c", ["a", "b"]), bare("d", ["c"]), bare("e", ["a"])];
    const picture = { graph: buildGraph(crossing), revisions: ["e", "d", "c", "b", "a"] };
    expect(drawing(picture)).toBe(`
* e (head)
│ * d (head)
│ * c
├─┤
│ * b
* a
`);
    const under = [bare("a"), bare("b"), bare("c", ["a"]), bare("d", ["b"]), bare("e", ["a"])];
    expect(drawing({ graph: buildGraph(under), revisions: ["c", "d", "e", "b", "a"] })).toBe(`
* c (head)
│ * d (head)
│ │ * e (head)
├─│─╯
│ * b
* a
`);
  });

  it("leaves a gap between a base and a head that is not above it", () => {
    expect(drawing(pictureOf([bare("a"), bare("b")]))).toBe(`
* b (head)

* a (head)
`);
    const beside = [bare("a"), bare("z", ["a"]), bare("b"), bare("c")];
    expect(drawing({ graph: buildGraph(beside), revisions: ["z", "c", "b", "a"] })).toBe(`
* z (head)
│ * c (head)
│
│ * b (head)
* a
`);
  });

  it("tells labels, heads, depends-on, and parents that are out of the range", () => {
    const revisions = [
      revision("a", [], { branchLabels: ["shop"], message: "begin" }),
      revision("b", ["a"], { message: "go on" }),
      revision("c", [], { dependsOn: ["shop"], branchLabels: ["data"], message: "beside" }),
      revision("d", ["b"], { message: "end" }),
    ];
    expect(drawing(pictureOf(revisions))).toBe(`
* c (data) (head) (needs shop) beside

* d (shop) (head) end
* b go on
* a (shop) begin
`);
    const part = { graph: buildGraph(revisions), revisions: ["d", "b"] };
    expect(drawing(part)).toBe(`
* d (shop) (head) end
* b (follows a) go on
`);
    expect(linesOf(pictureOf([bare("a"), bare("b", [], { dependsOn: ["a"] })]))).toContain(
      "* a (effective head)",
    );
  });

  it("fills what is applied, and says so where no terminal is", () => {
    const picture = pictureOf(diamond, { applied: new Set(["a", "b"]), current: new Set(["b"]) });
    expect(drawing(picture)).toBe(`
○ d (head)
├─╮
│ ○ c
● │ b (current)
├─╯
● a (applied)
`);
    expect(drawing(picture, { ascii: true, width: 80 })).toBe(`
o d (head)
+-.
| o c
@ | b (current)
+-'
@ a
`);
  });

  it("has the path on a line of its own, beside the lines", () => {
    const revisions = diamond.map((r) => ({ ...r, path: `sql/${r.revision}.up.sql` }));
    expect(drawing(pictureOf(revisions), { paths: true })).toBe(`
* d (head)
│ sql/d.up.sql
├─╮
│ * c
│ │ sql/c.up.sql
* │ b
│ │ sql/b.up.sql
├─╯
* a
  sql/a.up.sql
`);
  });

  it("draws nothing of nothing", () => {
    expect(linesOf(pictureOf([]))).toEqual([]);
  });

  it("colours each column, and is otherwise the same", () => {
    const picture = pictureOf(randomRevisions(5, 40));
    const colored = linesOf(picture, {}, true);
    expect(colored.join("\n").replaceAll(/\u001b\[\d+m/g, "")).toBe(linesOf(picture).join("\n"));
    expect(linesOf(pictureOf([bare("a")]), {}, true)).toEqual(["\u001b[31m*\u001b[0m a (head)"]);
  });

  it("is ASCII when that is asked for", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const picture = pictureOf(randomRevisions(seed, 60), { applied: new Set(), current: new Set() });
      expect(linesOf(picture, { ascii: true, width: 50 }).join("")).toMatch(/^[ -~]*$/);
    }
  });
});

describe("the room", () => {
  it.each([
    ["short", 20, "* a (head) short"],
    ["exactly so long", 26, "* a (head) exactly so long"],
    ["exactly so long", 25, "* a (head) exactly so lo…"],
    ["a space at the end", 13, "* a (head) a…"],
    ["漢字漢字", 19, "* a (head) 漢字漢字"],
    ["漢字漢字", 18, "* a (head) 漢字漢…"],
    ["漢字漢字", 17, "* a (head) 漢字…"],
    ["cafe\u0301 au lait", 16, "* a (head) cafe\u0301…"],
    ["cafe\u0301 au lait", 15, "* a (head) caf…"],
    ["👍🏽 fine", 15, "* a (head)…"],
    ["𠮷野家", 16, "* a (head) 𠮷野…"],
  ])("%j in %d columns", (message, width, expected) => {
    expect(linesOf(pictureOf([revision("a", [], { message })]), { width })).toEqual([expected]);
  });

  it.each([
    ["", 0],
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["漢字", 4],
    ["ｱｲ", 2],
    ["ＡＢ", 4],
    ["한국", 4],
    ["😀", 2],
    ["❤", 1],
    ["❤\ufe0f", 2],
    ["1\ufe0f\u20e3", 2],
    ["©", 1],
    ["👩\u200d🚀", 4], // two where the terminal joins them
    ["🇩🇪", 4],
    ["a\u200bb", 2],
    ["𠮷", 2],
    ["│ ● …", 5],
  ])("%j takes %d columns", (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it.each([1, 12, 30, 40, 79, 80, 120])("never needs more than %d columns", (width) => {
    for (let seed = 0; seed < 20; seed += 1) {
      const revisions = randomRevisions(seed, 60).map((r) => ({
        ...r,
        message: `${r.message} 漢字 👩‍🚀 `.repeat(3),
      }));
      for (const ascii of [false, true]) {
        const widest = Math.max(...linesOf(pictureOf(revisions), { width, ascii }).map(columnsOf));
        expect(widest).toBeLessThanOrEqual(Math.max(width, 4));
      }
    }
  });

  it("lets no character act on the terminal", () => {
    const message = "red \u001b[31m\u0007 line\r\nnext\ttab \u202eturned \u2028 end";
    expect(linesOf(pictureOf([revision("a", [], { message })]))).toEqual([
      "* a (head) red \\u001b[31m\\u0007 line next tab \\u202eturned end",
    ]);
  });

  it("gives lines that find no room the last column, and names where they lead", () => {
    const ids = ["1", "2", "3", "4"];
    const graph = buildGraph([...ids.map((i) => bare(`r${i}`)), ...ids.map((i) => bare(`h${i}`, [`r${i}`]))]);
    const revisions = ["h1", "h2", "h3", "h4", "r1", "r3", "r4", "r2"];
    expect(drawing({ graph, revisions }, { width: 23 })).toBe(`
* h1 (head)
│ * h2 (head)
│ │ * h3 (head) (follo…
│ │ * h4 (head) (follo…
* │ ┆ r1
  │ * r3
  │ │
  │ * r4
  * r2
`);
    expect(laneRows({ graph, revisions }, 3).map(({ column, named }) => [column, ...named])).toEqual([
      [0],
      [1],
      [2, "r3"],
      [2, "r4"],
      [0],
      [2],
      [2],
      [1],
    ]);
  });
});

/** What each line of the drawing says of its cells. */
const ARMS: Readonly<Record<string, readonly ("up" | "down" | "left" | "right")[]>> = {
  "│": ["up", "down"],
  "┆": ["up", "down"],
  "─": ["left", "right"],
  "├": ["up", "down", "right"],
  "┤": ["up", "down", "left"],
  "┼": ["up", "down", "left", "right"],
  "┬": ["down", "left", "right"],
  "┴": ["up", "left", "right"],
  "╰": ["up", "right"],
  "╯": ["up", "left"],
  "╭": ["down", "right"],
  "╮": ["down", "left"],
};

/** Every arm of a cell meets an arm of its neighbour, a node, or the line it passes under. */
function expectNoLooseEnds(lines: readonly string[], width: number): void {
  const cells = lines.map((line) => [...line.slice(0, width).replace(/(?<=\*[ │┆]*) [0-9a-f].*/, "")]);
  const at = (x: number, y: number): string => cells[y]?.[x] ?? " ";
  const has = (x: number, y: number, arm: "up" | "down" | "left" | "right"): boolean =>
    ARMS[at(x, y)]?.includes(arm) === true;
  for (const [y, row] of cells.entries()) {
    for (const [x, cell] of row.entries()) {
      const where = `${cell} in column ${x} of line ${y}:\n${lines.slice(Math.max(0, y - 2), y + 3).join("\n")}`;
      if (cell !== " " && cell !== "*") expect(ARMS, where).toHaveProperty(cell);
      if (has(x, y, "down")) expect(has(x, y + 1, "up") || at(x, y + 1) === "*", where).toBe(true);
      if (has(x, y, "up")) expect(has(x, y - 1, "down") || at(x, y - 1) === "*", where).toBe(true);
      const [left, right] = [x - 1, x + 1].map((beside) =>
        /[│┆]/.test(at(beside, y)) ? 2 * beside - x : beside,
      );
      if (has(x, y, "right")) expect(has(right!, y, "left"), where).toBe(true);
      if (has(x, y, "left")) expect(has(left!, y, "right"), where).toBe(true);
    }
  }
}

/** Follows every line from the child to the parent, row by row. */
function expectConnected(graph: Graph, rows: readonly LaneRow[], limit: number): void {
  const last = limit - 1;
  const drawn = new Set(rows.map((row) => row.revision));
  const underWay = new Map<RevisionId, number>();
  const shared = new Set<RevisionId>();
  const done = new Set<RevisionId>();
  for (const { revision: id, column, passing, links, crowded } of rows) {
    expect(done.has(id)).toBe(false);
    done.add(id);
    if (underWay.has(id)) expect(column).toBe(underWay.get(id));
    else if (column !== last) expect([...underWay.values()]).not.toContain(column);
    underWay.delete(id);
    const above = new Map(underWay);

    const inLast = [...underWay.values()].filter((each) => each === last).length;
    expect(crowded).toBe(inLast > 1 ? last : undefined);
    const moved = links.filter((link) => link.from !== column);
    for (const { from, towards } of moved) expect(underWay.get(towards)).toBe(from);
    const still = [...underWay].filter(([other]) => !moved.some(({ towards }) => towards === other));
    expect(passing).toEqual([...new Set(still.map(([, each]) => each))].sort((a, b) => a - b));

    const parents = nodeOf(graph, id).parents.filter((parent) => drawn.has(parent));
    expect(links.filter((link) => link.from === column).map((link) => link.towards)).toEqual(parents);
    for (const { to, towards } of links) {
      expect(done.has(towards)).toBe(false);
      if (still.some(([other]) => other === towards)) expect(underWay.get(towards)).toBe(to);
      underWay.set(towards, to);
    }
    const taken = [...underWay.values()];
    expect(Math.max(...taken, column)).toBeLessThan(limit);
    for (const each of taken.filter((each) => each !== last)) {
      expect(taken.filter((other) => other === each)).toHaveLength(1);
    }
    const sharing = new Set(
      [...above, ...underWay].filter(([, each]) => each === last).map(([other]) => other),
    );
    if (sharing.size > 1) for (const other of sharing) shared.add(other);
  }
  expect([...underWay]).toEqual([]);
  for (const [index, { revision: id, named }] of rows.entries()) {
    const next = rows[index + 1]?.revision;
    const lost = nodeOf(graph, id).parents.filter(
      (parent) => !drawn.has(parent) || (shared.has(parent) && parent !== next),
    );
    expect(named).toEqual(lost);
  }
}

describe("every graph", () => {
  it.each([2, 3, 6, 20])("is drawn whole and connected in %d columns", (limit) => {
    for (let seed = 0; seed < 40; seed += 1) {
      const by = chance(seed);
      const { graph, revisions: all } = pictureOf(randomRevisions(seed, 1 + Math.floor(by.next() * 80)));
      const share = by.pick([1, 0.8, 0.3]);
      const revisions = all.filter(() => by.often(share));
      try {
        const rows = laneRows({ graph, revisions }, limit);
        expect(rows.map((row) => row.revision)).toEqual(revisions);
        expectConnected(graph, rows, limit);
        const lines = linesOf({ graph, revisions }, { width: limit * 6 });
        expectNoLooseEnds(lines, 2 * limit);
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause });
      }
    }
  });

  it("has each revision on one line, children above parents", () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const { graph, revisions } = pictureOf(randomRevisions(seed, 60));
      const found = linesOf({ graph, revisions }).flatMap(
        (line) => /^[^0-9a-f]*([0-9a-f]{12})/.exec(line)?.[1] ?? [],
      );
      expect(found).toEqual(revisions);
      const place = new Map(found.map((id, index) => [id, index]));
      for (const { revision: r } of graph.nodes.values()) {
        for (const parent of r.parents) expect(place.get(parent)).toBeGreaterThan(place.get(r.revision)!);
      }
    }
  });
});

describe("10,000 revisions with 200 branches", () => {
  it("are drawn in a time that grows with their number, and narrow", async () => {
    const pictures = new Map([2500, 10_000].map((count) => [count, pictureOf(longRevisions(count, 200))]));
    const draw = (count: number): void => {
      expect(linesOf(pictures.get(count)!, { width: 80 }).length).toBeLessThan(1.1 * count);
    };
    expect(await growth(draw, 10_000)).toBeLessThan(LINEAR);
    expect(Math.max(...laneRows(pictures.get(10_000)!, 20).map((row) => row.column))).toBe(19);
  });

  it("may all be parents of one", async () => {
    const draw = (length: number): void => {
      const parents = Array.from({ length }, (_, i) => bare(`p${i}`));
      const merge = bare(
        "m",
        parents.map((r) => r.revision),
      );
      const picture = pictureOf([...parents, merge]);
      expect(linesOf(picture, { width: 80 })[0]).toMatch(/^\* m \(head\) \(follows p12, p13, .*…$/);
    };
    expect(await growth(draw, 4000)).toBeLessThan(LINEAR);
  });
});

const hostile = [
  'say "hi" ]) --> x[(y',
  "`code` a -.-> b; %% c",
  "<img src=x onerror=alert(1)> &lt;b&gt; #quot; #35; &#60;",
  "1. first",
  "- item",
  "style x fill:#f00; :::applied",
  'click r0 "javascript:alert(1)"',
  "back\\slash \\N \\",
  "|pipe| {brace} $$x$$ @{ shape: a }",
  "full-text search, the shop's 1.5 (or 漢字 é 😀)",
];
const hostileGraph = pictureOf(
  hostile.map((message, i) =>
    revision(i === 0 ? "end" : `n.${i}`, i === 0 ? [] : [i === 1 ? "end" : `n.${i - 1}`], {
      message,
      dependsOn: i === 3 ? ["end"] : [],
    }),
  ),
  { applied: new Set(["end"]), current: new Set(["end"]) },
);

describe("Mermaid", () => {
  it("has depends-on dotted, heads round, and what is applied filled", () => {
    const revisions = [
      revision("a", [], { message: "begin" }),
      bare("b", ["a"], { branchLabels: ["x"] }),
      bare("c", ["a"], { dependsOn: ["x"] }),
    ];
    expect(graphMermaid(pictureOf(revisions, { applied: new Set(["a"]), current: new Set(["a"]) }))).toBe(
      [
        "flowchart TD",
        '  r0["a (current)<br/>begin"]:::applied',
        '  r1(["b (x) (effective head)"])',
        '  r2(["c (head)"])',
        "  r0 --> r1",
        "  r0 --> r2",
        "  r1 -.-> r2",
        "  classDef applied fill:#cfe8cf,stroke:#2e7d32,color:#000",
      ].join("\n"),
    );
    const part = graphMermaid({ graph: buildGraph(revisions), revisions: ["c"] });
    expect(part).toBe('flowchart TD\n  r0(["c (head)"])');
  });

  it("takes no text for its own", () => {
    const lines = graphMermaid(hostileGraph)
      .split("\n")
      .slice(1, hostile.length + 1);
    const shown = lines.map((line) => {
      const label = /^ {2}r\d+(?:\["(.*)"\]|\(\["(.*)"\]\))(?::::applied)?$/.exec(line);
      expect(label, line).not.toBeNull();
      const text = (label![1] ?? label![2])!;
      expect(text.replace("<br/>", "").replaceAll(/#\d+;/g, "")).toMatch(/^[\p{L}\p{M}\p{N} ,()'.-]*$/u);
      return text
        .replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
        .replace(/.*?<br\/>/, "");
    });
    expect(shown).toEqual(hostile);
    expect(lines.at(-1)).toContain("full-text search, the shop's 1.5 (or 漢字 é");
    expect(lines[3]).toContain("1#46; first");
    expect(lines[4]).toContain("<br/>#45; item");
  });
});

describe("DOT", () => {
  it("has depends-on dashed, heads with two lines, and what is applied filled", () => {
    const revisions = [
      revision("a", [], { message: "begin" }),
      bare("b", ["a"], { branchLabels: ["x"] }),
      bare("c", ["a"], { dependsOn: ["x"] }),
    ];
    expect(graphDot(pictureOf(revisions, { applied: new Set(["a"]), current: new Set(["a"]) }))).toBe(
      [
        "digraph migrations {",
        "  rankdir=BT;",
        '  node [shape=box, fontname="Helvetica,sans-serif", fontsize=11];',
        '  "a" [label="a (current)\\nbegin", style=filled, fillcolor="#cfe8cf"];',
        '  "b" [label="b (x) (effective head)", peripheries=2];',
        '  "c" [label="c (head)", peripheries=2];',
        '  "a" -> "b";',
        '  "a" -> "c";',
        '  "b" -> "c" [style=dashed];',
        "}",
      ].join("\n"),
    );
  });

  it("takes no text for its own", () => {
    const lines = graphDot(hostileGraph)
      .split("\n")
      .slice(3, hostile.length + 3);
    const shown = lines.map((line) => {
      const label = /^ {2}"[\w.]+" \[label="((?:[^"\\]|\\.)*)"[^"]*(?:"#cfe8cf")?\];$/.exec(line);
      expect(label, line).not.toBeNull();
      const message = label![1]!.replace(/.*?(?<!\\)\\n/, "");
      return message.replaceAll(/\\(.)/g, "$1").replaceAll("&amp;", "&");
    });
    expect(shown).toEqual(hostile);
  });
});
