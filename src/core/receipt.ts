/**
 * The text of a script → the receipt that it states, and the one that it has: the SHA-256 of all its bytes, with zeros for
 * the digits of the receipt itself. The one that it states is a constant: it tells which script was handed out.
 */
import { newSha256, sha256 } from "./sha256.ts";
import { shellWord } from "./shell.ts";

/** What stands for the receipt while it is computed. */
export const NO_RECEIPT = "0".repeat(64);

/** Where a script is no longer as it was handed out: its encoding's mark; only its line ends; its lines are shorter; text before its title, or after its end; its end is missing; else within: one hash of the whole does not tell the place. */
export const changes = [
  "byte order mark",
  "line ends",
  "broken lines",
  "before",
  "after",
  "cut off",
  "within",
] as const;
export type Change = (typeof changes)[number];

export interface Receipts {
  readonly stated: string;
  readonly actual: string;
  /** What was changed, as far as the receipts tell; empty where nothing was. */
  readonly changes: readonly Change[];
}

/** A script without the byte order mark that an editor, or Windows' own copy, has put before it. */
export const unmarked = (script: string): string => script.replace(/^\uFEFF/, "");

/** Undefined where the text states none, so is no script. */
export function receiptsOf(text: string): Receipts | undefined {
  const script = unmarked(text);
  const found = receiptsOfUnmarked(script);
  if (found === undefined || script === text) return found;
  return { ...found, actual: receiptOf(text, found.stated), changes: ["byte order mark", ...found.changes] };
}

function receiptsOfUnmarked(script: string): Receipts | undefined {
  const found = /^(?:.*\r?\n)?-- Receipt:\s+sha256:\s*((?:[0-9a-f]\s*){63}[0-9a-f])\r?$/m.exec(script);
  if (found === null) return undefined;
  const stated = found[1]!.replaceAll(/\s/g, "");
  // Where zeros stand instead of it, what is hashed would be the same.
  if (TAKEN_OUT.test(script)) return { stated, actual: sha256(script), changes: ["within"] };
  const actual = receiptOf(script, stated);
  // Its line is longer than those of a mail.
  if (!found[0].includes(`-- Receipt: sha256:${stated}`))
    return { stated, actual, changes: ["broken lines"] };
  return {
    stated,
    actual,
    changes: actual === stated ? [] : changesOf(script, stated, found.index),
  };
}

const TAKEN_OUT = /\bbegin_script\(\s*'0{64}'|'sha256:0{64}' AS receipt/;

const receiptOf = (script: string, stated: string): string => sha256(script.replaceAll(stated, NO_RECEIPT));

/** `title`: where that line begins. */
function changesOf(script: string, stated: string, title: number): readonly Change[] {
  if ([/\r\n/g, /\r\n?/g].some((end) => receiptOf(script.replaceAll(end, "\n"), stated) === stated))
    return ["line ends"];
  const own = script.slice(title);
  const end = endOf(own, stated);
  if (end !== undefined)
    return [...(title > 0 ? ["before" as const] : []), ...(end < own.length ? ["after" as const] : [])];
  // Where another line is above the receipt, one was put into the title.
  const isBefore = title > 0 && own.startsWith("-- Retort migration script");
  return [...(isBefore ? ["before" as const] : []), isCutOff(own) ? "cut off" : "within"];
}

/** A script for psql begins with an `\if` and ends with its `\endif`, whatever else was changed; others are in between. */
function isCutOff(script: string): boolean {
  if (!/^-- Receipt: .*\n\\if true$/m.test(script)) return false;
  const commands = script.match(/^\\.*$/gm)?.join("\n") ?? "";
  const count = (command: RegExp): number => commands.match(command)?.length ?? 0;
  return count(/\\if\b/g) > count(/\\endif\b/g);
}

/** What a script does that is of no revision. */
export const ENSURES_LEDGER = "creates the ledger, or upgrades it to this format; safe to run twice";

/** The command that writes it, as its title and its guard say; undefined where they say none that can be typed. */
export function commandOf(script: string): string | undefined {
  const lines = script.replaceAll(/\r\n?/g, "\n");
  const title = /^-- Retort migration script.*\n(?:(?:--.*|\\if true)\n)*/m.exec(lines)?.[0] ?? "";
  const [, file, what = ""] = /^-- Retort migration script(, file \d+ of \d+)?: (.*)/.exec(title) ?? [];
  if (what === ENSURES_LEDGER) return "migrate ensure-version --sql";
  const range = /^(upgrade|downgrade|stamp) (\S.*) -> (\S.*)$/.exec(what);
  if (range === null) return undefined;
  const [kind, from, to] = range.slice(1).map((part) => part.replaceAll("<base>", "base")) as [
    string,
    string,
    string,
  ];
  const end = guardedEnd(lines, kind) ?? reachedEnd(kind, from, to);
  const ids = /^[A-Za-z0-9_.]+(?:, [A-Za-z0-9_.]+)*$/;
  if (!ids.test(from) || end === undefined || !/^\w[\w.@+-]*(?: \w[\w.]*)*$/.test(end)) return undefined;
  const given = /^-- With:(.*(?:\n-- {7}.*)*)$/m.exec(title)?.[1]?.replaceAll(/\n-- +/g, " ") ?? "";
  // A file may come from anybody: nothing is shown that a shell would read as more than words.
  if (!/^(?: --?[a-z-]+(?: \w[\w.:,=…-]*)?)*$/.test(given)) return undefined;
  const source = /^-- From: (.*)$/m.exec(title)?.[1];
  return [
    `migrate ${kind} ${from.replaceAll(", ", ",")}:${end} --sql${given}`,
    ...(source === undefined ? [] : [`--source ${shellWord(source)}`]),
    ...(file === undefined ? [] : ["--split DIR"]),
  ].join(" ");
}

/** The end of its range as its guard proposes it for another start: what was asked for, and so a part of the receipt. */
const guardedEnd = (script: string, kind: string): string | undefined =>
  new RegExp(`'migrate ${kind} %s:([^']+?) --sql`).exec(script)?.[1];

/**
 * The end as the title says it, which is where the script leads. No range has several ends; and a downgrade to one of several
 * heads takes away what is above that one, and not the others.
 */
function reachedEnd(kind: string, from: string, to: string): string | undefined {
  if (kind === "stamp") return to.replaceAll(",", "");
  const isOne = !to.includes(",") && (kind === "upgrade" || to === "base" || !from.includes(","));
  return isOne ? to : undefined;
}

/** The end of the first lines that have that receipt. */
function endOf(script: string, stated: string): number | undefined {
  const text = script.replaceAll(stated, NO_RECEIPT);
  const sum = newSha256();
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start) + 1 || text.length;
    sum.update(text.slice(start, end), "utf8");
    if (sum.copy().digest("hex") === stated) return end;
    start = end;
  }
  return undefined;
}
