Code: functions, procedures, aggregates, DO blocks, and the bodies that psql must not cut.

-- >>> case functions_in_sql
CREATE FUNCTION add(a int, b int DEFAULT 1, VARIADIC c int[] DEFAULT '{}') RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 5 AS 'SELECT a + b + coalesce(cardinality(c), 0); -- ''end''';
CREATE FUNCTION two(OUT x int, OUT y text) LANGUAGE sql AS $$ SELECT 1, 'a;b'; $$; CREATE FUNCTION many(n int) RETURNS TABLE (i int, s text) LANGUAGE sql ROWS 5 AS $$ SELECT i, i::text FROM generate_series(1, n) AS i $$;
CREATE FUNCTION set_of() RETURNS SETOF record LANGUAGE sql AS 'VALUES (1, 2), (3, 4)'; CREATE TABLE t AS SELECT add(1), add(1, 2, 3, 4) AS a, add(b => 5, a => 1, VARIADIC c => '{1}') AS n, (two()).*; CREATE TABLE u AS SELECT * FROM many(3), set_of() AS r(p int, q int);
-- >>> case functions_atomic
CREATE TABLE t (a int, b text); CREATE FUNCTION f(n int) RETURNS int BEGIN ATOMIC INSERT INTO t VALUES (n, 'a;b'); SELECT CASE WHEN n > 1 THEN (CASE n WHEN 2 THEN 20 ELSE 30 END) ELSE 10 END; END;
CREATE OR REPLACE PROCEDURE p(n int) LANGUAGE sql BEGIN ATOMIC
  UPDATE t SET b = CASE WHEN a = n THEN 'same' END; -- end;
  DELETE FROM t WHERE b IS NULL;
END; CREATE FUNCTION g() RETURNS text RETURN 'x' || ';'; CREATE FUNCTION e() RETURNS void BEGIN ATOMIC END;
CREATE TABLE u AS SELECT f(1) AS a, f(2) AS b, g() AS c; CALL p(2); SELECT e();
-- >>> case functions_atomic_with_names
CREATE TABLE t ("begin" int, "end" int, "case" int); INSERT INTO t VALUES (1, 2, 3);
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT t."begin" + (SELECT u.end FROM t AS u) FROM t; SELECT max("case") AS "end" FROM t; END;
CREATE FUNCTION g(n int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t WHERE (begin > 0 AND t.end > 0); END; CREATE TABLE u AS SELECT f(), g(1);
-- >>> case functions_in_plpgsql
CREATE TABLE t (a int, b text); CREATE FUNCTION f(n int) RETURNS SETOF t LANGUAGE plpgsql AS $fn$
<<outer>> DECLARE
  r record; c CURSOR (k int) FOR SELECT * FROM t WHERE a > k; v t%ROWTYPE; x t.a%TYPE := 0; q text = 'it''s';
BEGIN
  FOR i IN REVERSE n..1 BY 2 LOOP INSERT INTO t VALUES (i, 'n' || i); END LOOP;
  FOR r IN c (0) LOOP CONTINUE WHEN r.a = 2; x := x + r.a; EXIT outer WHEN x > 100; END LOOP;
  FOREACH x IN ARRAY ARRAY[1, 2] LOOP NULL; END LOOP;
  BEGIN INSERT INTO t VALUES (1 / (n - n)); EXCEPTION WHEN division_by_zero OR SQLSTATE '22003' THEN GET STACKED DIAGNOSTICS q = MESSAGE_TEXT; INSERT INTO t VALUES (-1, q); END;
  EXECUTE format('INSERT INTO %I VALUES ($1, %L)', 't', 'q''uote') USING 7; PERFORM 1 FROM t; GET DIAGNOSTICS x = ROW_COUNT; ASSERT x > 0, 'no rows';
  CASE WHEN x = 1 THEN NULL; ELSE NULL; END CASE; WHILE x < 10 LOOP x := x + 5; END LOOP; RAISE DEBUG 'x is %', x;
  RETURN QUERY SELECT * FROM t; RETURN NEXT v; RETURN;
END outer $fn$; CREATE TABLE u AS SELECT * FROM f(4);
-- >>> case functions_security
CREATE FUNCTION f() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem TO '3MB' AS $$ SELECT current_setting('work_mem') || current_setting('search_path') $$; CREATE TABLE t AS SELECT f();
ALTER FUNCTION f() RESET ALL; ALTER FUNCTION f() STABLE COST 7; ALTER FUNCTION f() SET TimeZone FROM CURRENT; REVOKE ALL ON FUNCTION f() FROM PUBLIC; ALTER FUNCTION f RENAME TO g;
-- >>> case functions_overloaded
CREATE FUNCTION f(int) RETURNS text LANGUAGE sql AS $$ SELECT 'int' $$; CREATE FUNCTION f(text) RETURNS text LANGUAGE sql AS $$ SELECT 'text' $$; CREATE FUNCTION f(anyelement, anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
CREATE TABLE t AS SELECT f(1) AS a, f('x') AS b, f(1, '{2}') AS c; DROP FUNCTION f(int), f(anyelement, anyarray); CREATE FUNCTION "F;$$"() RETURNS text LANGUAGE sql AS 'SELECT ''"''';
-- >>> case functions_before_their_tables
SET check_function_bodies = off; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT a FROM functions_before_their_tables.t'; CREATE TABLE t AS SELECT 1 AS a; CREATE TABLE u AS SELECT f();
-- >>> case procedures
CREATE TABLE t (a int); CREATE PROCEDURE p(OUT c int, IN a int, INOUT b int DEFAULT 2) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO procedures.t VALUES (a); b := b + a; c := 3; END $$; CALL p(NULL, 1, NULL); CALL p(a => 2, c => NULL);
DO $$ DECLARE x int := 5; y int; BEGIN CALL procedures.p(y, 1, x); INSERT INTO procedures.t VALUES (x), (y); END $$;
-- >>> case procedures_that_commit
-- >>> header transaction: none
CREATE TABLE t (a int, b xid8 DEFAULT pg_current_xact_id()); CREATE PROCEDURE p(n int) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP INSERT INTO procedures_that_commit.t VALUES (i); IF i % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF; END LOOP; END $$;
CALL p(5);
DO $$ BEGIN INSERT INTO procedures_that_commit.t VALUES (100); COMMIT; INSERT INTO procedures_that_commit.t VALUES (101); ROLLBACK; INSERT INTO procedures_that_commit.t VALUES (102); COMMIT AND CHAIN; END $$;
CREATE TABLE u AS SELECT a, dense_rank() OVER (ORDER BY b) FROM t; ALTER TABLE t DROP b;
-- >>> case do_blocks
DO 'BEGIN CREATE TABLE do_blocks.a (x text DEFAULT ''it''''s''); END'; DO LANGUAGE plpgsql $x$ BEGIN EXECUTE $y$CREATE TABLE do_blocks.b (y text DEFAULT $z$;$z$)$y$; END $x$; DO E'BEGIN\n\tCREATE TABLE do_blocks.c (); END' LANGUAGE plpgsql;
DO $$ DECLARE t text; BEGIN FOR t IN VALUES ('d'), ('e f') LOOP EXECUTE format('CREATE TABLE do_blocks.%I (%I int DEFAULT %s)', t, t || '"', length(t)); END LOOP; END $$;
-- >>> case do_blocks_that_catch
CREATE TABLE t (a int PRIMARY KEY, b text); DO $$ BEGIN FOR i IN 1..3 LOOP BEGIN INSERT INTO do_blocks_that_catch.t VALUES (i % 2, i); EXCEPTION WHEN unique_violation THEN INSERT INTO do_blocks_that_catch.t VALUES (i * 10, SQLERRM); END; END LOOP; RAISE NOTICE 'done é😀 %', 1; RAISE WARNING USING MESSAGE = 'careful', HINT = 'none'; END $$;
-- >>> case aggregates
CREATE FUNCTION step(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2 + $2'; CREATE FUNCTION final(int) RETURNS text LANGUAGE sql AS $$ SELECT 'f' || $1 $$;
CREATE AGGREGATE horner(int) (SFUNC = step, STYPE = int, FINALFUNC = final, INITCOND = '0', PARALLEL = SAFE); CREATE AGGREGATE third(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE TABLE t AS SELECT horner(i ORDER BY i DESC) FILTER (WHERE i > 1) AS a, array_agg(DISTINCT i % 2) AS b, percentile_cont(0.5) WITHIN GROUP (ORDER BY i) AS c, string_agg(i::text, ';' ORDER BY i) AS d FROM generate_series(1, 5) AS i;
-- >>> down
DROP AGGREGATE aggregates.horner(int); DROP SCHEMA aggregates CASCADE;
-- >>> case languages
CREATE LANGUAGE differential HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator; CREATE FUNCTION f() RETURNS int LANGUAGE differential AS 'BEGIN RETURN 1; END'; CREATE TABLE t AS SELECT f(); DO LANGUAGE differential 'BEGIN NULL; END';
-- >>> down
DROP SCHEMA languages CASCADE; DROP LANGUAGE differential;
-- >>> case transforms_and_support
CREATE FUNCTION even(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = 0'; CREATE TABLE t (a int CHECK (even(a)), EXCLUDE USING btree (a WITH =) WHERE (even(a))); INSERT INTO t VALUES (2), (4); CREATE INDEX ON t (even(a)); CREATE FUNCTION w(n int) RETURNS int LANGUAGE internal WINDOW IMMUTABLE AS 'window_row_number'; DROP FUNCTION w(int);
-- >>> case conversions
CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1; COMMENT ON CONVERSION c IS 'c'; CREATE TABLE t AS SELECT convert_to('é', 'LATIN1') AS l, convert_from('\xe9', 'LATIN1') AS u, encode('é', 'base64') AS b;
