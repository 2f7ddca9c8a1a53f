/** Text of users → Markdown that shows it, and means nothing else. */

/** A block of SQL, or of another language. */
export function fenced(text: string, language = "sql"): string {
  const fence = fenceFor(text, 3);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** In one line. */
export function code(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  const fence = fenceFor(line, 1);
  return fence === "`" ? `\`${line}\`` : `${fence} ${line} ${fence}`;
}

/** As many backticks as nothing in the text has in a row. */
const fenceFor = (text: string, least: number): string =>
  "`".repeat(Math.max(least, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));

export const escaped = (text: string): string =>
  text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]<>|#]/g, "\\$&");
