-- Retort migration script: upgrade <base> -> c
-- Receipt: sha256:1024618a86536696c2da0db4d7b137f98fab1d9a47f88945c7d2d4c127ffab1e
--
-- Run it with:
--   psql -X -v ON_ERROR_STOP=1 -f migration.sql DATABASE
--
-- It stops, with nothing changed, where any revision is applied already.
-- Transactions: 7; statements outside any: 1. A step that fails is rolled back; those before stay.
--
-- Cannot be rolled back:
--   step 2, b: CREATE INDEX CONCURRENTLY runs outside a transaction
--
-- Takes data or objects away:
--   step 3, c: drops column tags of users
--
-- Steps:
--   1. + a  create users; it's `all` they have
--        0001_users.up.sql
--        checksum b756792e8ca0fc6ce2a5434d1a40a65ff5d56b99f5a5890a109d4e4e0359f068
--   2. + b  users index
--        0002_users_index.up.sql
--        checksum 5ba83ca33653e0e82755f791e8f94a4cbb9f1ffe1e039ee6466c1fd1a92a0006
--   3. + c  no tags
--        0003_no_tags.up.sql
--        checksum a5099f891333fc7507af263f350bc8e0a0ea747624772492a7794a081dc557f9

-- psql: stops at the first error, sends each statement as it stands, says little.
\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT on
\set SINGLELINE off
\set SINGLESTEP off
\set FETCH_COUNT 0
\set QUIET on
\pset pager off

-- begin plan
-- -------------------------------------------------------------------------------------------------
-- The lock
-- -------------------------------------------------------------------------------------------------

SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;

-- Lock: one migrator at a time; it stops where another session has it.
DO $retort$
BEGIN
  IF NOT pg_catalog.pg_try_advisory_lock(8238127212073486265) THEN
    RAISE EXCEPTION USING ERRCODE = '55P03',
      MESSAGE = 'retort: another session holds the lock of the ledger retort.applied',
      HINT = 'Nothing was changed. Wait until it is done and try again.';
  END IF;
  PERFORM pg_catalog.pg_advisory_lock_shared(8238127212073486265),
    pg_catalog.pg_advisory_lock_shared(8238127212073486265);
END
$retort$;

-- -------------------------------------------------------------------------------------------------
-- The state this script is for
-- -------------------------------------------------------------------------------------------------

BEGIN;
-- Session: nothing that was set before reaches in; the settings of this project.
SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP;
DISCARD SEQUENCES; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL TimeZone = 'UTC'; SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0'; SET LOCAL check_function_bodies = on;

-- Guard: this session has the lock, and is in the right place.
DO $retort$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1
        AND pid = pg_catalog.pg_backend_pid() AND classid = 1918088461 AND objid = 1243514809) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this session does not hold the lock of the ledger retort.applied',
      HINT = 'Nothing was changed. The lock is taken at the beginning; a pooler must not '
        'change the session.';
  END IF;
  IF pg_catalog.length('
') <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this is not what was written: its line ends were changed on the way',
      HINT = 'Nothing was changed. Copy the file as it is, not as text with CRLF.';
  END IF;
  IF pg_catalog.current_setting('server_version_num')::integer < 120000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = pg_catalog.concat('retort: this needs PostgreSQL 12 or later; the server is ',
        pg_catalog.current_setting('server_version')),
      HINT = 'Nothing was changed.';
  END IF;
EXCEPTION WHEN OTHERS OR query_canceled THEN
  PERFORM pg_catalog.pg_advisory_unlock(8238127212073486265),
    pg_catalog.pg_advisory_unlock_shared(8238127212073486265),
    pg_catalog.pg_advisory_unlock_shared(8238127212073486265);
  RAISE;
END
$retort$;

-- Ledger: its tables, where they are missing.
DO $retort$
BEGIN
  IF pg_catalog.to_regclass('retort.applied') IS NULL THEN
    IF pg_catalog.to_regnamespace('retort') IS NULL THEN
      CREATE SCHEMA retort;
    END IF;
    CREATE TABLE retort.applied (
      revision text PRIMARY KEY,
      checksum text NOT NULL,
      code_checksum text NOT NULL,
      parents text[] NOT NULL,
      depends_on text[] NOT NULL,
      message text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
      applied_by text NOT NULL DEFAULT SESSION_USER,
      duration interval,
      how text NOT NULL CHECK (how IN ('run', 'script', 'stamp'))
    );
    CREATE TABLE retort.state (
      format integer PRIMARY KEY CHECK (format = 1),
      revisions bigint NOT NULL,
      digest numeric NOT NULL,
      step_began_at timestamptz
    );
    INSERT INTO retort.state (format, revisions, digest) VALUES (1, 0, 0);
    CREATE TABLE retort.log (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
      by text NOT NULL DEFAULT SESSION_USER,
      event text NOT NULL,
      revision text,
      checksum text,
      how text,
      duration interval,
      detail text
    );
    CREATE TABLE retort.progress (
      id boolean PRIMARY KEY DEFAULT true CHECK (id),
      revision text NOT NULL,
      direction text NOT NULL CHECK (direction IN ('up', 'down')),
      statement integer NOT NULL,
      of integer NOT NULL,
      hash text NOT NULL,
      before text NOT NULL,
      started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
      started_by text NOT NULL DEFAULT SESSION_USER
    );
    COMMENT ON TABLE retort.applied
      IS 'Applied revisions, one row each. Written by migrate.';
    COMMENT ON TABLE retort.state
      IS 'Count and digest of the applied revisions. Written by migrate.';
    COMMENT ON TABLE retort.log
      IS 'What was done to this database, and when. Written by migrate; rows are only added.';
    COMMENT ON TABLE retort.progress
      IS 'The step outside a transaction that is under way. Written by migrate.';
  END IF;
END
$retort$;

-- Guard: stops unless exactly these revisions are applied, and nothing is half done.
DO $retort$
DECLARE
  must_be text[] := '{}'::text[];
  found text[];
  missing text;
  unexpected text;
  interrupted text;
BEGIN
  IF pg_catalog.to_regclass('retort.applied') IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this database has no ledger retort.applied, and revisions should '
        'be applied',
      HINT = 'Look with: migrate current -v. A script fits one state: write it again '
        'from this one.';
  END IF;
  interrupted := (SELECT pg_catalog.concat(revision, ' at statement ', statement, ' of ', of)
    FROM retort.progress);
  IF interrupted IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = pg_catalog.concat('retort: a step outside a transaction was interrupted: ',
        interrupted),
      HINT = 'Look with: migrate current. Go on with: migrate upgrade.';
  END IF;
  found := ARRAY(SELECT revision FROM retort.applied);
  missing := (SELECT pg_catalog.string_agg(r, ', ' ORDER BY r)
    FROM (SELECT pg_catalog.unnest(must_be) EXCEPT SELECT pg_catalog.unnest(found)) AS s (r));
  unexpected := (SELECT pg_catalog.string_agg(r, ', ' ORDER BY r)
    FROM (SELECT pg_catalog.unnest(found) EXCEPT SELECT pg_catalog.unnest(must_be)) AS s (r));
  IF missing IS NOT NULL OR unexpected IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = pg_catalog.concat('retort: this database is not in the state that was assumed',
        '; not applied, but should be: ' || pg_catalog.left(missing, 1000),
        '; applied, but should not be: ' || pg_catalog.left(unexpected, 1000)),
      HINT = CASE WHEN EXISTS (SELECT FROM retort.state
          WHERE revisions = 3 AND digest = 1401614897665169694)
        THEN 'Nothing was changed. All of it is done already.'
        ELSE pg_catalog.concat('Nothing was changed. Look with: migrate current -v. ',
          'A script from this state is written by: migrate upgrade ',
          COALESCE((SELECT pg_catalog.string_agg(revision, ',' ORDER BY revision)
            FROM retort.applied WHERE revision NOT IN (
              SELECT pg_catalog.unnest(parents || depends_on) FROM retort.applied)), 'base'),
          ':c --sql') END;
  END IF;
EXCEPTION WHEN OTHERS OR query_canceled THEN
  PERFORM pg_catalog.pg_advisory_unlock(8238127212073486265),
    pg_catalog.pg_advisory_unlock_shared(8238127212073486265),
    pg_catalog.pg_advisory_unlock_shared(8238127212073486265);
  RAISE;
END
$retort$;
COMMIT;

-- -------------------------------------------------------------------------------------------------
-- Step 1 of 3: upgrade to a
-- create users; it's `all` they have
-- 0001_users.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 1 of 3'
BEGIN;
-- Session: nothing that was set before reaches in; the settings of this project.
SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP;
DISCARD SEQUENCES; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL TimeZone = 'UTC'; SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0'; SET LOCAL check_function_bodies = on;

-- Guard: stops unless the database is in the state that this step begins with.
DO $retort$
BEGIN
  UPDATE retort.state SET step_began_at = pg_catalog.clock_timestamp()
    WHERE revisions = 0 AND digest = 0
      AND NOT EXISTS (SELECT FROM retort.progress)
      AND pg_catalog.pg_advisory_unlock_shared(8238127212073486265)
      AND pg_catalog.pg_try_advisory_lock_shared(8238127212073486265);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to a does not fit the state of this database, or this '
        'session lost the lock',
      HINT = 'Nothing of this step was done. Look with: migrate current -v.';
  END IF;
END
$retort$;

-- >> CREATE TABLE: transactional, not destructive
-- Who can sign in.
CREATE TABLE users (id int, tags text[]);

-- Deferred: what the statements above have put off is done now, as by a COMMIT of theirs.
SET CONSTRAINTS ALL IMMEDIATE;

-- Ledger: this revision is applied.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
WITH changed AS (
  INSERT INTO retort.applied
    (revision, checksum, code_checksum, parents, depends_on, message, how, duration)
  VALUES ('a',
    'b756792e8ca0fc6ce2a5434d1a40a65ff5d56b99f5a5890a109d4e4e0359f068',
    'a9f988b4444cbe189d0f82570a2a4fb7078eb6daa8ff5e96948a7f793d1bfa42',
    '{}'::text[], '{}'::text[],
    'create users; it''s `all` they have', 'script',
    (SELECT pg_catalog.clock_timestamp() - step_began_at FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 912392414677810140
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
COMMIT;

-- -------------------------------------------------------------------------------------------------
-- Step 2 of 3: upgrade to b
-- users index
-- 0002_users_index.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 2 of 3'
BEGIN;
-- Session: nothing that was set before reaches in; the settings of this project.
SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP;
DISCARD SEQUENCES; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
SET DateStyle = 'ISO, MDY'; SET TimeZone = 'UTC'; SET lock_timeout = '5s';
SET statement_timeout = '0'; SET check_function_bodies = on;

-- Guard: stops unless the database is in the state that this step begins with.
DO $retort$
BEGIN
  UPDATE retort.state SET step_began_at = pg_catalog.clock_timestamp()
    WHERE revisions = 1 AND digest = 912392414677810140
      AND NOT EXISTS (SELECT FROM retort.progress)
      AND pg_catalog.pg_advisory_unlock_shared(8238127212073486265)
      AND pg_catalog.pg_try_advisory_lock_shared(8238127212073486265);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to b does not fit the state of this database, or this '
        'session lost the lock',
      HINT = 'Nothing of this step was done. Look with: migrate current -v.';
  END IF;
END
$retort$;

-- Ledger: what comes next cannot be rolled back; should it be interrupted, this says where.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
INSERT INTO retort.progress (revision, direction, statement, of, hash, before, started_at)
  VALUES ('b', 'up', 1, 1,
    'd0526ef32056eec792a17317c7e5844279d864cfa2204898df042f4759c37d46',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    (SELECT step_began_at FROM retort.state))
  ON CONFLICT (id) DO UPDATE
    SET (statement, hash, before) = (EXCLUDED.statement, EXCLUDED.hash, EXCLUDED.before);
COMMIT;

-- Step 2 of 3: upgrade to b, outside a transaction.
SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET DateStyle = 'ISO, MDY';
SET TimeZone = 'UTC'; SET lock_timeout = '5s'; SET statement_timeout = '0';
SET check_function_bodies = on; SET lock_timeout = '0';
-- Fuse: nothing can be written before the guard below has let it pass.
SET default_transaction_read_only = on;

-- Guard: stops unless it is this statement's turn; lets it write.
DO $retort$
BEGIN
  IF NOT EXISTS (SELECT FROM retort.state WHERE revisions = 1 AND digest = 912392414677810140
      AND EXISTS (SELECT FROM retort.progress
        WHERE revision = 'b' AND statement = 1
        AND hash = 'd0526ef32056eec792a17317c7e5844279d864cfa2204898df042f4759c37d46')
      AND EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1
        AND pid = pg_catalog.pg_backend_pid() AND classid = 1918088461 AND objid = 1243514809)) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to b does not fit the state of this database, or this '
        'session lost the lock',
      HINT = 'Nothing of this step was done. Look with: migrate current -v.';
  END IF;
  PERFORM pg_catalog.set_config('default_transaction_read_only', 'off', false);
EXCEPTION WHEN OTHERS OR query_canceled THEN
  PERFORM pg_catalog.pg_advisory_unlock(8238127212073486265),
    pg_catalog.pg_advisory_unlock_shared(8238127212073486265),
    pg_catalog.pg_advisory_unlock_shared(8238127212073486265);
  RAISE;
END
$retort$;

-- >> CREATE INDEX CONCURRENTLY: outside a transaction, not destructive
CREATE INDEX CONCURRENTLY users_id ON users (id);
\if :ERROR
\echo 'retort: the statement above has failed; nothing more is run'
\quit
\endif

BEGIN;
-- Session: nothing that was set before reaches in; the settings of this project.
SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET DateStyle = 'ISO, MDY';
SET TimeZone = 'UTC'; SET lock_timeout = '5s'; SET statement_timeout = '0';
SET check_function_bodies = on;

-- Guard: stops unless this is the step that is under way.
DO $retort$
BEGIN
  UPDATE retort.state SET step_began_at = pg_catalog.clock_timestamp()
    WHERE revisions = 1 AND digest = 912392414677810140
      AND EXISTS (SELECT FROM retort.progress
        WHERE revision = 'b' AND statement = 1
        AND hash = 'd0526ef32056eec792a17317c7e5844279d864cfa2204898df042f4759c37d46')
      AND pg_catalog.pg_advisory_unlock_shared(8238127212073486265)
      AND pg_catalog.pg_try_advisory_lock_shared(8238127212073486265);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to b does not fit the state of this database, or this '
        'session lost the lock',
      HINT = 'Nothing of this step was done. Look with: migrate current -v.';
  END IF;
END
$retort$;

-- Guard: stops unless the statement above has done its work.
DO $retort$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_index AS x
    JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
    WHERE x.indrelid = pg_catalog.to_regclass('"users"')
      AND i.relname = 'users_id' AND x.indisvalid) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: the index users_id is not there, or not valid: the statement that '
        'creates it did not succeed',
      HINT = 'Go on with: migrate upgrade, which drops what is not valid and builds it again.';
  END IF;
END
$retort$;

-- Ledger: this revision is applied.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
WITH changed AS (
  INSERT INTO retort.applied
    (revision, checksum, code_checksum, parents, depends_on, message, how, duration)
  VALUES ('b',
    '5ba83ca33653e0e82755f791e8f94a4cbb9f1ffe1e039ee6466c1fd1a92a0006',
    'ceec81c55b551fccdd528a83b392bb22b5e4c6e693ff423d0d4b722d02995079',
    ARRAY['a'], '{}'::text[],
    'users index', 'script',
    (SELECT pg_catalog.clock_timestamp() - COALESCE(
      (SELECT started_at FROM retort.progress), step_began_at) FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 279854852232942996
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
DELETE FROM retort.progress;
COMMIT;

-- -------------------------------------------------------------------------------------------------
-- Step 3 of 3: upgrade to c
-- no tags
-- 0003_no_tags.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 3 of 3'
BEGIN;
-- Session: nothing that was set before reaches in; the settings of this project.
SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP;
DISCARD SEQUENCES; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL TimeZone = 'UTC'; SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '0'; SET LOCAL check_function_bodies = on;

-- Guard: stops unless the database is in the state that this step begins with.
DO $retort$
BEGIN
  UPDATE retort.state SET step_began_at = pg_catalog.clock_timestamp()
    WHERE revisions = 2 AND digest = 1192247266910753136
      AND NOT EXISTS (SELECT FROM retort.progress)
      AND pg_catalog.pg_advisory_unlock_shared(8238127212073486265)
      AND pg_catalog.pg_try_advisory_lock_shared(8238127212073486265);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to c does not fit the state of this database, or this '
        'session lost the lock',
      HINT = 'Nothing of this step was done. Look with: migrate current -v.';
  END IF;
END
$retort$;

-- >> UPDATE: transactional, not destructive
UPDATE users SET tags = tags[1\:id];

-- >> ALTER TABLE: transactional, destructive
-- >>   drops column tags of users
ALTER TABLE users DROP tags;

-- Deferred: what the statements above have put off is done now, as by a COMMIT of theirs.
SET CONSTRAINTS ALL IMMEDIATE;

-- Ledger: this revision is applied.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
WITH changed AS (
  INSERT INTO retort.applied
    (revision, checksum, code_checksum, parents, depends_on, message, how, duration)
  VALUES ('c',
    'a5099f891333fc7507af263f350bc8e0a0ea747624772492a7794a081dc557f9',
    '83afaa1f802ebbe68790558d9538895f4deecf619cd66d90a383ecaecc86021d',
    ARRAY['b'], '{}'::text[],
    'no tags', 'script',
    (SELECT pg_catalog.clock_timestamp() - step_began_at FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 209367630754416558
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
COMMIT;
-- end plan

-- -------------------------------------------------------------------------------------------------
-- What was done, and whether it is what was promised
-- -------------------------------------------------------------------------------------------------

BEGIN;
SET SESSION AUTHORIZATION DEFAULT; RESET ALL;
SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
-- Ledger: the receipt of this script; `migrate log` shows it.
INSERT INTO retort.log (event, checksum, how, detail)
  SELECT 'script', '1024618a86536696c2da0db4d7b137f98fab1d9a47f88945c7d2d4c127ffab1e',
    'script', 'base:c'
  WHERE EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1
        AND pid = pg_catalog.pg_backend_pid() AND classid = 1918088461 AND objid = 1243514809)
    AND EXISTS (SELECT FROM retort.state WHERE revisions = 3 AND digest = 1401614897665169694)
    AND EXISTS (SELECT FROM retort.log WHERE how <> 'run'
      AND id > COALESCE((SELECT pg_catalog.max(id) FROM retort.log WHERE event = 'script'), 0)
      AND at >= (SELECT backend_start FROM pg_catalog.pg_stat_activity
        WHERE pid = pg_catalog.pg_backend_pid()));
COMMIT;

BEGIN TRANSACTION READ ONLY;
-- Guard: stops unless exactly what was promised is applied.
DO $retort$
BEGIN
  IF NOT EXISTS (SELECT FROM retort.state WHERE revisions = 3 AND digest = 1401614897665169694)
    OR (SELECT (pg_catalog.count(*), COALESCE(pg_catalog.sum(
      ('x' || pg_catalog.substr(pg_catalog.encode(pg_catalog.sha256(
        pg_catalog.convert_to(revision, 'UTF8')), 'hex'), 1, 15))::bit(60)::bigint), 0))
      FROM retort.applied) IS DISTINCT FROM (3::bigint, 1401614897665169694::numeric)
    OR EXISTS (SELECT FROM retort.progress) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: what is applied now is not what was promised',
      HINT = 'Look with: migrate status; and at the errors above, if there are any.';
  END IF;
END
$retort$;
SELECT revisions AS applied_revisions, 'c' AS current_heads,
  'sha256:1024618a86536696c2da0db4d7b137f98fab1d9a47f88945c7d2d4c127ffab1e' AS receipt
  FROM retort.state;
COMMIT;

-- Lock: given back.
SET SESSION AUTHORIZATION DEFAULT; RESET ALL;
DO $retort$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1
        AND pid = pg_catalog.pg_backend_pid() AND classid = 1918088461 AND objid = 1243514809) THEN
    PERFORM pg_catalog.pg_advisory_unlock(8238127212073486265),
    pg_catalog.pg_advisory_unlock_shared(8238127212073486265),
    pg_catalog.pg_advisory_unlock_shared(8238127212073486265);
  END IF;
END
$retort$;
\set QUIET off
\echo 'retort: done'
