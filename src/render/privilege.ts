/** What a run demands of the role that runs it → lines for a person. */
import type { Privilege } from "../core/effects/privileges.ts";
import { commentText } from "../core/quote.ts";

/** `CREATE on schema shop`, `owner of shop.orders, shop.users`; those of each role that a file sets, under its name. */
export function needLines(privileges: readonly Privilege[]): readonly string[] {
  const roles = [...new Set(privileges.map(({ as }) => as))];
  return roles.flatMap((role) => {
    const lines = linesFor(privileges.filter(({ as }) => as === role));
    return role === undefined
      ? lines
      : lines.map((line) => `as the role ${commentText(role)}, which a file sets: ${line}`);
  });
}

/** What differs in its object alone is one line. */
function linesFor(all: readonly Privilege[]): readonly string[] {
  const lines = new Map<string, string[]>();
  const add = (head: string, name: string): void => {
    const names = lines.get(head);
    if (names === undefined) lines.set(head, [name]);
    else if (!names.includes(name)) names.push(name);
  };
  for (const each of all) {
    if (isImplied(each, all)) continue;
    const head = WORDS[each.privilege] ?? `${rightsOn(each, all)} on`;
    const kind = each.on === "relation" || each.on === "server" ? "" : `${KINDS[each.on]} `;
    add(
      `${each.maybe === true ? "perhaps " : ""}${head}${kind === "" ? "" : ` ${kind.trimEnd()}`}`,
      nameOf(each),
    );
  }
  return [...lines].map(([head, names]) => {
    const named = names.filter((name) => name !== "");
    return named.length === 0 ? head : `${head} ${named.join(", ")}`;
  });
}

/** The owner of a relation may do all else to it, and of a role that one is a member of it is known that it is there. */
const isImplied = ({ privilege, on, schema, name }: Privilege, all: readonly Privilege[]): boolean => {
  const isSaid = (by: Privilege["privilege"]): boolean =>
    all.some(
      (each) => each.privilege === by && each.on === on && each.schema === schema && each.name === name,
    );
  return (
    (on === "relation" && privilege !== "OWNER" && isSaid("OWNER")) ||
    (privilege === "EXISTS" && isSaid("MEMBER"))
  );
};

/** All that is needed on a relation, in the order in which it is asked for: `INSERT, SELECT`. */
const rightsOn = ({ privilege, on, schema, name, maybe }: Privilege, all: readonly Privilege[]): string =>
  on !== "relation"
    ? privilege
    : [
        ...new Set(
          all
            .filter(
              (each) =>
                each.on === on && each.schema === schema && each.name === name && each.maybe === maybe,
            )
            .map((each) => each.privilege),
        ),
      ]
        .sort()
        .join(", ");

const nameOf = ({ schema, name }: Privilege): string =>
  commentText(schema === undefined ? name : `${schema}.${name}`);

const WORDS: Partial<Record<Privilege["privilege"], string>> = {
  OWNER: "owner of",
  MEMBER: "member of",
  EXISTS: "there must be",
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
