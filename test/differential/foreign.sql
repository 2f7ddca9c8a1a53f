What lies outside the database: extensions, foreign data, files, publications, subscriptions.

-- >>> case extensions
CREATE EXTENSION hstore SCHEMA extensions VERSION '1.4'; CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA extensions CASCADE; CREATE TABLE t (h hstore); INSERT INTO t VALUES ('a=>1, "b c"=>NULL'::hstore || hstore('it''s', ':x')); ALTER EXTENSION hstore UPDATE; CREATE INDEX ON t USING gist (h); CREATE INDEX ON t USING gin ((h -> 'a') gin_trgm_ops); CREATE TABLE u AS SELECT h -> 'a' AS a, h ? 'b c' AS b, h ?& ARRAY['a'] AS c FROM t;
-- >>> case extensions_of_types
CREATE EXTENSION citext SCHEMA extensions_of_types; CREATE EXTENSION ltree SCHEMA extensions_of_types; CREATE EXTENSION "uuid-ossp" SCHEMA extensions_of_types; CREATE EXTENSION cube SCHEMA extensions_of_types; CREATE TABLE t (a citext UNIQUE, b ltree, c cube); INSERT INTO t VALUES ('Ab', 'Top.Science', '(1,2),(3,4)'); CREATE TABLE u AS SELECT a = 'aB' AS x, b @> 'Top.Science.A' AS y, b ~ 'Top.*{1}' AS z, uuid_generate_v5(uuid_ns_dns(), 'x') AS u FROM t;
-- >>> case extensions_altered
CREATE EXTENSION intarray SCHEMA extensions_altered; CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER EXTENSION intarray ADD FUNCTION mine(); ALTER EXTENSION intarray DROP FUNCTION mine(); CREATE SCHEMA extensions_altered_2; ALTER EXTENSION intarray SET SCHEMA extensions_altered_2; COMMENT ON EXTENSION intarray IS 'é';
-- >>> down
DROP EXTENSION intarray; DROP SCHEMA extensions_altered, extensions_altered_2 CASCADE;
-- >>> case foreign_files
CREATE EXTENSION file_fdw SCHEMA foreign_files; CREATE SERVER differential_files FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE f (a text, b text OPTIONS (force_null 'true')) SERVER differential_files OPTIONS (program 'printf ''1,x;y\n2,\n''', format 'csv'); CREATE TABLE t AS SELECT * FROM f; ALTER FOREIGN TABLE f OPTIONS (SET format 'csv', ADD header 'false');
-- >>> case foreign_servers
CREATE EXTENSION postgres_fdw SCHEMA foreign_servers; CREATE SERVER differential_pg TYPE 't' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere', port '1'); CREATE USER MAPPING FOR CURRENT_USER SERVER differential_pg OPTIONS (user 'u', password 'p;''q'); CREATE USER MAPPING FOR PUBLIC SERVER differential_pg; CREATE FOREIGN TABLE ft (a int NOT NULL, b text OPTIONS (column_name 'B;')) SERVER differential_pg OPTIONS (schema_name 's', table_name 't'); ALTER SERVER differential_pg OPTIONS (SET port '2', DROP host); CREATE TABLE m (a int) PARTITION BY LIST (a); CREATE FOREIGN TABLE m1 PARTITION OF m FOR VALUES IN (1) SERVER differential_pg; CREATE FOREIGN DATA WRAPPER differential_fdw NO HANDLER; ALTER FOREIGN DATA WRAPPER differential_fdw OPTIONS (ADD x 'y');
-- >>> down
DROP EXTENSION postgres_fdw CASCADE; DROP FOREIGN DATA WRAPPER differential_fdw; DROP SCHEMA foreign_servers CASCADE;
-- >>> case copy_through_the_server
CREATE TABLE t (a int, b text); COPY t FROM PROGRAM 'printf ''1\tx\\ty\n2\t\\N\n''' (FREEZE off); COPY t (b, a) FROM PROGRAM 'printf ''"q;""r"|3\n''' WITH (FORMAT csv, DELIMITER '|', NULL ''); COPY (SELECT * FROM t ORDER BY a) TO PROGRAM 'cat > /dev/null' (FORMAT csv, HEADER, FORCE_QUOTE *); COPY t TO '/dev/null' BINARY;
-- >>> case publications
-- >>> alone
CREATE TABLE t (a int PRIMARY KEY, b text); CREATE PUBLICATION differential_p FOR TABLE t (a) WHERE (a > 0) WITH (publish = 'insert, update', publish_via_partition_root); CREATE PUBLICATION "differential;q" FOR TABLES IN SCHEMA publications; CREATE PUBLICATION differential_all FOR ALL TABLES; ALTER PUBLICATION differential_p SET (publish = 'insert'); ALTER PUBLICATION differential_p SET TABLE t; ALTER PUBLICATION differential_all RENAME TO differential_every;
-- >>> down
DROP PUBLICATION differential_p, "differential;q", differential_every; DROP SCHEMA publications CASCADE;
-- >>> case subscriptions
-- >>> down-header transaction: none
CREATE SUBSCRIPTION differential_sub CONNECTION 'host=nowhere port=1 password=x' PUBLICATION p, "q;" WITH (connect = false, slot_name = NONE); ALTER SUBSCRIPTION differential_sub SET (synchronous_commit = off); COMMENT ON SUBSCRIPTION differential_sub IS 's'; ALTER SUBSCRIPTION differential_sub SET PUBLICATION r WITH (refresh = false);
-- >>> down
DROP SUBSCRIPTION differential_sub; DROP SCHEMA subscriptions;
-- >>> case procedural_extensions
CREATE EXTENSION tablefunc SCHEMA procedural_extensions; CREATE EXTENSION pgcrypto SCHEMA procedural_extensions; CREATE EXTENSION unaccent SCHEMA procedural_extensions; CREATE EXTENSION fuzzystrmatch SCHEMA procedural_extensions; CREATE TABLE t AS SELECT * FROM crosstab($$ VALUES ('r', 'a', 1), ('r', 'b', 2) $$, $$ VALUES ('a'), ('b') $$) AS c(r text, a int, b int); CREATE TABLE u AS SELECT encode(digest('é', 'sha256'), 'hex') AS d, unaccent('procedural_extensions.unaccent', 'Éa') AS a, levenshtein('a', 'b') AS l;
