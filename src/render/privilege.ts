/** What a run demands of the role that runs it → lines for a person. */
import type { Privilege } from "../core/effects/privilege.ts";
import { commentText, qualified } from "../core/quote.ts";

/** `CREATE on schema shop`, `owner of shop.orders, shop.users`; those of each role that a file sets, under its name. */
export function needLines(privileges: readonly Privilege[]): readonly string[] {
  const asked = privileges.filter((need) => !isEveryones(need) && !isOfIndex(need));
  return [...grouped(asked, ({ as }) => as)].flatMap(([role, needs]) =>
    linesFor(needs).map((line) =>
      role === undefined ? line : `as the role ${commentText(role)}, which a file sets: ${line}`,
    ),
  );
}

/** PostgreSQL gives it to all roles: only a database where it was revoked lacks it. */
const isEveryones = ({ privilege, on, name }: Privilege): boolean =>
  privilege === "USAGE" && on === "schema" && name === "public";

/** Of an index it is no right: what is needed is its table's. */
const isOfIndex = ({ privilege, on }: Privilege): boolean => privilege === "EXISTS" && on === "relation";

/** One of them, without the role that needs it. */
export const needText = ({ maybe: _, ...need }: Privilege): string => linesFor([need])[0]!;

/** What differs in its object alone is one line. */
function linesFor(needs: readonly Privilege[]): readonly string[] {
  const objects = [
    ...grouped(needs, ({ on, schema, name, maybe, privilege }) =>
      // What is needed of one relation, or of one schema, is said together.
      JSON.stringify([on, schema, name, maybe, on === "relation" || on === "schema" ? "" : privilege]),
    ).values(),
  ].map((same) => ({ head: headOf(same), name: nameOf(same[0]!) }));
  return [...grouped(objects, ({ head }) => head)].map(([head, same]) => {
    const names = same.map(({ name }) => name).filter((name) => name !== "");
    return names.length === 0 ? head : `${head} ${names.join(", ")}`;
  });
}

function headOf(same: readonly Privilege[]): string {
  const { privilege, on, maybe } = same[0]!;
  const rights = [...new Set(same.map((each) => each.privilege))].sort();
  const what = WORDS[privilege] ?? `${rights.join(", ")} on`;
  return [maybe === true && privilege !== "UNKNOWN" ? "perhaps" : "", what, KINDS[on]]
    .filter((part) => part !== "")
    .join(" ");
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** As SQL has it; what is asked of the server, or is not known, is no name. */
const nameOf = ({ privilege, on, schema, name }: Privilege): string =>
  commentText(
    name === "" || on === "server" || privilege === "UNKNOWN"
      ? name
      : qualified(...(schema === undefined ? [name] : [schema, name])),
  );

const WORDS: Partial<Record<Privilege["privilege"], string>> = {
  OWNER: "owner of",
  MAINTAIN: "owner of, or from PostgreSQL 17 on MAINTAIN on,",
  MEMBER: "member of",
  EXISTS: "",
  SUPERUSER: "superuser",
  CREATEROLE: "CREATEROLE",
  CREATEDB: "CREATEDB",
  INSTALL: "superuser, or CREATE on the database where it is trusted, for",
  UNKNOWN: "not known:",
};

const KINDS: Readonly<Record<Privilege["on"], string>> = {
  relation: "",
  schema: "schema",
  database: "the database",
  role: "the role",
  type: "the type",
  routine: "the function",
  extension: "the extension",
  server: "",
};
