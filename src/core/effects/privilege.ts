/** Rights that statements demand → each once, without those that follow from others. */

/** One right that a role must have. */
export interface Privilege {
  /**
   * `OWNER`; a privilege as GRANT names it (`MAINTAIN`: before PostgreSQL 17 that is the owner's); `MEMBER` of a role;
   * `EXISTS`, of a role or a relation; an attribute of the role itself (then `on` is `server`); `INSTALL`, of an extension; `UNKNOWN`, where
   * nothing can be said.
   */
  readonly privilege:
    | "OWNER"
    | "MAINTAIN"
    | "CREATE"
    | "REFERENCES"
    | "TRIGGER"
    | "TRUNCATE"
    | "SELECT"
    | "INSERT"
    | "UPDATE"
    | "DELETE"
    | "MEMBER"
    | "USAGE"
    | "EXISTS"
    | "SUPERUSER"
    | "CREATEROLE"
    | "CREATEDB"
    | "INSTALL"
    | "UNKNOWN";
  readonly on: "relation" | "schema" | "database" | "role" | "type" | "routine" | "extension" | "server";
  /** Of a relation, a type or a routine. */
  readonly schema?: string;
  /** Of what; empty for the server, and for the database that is connected to. Where it is not known: what. */
  readonly name: string;
  /** The role that the file has SET, where that is not the one that the file began with. */
  readonly as?: string;
  /** Only where a branch of a DO block is reached, or what another role of the run has made is asked for. */
  readonly maybe?: true;
  /**
   * The statement fails where it is not there: as it is named or search_path says, or, for a name without a schema of which it is
   * not known where search_path leads, in no schema at all. Absent where the statement passes over that (IF EXISTS), or where an earlier one of the run may
   * have made it.
   */
  readonly mustExist?: "as named" | "in any schema";
  /**
   * Of a schema that is not named, and of what is looked for there: those behind it in search_path. PostgreSQL takes the first
   * that exists; or, of what is there already, the first of those that the role may use that has it.
   */
  readonly orIn?: readonly string[];
  /**
   * Of what is named without a schema, where search_path is what the server has set: `public` stands for the schema that this
   * leads to, unless it leads to one of these, which the run has made before.
   */
  readonly inServersPath?: readonly string[];
}

/** Whether the database is to tell the schema of its object, or that of the schema itself. */
export const isLookedUp = ({ on, orIn, inServersPath }: Privilege): boolean =>
  inServersPath !== undefined || (orIn !== undefined && on !== "schema");

/**
 * Each thing once, in the order in which it is needed. What follows from another is left out: the owner of a relation or of a
 * schema may do everything with it, and a role that has a member exists.
 */
export function distinctPrivileges(all: Iterable<Privilege>): readonly Privilege[] {
  const found = new Map<string, Privilege>();
  for (const each of all) {
    const key = certainKey(each);
    const { mustExist = found.get(key)?.mustExist } = each;
    if (each.maybe !== true || !found.has(key))
      found.set(key, mustExist === undefined ? each : { ...each, mustExist });
  }
  const follows = (each: Privilege, from: "OWNER" | "MEMBER"): boolean => {
    const { orIn = [], on } = each;
    const by = found.get(certainKey({ ...each, privilege: from, orIn: on === "schema" ? [] : orIn }));
    return by !== undefined && by.privilege !== each.privilege && (by.maybe !== true || each.maybe === true);
  };
  return [...found.values()].filter(
    (each) =>
      !((each.on === "relation" || each.on === "schema") && follows(each, "OWNER")) &&
      !(each.privilege === "EXISTS" && follows(each, "MEMBER")),
  );
}

const certainKey = ({ privilege, on, schema, name, as, orIn = [], inServersPath }: Privilege): string =>
  JSON.stringify([privilege, on, schema, name, as, orIn, inServersPath]);
