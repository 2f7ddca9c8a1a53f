/** A statement → the objects that it names, as far as they are schema-qualified. */
import { tokens } from "../lexer.ts";
import { unquoted } from "./names.ts";

/** One text for what has that name: a routine where arguments follow, an operator, or any other. */
export type Name = string;

export const routineName = (schema: string, name: string): Name => JSON.stringify(["()", schema, name]);
export const operatorName = (schema: string, name: string): Name =>
  JSON.stringify(["operator", schema, name]);
export const otherName = (schema: string, name: string): Name => JSON.stringify([schema, name]);

/** Names in strings count only where they are read as such: `'shop.users_id_seq'::regclass`. */
export function referencesIn(sql: string): ReadonlySet<Name> {
  const found = new Set<Name>();
  const parts = [...tokens(sql)].filter(({ kind }) => kind !== "space" && kind !== "comment");
  const textOf = (index: number): string => sql.slice(parts[index]?.start ?? 0, parts[index]?.end ?? 0);
  for (let i = 0; i < parts.length; i += 1) {
    const { kind, end } = parts[i]!;
    if (kind === "string" && sql.startsWith("::reg", end)) {
      for (const name of referencesIn(textOf(i).slice(1, -1).replaceAll("''", "'"))) found.add(name);
    }
    if (kind !== "word" || textOf(i + 1) !== ".") continue;
    const schema = unquoted(textOf(i));
    if (parts[i + 2]?.kind === "word") {
      const name = unquoted(textOf(i + 2));
      found.add(otherName(schema, name));
      found.add(routineName(schema, name));
      i += textOf(i + 3) === "." ? 4 : 2;
    } else {
      let operator = "";
      for (i += 2; /^[-+*/<>=~!@#%^&|`?]$/.test(textOf(i)); i += 1) operator += textOf(i);
      i -= 1;
      if (operator !== "") found.add(operatorName(schema, operator));
    }
  }
  return found;
}
