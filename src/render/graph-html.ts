/**
 * Revisions with their files → one HTML page without external files or network: the drawing, newest first, and the SQL of
 * the revision that is chosen.
 *
 * Every row is a link to its revision's section, and the style shows the section that the address names. So the page works
 * without its script, which adds the arrow keys.
 */
import { type Graph, nodeOf } from "../core/graph.ts";
import type { Migration, MigrationFile, RevisionId } from "../core/migration.ts";
import { counted } from "./counted.ts";
import { type LaneRow, laneRows, type Picture, titleOf } from "./graph-text.ts";
import { highlighted, html, htmlPage, inline } from "./html.ts";

/** A picture whose revisions have files. */
export interface PictureWithFiles extends Picture {
  readonly graph: Graph<Migration>;
}

/** The whole page. Same revisions, same bytes. */
export function graphHtml(picture: PictureWithFiles): string {
  const { revisions, applied } = picture;
  const rows = laneRows(picture, MOST_COLUMNS);
  const files = filesOf(picture);
  const done = revisions.filter((id) => applied?.has(id)).length;
  const state =
    applied === undefined
      ? ""
      : ` · <span class="done">${done} applied</span> · <span class="open">${revisions.length - done} pending</span>`;
  return htmlPage({
    title: "Migrations",
    style: STYLE,
    script: KEYS,
    body: `<main>
<header><h1>Migrations</h1><p>${counted(revisions.length, "revision")}, newest first${state}</p></header>
<nav aria-label="Revisions">
${Array.from({ length: Math.ceil(rows.length / BLOCK) }, (_, i) => blockOf(picture, rows, i * BLOCK)).join("\n")}
</nav>
</main>
<aside aria-label="The revision that is chosen">
<p class="hint">Choose a revision to see its SQL. The keys ↑ and ↓ go from one to the next, Enter opens it, Esc closes it.</p>
${revisions.map((id) => sectionOf(picture, id, files)).join("\n")}
</aside>`,
  });
}

/** As many columns as the drawing may have. */
const MOST_COLUMNS = 20;

/** Pixels: the height of a row, the distance of columns, and the radius of a node. */
const HEIGHT = 44;
const LANE = 16;
const RADIUS = 5;

/** Rows that a browser lays out together, when it comes to them. */
const BLOCK = 100;

/** The rows from `start` on, with one drawing beside them: of a path for each colour, as a browser has to keep them all. */
function blockOf(picture: Picture, rows: readonly LaneRow[], start: number): string {
  const block = rows.slice(start, start + BLOCK);
  const paths = new Map<string, string>();
  const nodes = block.map((row, index) => {
    for (const { style, path } of linesOf(row, below(rows[start + index - 1]), index * HEIGHT)) {
      paths.set(style, (paths.get(style) ?? "") + path);
    }
    const state = stateOf(picture, row.revision);
    const middle = (index + 0.5) * HEIGHT;
    return `<circle class="l${row.column % COLOURS}${state === "" ? "" : ` ${state}`}" cx="${x(row.column)}" cy="${middle}" r="${RADIUS}"/>`;
  });
  const drawn = [...paths].map(([style, path]) => `<path class="${style}" d="${path}"/>`).join("");
  return `<ol style="--rows:${block.length};--columns:${Math.max(...block.map(widthOf))}"><svg height="${block.length * HEIGHT}" aria-hidden="true">${drawn}${nodes.join("")}</svg>
${block.map((row) => rowOf(picture, row)).join("\n")}</ol>`;
}

const anchor = (id: RevisionId): string => `r-${html(id)}`;

function rowOf(picture: Picture, row: LaneRow): string {
  const { revision, named } = row;
  const { message, dependsOn } = nodeOf(picture.graph, revision).revision;
  const state = stateOf(picture, revision);
  const more = [
    titleOf(picture, revision),
    ...(state === "" ? [] : [state]),
    ...(dependsOn.length === 0 ? [] : [`needs ${dependsOn.join(", ")}`]),
    ...(named.length === 0 ? [] : [`follows ${named.join(", ")}`]),
  ];
  return `<li><a href="#${anchor(revision)}"${state === "" ? "" : ` class="${state}"`} style="--columns:${widthOf(row)}"><span><b>${inline(message === "" ? revision : message)}</b><small>${more.map(inline).join(" · ")}</small></span></a></li>`;
}

/** How many columns a row takes. */
const widthOf = ({ column, passing, links }: LaneRow): number =>
  1 + Math.max(column, ...passing, ...links.flatMap(({ from, to }) => [from, to]));

function stateOf({ applied }: Picture, id: RevisionId): "" | "applied" | "pending" {
  return applied === undefined ? "" : applied.has(id) ? "applied" : "pending";
}

/** The columns in which lines leave a row downwards. */
const below = (row: LaneRow | undefined): ReadonlySet<number> =>
  new Set(row === undefined ? [] : [...row.passing, ...row.links.map(({ to }) => to)]);

/** A line of a drawing: its class, and where it goes. */
interface Drawn {
  readonly style: string;
  readonly path: string;
}

/** The lines of one row, whose top is at `top`; `entering`: the columns in which lines come from the row above. */
function linesOf(row: LaneRow, entering: ReadonlySet<number>, top: number): readonly Drawn[] {
  const { column, passing, links, crowded } = row;
  const [middle, turn, bottom] = [top + HEIGHT / 2, top + (3 * HEIGHT) / 4, top + HEIGHT];
  const styleOf = (lane: number): string => `l${lane % COLOURS}${lane === crowded ? " crowded" : ""}`;
  return [
    ...passing.map((lane) => ({ style: styleOf(lane), path: `M${x(lane)} ${top}V${bottom}` })),
    ...(entering.has(column) ? [{ style: styleOf(column), path: `M${x(column)} ${top}V${middle}` }] : []),
    ...links.map(({ from, to }) => {
      const start =
        from === column || passing.includes(from) ? `${x(from)} ${middle}` : `${x(from)} ${top}V${middle}`;
      const end = from === to ? `V${bottom}` : `C${x(from)} ${turn} ${x(to)} ${turn} ${x(to)} ${bottom}`;
      return { style: styleOf(Math.max(from, to)), path: `M${start}${end}` };
    }),
  ];
}

const x = (lane: number): number => (lane + 0.5) * LANE;

const COLOURS = 6;

function sectionOf(picture: PictureWithFiles, id: RevisionId, files: Files): string {
  const { revision, children, parents, dependencies, dependents } = nodeOf(picture.graph, id);
  const { message, path, up, down, created } = revision;
  const links = (what: string, ids: readonly RevisionId[]): string =>
    ids.length === 0
      ? ""
      : `<dt>${what}</dt><dd>${ids.map((each) => (files.drawn.has(each) ? `<a href="#${anchor(each)}">${html(each)}</a>` : html(each))).join(", ")}</dd>`;
  const state = stateOf(picture, id);
  const about = [titleOf(picture, id), path, ...(created === undefined ? [] : [created]), state];
  return `<section id="${anchor(id)}" tabindex="-1"><a class="close" href="#none" aria-label="Close">×</a>
<h2>${inline(message === "" ? id : message)}</h2>
<p class="about">${about
    .filter((each) => each !== "")
    .map(inline)
    .join(" · ")}</p>
<dl>${links("follows", parents)}${links("needs", dependencies)}${links("followed by", children)}${links("needed by", dependents)}</dl>
<details open><summary>Upgrade</summary>${sqlOf(up, files)}</details>
${down === undefined ? `<p>Cannot be undone: ${inline(up.header.irreversible ?? "")}</p>` : `<details><summary>Downgrade</summary>${sqlOf(down, files)}</details>`}
</section>`;
}

interface Files {
  readonly drawn: ReadonlySet<RevisionId>;
  /** Those whose SQL is not highlighted. */
  readonly plain: ReadonlySet<MigrationFile>;
}

/** UTF-16 units: of one file so much is shown, and of all files so much is highlighted, the newest first. */
const LONGEST = 100_000;
const HIGHLIGHTED = 500_000;

/** A browser takes long over millions of coloured words. */
function filesOf({ revisions, graph }: PictureWithFiles): Files {
  const plain = new Set<MigrationFile>();
  let length = 0;
  for (const id of revisions) {
    const { up, down } = nodeOf(graph, id).revision;
    for (const file of down === undefined ? [up] : [up, down]) {
      length += Math.min(file.source.text.length - file.bodyStart, LONGEST);
      if (length > HIGHLIGHTED) plain.add(file);
    }
  }
  return { drawn: new Set(revisions), plain };
}

function sqlOf(file: MigrationFile, { plain }: Files): string {
  const body = file.source.text.slice(file.bodyStart).replace(/^\s*\n/, "");
  const text = body.slice(0, LONGEST).trimEnd();
  if (text === "") return "<p>No SQL.</p>";
  const rest = body.length > LONGEST ? `<p>The rest is in ${inline(file.source.path)}.</p>` : "";
  return `<pre>${plain.has(file) ? html(text) : highlighted(text)}</pre>${rest}`;
}

const KEYS = `
const rows = [...document.querySelectorAll("nav a")];
const current = () => rows.find((row) => row.hash !== "" && row.hash === location.hash);
const mark = () => {
  document.querySelector("nav a[aria-current]")?.removeAttribute("aria-current");
  current()?.setAttribute("aria-current", "true");
};
addEventListener("hashchange", mark);
mark();
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const focused = rows.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step !== undefined && (focused >= 0 || document.activeElement === document.body)) {
    const from = focused >= 0 ? focused : rows.indexOf(current());
    rows[Math.max(0, Math.min(rows.length - 1, from + step))]?.focus();
    event.preventDefault();
  }
  if (event.key === "Escape" && current() !== undefined) {
    const row = current();
    location.hash = "none";
    row.focus();
  }
});
`;

const STYLE = `
:root { --l0: #0b62c4; --l1: #b3471e; --l2: #1a7a3c; --l3: #8a3ab9; --l4: #8a6500; --l5: #0d7d83; }
@media (prefers-color-scheme: dark) { :root { --l0: #7ab3ff; --l1: #ff9d73; --l2: #7bd394; --l3: #d3a1f7; --l4: #e5c04f; --l5: #63cfd6; } }
body { margin: 0; font: 1rem/1.4 system-ui, sans-serif; color: var(--text); background: var(--page); }
main { width: 50%; padding: 1rem 0 1rem 1rem; } h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.2rem; margin: 0 2rem .25rem 0; overflow-wrap: anywhere; }
header p, .about, .hint { color: var(--quiet); margin: .25rem 0 .75rem; overflow-wrap: anywhere; }
nav { overflow-x: auto; }
ol { position: relative; list-style: none; margin: 0; padding: 0; min-width: calc(var(--columns) * ${LANE}px + 12rem); content-visibility: auto; contain-intrinsic-height: calc(var(--rows) * ${HEIGHT}px); }
li a { display: flex; height: ${HEIGHT}px; padding: 0 .5rem 0 calc(var(--columns) * ${LANE}px + .5rem); color: inherit; text-decoration: none; border-radius: 4px; }
li a:hover, li a[aria-current] { background: var(--soft); } li a:focus-visible { outline-offset: -2px; }
ol svg { position: absolute; top: 0; left: 0; width: ${MOST_COLUMNS * LANE}px; pointer-events: none; } li span { min-width: 0; align-self: center; }
li b, li small { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
li b { font-weight: 500; line-height: 1.25; } li small { color: var(--quiet); font-size: .8rem; line-height: 1.25; }
path { fill: none; stroke-width: 2; } .crowded { stroke-dasharray: 3 3; }
circle { stroke-width: 2; } .pending b { font-weight: 400; }
${Array.from({ length: COLOURS }, (_, i) => `path.l${i}, circle.l${i} { stroke: var(--l${i}); } circle.l${i} { fill: var(--l${i}); }`).join("\n")}
circle.pending { fill: var(--page); }
.done::before, .open::before { content: ""; display: inline-block; width: .6rem; height: .6rem; border: 2px solid currentColor; border-radius: 50%; margin-right: .3rem; }
.done::before { background: currentColor; }
aside { position: fixed; top: 0; right: 0; bottom: 0; width: 50%; border-left: 1px solid var(--line); }
.hint { margin: 2rem; } section { display: none; position: absolute; inset: 0; overflow: auto; padding: 1rem 1.25rem; background: var(--page); }
section:target { display: block; } section:focus { outline: none; }
.close { position: absolute; top: .4rem; right: .75rem; padding: .25rem .6rem; font-size: 1.4rem; line-height: 1; text-decoration: none; color: var(--quiet); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .75rem; margin: .5rem 0; font-size: .9rem; } dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin: .6rem 0; } summary { cursor: pointer; font-weight: 600; }
@media (max-width: 50rem) {
  main { width: auto; padding: .75rem .75rem 65vh; } aside { display: contents; } .hint { display: none; }
  section { position: fixed; inset: auto 0 0; max-height: 60vh; border-top: 2px solid var(--line); box-shadow: 0 -4px 16px #0003; }
}
@media print {
  main { width: auto; padding: 0; } aside { position: static; width: auto; border: 0; } .hint, .close { display: none; }
  section { position: static; max-height: none; padding: 1rem 0; } ol { content-visibility: visible; } li { break-inside: avoid; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; } * { print-color-adjust: exact; }
}`;
