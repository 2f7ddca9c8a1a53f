What belongs to a session or a transaction: settings, roles, cursors, messages, temporary objects, locks, large objects.

-- >>> case settings
SET work_mem = '7MB'; SET LOCAL enable_seqscan = off; SET SESSION my.own = 'x;''y'; SET statement_timeout TO 60000; SET search_path TO "$user", settings, public; SET TIME ZONE -5; SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE;
CREATE TABLE t AS SELECT current_setting('work_mem') AS a, current_setting('enable_seqscan') AS b, current_setting('my.own') AS c, current_setting('TimeZone') AS d, current_setting('statement_timeout') AS e; RESET work_mem; SET enable_seqscan TO DEFAULT; RESET TIME ZONE; SET extra_float_digits = 0; CREATE TABLE u AS SELECT 0.1::float8 + 0.2 AS x, (0.1::float8 + 0.2)::text AS y;
-- >>> case settings_by_function
SELECT set_config('search_path', 'pg_catalog, settings_by_function', true), set_config('my.x', 'é😀', false); CREATE TABLE settings_by_function.t AS SELECT current_setting('my.x') AS a, current_setting('my.y', true) AS b; SELECT set_config('my.x', NULL, true);
-- >>> case settings_of_the_next_file
-- >>> bare
SET search_path = settings_of_the_next_file; SET work_mem = '9MB'; SET my.rest = 'over'; SET ROLE pg_monitor;
-- >>> case settings_of_the_last_file
CREATE TABLE t AS SELECT current_setting('work_mem') AS a, coalesce(current_setting('my.rest', true), '') AS b, current_user AS c;
-- >>> case all_settings_reset
SET work_mem = '9MB'; RESET ALL; CREATE TABLE all_settings_reset.t AS SELECT current_setting('work_mem') AS a; SET search_path = all_settings_reset; CREATE TABLE u AS SELECT 'é😀'::text AS x; RESET SESSION AUTHORIZATION; RESET ROLE;
-- >>> case discards
CREATE TEMP TABLE x (a int); DISCARD TEMP; DISCARD PLANS; DISCARD SEQUENCES; CREATE TEMP TABLE x (b int); CREATE TABLE t AS SELECT * FROM x;
-- >>> case lock_timeout_of_the_session
-- >>> alone
-- >>> differs lock_timeout 5s
CREATE TABLE t AS SELECT current_setting('lock_timeout') AS a;
-- >>> case settings_of_a_database
-- >>> alone
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database()); EXECUTE format('ALTER ROLE %I IN DATABASE %I SET statement_timeout = ''9min''', current_user, current_database()); END $$;
-- >>> case search_path_of_a_database
-- >>> alone path
-- >>> bare
CREATE SCHEMA other; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = other, public', current_database()); END $$;
-- >>> down
DROP SCHEMA other CASCADE;
-- >>> case search_path_of_a_database_2
-- >>> alone path
-- >>> differs take effect in the next session
-- >>> bare
CREATE TABLE t AS SELECT current_schema();
-- >>> down
DROP TABLE t;
-- >>> case temporary_objects
CREATE TEMP TABLE t (a int) ON COMMIT DROP; CREATE TEMPORARY TABLE u (a int) ON COMMIT DELETE ROWS; CREATE LOCAL TEMP TABLE w (a int) ON COMMIT PRESERVE ROWS; INSERT INTO t VALUES (1); CREATE TEMP VIEW v AS SELECT * FROM t; CREATE TEMP SEQUENCE s; SELECT nextval('s'); CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 7'; CREATE TABLE temporary_objects.kept AS SELECT a, pg_temp.f() FROM v; CREATE TYPE pg_temp.e AS ENUM ('x');
-- >>> case temporary_objects_hide
CREATE TABLE t (a int); CREATE TEMP TABLE t (b int); INSERT INTO t VALUES (1); INSERT INTO temporary_objects_hide.t VALUES (2); ALTER TABLE t ADD c int; DROP TABLE t; INSERT INTO t VALUES (3); SELECT 1 AS q INTO TEMP z;
-- >>> case temporary_objects_are_gone
CREATE TABLE t AS SELECT to_regclass('pg_temp.z') IS NULL AND to_regclass('pg_temp.w') IS NULL AS gone;
-- >>> case cursors
CREATE TABLE t AS SELECT i FROM generate_series(1, 10) AS i; CREATE TABLE u (a int); DECLARE s SCROLL CURSOR FOR SELECT i FROM t ORDER BY i; FETCH ABSOLUTE 5 FROM s; MOVE BACKWARD 1 IN s; FETCH RELATIVE -1 FROM s; DECLARE c CURSOR FOR SELECT i FROM t FOR UPDATE; FETCH 2 FROM c; UPDATE t SET i = 100 WHERE CURRENT OF c; FETCH c; DELETE FROM t WHERE CURRENT OF c; CLOSE c; DECLARE "d;" BINARY NO SCROLL CURSOR FOR VALUES (1); FETCH ALL FROM "d;"; CLOSE ALL;
DO $$ DECLARE r refcursor := 'named'; x int; BEGIN OPEN r FOR SELECT i FROM cursors.t ORDER BY i; FETCH r INTO x; INSERT INTO cursors.u VALUES (x); END $$; FETCH NEXT FROM named;
-- >>> case cursors_with_hold
CREATE TABLE t AS SELECT i FROM generate_series(1, 3) AS i; DECLARE held CURSOR WITH HOLD FOR SELECT i FROM t; FETCH held;
-- >>> case cursors_with_hold_2
CREATE TABLE t AS SELECT i FROM generate_series(1, 3) AS i; DECLARE held CURSOR WITH HOLD FOR SELECT i FROM t; FETCH held; CREATE TABLE u AS SELECT count(*) FROM pg_cursors WHERE name = 'held';
-- >>> case prepared_statements
CREATE TABLE t (a int, b text); PREPARE p AS SELECT 1; PREPARE q (int, text) AS INSERT INTO t VALUES ($1, $2); EXECUTE q (0, '');
-- >>> case prepared_statements_2
CREATE TABLE t (a int, b text); PREPARE q (int, text) AS INSERT INTO t VALUES ($1, $2 || ';$1'); EXECUTE q (1, 'x'); EXECUTE q (2, '$2'); EXPLAIN EXECUTE q (3, 'y'); PREPARE r (int) AS SELECT $1 AS a; CREATE TABLE u AS EXECUTE r (4); DEALLOCATE ALL;
-- >>> case listening
CREATE TABLE t (a int); LISTEN differential; LISTEN "odd;channel"; NOTIFY differential, 'it''s; é😀'; NOTIFY "odd;channel"; SELECT pg_notify('differential', repeat('x', 7000)); UNLISTEN differential; UNLISTEN *; INSERT INTO t VALUES (1);
-- >>> case locks
CREATE TABLE t (a int); CREATE TABLE u (a int); LOCK t; LOCK TABLE ONLY t, u IN SHARE ROW EXCLUSIVE MODE NOWAIT; INSERT INTO t VALUES (1); SELECT * FROM t FOR NO KEY UPDATE OF t SKIP LOCKED; SELECT * FROM t FOR KEY SHARE NOWAIT;
-- >>> case advisory_locks
SELECT pg_advisory_lock(42), pg_try_advisory_lock(4, 2), pg_advisory_xact_lock(7); CREATE TABLE t AS SELECT pg_try_advisory_lock(42) AS a, pg_advisory_unlock(42) AS b, pg_advisory_unlock(4, 2) AS c; SELECT pg_advisory_unlock(42);
-- >>> case large_objects
CREATE TABLE t (o oid, x bytea); INSERT INTO t VALUES (lo_from_bytea(777001, '\x0102ff'), NULL); SELECT lo_put(777001, 1, '\xaa'); UPDATE t SET x = lo_get(o); COMMENT ON LARGE OBJECT 777001 IS 'lo'; SELECT lo_unlink(lo_creat(-1)); DO $$ DECLARE fd int; BEGIN fd := lo_open(777001, x'60000'::int); PERFORM lowrite(fd, 'abc'), lo_lseek(fd, 0, 0); UPDATE large_objects.t SET x = x || loread(fd, 2); PERFORM lo_close(fd); END $$; GRANT SELECT ON LARGE OBJECT 777001 TO PUBLIC;
-- >>> down
SELECT lo_unlink(777001); DROP SCHEMA large_objects CASCADE;
-- >>> case loaded_library
LOAD '$libdir/auto_explain'; SET auto_explain.log_min_duration = -1; CREATE TABLE t AS SELECT 1 AS a;
-- >>> case functions_of_time
CREATE TABLE t AS SELECT now() = transaction_timestamp() AS a, now() = statement_timestamp() AS b, statement_timestamp() <= clock_timestamp() AS c, txid_current() > 0 AS d, pg_backend_pid() > 0 AS e; SELECT pg_sleep(0.01); INSERT INTO t SELECT true, false, now() < statement_timestamp(), true, true;
-- >>> case one_transaction
CREATE TABLE t (x xid8 DEFAULT pg_current_xact_id(), at timestamptz DEFAULT now()); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES; DO $$ BEGIN INSERT INTO one_transaction.t DEFAULT VALUES; END $$; CREATE TABLE u AS SELECT count(DISTINCT x), count(DISTINCT at) AS n FROM t; DROP TABLE t;
-- >>> case many_results
SELECT i FROM generate_series(1, 3000) AS i; SELECT repeat('x', 100000); SELECT NULL, '', ' ', E'\t', E'a\nb', '|', '(2 rows)'; CREATE TABLE t AS SELECT 1 AS a; TABLE t; VALUES (1, 2), (3, 4); SHOW work_mem; SHOW ALL; DELETE FROM t RETURNING *;
-- >>> case many_messages
DO $$ BEGIN FOR i IN 1..200 LOOP RAISE NOTICE E'ERROR:  % not an error\nERROR: either', i; RAISE WARNING 'psql:x:1: %', repeat('é', i); RAISE INFO 'retort: done'; END LOOP; END $$; CREATE TABLE IF NOT EXISTS t (a int); CREATE TABLE IF NOT EXISTS t (a int); DROP TABLE IF EXISTS none_such;
-- >>> case client_messages_off
SET client_min_messages = error; DROP TABLE IF EXISTS none_such; CREATE TABLE t (a int); SET client_min_messages = debug1; INSERT INTO t VALUES (1); SET log_statement = 'all';
-- >>> case checkpoints
CHECKPOINT; CREATE TABLE t (a int); SELECT pg_stat_reset() IS NULL, pg_reload_conf(), pg_switch_wal() IS NOT NULL;
-- >>> case isolation_of_the_session
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET default_transaction_isolation = 'repeatable read'; SET default_transaction_deferrable = on; CREATE TABLE t AS SELECT current_setting('transaction_isolation') AS a;
-- >>> case isolation_of_the_next_file
CREATE TABLE t AS SELECT current_setting('transaction_isolation') AS a, current_setting('default_transaction_read_only') AS b;
