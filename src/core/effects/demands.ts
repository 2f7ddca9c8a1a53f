/**
 * A name in a statement, and what the session has made so far → the right that PostgreSQL demands of the role that runs it. What
 * the run itself has made belongs to that role already, and is left out.
 */
import { type Ast, type ObjectName, rangeName, word } from "../ast.ts";
import type { Privilege } from "./privilege.ts";
import type { Work } from "./work.ts";

/** What one statement demands: the names in it are looked up as the session has them. */
export class Demands {
  readonly #work: Work;
  /** It is not known whether the statement is reached. */
  readonly #maybe: boolean;
  /** The statement passes over what is not there. */
  readonly #missingOk: boolean;
  readonly #needed = new Map<string, Privilege>();

  constructor(work: Work, maybe: boolean, missingOk: boolean) {
    this.#work = work;
    this.#maybe = maybe;
    this.#missingOk = missingOk;
  }

  /** Each thing once. */
  get all(): readonly Privilege[] {
    return [...this.#needed.values()];
  }

  /** `where`: how it is looked for; what was named without a schema may lie in another than is thought. */
  need(
    privilege: Privilege["privilege"],
    on: Privilege["on"],
    name = "",
    schema?: string,
    where: NonNullable<Privilege["mustExist"]> = "as named",
    orIn: readonly string[] = [],
  ): void {
    const { own, role, makesUnknown, isServersPath } = this.#work.session;
    const owner = own.get(keyOf(on, name, schema));
    if (owner === (role ?? "")) return;
    const found = {
      privilege,
      on,
      ...(schema === undefined ? {} : { schema }),
      name,
      ...(role === undefined ? {} : { as: role }),
      ...(this.#maybe || owner !== undefined ? { maybe: true as const } : {}),
      ...(isObject(privilege, on, where) &&
      !this.#maybe &&
      !this.#missingOk &&
      owner === undefined &&
      !makesUnknown
        ? { mustExist: where }
        : {}),
      ...(orIn.length === 0 ? {} : { orIn }),
      ...(isServersPath && where === "in any schema"
        ? { inServersPath: privilege === "CREATE" ? this.#madeSchemas() : [] }
        : {}),
    };
    this.#needed.set(JSON.stringify(found), found);
  }

  /** It belongs to the role from now on. */
  own(on: Privilege["on"], name: string, schema?: string): void {
    const { own, role = "" } = this.#work.session;
    own.set(keyOf(on, name, schema), role);
  }

  /** It belongs to the role under another name, or in another schema; what is empty stays. */
  move(on: "relation" | "type" | "routine", from: ObjectName, to: Required<ObjectName>): void {
    const found = on === "relation" ? this.#work.find(from) : undefined;
    this.own(on, to.name || from.name, to.schema || (found?.schema ?? this.schemaOf(from)));
  }

  /** Of a relation that the run has not made; of an index, of its table. */
  relation(privilege: Privilege["privilege"], name: ObjectName): void {
    const found = this.#work.find(name);
    const asked = found?.index?.table ?? found;
    if (asked === undefined && /^pg_/.test(name.schema ?? name.name)) return;
    const schema = asked?.schema ?? this.schemaOf(name);
    const further = asked?.known === true ? [] : this.#behind(schema, name);
    this.use(schema, name.schema !== undefined, further);
    if (asked?.known === true && asked.id >= this.#work.session.firstOwn) return;
    const where = this.#whereIs(name);
    if (asked !== found && found!.id < this.#work.session.firstOwn)
      this.need("EXISTS", "relation", found!.name, found!.schema, where);
    this.need(privilege, "relation", asked?.name ?? name.name, schema, where, further);
  }

  /** Names in a schema are looked up; it need not be there where the statement does not name it. */
  use(schema: string, isNamed = true, further: readonly string[] = []): void {
    if (/^(?:pg_|information_schema$)/.test(schema)) return;
    this.need("USAGE", "schema", schema, undefined, isNamed ? "as named" : "in any schema", further);
  }

  /** What a name may lead to where it does not lead to that schema of the path. */
  #behind(schema: string, name: ObjectName): readonly string[] {
    const path = name.schema === undefined ? this.#work.session.searchPath : [];
    return path.slice(path.indexOf(schema) + 1).filter((each) => each !== "$user");
  }

  range(privilege: Privilege["privilege"], range: Ast): void {
    if (range["relname"] !== undefined) this.relation(privilege, rangeName(range));
  }

  /** Where a new object is made. */
  create(range: Ast): void {
    if (word(range["relpersistence"]) !== "t") this.createIn(rangeName(range));
  }

  createIn(name: ObjectName): void {
    const schema = this.schemaOf(name);
    if (schema === "pg_temp") return;
    const further = this.#behind(schema, name);
    // Where the run makes one of them, it is not known before in which the object will be.
    if (further.some((each) => this.#work.session.own.has(keyOf("schema", each)))) return;
    this.need("CREATE", "schema", schema, undefined, this.#whereIs(name), further);
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

  object(on: "type" | "routine", name: ObjectName): void {
    if (name.name === "") return;
    const schema = this.schemaOf(name);
    const further = this.#behind(schema, name);
    this.use(schema, name.schema !== undefined, further);
    // The type of a table's rows is there with the table.
    if (on === "type" && this.#work.find(name) !== undefined) this.relation("OWNER", name);
    else this.need("OWNER", on, name.name, schema, this.#whereIs(name), further);
  }

  /** A path of ours leads nowhere else. Of a role's own schema, and of what set_config makes of a text, that is not known. */
  #whereIs({ schema }: ObjectName): NonNullable<Privilege["mustExist"]> {
    const { searchPath, isServersPath } = this.#work.session;
    const isKnown =
      !isServersPath && searchPath.length > 0 && searchPath.every((each) => /^[a-z_][a-z0-9_]*$/.test(each));
    return schema !== undefined || isKnown ? "as named" : "in any schema";
  }

  setRole(role: string | undefined): void {
    this.#work.session.role = role;
  }
}

/** What is named, and not made, by the statement: roles are asked for otherwise. */
const isObject = (
  privilege: Privilege["privilege"],
  on: Privilege["on"],
  where: Privilege["mustExist"],
): boolean =>
  !/^(?:CREATE|INSTALL)$/.test(privilege) &&
  !/^(?:role|server)$/.test(on) &&
  (on !== "schema" || where === "as named");

const keyOf = (on: Privilege["on"], name: string, schema = ""): string => `${on}\0${schema}\0${name}`;
