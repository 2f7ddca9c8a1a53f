/** A statement, and what the session has made so far → what PostgreSQL demands of the role that runs it. */
import {
  type Ast,
  items,
  kindOf,
  namesIn,
  node,
  type ObjectName,
  objectName,
  rangeName,
  roleName,
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
import type { Work } from "./work.ts";

/** What a statement needs, each thing once. It is asked before the statement is performed. */
export function privilegesOf(work: Work, ast: Ast, body: RoutineBody | undefined): readonly Privilege[] {
  const inBlock = kindOf(ast)[0] === "DoStmt";
  const demands = new Demands(work, inBlock, kindOf(ast)[1]["missing_ok"] === true);
  if (inBlock && body?.isWhole !== true) demands.need("UNKNOWN", "server", "what the DO block does");
  for (const tree of inBlock ? (body?.statements ?? []).flatMap(statementsIn) : [ast]) ask(demands, tree);
  work.session.makesUnknown ||= makesUnknown(ast);
  return demands.all;
}

/** Whether it may make what it does not name: by code, from an extension, after the pattern of a table, by another name of a schema. */
const makesUnknown = (ast: Ast): boolean =>
  someNode(
    ast,
    (kind, fields) =>
      /^(?:(?:Do|Call|Execute|CreateExtension|AlterExtension|ImportForeignSchema)Stmt|TableLikeClause)$/.test(
        kind,
      ) ||
      (kind === "CreateStmt" && fields["partbound"] !== undefined) ||
      fields["subtype"] === "AT_AttachPartition" ||
      fields["renameType"] === "OBJECT_SCHEMA",
  ) ||
  (/^(?:Select|Insert|Update|Delete|Merge|CreateTableAs)Stmt$/.test(kindOf(ast)[0]) &&
    callsIn(ast).some(({ name }) => !isHarmless(name)));

function ask(demands: Demands, ast: Ast): void {
  const [kind, tree] = kindOf(ast);
  const demand = DEMANDS[kind];
  if (demand !== undefined) demand(demands, tree);
  else if (!FREE.test(kind)) demands.need("UNKNOWN", "server", kind.replace(/Stmt$/, ""));
  if (kind !== "DropRoleStmt" || tree["missing_ok"] !== true) needRoles(demands, "EXISTS", tree);
  needSchemas(demands, tree);
}

/** Of the types and functions that a statement names with their schema. */
function needSchemas(demands: Demands, tree: Ast): void {
  visitNodes({ tree }, (kind, fields) => {
    const names = /^funccall$/i.test(kind) ? fields["funcname"] : fields["names"];
    const { schema } = objectName(items(names).map(stringOf));
    if (schema !== undefined && schema !== "") demands.use(schema);
    return true;
  });
}

/** Of every role that is named. */
function needRoles(demands: Demands, privilege: "EXISTS" | "MEMBER", tree: Ast): void {
  visitNodes({ tree }, (_, fields) => {
    if (fields["roletype"] === "ROLESPEC_CSTRING") demands.need(privilege, "role", word(fields["rolename"]));
    return true;
  });
}

type Demand = (demands: Demands, tree: Ast) => void;

/** They need nothing, or what is needed is asked where they act. */
const FREE =
  /^(?:Transaction|VariableShow|Explain|Prepare|Execute|Deallocate|Discard|Listen|Notify|Unlisten|DeclareCursor|Fetch|ClosePortal|ConstraintsSet|Return|Do|Call).*|^$/;

const superuser: Demand = (demands) => demands.need("SUPERUSER", "server");
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
  foreignKeys(demands, form);
};

const createView: Demand = (demands, tree) => {
  demands.create(node(tree["view"]));
  reads(demands, node(tree["query"]));
};

/** SELECT on all that a query names. */
function reads(demands: Demands, query: Ast): void {
  for (const range of rangesIn(query)) demands.range("SELECT", range);
}

/** INSERT, UPDATE, DELETE, MERGE. */
const writes =
  (...privileges: readonly Privilege["privilege"][]): Demand =>
  (demands, tree) => {
    const { relation, ...rest } = tree;
    for (const privilege of privileges) demands.range(privilege, node(relation));
    if (rest["whereClause"] !== undefined) demands.range("SELECT", node(relation));
    reads(demands, rest);
  };

const createAs: Demand = (demands, tree) => {
  demands.create(node(node(node(tree["into"])["IntoClause"] ?? tree["into"])["rel"]));
  reads(demands, node(tree["query"]));
};

const alterTable: Demand = (demands, tree) => {
  demands.range("OWNER", node(tree["relation"]));
  foreignKeys(demands, tree);
  for (const item of items(tree["cmds"])) {
    const command = node(item["AlterTableCmd"]);
    if (word(command["subtype"]) === "AT_ChangeOwner")
      demands.need("MEMBER", "role", roleName({ RoleSpec: node(command["newowner"]) }));
    const bound = node(node(node(command["def"])["PartitionCmd"])["name"]);
    demands.range("OWNER", bound);
  }
};

/** Its name, or its schema, changes. */
const rename: Demand = (demands, tree) => {
  const range = node(tree["relation"]);
  const type = word(tree["renameType"] ?? tree["objectType"]);
  if (range["relname"] !== undefined) demands.range("OWNER", range);
  else owned(demands, type, node(tree["object"]), word(tree["subname"]));
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

const NAMED = [
  [/_(?:TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|FOREIGN_TABLE)$/, "relation"],
  [/_(?:TYPE|DOMAIN)$/, "type"],
  [/_(?:FUNCTION|PROCEDURE|ROUTINE|AGGREGATE)$/, "routine"],
] as const;

/** What DROP, ALTER and COMMENT are about, where it is no table. */
function owned(demands: Demands, type: string, object: Ast, name = ""): void {
  const names = namesIn(object);
  const found = objectName(names);
  if (/_(?:TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|FOREIGN_TABLE)$/.test(type)) demands.relation("OWNER", found);
  else if (/_(?:COLUMN|TRIGGER|RULE|POLICY|TABCONSTRAINT)$/.test(type))
    demands.relation("OWNER", objectName(names.slice(0, -1)));
  else if (/_(?:TYPE|DOMAIN)$/.test(type)) demands.object("type", found);
  else if (/_DOMCONSTRAINT$/.test(type)) demands.object("type", domainOf(object) ?? found);
  else if (/_(?:FUNCTION|PROCEDURE|ROUTINE|AGGREGATE)$/.test(type)) demands.object("routine", found);
  else if (type === "OBJECT_SCHEMA") demands.need("OWNER", "schema", found.name || name);
  else if (type === "OBJECT_EXTENSION") demands.need("OWNER", "extension", found.name || name);
  else if (type === "OBJECT_DATABASE") demands.need("OWNER", "database", found.name || name);
  else if (type === "OBJECT_ROLE") createRole(demands, object);
  else if (/_(?:ACCESS_METHOD|FDW|EVENT_TRIGGER|TABLESPACE|LANGUAGE)$/.test(type)) superuser(demands, object);
  else demands.need("UNKNOWN", "server", type.replace(/^OBJECT_/, "").toLowerCase());
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
    return;
  }
  for (const item of items(tree["objects"])) {
    if (item["RangeVar"] !== undefined) demands.range("OWNER", node(item["RangeVar"]));
    else owned(demands, type, item);
  }
};

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

const DEMANDS: Readonly<Record<string, Demand>> = {
  AlterDatabaseSetStmt: (demands, tree) => demands.need("OWNER", "database", word(tree["dbname"])),
  AlterDatabaseStmt: (demands, tree) => demands.need("OWNER", "database", word(tree["dbname"])),
  AlterDefaultPrivilegesStmt: (demands, tree) => needRoles(demands, "MEMBER", node(tree["options"])),
  AlterDomainStmt: (demands, tree) =>
    demands.object("type", objectName(items(tree["typeName"]).map(stringOf))),
  AlterEnumStmt: (demands, tree) => demands.object("type", objectName(items(tree["typeName"]).map(stringOf))),
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
    demands.need("MEMBER", "role", roleName({ RoleSpec: node(tree["newowner"]) }));
  },
  AlterPolicyStmt: ofRelation("OWNER", "table"),
  AlterRoleSetStmt: createRole,
  AlterRoleStmt: createRole,
  AlterSeqStmt: ofRelation("OWNER", "sequence"),
  AlterSystemStmt: superuser,
  AlterTableStmt: alterTable,
  ClusterStmt: ofRelation("MAINTAIN"),
  CommentStmt: (demands, tree) => owned(demands, word(tree["objtype"]), node(tree["object"])),
  CompositeTypeStmt: (demands, tree) => demands.make("type", rangeName(node(tree["typevar"]))),
  CopyStmt: (demands, tree) => {
    demands.range(tree["is_from"] === true ? "INSERT" : "SELECT", node(tree["relation"]));
    if (word(tree["filename"]) !== "") superuser(demands, tree);
  },
  CreateAmStmt: superuser,
  CreateDomainStmt: (demands, tree) =>
    demands.make("type", objectName(items(tree["domainname"]).map(stringOf))),
  CreateEnumStmt: (demands, tree) => demands.make("type", objectName(items(tree["typeName"]).map(stringOf))),
  CreateEventTrigStmt: superuser,
  CreateExtensionStmt: (demands, tree) => {
    demands.need("INSTALL", "extension", word(tree["extname"]));
    demands.own("extension", word(tree["extname"]));
  },
  CreateFdwStmt: superuser,
  CreateForeignServerStmt: (demands, tree) =>
    demands.need("UNKNOWN", "server", `USAGE on foreign-data wrapper ${word(tree["fdwname"])}`),
  CreateForeignTableStmt: createTable,
  CreateFunctionStmt: (demands, tree) =>
    demands.make("routine", objectName(items(tree["funcname"]).map(stringOf))),
  CreateOpClassStmt: superuser,
  CreateOpFamilyStmt: superuser,
  CreatePolicyStmt: ofRelation("OWNER", "table"),
  CreatePublicationStmt: (demands, tree) => {
    demands.need("CREATE", "database");
    if (tree["for_all_tables"] === true) superuser(demands, tree);
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
  CreateSeqStmt: (demands, tree) => demands.create(node(tree["sequence"])),
  CreateStatsStmt: (demands, tree) => {
    for (const item of items(tree["relations"])) demands.range("OWNER", node(item["RangeVar"]));
  },
  CreateStmt: createTable,
  CreateSubscriptionStmt: superuser,
  CreateTableAsStmt: createAs,
  CreateTableSpaceStmt: superuser,
  CreateTransformStmt: superuser,
  CreateTrigStmt: ofRelation("TRIGGER"),
  CreatedbStmt: (demands) => demands.need("CREATEDB", "server"),
  DefineStmt: (demands, tree) => {
    const name = objectName(items(tree["defnames"]).map(stringOf));
    const type = word(tree["kind"]);
    if (type === "OBJECT_TYPE") superuser(demands, tree);
    demands.make(/AGGREGATE/.test(type) ? "routine" : "type", name);
  },
  DeleteStmt: writes("DELETE"),
  DropOwnedStmt: (demands, tree) => {
    for (const role of items(tree["roles"])) demands.need("MEMBER", "role", roleName(role));
  },
  DropRoleStmt: createRole,
  DropStmt: (demands, tree) => {
    for (const object of items(tree["objects"])) owned(demands, word(tree["removeType"]), object);
  },
  DropTableSpaceStmt: superuser,
  DropdbStmt: (demands, tree) => demands.need("OWNER", "database", word(tree["dbname"])),
  GrantRoleStmt: createRole,
  GrantStmt: grant,
  IndexStmt: ofRelation("OWNER"),
  InsertStmt: writes("INSERT"),
  LoadStmt: superuser,
  LockStmt: (demands, tree) => {
    for (const item of items(tree["relations"])) demands.range("UPDATE", node(item["RangeVar"]));
  },
  MergeStmt: writes("INSERT", "UPDATE", "DELETE", "SELECT"),
  ReassignOwnedStmt: (demands, tree) => {
    for (const role of [...items(tree["roles"]), { RoleSpec: node(tree["newrole"]) }])
      demands.need("MEMBER", "role", roleName(role));
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
  UpdateStmt: writes("UPDATE"),
  VacuumStmt: (demands, tree) => {
    for (const item of items(tree["rels"]))
      demands.range("MAINTAIN", node(node(item["VacuumRelation"])["relation"]));
  },
  VariableSetStmt: setVariable,
  ViewStmt: createView,
};
