/** A text and a secret → where the secret stands in it: as it is, percent-encoded, escaped as in JSON or SQL, or a mixture. */
import type { Stretch } from "./source.ts";

/** Every place, by reading: one may be found in several. Looks at each character a few times, however long either text is. */
export function placesOfSecret(text: string, secret: string): readonly Stretch[] {
  if (secret === "" || isEverydayWord(secret)) return [];
  const places: Stretch[] = [];
  for (const { decoded, offsetOf } of readingsOf(text)) {
    for (let at = decoded.indexOf(secret); at >= 0; ) {
      const end = at + secret.length;
      const found = secret.length >= LONG || isWord(decoded, at, end);
      if (found) places.push({ start: offsetOf(at), end: offsetOf(end) });
      at = decoded.indexOf(secret, found ? end : at + 1);
    }
  }
  return places;
}

/** What `find` finds in a text, and in what it is when `%XX` in it are decoded. */
export function placesInDecoded(
  text: string,
  find: (text: string) => readonly Stretch[],
): readonly Stretch[] {
  if (!text.includes("%")) return find(text);
  const { decoded, offsetOf } = reading(text, new RegExp(PERCENT, "gi"));
  const inside = find(decoded).map(({ start, end }) => ({ start: offsetOf(start), end: offsetOf(end) }));
  return [...find(text), ...inside];
}

/**
 * A short word or number as any text has them, also one of ours or of the server's: in its place a mask would tell what the
 * password is, since whoever reads the rest of the sentence knows the word. A longer one may have been made by chance.
 */
const isEverydayWord = (secret: string): boolean =>
  /^(?:\p{L}\p{Ll}{0,7}|\p{Lu}{1,8}|\d{1,5})$/u.test(secret);

/** A shorter secret counts only as a word of its own: the password `app` must not disfigure `application`. */
const LONG = 8;

function isWord(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  return !/[\p{L}\p{N}_]$/u.test(before) && !/^[\p{L}\p{N}_]/u.test(text.slice(end, end + 2));
}

/** One way to read a text, and how an offset in what was read leads back to the text itself. */
interface Reading {
  readonly decoded: string;
  readonly offsetOf: (offset: number) => number;
}

/** Characters of UTF-8 with each byte as `%XX`. */
const PERCENT =
  "%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}";
const BACKSLASH = "\\\\u[0-9a-f]{4}|\\\\[^]";
const QUOTES = "''";

/** A text may be encoded in one way within another: the address in a JSON text, the literal in a message. */
function* readingsOf(text: string): Generator<Reading> {
  yield { decoded: text, offsetOf: (offset) => offset };
  const found = [PERCENT, BACKSLASH, QUOTES].filter((spelling) => new RegExp(spelling, "i").test(text));
  for (let subset = 1; subset < 1 << found.length; subset += 1) {
    yield reading(text, new RegExp(found.filter((_, index) => subset & (1 << index)).join("|"), "gi"));
  }
}

function reading(text: string, spelling: RegExp): Reading {
  // Where each stretch of plain characters, or each escape, begins: in what was read, and in the text.
  const begins = [0];
  const offsets = [0];
  let decoded = "";
  let copied = 0;
  const begin = (offset: number): void => {
    begins.push(decoded.length);
    offsets.push(offset);
  };
  for (let match = spelling.exec(text); match !== null; match = spelling.exec(text)) {
    decoded += text.slice(copied, match.index);
    begin(match.index);
    decoded += decode(match[0]);
    copied = spelling.lastIndex;
    begin(copied);
  }
  decoded += text.slice(copied);
  const offsetOf = (offset: number): number => {
    const index = lastNotAbove(begins, offset);
    return Math.min(offsets[index]! + offset - begins[index]!, offsets[index + 1] ?? text.length);
  };
  return { decoded, offsetOf };
}

function decode(spelling: string): string {
  if (spelling.startsWith("%")) {
    try {
      return decodeURIComponent(spelling);
    } catch {
      return spelling;
    }
  }
  if (spelling === QUOTES) return "'";
  if (spelling.length > 2) return String.fromCharCode(Number.parseInt(spelling.slice(2), 16));
  return CONTROLS[spelling[1]!] ?? spelling[1]!;
}

const CONTROLS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** The index of the last of `numbers`, which rise, that is not above `limit`. */
function lastNotAbove(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= limit) low = middle;
    else high = middle;
  }
  return low;
}
