/** What a run demands of the role that runs it → lines for a person. */
import type { Privilege } from "../core/effects/privilege.ts";
import { commentText, qualified } from "../core/quote.ts";

/** `CREATE on schema shop`, `owner of shop.orders, shop.users`; those of each role that a file sets, under its name. */
export function needLines(privileges: readonly Privilege[]): readonly string[] {
  const asked = privileges.filter((need) => !isEveryones(need) && !isNoRight(need));
  return [...grouped(asked, ({ as }) => as)].flatMap(([role, needs]) =>
    linesFor(needs).map((line) =>
      role === undefined ? line : `as the role ${commentText(role)}, which a file sets: ${line}`,
    ),
  );
}

/** PostgreSQL gives it to all roles: only a database where it was revoked lacks it. */
const isEveryones = ({ privilege, on, name }: Privilege): boolean =>
  privilege === "TEMPORARY" ||
  (privilege === "USAGE" && (on === "type" || (on === "schema" && name === "public"))) ||
  (privilege === "EXECUTE" && on === "routine");

/** It must be there, which is no right; of an index, what is needed is its table's. */
const isNoRight = ({ privilege, on }: Privilege): boolean => privilege === "EXISTS" && on !== "role";

/** One of them, without the role that needs it. */
export const needText = ({ maybe: _, ifThere: _ifThere, ...need }: Privilege): string => linesFor([need])[0]!;

/** What differs in its object alone is one line. */
function linesFor(privileges: readonly Privilege[]): readonly string[] {
  const needs = privileges.map(ofItsSchema);
  const objects = [
    ...grouped(needs, ({ on, schema, name, maybe, ifThere, privilege, or }) =>
      // What is needed of one relation, or of one schema, is said together.
      JSON.stringify([on, schema, name, maybe, ifThere, isGranted(on, privilege) ? (or ?? "") : privilege]),
    ).values(),
  ].map((same) => ({ head: headOf(same), on: same[0]!.on, name: nameOf(same[0]!) }));
  return [...grouped(objects, ({ head, on }) => `${on} ${head}`).values()].map((same) => {
    const { head, on } = same[0]!;
    const names = [...new Set(same.map(({ name }) => name))].filter((name) => name !== "");
    const kind = names.length > 1 ? SEVERAL[on] : ONE[on];
    return [head, kind, names.join(", ")].filter((part) => part !== "").join(" ");
  });
}

/** On the schema in which something lies. */
const ofItsSchema = (need: Privilege): Privilege => {
  const { privilege, on, schema = "", name } = need;
  return privilege !== "CREATE" || !/^(?:relation|routine)$/.test(on)
    ? need
    : { privilege, on: "schema", name: name && schema, ...(need.as === undefined ? {} : { as: need.as }) };
};

const isGranted = (on: Privilege["on"], privilege: Privilege["privilege"]): boolean =>
  /^(?:relation|schema)$/.test(on) && WORDS[privilege] === undefined;

function headOf(same: readonly Privilege[]): string {
  const { privilege, on, maybe, ifThere, or = [] } = same[0]!;
  const rights = [...new Set([...same.map((each) => each.privilege).sort(), ...or])];
  const last = or.length > 0 ? ` or ${rights.pop()!}` : "";
  return [
    maybe === true && privilege !== "UNKNOWN" ? "perhaps" : "",
    ifThere === true ? "if it is there already," : "",
    OF[on]?.[privilege] ?? WORDS[privilege] ?? `${rights.join(", ")}${last} on`,
  ]
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
      : qualified(...(on === "parameter" ? name.split(".") : schema === undefined ? [name] : [schema, name])),
  );

const WORDS: Partial<Record<Privilege["privilege"], string>> = {
  OWNER: "owner of",
  MAINTAIN: "owner of, or from PostgreSQL 17 on MAINTAIN on,",
  DROP: "owner of, or of the schema of,",
  GRANT: "owner of, or grant option on,",
  "SAME OWNER": "to be itself the owner of",
  DEFAULTS: "USAGE on the sequences that fill columns of",
  MEMBER: "member of",
  ADMIN: "ADMIN OPTION on, or before PostgreSQL 16 CREATEROLE for,",
  SELF: "to be, or CREATEROLE and from PostgreSQL 16 on ADMIN OPTION for,",
  EXISTS: "",
  SUPERUSER: "superuser",
  CREATEROLE: "CREATEROLE",
  CREATEDB: "CREATEDB",
  "ALTER SYSTEM": "superuser, or from PostgreSQL 15 on ALTER SYSTEM on,",
  INSTALL: "superuser, or CREATE on the database where it is trusted, for",
  UNKNOWN: "not known:",
};

/** Where the same is called otherwise. */
const OF: Partial<Record<Privilege["on"], typeof WORDS>> = {
  role: { OWNER: "the rights of" },
  language: { USAGE: "superuser, or USAGE where it is trusted, for" },
};

const ONE: Readonly<Record<Privilege["on"], string>> = {
  relation: "",
  schema: "schema",
  database: "the database",
  role: "the role",
  type: "the type",
  routine: "the function",
  extension: "the extension",
  language: "the language",
  tablespace: "the tablespace",
  parameter: "the parameter",
  server: "",
};

const SEVERAL: typeof ONE = {
  relation: "",
  schema: "the schemas",
  database: "the databases",
  role: "the roles",
  type: "the types",
  routine: "the functions",
  extension: "the extensions",
  language: "the languages",
  tablespace: "the tablespaces",
  parameter: "the parameters",
  server: "",
};
