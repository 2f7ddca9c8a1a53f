What fails, on the server, at a statement or at the commit; the first case is what the others begin from.

-- >>> case before_failing
CREATE TABLE p (id int PRIMARY KEY, note text NOT NULL); INSERT INTO p VALUES (1, 'é😀'); CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED); CREATE TYPE public.differential_mood AS ENUM ();
CREATE FUNCTION divide(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / n; END $$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'late: %', new.p USING ERRCODE = 'RT001'; END $$; CREATE CONSTRAINT TRIGGER late AFTER INSERT ON c DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.p > 100) EXECUTE FUNCTION refuse();
-- >>> case division
-- >>> fails 22012
CREATE TABLE t (a int);
INSERT INTO t
  VALUES (1 / 0);
CREATE TABLE u (a int);
-- >>> case no_such_table
-- >>> fails 42P01
CREATE TABLE t (a int);
SELECT 1
  FROM nothing;
-- >>> case no_such_column_behind_emoji
-- >>> fails 42703
SELECT '😀é' AS "é😀", /* 😀 */ nothing FROM pg_class;
-- >>> case no_such_function
-- >>> fails 42883
SELECT 1;
SELECT 'x'::text,
	nothing('é', 1);
-- >>> case no_such_type
-- >>> fails 42704
CREATE TABLE t (
  a int, -- é
  b nothing
);
-- >>> case no_such_schema
-- >>> fails 3F000
CREATE TABLE nowhere.t (a int);
-- >>> case no_such_role
-- >>> fails 42704
GRANT SELECT ON before_failing.p TO differential_nobody;
-- >>> case duplicate_table
-- >>> fails 42P07
CREATE TABLE t ();
CREATE TABLE t ();
-- >>> case duplicate_key
-- >>> fails 23505
INSERT INTO before_failing.p VALUES (2, 'two');
INSERT INTO before_failing.p VALUES (3, 'three'), (1, 'again');
-- >>> case not_null
-- >>> fails 23502
INSERT INTO before_failing.p (id) VALUES (5);
-- >>> case check_violated
-- >>> fails 23514
CREATE TABLE t (a int CHECK (a > 0));
INSERT INTO t VALUES (1); INSERT INTO t VALUES (-1);
-- >>> case foreign_key_at_the_end
-- >>> fails 23503
INSERT INTO before_failing.c VALUES (99);
CREATE TABLE t ();
-- >>> case foreign_key_at_once
-- >>> fails 23503
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO before_failing.c VALUES (98);
-- >>> case foreign_key_made_immediate
-- >>> fails 23503
INSERT INTO before_failing.c VALUES (97);
SELECT 1;
SET CONSTRAINTS before_failing.c_p_fkey IMMEDIATE;
-- >>> case trigger_at_the_end
-- >>> fails RT001
INSERT INTO before_failing.p VALUES (101, 'x'); INSERT INTO before_failing.c VALUES (101);
-- >>> case exclusion_violated
-- >>> fails 23P01
CREATE TABLE t (r int4range, EXCLUDE USING gist (r WITH &&));
INSERT INTO t VALUES ('[1,5)'), ('[4,6)');
-- >>> case bad_number
-- >>> fails 22P02
SELECT 1,
  'x'::int;
-- >>> case bad_date
-- >>> fails 22008
SELECT date '2024-02-30';
-- >>> case bad_json
-- >>> fails 22P02
SELECT '{"a": }'::jsonb;
-- >>> case bad_regular_expression
-- >>> fails 2201B
SELECT 'é' ~ '(';
-- >>> case too_long
-- >>> fails 22001
CREATE TABLE t (a varchar(2)); INSERT INTO t
VALUES ('abc');
-- >>> case out_of_range
-- >>> fails 22003
SELECT 2147483647 + 1;
-- >>> case in_a_function
-- >>> fails 22012
SELECT before_failing.divide(1);
SELECT before_failing.divide(0);
-- >>> case in_a_do_block
-- >>> fails P0001
DO $$
BEGIN
  PERFORM 1;
  RAISE EXCEPTION 'é😀 %', 1;
END $$;
-- >>> case in_dynamic_sql
-- >>> fails 42P01
DO $$ BEGIN
  EXECUTE 'SELECT
    é FROM nothing';
END $$;
-- >>> case raised_with_a_code
-- >>> fails 0A000
DO $$ BEGIN RAISE feature_not_supported USING MESSAGE = 'ERROR:  22012: not so', DETAIL = 'LINE 1: x', HINT = E'psql:x:1: ERROR:  00000: y\n^'; END $$;
-- >>> case asserted
-- >>> fails P0004
DO 'BEGIN ASSERT false, ''no''; END';
-- >>> case no_right
-- >>> fails 42501
SET ROLE pg_monitor;
SELECT * FROM before_failing.p;
-- >>> case no_right_to_be
-- >>> fails 22023
SET ROLE differential_nobody;
-- >>> case bad_setting
-- >>> fails 22023
SET work_mem = 'much';
-- >>> case no_such_setting
-- >>> fails 42704
SET nothing = 1;
-- >>> case statement_timeout
-- >>> fails 57014
SET statement_timeout = '20ms';
SELECT 1;
SELECT pg_sleep(5);
-- >>> case view_that_changes
-- >>> fails 42P16
CREATE VIEW v AS SELECT 1 AS a; CREATE OR REPLACE VIEW v AS SELECT 'x'::text AS a;
-- >>> case depended_on
-- >>> fails 2BP01
CREATE VIEW v AS SELECT * FROM before_failing.p;
DROP TABLE before_failing.p;
-- >>> case enum_used_too_early
-- >>> fails 55P04
ALTER TYPE public.differential_mood ADD VALUE 'new';
SELECT 'new'::public.differential_mood;
-- >>> case ambiguous
-- >>> fails 42702
SELECT id FROM before_failing.p AS a, before_failing.p AS b;
-- >>> case group_by
-- >>> fails 42803
SELECT note, count(*)
  FROM before_failing.p;
-- >>> case strings_continued
-- >>> fails 42703
SELECT 'a' -- one
  'b', nothing;
-- >>> case crlf_lines
-- >>> line-ends CRLF
-- >>> fails 42703
SELECT 1;

SELECT 'é
😀',
  nothing FROM before_failing.p;
-- >>> case byte_order_mark_and_error
-- >>> bom
-- >>> fails 42601
CREATE FUNCTION f() RETURNS int
  LANGUAGE sql AS 'SELECT é é é';
-- >>> case last_without_semicolon
-- >>> fails 42P01
SELECT 1; SELECT 2;

SELECT nothing.x
-- >>> case comments_above
-- >>> fails 42P01
/* é😀; */ -- SELECT 1;
-- another

/* one
more */ SELECT /* in */ *
  -- between
  FROM nothing; -- behind
-- >>> case slices
-- >>> fails 42P01
SELECT a[1:n], a[:n] FROM (SELECT ARRAY[1, 2] AS a, 1 AS n) AS q;
SELECT a[1:n], ':x', 1 FROM nothing;
-- >>> case copy_from_nowhere
-- >>> fails 58P01
COPY before_failing.p FROM '/nowhere/differential.csv';
-- >>> case copy_of_nonsense
-- >>> fails 22P02
COPY before_failing.p FROM PROGRAM 'printf ''x\ty\n''';
-- >>> case cursor_gone
-- >>> fails 34000
DECLARE c CURSOR FOR SELECT 1; CLOSE c;
FETCH c;
-- >>> case vacuum_in_disguise
-- >>> fails 25001
DO $$ BEGIN EXECUTE 'VACUUM'; END $$;
-- >>> case commit_in_disguise
-- >>> fails 0A000
DO $$ BEGIN EXECUTE 'COMMIT'; END $$;
-- >>> case many_statements_before
-- >>> fails 42883
SELECT 1; SELECT 2; SELECT 3; SELECT 4; SELECT 5; SELECT 6; SELECT 7; SELECT 8; SELECT 9;
SELECT 10; CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 1000);
SELECT nothing();
SELECT 11;
SELECT 12;
-- >>> case index_concurrently_twice
-- >>> alone
-- >>> header transaction: none
-- >>> fails 42P07
CREATE TABLE t (a int);
CREATE INDEX CONCURRENTLY i ON t (a);
CREATE INDEX CONCURRENTLY i ON t (a);
CREATE TABLE u (a int);
-- >>> case index_concurrently_of_duplicates
-- >>> alone
-- >>> header transaction: none
-- >>> fails 23505
CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);
-- >>> case division_outside
-- >>> alone
-- >>> header transaction: none
-- >>> fails 22012
CREATE TABLE t (a int);
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2), (3 / 0);
INSERT INTO t VALUES (4);
-- >>> case database_twice
-- >>> alone
-- >>> bare
-- >>> fails 42P04
CREATE DATABASE postgres;
-- >>> case commit_and_fail
-- >>> alone
-- >>> header transaction: none
-- >>> fails P0001
CREATE TABLE t (a int);
DO $$ BEGIN INSERT INTO commit_and_fail.t VALUES (1); COMMIT;
  INSERT INTO commit_and_fail.t VALUES (2); RAISE EXCEPTION 'no'; END $$;
-- >>> case vacuum_of_nothing
-- >>> alone
-- >>> bare
-- >>> fails 42P01
VACUUM nothing;
-- >>> case concurrently_in_a_partitioned_table
-- >>> alone
-- >>> header transaction: none
-- >>> fails 0A000
CREATE TABLE m (a int) PARTITION BY LIST (a);
CREATE INDEX CONCURRENTLY i ON m (a);
