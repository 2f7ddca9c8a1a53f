-- Retort migration script: upgrade <base> -> d
-- Receipt: sha256:95ffcbfe15ce49861212a85b8c3d6f0aae61033a509b208e219ec5dbbf348cbf
--
-- Run it with:
--   psql -X -v ON_ERROR_STOP=1 -f migration.sql DATABASE
--
-- It stops, with nothing changed, where any revision is applied already.
-- Transactions: 10; statements outside any: 1. A step that fails is rolled back; those before stay.
--
-- Cannot be rolled back:
--   step 6, d: CREATE INDEX CONCURRENTLY runs outside a transaction
--
-- Steps:
--   1. + a  it's the first: é
--        0001_a.up.sql
--        checksum 6180a907f836a4e29b12c515c97d60f4f61a8d155a1a2a7a4dd90429ccb2f9ea
--   2. + b  b
--        0002_b.up.sql
--        checksum d2556bc03827809fee9ce238489191397f3d1b4cb59140303837f4fd389f0560
--   3. + c  c
--        0003_c.up.sql
--        checksum 91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65
--   4. + other  other
--        0004_other.up.sql
--        checksum fbf6727ca60b30a2be10022a713a6bd3e9d0eb77c9f5dd08c6cbfae844e13322
--   5. + m  m
--        0005_m.up.sql
--        checksum 5b8b592a9bcfbcc4fc6969d507a6689db01b64259757c83bab2cbde13f3888bb
--   6. + d  d
--        0006_d.up.sql
--        checksum df3bc4b8984481a8aa810e38fbd05426494a03b51e7d3f405c0138a04bd3e5a2

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
          WHERE revisions = 6 AND digest = 2935586656271585918)
        THEN 'Nothing was changed. All of it is done already.'
        ELSE pg_catalog.concat('Nothing was changed. Look with: migrate current -v. ',
          'A script from this state is written by: migrate upgrade ',
          COALESCE((SELECT pg_catalog.string_agg(revision, ',' ORDER BY revision)
            FROM retort.applied WHERE revision NOT IN (
              SELECT pg_catalog.unnest(parents || depends_on) FROM retort.applied)), 'base'),
          ':d --sql') END;
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
-- Step 1 of 6: upgrade to a
-- it's the first: é
-- 0001_a.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 1 of 6'
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
CREATE TABLE t (x int);

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
    '6180a907f836a4e29b12c515c97d60f4f61a8d155a1a2a7a4dd90429ccb2f9ea',
    '49e7ddd58bd0cd6e2d022ee89070c7f2672309ddbd10c0ba40c15360d590bb06',
    '{}'::text[], '{}'::text[],
    'it''s the first: é', 'script',
    (SELECT pg_catalog.clock_timestamp() - step_began_at FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 912392414677810140
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
COMMIT;

-- -------------------------------------------------------------------------------------------------
-- Step 2 of 6: upgrade to b
-- b
-- 0002_b.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 2 of 6'
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

-- >> INSERT: transactional, not destructive
INSERT INTO t VALUES (1), (1);

-- Deferred: what the statements above have put off is done now, as by a COMMIT of theirs.
SET CONSTRAINTS ALL IMMEDIATE;

-- Ledger: this revision is applied.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
WITH changed AS (
  INSERT INTO retort.applied
    (revision, checksum, code_checksum, parents, depends_on, message, how, duration)
  VALUES ('b',
    'd2556bc03827809fee9ce238489191397f3d1b4cb59140303837f4fd389f0560',
    '61c70cbfef109b07ac2c3171eb5f382f8676402ac0a52b9336e20d6063db44e9',
    ARRAY['a'], '{}'::text[],
    'b', 'script',
    (SELECT pg_catalog.clock_timestamp() - step_began_at FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 279854852232942996
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
COMMIT;

-- -------------------------------------------------------------------------------------------------
-- Step 3 of 6: upgrade to c
-- c
-- 0003_c.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 3 of 6'
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

-- >> SELECT: transactional, not destructive
SELECT 1;

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
    '91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65',
    '17db4fd369edb9244b9f91d9aeed145c3d04ad8ba6e95d06247f07a63527d11a',
    ARRAY['b'], '{}'::text[],
    'c', 'script',
    (SELECT pg_catalog.clock_timestamp() - step_began_at FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 209367630754416558
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
COMMIT;

-- -------------------------------------------------------------------------------------------------
-- Step 4 of 6: upgrade to other
-- other
-- 0004_other.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 4 of 6'
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
    WHERE revisions = 3 AND digest = 1401614897665169694
      AND NOT EXISTS (SELECT FROM retort.progress)
      AND pg_catalog.pg_advisory_unlock_shared(8238127212073486265)
      AND pg_catalog.pg_try_advisory_lock_shared(8238127212073486265);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to other does not fit the state of this database, or this '
        'session lost the lock',
      HINT = 'Nothing of this step was done. Look with: migrate current -v.';
  END IF;
END
$retort$;

-- >> SELECT: transactional, not destructive
SELECT 2, 2;

-- Deferred: what the statements above have put off is done now, as by a COMMIT of theirs.
SET CONSTRAINTS ALL IMMEDIATE;

-- Ledger: this revision is applied.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
WITH changed AS (
  INSERT INTO retort.applied
    (revision, checksum, code_checksum, parents, depends_on, message, how, duration)
  VALUES ('other',
    'fbf6727ca60b30a2be10022a713a6bd3e9d0eb77c9f5dd08c6cbfae844e13322',
    '120148bda26fbc15b1396bb2f54aece774dc59e38ff7171335b254241a847708',
    ARRAY['b'], '{}'::text[],
    'other', 'script',
    (SELECT pg_catalog.clock_timestamp() - step_began_at FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 978011886569850677
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
COMMIT;

-- -------------------------------------------------------------------------------------------------
-- Step 5 of 6: upgrade to m
-- m
-- 0005_m.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 5 of 6'
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
    WHERE revisions = 4 AND digest = 2379626784235020371
      AND NOT EXISTS (SELECT FROM retort.progress)
      AND pg_catalog.pg_advisory_unlock_shared(8238127212073486265)
      AND pg_catalog.pg_try_advisory_lock_shared(8238127212073486265);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to m does not fit the state of this database, or this '
        'session lost the lock',
      HINT = 'Nothing of this step was done. Look with: migrate current -v.';
  END IF;
END
$retort$;

-- >> SELECT: transactional, not destructive
SELECT 3;

-- Deferred: what the statements above have put off is done now, as by a COMMIT of theirs.
SET CONSTRAINTS ALL IMMEDIATE;

-- Ledger: this revision is applied.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
WITH changed AS (
  INSERT INTO retort.applied
    (revision, checksum, code_checksum, parents, depends_on, message, how, duration)
  VALUES ('m',
    '5b8b592a9bcfbcc4fc6969d507a6689db01b64259757c83bab2cbde13f3888bb',
    '6d51e258cb323b98bf07dd6658c78c08adaf998a8e717f85e02d9c7ce869608b',
    ARRAY['c', 'other'], '{}'::text[],
    'm', 'script',
    (SELECT pg_catalog.clock_timestamp() - step_began_at FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 444843333431161027
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
COMMIT;

-- -------------------------------------------------------------------------------------------------
-- Step 6 of 6: upgrade to d
-- d
-- 0006_d.up.sql
-- -------------------------------------------------------------------------------------------------

\echo 'retort: step 6 of 6'
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
    WHERE revisions = 5 AND digest = 2824470117666181398
      AND NOT EXISTS (SELECT FROM retort.progress)
      AND pg_catalog.pg_advisory_unlock_shared(8238127212073486265)
      AND pg_catalog.pg_try_advisory_lock_shared(8238127212073486265);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to d does not fit the state of this database, or this '
        'session lost the lock',
      HINT = 'Nothing of this step was done. Look with: migrate current -v.';
  END IF;
END
$retort$;

-- >> INSERT: transactional, not destructive
INSERT INTO t VALUES (2);

-- Deferred: what the statements above have put off is done now, as by a COMMIT of theirs.
SET CONSTRAINTS ALL IMMEDIATE;

-- Ledger: what comes next cannot be rolled back; should it be interrupted, this says where.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
INSERT INTO retort.progress (revision, direction, statement, of, hash, before, started_at)
  VALUES ('d', 'up', 2, 3,
    '76cdf8884f37a5e7f81528a10dd666aa831c169f72095e23113a03b9e9cc8790',
    '313add13595ebb5191b9f115b7b4ca7196e7915b4555294f281daed844d39f39',
    (SELECT step_began_at FROM retort.state))
  ON CONFLICT (id) DO UPDATE
    SET (statement, hash, before) = (EXCLUDED.statement, EXCLUDED.hash, EXCLUDED.before);
COMMIT;

-- Step 6 of 6: upgrade to d, outside a transaction.
SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET DateStyle = 'ISO, MDY';
SET TimeZone = 'UTC'; SET lock_timeout = '5s'; SET statement_timeout = '0';
SET check_function_bodies = on; SET lock_timeout = '0';
-- Fuse: nothing can be written before the guard below has let it pass.
SET default_transaction_read_only = on;

-- Guard: stops unless it is this statement's turn; lets it write.
DO $retort$
BEGIN
  IF NOT EXISTS (SELECT FROM retort.state WHERE revisions = 5 AND digest = 2824470117666181398
      AND EXISTS (SELECT FROM retort.progress
        WHERE revision = 'd' AND statement = 2
        AND hash = '76cdf8884f37a5e7f81528a10dd666aa831c169f72095e23113a03b9e9cc8790')
      AND EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1
        AND pid = pg_catalog.pg_backend_pid() AND classid = 1918088461 AND objid = 1243514809)) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to d does not fit the state of this database, or this '
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
CREATE UNIQUE INDEX CONCURRENTLY t_x ON t (x);
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
    WHERE revisions = 5 AND digest = 2824470117666181398
      AND EXISTS (SELECT FROM retort.progress
        WHERE revision = 'd' AND statement = 2
        AND hash = '76cdf8884f37a5e7f81528a10dd666aa831c169f72095e23113a03b9e9cc8790')
      AND pg_catalog.pg_advisory_unlock_shared(8238127212073486265)
      AND pg_catalog.pg_try_advisory_lock_shared(8238127212073486265);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: upgrade to d does not fit the state of this database, or this '
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
    WHERE x.indrelid = pg_catalog.to_regclass('"t"')
      AND i.relname = 't_x' AND x.indisvalid) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: the index t_x is not there, or not valid: the statement that '
        'creates it did not succeed',
      HINT = 'Go on with: migrate upgrade, which drops what is not valid and builds it again.';
  END IF;
END
$retort$;

-- >> INSERT: transactional, not destructive
INSERT INTO t VALUES (3);

-- Deferred: what the statements above have put off is done now, as by a COMMIT of theirs.
SET CONSTRAINTS ALL IMMEDIATE;

-- Ledger: this revision is applied.
SET LOCAL SESSION AUTHORIZATION DEFAULT; RESET ALL; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET LOCAL ROLE NONE;
SET LOCAL search_path = pg_catalog, pg_temp;
WITH changed AS (
  INSERT INTO retort.applied
    (revision, checksum, code_checksum, parents, depends_on, message, how, duration)
  VALUES ('d',
    'df3bc4b8984481a8aa810e38fbd05426494a03b51e7d3f405c0138a04bd3e5a2',
    '0f64bdb2b0caa5e23cc96c50672fc27a5fe08a86c8319ccde921bd306987db05',
    ARRAY['m'], ARRAY['a'],
    'd', 'script',
    (SELECT pg_catalog.clock_timestamp() - COALESCE(
      (SELECT started_at FROM retort.progress), step_began_at) FROM retort.state))
  RETURNING revision, checksum, how, duration
), counted AS (
  UPDATE retort.state SET revisions = revisions + 1, digest = digest + 111116538605404520
)
INSERT INTO retort.log (event, revision, checksum, how, duration) SELECT 'upgrade', * FROM changed;
DELETE FROM retort.progress;
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
  SELECT 'script', '95ffcbfe15ce49861212a85b8c3d6f0aae61033a509b208e219ec5dbbf348cbf',
    'script', 'base:d'
  WHERE EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1
        AND pid = pg_catalog.pg_backend_pid() AND classid = 1918088461 AND objid = 1243514809)
    AND EXISTS (SELECT FROM retort.state WHERE revisions = 6 AND digest = 2935586656271585918)
    AND EXISTS (SELECT FROM retort.log WHERE how <> 'run'
      AND id > COALESCE((SELECT pg_catalog.max(id) FROM retort.log WHERE event = 'script'), 0)
      AND at >= (SELECT backend_start FROM pg_catalog.pg_stat_activity
        WHERE pid = pg_catalog.pg_backend_pid()));
COMMIT;

BEGIN TRANSACTION READ ONLY;
-- Guard: stops unless exactly what was promised is applied.
DO $retort$
BEGIN
  IF NOT EXISTS (SELECT FROM retort.state WHERE revisions = 6 AND digest = 2935586656271585918)
    OR (SELECT (pg_catalog.count(*), COALESCE(pg_catalog.sum(
      ('x' || pg_catalog.substr(pg_catalog.encode(pg_catalog.sha256(
        pg_catalog.convert_to(revision, 'UTF8')), 'hex'), 1, 15))::bit(60)::bigint), 0))
      FROM retort.applied) IS DISTINCT FROM (6::bigint, 2935586656271585918::numeric)
    OR EXISTS (SELECT FROM retort.progress) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: what is applied now is not what was promised',
      HINT = 'Look with: migrate status; and at the errors above, if there are any.';
  END IF;
END
$retort$;
SELECT revisions AS applied_revisions, 'd' AS current_heads,
  'sha256:95ffcbfe15ce49861212a85b8c3d6f0aae61033a509b208e219ec5dbbf348cbf' AS receipt
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
