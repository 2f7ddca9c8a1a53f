/** Names in a catalog → names in SQL, and back. */
import { tokens } from "../lexer.ts";
import { literal, qualified as nameOf } from "../quote.ts";

export { nameOf };

/** Everybody, or a role. */
export const grantee = (name: string | null): string => (name === null ? "PUBLIC" : nameOf(name));

/** The parts of a name as PostgreSQL writes it: `shop."Users"` → `["shop", "Users"]`. */
export function partsOf(name: string): readonly string[] {
  return [...tokens(name)]
    .filter(({ kind }) => kind === "word")
    .map(({ start, end }) => unquoted(name.slice(start, end)));
}

export const unquoted = (word: string): string =>
  word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word;

/** A routine or operator without the types of its arguments: `shop.f(integer)` → `shop.f`. */
export function withoutArguments(signature: string): string {
  const open = [...tokens(signature)].find(
    ({ kind, start }) => kind === "symbol" && signature[start] === "(",
  );
  return open === undefined ? signature : signature.slice(0, open.start);
}

/** `name=value` each → `name 'value', …`, or with another sign between the two. */
export const optionList = (options: readonly string[], sign = " ", prefix = ""): string =>
  options
    .map((option) => {
      const at = option.indexOf("=");
      return `${prefix}${nameOf(option.slice(0, at))}${sign}${literal(option.slice(at + 1))}`;
    })
    .join(", ");
