/**
 * A statement's tree, as the grammar of PostgreSQL 18 has it → what in it an older server does not understand. The table
 * was measured: each example was given to the servers 12 to 18, and every statement of PostgreSQL's regression tests.
 */
import { type Ast, items, node, optionOf, stringOf, visitNodes, word } from "./ast.ts";
import { tokens } from "./lexer.ts";
import { majorOf, type ServerVersion } from "./server-version.ts";

/** The major version whose grammar reads files. */
export const NEWEST = 18;

/** The version for which files are parsed that are for that one; none: for the newest. */
export const parsedFor = (version: ServerVersion | undefined): string =>
  version === undefined || majorOf(version.number) > NEWEST
    ? `${NEWEST}, the newest known version`
    : version.text;

/** What one major version brought. */
export interface Feature {
  /** The first server that understands it. */
  readonly since: number;
  readonly name: string;
  /** What it looks like in a text: where a statement that has it is marked. */
  readonly looks: RegExp;
  /** A statement that servers before `since` refuse, whatever there is in the database. */
  readonly example: string;
  /**
   * The kinds of nodes, or names of fields, that can have it; "" for what only the text tells. `is` says whether one
   * does; `code` gives the text without what is in comments, strings and quoted names, which few ask for.
   */
  readonly nodes: readonly string[];
  readonly is: (tree: Ast, code: () => string) => boolean;
}

/** The newest of the features that SQL has, given as its text and as trees, and that a server of `major` lacks. */
export function newerFeature(major: number, sql: string, trees: readonly Ast[]): Feature | undefined {
  let newest: Feature | undefined;
  let text: string | undefined;
  const code = (): string => {
    text ??= codeOf(sql);
    return text;
  };
  const visit = (kind: string, tree: Ast): boolean => {
    for (const feature of byNode().get(kind) ?? []) {
      if (feature.since <= major || feature.since <= (newest?.since ?? 0)) continue;
      if (feature.is(tree, code)) newest = feature;
    }
    return !isNotNullOfDomain(kind, tree);
  };
  if (TEXTUAL.test(sql)) visit("", {});
  for (const tree of trees) visitNodes(tree, visit);
  return newest;
}

/** What may have a feature that no node has. */
const TEXTUAL = /\d_\d|0[xob]_?[\da-f]|type\s*\[/i;

/** The same with blanks instead of comments, strings and quoted names. */
function codeOf(sql: string): string {
  let code = "";
  for (const { kind, start, end } of tokens(sql)) {
    const isCode = kind !== "comment" && kind !== "string" && sql[start] !== '"';
    code += isCode ? sql.slice(start, end) : " ".repeat(end - start);
  }
  return code;
}

/** Where a feature stands in the statement's text: UTF-16 offsets; all of it where it cannot be told. */
export function placeOfFeature(
  { looks }: Feature,
  sql: string,
): { readonly start: number; readonly end: number } {
  const pattern = new RegExp(looks.source, "i");
  // A body is a string.
  const match = pattern.exec(codeOf(sql)) ?? pattern.exec(sql);
  return match === null
    ? { start: 0, end: sql.length }
    : { start: match.index, end: match.index + match[0].length };
}

/** Its tree is that of a table's constraint, which came later. */
const isNotNullOfDomain = (kind: string, tree: Ast): boolean =>
  kind === "AlterDomainStmt" && node(node(tree["def"])["Constraint"])["contype"] === "CONSTR_NOTNULL";

/** Every rule that 17 added has one of these words: what the parser of 16 refuses without one is not asked of it. */
const WORDS_OF_17 =
  /\b(?:json(?:_\w*)?|merge(?:_action)?|local|expression|method|statistics|operator|copy|domain|cluster|reindex|vacuum|analy[sz]e|returning|overlaps|without|objects)\b|%\s*(?:row)?type\b/i;

/** Whether a text may have syntax that came with PostgreSQL 17: the parser of 16 knows. */
export function mayNeed17(text: string): boolean {
  return WORDS_OF_17.test(text);
}

const has =
  (...fields: readonly string[]) =>
  (tree: Ast): boolean =>
    fields.some((field) => tree[field] !== undefined);

const lacks =
  (field: string) =>
  (tree: Ast): boolean =>
    tree[field] === undefined;

const equals =
  (field: string, ...values: readonly string[]) =>
  (tree: Ast): boolean =>
    values.includes(word(tree[field]));

const always = (): boolean => true;

const hasOption =
  (field: string, ...names: readonly string[]) =>
  (tree: Ast): boolean =>
    names.some((name) => optionOf(tree[field], name) !== undefined);

/** A function that the grammar itself makes of words. */
const isWords = (tree: Ast, name: string): boolean =>
  tree["funcformat"] === "COERCE_SQL_SYNTAX" && stringOf(items(tree["funcname"]).at(-1)) === name;

const kindOfConstraint = (tree: Ast): string => word(tree["contype"]).replace("CONSTR_", "");

/** A form that is no call of a function with simple arguments, as which older servers read it. */
const isPlain = (value: Ast): boolean => node(value["format"])["format_type"] === "JS_FORMAT_DEFAULT";

const NUMBER = /(?<![\w$.])(?:0[xob]_?[\da-f]|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?_\d)[\w.]*/i;

export const FEATURES: readonly Feature[] = [
  // 18
  {
    since: 18,
    name: "a virtual generated column",
    looks: /\bvirtual\b/,
    example: "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a) VIRTUAL)",
    nodes: ["Constraint"],
    is: equals("generated_kind", "v"),
  },
  {
    since: 18,
    name: "WITHOUT OVERLAPS",
    looks: /\bwithout\s+overlaps\b/,
    example: "CREATE TABLE t (a int4range, b int4range, PRIMARY KEY (a, b WITHOUT OVERLAPS))",
    nodes: ["Constraint"],
    is: has("without_overlaps"),
  },
  {
    since: 18,
    name: "PERIOD in a foreign key",
    looks: /\bperiod\b/,
    example: "ALTER TABLE t ADD FOREIGN KEY (a, PERIOD b) REFERENCES u (a, PERIOD b)",
    nodes: ["Constraint"],
    is: has("fk_with_period"),
  },
  {
    since: 18,
    name: "ENFORCED of a constraint",
    looks: /\b(?:not\s+)?enforced\b/,
    example: "ALTER TABLE t ADD CHECK (a > 0) NOT ENFORCED",
    nodes: ["Constraint"],
    is: (tree) =>
      /ENFORCED/.test(kindOfConstraint(tree)) ||
      (/^(?:CHECK|FOREIGN)$/.test(kindOfConstraint(tree)) && tree["is_enforced"] !== true),
  },
  {
    since: 18,
    name: "NOT NULL as a constraint of a table, or with NO INHERIT",
    looks: /\bnot\s+null\b/,
    example: "ALTER TABLE t ADD CONSTRAINT c NOT NULL a",
    nodes: ["Constraint"],
    is: (tree) =>
      kindOfConstraint(tree) === "NOTNULL" && (has("keys")(tree) || tree["is_no_inherit"] === true),
  },
  {
    since: 18,
    name: "ALTER CONSTRAINT … ENFORCED or INHERIT",
    looks: /\balter\s+constraint\b/,
    example: "ALTER TABLE t ALTER CONSTRAINT c INHERIT",
    nodes: ["ATAlterConstraint"],
    is: (tree) => tree["alterEnforceability"] === true || tree["alterInheritability"] === true,
  },
  {
    since: 18,
    name: "RETURNING WITH",
    looks: /\breturning\s+with\b/,
    example: "UPDATE t SET a = 1 RETURNING WITH (OLD AS o) o.a",
    nodes: ["returningClause"],
    is: has("options"),
  },
  {
    since: 18,
    name: "default privileges ON LARGE OBJECTS",
    looks: /\blarge\s+objects\b/,
    example: "ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO PUBLIC",
    nodes: ["action"],
    is: (tree) => tree["targtype"] === "ACL_TARGET_DEFAULTS" && tree["objtype"] === "OBJECT_LARGEOBJECT",
  },
  {
    since: 18,
    name: "VACUUM or ANALYZE of ONLY a table",
    looks: /\bonly\b/,
    example: "ANALYZE ONLY t",
    nodes: ["VacuumRelation"],
    is: (tree) => node(tree["relation"])["inh"] !== true,
  },
  // 17
  {
    since: 17,
    name: "MERGE … RETURNING",
    looks: /\breturning\b/,
    example: "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE RETURNING 1",
    nodes: ["MergeStmt"],
    is: has("returningClause"),
  },
  {
    since: 17,
    name: "WHEN NOT MATCHED BY",
    looks: /\bnot\s+matched\s+by\b/,
    example: "MERGE INTO t USING s ON true WHEN NOT MATCHED BY SOURCE THEN DELETE",
    nodes: ["MergeStmt"],
    is: (_, code) => /\bnot\s+matched\s+by\b/i.test(code()),
  },
  {
    since: 17,
    name: "JSON_TABLE",
    looks: /\bjson_table\b/,
    example: "SELECT * FROM JSON_TABLE('[]', '$' COLUMNS (a int))",
    nodes: ["JsonTable"],
    is: always,
  },
  {
    since: 17,
    name: "JSON_EXISTS, JSON_VALUE or JSON_QUERY",
    looks: /\bjson_(?:exists|value|query)\b/,
    example: "SELECT JSON_VALUE('1', '$' RETURNING int)",
    nodes: ["JsonFuncExpr"],
    is: (tree) =>
      has("passing", "output", "on_empty", "on_error")(tree) ||
      !equals("wrapper", "JSW_UNSPEC")(tree) ||
      !equals("quotes", "JS_QUOTES_UNSPEC")(tree) ||
      !isPlain(node(tree["context_item"])),
  },
  {
    since: 17,
    name: "JSON() or JSON_SERIALIZE() with more than a value",
    looks: /\bjson(?:_serialize)?\s*\(/,
    example: "SELECT JSON('1' WITH UNIQUE KEYS)",
    nodes: ["JsonParseExpr", "JsonSerializeExpr"],
    is: (tree, code) =>
      has("output", "unique_keys")(tree) ||
      !isPlain(node(tree["expr"])) ||
      /\bwithout\s+unique\b/i.test(code()),
  },
  {
    since: 17,
    name: "AT LOCAL",
    looks: /\bat\s+local\b/,
    example: "SELECT now() AT LOCAL",
    nodes: ["FuncCall"],
    is: (tree) => isWords(tree, "timezone") && items(tree["args"]).length === 1,
  },
  {
    since: 17,
    name: "SET EXPRESSION",
    looks: /\bset\s+expression\b/,
    example: "ALTER TABLE t ALTER a SET EXPRESSION AS (1)",
    nodes: ["AlterTableCmd"],
    is: equals("subtype", "AT_SetExpression"),
  },
  {
    since: 17,
    name: "SET ACCESS METHOD DEFAULT",
    looks: /\baccess\s+method\b/,
    example: "ALTER TABLE t SET ACCESS METHOD DEFAULT",
    nodes: ["AlterTableCmd"],
    is: (tree) => tree["subtype"] === "AT_SetAccessMethod" && tree["name"] === undefined,
  },
  {
    since: 17,
    name: "SET STATISTICS DEFAULT",
    looks: /\bstatistics\s+default\b/,
    example: "ALTER TABLE t ALTER a SET STATISTICS DEFAULT",
    nodes: ["AlterTableCmd"],
    is: (tree) => tree["subtype"] === "AT_SetStatistics" && tree["def"] === undefined,
  },
  {
    since: 17,
    name: "SET STATISTICS DEFAULT of extended statistics",
    looks: /\bstatistics\s+default\b/,
    example: "ALTER STATISTICS s SET STATISTICS DEFAULT",
    nodes: ["AlterStatsStmt"],
    is: lacks("stxstattarget"),
  },
  {
    since: 17,
    name: "HASHES or MERGES of an operator that is altered",
    looks: /\b(?:hashes|merges)\b/,
    example: "ALTER OPERATOR = (boolean, real) SET (HASHES)",
    nodes: ["AlterOperatorStmt"],
    is: ({ options }) =>
      ["hashes", "merges"].some((name) => {
        const found = optionOf(options, name);
        return found !== undefined && found["arg"] === undefined;
      }),
  },
  {
    since: 17,
    name: "NOT NULL added to a domain",
    looks: /\bnot\s+null\b/,
    example: "ALTER DOMAIN d ADD NOT NULL",
    nodes: ["AlterDomainStmt"],
    is: (tree) => isNotNullOfDomain("AlterDomainStmt", tree),
  },
  {
    since: 17,
    name: "an array of a %TYPE or %ROWTYPE",
    looks: /%\s*(?:row)?type\b/,
    example: "DO $$ DECLARE a pg_class.relname%TYPE[]; BEGIN END $$",
    nodes: [""],
    is: (_, code) => /%\s*(?:row)?type\s*\[/i.test(code()),
  },
  // 16
  {
    // Its tree is that of any number. Before 15 a server reads 1_000 as 1, with the label _000.
    since: 16,
    name: "a number with _, or of base 16, 8 or 2",
    looks: NUMBER,
    example: "SELECT 1_000",
    nodes: [""],
    is: (_, code) => NUMBER.test(code()),
  },
  {
    since: 16,
    name: "a subquery in FROM without an alias",
    looks: /\(\s*(?:select|values|with|table)\b/,
    example: "SELECT * FROM (SELECT 1)",
    nodes: ["RangeSubselect"],
    is: lacks("alias"),
  },
  {
    since: 16,
    name: "IS JSON",
    looks: /\bis\s+(?:not\s+)?json\b/,
    example: "SELECT '1' IS JSON",
    nodes: ["JsonIsPredicate"],
    is: always,
  },
  {
    since: 16,
    name: "JSON_OBJECT with keys, or JSON_OBJECTAGG",
    looks: /\bjson_object(?:agg)?\b/,
    example: "SELECT JSON_OBJECT('a': 1)",
    nodes: ["JsonObjectConstructor", "JsonObjectAgg"],
    is: has("exprs", "output", "arg"),
  },
  {
    since: 16,
    name: "JSON_ARRAY or JSON_ARRAYAGG with more than values",
    looks: /\bjson_array(?:agg)?\b/,
    example: "SELECT JSON_ARRAY(1 RETURNING json)",
    nodes: ["JsonArrayConstructor", "JsonArrayAgg"],
    is: (tree, code) =>
      has("output")(tree) ||
      has("output")(node(tree["constructor"])) ||
      [...items(tree["exprs"]).map((item) => node(item["JsonValueExpr"])), node(tree["arg"])].some(
        (value) => value["format"] !== undefined && !isPlain(value),
      ) ||
      /\b(?:absent|null)\s+on\s+null\b/i.test(code()),
  },
  {
    since: 16,
    name: "JSON_ARRAY of a query",
    looks: /\bjson_array\b/,
    example: "SELECT JSON_ARRAY(SELECT 1)",
    nodes: ["JsonArrayQueryConstructor"],
    is: always,
  },
  {
    since: 16,
    name: "INDENT of XMLSERIALIZE",
    looks: /\b(?:no\s+)?indent\b/,
    example: "SELECT xmlserialize(CONTENT '<a/>' AS text INDENT)",
    nodes: ["XmlSerialize"],
    is: (tree, code) => tree["indent"] === true || /\bno\s+indent\b/i.test(code()),
  },
  {
    since: 16,
    name: "options of the membership in a role",
    looks: /\b(?:inherit|set|admin)\s+(?:option|true|false)\b/,
    example: "GRANT a TO b WITH INHERIT TRUE",
    nodes: ["GrantRoleStmt"],
    is: (tree, code) =>
      hasOption("opt", "inherit", "set")(tree) ||
      (hasOption("opt", "admin")(tree) && /\badmin\s+(?:true|false)\b/i.test(code())),
  },
  {
    since: 16,
    name: "CREATE STATISTICS without a name",
    looks: /\bstatistics\b/,
    example: "CREATE STATISTICS ON a, b FROM t",
    nodes: ["CreateStatsStmt"],
    is: lacks("defnames"),
  },
  {
    since: 16,
    name: "STORAGE of a column that is created",
    looks: /\bstorage\b/,
    example: "CREATE TABLE t (a text STORAGE PLAIN)",
    nodes: ["ColumnDef"],
    is: has("storage_name"),
  },
  {
    since: 16,
    name: "SET STORAGE DEFAULT",
    looks: /\bstorage\s+default\b/,
    example: "ALTER TABLE t ALTER a SET STORAGE DEFAULT",
    nodes: ["AlterTableCmd"],
    is: (tree) => tree["subtype"] === "AT_SetStorage" && /^default$/i.test(stringOf(tree["def"])),
  },
  {
    since: 16,
    name: "REINDEX of the database without its name",
    looks: /\b(?:database|system)\b/,
    example: "REINDEX DATABASE",
    nodes: ["ReindexStmt"],
    is: (tree) => /DATABASE|SYSTEM/.test(word(tree["kind"])) && tree["name"] === undefined,
  },
  // 15
  {
    since: 15,
    name: "MERGE",
    looks: /\bmerge\b/,
    example: "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
    nodes: ["MergeStmt"],
    is: always,
  },
  {
    since: 15,
    name: "NULLS DISTINCT",
    looks: /\bnulls\s+(?:not\s+)?distinct\b/,
    example: "CREATE UNIQUE INDEX ON t (a) NULLS NOT DISTINCT",
    nodes: ["Constraint", "IndexStmt"],
    is: (tree, code) =>
      tree["nulls_not_distinct"] === true ||
      ((tree["contype"] === "CONSTR_UNIQUE" || tree["unique"] === true) &&
        /\bnulls\s+distinct\b/i.test(code())),
  },
  {
    since: 15,
    name: "ON DELETE SET NULL or DEFAULT of some columns",
    looks: /\bset\s+(?:null|default)\s*\(/,
    example: "ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES u ON DELETE SET NULL (a)",
    nodes: ["Constraint"],
    is: has("fk_del_set_cols"),
  },
  {
    since: 15,
    name: "SET ACCESS METHOD",
    looks: /\baccess\s+method\b/,
    example: "ALTER TABLE t SET ACCESS METHOD heap",
    nodes: ["AlterTableCmd"],
    is: equals("subtype", "AT_SetAccessMethod"),
  },
  {
    since: 15,
    name: "a publication of schemas, columns or some rows",
    looks: /\btables\s+in\s+schema\b|\bwhere\b|\(/,
    example: "CREATE PUBLICATION p FOR TABLES IN SCHEMA s",
    nodes: ["PublicationObjSpec"],
    is: (tree) =>
      /SCHEMA/.test(word(tree["pubobjtype"])) || has("whereClause", "columns")(node(tree["pubtable"])),
  },
  {
    since: 15,
    name: "ALTER SUBSCRIPTION … SKIP",
    looks: /\bskip\b/,
    example: "ALTER SUBSCRIPTION s SKIP (lsn = NONE)",
    nodes: ["AlterSubscriptionStmt"],
    is: equals("kind", "ALTER_SUBSCRIPTION_SKIP"),
  },
  {
    since: 15,
    name: "a privilege ON PARAMETER",
    looks: /\bon\s+parameter\b/,
    example: "GRANT SET ON PARAMETER work_mem TO PUBLIC",
    nodes: ["GrantStmt"],
    is: equals("objtype", "OBJECT_PARAMETER_ACL"),
  },
  {
    since: 15,
    name: "REFRESH COLLATION VERSION of a database",
    looks: /\brefresh\s+collation\b/,
    example: "ALTER DATABASE d REFRESH COLLATION VERSION",
    nodes: ["AlterDatabaseRefreshCollStmt"],
    is: always,
  },
  {
    since: 15,
    name: "the option security_invoker of a view",
    looks: /\bsecurity_invoker\b/,
    example: "CREATE VIEW pg_temp.v WITH (security_invoker) AS SELECT 1",
    nodes: ["ViewStmt"],
    is: hasOption("options", "security_invoker"),
  },
  {
    since: 15,
    name: "an unlogged sequence",
    looks: /\bunlogged\b/,
    example: "CREATE UNLOGGED SEQUENCE s",
    nodes: ["CreateSeqStmt"],
    is: (tree) => node(tree["sequence"])["relpersistence"] === "u",
  },
  // 14
  {
    since: 14,
    name: "a body of SQL (BEGIN ATOMIC, RETURN)",
    looks: /\bbegin\s+atomic\b|\breturn\b/,
    example: "CREATE FUNCTION pg_temp.f() RETURNS int RETURN 1",
    nodes: ["CreateFunctionStmt"],
    is: has("sql_body"),
  },
  {
    since: 14,
    name: "an OUT parameter of a procedure",
    looks: /\bout\b/,
    example: "CREATE PROCEDURE pg_temp.p(OUT a int) LANGUAGE sql AS 'SELECT 1'",
    nodes: ["CreateFunctionStmt"],
    is: (tree) =>
      tree["is_procedure"] === true &&
      items(tree["parameters"]).some((item) => node(item["FunctionParameter"])["mode"] === "FUNC_PARAM_OUT"),
  },
  {
    since: 14,
    name: "CREATE OR REPLACE TRIGGER",
    looks: /\bor\s+replace\b/,
    example: "CREATE OR REPLACE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    nodes: ["CreateTrigStmt"],
    is: has("replace"),
  },
  {
    since: 14,
    name: "GROUP BY DISTINCT",
    looks: /\bgroup\s+by\s+distinct\b/,
    example: "SELECT 1 GROUP BY DISTINCT ROLLUP (1)",
    nodes: ["SelectStmt"],
    is: has("groupDistinct"),
  },
  {
    since: 14,
    name: "GROUP BY ALL",
    looks: /\bgroup\s+by\s+all\b/,
    example: "SELECT 1 GROUP BY ALL ROLLUP (1)",
    nodes: ["SelectStmt"],
    is: (tree, code) => has("groupClause")(tree) && /\bgroup\s+by\s+all\b/i.test(code()),
  },
  {
    since: 14,
    name: "DETACH PARTITION … CONCURRENTLY or FINALIZE",
    looks: /\b(?:concurrently|finalize)\b/,
    example: "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
    nodes: ["AlterTableCmd"],
    is: (tree) =>
      tree["subtype"] === "AT_DetachPartitionFinalize" ||
      node(node(tree["def"])["PartitionCmd"])["concurrent"] === true,
  },
  {
    since: 14,
    name: "COMPRESSION of a column",
    looks: /\bcompression\b/,
    example: "CREATE TABLE t (a text COMPRESSION pglz)",
    nodes: ["ColumnDef"],
    is: has("compression"),
  },
  {
    since: 14,
    name: "SET COMPRESSION",
    looks: /\bcompression\b/,
    example: "ALTER TABLE t ALTER a SET COMPRESSION pglz",
    nodes: ["AlterTableCmd"],
    is: equals("subtype", "AT_SetCompression"),
  },
  {
    since: 14,
    name: "LIKE … COMPRESSION",
    looks: /\bcompression\b/,
    example: "CREATE TABLE t (LIKE u INCLUDING COMPRESSION)",
    nodes: ["TableLikeClause"],
    is: (_, code) => /\b(?:including|excluding)\s+compression\b/i.test(code()),
  },
  {
    since: 14,
    name: "SEARCH or CYCLE of a recursive query",
    looks: /\b(?:search|cycle)\b/,
    example:
      "WITH RECURSIVE r (a) AS (SELECT 1 UNION SELECT a + 1 FROM r WHERE a < 2) SEARCH DEPTH FIRST BY a SET o SELECT 1 FROM r",
    nodes: ["CommonTableExpr"],
    is: has("search_clause", "cycle_clause"),
  },
  {
    since: 14,
    name: "an alias of JOIN … USING",
    looks: /\bas\b/,
    example: "SELECT 1 FROM t JOIN u USING (a) AS x",
    nodes: ["JoinExpr"],
    is: has("join_using_alias"),
  },
  {
    since: 14,
    name: "CURRENT_ROLE as the name of a role",
    looks: /\bcurrent_role\b/,
    example: "ALTER TABLE t OWNER TO CURRENT_ROLE",
    nodes: ["RoleSpec", "newowner", "newrole", "authrole", "owner", "role", "user", "grantor"],
    is: equals("roletype", "ROLESPEC_CURRENT_ROLE"),
  },
  {
    since: 14,
    name: "GRANTED BY of a privilege",
    looks: /\bgranted\s+by\b/,
    example: "GRANT SELECT ON t TO PUBLIC GRANTED BY CURRENT_USER",
    nodes: ["GrantStmt"],
    is: has("grantor"),
  },
  {
    since: 14,
    name: "an option of REINDEX in parentheses",
    looks: /\breindex\s*\(/,
    example: "REINDEX (TABLESPACE pg_default) TABLE t",
    nodes: ["ReindexStmt"],
    is: (tree, code) =>
      hasOption("params", "tablespace")(tree) ||
      /\breindex\s*\([^)]*(?:concurrently|verbose\s+[^,)\s])/i.test(code()),
  },
  {
    since: 14,
    name: "ALTER SUBSCRIPTION … ADD or DROP PUBLICATION",
    looks: /\b(?:add|drop)\s+publication\b/,
    example: "ALTER SUBSCRIPTION s ADD PUBLICATION p",
    nodes: ["AlterSubscriptionStmt"],
    is: equals("kind", "ALTER_SUBSCRIPTION_ADD_PUBLICATION", "ALTER_SUBSCRIPTION_DROP_PUBLICATION"),
  },
  {
    since: 14,
    name: "SUBSTRING … SIMILAR",
    looks: /\bsimilar\b/,
    example: "SELECT SUBSTRING('a' SIMILAR 'b' ESCAPE '#')",
    nodes: ["FuncCall"],
    is: (tree, code) =>
      isWords(tree, "substring") &&
      items(tree["args"]).length === 3 &&
      /\bsimilar\b(?!\s+to\b)/i.test(code()),
  },
  // 13
  {
    since: 13,
    name: "WITH TIES",
    looks: /\bwith\s+ties\b/,
    example: "SELECT 1 ORDER BY 1 FETCH FIRST 1 ROW WITH TIES",
    nodes: ["SelectStmt", "larg", "rarg"],
    is: equals("limitOption", "LIMIT_OPTION_WITH_TIES"),
  },
  {
    since: 13,
    name: "DROP EXPRESSION",
    looks: /\bdrop\s+expression\b/,
    example: "ALTER TABLE t ALTER a DROP EXPRESSION",
    nodes: ["AlterTableCmd"],
    is: equals("subtype", "AT_DropExpression"),
  },
  {
    since: 13,
    name: "an option of DROP DATABASE",
    looks: /\(/,
    example: "DROP DATABASE IF EXISTS no_such_database (FORCE)",
    nodes: ["DropdbStmt"],
    is: has("options"),
  },
  {
    since: 13,
    name: "IS NORMALIZED",
    looks: /\bnormalized\b/,
    example: "SELECT 'a' IS NORMALIZED",
    nodes: ["FuncCall"],
    is: (tree) => isWords(tree, "is_normalized"),
  },
  {
    since: 13,
    name: "ALTER STATISTICS … SET STATISTICS",
    looks: /\bset\s+statistics\b/,
    example: "ALTER STATISTICS s SET STATISTICS 0",
    nodes: ["AlterStatsStmt"],
    is: always,
  },
  {
    since: 13,
    name: "a column of a view that is renamed by ALTER VIEW",
    looks: /\brename\b/,
    example: "ALTER VIEW v RENAME COLUMN a TO b",
    nodes: ["RenameStmt"],
    is: (tree) => tree["renameType"] === "OBJECT_COLUMN" && tree["relationType"] === "OBJECT_VIEW",
  },
  {
    since: 13,
    name: "parameters of an operator class",
    looks: /\(/,
    example: "CREATE INDEX ON t USING gist (a o (b = 1))",
    nodes: ["IndexElem"],
    is: has("opclassopts"),
  },
  {
    since: 13,
    name: "ALTER TYPE … SET",
    looks: /\bset\b/,
    example: "ALTER TYPE t SET (STORAGE = plain)",
    nodes: ["AlterTypeStmt"],
    is: always,
  },
  {
    since: 13,
    name: "NO DEPENDS ON EXTENSION",
    looks: /\bno\s+depends\b/,
    example: "ALTER INDEX i NO DEPENDS ON EXTENSION e",
    nodes: ["AlterObjectDependsStmt"],
    is: has("remove"),
  },
];

let nodesOfFeatures: ReadonlyMap<string, readonly Feature[]> | undefined;

/** The features that a node of a kind may have. */
function byNode(): ReadonlyMap<string, readonly Feature[]> {
  if (nodesOfFeatures !== undefined) return nodesOfFeatures;
  const found = new Map<string, Feature[]>();
  for (const feature of FEATURES)
    for (const kind of feature.nodes) found.set(kind, [...(found.get(kind) ?? []), feature]);
  nodesOfFeatures = found;
  return found;
}
