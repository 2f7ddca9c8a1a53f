/** What a statement takes away or overwrites → the words for a person. */
import type { Loss } from "../core/statement/losses.ts";

/** `takes away: table shop.users and all that depends on it` */
export const lossLine = (loss: Loss): string => `${WORDS[loss.effect]}: ${lossText(loss)}`;

/** In a column named "takes away": `table shop.users`, `overwrites: users.email`. */
export const lossCell = (loss: Loss): string =>
  loss.effect === "takes-away" ? lossText(loss) : lossLine(loss);

const WORDS: Readonly<Record<Loss["effect"], string>> = {
  "takes-away": "takes away",
  overwrites: "overwrites",
  "not-known": "not known",
};

function lossText(loss: Loss): string {
  const { kind, cascade, by } = loss;
  const object = objectOf(loss);
  const what = TEXTS[kind]?.(object) ?? `${kind.replace(/^drop /, "")} ${object}`.trimEnd();
  const more =
    cascade === undefined
      ? ""
      : kind === "truncate"
        ? " and of all tables that refer to it"
        : " and all that depends on it";
  return `${what}${more}${by === undefined ? "" : `, by ${by}()`}`;
}

/** `users (renamed to users_old)`; the new name as short as it can be. */
function objectOf({ object, renamedTo }: Loss): string {
  if (renamedTo === undefined) return object;
  const parent = object.slice(0, object.lastIndexOf(".") + 1);
  const isSibling = renamedTo.lastIndexOf(".") === parent.length - 1 && renamedTo.startsWith(parent);
  return `${object} (renamed to ${isSibling ? renamedTo.slice(parent.length) : renamedTo})`;
}

/** Of the others the kind is `drop` and the sort of object. */
const TEXTS: Readonly<Record<string, (object: string) => string>> = {
  truncate: (table) => `all rows of ${table}`,
  "refresh with no data": (view) => `all rows of ${view}`,
  "delete rows": (table) => `rows of ${table}`,
  "drop owned": (role) => `all that ${role} owns`,
  "detach partition": (table) => `partition ${table}, which stays as a table of its own`,
  "no inherit": (table) => `rows of ${table} from its parent`,
  "set unlogged": (table) => `rows of ${table} in a crash`,
  "disable row security": (table) => `row security of ${table}`,
  "no force row security": (table) => `row security of ${table} for its owner`,
  update: (column) => column,
  "alter type": (column) => column,
  "set expression": (column) => column,
  restart: (sequence) => `sequence ${sequence}`.trimEnd(),
  "write large object": (number) => `large object ${number}`.trimEnd(),
  call: (routine) => `${routine}()`,
  do: () => "what the DO block does",
  execute: (name) => `prepared statement ${name}`,
  program: (command) => `program ${command}`,
  load: (file) => `library ${file}`,
  "update extension": (name) => `update of extension ${name}`,
};
