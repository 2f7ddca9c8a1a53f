/**
 * Any text and the passwords in use → the text without them. Whatever is printed, logged or thrown passes here:
 * a driver's error, a user's own URL or a statement that is quoted may hold a password that we never wrote.
 */
import { placesOfPasswords } from "./password.ts";
import { codePoints, type Stretch } from "./source.ts";
import { placesInDecoded, placesOfSecret } from "./spelling.ts";

const MASK = "***";

/** From the end of a scheme to where a URL can go no further. Of `//` a path that is made shorter keeps one. */
const URL_REST = /(?:[a-zA-Z0-9+.-]:\/|\bpostgres(?:ql)?(?:\+\w+)?:)\/[^\s"<>]+/g;

/** `scheme://user:` */
const URL_USER = /[a-zA-Z0-9+.-]:\/\/?[^\s:/?#@"<>]*:/;

/** What is cut off before its `@`: behind `postgres://user:` something else than a port or a variable. */
const CUT_URL =
  /(\bpostgres(?:ql)?(?:\+\w+)?:\/\/?[^\s:/?#@"<>[\]]*:)(?!\d{1,5}(?:[^\w@]|$)|PASSWORD|\$\{)[^\s:/?#@"'<>]+/i;

/**
 * Replaces by `***` each of `secrets` (raw, percent-encoded, escaped as in JSON or SQL, or in a mixture of these), and
 * every password that stands in a URL, in a connection string or in SQL behind PASSWORD, known or not. A secret shorter
 * than eight characters is replaced only where it is a word of its own, and one that is an everyday word (spelling.ts) only
 * where it stands as a password. Takes a time that grows with the text.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  return masked(text, placesIn(text, secrets), { start: 0, end: text.length });
}

/** A part of a text on its own, and the place `at` in it, when the passwords of the whole text are masked. */
export interface RedactedPart {
  readonly text: string;
  /** In code points of the part as it is shown. */
  readonly before: number;
}

/** The part of a text as `redact` shows it; a password may have begun before it. */
export function redactPart(text: string, part: Stretch, at: number): RedactedPart {
  const places = placesIn(text, []);
  const inside = places.find(({ start, end }) => start < at && at < end);
  const shown = masked(text, places, { start: part.start, end: Math.max(part.start, inside?.start ?? at) });
  return { text: masked(text, places, part), before: codePoints(shown) };
}

/** In order, none touching another. */
function placesIn(text: string, secrets: readonly string[]): readonly Stretch[] {
  const known = secrets.flatMap((secret) => placesOfSecret(text, secret));
  const found = [...known, ...placesInUrls(text), ...placesOfPasswords(text)];
  const places: Stretch[] = [];
  for (const { start, end } of found.sort((a, b) => a.start - b.start)) {
    const last = places.at(-1);
    if (last === undefined || start > last.end) places.push({ start, end });
    else places[places.length - 1] = { start: last.start, end: Math.max(last.end, end) };
  }
  return places;
}

function masked(text: string, places: readonly Stretch[], part: Stretch): string {
  let result = "";
  let copied = part.start;
  for (const { start, end } of places) {
    if (end <= copied || start >= part.end) continue;
    result += text.slice(copied, Math.max(copied, start)) + MASK;
    copied = Math.min(end, part.end);
  }
  return result + text.slice(copied, part.end);
}

/** As they are, or percent-encoded whole. */
const placesInUrls = (text: string): readonly Stretch[] =>
  /:\//.test(text) || /%3a/i.test(text) ? placesInDecoded(text, placesInPlainUrls) : [];

function placesInPlainUrls(text: string): readonly Stretch[] {
  return [...text.matchAll(URL_REST)].flatMap(({ 0: url, index }) => {
    const place = passwordIn(url) ?? cutIn(url);
    return place === undefined ? [] : [{ start: index + place.start, end: index + place.end }];
  });
}

/**
 * In `scheme://user:password@…` up to the last `@`, because a password typed raw may itself hold `@`, `:` or `/`. Our
 * own examples say `USER:PASSWORD@`. Looks at each character a few times, however long the text is.
 */
function passwordIn(url: string): Stretch | undefined {
  const end = url.lastIndexOf("@");
  const user = URL_USER.exec(url.slice(0, Math.max(end, 0)));
  if (user === null) return undefined;
  const start = user.index + user[0].length;
  return start === end || url.slice(start, end) === "PASSWORD" ? undefined : { start, end };
}

function cutIn(url: string): Stretch | undefined {
  const found = CUT_URL.exec(url);
  if (found === null) return undefined;
  const end = found.index + found[0].length;
  return { start: found.index + found[1]!.length, end };
}

/** `redact` over every text inside a JSON-like value; anything else comes back as it is. */
export function redactAll<T>(value: T, secrets: readonly string[] = []): T {
  if (typeof value === "string") return redact(value, secrets) as T;
  if (Array.isArray(value)) return value.map((item) => redactAll(item, secrets)) as T;
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactAll(item, secrets)])) as T;
}
