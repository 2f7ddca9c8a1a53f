/** An access control list, as PostgreSQL writes it (`app=arwd/owner`) → what is granted to whom by whom, in one order. */

export type Privilege = {
  /** A role; null: everybody. */
  readonly grantee: string | null;
  readonly grantor: string;
  /** `ALL`, or by name; one that may be granted on ends with ` WITH GRANT OPTION`. */
  readonly privileges: readonly string[];
};

/** Throws a `RangeError` at what is no item of such a list. */
export function privilegesOf(major: number, items: readonly string[]): readonly Privilege[] {
  return items
    .map((item) => privilegeOf(major, item))
    .map((privilege) => ({ privilege, key: JSON.stringify(privilege) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ privilege }) => privilege);
}

function privilegeOf(major: number, item: string): Privilege {
  const [, grantee, letters, grantor] = ITEM.exec(item) ?? [];
  if (grantee === undefined || letters === undefined || grantor === undefined)
    throw new RangeError(`no item of an access control list: ${item}`);
  return {
    grantee: grantee === "" ? null : roleName(grantee),
    grantor: roleName(grantor),
    privileges: namesOf(letters, major),
  };
}

const ITEM = /^("(?:[^"]|"")*"|[^="]*)=((?:[a-zA-Z]\*?)*)\/("(?:[^"]|"")*"|[^"]*)$/;

const roleName = (text: string): string =>
  text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;

/** All on a table; those of 17 and later are one more, which must be no difference from an older server. */
const TABLE = "arwdDxt";

function namesOf(letters: string, major: number): readonly string[] {
  const all = [...TABLE, ...(major >= 17 ? ["m"] : [])];
  for (const option of ["*", ""]) {
    if (
      letters.length === all.length * (option.length + 1) &&
      all.every((each) => letters.includes(each + option))
    )
      return [`ALL${option === "*" ? OPTION : ""}`];
  }
  return [...letters.matchAll(/([a-zA-Z])(\*?)/g)]
    .map(([, letter, option]) => `${NAMES[letter!] ?? letter}${option === "*" ? OPTION : ""}`)
    .sort();
}

const OPTION = " WITH GRANT OPTION";

const NAMES: Readonly<Record<string, string>> = {
  a: "INSERT",
  r: "SELECT",
  w: "UPDATE",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  m: "MAINTAIN",
  X: "EXECUTE",
  U: "USAGE",
  C: "CREATE",
};
