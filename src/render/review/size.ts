/** How large a relation is → the words for a person. */
import type { RelationSize } from "../../core/review.ts";

/** `1,200,000 rows`; empty where the server has not counted them. */
const rowsText = ({ rows }: RelationSize): string =>
  rows === null ? "" : `${Math.round(rows).toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"}`;

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** `340 MB`, as PostgreSQL writes it; empty where it is not known. */
function bytesText({ bytes }: RelationSize): string {
  if (bytes === null) return "";
  let [value, unit] = [bytes, 0];
  for (; value >= 10 * 1024 && unit < UNITS.length - 1; unit += 1) value /= 1024;
  return `${Math.round(value)} ${UNITS[unit]}`;
}

/** `about 1,200,000 rows, 340 MB`; empty where nothing is known. */
export function sizeText(size: RelationSize | undefined): string {
  if (size === undefined) return "";
  const rows = rowsText(size);
  return [rows === "" ? "" : `about ${rows}`, bytesText(size)].filter((part) => part !== "").join(", ");
}
