/**
 * Any text and the passwords in use → the text without them. Whatever is printed, logged or thrown passes here:
 * a driver's error or a user's own URL may hold a password that we never wrote.
 */

const MASK = "***";

/** From the end of a scheme to where a URL can go no further. */
const URL_REST = /[a-zA-Z0-9+.-]:\/\/[^\s"<>]+/g;

/** `scheme://user:` */
const URL_USER = /[a-zA-Z0-9+.-]:\/\/[^\s:/?#@"<>]*:/;

/** `password=…` as in libpq's key=value strings, a URL's query or `PGPASSWORD=…`. */
const PASSWORD_FIELD = /(password=)(?:'(?:[^'\\]|\\.)*'|[^\s&'"]+)/gi;

/**
 * Replaces by `***` each of `secrets` (raw, percent-encoded in any mixture, or escaped as in JSON or SQL), and every
 * password that stands in a URL or behind `password=`, known or not. A secret shorter than eight characters is
 * replaced only where it is a word of its own: the password `app` must not disfigure `application`.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let result = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret !== "") result = result.replace(anySpelling(secret), MASK);
  }
  return result.replace(URL_REST, withoutPassword).replace(PASSWORD_FIELD, `$1${MASK}`);
}

/**
 * `scheme://user:password@…` up to the last `@`, because a password typed raw may itself hold `@`, `:` or `/`. Our
 * own examples say `USER:PASSWORD@`. Looks at each character a few times, however long the text is.
 */
function withoutPassword(url: string): string {
  const end = url.lastIndexOf("@");
  const user = URL_USER.exec(url.slice(0, Math.max(end, 0)));
  if (user === null) return url;
  const start = user.index + user[0].length;
  return url.slice(start, end) === "PASSWORD" ? url : `${url.slice(0, start)}${MASK}${url.slice(end)}`;
}

/** `redact` over every text inside a JSON-like value; anything else comes back as it is. */
export function redactAll<T>(value: T, secrets: readonly string[] = []): T {
  if (typeof value === "string") return redact(value, secrets) as T;
  if (Array.isArray(value)) return value.map((item) => redactAll(item, secrets)) as T;
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactAll(item, secrets)])) as T;
}

const patterns = new Map<string, RegExp>();

/** A pattern for the secret in which each character may be raw, percent-encoded or escaped as in JSON or SQL. */
function anySpelling(secret: string): RegExp {
  const known = patterns.get(secret);
  if (known !== undefined) return known;
  const characters = [...secret].map((character) => {
    const spellings = [
      percentEncoded(character),
      literally(JSON.stringify(character).slice(1, -1)),
      ...(character === "'" ? ["''"] : []),
      literally(character),
    ];
    return `(?:${[...new Set(spellings)].join("|")})`;
  });
  const pattern = characters.join("");
  const made = new RegExp(
    secret.length < 8 ? `(?<![\\p{L}\\p{N}_])${pattern}(?![\\p{L}\\p{N}_])` : pattern,
    "gu",
  );
  patterns.set(secret, made);
  return made;
}

function percentEncoded(character: string): string {
  const bytes = new TextEncoder().encode(character);
  const anyCase = (digit: string) => (/[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit);
  return [...bytes]
    .map((byte) => `%${[...byte.toString(16).padStart(2, "0")].map(anyCase).join("")}`)
    .join("");
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
