Files that run outside a transaction, because their header says so or all of their statements must.

-- >>> case tables_for_outside
CREATE TABLE t (a int PRIMARY KEY, b text, c int); INSERT INTO t SELECT i, 'x' || i, i % 3 FROM generate_series(1, 100) AS i; CREATE INDEX t_c ON t (c); CREATE TABLE m (a int, b text) PARTITION BY RANGE (a); CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (1) TO (100); CREATE TABLE m2 PARTITION OF m FOR VALUES FROM (100) TO (200); CREATE INDEX m_b ON m (b); CREATE MATERIALIZED VIEW v AS SELECT a FROM t;
-- >>> case indexes_concurrently
-- >>> bare
CREATE UNIQUE INDEX CONCURRENTLY "odd;i" ON tables_for_outside.t (b text_pattern_ops, (c + 1)) INCLUDE (a) WHERE a > 3; -- é😀
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_b ON tables_for_outside.t USING hash (b);
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_b ON tables_for_outside.t (a);
CREATE INDEX CONCURRENTLY ON tables_for_outside.t (lower(b)); CREATE INDEX CONCURRENTLY ON tables_for_outside.t (lower(b));
-- >>> down
DROP INDEX CONCURRENTLY tables_for_outside."odd;i"; DROP INDEX CONCURRENTLY IF EXISTS tables_for_outside.t_b RESTRICT; DROP INDEX CONCURRENTLY IF EXISTS tables_for_outside.none_such;
DROP INDEX CONCURRENTLY tables_for_outside.t_lower_idx;
DROP INDEX CONCURRENTLY tables_for_outside.t_lower_idx1;
-- >>> case indexes_concurrently_by_search_path
-- >>> bare
SET search_path = tables_for_outside; SET maintenance_work_mem = '8MB';
CREATE INDEX CONCURRENTLY by_path ON t (c, a);
REINDEX INDEX CONCURRENTLY by_path; 
-- >>> down
SET search_path = tables_for_outside;
DROP INDEX CONCURRENTLY by_path;
-- >>> case reindex
-- >>> bare
REINDEX (VERBOSE) TABLE CONCURRENTLY tables_for_outside.t; REINDEX SCHEMA tables_for_outside; REINDEX INDEX CONCURRENTLY tables_for_outside.t_c;
REINDEX (CONCURRENTLY) TABLE tables_for_outside.t;
-- >>> down
REINDEX SCHEMA CONCURRENTLY tables_for_outside;
-- >>> case vacuum
-- >>> bare
VACUUM tables_for_outside.t; VACUUM (FULL, ANALYZE) tables_for_outside.t (b); VACUUM (VERBOSE, FREEZE) tables_for_outside.t, tables_for_outside.m1;
-- >>> case vacuum_everything
-- >>> alone
-- >>> bare
-- >>> header transaction: none
VACUUM;
ANALYZE;
CLUSTER;
-- >>> case cluster
-- >>> header transaction: none
CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t SELECT 10 - i, i FROM generate_series(1, 9) AS i; CLUSTER t USING t_pkey; CLUSTER VERBOSE t; CLUSTER tables_for_outside.t USING t_c;
-- >>> case mixed_outside
-- >>> header transaction: none
CREATE TABLE t (a int);
SET search_path = public; SET work_mem = '5MB';
CREATE INDEX CONCURRENTLY t_a ON mixed_outside.t (a);
INSERT INTO mixed_outside.t SELECT i FROM generate_series(1, 3) AS i;
CREATE TABLE mixed_outside.u AS SELECT current_setting('work_mem') AS a, current_setting('search_path') AS b;
-- >>> case mixed_outside_with_session_state
-- >>> header transaction: none
CREATE TEMP TABLE x (a int); INSERT INTO x VALUES (1); PREPARE p AS SELECT 5 AS five; CREATE TABLE t (a int);
CREATE INDEX CONCURRENTLY t_a ON t (a);
INSERT INTO t SELECT a FROM x; CREATE TABLE u AS EXECUTE p; SELECT set_config('my.z', 'kept', false);
VACUUM t;
DECLARE c CURSOR WITH HOLD FOR SELECT a FROM t;
FETCH c; CLOSE c;
-- >>> case each_statement_by_itself
-- >>> header transaction: none
CREATE TABLE t (x xid8 DEFAULT pg_current_xact_id(), b text);
INSERT INTO t (b) VALUES ('a'); INSERT INTO t (b) VALUES ('b');
CREATE TABLE u AS SELECT count(DISTINCT x) FROM t; ALTER TABLE t DROP x; SET LOCAL work_mem = '1MB'; SET LOCAL search_path = pg_catalog; CREATE TABLE v (a int);
-- >>> case each_statement_by_itself_2
-- >>> header transaction: none
CREATE TABLE t (a int, CONSTRAINT u UNIQUE (a) DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1), (2);
UPDATE t SET a = 3 - a; INSERT INTO t VALUES (5);
SELECT set_config('work_mem', '3MB', true); CREATE TABLE w AS SELECT current_setting('work_mem') <> '3MB' AS gone;
-- >>> case databases
-- >>> bare
CREATE DATABASE "differential;x" TEMPLATE template0 CONNECTION LIMIT 2 ALLOW_CONNECTIONS false;
-- >>> down
DROP DATABASE "differential;x" WITH (FORCE);
-- >>> case databases_altered
-- >>> header transaction: none
-- >>> down-header transaction: none
CREATE DATABASE differential_y TEMPLATE template0; ALTER DATABASE differential_y CONNECTION LIMIT 7; ALTER DATABASE differential_y SET work_mem = '2MB'; COMMENT ON DATABASE differential_y IS 'y'; CREATE TABLE t AS SELECT datconnlimit FROM pg_database WHERE datname = 'differential_y';
-- >>> down
DROP DATABASE differential_y; DROP SCHEMA databases_altered CASCADE;
-- >>> case tablespaces
-- >>> header transaction: none
-- >>> down-header transaction: none
SET allow_in_place_tablespaces = on; CREATE TABLESPACE differential_ts LOCATION ''; CREATE TABLE t (a int) TABLESPACE differential_ts; INSERT INTO t VALUES (1);
SET default_tablespace = differential_ts; CREATE TABLE u (a int); ALTER TABLE u SET TABLESPACE pg_default; ALTER TABLESPACE differential_ts SET (seq_page_cost = 2); CREATE INDEX CONCURRENTLY ti ON t (a); ALTER TABLE t SET TABLESPACE pg_default; ALTER INDEX ti SET TABLESPACE pg_default;
-- >>> down
DROP SCHEMA tablespaces CASCADE; DROP TABLESPACE differential_ts;
-- >>> case system_settings
-- >>> bare
ALTER SYSTEM SET bonjour_name = 'it''s'; ALTER SYSTEM RESET bonjour_name;
-- >>> case detach_and_go_on
-- >>> header transaction: none
CREATE TABLE m (a int) PARTITION BY LIST (a); CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1); INSERT INTO m VALUES (1);
ALTER TABLE m DETACH PARTITION m1 CONCURRENTLY;
ALTER TABLE m1 DROP CONSTRAINT m1_a_check; INSERT INTO m1 VALUES (2); ALTER TABLE m ATTACH PARTITION m1 DEFAULT;
-- >>> case batches_and_others
-- >>> header transaction: none
CREATE TABLE t (a int, b int); INSERT INTO t SELECT i FROM generate_series(1, 30) AS i; UPDATE t SET b = a * 2; DO $$ BEGIN UPDATE batches_and_others.t SET b = b + 1; COMMIT; UPDATE batches_and_others.t SET a = -a WHERE a > 15; END $$;
-- >>> case reindex_of_a_partitioned_table
-- >>> header transaction: none
-- >>> bare
REINDEX TABLE tables_for_outside.m; REINDEX INDEX tables_for_outside.m_b; REINDEX TABLE CONCURRENTLY tables_for_outside.m;
-- >>> case cluster_of_a_partitioned_table
-- >>> header transaction: none
CREATE TABLE m (a int PRIMARY KEY) PARTITION BY RANGE (a); CREATE TABLE m1 PARTITION OF m DEFAULT; INSERT INTO m VALUES (2), (1);
CLUSTER m USING m_pkey;
-- >>> case mixed_outside_with_roles
-- >>> header transaction: none
CREATE ROLE differential_z; GRANT ALL ON SCHEMA mixed_outside_with_roles TO differential_z; SET ROLE differential_z;
CREATE TABLE t (a int, b name DEFAULT current_user); CREATE INDEX CONCURRENTLY i ON t (a);
INSERT INTO t VALUES (1); VACUUM t; RESET ROLE; INSERT INTO t VALUES (2);
-- >>> down
DROP OWNED BY differential_z; DROP SCHEMA mixed_outside_with_roles; DROP ROLE differential_z;
