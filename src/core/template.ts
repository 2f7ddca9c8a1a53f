/**
 * A template and the header of a new file → the file's text.
 *
 * A template is the SQL of a migration. It may begin with `-- template: <what it is for>`, which is not copied, and
 * then with header lines that are the same in every such migration (`-- lock-timeout: 2s`).
 */
import { type Diagnostic, MigrateError } from "./errors.ts";
import { excerptAt } from "./fault.ts";
import { parseTemplate } from "./header.ts";
import type { Direction } from "./header-keys.ts";
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
const PLACEHOLDERS = ["message", "revision", "date"] as const;
const PLACEHOLDER = new RegExp(`\\{\\{(${PLACEHOLDERS.join("|")})\\}\\}`, "g");

/** What a template is for: its `template:` line, else its first comment. */
export function templateDescription(text: string): string {
  return (DESCRIPTION.exec(text)?.[1] ?? /^[ \t]*--[ \t]*(.+)$/m.exec(text)?.[1] ?? "").trim();
}

/** The text of a file: its own header lines, those of the template, an empty line, the body. Throws `source/…`. */
export function fillTemplate(
  header: readonly string[],
  template: Source,
  direction: Direction,
  values: TemplateValues,
): string {
  const start = DESCRIPTION.exec(template.text)?.[0].length ?? 0;
  const { bodyStart, diagnostics } = parseTemplate(template, direction, start);
  const faults = [...diagnostics, ...unknownPlaceholders(template), ...misplacedPlaceholders(template)];
  if (faults.length > 0) throw MigrateError.all(faults);
  const filled = (text: string): string =>
    text.replaceAll(PLACEHOLDER, (_, name: keyof TemplateValues) => values[name]);
  const more = filled(template.text.slice(start, bodyStart));
  const body = filled(template.text.slice(bodyStart)).replace(/^(?:[ \t]*(?:\r\n|\r|\n))+/, "");
  return `${header.map((line) => `${line}\n`).join("")}${more}\n${body}`;
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
