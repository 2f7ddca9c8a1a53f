/** Statements in their segments → SQL text. */

/** What runs together. */
export interface Segment {
  readonly transactional: boolean;
  /** Without `;`. */
  readonly statements: readonly string[];
}

/** What is sent, one after the other. */
export const sentIn = ({ transactional, statements }: Segment): readonly string[] =>
  transactional ? ["BEGIN", ...statements, "COMMIT"] : statements;

/** A statement with its `;`, behind which nothing is left open. */
const ended = (sql: string): string => (/--[^\n]*$/.test(sql) ? `${sql}\n;` : `${sql};`);

export const segmentText = ({ statements }: Segment): string => `${statements.map(ended).join("\n")}\n`;

/** With its transaction. */
export const wholeText = (segment: Segment): string =>
  segment.transactional ? `BEGIN;\n${segmentText(segment)}COMMIT;\n` : segmentText(segment);

/** Where there are several segments, with their transactions: to be run as it is. */
export function segmentsText(segments: readonly Segment[]): string {
  if (segments.length < 2) return segments.map(segmentText).join("");
  return segments.map(wholeText).join("\n");
}
