/** Rights that statements demand → each once, without those that follow from others. */

/** One right that a role must have. */
export interface Privilege {
  /**
   * `OWNER`: of a role, having its rights; a privilege as GRANT names it (`MAINTAIN`: before PostgreSQL 17 that is the owner's;
   * `CREATE` on a relation or a routine: on the schema in which it lies); `DROP`: the owner of its schema may, too; `GRANT`:
   * a grant option is enough; `SAME OWNER`: the role itself, and no other, is the owner; `DEFAULTS`: the privilege on the
   * sequences that fill columns of the table; `MEMBER` of a role; `ADMIN` of a role; `SELF`: that, or to be the role;
   * `EXISTS`; an attribute of the role itself (then `on` is `server`); `INSTALL`, of an extension; `ALTER SYSTEM`, of a parameter
   * (before PostgreSQL 15 that is the superuser's); `UNKNOWN`, where nothing can be said.
   */
  readonly privilege:
    | "OWNER"
    | "MAINTAIN"
    | "DROP"
    | "GRANT"
    | "SAME OWNER"
    | "DEFAULTS"
    | "CREATE"
    | "TEMPORARY"
    | "REFERENCES"
    | "TRIGGER"
    | "TRUNCATE"
    | "SELECT"
    | "INSERT"
    | "UPDATE"
    | "DELETE"
    | "EXECUTE"
    | "MEMBER"
    | "ADMIN"
    | "SELF"
    | "USAGE"
    | "EXISTS"
    | "SUPERUSER"
    | "CREATEROLE"
    | "CREATEDB"
    | "INSTALL"
    | "ALTER SYSTEM"
    | "UNKNOWN";
  readonly on:
    | "relation"
    | "schema"
    | "database"
    | "role"
    | "type"
    | "routine"
    | "extension"
    | "language"
    | "tablespace"
    | "parameter"
    | "server";
  /** Of a relation, a type or a routine. */
  readonly schema?: string;
  /** Of what; empty for the server, and for the database that is connected to. Where it is not known: what. */
  readonly name: string;
  /** The role that the file has SET, where that is not the one that the file began with. */
  readonly as?: string;
  /** One of these privileges is as good. */
  readonly or?: readonly string[];
  /** It may be passed over: a branch of a DO block, a warning; or what another role of the run has made is asked for. */
  readonly maybe?: true;
  /** Only if something of that name is there: it is replaced. */
  readonly ifThere?: true;
  /** Of a routine: the names of its arguments' types, as the catalog has them; of that name there may be others. */
  readonly arguments?: readonly string[];
  /** Of DEFAULTS: the columns that get a value otherwise, by their names or their places from 1 on. */
  readonly given?: readonly (string | number)[];
  /**
   * The statement fails where it is not there: as it is named or search_path says, or, for a name without a schema of which it is
   * not known where search_path leads, in no schema at all. Absent where the statement passes over that (IF EXISTS), or where an earlier one of the run may
   * have made it.
   */
  readonly mustExist?: "as named" | "in any schema";
  /**
   * Of what is named without a schema: where it may lie besides. Of a schema, those behind it in search_path, of which PostgreSQL
   * makes objects in the first that exists. Of what is looked for, the same, of which it takes the first that the role may use
   * and that has it; and `pg_catalog`, where PostgreSQL's own will do.
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
  inServersPath !== undefined || (on !== "schema" && orIn?.some((each) => each !== OWN_SCHEMA) === true);

/** PostgreSQL's own, which is part of every search_path. */
export const OWN_SCHEMA = "pg_catalog";

/**
 * Each thing once, in the order in which it is needed. What follows from another is left out: the owner of something may do
 * everything with it, and what a right is needed on exists.
 */
export function distinctPrivileges(all: Iterable<Privilege>): readonly Privilege[] {
  const found = new Map<string, Privilege>();
  for (const each of all) {
    const key = certainKey(each);
    const { mustExist = found.get(key)?.mustExist } = each;
    if (each.maybe !== true || !found.has(key))
      found.set(key, mustExist === undefined ? each : { ...each, mustExist });
  }
  const onSame = new Map<string, Privilege[]>();
  for (const each of found.values()) {
    const key = thingKey(each);
    onSame.set(key, [...(onSame.get(key) ?? []), each]);
  }
  return [...found.values()].filter((each) => !onSame.get(thingKey(each))!.some((by) => follows(each, by)));
}

function follows(each: Privilege, by: Privilege): boolean {
  if (by === each || by.ifThere === true || (by.maybe === true && each.maybe !== true)) return false;
  if (each.privilege === "EXISTS") return by.mustExist !== undefined || each.mustExist === undefined;
  return by.privilege === "OWNER" && each.privilege !== "OWNER" && isOwners(each);
}

/** Not: where it lies, what other sequences fill it, and that nobody else is its owner. */
const isOwners = ({ privilege, on }: Privilege): boolean =>
  /^(?:schema|tablespace)$/.test(on) ||
  (on !== "role" && !/^(?:CREATE|SAME OWNER|DEFAULTS)$/.test(privilege));

const certainKey = (each: Privilege): string =>
  JSON.stringify([each.privilege, each.or, each.ifThere, each.orIn ?? [], each.given, thingKey(each)]);

const thingKey = ({ on, schema, name, as, arguments: types, inServersPath }: Privilege): string =>
  JSON.stringify([on, schema, name, as, types, inServersPath]);
