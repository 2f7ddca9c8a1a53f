/**
 * A name in a statement, and what the session has made so far → the right that PostgreSQL demands of the role that runs it. What
 * the run itself has made belongs to that role already, and is left out.
 */
import { type Ast, type ObjectName, rangeName, visitNodes, word } from "../ast.ts";
import { OWN_SCHEMA, type Privilege } from "./privilege.ts";
import type { Work } from "./work.ts";

type Where = NonNullable<Privilege["mustExist"]>;

/** What a need has beside what it is about. */
export type Details = Pick<Privilege, "schema" | "or" | "ifThere" | "arguments" | "given" | "orIn"> & {
  /** How it is looked for; what was named without a schema may lie in another than is thought. */
  readonly where?: Where;
  readonly maybe?: boolean;
};

/** What one statement demands: the names in it are looked up as the session has them. */
export class Demands {
  readonly #work: Work;
  /** It is not known whether the statement is reached. */
  readonly #maybe: boolean;
  /** The statement passes over what is not there. */
  readonly #missingOk: boolean;
  readonly #needed = new Map<string, Privilege>();
  /** The names of the statement's own WITH queries. */
  #withQueries: ReadonlySet<string> = new Set();

  constructor(work: Work, maybe: boolean, missingOk: boolean) {
    this.#work = work;
    this.#maybe = maybe;
    this.#missingOk = missingOk;
  }

  get work(): Work {
    return this.#work;
  }

  /** The statement that is asked about next. */
  begin(tree: Ast): void {
    const names = new Set<string>();
    visitNodes({ tree }, (kind, fields) => {
      if (kind === "CommonTableExpr") names.add(word(fields["ctename"]));
      return true;
    });
    this.#withQueries = names;
  }

  isWithQuery(range: Ast): boolean {
    return range["schemaname"] === undefined && this.#withQueries.has(word(range["relname"]));
  }

  /** Each thing once. */
  get all(): readonly Privilege[] {
    return [...this.#needed.values()];
  }

  need(privilege: Privilege["privilege"], on: Privilege["on"], name = "", more: Details = {}): void {
    const { where = "as named", maybe, orIn = [], ...rest } = more;
    const { role, makesUnknown, runsUnknown } = this.#work.session;
    const isPerhapsMade = /^(?:role|tablespace)$/.test(on) ? runsUnknown : makesUnknown;
    const owner = this.#ownerOf(on, name, [rest.schema, ...orIn], where);
    if (owner === (role ?? "")) return;
    const found = {
      privilege,
      on,
      ...rest,
      name,
      ...(role === undefined ? {} : { as: role }),
      ...(this.#maybe || maybe === true || owner !== undefined ? { maybe: true as const } : {}),
      ...(isThere(privilege, on, where) &&
      rest.ifThere === undefined &&
      !this.#maybe &&
      !this.#missingOk &&
      owner === undefined &&
      !isPerhapsMade
        ? { mustExist: where }
        : {}),
      ...(orIn.length === 0 ? {} : { orIn }),
      ...(this.#work.isPathGuessed && where === "in any schema"
        ? { inServersPath: privilege === "CREATE" && on === "schema" ? this.#madeSchemas() : [] }
        : {}),
    };
    this.#needed.set(JSON.stringify(found), found);
  }

  /** Whose it is, if the run has made it: where search_path is not known, in whatever schema. */
  #ownerOf(
    on: Privilege["on"],
    name: string,
    schemas: readonly (string | undefined)[],
    where: Where,
  ): string | undefined {
    const { own } = this.#work.session;
    const found = schemas
      .map((schema) => own.get(keyOf(on, name, schema)))
      .find((owner) => owner !== undefined);
    return found !== undefined || where === "as named" ? found : own.get(keyOf(on, name, SOME_SCHEMA));
  }

  /** It belongs to the role from now on. */
  own(on: Privilege["on"], name: string, schema?: string): void {
    const { own, role = "" } = this.#work.session;
    own.set(keyOf(on, name, schema), role);
    if (schema !== undefined) own.set(keyOf(on, name, SOME_SCHEMA), role);
  }

  /** It belongs to the role under another name, or in another schema; what is empty stays. */
  move(on: "relation" | "type" | "routine", from: ObjectName, to: Required<ObjectName>): void {
    const found = on === "relation" ? this.#work.find(from) : undefined;
    this.own(on, to.name || from.name, to.schema || (found?.schema ?? this.schemaOf(from)));
  }

  /** Of a relation that the run has not made; of an index, of its table. */
  relation(privilege: Privilege["privilege"], name: ObjectName, more: Details = {}): void {
    const found = this.#work.find(name);
    const asked = found?.index?.table ?? found;
    if (asked === undefined && /^pg_/.test(name.schema ?? name.name)) return;
    const schema = asked?.schema ?? this.schemaOf(name);
    const further = asked?.known === true ? [] : this.#behind(schema, name);
    this.use(schema, name.schema !== undefined, further);
    if (asked?.known === true && asked.id >= this.#work.session.firstOwn) return;
    const where = this.#whereIs(name);
    if (asked !== found && found!.id < this.#work.session.firstOwn)
      this.need("EXISTS", "relation", found!.name, { schema: found!.schema, where });
    this.need(privilege, "relation", asked?.name ?? name.name, { ...more, schema, where, orIn: further });
  }

  /** Names in a schema are looked up; it need not be there where the statement does not name it. */
  use(schema: string, isNamed = true, further: readonly string[] = []): void {
    if (/^(?:pg_|information_schema$)/.test(schema)) return;
    this.need("USAGE", "schema", schema, { where: isNamed ? "as named" : "in any schema", orIn: further });
  }

  /** What a name may lead to where it does not lead to that schema of the path. */
  #behind(schema: string, name: ObjectName): readonly string[] {
    const path = name.schema === undefined ? this.#work.session.searchPath : [];
    return path.slice(path.indexOf(schema) + 1).filter((each) => each !== "$user");
  }

  range(privilege: Privilege["privilege"], range: Ast, more?: Details): void {
    if (range["relname"] !== undefined) this.relation(privilege, rangeName(range), more);
  }

  /** Where a new object is made. */
  create(range: Ast, maybe = false): void {
    const name = rangeName(range);
    this.createIn(word(range["relpersistence"]) === "t" ? { ...name, schema: "pg_temp" } : name, maybe);
  }

  createIn(name: ObjectName, maybe = false): void {
    const schema = this.schemaOf(name);
    if (schema === "pg_temp") {
      this.need("TEMPORARY", "database", "", { maybe });
      return;
    }
    const further = this.#behind(schema, name);
    // Where the run makes one of them, it is not known before in which the object will be.
    if (further.some((each) => this.#work.session.own.has(keyOf("schema", each)))) return;
    this.need("CREATE", "schema", schema, { where: this.#whereIs(name), orIn: further, maybe });
  }

  /** Those that the run has made so far. */
  #madeSchemas(): readonly string[] {
    const before = keyOf("schema", "");
    return [...this.#work.session.own.keys()]
      .filter((key) => key.startsWith(before))
      .map((key) => key.slice(before.length));
  }

  schemaOf({ schema }: ObjectName): string {
    return schema ?? this.#work.session.searchPath.find((each) => each !== "$user") ?? "public";
  }

  /** A type or a routine that the statement makes. */
  make(on: "type" | "routine", name: ObjectName): void {
    this.createIn(name);
    this.own(on, name.name, this.schemaOf(name));
  }

  object(
    privilege: Privilege["privilege"],
    on: "type" | "routine",
    name: ObjectName,
    more: Details = {},
  ): void {
    if (name.name === "" || /^(?:pg_|information_schema$)/.test(name.schema ?? "")) return;
    const schema = this.schemaOf(name);
    const further = this.#behind(schema, name);
    this.use(schema, name.schema !== undefined, further);
    // The type of a table's rows is there with the table.
    const table = on === "type" ? this.#work.find(name) : undefined;
    if (table !== undefined) this.relation(privilege === "OWNER" ? privilege : "EXISTS", name);
    else
      this.need(privilege, on, name.name, {
        ...more,
        schema,
        where: this.#whereIs(name),
        // What is used, and not changed, may be one of PostgreSQL's own.
        orIn:
          name.schema === undefined && /^(?:USAGE|EXECUTE|EXISTS)$/.test(privilege)
            ? [...further, OWN_SCHEMA]
            : further,
      });
  }

  /** A path of ours leads nowhere else. Of a role's own schema, and of what set_config makes of a text, that is not known. */
  #whereIs({ schema }: ObjectName): Where {
    const { searchPath, isServersPath } = this.#work.session;
    const isKnown =
      !isServersPath && searchPath.length > 0 && searchPath.every((each) => /^[a-z_][a-z0-9_]*$/.test(each));
    return schema !== undefined || isKnown ? "as named" : "in any schema";
  }

  setRole(role: string | undefined): void {
    this.#work.session.role = role;
  }
}

/** Whether the statement fails where it is not there. A schema that is not named may be passed over, unless something is made in it. */
const isThere = (privilege: Privilege["privilege"], on: Privilege["on"], where: Where): boolean =>
  privilege !== "INSTALL" &&
  on !== "server" &&
  on !== "parameter" &&
  (on !== "schema" || where === "as named" || privilege === "CREATE");

/** No schema has this name. */
const SOME_SCHEMA = "\0";

const keyOf = (on: Privilege["on"], name: string, schema = ""): string => `${on}\0${schema}\0${name}`;
