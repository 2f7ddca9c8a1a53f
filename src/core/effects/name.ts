/** What an unnamed object is about → the name that PostgreSQL gives it. */

/** `orders`, `customer_id`, `fkey`. */
export interface NameParts {
  readonly table: string;
  /** Joined by `_`; none: the name has no such part. */
  readonly columns?: readonly string[] | undefined;
  readonly suffix: string;
}

/** `orders_customer_id_fkey`, or with a number behind it the first that is not taken. */
export function chosenName(
  { table, columns = [], suffix }: NameParts,
  taken: (name: string) => boolean,
): string {
  for (let n = 0; ; n += 1) {
    const name = joined(table, columns.join("_"), n === 0 ? suffix : `${suffix}${n}`);
    if (!taken(name)) return name;
  }
}

/** Bytes. */
const LONGEST = 63;

/** Of the first two parts the longer one is shortened until the whole fits. */
function joined(table: string, columns: string, suffix: string): string {
  const [a, b] = [bytes(table), bytes(columns)];
  const room = LONGEST - bytes(suffix).length - (b.length === 0 ? 1 : 2);
  let [first, second] = [a.length, Math.min(b.length, LONGEST)];
  while (first + second > room) {
    if (first > second) first -= 1;
    else second -= 1;
  }
  const parts = [clipped(a, first), ...(b.length === 0 ? [] : [clipped(b, second)]), suffix];
  return parts.join("_");
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** No character is cut in two. */
function clipped(text: Uint8Array, length: number): string {
  let end = length;
  while (end < text.length && (text[end]! & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(text.subarray(0, end));
}
