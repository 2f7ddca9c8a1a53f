What psql runs and Retort does not send: each is refused before anything runs, with a code that the docs explain.

-- >>> case copy_rows_to_psql
-- >>> refused source/copy-stdout
COPY (SELECT 1) TO STDOUT;
-- >>> case copy_rows_from_psql
-- >>> refused source/copy-stdin
CREATE TABLE t (a int, b text);
COPY t (a, b) FROM stdin;
1	it's; \\q
\.
-- >>> case commands_of_psql
-- >>> refused source/psql-command
\set x 1
SELECT :x;
-- >>> case variables_of_psql
-- >>> refused source/psql-variable
SELECT :'DBNAME';
-- >>> case savepoints
-- >>> refused source/transaction-control
SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a;
-- >>> case commits
-- >>> refused source/transaction-control
CREATE TABLE t (a int); COMMIT; BEGIN;
-- >>> case isolation_level_of_a_transaction
-- >>> bare
-- >>> refused source/transaction-control
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
-- >>> case read_only_transaction
-- >>> refused source/transaction-control
SET LOCAL transaction_read_only = on;
-- >>> case discards_all
-- >>> header transaction: none
-- >>> refused source/discard-all
DISCARD ALL;
-- >>> case locks_all_given_back
-- >>> refused source/advisory-unlock-all
SELECT pg_advisory_unlock_all();
-- >>> case latin_one
-- >>> refused source/client-encoding
SET client_encoding = 'LATIN1'; SELECT 1;
-- >>> case strings_of_old
-- >>> refused source/nonstandard-strings
SET standard_conforming_strings = off; SELECT 'a\'b';
-- >>> case routines_that_psql_misreads
-- >>> misread source/psql-block
CREATE TABLE t (begin int); CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT begin FROM t; END;
CREATE TABLE u AS SELECT statement_timestamp() AS at; INSERT INTO u SELECT statement_timestamp();
CREATE TABLE v AS SELECT count(DISTINCT at) FROM u; DROP TABLE u;
-- >>> case strings_that_psql_misreads
-- >>> misread source/psql-string
CREATE TABLE t AS SELECT E'a'
  'b\'c'::text AS x;
INSERT INTO t VALUES ('\q');
