/**
 * A template and the header of a new file → the file's text.
 *
 * A template is the SQL of a migration. It may begin with `-- template: <what it is for>`, which is not copied, and
 * then with header lines that are the same in every such migration (`-- lock-timeout: 2s`).
 */
import { type Diagnostic, MigrateError } from "./errors.ts";
import { excerptAt } from "./fault.ts";
import { nearest } from "./nearest.ts";
import { lineOf, locate, type Source } from "./source.ts";

/** What stands for something in a comment of a template: `{{message}}`. */
export interface TemplateValues {
  readonly message: string;
  readonly revision: string;
  /** `2026-03-02` */
  readonly date: string;
}

const DESCRIPTION = /^--[ \t]*template:[ \t]*([^\r\n]*)(?:\r\n|\r|\n|$)/;
const HEADER_LINES =
  /^(?:--[ \t]*(?:transaction|irreversible|lock-timeout|statement-timeout)[ \t]*:[^\r\n]*(?:\r\n|\r|\n|$))*/;
/** A line of a header that each new file is given, in the comments that a template begins with. */
const OWN_LINE =
  /^(?:[ \t]*(?:--[^\r\n]*)?(?:\r\n|\r|\n))*?--[ \t]*(?<key>revision|parent|depends-on|branch-labels|replaces|message|created)[ \t]*:[^\r\n]*/d;
const PLACEHOLDERS = ["message", "revision", "date"] as const;
const PLACEHOLDER = new RegExp(`\\{\\{(${PLACEHOLDERS.join("|")})\\}\\}`, "g");

/** What a template is for: its `template:` line, else its first comment. */
export function templateDescription(text: string): string {
  return (DESCRIPTION.exec(text)?.[1] ?? /^[ \t]*--[ \t]*(.+)$/m.exec(text)?.[1] ?? "").trim();
}

/** The text of a file: its own header lines, those of the template, an empty line, the body. Throws `source/template`. */
export function fillTemplate(header: readonly string[], template: Source, values: TemplateValues): string {
  const faults = [
    ...ownLines(template),
    ...unknownPlaceholders(template),
    ...misplacedPlaceholders(template),
  ];
  if (faults.length > 0) throw MigrateError.all(faults);
  const text = template.text
    .replace(DESCRIPTION, "")
    .replaceAll(PLACEHOLDER, (_, name: keyof TemplateValues) => values[name]);
  const more = HEADER_LINES.exec(text)![0];
  const body = text.slice(more.length).replace(/^(?:[ \t]*(?:\r\n|\r|\n))+/, "");
  return `${header.map((line) => `${line}\n`).join("")}${more}\n${body}`;
}

/** Whoever makes a template of a migration leaves them in: the first is enough, since they stand together. */
function ownLines(template: Source): readonly Diagnostic[] {
  const found = OWN_LINE.exec(template.text);
  if (found === null) return [];
  const { key } = found.groups!;
  const [start] = found.indices!.groups!["key"]!;
  return [
    {
      code: "source/template",
      message: `'${key}' does not belong in a template: each new file has its own`,
      hint: "delete the line, and the others of that header, which is written above the template",
      location: locate(template, start),
      excerpt: excerptAt(template, start, key!.length),
    },
  ];
}

/** In a comment only: SQL may hold double braces of its own, as in the literal of an array of arrays. */
function unknownPlaceholders(template: Source): readonly Diagnostic[] {
  return [...template.text.matchAll(/^[ \t]*--[^\r\n]*/gm)].flatMap(({ 0: comment, index: start }) =>
    [...comment.matchAll(/\{\{[ \t]*([\w-]+)[ \t]*\}\}/g)].flatMap(
      ({ 0: written, 1: name, index }): Diagnostic[] => {
        if (PLACEHOLDERS.some((known) => written === `{{${known}}}`)) return [];
        const meant = nearest(name!, PLACEHOLDERS);
        return [
          {
            code: "source/template",
            message: `unknown placeholder ${written}`,
            hint:
              meant === undefined
                ? `the placeholders are ${PLACEHOLDERS.map((known) => `{{${known}}}`).join(", ")}`
                : `did you mean {{${meant}}}?`,
            location: locate(template, start + index),
            excerpt: excerptAt(template, start + index, written.length),
          },
        ];
      },
    ),
  );
}

/** A message may hold quotes: in SQL it would be somebody else's statement. */
function misplacedPlaceholders(template: Source): readonly Diagnostic[] {
  return [...template.text.matchAll(PLACEHOLDER)].flatMap(({ 0: placeholder, index }): Diagnostic[] => {
    const location = locate(template, index);
    if (/^[ \t]*--/.test(lineOf(template.text, location.line))) return [];
    return [
      {
        code: "source/template",
        message: `${placeholder} is outside a comment`,
        hint: "put it in a line that starts with --: its value can contain anything",
        location,
        excerpt: excerptAt(template, index, placeholder.length),
      },
    ];
  });
}
