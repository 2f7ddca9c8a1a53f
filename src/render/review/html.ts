/** A review → one HTML page without external files or network; its one script sorts its table. */

import { lockModes } from "../../core/effects/mode.ts";
import type { EffectSummary } from "../../core/effects/summary.ts";
import type { ReviewedMigration, ReviewedStatement } from "../../core/review.ts";
import type { Finding } from "../../core/rules/lint.ts";
import { counted } from "../counted.ts";
import { highlighted, html, htmlPage, inline } from "../html.ts";
import { adviceOf } from "../lint/text.ts";
import {
  asIs,
  backLines,
  type Carry,
  CHANGED,
  CHECKS,
  catalogChange,
  changedTold,
  checksSql,
  commands,
  effectRows,
  lostParts,
  notes,
  type ReviewDocument,
  rollback,
  summaryOfReview,
  type Told,
} from "./document.ts";

/** The whole page. `graph`: the drawing of the migrations as text. Same review, same bytes. */
export function reviewHtml(review: ReviewDocument, graph: string, carry: Carry = asIs): string {
  const { migrations } = review;
  return htmlPage({
    title: "Review of migrations",
    style: STYLE,
    script: SORTING,
    body: `<a class="skip" href="#first">To the first migration</a>
<header><h1>Review of migrations</h1><p>${html(summaryOfReview(review))}</p></header>
<main>${toldSection(CHANGED, changedTold(review))}
<section><h2>Effects of each migration</h2>${tableOf(review)}</section>
<section><h2>The graph, newest first</h2><pre class="graph" tabindex="0">${html(graph)}</pre></section>
${toldSection(
  "Change of the catalog",
  [catalogChange(review, carry)].filter((each) => each !== undefined),
)}
${migrations.map(migrationSection).join("\n")}
${toldSection("Rollback", rollback(review, carry))}
<section><h2>Check afterwards</h2><ul>${commands(carry)
      .map(([what, command]) => `<li>${html(what)} <code>${html(command)}</code></li>`)
      .join("")}</ul>
<p>${CHECKS}</p>${sqlBlock(checksSql(review))}</section>
</main>`,
  });
}

const anchor = (index: number): string => (index === 0 ? "first" : `m${index + 1}`);

const toldSection = (head: string, all: readonly Told[]): string =>
  all.length === 0
    ? ""
    : `<section><h2>${head}</h2>${all
        .map(
          ({ sentence, lines }) =>
            `<p>${inline(sentence)}</p>${lines.length === 0 ? "" : `<pre tabindex="0">${html(lines.join("\n"))}</pre>`}`,
        )
        .join("")}</section>`;

/** What is wider than the page is scrolled, with the keyboard too. */
const sqlBlock = (sql: string): string => `<pre class="sql" tabindex="0">${highlighted(sql)}</pre>`;

/** Sorted by the strongest lock, or by any other column. */
function tableOf(review: ReviewDocument): string {
  const heads = ["#", "migration", "strongest lock", "blocks", "work", "findings"];
  const { migrations } = review;
  const all = effectRows(review);
  const rows = migrations.map((migration, index) => {
    const { message, revision, effect } = migration;
    const effects = all.filter((each) => each.migration === migration);
    const strongest = strengthOf(effect);
    const findings = [migration, ...migration.statements].flatMap((each) => each.findings);
    const errors = findings.filter(({ severity }) => severity === "error").length;
    const cells: readonly (readonly [text: string, order: string | number])[] = [
      [String(index + 1), index],
      [`<a href="#${anchor(index)}">${html(message === "" ? revision : message)}</a>`, message],
      [html(lockModes[strongest] ?? ""), strongest],
      [
        effects
          .filter(({ waiting }) => waiting !== "")
          .map(({ relation, waiting, size }) => `${waiting} of ${inline(relation)}${quiet(size)}`)
          .join("<br>"),
        effect?.waits === true ? 2 : effects.some(({ waiting }) => waiting !== "") ? 1 : 0,
      ],
      [
        effects
          .filter(({ work }) => work !== "")
          .map(
            ({ relation, work, waiting, size }) =>
              `${inline(relation)}: ${work}${quiet(waiting === "" ? size : "")}`,
          )
          .join("<br>"),
        effects.filter(({ work }) => work !== "").length,
      ],
      [badges(findings), 1000 * errors + findings.length],
    ];
    return `<tr${effect?.waits === true ? ' class="waits"' : ""}>${cells.map(([text, order], i) => `<td data-label="${heads[i]}" data-order="${html(String(order))}">${text}</td>`).join("")}</tr>`;
  });
  const head = heads
    .map((name) => `<th scope="col" aria-sort="none"><button type="button">${name}</button></th>`)
    .join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

const quiet = (text: string): string => (text === "" ? "" : ` <span class="size">(${text})</span>`);

const strengthOf = (effect: EffectSummary | undefined): number =>
  Math.max(-1, ...(effect?.locks ?? []).map(({ mode }) => lockModes.indexOf(mode)));

const badges = (findings: readonly Finding[]): string =>
  (["error", "warning"] as const)
    .map((severity) => [severity, findings.filter((each) => each.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `<span class="${severity}">${counted(count, severity)}</span>`)
    .join(" ");

function migrationSection(migration: ReviewedMigration, index: number): string {
  const { revision, message, path, transactional, statements, findings } = migration;
  const lost = lostParts(migration).map(([title, lines]) => `<h3>${title}</h3>${list(lines)}`);
  return `<section id="${anchor(index)}">
<h2>${index + 1}. ${html(message === "" ? revision : message)}</h2>
<p class="about"><code>${html(revision)}</code> · ${html(path)} · ${transactional ? "one transaction" : "not in a transaction"}</p>
${findings.map(findingBlock).join("")}
${statements.map(statementBlock).join("\n")}
<div class="back"><h3>Downgrade</h3>${list(backLines(migration))}${lost.join("")}</div>
</section>`;
}

function statementBlock(statement: ReviewedStatement): string {
  const { sql, line, tag, findings } = statement;
  const open = sql.length <= LONG ? " open" : "";
  return `<details${open}><summary><span class="tag">${html(tag)}</span> line ${line} ${badges(findings)}</summary>
${sqlBlock(sql)}
${list(notes(statement))}${findings.map(findingBlock).join("")}</details>`;
}

/** UTF-16 units; what is longer is folded. */
const LONG = 2000;

function findingBlock(finding: Finding): string {
  const { advice, sql } = adviceOf(finding);
  return `<div class="finding ${finding.severity}"><p><strong>${finding.severity}</strong> <code>${html(finding.rule)}</code> ${inline(finding.message)}</p>${advice === "" ? "" : `<p>Instead: ${html(advice)}</p>`}${sql === "" ? "" : sqlBlock(sql)}</div>`;
}

const list = (lines: readonly string[]): string =>
  lines.length === 0 ? "" : `<ul>${lines.map((line) => `<li>${inline(line)}</li>`).join("")}</ul>`;

const SORTING = `
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const th = button.parentElement, column = [...th.parentElement.children].indexOf(th);
  const down = th.getAttribute("aria-sort") === "ascending";
  for (const each of th.parentElement.children) each.setAttribute("aria-sort", "none");
  th.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = th.closest("table").tBodies[0];
  const order = (row) => row.cells[column].dataset.order;
  body.append(...[...body.rows].sort((a, b) =>
    (down ? -1 : 1) * order(a).localeCompare(order(b), "en", { numeric: true })));
});
addEventListener("beforeprint", () => { for (const each of document.querySelectorAll("details")) each.open = true; });
`;

const STYLE = `
body { margin: 0 auto; max-width: 66rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: .75rem 0 .25rem; }
header p, .about, .size { color: var(--quiet); margin: .25rem 0 .75rem; overflow-wrap: anywhere; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--page); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); } td { overflow-wrap: anywhere; }
th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: left; }
th[aria-sort=ascending] button::after { content: " \\2191"; } th[aria-sort=descending] button::after { content: " \\2193"; }
tr.waits td:first-child { border-left: 4px solid var(--error); }
details { border: 1px solid var(--line); border-radius: 4px; padding: .4rem .75rem; margin: .6rem 0; }
summary { cursor: pointer; color: var(--quiet); } .tag { font-weight: 600; color: var(--text); }
ul { margin: .25rem 0; padding-left: 1.25rem; } li { overflow-wrap: anywhere; }
.finding { border-left: 4px solid var(--warning); padding: .1rem .75rem; margin: .6rem 0; } .finding.error { border-color: var(--error); }
.finding p { margin: .25rem 0; } .error strong, span.error { color: var(--error); } .warning strong, span.warning { color: var(--warning); }
span.error, span.warning { font-weight: 600; white-space: nowrap; }
@media (max-width: 40rem) {
  table, tbody, tr, td { display: block; width: 100%; }
  thead { display: block; } thead tr { display: flex; flex-wrap: wrap; border: 0; } thead tr::before { content: "sort by"; color: var(--quiet); padding: .35rem .6rem; } th { border: 0; }
  tbody tr { border: 1px solid var(--line); border-radius: 4px; margin: .6rem 0; padding: .3rem 0; } td { border: 0; padding: .15rem .75rem; }
  td::before { content: attr(data-label) ": "; color: var(--quiet); } tr.waits td:first-child { border: 0; } tr.waits { border-left: 4px solid var(--error); } td:empty { display: none; }
}
@media print { body { max-width: none; padding: 0; font-size: 10pt; } .skip { display: none; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  tr, .finding, pre { break-inside: avoid; } h2 { break-after: avoid; } a { color: inherit; text-decoration: none; } }
`;
