/**
 * `-- batch: 1000` above a statement → one DO block that repeats it, with a COMMIT after each round, until it
 * changes no row. The block is a statement like any other: sent alone, the same online and in a script. Stopped or
 * killed, it is simply run again, since what it did is committed and what is left is what the statement still finds.
 */
import type { Fault } from "./fault.ts";
import { dollarQuoted, identifier } from "./quote.ts";

/** What the directive says. */
export interface BatchDirective {
  /** Rows a round. */
  readonly size: number;
  /** Seconds between rounds. */
  readonly pause: number;
  /** Walk over the values of this key instead of repeating until nothing is found: `shop.orders.id`. */
  readonly key?: { readonly table: readonly string[]; readonly column: string };
}

const LINE = /^[ \t]*--[ \t]*batch:(.*)$/gm;
const FORM = /^(\d{1,9})(?:[ \t]+by[ \t]+([A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*){1,2}))?(?:,?[ \t]+pause[ \t]+(\d+)(ms|s))?$/;
const PLACEHOLDER = /:batch_(?:size|from|to)\b/g;

/** The text with `:batch_size` and its like turned into something a grammar reads, each offset where it was. */
export function readable(text: string): string {
  return text.includes(":batch_") ? text.replaceAll(PLACEHOLDER, (name) => "1".padEnd(name.length)) : text;
}

/** The directive in the comments above a statement; undefined where there is none; a fault where it cannot be read. */
export function directiveIn(comments: string): BatchDirective | Fault | undefined {
  const written = [...comments.matchAll(LINE)].at(-1)?.[1]?.trim();
  if (written === undefined) return undefined;
  const form = FORM.exec(written);
  const size = Number(form?.[1]);
  if (form === null || size === 0) {
    return {
      code: "source/batch",
      message: `'${written}' is no batch`,
      hint: "write for example '-- batch: 1000', '-- batch: 1000 by shop.orders.id' or '-- batch: 1000, pause 100ms'",
    };
  }
  const names = form[2]?.split(".");
  const pause = form[3] === undefined ? 0 : Number(form[3]) / (form[4] === "ms" ? 1000 : 1);
  return { size, pause, ...(names === undefined ? {} : { key: { table: names.slice(0, -1), column: names.at(-1)! } }) };
}

/** What is wrong with a statement under a directive, or with placeholders without one; undefined where it is well. */
export function batchFault(text: string, tag: string, directive: BatchDirective | undefined): Fault | undefined {
  const used = new Set(text.match(PLACEHOLDER) ?? []);
  const fault = (message: string, hint: string): Fault => ({ code: "source/batch", message, hint });
  if (directive === undefined) {
    if (used.size === 0) return undefined;
    return fault(`${[...used].join(", ")} stands in a statement that is no batch`, "write '-- batch: 1000' on the line above the statement");
  }
  if (!/^(?:INSERT|UPDATE|DELETE|MERGE)\b/.test(tag)) {
    return fault(`${tag} cannot be done in batches`, "only INSERT, UPDATE, DELETE and MERGE change rows");
  }
  const needed = directive.key === undefined ? [":batch_size"] : [":batch_from", ":batch_to"];
  if (needed.every((name) => used.has(name)) && used.size === needed.length) return undefined;
  return directive.key === undefined
    ? fault("a batch must use :batch_size, and nothing else of its kind", "for example: WHERE id IN (SELECT id FROM t WHERE … LIMIT :batch_size)")
    : fault("a batch by a key must use :batch_from and :batch_to, and nothing else of its kind", "for example: WHERE id >= :batch_from AND id < :batch_to");
}

/** The DO block around a statement (without its comments), and where in it the statement stands. */
export function batchBlock(statement: string, { size, pause, key }: BatchDirective): { readonly sql: string; readonly offset: number } {
  const body = statement.replaceAll(PLACEHOLDER, (name) => ` ${name.slice(1)}`);
  const told =
    "    RAISE NOTICE 'retort: % rows so far, % rows/s', total,\n" +
    "      pg_catalog.round(total / GREATEST(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began), 0.001));\n";
  const wait = pause === 0 ? "" : `    PERFORM pg_catalog.pg_sleep(${pause});\n`;
  const head =
    "\n#variable_conflict use_column\nDECLARE\n" +
    `  batch_size CONSTANT bigint := ${size};\n` +
    (key === undefined ? "" : "  batch_from bigint;\n  batch_to bigint;\n  batch_end bigint;\n") +
    "  changed bigint;\n  total bigint := 0;\n  began CONSTANT timestamptz := pg_catalog.clock_timestamp();\nBEGIN\n";
  const walk =
    key === undefined
      ? "  LOOP\n"
      : `  SELECT min(${identifier(key.column)}), max(${identifier(key.column)}) INTO batch_from, batch_end FROM ${key.table.map(identifier).join(".")};\n` +
        "  WHILE batch_from <= batch_end LOOP\n    batch_to := batch_from + batch_size;\n";
  const count =
    key === undefined
      ? "\n    GET DIAGNOSTICS changed = ROW_COUNT;\n    EXIT WHEN changed = 0;\n"
      : "\n    GET DIAGNOSTICS changed = ROW_COUNT;\n    batch_from := batch_to;\n";
  const tail = `${count}    COMMIT;\n    total := total + changed;\n${told}${wait}  END LOOP;\nEND\n`;
  const sql = `DO ${dollarQuoted(head + walk + body + tail)};`;
  return { sql, offset: sql.indexOf(body) };
}
