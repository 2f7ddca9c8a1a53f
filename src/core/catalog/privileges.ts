/** An access control list, as PostgreSQL writes it (`app=arwd/owner`) → what is granted to whom by whom, in one order. */

export type Privilege = {
  /** A role; null: everybody. */
  readonly grantee: string | null;
  readonly grantor: string;
  /** `ALL`, or by name; one that may be granted on ends with ` WITH GRANT OPTION`. */
  readonly privileges: readonly string[];
};

/** Whether the property of that name is such a list. */
export const isPrivileges = (name: string): boolean => /privileges$/i.test(name);

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

/** All on a table, with those that only newer servers have. */
const TABLE = "arwdDxtm";

/** The first major version that has the privilege. */
const SINCE: Readonly<Record<string, number>> = { MAINTAIN: 17 };

/** Of privileges by name those that a server of that major version has too. */
export const inMajor = (names: readonly string[], major: number): readonly string[] =>
  names.filter((name) => (SINCE[name.replace(OPTION, "")] ?? 0) <= major);

/** What would be left of the list on a server of that major version. */
export function listInMajor(list: readonly Privilege[], major: number): readonly Privilege[] {
  return list
    .map((each) => ({ ...each, privileges: wholly(inMajor(each.privileges, major), major) }))
    .filter(({ privileges }) => privileges.length > 0);
}

/** `ALL` instead of each privilege on a table. */
function wholly(names: readonly string[], major: number): readonly string[] {
  const all = inMajor(
    [...TABLE].map((letter) => NAMES[letter]!),
    major,
  );
  for (const option of [OPTION, ""])
    if (names.length === all.length && all.every((each) => names.includes(each + option)))
      return [`ALL${option}`];
  return names;
}

function namesOf(letters: string, major: number): readonly string[] {
  const names = [...letters.matchAll(/([a-zA-Z])(\*?)/g)]
    .map(([, letter, option]) => `${NAMES[letter!] ?? letter}${option === "*" ? OPTION : ""}`)
    .sort();
  return wholly(names, major);
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

/** What a list grants and another does not. */
export interface OnlyGranted {
  readonly to: string | null;
  /** By name; `ALL` may be less than it says: see `except`. */
  readonly names: readonly string[];
  /** Those of `ALL` that the other list grants too. */
  readonly except: readonly string[];
  /** Who grants it, where somebody else grants that role something in the other list. */
  readonly by?: string;
}

/** The items of `list` that grant more than those of `other` to the same role. */
export function onlyGranted(list: readonly Privilege[], other: readonly Privilege[]): readonly OnlyGranted[] {
  return list.flatMap(({ grantee, grantor, privileges }): readonly OnlyGranted[] => {
    const toThem = other.filter((each) => each.grantee === grantee);
    const there = toThem.filter((each) => each.grantor === grantor).flatMap((each) => each.privileges);
    const names = privileges.filter((name) => !grants(there, name));
    if (names.length === 0) return [];
    const others = toThem.some((each) => each.grantor !== grantor);
    const except = names.includes("ALL") ? there.map((name) => name.replace(OPTION, "")) : [];
    return [{ to: grantee, names, except, ...(others ? { by: grantor } : {}) }];
  });
}

/** What may be granted on is granted, and `ALL` is each of them. */
const grants = (names: readonly string[], name: string): boolean =>
  [name, `${name}${OPTION}`, name.endsWith(OPTION) ? `ALL${OPTION}` : "ALL", `ALL${OPTION}`].some((each) =>
    names.includes(each),
  );
