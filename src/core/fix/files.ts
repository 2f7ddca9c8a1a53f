/** A migration and what it becomes → the texts of its files and of the new ones behind it. */

import { parseHeader } from "../header.ts";
import type { Header } from "../header-keys.ts";
import type { MigrationFile, RevisionId } from "../migration.ts";
import { commentText } from "../quote.ts";

/** A file by its path, relative to the working directory. */
export interface FileChange {
  readonly path: string;
  /** Its text as it was read, without a byte order mark; undefined: it is new. */
  readonly before?: string;
  readonly after: string;
}

/** The bodies of one migration's files. */
export interface Bodies {
  readonly up: string;
  readonly upOutside: boolean;
  /** Undefined: the migration is irreversible. */
  readonly down?: string;
  readonly downOutside: boolean;
}

/** The text of a file that is there already, with another body. */
export function rewritten(
  { source, bodyStart, header }: MigrationFile,
  body: string,
  outside: boolean,
): string {
  const lines = source.text.slice(0, bodyStart);
  const isOutside = header.transaction === "none";
  if (outside === isOutside && body === source.text.slice(bodyStart)) return source.text;
  const kept = lines.replace(/^--[ \t]*transaction[ \t]*:.*(?:\r\n|\r|\n|$)/m, "");
  const head = outside === isOutside ? lines : outside ? `${kept}-- transaction: none\n` : kept;
  return withLineEnds(source.text, `${head}${body.trimEnd()}\n`);
}

/** The header of the migration that a new one comes from, and the new one's own. */
export interface Origin {
  readonly revision: RevisionId;
  readonly parent: RevisionId;
  readonly message: string;
  readonly up: MigrationFile;
  readonly down: MigrationFile | undefined;
}

/** The texts of a new pair, the up file first. */
export function newTexts(
  { revision, parent, message, up, down }: Origin,
  bodies: Bodies,
): { readonly up: string; readonly down?: string } {
  const { created, irreversible } = up.header;
  const id = `-- revision: ${revision}`;
  const upLines = [
    id,
    `-- parent: ${parent}`,
    `-- message: ${commentText(message)}`,
    ...(created === undefined ? [] : [`-- created: ${created}`]),
    ...(irreversible === undefined ? [] : [`-- irreversible: ${irreversible}`]),
    ...runLines(up.header, bodies.upOutside),
  ];
  const upText = withLineEnds(up.source.text, textOf(upLines, bodies.up));
  if (bodies.down === undefined || down === undefined) return { up: upText };
  const { accepts } = down.header;
  const downLines = [
    id,
    ...(accepts === undefined ? [] : [`-- accepts: ${accepts}`]),
    ...runLines(down.header, bodies.downOutside),
  ];
  return { up: upText, down: withLineEnds(down.source.text, textOf(downLines, bodies.down)) };
}

/** How it runs. */
const runLines = ({ lockTimeout, statementTimeout }: Header, outside: boolean): readonly string[] => [
  ...(lockTimeout === undefined ? [] : [`-- lock-timeout: ${lockTimeout}`]),
  ...(statementTimeout === undefined ? [] : [`-- statement-timeout: ${statementTimeout}`]),
  ...(outside ? ["-- transaction: none"] : []),
];

const textOf = (header: readonly string[], body: string): string =>
  `${header.join("\n")}\n\n${body.replace(/^[ \t\r\n]*\n/, "").trimEnd()}\n`;

/** The text of an up file, whose `parent` and `depends-on` name the last of what a migration has become. */
export function following(text: string, last: ReadonlyMap<RevisionId, RevisionId>): string {
  const { bodyStart } = parseHeader({ path: "", text }, "up");
  const head = text
    .slice(0, bodyStart)
    .replace(
      /^(--[ \t]*(?:parent|depends-on)[ \t]*:)(.*)$/gm,
      (_, key: string, ids: string) =>
        `${key}${ids.replaceAll(/[A-Za-z0-9_.]+/g, (id) => last.get(id) ?? id)}`,
    );
  return head + text.slice(bodyStart);
}

/** With the line ends of a text. */
const withLineEnds = (like: string, text: string): string =>
  like.includes("\r\n") ? text.replaceAll(/\r?\n/g, "\r\n") : text;
