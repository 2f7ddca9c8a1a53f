/** A statement, and what the session has made so far → what PostgreSQL demands of the role that runs it. */
import {
  type Ast,
  items,
  kindOf,
  namesIn,
  node,
  type ObjectName,
  objectName,
  optionOf,
  rangeName,
  roleName,
  routineSource,
  someNode,
  stringOf,
  visitNodes,
  word,
} from "../ast.ts";
import { isHarmless } from "../statement/builtin-functions.ts";
import type { RoutineBody } from "../statement/losses.ts";
import { Demands } from "./demands.ts";
import { callsIn, rangesIn } from "./expression.ts";
import { statementsIn } from "./function.ts";
import type { Privilege } from "./privilege.ts";
import { fills, reads, WRITES } from "./query-privileges.ts";
import { isSerial, typeName } from "./types.ts";
import { isEmptyCopy, needUsed } from "./used-privileges.ts";
import type { Work } from "./work.ts";

/** What a statement needs, each thing once. It is asked before the statement is performed. */
export function privilegesOf(work: Work, ast: Ast, body: RoutineBody | undefined): readonly Privilege[] {
  const inBlock = kindOf(ast)[0] === "DoStmt";
  const demands = new Demands(work, inBlock, kindOf(ast)[1]["missing_ok"] === true);
  if (inBlock && body?.isWhole !== true) demands.need("UNKNOWN", "server", "what the DO block does");
  for (const tree of inBlock ? (body?.statements ?? []).flatMap(statementsIn) : [ast]) ask(demands, tree);
  work.session.runsUnknown ||= runsUnknown(ast);
  work.session.makesUnknown ||= work.session.runsUnknown || makesUnknown(ast) || indexesUnknown(work, ast);
  return demands.all;
}

/** Whether it may make what it does not name: from an extension, after the pattern of a table or a type, by another name of a schema. */
const makesUnknown = (ast: Ast): boolean =>
  someNode(
    ast,
    (kind, fields) =>
      /^(?:(?:CreateExtension|AlterExtension|ImportForeignSchema|CreateRange)Stmt|TableLikeClause)$/.test(
        kind,
      ) ||
      (kind === "CreateStmt" && fields["partbound"] !== undefined) ||
      fields["subtype"] === "AT_AttachPartition" ||
      fields["renameType"] === "OBJECT_SCHEMA",
  );

/** Of a partitioned table, each partition gets an index: which they are is not known of a table that the folder has not made. */
function indexesUnknown(work: Work, ast: Ast): boolean {
  const [kind, tree] = kindOf(ast);
  return (
    (kind === "IndexStmt" || someNode(ast, (_, { subtype }) => subtype === "AT_AddConstraint")) &&
    work.find(rangeName(tree["relation"]))?.known !== true
  );
}

/** Whether it runs code, which may do anything. */
const runsUnknown = (ast: Ast): boolean =>
  someNode(ast, (kind) => /^(?:Do|Call|Execute)Stmt$/.test(kind)) ||
  (/^(?:Select|Insert|Update|Delete|Merge|CreateTableAs)Stmt$/.test(kindOf(ast)[0]) &&
    callsIn(ast).some(({ name }) => !isHarmless(name)));

function ask(demands: Demands, ast: Ast): void {
  const [kind, tree] = kindOf(ast);
  const demand = DEMANDS[kind];
  demands.begin(tree);
  if (demand !== undefined) demand(demands, tree);
  else if (!FREE.test(kind)) demands.need("UNKNOWN", "server", kind.replace(/Stmt$/, ""));
  if (kind !== "DropRoleStmt" || tree["missing_ok"] !== true) needRoles(demands, "EXISTS", tree);
  needSchemas(demands, tree);
  needUsed(demands, kind, tree);
}

/** Of the types and functions that a statement names with their schema. */
function needSchemas(demands: Demands, tree: Ast): void {
  visitNodes({ tree }, (kind, fields) => {
    const names = /^funccall$/i.test(kind) ? fields["funcname"] : fields["names"];
    if (names === undefined) return true;
    const { schema } = objectName(items(names).map(stringOf));
    if (schema !== undefined && schema !== "") demands.use(schema);
    return true;
  });
}

/** Of every role that is named. */
function needRoles(demands: Demands, privilege: "EXISTS" | "OWNER", tree: Ast): void {
  visitNodes({ tree }, (_, fields) => {
    needRole(demands, privilege, fields);
    return true;
  });
}

/** Of a role that is named: CURRENT_USER and the like are there. */
function needRole(demands: Demands, privilege: Privilege["privilege"], { roletype, rolename }: Ast): void {
  if (roletype === "ROLESPEC_CSTRING") demands.need(privilege, "role", word(rolename));
}

type Demand = (demands: Demands, tree: Ast) => void;

/** They need nothing, or what is needed is asked where they act. */
const FREE =
  /^(?:Transaction|VariableShow|Prepare|Deallocate|Discard|Listen|Notify|Unlisten|Fetch|ClosePortal|ConstraintsSet|Return|Do|Call).*|^$/;

const superuser: Demand = (demands) => demands.need("SUPERUSER", "server");
/** What its owner may do, who has mostly been a superuser. */
const mostlySuperuser: Demand = (demands) => demands.need("SUPERUSER", "server", "", { maybe: true });
const createRole: Demand = (demands) => demands.need("CREATEROLE", "server");
const ofRelation =
  (privilege: Privilege["privilege"], field = "relation"): Demand =>
  (demands, tree) =>
    demands.range(privilege, node(tree[field]));

/** Every foreign key needs REFERENCES on what it refers to, unless that is the table itself. */
function foreignKeys(demands: Demands, tree: Ast): void {
  const own = JSON.stringify(rangeName(tree["relation"]));
  visitNodes({ tree }, (kind, fields) => {
    const parent = node(fields["pktable"]);
    if (kind === "Constraint" && JSON.stringify(rangeName(parent)) !== own)
      demands.range("REFERENCES", parent);
    return true;
  });
}

const createTable: Demand = (demands, tree) => {
  const base = node(node(tree["base"])["CreateStmt"] ?? tree["base"] ?? tree);
  const form = base["relation"] === undefined ? tree : base;
  demands.create(node(form["relation"]));
  for (const item of items(form["inhRelations"])) demands.range("OWNER", node(item["RangeVar"]));
  for (const item of items(form["tableElts"]))
    demands.range("SELECT", node(node(item["TableLikeClause"])["relation"]));
  foreignKeys(demands, form);
};

/** What it reads is only looked up: rights are asked of its owner, when it is read. */
const createView: Demand = (demands, tree) => {
  demands.create(node(tree["view"]));
  if (tree["replace"] === true) demands.range("OWNER", node(tree["view"]), { ifThere: true });
  reads(demands, node(tree["query"]), "EXISTS");
};

/** Where IF NOT EXISTS finds it, nothing is needed. */
const createAs: Demand = (demands, tree) => {
  const maybe = tree["if_not_exists"] === true;
  demands.create(node(node(node(tree["into"])["IntoClause"] ?? tree["into"])["rel"]), maybe);
  reads(demands, node(tree["query"]), isEmptyCopy(tree) ? "EXISTS" : "SELECT", maybe);
};

const createRoutine: Demand = (demands, tree) => {
  const name = objectName(items(tree["funcname"] ?? tree["defnames"]).map(stringOf));
  const parameters = items(tree["parameters"] ?? node(items(tree["args"])[0]?.["List"])["items"]);
  const types = argumentsOf(
    parameters
      .map((item) => node(item["FunctionParameter"]))
      .filter(({ mode }) => mode !== "FUNC_PARAM_OUT" && mode !== "FUNC_PARAM_TABLE")
      .map(({ argType }) => node(argType)),
  );
  if (tree["replace"] === true && types !== undefined)
    demands.object("OWNER", "routine", name, { ifThere: true, arguments: types });
  demands.make("routine", name);
  const { language = "sql" } = routineSource({ CreateFunctionStmt: tree }) ?? {};
  if (tree["funcname"] !== undefined && !/^(?:sql|plpgsql)$/.test(language))
    demands.need("USAGE", "language", language);
};

/** The names of types as the catalog has them; undefined where one is that of a column. */
const argumentsOf = (types: readonly Ast[]): readonly string[] | undefined =>
  types.some((type) => type["pct_type"] === true)
    ? undefined
    : types.map(typeName).map(({ name, array }) => (array ? `_${name}` : name));

const alterTable: Demand = (demands, tree) => {
  const range = node(tree["relation"]);
  demands.range("OWNER", range);
  foreignKeys(demands, tree);
  for (const item of items(tree["cmds"])) {
    const command = node(item["AlterTableCmd"]);
    if (makesBeside(command)) demands.range("CREATE", range);
    if (word(command["subtype"]) === "AT_ChangeOwner") needRole(demands, "MEMBER", node(command["newowner"]));
    const triggers = /^AT_(?:En|Dis)ableTrigAll$/.test(word(command["subtype"]));
    // Those of foreign keys are PostgreSQL's own.
    if (triggers) demands.need("SUPERUSER", "server", "", { maybe: true });
    const bound = node(node(node(command["def"])["PartitionCmd"])["name"]);
    demands.range("OWNER", bound);
  }
};

/** Whether it makes an index or a sequence, which lies in the schema of the table. */
const makesBeside = (command: Ast): boolean =>
  command["subtype"] === "AT_AddIdentity" ||
  (/^AT_Add(?:Column|Constraint)$/.test(word(command["subtype"])) &&
    someNode({ def: node(command["def"]) }, (kind, fields) =>
      kind === "Constraint"
        ? /^CONSTR_(?:PRIMARY|UNIQUE|EXCLUSION|IDENTITY)$/.test(word(fields["contype"])) &&
          fields["indexname"] === undefined
        : kind === "ColumnDef" && isSerial(node(fields["typeName"])),
    ));

/** Its name, or its schema, changes. */
const rename: Demand = (demands, tree) => {
  const range = node(tree["relation"]);
  const type = word(tree["renameType"] ?? tree["objectType"]);
  if (range["relname"] !== undefined) demands.range("OWNER", range);
  else owned(demands, type, node(tree["object"]), { name: word(tree["subname"]) });
  if (tree["newname"] !== undefined) {
    if (OF_RELATION.test(type)) demands.range("CREATE", range);
    if (OF_ROUTINE.test(type)) demands.object("CREATE", "routine", objectName(namesIn(node(tree["object"]))));
  }
  moved(demands, type, tree);
  const to = word(tree["newschema"]);
  if (to !== "") demands.need("CREATE", "schema", to);
};

/** What the role has had to own belongs to it under its new name, too. */
function moved(demands: Demands, type: string, tree: Ast): void {
  const range = node(tree["relation"]);
  const from = range["relname"] === undefined ? objectName(namesIn(node(tree["object"]))) : rangeName(range);
  const [name, schema] = [word(tree["newname"]), word(tree["newschema"])];
  const on = NAMED.find(([types]) => types.test(type))?.[1];
  if (on !== undefined) demands.move(on, from, { name, schema });
  else if (type === "OBJECT_SCHEMA") demands.own("schema", name);
}

const OF_RELATION = /_(?:TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|FOREIGN_TABLE)$/;
const OF_TYPE = /_(?:TYPE|DOMAIN)$/;
const OF_ROUTINE = /_(?:FUNCTION|PROCEDURE|ROUTINE|AGGREGATE)$/;
const NAMED = [
  [OF_RELATION, "relation"],
  [OF_TYPE, "type"],
  [OF_ROUTINE, "routine"],
] as const;

/** What ALTER and COMMENT are about, where it is no table; DROP and GRANT ask less of what lies in a schema, or has an ACL. */
function owned(
  demands: Demands,
  type: string,
  object: Ast,
  { name = "", by = "OWNER" }: { readonly name?: string; readonly by?: "OWNER" | "DROP" | "GRANT" } = {},
): void {
  const names = namesIn(object);
  const found = objectName(names);
  const inNone = by === "DROP" ? "OWNER" : by;
  if (OF_RELATION.test(type)) demands.relation(by, found);
  else if (/_(?:COLUMN|TRIGGER|RULE|POLICY|TABCONSTRAINT)$/.test(type))
    demands.relation("OWNER", objectName(names.slice(0, -1)));
  else if (OF_TYPE.test(type)) demands.object(by, "type", found);
  else if (/_DOMCONSTRAINT$/.test(type)) demands.object("OWNER", "type", domainOf(object) ?? found);
  else if (OF_ROUTINE.test(type)) demands.object(by, "routine", found, overload(object));
  else if (type === "OBJECT_SCHEMA") demands.need(inNone, "schema", found.name || name);
  else if (type === "OBJECT_EXTENSION") demands.need("OWNER", "extension", found.name || name);
  else if (type === "OBJECT_DATABASE") demands.need(inNone, "database", found.name || name);
  else if (type === "OBJECT_ROLE") alterRole(demands, found.name || name);
  else if (type === "OBJECT_TABLESPACE") demands.need(inNone, "tablespace", found.name || name);
  else if (type === "OBJECT_LANGUAGE") demands.need(inNone, "language", found.name || name);
  else if (/_(?:FDW|EVENT_TRIGGER)$/.test(type)) mostlySuperuser(demands, object);
  else if (type === "OBJECT_ACCESS_METHOD") superuser(demands, object);
  else demands.need("UNKNOWN", "server", type.replace(/^OBJECT_/, "").toLowerCase());
}

/** Which of the routines of a name, if their arguments are named. */
function overload(object: Ast): { readonly arguments?: readonly string[] } {
  const routine = node(object["ObjectWithArgs"]);
  const types = argumentsOf(items(routine["objargs"]).map((item) => node(item["TypeName"])));
  return routine["args_unspecified"] === true || types === undefined ? {} : { arguments: types };
}

/** `COMMENT ON CONSTRAINT … ON DOMAIN` names the domain as a type, then the constraint. */
function domainOf(object: Ast): ObjectName | undefined {
  const type = items(node(object["List"])["items"])[0]?.["TypeName"];
  return type === undefined ? undefined : objectName(namesIn({ TypeName: type }));
}

const grant: Demand = (demands, tree) => {
  const type = word(tree["objtype"]);
  if (word(tree["targtype"]) !== "ACL_TARGET_OBJECT") {
    demands.need("UNKNOWN", "server", "grant on all objects");
    for (const item of items(tree["objects"])) demands.use(stringOf(item));
    return;
  }
  for (const item of items(tree["objects"])) {
    if (item["RangeVar"] !== undefined) demands.range("GRANT", node(item["RangeVar"]));
    else owned(demands, type, item, { by: "GRANT" });
  }
};

/** From PostgreSQL 16 on CREATEROLE is not enough. */
function alterRole(demands: Demands, name: string): void {
  demands.need("CREATEROLE", "server");
  if (name !== "") demands.need("ADMIN", "role", name);
}

/** Of EXPLAIN, DECLARE and EXECUTE. */
function demandsOfQuery(demands: Demands, ast: Ast): void {
  const [kind, tree] = kindOf(ast);
  if (/^(?:Select|Insert|Update|Delete|Merge)Stmt$/.test(kind)) DEMANDS[kind]!(demands, tree);
}

/** Whose rights COPY needs for a file of the server, or a program. */
const roleOfFiles = ({ is_program, is_from }: Ast): string =>
  is_program === true
    ? "pg_execute_server_program"
    : is_from === true
      ? "pg_read_server_files"
      : "pg_write_server_files";

const LOCKS = { ACCESS_SHARE: 1, ROW_EXCLUSIVE: 3 };

/** One of several rights is enough. Of ACCESS SHARE PostgreSQL 16 accepts more than those before it. */
const lockTable: Demand = (demands, tree) => {
  const or = ["DELETE", "TRUNCATE", ...(tree["mode"] === LOCKS.ROW_EXCLUSIVE ? ["INSERT"] : [])];
  for (const item of items(tree["relations"])) {
    const range = node(item["RangeVar"]);
    if (tree["mode"] === LOCKS.ACCESS_SHARE) demands.range("SELECT", range, { maybe: true });
    else demands.range("UPDATE", range, { or });
  }
};

/** A sequence and the table that it belongs to have one owner. */
function ownedBy(demands: Demands, tree: Ast): void {
  const names = items(node(node(optionOf(tree["options"], "owned_by")?.["arg"])["List"])["items"]).map(
    stringOf,
  );
  if (names.length > 1) demands.relation("SAME OWNER", objectName(names.slice(0, -1)));
}

const setVariable: Demand = (demands, tree) => {
  const name = word(tree["name"]).toLowerCase();
  const isSet = word(tree["kind"]) === "VAR_SET_VALUE";
  const value = word(node(node(node(items(tree["args"])[0])["A_Const"])["sval"])["sval"]);
  const role = isSet && value !== "" && value !== "none" ? value : undefined;
  if (name === "role") {
    demands.setRole(undefined);
    if (role !== undefined) demands.need("MEMBER", "role", role);
    demands.setRole(role);
  }
  if (name === "session_authorization") {
    if (role !== undefined) superuser(demands, tree);
    demands.setRole(role);
  }
};

const ofTablespace: Demand = (demands, tree) =>
  demands.need("OWNER", "tablespace", word(tree["tablespacename"]));

const DEMANDS: Readonly<Record<string, Demand>> = {
  AlterDatabaseSetStmt: (demands, tree) => demands.need("OWNER", "database", word(tree["dbname"])),
  AlterDatabaseStmt: (demands, tree) => demands.need("OWNER", "database", word(tree["dbname"])),
  AlterDefaultPrivilegesStmt: (demands, tree) => {
    needRoles(demands, "OWNER", { options: tree["options"] ?? [] });
    const schemas = node(node(optionOf(tree["options"], "schemas")?.["arg"])["List"])["items"];
    for (const schema of items(schemas)) demands.need("EXISTS", "schema", stringOf(schema));
  },
  AlterDomainStmt: (demands, tree) =>
    demands.object("OWNER", "type", objectName(items(tree["typeName"]).map(stringOf))),
  AlterEnumStmt: (demands, tree) =>
    demands.object("OWNER", "type", objectName(items(tree["typeName"]).map(stringOf))),
  AlterEventTrigStmt: superuser,
  AlterExtensionStmt: (demands, tree) => demands.need("OWNER", "extension", word(tree["extname"])),
  AlterFdwStmt: superuser,
  AlterFunctionStmt: (demands, tree) =>
    owned(demands, "OBJECT_FUNCTION", { ObjectWithArgs: node(tree["func"]) }),
  AlterObjectSchemaStmt: rename,
  AlterOwnerStmt: (demands, tree) => {
    const object = node(tree["object"]);
    if (node(tree["relation"])["relname"] !== undefined) demands.range("OWNER", node(tree["relation"]));
    else owned(demands, word(tree["objectType"]), object);
    needRole(demands, "MEMBER", node(tree["newowner"]));
  },
  AlterPolicyStmt: ofRelation("OWNER", "table"),
  AlterRoleSetStmt: (demands, tree) => {
    const database = word(tree["database"]);
    // Its settings and its password are a role's own.
    if (tree["role"] !== undefined) needRole(demands, "SELF", node(tree["role"]));
    else if (database === "") superuser(demands, tree);
    else demands.need("OWNER", "database", database);
  },
  AlterRoleStmt: (demands, tree) => {
    const role = node(tree["role"]);
    const isPassword = items(tree["options"]).every(
      (item) => node(item["DefElem"])["defname"] === "password",
    );
    if (isPassword) needRole(demands, "SELF", role);
    else alterRole(demands, word(role["rolename"]));
  },
  AlterSeqStmt: ofRelation("OWNER", "sequence"),
  AlterSystemStmt: (demands, tree) => {
    const name = word(node(tree["setstmt"])["name"]);
    // Of RESET ALL.
    if (name === "") superuser(demands, tree);
    else demands.need("ALTER SYSTEM", "parameter", name);
  },
  AlterTableSpaceOptionsStmt: ofTablespace,
  AlterTableStmt: alterTable,
  ClusterStmt: ofRelation("MAINTAIN"),
  CommentStmt: (demands, tree) => owned(demands, word(tree["objtype"]), node(tree["object"])),
  CompositeTypeStmt: (demands, tree) => demands.make("type", rangeName(node(tree["typevar"]))),
  CopyStmt: (demands, tree) => {
    demands.range(tree["is_from"] === true ? "INSERT" : "SELECT", node(tree["relation"]));
    const columns = items(tree["attlist"]).map(stringOf);
    if (tree["is_from"] === true)
      fills(demands, node(tree["relation"]), columns.length > 0 ? columns : undefined, true);
    if (word(tree["filename"]) !== "") demands.need("OWNER", "role", roleOfFiles(tree));
  },
  CreateAmStmt: superuser,
  CreateDomainStmt: (demands, tree) =>
    demands.make("type", objectName(items(tree["domainname"]).map(stringOf))),
  CreateEnumStmt: (demands, tree) => demands.make("type", objectName(items(tree["typeName"]).map(stringOf))),
  CreateEventTrigStmt: superuser,
  CreateExtensionStmt: (demands, tree) => {
    demands.need("INSTALL", "extension", word(tree["extname"]));
    if (tree["if_not_exists"] !== true) demands.own("extension", word(tree["extname"]));
    // The language that it makes is named as it is.
    demands.own("language", word(tree["extname"]));
    const schema = stringOf(optionOf(tree["options"], "schema")?.["arg"]);
    if (schema !== "") demands.need("EXISTS", "schema", schema);
  },
  CreateFdwStmt: superuser,
  CreateForeignServerStmt: (demands, tree) =>
    demands.need("UNKNOWN", "server", `USAGE on foreign-data wrapper ${word(tree["fdwname"])}`),
  CreateForeignTableStmt: createTable,
  CreateFunctionStmt: createRoutine,
  CreateOpClassStmt: superuser,
  CreateOpFamilyStmt: superuser,
  CreatePolicyStmt: ofRelation("OWNER", "table"),
  CreatePublicationStmt: (demands, tree) => {
    demands.need("CREATE", "database");
    const ofSchema = someNode(tree, (_, { pubobjtype }) => /IN_(?:CUR_)?SCHEMA$/.test(word(pubobjtype)));
    if (tree["for_all_tables"] === true || ofSchema) superuser(demands, tree);
    else for (const range of rangesIn(tree)) demands.range("OWNER", range);
  },
  CreateRangeStmt: (demands, tree) => demands.make("type", objectName(items(tree["typeName"]).map(stringOf))),
  CreateRoleStmt: (demands, tree) => {
    createRole(demands, tree);
    demands.own("role", word(tree["role"]));
  },
  CreateSchemaStmt: (demands, tree) => {
    const role = node(tree["authrole"]);
    const name = word(tree["schemaname"]) || roleName({ RoleSpec: role });
    demands.need("CREATE", "database");
    if (role["rolename"] !== undefined) demands.need("MEMBER", "role", word(role["rolename"]));
    demands.own("schema", name);
  },
  CreateSeqStmt: (demands, tree) => {
    demands.create(node(tree["sequence"]));
    ownedBy(demands, tree);
  },
  CreateStatsStmt: (demands, tree) => {
    const name = items(tree["defnames"]).map(stringOf);
    if (name.length > 0) demands.createIn(objectName(name));
    for (const item of items(tree["relations"])) {
      demands.range("OWNER", node(item["RangeVar"]));
      if (name.length === 0) demands.range("CREATE", node(item["RangeVar"]));
    }
  },
  CreateStmt: createTable,
  // From PostgreSQL 16 on a member of pg_create_subscription may, too.
  CreateSubscriptionStmt: (demands) =>
    demands.need("SUPERUSER", "server", "", demands.work.version < 16 ? {} : { maybe: true }),
  CreateTableAsStmt: createAs,
  CreateTableSpaceStmt: (demands, tree) => {
    superuser(demands, tree);
    demands.own("tablespace", word(tree["tablespacename"]));
  },
  CreateTransformStmt: mostlySuperuser,
  CreateTrigStmt: (demands, tree) => {
    for (const table of [tree["relation"], tree["constrrel"]]) demands.range("TRIGGER", node(table));
    demands.object("EXECUTE", "routine", objectName(items(tree["funcname"]).map(stringOf)));
  },
  CreatedbStmt: (demands) => demands.need("CREATEDB", "server"),
  DefineStmt: (demands, tree) => {
    const name = objectName(items(tree["defnames"]).map(stringOf));
    const type = word(tree["kind"]);
    if (type === "OBJECT_TYPE") superuser(demands, tree);
    if (type === "OBJECT_AGGREGATE") createRoutine(demands, tree);
    else demands.make("type", name);
  },
  DeclareCursorStmt: (demands, tree) => demandsOfQuery(demands, node(tree["query"])),
  DropOwnedStmt: (demands, tree) => {
    for (const role of items(tree["roles"])) needRole(demands, "OWNER", node(role["RoleSpec"]));
  },
  DropRoleStmt: (demands, tree) => {
    createRole(demands, tree);
    for (const role of items(tree["roles"])) alterRole(demands, roleName(role));
  },
  DropStmt: (demands, tree) => {
    for (const object of items(tree["objects"]))
      owned(demands, word(tree["removeType"]), object, { by: "DROP" });
  },
  DropTableSpaceStmt: ofTablespace,
  DropdbStmt: (demands, tree) => demands.need("OWNER", "database", word(tree["dbname"])),
  ExecuteStmt: (demands, tree) =>
    demandsOfQuery(demands, demands.work.session.prepared.get(word(tree["name"])) ?? {}),
  ExplainStmt: (demands, tree) => demandsOfQuery(demands, node(tree["query"])),
  GrantRoleStmt: (demands, tree) => {
    for (const item of items(tree["granted_roles"]))
      demands.need("ADMIN", "role", word(node(item["AccessPriv"])["priv_name"]));
  },
  GrantStmt: grant,
  IndexStmt: (demands, tree) => {
    demands.range("OWNER", node(tree["relation"]));
    demands.range("CREATE", node(tree["relation"]));
  },
  LoadStmt: (demands, tree) => {
    if (!/^\$libdir\/plugins\/[^/]+$/.test(word(tree["filename"]))) superuser(demands, tree);
  },
  LockStmt: lockTable,
  ReassignOwnedStmt: (demands, tree) => {
    for (const role of [...items(tree["roles"]).map((item) => node(item["RoleSpec"])), node(tree["newrole"])])
      needRole(demands, "OWNER", role);
  },
  RefreshMatViewStmt: ofRelation("MAINTAIN"),
  ReindexStmt: ofRelation("MAINTAIN"),
  RenameStmt: rename,
  RuleStmt: ofRelation("OWNER"),
  SelectStmt: (demands, tree) => {
    const into = node(tree["intoClause"]);
    if (tree["intoClause"] !== undefined) demands.create(node(into["rel"]));
    const { intoClause: _, ...query } = tree;
    reads(demands, query);
  },
  TruncateStmt: (demands, tree) => {
    for (const item of items(tree["relations"])) demands.range("TRUNCATE", node(item["RangeVar"]));
  },
  // Without the right it passes over the table, with a warning.
  VacuumStmt: (demands, tree) => {
    for (const item of items(tree["rels"]))
      demands.range("MAINTAIN", node(node(item["VacuumRelation"])["relation"]), { maybe: true });
  },
  VariableSetStmt: setVariable,
  ViewStmt: createView,
  ...WRITES,
};
