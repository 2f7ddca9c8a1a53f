/**
 * Nothing goes in; one-change cases over all object classes come out. Each is run in a schema of its own, which is first in
 * `search_path`; `CASE` is that schema's name, for objects that lie in none. `ROLE` is a role that there is.
 */

export interface Change {
  /** What a comparison must say: class, kind, and the properties that differ: `column differs type`. */
  readonly sees: string;
  readonly setup: string;
  readonly change: string;
  /** The oldest major version that can do it. Default 12. */
  readonly since?: number;
  /** What PGlite or a server without its library lacks. */
  readonly needs?: "server";
}

type Row = readonly [
  sees: string,
  setup: string,
  change: string,
  options?: Omit<Change, "sees" | "setup" | "change">,
];

const table = "CREATE TABLE t (a integer, b text);";
const fn = "CREATE FUNCTION f(x integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';";
const trigger =
  "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE t (a integer, b text);";
const view = `${table} CREATE VIEW v AS SELECT a, b FROM t;`;
const matview = `${table} CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t;`;
const enumType = "CREATE TYPE mood AS ENUM ('sad', 'happy');";
const eq = `CREATE FUNCTION eq(integer, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
  CREATE FUNCTION eq2(text, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';`;
const wrapper = "CREATE FOREIGN DATA WRAPPER w_CASE;";
const foreign = `${wrapper} CREATE SERVER s_CASE FOREIGN DATA WRAPPER w_CASE;
  CREATE FOREIGN TABLE t (a integer) SERVER s_CASE OPTIONS (name 'x');`;
const partitioned = `CREATE TABLE p (a integer NOT NULL, b text) PARTITION BY RANGE (a);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10); CREATE TABLE p2 (a integer NOT NULL, b text);`;
const eventFunction = "CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';";
const composite = "CREATE TYPE ct AS (a integer, b text);";
const sum = `CREATE FUNCTION sf(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
  CREATE AGGREGATE total(integer) (SFUNC = sf, STYPE = integer, INITCOND = '0');`;

const rows: readonly Row[] = [
  // Schemas.
  ["schema missing", "CREATE SCHEMA CASE_x;", "DROP SCHEMA CASE_x;"],
  ["schema extra", "", "CREATE SCHEMA CASE_x;"],
  ["schema differs owner,privileges", "CREATE SCHEMA CASE_x;", "ALTER SCHEMA CASE_x OWNER TO ROLE;"],
  ["schema differs privileges", "", "GRANT USAGE ON SCHEMA CASE TO ROLE;"],
  // Tables.
  ["table missing", table, "DROP TABLE t;"],
  ["table extra", table, "CREATE TABLE u ();"],
  ["table missing", table, "ALTER TABLE t RENAME TO u;"],
  ["table differs owner,privileges", table, "ALTER TABLE t OWNER TO ROLE;"],
  ["table differs privileges", table, "GRANT SELECT ON t TO ROLE;"],
  ["table differs privileges", `${table} GRANT ALL ON t TO ROLE;`, "REVOKE DELETE ON t FROM ROLE;"],
  [
    "table differs privileges",
    `${table} GRANT SELECT ON t TO ROLE;`,
    "GRANT SELECT ON t TO ROLE WITH GRANT OPTION;",
  ],
  [
    "table differs privileges",
    `${table} GRANT ALL ON t TO ROLE;`,
    "REVOKE MAINTAIN ON t FROM ROLE;",
    { since: 17 },
  ],
  ["table differs persistence", table, "ALTER TABLE t SET UNLOGGED;"],
  ["table differs options", table, "ALTER TABLE t SET (fillfactor = 70);"],
  ["table differs toastOptions", table, "ALTER TABLE t SET (toast.autovacuum_enabled = false);"],
  ["table differs replicaIdentity", table, "ALTER TABLE t REPLICA IDENTITY FULL;"],
  ["table differs rowSecurity", table, "ALTER TABLE t ENABLE ROW LEVEL SECURITY;"],
  ["table differs forceRowSecurity", table, "ALTER TABLE t FORCE ROW LEVEL SECURITY;"],
  ["table differs ofType", `${composite} ${table}`, "ALTER TABLE t OF ct;"],
  ["table differs inherits", `${table} CREATE TABLE u (a integer, b text);`, "ALTER TABLE u INHERIT t;"],
  [
    "table differs accessMethod",
    table,
    "CREATE ACCESS METHOD am_CASE TYPE TABLE HANDLER heap_tableam_handler; ALTER TABLE t SET ACCESS METHOD am_CASE;",
    { since: 15 },
  ],
  [
    "table differs bound,partitionOf",
    partitioned,
    "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20);",
  ],
  ["table differs bound,partitionOf", partitioned, "ALTER TABLE p DETACH PARTITION p1;"],
  [
    "table differs bound",
    partitioned,
    "ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (1) TO (11);",
  ],
  [
    "table differs accessMethod,partitionKey",
    table,
    "DROP TABLE t; CREATE TABLE t (a integer, b text) PARTITION BY LIST (a);",
  ],
  // Columns.
  ["column missing", table, "ALTER TABLE t DROP COLUMN b;"],
  ["column extra", table, "ALTER TABLE t ADD COLUMN c integer;"],
  ["column missing", table, "ALTER TABLE t RENAME COLUMN b TO c;"],
  ["table order columns", table, "ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a integer;"],
  ["column differs type", table, "ALTER TABLE t ALTER COLUMN a TYPE bigint;"],
  [
    "column differs type",
    "CREATE TABLE t (a varchar(10));",
    "ALTER TABLE t ALTER COLUMN a TYPE varchar(20);",
  ],
  ["column differs collation", table, 'ALTER TABLE t ALTER COLUMN b TYPE text COLLATE "C";'],
  ["column differs notNull", table, "ALTER TABLE t ALTER COLUMN a SET NOT NULL;"],
  ["column differs default", table, "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1;"],
  [
    "column differs identity",
    "CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY);",
    "ALTER TABLE t ALTER COLUMN a SET GENERATED BY DEFAULT;",
  ],
  [
    "column differs generated",
    "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED);",
    "ALTER TABLE t ALTER COLUMN b DROP EXPRESSION;",
    { since: 13 },
  ],
  [
    "column differs generated",
    "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL);",
    "ALTER TABLE t ALTER COLUMN b SET EXPRESSION AS (a + 2);",
    { since: 18 },
  ],
  ["column differs storage", table, "ALTER TABLE t ALTER COLUMN b SET STORAGE EXTERNAL;"],
  ["column differs compression", table, "ALTER TABLE t ALTER COLUMN b SET COMPRESSION pglz;", { since: 14 }],
  ["column differs statistics", table, "ALTER TABLE t ALTER COLUMN a SET STATISTICS 500;"],
  ["column differs options", table, "ALTER TABLE t ALTER COLUMN a SET (n_distinct = 5);"],
  ["column differs privileges", table, "GRANT SELECT (a) ON t TO ROLE;"],
  ["column differs inherited", `${table} CREATE TABLE u () INHERITS (t);`, "ALTER TABLE u NO INHERIT t;"],
  ["column differs default", view, "ALTER VIEW v ALTER COLUMN a SET DEFAULT 1;"],
  ["column differs statistics", matview, "ALTER MATERIALIZED VIEW m ALTER COLUMN a SET STATISTICS 7;"],
  [
    "column differs notNullConstraint",
    "CREATE TABLE t (a integer NOT NULL);",
    "ALTER TABLE t RENAME CONSTRAINT t_a_not_null TO n;",
    { since: 18 },
  ],
  [
    "column differs notNullNotValid",
    "CREATE TABLE t (a integer); ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID;",
    "ALTER TABLE t VALIDATE CONSTRAINT n;",
    { since: 18 },
  ],
  [
    "column differs notNullNoInherit",
    "CREATE TABLE t (a integer, CONSTRAINT n NOT NULL a);",
    "ALTER TABLE t ALTER CONSTRAINT n NO INHERIT;",
    { since: 18 },
  ],
  // Constraints.
  ["constraint extra", table, "ALTER TABLE t ADD CHECK (a > 0);"],
  [
    "constraint missing",
    "CREATE TABLE t (a integer CONSTRAINT k CHECK (a > 0));",
    "ALTER TABLE t RENAME CONSTRAINT k TO l;",
  ],
  [
    "constraint differs definition",
    "CREATE TABLE t (a integer CONSTRAINT k CHECK (a > 0));",
    "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (a > 1);",
  ],
  [
    "constraint differs definition",
    `${table} ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;`,
    "ALTER TABLE t VALIDATE CONSTRAINT k;",
  ],
  [
    "constraint differs definition",
    "CREATE TABLE t (a integer CONSTRAINT k CHECK (a > 0));",
    "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NO INHERIT;",
  ],
  [
    "constraint differs definition",
    "CREATE TABLE t (a integer CONSTRAINT k PRIMARY KEY); CREATE TABLE u (a integer CONSTRAINT fk REFERENCES t);",
    "ALTER TABLE u ALTER CONSTRAINT fk DEFERRABLE INITIALLY DEFERRED;",
  ],
  [
    "constraint differs definition",
    "CREATE TABLE t (a integer CONSTRAINT k PRIMARY KEY); CREATE TABLE u (a integer CONSTRAINT fk REFERENCES t);",
    "ALTER TABLE u DROP CONSTRAINT fk; ALTER TABLE u ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t ON DELETE CASCADE;",
  ],
  [
    "constraint differs definition",
    "CREATE TABLE t (a integer CONSTRAINT k PRIMARY KEY); CREATE TABLE u (a integer CONSTRAINT fk REFERENCES t);",
    "ALTER TABLE u ALTER CONSTRAINT fk NOT ENFORCED;",
    { since: 18 },
  ],
  [
    "constraint differs triggers",
    "CREATE TABLE t (a integer CONSTRAINT k PRIMARY KEY); CREATE TABLE u (a integer CONSTRAINT fk REFERENCES t);",
    "ALTER TABLE u DISABLE TRIGGER ALL;",
  ],
  [
    "constraint differs triggers",
    'CREATE TABLE "T" (a integer CONSTRAINT k PRIMARY KEY); CREATE TABLE u (a integer CONSTRAINT fk REFERENCES "T");',
    'ALTER TABLE "T" DISABLE TRIGGER ALL;',
  ],
  ["constraint extra", table, "ALTER TABLE t ADD PRIMARY KEY (a);"],
  ["constraint extra", table, "ALTER TABLE t ADD UNIQUE (a);"],
  ["constraint extra", "CREATE TABLE t (a int4range);", "ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&);"],
  [
    "constraint differs definition",
    "CREATE TABLE t (a integer, CONSTRAINT k UNIQUE (a));",
    "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k UNIQUE NULLS NOT DISTINCT (a);",
    { since: 15 },
  ],
  [
    "constraint differs definition",
    "CREATE TABLE t (a int4range, b int4range, CONSTRAINT k UNIQUE (a, b));",
    "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k UNIQUE (a, b WITHOUT OVERLAPS);",
    { since: 18 },
  ],
  [
    "constraint differs inherited",
    "CREATE TABLE t (a integer CONSTRAINT k CHECK (a > 0)); CREATE TABLE u () INHERITS (t);",
    "ALTER TABLE u NO INHERIT t;",
  ],
  // Indexes.
  ["index extra", table, "CREATE INDEX i ON t (a);"],
  ["index missing", `${table} CREATE INDEX i ON t (a);`, "DROP INDEX i;"],
  ["index missing", `${table} CREATE INDEX i ON t (a);`, "ALTER INDEX i RENAME TO j;"],
  [
    "index differs definition",
    `${table} CREATE INDEX i ON t (a);`,
    "DROP INDEX i; CREATE UNIQUE INDEX i ON t (a);",
  ],
  [
    "index differs definition",
    `${table} CREATE INDEX i ON t (a);`,
    "DROP INDEX i; CREATE INDEX i ON t (a) WHERE a > 0;",
  ],
  [
    "index differs definition",
    `${table} CREATE INDEX i ON t (a);`,
    "DROP INDEX i; CREATE INDEX i ON t (a) INCLUDE (b);",
  ],
  [
    "index differs definition",
    `${table} CREATE INDEX i ON t (b);`,
    "DROP INDEX i; CREATE INDEX i ON t (b text_pattern_ops);",
  ],
  [
    "index differs definition",
    `${table} CREATE INDEX i ON t (a);`,
    "DROP INDEX i; CREATE INDEX i ON t USING hash (a);",
  ],
  ["index differs definition", `${table} CREATE INDEX i ON t (a);`, "ALTER INDEX i SET (fillfactor = 60);"],
  [
    "index differs statistics",
    `${table} CREATE INDEX i ON t ((a + 1));`,
    "ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 300;",
  ],
  ["index differs clustered", `${table} CREATE INDEX i ON t (a);`, "ALTER TABLE t CLUSTER ON i;"],
  [
    "index differs replicaIdentity",
    "CREATE TABLE t (a integer NOT NULL); CREATE UNIQUE INDEX i ON t (a);",
    "ALTER TABLE t REPLICA IDENTITY USING INDEX i;",
  ],
  [
    "index differs partOf",
    `${partitioned} CREATE INDEX i ON ONLY p (a); CREATE INDEX i1 ON p1 (a);`,
    "ALTER INDEX i ATTACH PARTITION i1;",
  ],
  // Sequences.
  ["sequence extra", "", "CREATE SEQUENCE s;"],
  ["sequence differs increment", "CREATE SEQUENCE s;", "ALTER SEQUENCE s INCREMENT 5;"],
  ["sequence differs maximum,type", "CREATE SEQUENCE s;", "ALTER SEQUENCE s AS integer;"],
  ["sequence differs start", "CREATE SEQUENCE s;", "ALTER SEQUENCE s START 7;"],
  ["sequence differs minimum", "CREATE SEQUENCE s START 5;", "ALTER SEQUENCE s MINVALUE 3;"],
  ["sequence differs maximum", "CREATE SEQUENCE s;", "ALTER SEQUENCE s MAXVALUE 100;"],
  ["sequence differs cache", "CREATE SEQUENCE s;", "ALTER SEQUENCE s CACHE 20;"],
  ["sequence differs cycle", "CREATE SEQUENCE s;", "ALTER SEQUENCE s CYCLE;"],
  ["sequence differs ownedBy", `${table} CREATE SEQUENCE s;`, "ALTER SEQUENCE s OWNED BY t.a;"],
  ["sequence differs persistence", "CREATE SEQUENCE s;", "ALTER SEQUENCE s SET UNLOGGED;", { since: 15 }],
  ["sequence differs owner,privileges", "CREATE SEQUENCE s;", "ALTER SEQUENCE s OWNER TO ROLE;"],
  ["sequence differs privileges", "CREATE SEQUENCE s;", "GRANT USAGE ON SEQUENCE s TO ROLE;"],
  [
    "sequence differs increment",
    "CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY);",
    "ALTER TABLE t ALTER COLUMN a SET INCREMENT 3;",
  ],
  // Views, materialized views, rules.
  ["view extra", table, "CREATE VIEW v AS SELECT a FROM t;"],
  ["view differs definition", view, "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t WHERE a > 0;"],
  ["view differs options", view, "ALTER VIEW v SET (security_barrier = true);"],
  ["view differs options", view, "ALTER VIEW v SET (security_invoker = true);", { since: 15 }],
  ["view differs options", view, "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t WITH CHECK OPTION;"],
  ["view differs owner,privileges", view, "ALTER VIEW v OWNER TO ROLE;"],
  ["materialized view missing", matview, "DROP MATERIALIZED VIEW m;"],
  ["materialized view differs notPopulated", matview, "REFRESH MATERIALIZED VIEW m WITH NO DATA;"],
  [
    "materialized view differs definition",
    matview,
    "DROP MATERIALIZED VIEW m; CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t WHERE a > 0;",
  ],
  ["materialized view differs options", matview, "ALTER MATERIALIZED VIEW m SET (fillfactor = 50);"],
  ["rule extra", table, "CREATE RULE r AS ON INSERT TO t DO ALSO SELECT 1;"],
  [
    "rule differs definition",
    `${table} CREATE RULE r AS ON INSERT TO t DO ALSO SELECT 1;`,
    "CREATE OR REPLACE RULE r AS ON INSERT TO t DO INSTEAD NOTHING;",
  ],
  [
    "rule differs enabled",
    `${table} CREATE RULE r AS ON INSERT TO t DO ALSO SELECT 1;`,
    "ALTER TABLE t DISABLE RULE r;",
  ],
  // Triggers, event triggers, policies.
  ["trigger extra", trigger, "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();"],
  [
    "trigger differs enabled",
    `${trigger} CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();`,
    "ALTER TABLE t DISABLE TRIGGER g;",
  ],
  [
    "trigger differs enabled",
    `${trigger} CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();`,
    "ALTER TABLE t ENABLE ALWAYS TRIGGER g;",
  ],
  [
    "trigger differs definition",
    `${trigger} CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();`,
    "DROP TRIGGER g ON t; CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a > 0) EXECUTE FUNCTION tf();",
  ],
  [
    "trigger extra",
    trigger,
    "CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION tf();",
  ],
  [
    "trigger extra",
    `${trigger} ${partitioned} CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf();`,
    "ALTER TABLE p1 DISABLE TRIGGER g;",
  ],
  [
    "event trigger extra",
    eventFunction,
    "CREATE EVENT TRIGGER e_CASE ON sql_drop WHEN TAG IN ('DROP SEQUENCE') EXECUTE FUNCTION ef();",
  ],
  [
    "event trigger differs enabled",
    `${eventFunction} CREATE EVENT TRIGGER e_CASE ON sql_drop WHEN TAG IN ('DROP SEQUENCE') EXECUTE FUNCTION ef();`,
    "ALTER EVENT TRIGGER e_CASE DISABLE;",
  ],
  [
    "event trigger differs tags",
    `${eventFunction} CREATE EVENT TRIGGER e_CASE ON sql_drop WHEN TAG IN ('DROP SEQUENCE') EXECUTE FUNCTION ef();`,
    "DROP EVENT TRIGGER e_CASE; CREATE EVENT TRIGGER e_CASE ON sql_drop WHEN TAG IN ('DROP DOMAIN') EXECUTE FUNCTION ef();",
  ],
  ["policy extra", table, "CREATE POLICY o ON t USING (a > 0);"],
  [
    "policy differs using",
    `${table} CREATE POLICY o ON t USING (a > 0);`,
    "ALTER POLICY o ON t USING (a > 1);",
  ],
  [
    "policy differs check",
    `${table} CREATE POLICY o ON t USING (a > 0);`,
    "ALTER POLICY o ON t WITH CHECK (a > 1);",
  ],
  ["policy differs roles", `${table} CREATE POLICY o ON t USING (a > 0);`, "ALTER POLICY o ON t TO ROLE;"],
  [
    "policy differs command",
    `${table} CREATE POLICY o ON t USING (a > 0);`,
    "DROP POLICY o ON t; CREATE POLICY o ON t FOR SELECT USING (a > 0);",
  ],
  [
    "policy differs restrictive",
    `${table} CREATE POLICY o ON t USING (a > 0);`,
    "DROP POLICY o ON t; CREATE POLICY o ON t AS RESTRICTIVE USING (a > 0);",
  ],
  // Routines.
  ["function extra", "", fn],
  ["function extra", fn, "CREATE FUNCTION f(x text) RETURNS integer LANGUAGE sql AS 'SELECT 1';"],
  [
    "function differs body",
    fn,
    "CREATE OR REPLACE FUNCTION f(x integer) RETURNS integer LANGUAGE sql AS 'SELECT 2';",
  ],
  [
    "function differs body",
    "CREATE FUNCTION f() RETURNS integer LANGUAGE sql RETURN 1;",
    "CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql RETURN 2;",
    { since: 14 },
  ],
  [
    "function differs arguments",
    fn,
    "CREATE OR REPLACE FUNCTION f(x integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
  ],
  [
    "function differs body,result",
    fn,
    "DROP FUNCTION f; CREATE FUNCTION f(x integer) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';",
  ],
  [
    "function differs body,language",
    "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';",
    "CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';",
  ],
  ["function differs volatility", fn, "ALTER FUNCTION f IMMUTABLE;"],
  ["function differs strict", fn, "ALTER FUNCTION f STRICT;"],
  ["function differs securityDefiner", fn, "ALTER FUNCTION f SECURITY DEFINER;"],
  ["function differs leakproof", fn, "ALTER FUNCTION f LEAKPROOF;"],
  ["function differs parallel", fn, "ALTER FUNCTION f PARALLEL SAFE;"],
  ["function differs cost", fn, "ALTER FUNCTION f COST 7;"],
  [
    "function differs rows",
    "CREATE FUNCTION f() RETURNS SETOF integer LANGUAGE sql AS 'SELECT 1';",
    "ALTER FUNCTION f ROWS 7;",
  ],
  ["function differs support", fn, "ALTER FUNCTION f SUPPORT generate_series_int4_support;"],
  ["function differs settings", fn, "ALTER FUNCTION f SET work_mem = '1MB';"],
  ["function differs owner,privileges", fn, "ALTER FUNCTION f OWNER TO ROLE;"],
  ["function differs privileges", fn, "REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;"],
  ["procedure missing", "CREATE PROCEDURE pr() LANGUAGE sql AS 'SELECT 1';", "DROP PROCEDURE pr;"],
  [
    "procedure differs body",
    "CREATE PROCEDURE pr() LANGUAGE sql AS 'SELECT 1';",
    "CREATE OR REPLACE PROCEDURE pr() LANGUAGE sql AS 'SELECT 2';",
  ],
  ["aggregate missing", sum, "DROP AGGREGATE total(integer);"],
  [
    "aggregate differs initial",
    sum,
    "DROP AGGREGATE total(integer); CREATE AGGREGATE total(integer) (SFUNC = sf, STYPE = integer, INITCOND = '1');",
  ],
  [
    "aggregate differs parallel",
    sum,
    "CREATE OR REPLACE AGGREGATE total(integer) (SFUNC = sf, STYPE = integer, INITCOND = '0', PARALLEL = SAFE);",
  ],
  // Operators and what is built on them.
  ["operator extra", eq, "CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = text, FUNCTION = eq);"],
  [
    "operator differs restriction",
    `${eq} CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = text, FUNCTION = eq);`,
    "ALTER OPERATOR === (integer, text) SET (RESTRICT = eqsel);",
  ],
  [
    "operator differs commutator",
    `${eq} CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = text, FUNCTION = eq);`,
    "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = integer, FUNCTION = eq2, COMMUTATOR = ===);",
  ],
  ["operator family extra", "", "CREATE OPERATOR FAMILY fam USING btree;"],
  [
    "operator family differs operators",
    "CREATE OPERATOR FAMILY fam USING btree;",
    "ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (integer, bigint);",
  ],
  [
    "operator family differs functions",
    "CREATE OPERATOR FAMILY fam USING btree;",
    "ALTER OPERATOR FAMILY fam USING btree ADD FUNCTION 1 btint48cmp(integer, bigint);",
  ],
  [
    "operator class missing",
    "CREATE OPERATOR CLASS cls FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);",
    "DROP OPERATOR CLASS cls USING hash;",
  ],
  [
    "operator class differs owner",
    "CREATE OPERATOR CLASS cls FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);",
    "ALTER OPERATOR CLASS cls USING hash OWNER TO ROLE;",
  ],
  [
    "cast extra",
    `${enumType} CREATE FUNCTION mi(mood) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';`,
    "CREATE CAST (mood AS integer) WITH FUNCTION mi(mood);",
  ],
  [
    "cast differs context",
    `${enumType} CREATE FUNCTION mi(mood) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE CAST (mood AS integer) WITH FUNCTION mi(mood);`,
    "DROP CAST (mood AS integer); CREATE CAST (mood AS integer) WITH FUNCTION mi(mood) AS ASSIGNMENT;",
  ],
  // Types.
  ["enum type extra", "", enumType],
  ["enum type differs labels", enumType, "ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy';"],
  ["enum type differs labels", enumType, "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';"],
  ["enum type differs privileges", enumType, "REVOKE USAGE ON TYPE mood FROM PUBLIC;"],
  ["enum type differs owner,privileges", enumType, "ALTER TYPE mood OWNER TO ROLE;"],
  ["composite type missing", composite, "DROP TYPE ct;"],
  ["attribute extra", composite, "ALTER TYPE ct ADD ATTRIBUTE c integer;"],
  ["attribute differs type", composite, "ALTER TYPE ct ALTER ATTRIBUTE a TYPE bigint;"],
  [
    "composite type order columns",
    composite,
    "ALTER TYPE ct DROP ATTRIBUTE a; ALTER TYPE ct ADD ATTRIBUTE a integer;",
  ],
  ["domain extra", "", "CREATE DOMAIN d AS text;"],
  ["domain differs default", "CREATE DOMAIN d AS text;", "ALTER DOMAIN d SET DEFAULT 'x';"],
  ["domain differs notNull", "CREATE DOMAIN d AS text;", "ALTER DOMAIN d SET NOT NULL;"],
  ["domain differs type", "CREATE DOMAIN d AS varchar(5);", "DROP DOMAIN d; CREATE DOMAIN d AS varchar(6);"],
  [
    "domain constraint extra",
    "CREATE DOMAIN d AS text;",
    "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE <> '');",
  ],
  [
    "domain constraint differs definition",
    "CREATE DOMAIN d AS text; ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE <> '') NOT VALID;",
    "ALTER DOMAIN d VALIDATE CONSTRAINT k;",
  ],
  ["range type extra", "", "CREATE TYPE rt AS RANGE (SUBTYPE = integer);"],
  [
    "range type differs difference",
    "CREATE TYPE rt AS RANGE (SUBTYPE = float8);",
    "DROP TYPE rt; CREATE TYPE rt AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);",
  ],
  [
    "range type differs collation",
    "CREATE TYPE rt AS RANGE (SUBTYPE = text);",
    'DROP TYPE rt; CREATE TYPE rt AS RANGE (SUBTYPE = text, COLLATION = "C");',
  ],
  ["base type extra", "", "CREATE TYPE bt;"],
  [
    "base type differs storage",
    "CREATE TYPE bt; CREATE FUNCTION bi(cstring) RETURNS bt LANGUAGE internal IMMUTABLE STRICT AS 'textin'; CREATE FUNCTION bo(bt) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'; CREATE TYPE bt (INPUT = bi, OUTPUT = bo, LIKE = text);",
    "ALTER TYPE bt SET (STORAGE = external);",
    { since: 13 },
  ],
  // Collations, conversions, text search.
  ["collation extra", "", "CREATE COLLATION co (LOCALE = 'C');"],
  [
    "collation differs nondeterministic",
    "CREATE COLLATION co (PROVIDER = icu, LOCALE = 'und');",
    "DROP COLLATION co; CREATE COLLATION co (PROVIDER = icu, LOCALE = 'und', DETERMINISTIC = false);",
    { needs: "server" },
  ],
  [
    "collation differs locale",
    "CREATE COLLATION co (PROVIDER = icu, LOCALE = 'de');",
    "DROP COLLATION co; CREATE COLLATION co (PROVIDER = icu, LOCALE = 'fr');",
    { needs: "server" },
  ],
  [
    "conversion extra",
    "",
    "CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;",
    { needs: "server" },
  ],
  [
    "conversion differs default",
    "CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;",
    "DROP CONVERSION cv; CREATE DEFAULT CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;",
    { needs: "server" },
  ],
  ["text search configuration extra", "", "CREATE TEXT SEARCH CONFIGURATION tc (COPY = pg_catalog.simple);"],
  [
    "text search configuration differs mappings",
    "CREATE TEXT SEARCH CONFIGURATION tc (COPY = pg_catalog.simple);",
    "ALTER TEXT SEARCH CONFIGURATION tc DROP MAPPING FOR int;",
  ],
  ["text search dictionary extra", "", "CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = simple);"],
  [
    "text search dictionary differs options",
    "CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = simple);",
    "ALTER TEXT SEARCH DICTIONARY td (ACCEPT = false);",
  ],
  [
    "text search parser extra",
    "",
    "CREATE TEXT SEARCH PARSER tp (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);",
  ],
  [
    "text search template extra",
    "",
    "CREATE TEXT SEARCH TEMPLATE tt (INIT = dsimple_init, LEXIZE = dsimple_lexize);",
  ],
  // Extended statistics.
  ["statistics extra", table, "CREATE STATISTICS st ON a, b FROM t;"],
  [
    "statistics differs definition",
    `${table} CREATE STATISTICS st ON a, b FROM t;`,
    "DROP STATISTICS st; CREATE STATISTICS st (ndistinct) ON a, b FROM t;",
  ],
  [
    "statistics differs target",
    `${table} CREATE STATISTICS st ON a, b FROM t;`,
    "ALTER STATISTICS st SET STATISTICS 9;",
    { since: 13 },
  ],
  // Foreign data.
  ["foreign-data wrapper extra", "", wrapper],
  [
    "foreign-data wrapper differs foreignOptions",
    wrapper,
    "ALTER FOREIGN DATA WRAPPER w_CASE OPTIONS (ADD x '1');",
  ],
  ["server missing", `${wrapper} CREATE SERVER s_CASE FOREIGN DATA WRAPPER w_CASE;`, "DROP SERVER s_CASE;"],
  [
    "server differs foreignOptions",
    `${wrapper} CREATE SERVER s_CASE FOREIGN DATA WRAPPER w_CASE;`,
    "ALTER SERVER s_CASE OPTIONS (host 'h');",
  ],
  [
    "server differs serverVersion",
    `${wrapper} CREATE SERVER s_CASE FOREIGN DATA WRAPPER w_CASE;`,
    "ALTER SERVER s_CASE VERSION '2';",
  ],
  [
    "server differs privileges",
    `${wrapper} CREATE SERVER s_CASE FOREIGN DATA WRAPPER w_CASE;`,
    "GRANT USAGE ON FOREIGN SERVER s_CASE TO ROLE;",
  ],
  [
    "user mapping extra",
    `${wrapper} CREATE SERVER s_CASE FOREIGN DATA WRAPPER w_CASE;`,
    "CREATE USER MAPPING FOR ROLE SERVER s_CASE OPTIONS (user 'x', password 'secret');",
  ],
  [
    "user mapping differs foreignOptions",
    `${wrapper} CREATE SERVER s_CASE FOREIGN DATA WRAPPER w_CASE; CREATE USER MAPPING FOR PUBLIC SERVER s_CASE OPTIONS (user 'x');`,
    "ALTER USER MAPPING FOR PUBLIC SERVER s_CASE OPTIONS (SET user 'y');",
  ],
  ["foreign table missing", foreign, "DROP FOREIGN TABLE t;"],
  ["foreign table differs foreignOptions", foreign, "ALTER FOREIGN TABLE t OPTIONS (SET name 'y');"],
  ["column differs foreignOptions", foreign, "ALTER FOREIGN TABLE t ALTER COLUMN a OPTIONS (ADD name 'y');"],
  // Replication.
  ["publication extra", "", "CREATE PUBLICATION pub_CASE;"],
  [
    "publication differs truncate",
    "CREATE PUBLICATION pub_CASE;",
    "ALTER PUBLICATION pub_CASE SET (publish = 'insert, update, delete');",
  ],
  [
    "publication differs viaRoot",
    "CREATE PUBLICATION pub_CASE;",
    "ALTER PUBLICATION pub_CASE SET (publish_via_partition_root = true);",
    { since: 13 },
  ],
  [
    "publication differs schemas",
    "CREATE PUBLICATION pub_CASE;",
    "ALTER PUBLICATION pub_CASE ADD TABLES IN SCHEMA CASE;",
    { since: 15 },
  ],
  [
    "publication table extra",
    `${table} CREATE PUBLICATION pub_CASE;`,
    "ALTER PUBLICATION pub_CASE ADD TABLE t;",
  ],
  [
    "publication table differs where",
    `${table} CREATE PUBLICATION pub_CASE FOR TABLE t;`,
    "ALTER PUBLICATION pub_CASE SET TABLE t WHERE (a > 0);",
    { since: 15 },
  ],
  [
    "publication table differs columnList",
    `${table} CREATE PUBLICATION pub_CASE FOR TABLE t;`,
    "ALTER PUBLICATION pub_CASE SET TABLE t (a);",
    { since: 15 },
  ],
  [
    "subscription extra",
    "",
    "CREATE SUBSCRIPTION sub_CASE CONNECTION 'dbname=none password=secret' PUBLICATION p WITH (connect = false, slot_name = NONE);",
    { needs: "server" },
  ],
  [
    "subscription differs publications",
    "CREATE SUBSCRIPTION sub_CASE CONNECTION 'dbname=none' PUBLICATION p WITH (connect = false, slot_name = NONE);",
    "ALTER SUBSCRIPTION sub_CASE SET PUBLICATION q WITH (refresh = false);",
    { needs: "server" },
  ],
  // The rest.
  [
    "language extra",
    "CREATE FUNCTION h() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';",
    "CREATE LANGUAGE l_CASE HANDLER h;",
    { needs: "server" },
  ],
  [
    "transform extra",
    "CREATE FUNCTION tr(internal) RETURNS internal LANGUAGE internal STRICT IMMUTABLE AS 'textlike_support'; CREATE DOMAIN dm AS text; CREATE TYPE ty AS (a integer);",
    "CREATE TRANSFORM FOR ty LANGUAGE plpgsql (FROM SQL WITH FUNCTION tr(internal));",
  ],
  ["access method extra", "", "CREATE ACCESS METHOD ax_CASE TYPE INDEX HANDLER bthandler;"],
  ["default privileges extra", "", "ALTER DEFAULT PRIVILEGES IN SCHEMA CASE GRANT SELECT ON TABLES TO ROLE;"],
  [
    "default privileges differs privileges",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA CASE GRANT SELECT ON TABLES TO ROLE;",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA CASE GRANT INSERT ON TABLES TO ROLE;",
  ],
  ["comment extra", table, "COMMENT ON TABLE t IS 'x';"],
  ["comment differs text", `${table} COMMENT ON COLUMN t.a IS 'x';`, "COMMENT ON COLUMN t.a IS 'y';"],
  ["comment extra", fn, "COMMENT ON FUNCTION f IS 'x';"],
  [
    "comment missing",
    `${table} CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'x';`,
    "COMMENT ON INDEX i IS NULL;",
  ],
  [
    "comment extra",
    "CREATE TABLE t (a integer CONSTRAINT k CHECK (a > 0));",
    "COMMENT ON CONSTRAINT k ON t IS 'x';",
  ],
  ["comment extra", "", "COMMENT ON SCHEMA CASE IS 'x';"],
  ["extension dependency extra", fn, "ALTER FUNCTION f DEPENDS ON EXTENSION plpgsql;"],
];

export const changes: readonly Change[] = rows.map(([sees, setup, change, options]) => ({
  sees,
  setup,
  change,
  ...options,
}));

/** What there is once in a database: each case needs one of its own. */
export const soleChanges: readonly Change[] = [
  { sees: "extension missing", setup: "", change: "DROP EXTENSION plpgsql;" },
  {
    sees: "default privileges extra",
    setup: "",
    change: "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;",
  },
  { sees: "large objects extra", setup: "", change: "SELECT lo_create(0);" },
  {
    sees: "large objects differs privileges",
    setup: "SELECT lo_create(4711);",
    change: "GRANT SELECT ON LARGE OBJECT 4711 TO ROLE;",
  },
  {
    sees: "system object extra",
    setup: "",
    change: "REVOKE EXECUTE ON FUNCTION pg_catalog.now() FROM PUBLIC;",
  },
  { sees: "schema missing", setup: "", change: "DROP SCHEMA public;" },
  { sees: "schema differs privileges", setup: "", change: "GRANT USAGE ON SCHEMA public TO ROLE;" },
  { sees: "schema differs owner,privileges", setup: "", change: "ALTER SCHEMA public OWNER TO ROLE;" },
];
