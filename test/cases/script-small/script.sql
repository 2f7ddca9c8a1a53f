-- Retort migration script: upgrade <base> -> c
-- Receipt: sha256:98febd1c85422ceb3e8929d4fce69b342bbad373a3cb8a54ea53903042018562
\if true
-- For:  PostgreSQL 12 or later; ledger retort, format 2.
-- Run:  psql -X -v ON_ERROR_STOP=1 -f FILE DATABASE
--       directly, not through a transaction pooler; not inside BEGIN, so without -1.
--       First, only to look at what it will meet: the same with -v preflight=1 (not without =1).
--
-- It stops, with nothing changed, if any revision is already applied.
-- Each step but 2 is a transaction: one that fails is rolled back; those before it are kept.
-- Each step starts with a clean session: DateStyle ISO, TimeZone UTC, lock_timeout 5s,
-- statement_timeout 0 (or those of PGOPTIONS), and the search_path of the database and the role.
--
-- #     revision  message                         transaction  takes away
-- 1  +  a         create users; it's `all` they   yes
--                 have
-- 2  +  b         users index                     no
-- 3  +  c         no tags                         yes
--
-- Cannot be rolled back:
--   2  b  CREATE INDEX CONCURRENTLY
--
-- New objects belong to the role that connects.
-- It needs, besides what it makes itself (public is assumed where a name has no schema):
--   CREATE on schema public

-- psql: stops at the first error, sends each statement as written, prints little. The old settings
-- are saved, unless a script that stopped has saved them, and restored at the end. If the end of
-- this file is missing, so is the \endif of the \if above, and the exit code is 3.
\if :{?retort_QUIET} \else
\set retort_ON_ERROR_STOP :ON_ERROR_STOP \set retort_ON_ERROR_ROLLBACK :ON_ERROR_ROLLBACK
\set retort_AUTOCOMMIT :AUTOCOMMIT \set retort_SINGLELINE :SINGLELINE
\set retort_SINGLESTEP :SINGLESTEP \set retort_FETCH_COUNT :FETCH_COUNT \set retort_QUIET :QUIET
\endif
\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT on
\set SINGLELINE off
\set SINGLESTEP off
\set FETCH_COUNT 0
\set QUIET on
\set retort_passed off
-- If a transaction is already open, the script stops below and leaves AUTOCOMMIT as it was.
SELECT pg_catalog.transaction_timestamp() OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp()
  AS retort_open \gset
\if :retort_open \set AUTOCOMMIT :retort_AUTOCOMMIT \elif :retort_AUTOCOMMIT \else
\echo 'retort: AUTOCOMMIT is on until the end, and after an error' \endif
-- Fifty round trips must reach the same session: a transaction pooler would share it with others.
SELECT pg_catalog.format('DO $$BEGIN IF pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) %s THEN
  RAISE EXCEPTION USING ERRCODE = ''RT001'', MESSAGE = ''retort: a transaction pooler gives each '
  'transaction another session'', HINT = ''Nothing was changed. Connect to the server directly.'';
  END IF; END$$', pg_catalog.pg_backend_pid()) FROM pg_catalog.generate_series(1, 50) \gexec
-- If preflight or PREFLIGHT is set, only the part of that name runs, near the end.
\if :{?preflight} \elif :{?PREFLIGHT} \else

-- ---- start --------------------------------------------------------------------------------------

-- Session: it has nothing open, set or created that this script would end or drop.
DO $body$
DECLARE
  -- The project's.
  role CONSTANT pg_catalog.text := NULL;
  -- What says which project it is of, in the commands that errors propose.
  flags CONSTANT pg_catalog.text := '';
  key bigint;
  roles pg_catalog.name[];
  found pg_catalog.text;
  options pg_catalog.text;
  no_commit pg_catalog.text;
  no_rollback pg_catalog.text;
  may_set boolean;
BEGIN
  -- In the extended protocol they always differ.
  IF pg_catalog.transaction_timestamp()
      OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp() THEN
    -- A handler of errors forbids both, in different words; an open transaction in the same.
    BEGIN
      COMMIT;
    EXCEPTION WHEN invalid_transaction_termination THEN
      no_commit := SQLERRM;
    END;
    BEGIN
      ROLLBACK;
    EXCEPTION WHEN invalid_transaction_termination THEN
      no_rollback := SQLERRM;
    END;
    IF no_commit OPERATOR(pg_catalog.=) no_rollback THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = 'retort: a transaction is already open in this session',
        HINT = 'Nothing was changed. End it with COMMIT or ROLLBACK, or start psql without -1 '
          '(--single-transaction) and with -X (--no-psqlrc).';
    END IF;
  END IF;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM set_config('retort_script.flags', flags, false);

  -- If a script has stopped in this session, it has left what follows.
  key := ('x' || left(encode(sha256(convert_to('retort ledger retort.applied', 'UTF8')), 'hex'),
    16))::bit(64)::bigint;
  IF EXISTS (SELECT FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid = pg_backend_pid()
        AND (l.classid::bigint << 32 | l.objid::bigint) = key) THEN
    RETURN;
  END IF;

  roles := ARRAY[SESSION_USER, CURRENT_USER];
  RESET SESSION AUTHORIZATION;
  RESET ROLE;
  IF roles <> ARRAY[SESSION_USER, CURRENT_USER] THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: a role is set in this session, %s; objects of the script would '
        'belong to %s', roles[2], coalesce(role, CURRENT_USER)),
      HINT = 'Nothing was changed. Run: RESET SESSION AUTHORIZATION; RESET ROLE; start psql with '
        '-X if ~/.psqlrc sets it; or let the connection start with the role: '
        'PGOPTIONS=''-c role=...''';
  END IF;

  -- That the session is read-only is said elsewhere: no option would help.
  SELECT string_agg(s.name, ', ' ORDER BY s.name),
      string_agg(format('-c %s=%s', s.name, current_setting(s.name)), ' ' ORDER BY s.name)
    INTO found, options FROM pg_settings AS s
    WHERE s.source = 'session' AND s.setting <> s.reset_val
      AND (s.name = 'default_transaction_read_only' AND s.setting = 'off'
        OR s.name IN ('lock_timeout', 'statement_timeout', 'transaction_timeout',
          'idle_in_transaction_session_timeout'));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this session has settings that the script would not keep: %s',
        found),
      HINT = format('Nothing was changed. RESET them; start psql with -X if ~/.psqlrc sets them; '
        'or set them for the whole connection: PGOPTIONS=''%s''', options);
  END IF;

  found := (SELECT string_agg(o.what, ', ') FROM (
      SELECT 'temporary objects' WHERE EXISTS (SELECT FROM pg_class AS c
        WHERE c.relnamespace = pg_my_temp_schema())
      UNION ALL SELECT 'prepared statements' WHERE EXISTS (SELECT FROM pg_prepared_statements AS p
        WHERE p.from_sql)
      UNION ALL SELECT 'cursors' WHERE EXISTS (SELECT FROM pg_cursors AS c WHERE c.is_holdable)
      UNION ALL SELECT 'LISTEN' WHERE EXISTS (SELECT FROM pg_listening_channels())
    ) AS o (what));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this session has state that the script would drop: %s', found),
      HINT = 'Nothing was changed. Run the script in a session of its own, with psql -X if '
        '~/.psqlrc makes that.';
  END IF;

  -- It must be there, and whoever has connected may set it.
  may_set := pg_has_role(SESSION_USER, (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = role),
    CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END);
  IF role IS NOT NULL AND may_set IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this script runs its SQL as the role %s, which %s', role,
        CASE WHEN may_set IS NULL THEN 'does not exist'
          ELSE SESSION_USER || ' may not set' END),
      HINT = CASE WHEN may_set IS NULL
        THEN format('Nothing was changed. Connect to the right server; or, as a superuser, run: '
          'CREATE ROLE %I', role)
        ELSE format('Nothing was changed. Connect as another role; or, as a superuser, run: '
          'GRANT %I TO %I', role, SESSION_USER) END;
  END IF;

  IF current_setting('transaction_read_only') = 'on' THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = CASE WHEN pg_is_in_recovery()
        THEN 'retort: this server is a standby, which is read-only'
        ELSE 'retort: this session is read-only: default_transaction_read_only is on' END,
      HINT = CASE WHEN pg_is_in_recovery()
        THEN 'Nothing was changed. Connect to the primary server.'
        ELSE 'Nothing was changed. Turn it off; start psql with -X if ~/.psqlrc turns it on; or '
          'turn it off for the connection: PGOPTIONS=''-c default_transaction_read_only=off''' END;
  END IF;
END
$body$;
-- The session's settings are saved. A statement pooler refuses BEGIN.
BEGIN;
\if :{?retort_settings} \else
SELECT pg_catalog.encode(pg_catalog.convert_to(coalesce(pg_catalog.json_object_agg(name,
  setting)::pg_catalog.text, '{}'), 'UTF8'), 'hex') AS retort_settings
  FROM pg_catalog.pg_settings WHERE source OPERATOR(pg_catalog.=) 'session' \gset
\endif
COMMIT;

-- Session: names mean PostgreSQL's own objects, and text is read as written.
SET search_path = pg_catalog, pg_temp;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET SESSION AUTHORIZATION DEFAULT;
RESET ROLE;

-- Lock: this is the right database, and no other migrator is running.
DO $retort$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF length('
') <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this script was changed: its line ends were converted',
      HINT = 'Nothing was changed. Copy the file in binary mode, not as text.';
  END IF;
  IF current_setting('server_version_num')::integer < 120000 THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = concat('retort: this needs PostgreSQL 12 or later; the server is ',
        current_setting('server_version')),
      HINT = 'Nothing was changed. Its SQL needs PostgreSQL 12: upgrade the server.';
  END IF;
  IF NOT pg_try_advisory_lock(8238127212073486265) THEN
    RAISE EXCEPTION USING ERRCODE = '55P03',
      MESSAGE = concat('retort: another session holds the lock of the ledger retort',
        ': ' || (SELECT
          regexp_replace(string_agg(DISTINCT
            coalesce('pid ' || concat_ws(', ', l.pid,
                nullif(a.application_name, ''), a.usename, host(a.client_addr),
                CASE WHEN a.state LIKE 'idle%'
                  AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END,
                'for ' || date_trunc('second', clock_timestamp() - a.xact_start),
                rtrim(left(nullif(a.query, '<insufficient privilege>'), 60), '; ')),
                'a prepared transaction'),
            '; '), '[[:cntrl:]]+', ' ', 'g')
        FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.granted AND l.locktype = 'advisory' AND l.objsubid = 1
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.classid = 1918088461 AND l.objid = 1243514809)),
      HINT = coalesce((SELECT
          max(format('Nothing was changed. Wait until it is done and try '
            'again. The session of pid %s is idle: if nobody goes on with it, end it: '
            'SELECT pg_terminate_backend(%1$s);', l.pid))
            FILTER (WHERE
            CASE WHEN a.state LIKE 'idle%'
              AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END
            IS NOT NULL)
        FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.granted AND l.locktype = 'advisory' AND l.objsubid = 1
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.classid = 1918088461 AND l.objid = 1243514809),
        'Nothing was changed. Wait until it is done and try again.');
  END IF;
  PERFORM pg_advisory_lock_shared(8238127212073486265),
    pg_advisory_lock_shared(8238127212073486265);
END
$retort$;
BEGIN;

-- Ledger: created once. If it exists, this does nothing; skip it when you review.
DO $retort$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('retort')
      AND relname IN ('state', 'applied'))
    AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace('retort')
      AND proname = 'lock_key') THEN
    IF EXISTS (SELECT c.oid::regclass::text AS name
          FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
          WHERE n.nspname = (parse_ident('retort.state'))[1]
            AND (c.relkind IN ('r', 'p', 'm', 'f', 'c')
                AND c.relname NOT IN ('applied', 'intent', 'log', 'progress', 'state')
              OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend AS d
                WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
        UNION ALL SELECT t.oid::regtype::text
          FROM pg_namespace AS n JOIN pg_type AS t ON t.typnamespace = n.oid
          WHERE n.nspname = (parse_ident('retort.state'))[1] AND t.typtype IN ('d', 'e', 'r')
        UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p
          WHERE p.pronamespace = to_regnamespace('retort')) THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = 'retort: the schema retort has objects that are not the ledger''s',
        HINT = 'Nothing was changed. Move them to another schema: ALTER ... SET SCHEMA ...';
    END IF;
    IF to_regnamespace('retort') IS NULL
      AND NOT has_database_privilege(current_database(), 'CREATE') THEN
      RAISE EXCEPTION USING ERRCODE = '42501',
        MESSAGE = format('retort: %s may not create the ledger, and lacks: CREATE on the database',
          CURRENT_USER),
        HINT = format('Nothing was changed. As the owner of the database, run: '
          'GRANT CREATE ON DATABASE %1$I TO %2$I; '
          'or create the ledger for it, with the address of that owner: '
          '%4$s ensure-version --database URL, then: '
          'GRANT USAGE ON SCHEMA %3$s TO %2$I; '
          'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %3$s TO %2$I; '
          'GRANT EXECUTE ON ALL ROUTINES IN SCHEMA %3$s TO %2$I',
          current_database(), CURRENT_USER, 'retort',
          concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), '')));
    END IF;
    IF NOT has_schema_privilege(to_regnamespace('retort'), 'CREATE')
      OR NOT has_schema_privilege(to_regnamespace('retort'), 'USAGE') THEN
      RAISE EXCEPTION USING ERRCODE = '42501',
        MESSAGE = format('retort: %s may not create the ledger, which needs '
          'CREATE and USAGE on the schema %s', CURRENT_USER, to_regnamespace('retort')),
        HINT = format('Nothing was changed. As the owner of the schema, run: '
          'GRANT CREATE, USAGE ON SCHEMA %1$s TO %2$I; '
          'or create the ledger for it, with the address of that owner: '
          '%4$s ensure-version --database URL, then: '
          'GRANT USAGE ON SCHEMA %3$s TO %2$I; '
          'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %3$s TO %2$I; '
          'GRANT EXECUTE ON ALL ROUTINES IN SCHEMA %3$s TO %2$I',
          to_regnamespace('retort'), CURRENT_USER, 'retort',
          concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), '')));
    END IF;
    IF to_regnamespace('retort') IS NULL THEN
      CREATE SCHEMA retort;
    END IF;
    EXECUTE $tables$
-- The ledger, format 2: what is applied to this database, and everything that was done to it.
-- Only the procedures below write it. The tables have no defaults, checks, triggers or rules:
-- such code would run with the rights of the migrating role, so a ledger that has any is refused.

CREATE TABLE retort.applied (
  revision text NOT NULL,
  checksum text NOT NULL,           -- SHA-256 of the up file's body
  code_checksum text NOT NULL,      -- the same without comments and white space
  parents text[] NOT NULL,          -- the revisions it follows
  depends_on text[] NOT NULL,       -- those that it needs besides
  message text NOT NULL,            -- of its header
  applied_at timestamptz NOT NULL,  -- when its step ended, or it was stamped
  applied_by text NOT NULL,         -- the role that connected
  duration interval,                -- of its step; null for a stamp
  how text NOT NULL,                -- run, script or stamp
  PRIMARY KEY (revision)
);
COMMENT ON TABLE retort.applied IS 'The applied revisions, one row each. Written by migrate.';

CREATE TABLE retort.state (
  format integer NOT NULL,       -- of the ledger
  revisions bigint NOT NULL,     -- the number of rows in applied
  digest numeric NOT NULL,       -- the sum of retort.digest_of(revision) over applied
  PRIMARY KEY (format)
);
COMMENT ON TABLE retort.state IS
  'One row: the format of the ledger, and the tally of applied. Written by migrate.';
INSERT INTO retort.state (format, revisions, digest) VALUES (2, 0, 0);

CREATE TABLE retort.intent (
  revision text NOT NULL,           -- whose step it is
  direction text NOT NULL,          -- up or down
  statement integer NOT NULL,       -- from 1: the statement that comes next, or is under way
  of integer NOT NULL,              -- how many the step has
  hash text NOT NULL,               -- SHA-256 of that statement
  before text NOT NULL,             -- SHA-256 of the statements before it
  started_at timestamptz NOT NULL,  -- when the step began
  started_by text NOT NULL,         -- the role that connected
  kind text,                        -- what can be seen of it in the catalog; null: it can run again
  names text[],                     -- of the objects it is about, as the file has them
  path text,                        -- the search path they are looked up with
  places oid[],                     -- the relations they are
  place_names text[],               -- how these are called, with their schemas
  present oid[],                    -- what there was of it before; null: that is not known
  present_names text[],             -- how that is called, where it is a relation
  done boolean NOT NULL,            -- the statement succeeded, in a session that has ended since
  found boolean NOT NULL,           -- a later session has found it here, and is to go on with it
  error text,                       -- what the server refused it with
  PRIMARY KEY (revision)
);
COMMENT ON TABLE retort.intent IS
  'The step outside a transaction that is under way, if any. Written by migrate.';

CREATE TABLE retort.log (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,  -- when it was done
  by text NOT NULL,         -- the role that connected
  event text NOT NULL,      -- upgrade, downgrade, stamp, unstamp, discard, repair, failure, script
  revision text,            -- null for a script, and a repair of the ledger
  checksum text,            -- of the up file; of a script its receipt, as handed out
  how text,                 -- run, script or stamp; null for a discard
  duration interval,        -- of an upgrade or a downgrade
  detail text,              -- an error, the range of a script, what was repaired or discarded
  PRIMARY KEY (id)
);
COMMENT ON TABLE retort.log IS
  'What was done to this database, when, and by whom. Written by migrate; rows are only added.';
$tables$;
    EXECUTE $procedures$
-- The ledger's procedures: what runs before and after the author's SQL. They run with the rights
-- of the role that calls them. The session may have set anything, so each pins the search path
-- before its first expression, and names the types of its variables in full.

-- Resets the settings to those of the connection; names mean PostgreSQL's own objects, and text is
-- read as written. To its end the transaction keeps its lock_timeout: whoever waits for what the
-- author's SQL has locked does not wait for the ledger, too. What a script has set for the commands
-- in its errors is kept.
CREATE PROCEDURE retort.protect_session()
LANGUAGE plpgsql AS $body$
DECLARE
  time_limit CONSTANT pg_catalog.text := pg_catalog.current_setting('lock_timeout');
  flags CONSTANT pg_catalog.text := pg_catalog.current_setting('retort_script.flags', true);
BEGIN
  RESET ALL;
  IF flags OPERATOR(pg_catalog.<>) '' THEN
    PERFORM pg_catalog.set_config('retort_script.flags', flags, false);
  END IF;
  PERFORM pg_catalog.set_config('lock_timeout', time_limit, true);
  SET search_path = pg_catalog, pg_temp;
  SET client_encoding = 'UTF8';
  SET standard_conforming_strings = on;
END
$body$;

-- How a command begins that a hint proposes: with the flags that say which project a script is of,
-- such as -n prod, which it has set for its session.
CREATE FUNCTION retort.migrate() RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), ''));
END
$body$;

-- The number that one revision adds to state.digest: the first 60 bits of its SHA-256.
CREATE FUNCTION retort.digest_of(revision text) RETURNS bigint
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN ('x' || left(encode(sha256(convert_to(revision, 'UTF8')), 'hex'), 15))::bit(60)::bigint;
END
$body$;

-- The key of the advisory lock that a migrator of this ledger holds.
CREATE FUNCTION retort.lock_key() RETURNS bigint
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN ('x' || left(encode(sha256(convert_to('retort ledger retort.applied', 'UTF8')), 'hex'),
    16))::bit(64)::bigint;
END
$body$;

-- Releases the lock, however often it was taken.
CREATE PROCEDURE retort.unlock()
LANGUAGE plpgsql AS $body$
DECLARE
  held pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  LOOP
    held := (SELECT l.mode FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid = pg_backend_pid()
        AND (l.classid::bigint << 32 | l.objid::bigint) = retort.lock_key() LIMIT 1);
    EXIT WHEN held IS NULL;
    PERFORM CASE held WHEN 'ShareLock' THEN pg_advisory_unlock_shared(retort.lock_key())
      ELSE pg_advisory_unlock(retort.lock_key()) END;
  END LOOP;
END
$body$;

-- Stops unless this session holds the lock of the ledger. A migrator holds it exclusively, and
-- twice more in shared mode: one of those is released and taken again, which shows the same as a
-- query of pg_locks in a twentieth of the time. PostgreSQL warns of a lock that is not held; the
-- error says it. Steps may have been committed before.
CREATE PROCEDURE retort.require_lock()
LANGUAGE plpgsql SET client_min_messages = error AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF NOT (pg_advisory_unlock_shared(retort.lock_key())
      AND pg_try_advisory_lock_shared(retort.lock_key())) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this session does not hold the lock of the ledger',
      HINT = 'What was committed before this is kept. The lock belongs to the session that took '
        'it: if only a part of a script was run, run all of it, from its first line; if a pooler '
        'changed the session, connect directly; if a client went on after an error, correct that. '
        'Then run it again: where it cannot go on, it says what to do.';
  END IF;
END
$body$;

-- The step outside a transaction that is unfinished, unless it is one of half_done in that
-- direction; else null.
CREATE FUNCTION retort.unfinished(half_done text[] DEFAULT '{}', direction text DEFAULT 'up')
RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT format('%s at statement %s of %s%s', i.revision, i.statement, i.of,
      CASE WHEN i.done THEN ', which is done' END)
    FROM retort.intent AS i
    WHERE (i.revision = ANY (half_done) AND i.direction = unfinished.direction) IS NOT TRUE);
END
$body$;

-- The command that resumes the step that is unfinished. It names where that leads: typed again, it
-- takes back nothing more.
CREATE FUNCTION retort.resuming() RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT concat(retort.migrate(), ' ', CASE i.direction
      WHEN 'up' THEN 'upgrade ' || i.revision
      ELSE format('downgrade %s@%s', i.revision, coalesce((
        SELECT CASE WHEN a.parents = '{}' THEN 'base' ELSE p.revision END
        FROM retort.applied AS a LEFT JOIN retort.applied AS p ON p.revision = a.parents[1]
        WHERE a.revision = i.revision), '-1')) END)
    FROM retort.intent AS i);
END
$body$;

-- How messages name a step: upgrade to a1.
CREATE FUNCTION retort.step_name(revision text, direction text) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN concat(CASE direction WHEN 'up' THEN 'upgrade to ' ELSE 'downgrade of ' END, revision);
END
$body$;

-- What to say where a step outside a transaction is unfinished, and it is not its turn. Whoever
-- only looks, or is sent alone, does so without the lock: another session may be at the step.
CREATE FUNCTION retort.unfinished_hint() RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF EXISTS (SELECT FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.mode = 'ExclusiveLock'
        AND l.pid IS DISTINCT FROM pg_backend_pid()
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND (l.classid::bigint << 32 | l.objid::bigint) = retort.lock_key()) THEN
    RETURN 'Another session holds the lock of the ledger, and may be at that step: wait until it '
      'is done.';
  END IF;
  RETURN (SELECT format('See: SELECT * FROM retort.intent; if it was begun by a file of a split '
      'script, run the one %s that statement; otherwise resume with: %s; or with a script '
      'written by --idempotent that contains the %s.',
      CASE WHEN i.done THEN 'after' ELSE 'of' END, retort.resuming(),
      retort.step_name(i.revision, i.direction))
    FROM retort.intent AS i);
END
$body$;

-- Before a step. Stops if a step outside a transaction was interrupted, or goes on in another file
-- of a split script: revision is its own, and it may be the one.
CREATE PROCEDURE retort.require_no_intent(revision text)
LANGUAGE plpgsql AS $body$
DECLARE
  step pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  step := retort.unfinished();
  IF step IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = concat('retort: a step outside a transaction is unfinished: ', step),
      HINT = concat(CASE WHEN EXISTS (SELECT FROM retort.intent AS i
          WHERE i.revision = require_no_intent.revision) THEN 'This step was begun before. '
        ELSE 'Nothing of this step was done. ' END, retort.unfinished_hint());
  END IF;
END
$body$;

-- Stops unless this step is under way, and this statement of it is next. The hint says where to go
-- on if no step is under way: this one is done, or not begun.
CREATE PROCEDURE retort.require_intent(revision text, statement integer, direction text)
LANGUAGE plpgsql AS $body$
DECLARE
  expected pg_catalog.text;
  under_way pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  expected := format('the %s at statement %s',
    retort.step_name(require_intent.revision, direction), require_intent.statement);
  under_way := (SELECT format('the %s at statement %s',
      retort.step_name(i.revision, i.direction), i.statement)
    FROM retort.intent AS i);
  IF under_way IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: %s should be under way; %s', expected,
        coalesce('what is under way is ' || under_way, 'nothing is')),
      HINT = CASE WHEN under_way IS NOT NULL
        THEN concat('Nothing was changed. ', retort.unfinished_hint())
        WHEN retort.is_pending(require_intent.revision, require_intent.direction)
        THEN format('Nothing was changed. %s is %s: run all files of this step, from its first; '
          'before them those of earlier steps that are not done.',
          require_intent.revision,
          CASE direction WHEN 'up' THEN 'not applied' ELSE 'applied' END)
        ELSE format('Nothing was changed. %s is %s: go on with the first file of the next step.',
          require_intent.revision,
          CASE direction WHEN 'up' THEN 'applied already' ELSE 'not applied any more' END) END;
  END IF;
END
$body$;

-- Does an applied revision need one that is not?
CREATE FUNCTION retort.has_hole() RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN EXISTS (SELECT FROM retort.applied AS a, unnest(a.parents || a.depends_on) AS n (id)
    WHERE NOT EXISTS (SELECT FROM retort.applied AS b WHERE b.revision = n.id));
END
$body$;

-- That every step of a script is done, whatever is applied besides; else null. will_be are the rows
-- that a repair leaves.
CREATE FUNCTION retort.nothing_to_do(steps text[], direction text, will_be jsonb DEFAULT '{}')
RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN 'there is nothing to do for this script: ' || CASE
    WHEN will_be <> '{}' AND retort.changed_rows(will_be) = '{}'
      THEN 'its rows of the ledger are repaired already'
    WHEN steps <> '{}' AND NOT retort.has_hole() AND NOT EXISTS (
        SELECT FROM unnest(steps) AS s (id) WHERE retort.is_pending(s.id, direction))
      THEN CASE direction WHEN 'up' THEN 'all of its revisions are applied already'
        ELSE 'none of its revisions is applied' END END;
END
$body$;

-- Which steps of a script are still to be done, although later ones are done; else null. The rows
-- may have no hole where they do: a file was put between others after these were applied.
CREATE FUNCTION retort.passed_over(steps text[], direction text) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (WITH step AS (SELECT s.id, s.place, retort.is_pending(s.id, direction) AS is_pending
      FROM unnest(steps) WITH ORDINALITY AS s (id, place))
    SELECT string_agg(s.id, ', ' ORDER BY s.place) FROM step AS s
    WHERE s.is_pending
      AND s.place < (SELECT max(l.place) FROM step AS l WHERE NOT l.is_pending));
END
$body$;

-- What to do with a step that is unfinished, where a script that would discard it is not run; null:
-- there is none. A stamp of what is applied would be refused, or record more, where something is
-- missing below that.
CREATE FUNCTION retort.discard_hint() RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT format('The interruption of %s stays; to discard it: '
      'CALL retort.forget_intent();', i.revision)
    FROM retort.intent AS i);
END
$body$;

-- What to do where the ledger still names what squashed revisions of a script replace, or some of
-- it; else null. replaced says which, in order: {"s3": ["a1", "b2"]}. A stamp makes it name those.
CREATE FUNCTION retort.replaced_hint(replaced jsonb, heads text[]) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT CASE WHEN s.missing IS NOT NULL
      THEN format('Of the revisions that %1$s replaces, the database has %2$s, but not %3$s: with '
        'the files as they were before %1$s was written (an older commit), run: %5$s upgrade '
        '%4$s (as a script: add --sql --from-database); then go on with the new ones', s.id,
        left(s.present, 1000), left(s.missing, 1000), s.last, retort.migrate())
      WHEN NOT retort.has_hole()
      THEN format('The ledger still names replaced revisions; record the change first with: '
        '%s stamp %s (as a script: add --sql --from-database)', retort.migrate(),
        (SELECT string_agg(DISTINCT coalesce(r.key, h.id), ' ') FROM unnest(heads) AS h (id)
          LEFT JOIN jsonb_each(replaced) AS r ON r.value ? h.id)) END
    FROM (SELECT r.key AS id, r.value ->> -1 AS last,
        string_agg(m.id, ', ' ORDER BY m.n) FILTER (WHERE a.revision IS NOT NULL) AS present,
        string_agg(m.id, ', ' ORDER BY m.n) FILTER (WHERE a.revision IS NULL) AS missing
      FROM jsonb_each(replaced) AS r,
        jsonb_array_elements_text(r.value) WITH ORDINALITY AS m (id, n)
        LEFT JOIN retort.applied AS a ON a.revision = m.id
      GROUP BY r.key, r.value HAVING count(a.revision) > 0 ORDER BY missing, r.key LIMIT 1) AS s);
END
$body$;

-- How what is applied differs from all of must and what is in may, and which of the rows that are
-- there differ from were; null where nothing does.
CREATE FUNCTION retort.differences(must text[], may text[], were jsonb DEFAULT '{}',
  OUT missing text, OUT unexpected text, OUT changed text)
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  missing := (SELECT string_agg(m.id, ', ' ORDER BY m.id) FROM unnest(must) AS m (id)
    WHERE NOT EXISTS (SELECT FROM retort.applied AS a WHERE a.revision = m.id));
  unexpected := (SELECT string_agg(a.revision, ', ' ORDER BY a.revision) FROM retort.applied AS a
    WHERE NOT EXISTS (SELECT FROM unnest(must || may) AS m (id) WHERE m.id = a.revision));
  changed := (SELECT string_agg(a.revision, ', ' ORDER BY a.revision) FROM retort.applied AS a
    WHERE a.revision = ANY (retort.changed_rows(were)));
END
$body$;

-- Where nothing that a script knows is applied, but something else: that this may be the database
-- of another project; else null. A run from an empty database knows nothing.
CREATE FUNCTION retort.wrong_place(known text[]) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN CASE WHEN known <> '{}' AND EXISTS (SELECT FROM retort.applied) AND NOT EXISTS (
      SELECT FROM unnest(known) AS k (id) JOIN retort.applied AS a ON a.revision = k.id)
    THEN 'Connect to the right database: nothing that this script has or needs is applied to this '
      'one, but other revisions are.' END;
END
$body$;

-- The revisions that are applied with other SQL than codes has, comments apart; else null.
CREATE FUNCTION retort.other_code(codes jsonb) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT string_agg(a.revision, ', ' ORDER BY a.revision) FROM retort.applied AS a
    WHERE codes ->> a.revision <> a.code_checksum);
END
$body$;

-- How the step that is unfinished differs from the script that is to go on with it, and what to do;
-- else null. begun has, for each revision that may be half done and each of its statements, the
-- hash of those before it; null for the first, where that has come to run in a transaction: none is
-- begun there.
CREATE FUNCTION retort.begun_otherwise(begun jsonb, direction text,
  OUT otherwise text, OUT way_out text)
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT format('%s was interrupted at statement %s, and %s', i.revision, i.statement,
        CASE WHEN i.statement > jsonb_array_length(begun -> i.revision)
          THEN 'this script has fewer statements of it'
          WHEN i.statement = 1 THEN 'this script begins it in a transaction'
          ELSE 'the statements before it differ from those that were run' END),
      format('%s; or finish the step by hand, and record it with its CALL of retort.end_%sgrade.',
        CASE WHEN i.statement > jsonb_array_length(begun -> i.revision)
          THEN 'Write the script again with --from-database and --idempotent'
          WHEN i.statement = 1 THEN 'Resume it with: ' || retort.resuming()
          ELSE 'Restore them in the file of the migration, and write the script again' END,
        i.direction)
    INTO otherwise, way_out FROM retort.intent AS i
    WHERE i.direction = begun_otherwise.direction AND begun ? i.revision
      AND i.before IS DISTINCT FROM begun -> i.revision ->> (i.statement - 1);
END
$body$;

-- Why a script that finds the ledger as it is would stop before its first step, and what to do;
-- null where it would not. It would, unless no step is unfinished except one of half_done in that
-- direction, which has begun with the statements of begun, or any if the script discards it; all of
-- must are applied, and nothing else except what is in may; what is applied of the script's own
-- steps is so with their SQL: codes has the code checksum of each; and the rows that a repair
-- corrects or deletes are as they were when it was planned. will_be is what it makes of them.
-- is_done tells whether nothing is left to do for it. The hint says so, or what is applied; again
-- is a command, with %s for the current heads unless it asks the database, or empty. Where heads do
-- not tell what is applied, because those of must, starts, are the current ones, or something below
-- them is missing, the command asks the database. There is no such command where nothing is to do;
-- nor where the ledger still names what squashed revisions of the script replace, as replaced says.
-- steps are those of a script whose steps all go in that direction, in their order.
-- Where nothing is applied, the ledger may have been left out of a restore: then the starts of a
-- script that runs SQL can be recorded, which a stamp does itself. known are revisions of the
-- script that must, may and steps do not have. Heads that are in none of these may have no file
-- where the command is typed; also is what such a script may do to them besides, with %s for them,
-- or empty.
CREATE FUNCTION retort.state_fault(
  must text[], may text[], done_revisions bigint, done_digest numeric, again text,
  half_done text[] DEFAULT '{}', direction text DEFAULT 'up', starts text[] DEFAULT '{}',
  steps text[] DEFAULT '{}', replaced jsonb DEFAULT '{}', codes jsonb DEFAULT '{}',
  known text[] DEFAULT '{}', begun jsonb DEFAULT '{}', also text DEFAULT '',
  were jsonb DEFAULT '{}', will_be jsonb DEFAULT '{}', discards boolean DEFAULT false,
  OUT fault text, OUT hint text, OUT is_done boolean)
LANGUAGE plpgsql AS $body$
DECLARE
  missing pg_catalog.text;
  unexpected pg_catalog.text;
  changed pg_catalog.text;
  step pg_catalog.text;
  heads pg_catalog.text[];
  of_script pg_catalog.text[];
  rest pg_catalog.text;
  squashed pg_catalog.text;
  nothing pg_catalog.text;
  place pg_catalog.text;
  passed_over pg_catalog.text;
  has_hole boolean;
  command pg_catalog.text;
  script pg_catalog.text;
  recording pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  is_done := false;
  step := retort.unfinished(half_done, direction);
  IF step IS NOT NULL AND NOT discards THEN
    fault := 'a step outside a transaction is unfinished: ' || step;
    hint := retort.unfinished_hint();
    RETURN;
  END IF;
  SELECT b.otherwise, b.way_out INTO fault, hint
    FROM retort.begun_otherwise(begun, direction) AS b;
  IF fault IS NOT NULL THEN
    RETURN;
  END IF;
  fault := 'applied with other SQL than that of this script: '
    || left(retort.other_code(codes), 1000);
  IF fault IS NOT NULL THEN
    hint := format('Compare the files with the database: %s verify. If that finds nothing, this '
      'script was written from other files, or before they were changed: write it again.',
      retort.migrate());
    RETURN;
  END IF;
  is_done := EXISTS (SELECT FROM retort.state AS s
      WHERE s.revisions = done_revisions AND s.digest = done_digest)
    AND retort.changed_rows(will_be) = '{}';
  SELECT d.missing, d.unexpected, d.changed INTO missing, unexpected, changed
    FROM retort.differences(must, may, were) AS d;
  IF concat(missing, unexpected, changed) = '' THEN
    is_done := is_done AND step IS NULL;
    RETURN;
  END IF;
  fault := concat('this database is not in the expected state',
    '; not applied, but should be: ' || left(missing, 1000),
    '; applied, but should not be: ' || left(unexpected, 1000),
    '; with other values in the ledger than expected: ' || left(changed, 1000));
  heads := ARRAY(SELECT a.revision FROM retort.applied AS a
    WHERE NOT EXISTS (SELECT FROM retort.applied AS b
      WHERE a.revision = ANY (b.parents || b.depends_on)) ORDER BY 1);
  rest := CASE WHEN discards THEN retort.discard_hint() END;
  squashed := retort.replaced_hint(replaced, heads);
  nothing := CASE WHEN squashed IS NULL THEN retort.nothing_to_do(steps, direction, will_be) END;
  of_script := must || may || steps || known;
  place := retort.wrong_place(of_script);
  passed_over := CASE WHEN squashed IS NULL THEN retort.passed_over(steps, direction) END;
  -- What is missing where the starts are there is below them.
  has_hole := passed_over IS NOT NULL OR retort.has_hole()
    OR starts <> '{}' AND missing IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(starts) AS s (id)
      WHERE NOT EXISTS (SELECT FROM retort.applied AS a WHERE a.revision = s.id));
  recording := CASE WHEN heads = '{}' AND starts <> '{}' AND were = '{}' AND NOT discards
    THEN format('all that %s %s with: %s stamp %s (as a script: add --sql)',
      array_to_string(starts, ', '), CASE cardinality(starts) WHEN 1 THEN 'does, record it'
        ELSE 'do, record them' END, retort.migrate(), array_to_string(starts, ' ')) END;
  IF is_done OR nothing IS NOT NULL THEN
    hint := concat(CASE WHEN NOT is_done
        THEN format('%s: SELECT * FROM retort.applied; %s.',
          coalesce(place || ' If it is the right one, see', 'See'), nothing)
        WHEN rest IS NOT NULL THEN 'The steps of this script are done already.'
        ELSE 'All of it is done already.' END, ' ' || rest,
      ' If this database has nevertheless ' || recording || '; then run this script again.');
    is_done := true;
    RETURN;
  END IF;
  command := CASE
    WHEN strpos(again, '%s:') > 0 AND (heads @> starts AND heads <@ starts OR has_hole)
    THEN replace(again, '%s:', '') || ' --from-database' ELSE again END;
  script := concat('a script from this state',
      (SELECT format(', which may also %s,', replace(nullif(also, ''), '%s',
          left(string_agg(a.revision, ', ' ORDER BY a.revision), 1000)))
        FROM retort.applied AS a WHERE also <> '' AND a.revision <> ALL (of_script)
        HAVING count(*) > 0))
    || ' with: ' || nullif(format(command,
      coalesce(nullif(array_to_string(heads, ','), ''), 'base')), '');
  hint := CASE WHEN place IS NOT NULL
    THEN concat(place, ' If two projects share it, give each its own ledger: '
      '"ledger": {"schema": ...} in the config file. If they are revisions of this project, '
      'restore their files where these are missing, and write ' || script)
    ELSE concat('See: SELECT * FROM retort.applied;', CASE WHEN changed IS NOT NULL
        THEN format(' and compare its rows with the files: %s verify.', retort.migrate()) END,
      format(' of the revisions of this script these are %s: ', CASE direction
        WHEN 'up' THEN 'not applied, though later ones are'
        ELSE 'applied, though later ones are not' END) || left(passed_over, 1000) || '.',
      (SELECT format(' If a file of %s is missing, restore it first: another git branch may '
        'have it.', string_agg(h.id, ', '))
        FROM unnest(heads) AS h (id) WHERE again <> '' AND h.id <> ALL (of_script)
        HAVING count(*) > 0),
      coalesce(' ' || squashed, concat(' If this is the right database, ',
        'and has already ' || recording || '; if it has not, ', 'write ') || script)) END;
END
$body$;

-- Before the first step. Stops unless this session holds the lock, and the ledger is as state_fault
-- says with the same arguments. A step of half_done is found: it is gone on with.
-- If it stops, it releases the lock: a later step may start from the state that is wrong now, and
-- without the lock no step begins, whatever the client does.
CREATE PROCEDURE retort.require_state(
  must text[], may text[], done_revisions bigint, done_digest numeric, again text,
  half_done text[] DEFAULT '{}', direction text DEFAULT 'up', starts text[] DEFAULT '{}',
  steps text[] DEFAULT '{}', replaced jsonb DEFAULT '{}', codes jsonb DEFAULT '{}',
  known text[] DEFAULT '{}', begun jsonb DEFAULT '{}', also text DEFAULT '',
  were jsonb DEFAULT '{}', will_be jsonb DEFAULT '{}', discards boolean DEFAULT false)
LANGUAGE plpgsql AS $body$
DECLARE
  refused pg_catalog.record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  CALL retort.require_lock();
  SELECT * INTO refused FROM retort.state_fault(must, may, done_revisions, done_digest, again,
    half_done, direction, starts, steps, replaced, codes, known, begun, also, were, will_be,
    discards);
  IF refused.fault IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001', MESSAGE = 'retort: ' || refused.fault,
      HINT = 'Nothing was changed. ' || refused.hint;
  END IF;
  UPDATE retort.intent AS i SET found = true
    WHERE i.revision = ANY (half_done) AND i.direction = require_state.direction;
EXCEPTION WHEN OTHERS OR query_canceled THEN
  CALL retort.unlock();
  RAISE;
END
$body$;

-- In the first of split files, before require_state, which says what else is wrong. Stops if the
-- first of the steps are done, as by further files, and nothing else was: then one of these files
-- is next. steps are in their order; codes has the code checksum of each that goes up.
CREATE PROCEDURE retort.require_unbegun(steps text[], direction text, done_revisions bigint,
  done_digest numeric, codes jsonb DEFAULT '{}')
LANGUAGE plpgsql AS $body$
DECLARE
  sign CONSTANT integer := CASE direction WHEN 'up' THEN 1 ELSE -1 END;
  pending pg_catalog.text[];
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  pending := ARRAY(SELECT s.id FROM unnest(steps) WITH ORDINALITY AS s (id, place)
    WHERE retort.is_pending(s.id, direction) ORDER BY s.place);
  IF pending NOT IN ('{}', steps) AND pending = steps[array_position(steps, pending[1]):]
      AND retort.unfinished() IS NULL AND retort.other_code(codes) IS NULL
      AND EXISTS (SELECT FROM retort.state AS s
        WHERE s.revisions + sign * cardinality(pending) = done_revisions AND done_digest = s.digest
          + sign * (SELECT sum(retort.digest_of(p.id)) FROM unnest(pending) AS p (id))) THEN
    CALL retort.unlock();
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the steps of this script before %s are done already', pending[1]),
      HINT = format('Nothing was changed. Go on with the first file of %s.', pending[1]);
  END IF;
END
$body$;

-- Resets the session for a step, whatever was set, prepared or created in it before.
CREATE PROCEDURE retort.reset_session()
LANGUAGE plpgsql AS $body$
BEGIN
  CALL retort.protect_session();
  DEALLOCATE ALL;
  EXECUTE 'CLOSE ALL';
  UNLISTEN *;
  DISCARD TEMP;
  DISCARD SEQUENCES;
END
$body$;

-- The settings that the author's SQL starts with. A timeout that was set for the connection, as in
-- PGOPTIONS, is kept. The project's own settings are set after this, if they differ.
CREATE PROCEDURE retort.set_session()
LANGUAGE plpgsql AS $body$
DECLARE
  kept pg_catalog.text[] := '{}';
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RESET lock_timeout;
  -- Only if there is a timeout: pg_settings is slow.
  IF current_setting('lock_timeout') <> '0' OR current_setting('statement_timeout') <> '0' THEN
    kept := ARRAY(SELECT s.name FROM pg_settings AS s
      WHERE s.source = 'client' AND s.setting <> '0');
  END IF;
  IF 'lock_timeout' <> ALL (kept) THEN
    SET lock_timeout = '5s';
  END IF;
  IF 'statement_timeout' <> ALL (kept) THEN
    SET statement_timeout = 0;
  END IF;
  SET DateStyle = 'ISO, MDY';
  SET TimeZone = 'UTC';
  SET check_function_bodies = on;
  SET search_path TO DEFAULT;
END
$body$;

-- Before a statement that blocks others: takes its locks on these tables, names[i] in modes[i]. If
-- that fails, it has none of them, says who blocks it, waits, and tries again, retries times. A
-- table that is missing, or that the role may not lock, is left to the statement itself. A name
-- without a schema is looked up as that statement looks it up.
CREATE PROCEDURE retort.take_locks(names text[], modes text[], retries integer)
LANGUAGE plpgsql AS $body$
DECLARE
  path CONSTANT pg_catalog.text := pg_catalog.current_setting('search_path');
  tables CONSTANT pg_catalog.regclass[] := ARRAY(SELECT pg_catalog.to_regclass(n.name)
    FROM pg_catalog.unnest(names) WITH ORDINALITY AS n (name, place) ORDER BY n.place);
  time_limit double precision;
  pause double precision;
  wanted record;
  blockers pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  time_limit := extract(epoch FROM current_setting('statement_timeout')::interval);
  FOR retry IN 0 .. retries LOOP
    BEGIN
      FOR wanted IN SELECT c.oid, c.oid::regclass AS name, n.mode
        FROM unnest(tables, modes) WITH ORDINALITY AS n (id, mode, place)
          JOIN pg_class AS c ON c.oid = n.id
        WHERE c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
        ORDER BY n.place
      LOOP
        EXECUTE format('LOCK TABLE ONLY %s IN %s MODE', wanted.name, wanted.mode);
      END LOOP;
      EXIT;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      blockers := coalesce((SELECT string_agg(DISTINCT coalesce('pid ' || concat_ws(', ', l.pid,
          nullif(a.application_name, ''), a.usename, host(a.client_addr),
          CASE WHEN a.state LIKE 'idle%'
            AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END,
          'for ' || date_trunc('second', clock_timestamp() - a.xact_start),
          rtrim(left(nullif(a.query, '<insufficient privilege>'), 60), '; ')),
          'a prepared transaction'), '; ')
        FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.granted AND l.relation = wanted.oid
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.pid IS DISTINCT FROM pg_backend_pid() AND l.mode <> ALL (CASE wanted.mode
            WHEN 'ACCESS EXCLUSIVE' THEN '{}'::text[] WHEN 'EXCLUSIVE' THEN '{AccessShareLock}'
            WHEN 'SHARE' THEN '{AccessShareLock, RowShareLock, ShareLock}'
            ELSE '{AccessShareLock, RowShareLock}' END)), 'a session that has ended since');
      blockers := regexp_replace(format('retort: %s is locked by %s', wanted.name, blockers),
        '[[:cntrl:]]+', ' ', 'g');
      pause := least(0.5 * 2 ^ retry, 30) * (0.5 + random());
      IF retry = retries OR time_limit > 0 AND time_limit <
          pause + extract(epoch FROM clock_timestamp() - statement_timestamp()) THEN
        RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = blockers,
          HINT = CASE WHEN EXISTS (SELECT FROM retort.intent)
            THEN concat('What the step did before this is kept. When that session is done, go on. ',
              retort.unfinished_hint())
            ELSE format('The transaction was rolled back. When that session is done, run this '
              'again if it is the file of a split script, if this was its first step, or if it was '
              'written with --single-transaction or --idempotent; else write a script from the '
              'state that is reached: %s upgrade --sql --from-database (or downgrade)',
              retort.migrate()) END;
      END IF;
      RAISE WARNING USING MESSAGE = format('%s; retry %s of %s in %s s', blockers, retry + 1,
        retries, round(pause::numeric, 1));
    END;
    PERFORM pg_sleep(pause);
  END LOOP;
  PERFORM set_config('search_path', path, true);
END
$body$;

-- Before the author's SQL. Resets the session and pins its settings. Stops unless this session
-- holds the lock, no step is unfinished, and that many revisions, with that digest, are applied.
CREATE PROCEDURE retort.begin_step(
  revision text, revisions bigint, digest numeric, direction text DEFAULT 'up')
LANGUAGE plpgsql AS $body$
DECLARE
  applied bigint;
BEGIN
  CALL retort.reset_session();
  CALL retort.require_lock();
  CALL retort.require_no_intent(begin_step.revision);
  IF NOT EXISTS (SELECT FROM retort.state AS s
      WHERE s.revisions = begin_step.revisions AND s.digest = begin_step.digest) THEN
    applied := coalesce((SELECT max(s.revisions) FROM retort.state AS s), 0);
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: %s is not next: %s', begin_step.revision,
        CASE WHEN NOT retort.is_pending(begin_step.revision, direction)
          THEN CASE direction WHEN 'up' THEN 'it is already applied' ELSE 'it is not applied' END
          WHEN applied = begin_step.revisions
          THEN 'the applied revisions are not the expected ones'
          ELSE format('the number of applied revisions is %s, not %s', applied,
            begin_step.revisions) END),
      HINT = retort.not_next_hint(begin_step.revision, direction);
  END IF;
  CALL retort.set_session();
END
$body$;

-- begin_step of a script that skips what is done. Stops unless the revision is pending and all that
-- it needs is applied.
CREATE PROCEDURE retort.begin_upgrade(revision text, needs text[])
LANGUAGE plpgsql AS $body$
DECLARE
  missing pg_catalog.text;
BEGIN
  CALL retort.reset_session();
  CALL retort.require_lock();
  CALL retort.require_no_intent(begin_upgrade.revision);
  missing := (SELECT string_agg(n.id, ', ' ORDER BY n.id) FROM unnest(needs) AS n (id)
    WHERE NOT EXISTS (SELECT FROM retort.applied AS a WHERE a.revision = n.id));
  IF missing IS NOT NULL OR NOT retort.is_pending(begin_upgrade.revision, 'up') THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: %s is not next: %s', begin_upgrade.revision,
        coalesce('it needs ' || missing, 'it is already applied')),
      HINT = retort.not_next_hint(begin_upgrade.revision, 'up');
  END IF;
  CALL retort.set_session();
END
$body$;

-- The same for a downgrade. Stops unless the revision is applied and nothing applied needs it.
CREATE PROCEDURE retort.begin_downgrade(revision text)
LANGUAGE plpgsql AS $body$
DECLARE
  needed_by pg_catalog.text;
BEGIN
  CALL retort.reset_session();
  CALL retort.require_lock();
  CALL retort.require_no_intent(begin_downgrade.revision);
  needed_by := (SELECT string_agg(a.revision, ', ' ORDER BY a.revision) FROM retort.applied AS a
    WHERE begin_downgrade.revision = ANY (a.parents || a.depends_on));
  IF needed_by IS NOT NULL OR NOT retort.is_pending(begin_downgrade.revision, 'down') THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: %s is not next: %s', begin_downgrade.revision,
        coalesce('it is needed by ' || needed_by, 'it is not applied')),
      HINT = retort.not_next_hint(begin_downgrade.revision, 'down');
  END IF;
  CALL retort.set_session();
END
$body$;

-- Is the step still to be done?
CREATE FUNCTION retort.is_pending(revision text, direction text) RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (direction = 'up') <> EXISTS (SELECT FROM retort.applied AS a
    WHERE a.revision = is_pending.revision);
END
$body$;

-- What to say of a step that is not next: all of it is done, or nothing. It may be of any script.
CREATE FUNCTION retort.not_next_hint(revision text, direction text) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN CASE WHEN retort.is_pending(revision, direction)
    THEN format('Nothing of this step was done. See: SELECT * FROM retort.applied; of a split '
      'script, first run the files before this one that are not done; else, or if all are, write a '
      'script from this state with: %s %s --sql --from-database', retort.migrate(),
      CASE direction WHEN 'up' THEN 'upgrade' ELSE 'downgrade TARGET' END)
    ELSE 'All of this step is done already. See: SELECT * FROM retort.applied; of a split script, '
      'go on with the first file of the next step.' END;
END
$body$;

-- How these relations are called, with their schemas; null for one that does not exist.
CREATE FUNCTION retort.names_of(relations oid[]) RETURNS text[]
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN CASE WHEN relations IS NOT NULL THEN ARRAY(
    SELECT (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = r.oid)
    FROM unnest(relations) WITH ORDINALITY AS r (oid, place) ORDER BY r.place) END;
END
$body$;

-- What these relations, of which the OIDs and the names were recorded, are now: those of that name,
-- because a restore and a REINDEX CONCURRENTLY give them other OIDs; else those of that OID, which
-- were renamed; else null.
CREATE FUNCTION retort.relations_now(oids oid[], names text[]) RETURNS oid[]
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN ARRAY(SELECT coalesce(
      (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = p.parts[1] AND c.relname = p.parts[2]),
      (SELECT c.oid FROM pg_class AS c WHERE c.oid = oids[r.place]))
    FROM unnest(names) WITH ORDINALITY AS r (name, place), parse_ident(r.name) AS p (parts)
    ORDER BY r.place);
END
$body$;

-- What the catalog has of what a statement creates, drops or leaves behind; null if it does not
-- show. places are the relations that it names.
CREATE FUNCTION retort.traces(kind text, names text[], places oid[]) RETURNS oid[]
LANGUAGE plpgsql AS $body$
DECLARE
  bare pg_catalog.name;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  bare := (SELECT p.parts[cardinality(p.parts)]
    FROM parse_ident(names[CASE kind WHEN 'create index' THEN 2 ELSE 1 END]) AS p (parts));
  RETURN CASE
    WHEN kind = 'create index' THEN ARRAY(
      SELECT x.indexrelid FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
      WHERE x.indrelid = places[1] AND (bare IS NULL OR c.relname = bare))
    WHEN kind = 'drop index' THEN ARRAY(
      SELECT c.oid FROM pg_class AS c WHERE c.oid = ANY (places))
    WHEN kind = 'detach partition' THEN ARRAY(
      SELECT i.inhrelid FROM pg_inherits AS i
      WHERE i.inhparent = places[1] AND i.inhrelid = places[2])
    -- The copies that a concurrent build has not finished, or not yet dropped; also of TOAST.
    WHEN kind LIKE 'reindex %' THEN ARRAY(
      SELECT x.indexrelid FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
        JOIN pg_class AS t ON t.oid = x.indrelid LEFT JOIN pg_class AS m ON m.reltoastrelid = t.oid
      WHERE NOT x.indisvalid AND c.relname ~ '_cc(new|old)\d*$' AND CASE kind
        WHEN 'reindex index' THEN t.oid =
          (SELECT o.indrelid FROM pg_index AS o WHERE o.indexrelid = places[1])
        WHEN 'reindex table' THEN coalesce(m.oid, t.oid) = places[1]
          OR coalesce(m.oid, t.oid) IN (SELECT p.relid FROM pg_partition_tree(places[1]) AS p)
        WHEN 'reindex schema' THEN coalesce(m.relnamespace, t.relnamespace) =
          (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = bare)
        ELSE true END)
    WHEN kind LIKE '% database' THEN ARRAY(
      SELECT d.oid FROM pg_database AS d WHERE d.datname = bare)
    WHEN kind LIKE '% tablespace' THEN ARRAY(
      SELECT s.oid FROM pg_tablespace AS s WHERE s.spcname = bare)
    WHEN kind LIKE '% subscription' THEN ARRAY(
      SELECT s.subdbid FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid
      WHERE s.subname = bare AND d.datname = current_database())
  END;
END
$body$;

-- Records, before a statement that cannot be rolled back, that it comes next, and what already
-- exists of what it creates or drops; not if is_first is false: it may be half done. Its names
-- mean what they mean to the author.
CREATE PROCEDURE retort.intend(revision text, direction text, statement integer, of integer,
  hash text, before text, kind text DEFAULT NULL, names text[] DEFAULT NULL,
  is_first boolean DEFAULT true)
LANGUAGE plpgsql AS $body$
DECLARE
  path CONSTANT pg_catalog.text := pg_catalog.current_setting('search_path');
  places pg_catalog.oid[];
  present pg_catalog.oid[];
BEGIN
  IF names IS NOT NULL THEN
    places := ARRAY(SELECT pg_catalog.to_regclass(n.name)
      FROM pg_catalog.unnest(names) WITH ORDINALITY AS n (name, place) ORDER BY n.place);
  END IF;
  CALL retort.protect_session();
  IF is_first THEN
    present := retort.traces(kind, names, places);
  END IF;
  INSERT INTO retort.intent AS i VALUES (revision, direction, statement, of, hash, before,
      transaction_timestamp(), SESSION_USER, kind, names, path, places, retort.names_of(places),
      present, retort.names_of(present), false, false)
    ON CONFLICT ON CONSTRAINT intent_pkey DO UPDATE SET statement = intend.statement,
      of = intend.of, hash = intend.hash, before = intend.before, kind = intend.kind,
      names = intend.names, path = excluded.path, places = excluded.places,
      place_names = excluded.place_names, present = excluded.present,
      present_names = excluded.present_names, done = false, found = false, error = NULL;
END
$body$;

-- The outcome of the statement that an interrupted step is at, judged by what it left: done, not
-- done, half done, unknown, with the reason and the remedy if there is one; or other: is_there is
-- an index of that name, but a different one.
-- cleanup makes room for the statement, or finishes it if finishes is true. twin is the CREATE
-- INDEX on a copy of its table in pg_temp: its definition is the one that was intended.
CREATE FUNCTION retort.outcome(twin text, OUT outcome text, OUT cleanup text[],
  OUT finishes boolean, OUT is_there text, OUT reason text, OUT remedy text)
LANGUAGE plpgsql AS $body$
DECLARE
  step retort.intent;
  there pg_catalog.oid[];
  was_there pg_catalog.oid[];
  asked_for record;
  found_index record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT * INTO step FROM retort.intent;
  step.places := retort.relations_now(step.places, step.place_names);
  there := retort.traces(step.kind, step.names, step.places);
  was_there := array_remove(retort.relations_now(step.present, step.present_names), NULL);
  outcome := 'not done';
  cleanup := '{}';
  finishes := false;
  IF step.done THEN
    outcome := 'done';
  ELSIF step.kind IS NULL THEN
    RETURN;
  ELSIF step.kind LIKE 'reindex %' OR step.kind = 'create index' THEN
    cleanup := ARRAY(SELECT format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname)
      FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE x.indexrelid = ANY (there) AND NOT x.indisvalid
        AND (x.indexrelid <> ALL (was_there) OR cardinality(step.names) = 2)
      ORDER BY 1);
    outcome := CASE WHEN cleanup = '{}' THEN 'not done' ELSE 'half done' END;
    IF cleanup <> '{}' OR step.kind <> 'create index' THEN
      RETURN;
    END IF;
    FOR found_index IN SELECT x.indexrelid, x.indrelid FROM pg_index AS x
      WHERE x.indexrelid = ANY (there) AND x.indexrelid <> ALL (was_there)
    LOOP
      SELECT * INTO asked_for
        FROM retort.definition_of(twin, found_index.indrelid, step.path);
      -- Of one without a name nothing is in its way, so the server may refuse it in its own words.
      IF asked_for.remedy IS NOT NULL
        OR asked_for.reason IS NOT NULL AND cardinality(step.names) = 2 THEN
        outcome := 'unknown';
        reason := asked_for.reason;
        remedy := asked_for.remedy;
        RETURN;
      ELSIF retort.definition(found_index.indexrelid) = asked_for.definition THEN
        outcome := 'done';
      ELSIF cardinality(step.names) = 2 THEN
        outcome := 'other';
        is_there := pg_get_indexdef(found_index.indexrelid);
      END IF;
    END LOOP;
  ELSIF step.kind = 'detach partition' AND retort.is_half_detached(step.places) THEN
    outcome := 'half done';
    finishes := true;
    cleanup := ARRAY[format('ALTER TABLE %s DETACH PARTITION %s FINALIZE',
      step.places[1]::regclass, step.places[2]::regclass)];
  -- An index or a partition of that name is the one that is meant; a database may be another one.
  ELSIF step.present IS NULL OR there <> '{}' AND step.present <> '{}'
    AND NOT there && step.present AND step.kind NOT IN ('drop index', 'detach partition') THEN
    outcome := 'unknown';
  ELSIF (there = '{}') <> (step.present = '{}')
    AND (there <> '{}') = (step.kind LIKE 'create %') THEN
    outcome := 'done';
  END IF;
END
$body$;

-- The definition of an index without its name, its table and its tablespace.
CREATE FUNCTION retort.definition(index oid) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN regexp_replace(pg_get_indexdef(index), 'INDEX ("([^"]|"")*"|[^" ]+) ON (ONLY )?'
    '(("([^"]|"")*"|[^". ]+)\.)?("([^"]|"")*"|[^". ]+) ', '');
END
$body$;

-- The definition of the index that twin creates on a copy of the table, which is rolled back; null
-- if it creates none. If it cannot be created: the reason, and what to type if a right is missing.
-- Only who has the rights of the table's owner may index it. Where this role does not inherit
-- them, the file has set one that has them.
CREATE FUNCTION retort.definition_of(twin text, of_table oid, path text,
  OUT definition text, OUT reason text, OUT remedy text)
LANGUAGE plpgsql AS $body$
DECLARE
  own_role CONSTANT pg_catalog.text := pg_catalog.current_setting('role');
  table_name pg_catalog.name;
  owner pg_catalog.name;
  has_rights boolean;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF twin IS NULL THEN
    RETURN;
  END IF;
  SELECT c.relname, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE')
    INTO table_name, owner, has_rights FROM pg_class AS c WHERE c.oid = of_table;
  IF NOT has_rights THEN
    PERFORM set_config('role', owner, true);
  END IF;
  IF NOT has_database_privilege(current_database(), 'TEMPORARY') THEN
    remedy := format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), CURRENT_USER);
  END IF;
  EXECUTE format('CREATE TEMPORARY TABLE %I (LIKE %s)', table_name, of_table::regclass);
  PERFORM set_config('search_path', path, true);
  EXECUTE twin;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM set_config('role', own_role, true);
  definition := (SELECT retort.definition(x.indexrelid) FROM pg_index AS x
    JOIN pg_class AS t ON t.oid = x.indrelid
    WHERE t.relnamespace = pg_my_temp_schema() AND t.relname = table_name);
  RAISE EXCEPTION USING ERRCODE = 'RT003';
EXCEPTION
  WHEN SQLSTATE 'RT003' THEN
    NULL;
  WHEN OTHERS THEN
    reason := SQLERRM;
END
$body$;

-- Is the detaching of a partition started, but not finished?
CREATE FUNCTION retort.is_half_detached(places oid[]) RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  -- The column came with PostgreSQL 14, and CONCURRENTLY with it.
  RETURN coalesce((SELECT (to_jsonb(i) ->> 'inhdetachpending')::boolean FROM pg_inherits AS i
    WHERE i.inhparent = places[1] AND i.inhrelid = places[2]), false);
END
$body$;

-- For a script that resumes where it stopped: is this statement of the step next? 0: the step has
-- not started.
CREATE FUNCTION retort.is_next(revision text, statement integer) RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN coalesce((SELECT i.statement FROM retort.intent AS i
    WHERE i.revision = is_next.revision), 0) = is_next.statement;
END
$body$;

-- The same for a statement outside a transaction: is it next, and not done? What was half done has
-- been cleaned up before.
CREATE FUNCTION retort.is_undone(revision text, statement integer, twin text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql AS $body$
DECLARE
  became record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF NOT retort.is_next(revision, statement) THEN
    RETURN false;
  ELSIF EXISTS (SELECT FROM retort.intent AS i WHERE NOT i.found) THEN
    RETURN true;
  END IF;
  SELECT * INTO became FROM retort.outcome(twin);
  IF became.outcome NOT IN ('done', 'not done') THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = concat('retort: ', revision, ' was interrupted at statement ', statement, ', and ',
        coalesce('the existing index differs from the one it creates: ' || became.is_there,
          'the existing index cannot be compared with the one it creates: ' || became.reason,
          'the catalog does not show whether it was done')),
      HINT = concat(CASE
          WHEN became.is_there IS NOT NULL
          THEN 'If that index is not needed, drop it with DROP INDEX CONCURRENTLY'
          WHEN became.remedy IS NOT NULL
          THEN concat('As the owner of the database, run: ', became.remedy, ';')
          WHEN became.reason IS NOT NULL
          THEN 'If it is not the one that the script creates, drop it with DROP INDEX CONCURRENTLY'
          ELSE 'If nothing of the step is done, CALL retort.forget_intent()' END,
        ' and run this script again; or finish the step by hand, and CALL its end_upgrade or '
        'end_downgrade, which is below.');
  END IF;
  RETURN became.outcome = 'not done';
END
$body$;

-- The statements that make room for the one that an interrupted step is at, or finish it: to be
-- sent one by one, outside a transaction.
CREATE FUNCTION retort.cleanup(revision text, statement integer) RETURNS SETOF text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  CALL retort.require_lock();
  IF EXISTS (SELECT FROM retort.intent AS i
      WHERE i.revision = cleanup.revision AND i.statement = cleanup.statement AND i.found) THEN
    RETURN QUERY SELECT unnest(o.cleanup) FROM retort.outcome(NULL) AS o;
  END IF;
END
$body$;

-- Before each part of a step outside a transaction except the first. Stops unless that statement of
-- it is next. What the step has prepared and created in its session is kept. If it was interrupted,
-- its time is counted from now, and not again from what comes after that statement.
CREATE PROCEDURE retort.resume_step(
  revision text, statement integer, direction text DEFAULT 'up')
LANGUAGE plpgsql AS $body$
BEGIN
  CALL retort.protect_session();
  CALL retort.require_lock();
  CALL retort.require_intent(resume_step.revision, resume_step.statement, direction);
  UPDATE retort.intent AS i
    SET started_at = clock_timestamp(), started_by = SESSION_USER, found = false WHERE i.found;
  CALL retort.set_session();
END
$body$;

-- Records that a statement outside a transaction succeeded, if the next one runs in a session of
-- its own. A batch that is sent alone has no lock. It waits for the ledger without limit: what it
-- records is done. Stops if the catalog shows that it is not: who calls it by hand may be mistaken.
CREATE PROCEDURE retort.end_statement(revision text, statement integer,
  has_lock boolean DEFAULT true, direction text DEFAULT 'up')
LANGUAGE plpgsql AS $body$
DECLARE
  step retort.intent;
BEGIN
  CALL retort.protect_session();
  SET LOCAL lock_timeout = 0;
  IF has_lock THEN
    CALL retort.require_lock();
  END IF;
  CALL retort.require_intent(end_statement.revision, end_statement.statement, direction);
  SELECT * INTO step FROM retort.intent;
  IF step.kind ~ '^(create|drop|detach) ' THEN
    -- An index that has a name may have been there before: IF NOT EXISTS.
    CALL retort.require_done(end_statement.revision, end_statement.statement,
      may_exist => cardinality(step.names) = 2);
  END IF;
  UPDATE retort.intent SET done = true, error = NULL;
END
$body$;

-- Stops unless a statement outside a transaction has succeeded in a session before this one; or
-- has not, and has left nothing that is in its way.
CREATE PROCEDURE retort.require_outcome(
  revision text, statement integer, done boolean, direction text DEFAULT 'up')
LANGUAGE plpgsql AS $body$
DECLARE
  was_done boolean;
  became record;
  way_out pg_catalog.text;
  recording pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  CALL retort.require_intent(require_outcome.revision, require_outcome.statement, direction);
  was_done := (SELECT i.done FROM retort.intent AS i);
  SELECT o.finishes, array_to_string(o.cleanup, '; ') AS sql INTO became
    FROM retort.outcome(NULL) AS o;
  IF was_done <> require_outcome.done OR became.sql <> '' THEN
    recording := format('CALL retort.end_statement(%L, %s, has_lock => false%s);',
      require_outcome.revision, require_outcome.statement,
      ', direction => ' || quote_literal(nullif(direction, 'up')));
    way_out := CASE
      WHEN was_done THEN 'Run the next file.'
      WHEN became.finishes THEN format('Run: %s; %s then run the next file.', became.sql, recording)
      WHEN became.sql <> '' THEN format('It was interrupted. Run: %s; then run the file of that '
        'statement again.', became.sql)
      ELSE format('Run the file of that statement, again if it failed; or, if the statement is '
        'done, record that: %s', recording) END;
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: statement %s of %s %s', require_outcome.statement,
        require_outcome.revision,
        CASE WHEN was_done THEN 'was already run' ELSE 'is not recorded as done' END),
      HINT = concat('Nothing was changed. See: SELECT * FROM retort.intent; ', way_out);
  END IF;
END
$body$;

-- After a statement outside a transaction, for a client that continues after errors. Stops unless
-- the catalog shows that it was done. What it creates was not there before, unless it says IF NOT
-- EXISTS. The path stays the author's, whose next statement may follow.
CREATE PROCEDURE retort.require_done(revision text, statement integer,
  may_exist boolean DEFAULT false)
LANGUAGE plpgsql AS $body$
DECLARE
  author_path CONSTANT pg_catalog.text := pg_catalog.current_setting('search_path');
  step retort.intent;
  there pg_catalog.oid[];
  in_the_way pg_catalog.oid;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT * INTO step FROM retort.intent;
  step.places := retort.relations_now(step.places, step.place_names);
  there := retort.traces(step.kind, step.names, step.places);
  -- By its OID: one that was dropped since, and created by the statement, has the same name.
  IF step.present IS NOT NULL AND (CASE
      WHEN step.kind = 'create index' THEN NOT EXISTS (SELECT FROM pg_index AS x
        WHERE x.indexrelid = ANY (there) AND x.indisvalid
          AND (may_exist OR x.indexrelid <> ALL (step.present)))
      WHEN step.kind LIKE 'create %' THEN there <@ step.present
      ELSE there <> '{}' END) THEN
    in_the_way := (SELECT x.indexrelid FROM pg_index AS x
      WHERE step.kind = 'create index' AND cardinality(step.names) = 2 AND x.indisvalid
        AND x.indexrelid = ANY (there));
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the %s of %s did not succeed', step.kind,
        array_to_string(step.names, ', ')),
      HINT = (SELECT concat('Run: ' || nullif(array_to_string(o.cleanup, '; '), '') || '; then go '
        'on. ', 'An index of that name was there before: ' || pg_get_indexdef(in_the_way)
        || '. If it is the one that is needed, finish the step by hand, and record it with its '
        'CALL of end_upgrade or end_downgrade; otherwise run: DROP INDEX CONCURRENTLY '
        || in_the_way::regclass || '; then go on. ', retort.unfinished_hint())
        FROM retort.outcome(NULL) AS o);
  END IF;
  PERFORM set_config('search_path', author_path, true);
END
$body$;

-- How long the step has taken: since its intent was written, or since its transaction or the step
-- before it in that transaction.
CREATE FUNCTION retort.step_duration() RETURNS interval
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN clock_timestamp() - coalesce((SELECT i.started_at FROM retort.intent AS i),
    greatest(transaction_timestamp(),
      (SELECT l.at FROM retort.log AS l ORDER BY l.id DESC LIMIT 1)));
END
$body$;

-- Ends the step outside a transaction that is under way, if any. Warns where what its statement
-- made is half done: before the script comes here by itself, that was looked for. Of a REINDEX it
-- was not, and the copies of another one would look the same.
CREATE PROCEDURE retort.end_intent()
LANGUAGE plpgsql AS $body$
DECLARE
  step retort.intent;
  remedy pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT * INTO step FROM retort.intent;
  IF step.kind IN ('create index', 'detach partition') THEN
    remedy := (SELECT concat(array_to_string(o.cleanup, '; '),
        CASE WHEN NOT o.finishes THEN '; then run its CREATE INDEX CONCURRENTLY again' END)
      FROM retort.outcome(NULL) AS o WHERE o.cleanup <> '{}');
    IF remedy IS NOT NULL THEN
      RAISE WARNING USING
        MESSAGE = format('retort: the %s is recorded, but the %s of %s is half done',
          retort.step_name(step.revision, step.direction), step.kind,
          array_to_string(step.names, ', ')),
        HINT = 'Run: ' || remedy;
    END IF;
  END IF;
  DELETE FROM retort.intent;
END
$body$;

-- After the author's SQL: the revision is applied.
CREATE PROCEDURE retort.end_upgrade(revision text, checksum text, code_checksum text,
  parents text[], message text, depends_on text[] DEFAULT '{}', how text DEFAULT 'script')
LANGUAGE plpgsql AS $body$
DECLARE
  took interval;
BEGIN
  CALL retort.protect_session();
  -- Where another session has changed the ledger, this waits for it: a part of the duration.
  UPDATE retort.state AS s
    SET revisions = s.revisions + 1, digest = s.digest + retort.digest_of(revision);
  took := retort.step_duration();
  INSERT INTO retort.applied VALUES (revision, checksum, code_checksum, parents, depends_on,
    message, clock_timestamp(), SESSION_USER, took, how);
  CALL retort.end_intent();
  INSERT INTO retort.log (at, by, event, revision, checksum, how, duration)
    VALUES (clock_timestamp(), SESSION_USER, 'upgrade', revision, checksum, how, took);
END
$body$;

-- After the author's SQL: the revision is no longer applied.
CREATE PROCEDURE retort.end_downgrade(revision text, checksum text, how text DEFAULT 'script')
LANGUAGE plpgsql AS $body$
DECLARE
  took interval;
BEGIN
  CALL retort.protect_session();
  UPDATE retort.state AS s
    SET revisions = s.revisions - 1, digest = s.digest - retort.digest_of(revision);
  DELETE FROM retort.applied AS a WHERE a.revision = end_downgrade.revision;
  took := retort.step_duration();
  CALL retort.end_intent();
  INSERT INTO retort.log (at, by, event, revision, checksum, how, duration)
    VALUES (clock_timestamp(), SESSION_USER, 'downgrade', revision, checksum, how, took);
END
$body$;

-- Records that a revision is applied. Runs nothing.
CREATE PROCEDURE retort.stamp(revision text, checksum text, code_checksum text,
  parents text[], message text, depends_on text[] DEFAULT '{}')
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  INSERT INTO retort.applied VALUES (revision, checksum, code_checksum, parents, depends_on,
    message, clock_timestamp(), SESSION_USER, NULL, 'stamp');
  UPDATE retort.state AS s
    SET revisions = s.revisions + 1, digest = s.digest + retort.digest_of(revision);
  INSERT INTO retort.log (at, by, event, revision, checksum, how)
    VALUES (clock_timestamp(), SESSION_USER, 'stamp', revision, checksum, 'stamp');
END
$body$;

-- Deletes the row of a revision: event is unstamp, or repair.
CREATE PROCEDURE retort.remove(revision text, event text, how text, detail text)
LANGUAGE plpgsql AS $body$
DECLARE
  was pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  DELETE FROM retort.applied AS a WHERE a.revision = remove.revision RETURNING a.checksum INTO was;
  UPDATE retort.state AS s
    SET revisions = s.revisions - 1, digest = s.digest - retort.digest_of(revision);
  INSERT INTO retort.log (at, by, event, revision, checksum, how, detail)
    VALUES (clock_timestamp(), SESSION_USER, event, revision, was, how, detail);
END
$body$;

-- Discards the record of an interrupted step, and says so in the log.
CREATE PROCEDURE retort.forget_intent()
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  WITH discarded AS (DELETE FROM retort.intent RETURNING *)
  INSERT INTO retort.log (at, by, event, revision, detail)
    SELECT clock_timestamp(), SESSION_USER, 'discard', d.revision,
      format('%s, interrupted at statement %s of %s',
        CASE d.direction WHEN 'up' THEN 'upgrade' ELSE 'downgrade' END, d.statement, d.of)
    FROM discarded AS d;
END
$body$;

-- The revisions whose rows are not these: of each its checksum, parents, depends_on and message, or
-- null where it is not applied.
CREATE FUNCTION retort.changed_rows(expected jsonb) RETURNS text[]
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN ARRAY(SELECT e.key FROM jsonb_each(expected) AS e
    WHERE e.value <> coalesce((SELECT jsonb_build_object('checksum', a.checksum, 'parents',
      a.parents, 'depends_on', a.depends_on, 'message', a.message)
      FROM retort.applied AS a WHERE a.revision = e.key), 'null') ORDER BY e.key);
END
$body$;

-- Sets the row of an applied revision to what its file says. detail keeps the old values.
CREATE PROCEDURE retort.accept(revision text, checksum text, code_checksum text,
  parents text[], message text, depends_on text[], how text, detail text)
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  UPDATE retort.applied AS a SET checksum = accept.checksum, code_checksum = accept.code_checksum,
    parents = accept.parents, depends_on = accept.depends_on, message = accept.message
    WHERE a.revision = accept.revision;
  INSERT INTO retort.log (at, by, event, revision, checksum, how, detail)
    VALUES (clock_timestamp(), SESSION_USER, 'repair', revision, checksum, how, detail);
END
$body$;

-- Records that a step failed; also in the intent, if it is at that statement.
CREATE PROCEDURE retort.fail(revision text, direction text, statement integer, error text)
LANGUAGE plpgsql AS $body$
BEGIN
  CALL retort.protect_session();
  SET LOCAL lock_timeout = '5s';
  UPDATE retort.intent AS i SET error = fail.error
    WHERE i.revision = fail.revision AND i.statement = fail.statement;
  INSERT INTO retort.log (at, by, event, revision, how, detail)
    VALUES (clock_timestamp(), SESSION_USER, 'failure', revision, 'run',
      format('%s: %s', direction, error));
END
$body$;

-- When this session began. A role that is set would not see it.
CREATE FUNCTION retort.session_start() RETURNS timestamptz
LANGUAGE plpgsql AS $body$
DECLARE
  role CONSTANT pg_catalog.text := pg_catalog.current_setting('role');
  found pg_catalog.timestamptz;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM set_config('role', 'none', true);
  found := (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) AS a);
  PERFORM set_config('role', role, true);
  RETURN found;
END
$body$;

-- Records in the log that a script, or a file of a split one, begins its steps, by the receipt in
-- it: a script that was edited later has the same one. Not if all that it does is already done.
-- Where it is one transaction that fails, this is rolled back, too. range is from which revisions
-- to which.
CREATE PROCEDURE retort.begin_script(
  receipt text, range text, done_revisions bigint, done_digest numeric)
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF EXISTS (SELECT FROM retort.state AS s
      WHERE s.revisions <> done_revisions OR s.digest <> done_digest) THEN
    INSERT INTO retort.log (at, by, event, checksum, how, detail)
      VALUES (clock_timestamp(), SESSION_USER, 'script', receipt, 'script', range);
  END IF;
EXCEPTION WHEN unique_violation THEN
  -- The guard has not seen it where this role may not read the sequence.
  CALL retort.unlock();
  RAISE EXCEPTION USING ERRCODE = 'RT003',
    MESSAGE = 'retort: the sequence of retort.log is behind its rows',
    HINT = format('Nothing was changed. A restore of data alone, or logical replication, leaves it '
      'behind. As the owner of the ledger, run: %s repair --database URL', retort.migrate());
END
$body$;

-- Stops unless so many revisions, with that digest, are applied, counted row by row, and no step is
-- unfinished, but one of half_done in that direction, which a repair leaves as it is. Its answer,
-- true, is for a client that continues after errors.
CREATE FUNCTION retort.check(revisions bigint, digest numeric, half_done text[] DEFAULT '{}',
  direction text DEFAULT 'up') RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF retort.unfinished(half_done, direction) IS NOT NULL
      OR NOT EXISTS (SELECT FROM retort.state AS s
        WHERE s.revisions = "check".revisions AND s.digest = "check".digest)
      OR (SELECT (count(*), coalesce(sum(retort.digest_of(a.revision)), 0))
        FROM retort.applied AS a) IS DISTINCT FROM ("check".revisions, "check".digest) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: the applied revisions are not those that the script should leave',
      HINT = 'See the errors above, and: SELECT * FROM retort.applied;';
  END IF;
  RETURN true;
END
$body$;

-- Programs and scripts of format 1 read this first, and stop with its error.
CREATE FUNCTION retort.refuse_format_1() RETURNS TABLE (
  revision text, direction text, statement integer, of integer, hash text, before text,
  started_at timestamptz, started_by text)
LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'RT001',
    MESSAGE = 'retort: this ledger has format 2, but the script or program that reads it is made '
      'for format 1',
    HINT = 'Nothing was changed. Use the version of migrate that upgraded the ledger to format 2, '
      'or a newer one; a script must be written again with it.';
END
$body$;
CREATE VIEW retort.progress AS SELECT * FROM retort.refuse_format_1();
COMMENT ON VIEW retort.progress IS 'Stops scripts and programs made for format 1 of the ledger.';
$procedures$;
  END IF;
END
$retort$;

-- Guard: the ledger has the right owner, plain tables, and exactly these procedures.
DO $body$
DECLARE
  -- needed; or optional: it may be missing; or older: missing, or of an older format; or
  -- inconsistent: about to be repaired, and what does not fit is left in a setting.
  expected CONSTANT pg_catalog.text := 'needed';
  -- Who may own it besides the role that connects, or that the connection started with, the
  -- database's owner and superusers.
  owners CONSTANT pg_catalog.text[] := '{}';
  -- It also stops where this role lacks a right that every run needs, or one of these, which this
  -- run needs besides; null: where the ledger is only read.
  rights CONSTANT pg_catalog.text[] := '{"applied INSERT","intent INSERT"}';
  -- If it stops, it releases the lock, unless it only looks.
  releases CONSTANT boolean := true;
  -- The key of its lock, which is made of its name.
  key CONSTANT bigint := 8238127212073486265;
  -- SHA-256 of its procedures.
  procedures CONSTANT pg_catalog.text := '7260d26296a20f651badfef8db735e82687ea0b2c78e088e77e3dd1e5d8f6c4e';
  -- The names of them.
  own CONSTANT pg_catalog.text[] := '{protect_session, migrate, digest_of, lock_key, '
    'unlock, require_lock, unfinished, resuming, step_name, '
    'unfinished_hint, require_no_intent, require_intent, '
    'has_hole, nothing_to_do, passed_over, discard_hint, '
    'replaced_hint, differences, wrong_place, other_code, '
    'begun_otherwise, state_fault, require_state, '
    'require_unbegun, reset_session, set_session, '
    'take_locks, begin_step, begin_upgrade, begin_downgrade, '
    'is_pending, not_next_hint, names_of, relations_now, '
    'traces, intend, outcome, definition, definition_of, '
    'is_half_detached, is_next, is_undone, cleanup, '
    'resume_step, end_statement, require_outcome, '
    'require_done, step_duration, end_intent, end_upgrade, '
    'end_downgrade, stamp, remove, forget_intent, '
    'changed_rows, accept, fail, session_start, '
    'begin_script, check, '
    'refuse_format_1}';
  -- The columns of its tables: those that have a value in each row, and the others.
  filled CONSTANT pg_catalog.text[] := '{applied.revision, applied.checksum, '
    'applied.code_checksum, applied.parents, '
    'applied.depends_on, applied.message, '
    'applied.applied_at, applied.applied_by, applied.how, '
    'state.format, state.revisions, state.digest, '
    'intent.revision, intent.direction, intent.statement, '
    'intent.of, intent.hash, intent.before, '
    'intent.started_at, intent.started_by, intent.done, '
    'intent.found, log.id, log.at, log.by, '
    'log.event}';
  nullable CONSTANT pg_catalog.text[] := '{applied.duration, intent.kind, intent.names, '
    'intent.path, intent.places, intent.place_names, '
    'intent.present, intent.present_names, intent.error, '
    'log.revision, log.checksum, log.how, log.duration, '
    'log.detail}';
  -- What to do where there is none that is needed; %m stands for the beginning of a command.
  absent CONSTANT pg_catalog.text := 'Nothing was changed. Connect to the right '
    'database.';
  -- What to do where its schema has other objects, with tables of a ledger and without.
  apart CONSTANT pg_catalog.text := 'Nothing was changed. Move them to another schema: '
    'ALTER ... SET SCHEMA '
    '...';
  elsewhere CONSTANT pg_catalog.text := 'Nothing was changed. Move them to another schema: '
    'ALTER ... SET SCHEMA '
    '...';
  -- What to do where others have added something, or changed what is there.
  strange CONSTANT pg_catalog.text := 'Remove it, or find out who put it there and why.';
  changed CONSTANT pg_catalog.text :=
    'Restore it from a backup, or find out who changed it and why.';
  -- Gives all routines of the schema to one role.
  all_routines CONSTANT pg_catalog.text :=
    'BEGIN EXECUTE (SELECT string_agg(format(''ALTER ROUTINE %%s OWNER TO %%I'', '
    'oid::regprocedure, %2$L), ''; '') FROM pg_proc WHERE pronamespace = %1$L::regnamespace); END';
  -- How a command begins that is proposed, as the routine of that name says it.
  migrate pg_catalog.text;
  place pg_catalog.oid;
  is_there boolean;
  present pg_catalog.text[];
  keyless pg_catalog.text[];
  moves pg_catalog.text;
  found pg_catalog.text;
  stranger pg_catalog.name;
  other pg_catalog.text;
  only_reads boolean;
  lacking pg_catalog.text;
  way_out pg_catalog.text;
  wrong pg_catalog.text[];
  parts pg_catalog.text[];
  is_empty boolean;
  is_undecided boolean;
  by_hand pg_catalog.text;
  repeated record;
  several pg_catalog.text;
  is_several boolean;
  sequence pg_catalog.text;
  is_behind boolean;
  format integer;
  held pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  migrate := concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), ''));
  -- In a script its name may have been changed, to make that of one tenant into that of another.
  IF key <> ('x' || left(encode(sha256(convert_to('retort ledger retort.applied', 'UTF8')), 'hex'),
      16))::bit(64)::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this script was changed: it was not written for the ledger %I',
        (parse_ident('retort.state'))[1]),
      HINT = 'Nothing was changed. Write one for that ledger, with the command that wrote this one '
        'and -n with the environment that has that ledger in the config file.';
  END IF;
  -- Who alters a table of the ledger is not waited for without end, to the end of the transaction.
  IF current_setting('lock_timeout') = '0' THEN
    PERFORM set_config('lock_timeout', '5s', true);
  END IF;
  -- The names are not looked up as a statement does, which fails without USAGE.
  place := (SELECT n.oid FROM pg_namespace AS n
    WHERE n.nspname = (parse_ident('retort.state'))[1]);
  is_there := EXISTS (SELECT FROM pg_class AS c
      WHERE c.relnamespace = place AND c.relname IN ('state', 'applied'))
    OR EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = place AND p.proname = 'lock_key');

  -- What reads the contents of the database leaves out the whole schema. Of the ledger's tables
  -- only those can be moved that are there.
  moves := (SELECT string_agg(format('ALTER TABLE %s SET SCHEMA retort;', c.oid::regclass), ' '
      ORDER BY c.relname)
    FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
    WHERE n.nspname = (parse_ident('retort.state'))[1] AND c.relkind = 'r'
      AND c.relname IN ('applied', 'intent', 'log', 'progress', 'state'));
  found := (SELECT min(o.name) FROM (
      SELECT c.oid::regclass::text AS name
        FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
        WHERE n.nspname = (parse_ident('retort.state'))[1]
          AND (c.relkind IN ('r', 'p', 'm', 'f', 'c')
              AND c.relname NOT IN ('applied', 'intent', 'log', 'progress', 'state')
            OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend AS d
              WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
      UNION ALL SELECT t.oid::regtype::text
        FROM pg_namespace AS n JOIN pg_type AS t ON t.typnamespace = n.oid
        WHERE n.nspname = (parse_ident('retort.state'))[1] AND t.typtype IN ('d', 'e', 'r')
      UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = place AND NOT is_there
    ) AS o (name));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the schema %s has objects that are not the ledger''s, such as %s',
        place::regnamespace, found),
      HINT = coalesce(replace(apart, '%s', moves), elsewhere);
  END IF;

  -- One role may be added to those that may own it: where its parts belong to several, the one that
  -- owns most of them gets the others.
  WITH part AS (SELECT o.what, o.object, o.is_routine, r.rolname AS owner FROM (
      SELECT 'its schema', format('SCHEMA %s', place::regnamespace), false, n.nspowner
        FROM pg_namespace AS n WHERE n.oid = place
      UNION ALL SELECT c.relname, CASE WHEN c.relkind IN ('r', 'v')
          THEN format('TABLE %s', c.oid::regclass) END, false, c.relowner
        FROM pg_class AS c WHERE c.relnamespace = place
      UNION ALL SELECT p.proname, 'ROUTINE', true, p.proowner
        FROM pg_proc AS p WHERE p.pronamespace = place
    ) AS o (what, object, is_routine, owner) JOIN pg_roles AS r ON r.oid = o.owner
    WHERE NOT r.rolsuper AND r.rolname NOT IN (SESSION_USER, CURRENT_USER)
      AND r.oid <> (SELECT d.datdba FROM pg_database AS d WHERE d.datname = current_database()))
  SELECT (array_agg(concat(p.what, ' is owned by the role ', p.owner))
      FILTER (WHERE p.owner <> ALL (owners)))[1], m.most,
    string_agg(DISTINCT CASE WHEN p.is_routine THEN m.routines
        ELSE format('ALTER %s OWNER TO %I', p.object, m.most) END, '; ')
      FILTER (WHERE p.owner <> m.most AND p.object IS NOT NULL),
    string_agg(DISTINCT CASE WHEN p.is_routine THEN m.other_routines
        ELSE format('ALTER %s OWNER TO %I', p.object, m.other) END, '; ')
      FILTER (WHERE p.owner <> ALL (owners) AND p.object IS NOT NULL)
    INTO found, stranger, way_out, other
    FROM part AS p, (SELECT q.most, q.other,
        format('DO %L', format(all_routines, place::regnamespace, q.most)) AS routines,
        format('DO %L', format(all_routines, place::regnamespace, q.other)) AS other_routines
      FROM (SELECT mode() WITHIN GROUP (ORDER BY o.owner) AS most,
          coalesce(owners[cardinality(owners)], SESSION_USER::text) AS other
        FROM part AS o) AS q) AS m
    GROUP BY m.most;
  IF found IS NOT NULL THEN
    -- Who may read it and not write to it is not to own it.
    only_reads := EXISTS (SELECT FROM pg_class AS c
      WHERE c.relnamespace = place AND c.relname = 'applied'
        AND has_table_privilege(c.oid, 'SELECT') AND NOT has_table_privilege(c.oid, 'INSERT'));
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', CASE
          WHEN way_out IS NOT NULL THEN 'If ' || stranger || ' may own the ledger, '
          WHEN only_reads THEN 'If ' || stranger || ' is the role that migrates, '
          ELSE format('If migrations are to run as %I, set "role": %s in the config file, or name '
            'the environment that sets it with -n. If others are to migrate, and that role may '
            'own the ledger, ', stranger, to_json(stranger::text)) END,
        'give it the parts of others, as a superuser: ' || way_out || '; and ',
        'name it in the config file: "ledger": {"owner": ', to_json(stranger::text), '}.',
        CASE WHEN NOT only_reads THEN concat(' A script must then be written again.',
          ' If it may not, and nobody migrates as it, as a superuser, run: ' || other) END);
  END IF;

  IF NOT is_there AND expected IN ('optional', 'older') THEN
    RETURN;
  ELSIF NOT is_there THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this database has no ledger: table retort.state does not exist',
      HINT = replace(absent, '%m', migrate);
  END IF;

  -- Its tables have no code that others would run.
  SELECT concat(c.relname, ' ', w.what), w.way_out INTO found, way_out
    FROM pg_class AS c, LATERAL (
      SELECT 'is not a plain table', changed WHERE c.relkind <> 'r'
      UNION ALL SELECT 'is unlogged', format('A crash would empty it. Run: '
          'ALTER TABLE %s SET LOGGED', c.oid::regclass) WHERE c.relpersistence <> 'p'
      UNION ALL SELECT 'has row-level security', strange WHERE c.relrowsecurity
      UNION ALL SELECT concat('has the trigger ', t.tgname), strange FROM pg_trigger AS t
        WHERE t.tgrelid = c.oid
      UNION ALL SELECT concat('has the rule ', r.rulename), strange FROM pg_rewrite AS r
        WHERE r.ev_class = c.oid
      UNION ALL SELECT 'inherits, or is inherited', strange FROM pg_inherits AS i
        WHERE c.oid IN (i.inhrelid, i.inhparent)
      UNION ALL SELECT 'has an expression index', strange FROM pg_index AS x
        WHERE x.indrelid = c.oid AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)
    ) AS w (what, way_out)
    WHERE c.relnamespace = place AND c.relname IN ('applied', 'state', 'intent', 'log') LIMIT 1;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', way_out);
  END IF;

  IF rights IS NOT NULL THEN
    lacking := concat_ws('; ',
      CASE WHEN NOT has_schema_privilege(place, 'USAGE') THEN 'USAGE on the schema' END,
      (SELECT string_agg(format('%s on %s', l.rights, l.name), '; ' ORDER BY l.name) FROM (
        SELECT c.relname AS name, string_agg(n.privilege, ', ' ORDER BY n.privilege) AS rights
        FROM (SELECT split_part(r.name, ' ', 1), split_part(r.name, ' ', 2) FROM unnest(rights || '{
            applied SELECT, intent SELECT, intent UPDATE, intent DELETE, log SELECT, log INSERT,
            state SELECT, state UPDATE}'::text[]) AS r (name)) AS n (name, privilege)
          JOIN pg_class AS c ON c.relnamespace = place AND c.relname = n.name
        WHERE NOT has_table_privilege(c.oid, n.privilege) GROUP BY c.relname) AS l),
      -- A repair calls none of them.
      (SELECT format('EXECUTE on %s of its routines', count(*)) FROM pg_proc AS p
        WHERE p.pronamespace = place AND NOT has_function_privilege(p.oid, 'EXECUTE')
          AND expected <> 'inconsistent' HAVING count(*) > 0));
    -- If a repair can read the rows, these decide what else it lacks: it is told both at once.
    IF lacking <> '' AND NOT (expected = 'inconsistent' AND has_schema_privilege(place, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = place
          AND c.relname IN ('applied', 'intent', 'state')
          AND NOT has_table_privilege(c.oid, 'SELECT'))) THEN
      RAISE EXCEPTION USING ERRCODE = '42501',
        MESSAGE = format('retort: %s may not write to the ledger %s, and lacks: %s', CURRENT_USER,
          place::regnamespace, lacking),
        HINT = format('Nothing was changed. As the owner of the ledger, run: '
          'GRANT USAGE ON SCHEMA %1$s TO %2$I; '
          'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %1$s TO %2$I; '
          'GRANT EXECUTE ON ALL ROUTINES IN SCHEMA %1$s TO %2$I', place::regnamespace,
          CURRENT_USER);
    END IF;
  END IF;

  -- The format is read before its tables: another session may be upgrading the ledger.
  IF to_regclass('retort.state') IS NOT NULL THEN
    format := (SELECT max(s.format) FROM retort.state AS s);
  END IF;
  present := ARRAY(SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = place
    AND c.relname IN ('applied', 'state', 'intent', 'log'));
  -- Format 1 has no intent: the ledger was upgraded since, or the number was changed by hand.
  IF format < 2 AND 'intent' = ANY (present) THEN
    format := 2;
  END IF;
  IF format > 2 OR format < 2 AND expected <> 'older' THEN
    RAISE EXCEPTION USING ERRCODE = 'RT002', DETAIL = format,
      MESSAGE = format('retort: format 2 of the ledger is needed; '
        'the ledger %s has format %s', place::regnamespace, format),
      HINT = CASE WHEN format < 2 THEN concat('Nothing was changed. Upgrade it with: ', migrate,
          ' ensure-version (--sql writes a script)')
        ELSE 'Nothing was changed. Use the version of migrate that upgraded it to that format, or '
          'a newer one: this one supports no format after 2.' END;
  ELSIF format < 2 THEN
    RETURN;
  END IF;

  -- Its columns are those of this format, and have no code either. One that others have added is
  -- left alone where rows are written without it; where one is missing, it may be that, renamed.
  -- Format 1 had defaults and checks of its own.
  SELECT w.what, w.way_out INTO found, way_out
    FROM pg_class AS c, LATERAL (
      SELECT 1, format('the column %s is missing', n.name), changed
        FROM unnest(filled || nullable) AS n (name)
        WHERE split_part(n.name, '.', 1) = c.relname AND NOT EXISTS (SELECT FROM pg_attribute AS a
          WHERE a.attrelid = c.oid AND a.attname = split_part(n.name, '.', 2)::name)
      UNION ALL SELECT 2, concat('the column ', n.name, ' ',
          CASE WHEN NOT f.is_own THEN 'is not the ledger''s, and ' END, f.fault),
        CASE WHEN f.is_own AND f.is_set
          THEN format('Run: ALTER TABLE %s ALTER %I %s', c.oid::regclass, a.attname, f.undo)
          WHEN f.is_own THEN changed
          ELSE concat(format('Remove it: ALTER TABLE %s DROP COLUMN %I', c.oid::regclass,
            a.attname), CASE WHEN f.is_set THEN format('; or keep what it contains: '
              'ALTER TABLE %1$s ALTER %2$I DROP DEFAULT, ALTER %2$I DROP NOT NULL',
              c.oid::regclass, a.attname) END) END
        FROM pg_attribute AS a
          CROSS JOIN LATERAL (SELECT concat(c.relname, '.', a.attname)) AS n (name)
          CROSS JOIN LATERAL (SELECT n.name = ANY (filled || nullable), v.*
            FROM (VALUES (a.attgenerated <> '', 'is generated', false, NULL),
              ((SELECT t.typtype FROM pg_type AS t WHERE t.oid = a.atttypid) = 'd',
                'has a domain as its type', false, NULL),
              (a.atthasdef, 'has a default', true, 'DROP DEFAULT'),
              (a.attnotnull AND a.attidentity = '' AND n.name <> ALL (filled), 'is NOT NULL',
                true, 'DROP NOT NULL')) AS v (is_so, fault, is_set, undo)
            WHERE v.is_so LIMIT 1) AS f (is_own, is_so, fault, is_set, undo)
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT 2, concat(c.relname, ' has the constraint ', k.conname), strange
        FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype NOT IN ('p', 'n')
      UNION ALL SELECT 2, 'log has no identity in its column id', format('A copy of the tables '
          'leaves it out. Add it, with the number after the last: ALTER TABLE %s ALTER id '
          'ADD GENERATED ALWAYS AS IDENTITY (START WITH ...)', c.oid::regclass)
        FROM pg_attribute AS a
        WHERE c.relname = 'log' AND a.attrelid = c.oid AND a.attname = 'id' AND a.attidentity = ''
    ) AS w (rank, what, way_out)
    WHERE c.relnamespace = place AND c.relname = ANY (present) AND 'intent' = ANY (present)
    ORDER BY w.rank LIMIT 1;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', way_out);
  END IF;

  -- What a dump without data, a TRUNCATE or a change by hand leaves behind.
  found := (SELECT string_agg(t.name, ', ')
    FROM unnest('{applied, state, intent, log}'::text[]) AS t (name) WHERE t.name <> ALL (present));
  IF present @> '{applied, state, intent}' THEN
    -- In one query, so of one moment: another session may be migrating.
    SELECT s.n = 0 AND a.n = 0, array_remove(ARRAY[
        CASE WHEN s.n = 0 AND a.n = 0 THEN 'its tables are empty'
          WHEN s.n <> 1 THEN format('state should have 1 row, but has %s', s.n)
          WHEN s.revisions <> a.n
            THEN format('the number of rows in applied should be %s by the tally in state, '
              'but is %s', s.revisions, a.n)
          WHEN s.digest <> a.digest
            THEN 'the revisions in applied do not match the tally in state'
          WHEN s.format < 2
            THEN format('state has format %s, but the tables are those of format 2', s.format) END,
        CASE WHEN i.n > 1 THEN format('intent should have at most 1 row, but has %s', i.n) END,
        i.wrong], NULL), i.possible > 1
      INTO is_empty, wrong, is_undecided
      FROM (SELECT count(*) AS n, max(t.revisions) AS revisions, max(t.digest) AS digest,
          max(t.format) AS format FROM retort.state AS t) AS s,
        (SELECT count(*) AS n, coalesce(sum(('x' || left(encode(sha256(
              convert_to(t.revision, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0) AS digest
          FROM retort.applied AS t) AS a,
        (SELECT count(*) AS n, count(*) FILTER (WHERE NOT c.contradicts) AS possible,
            string_agg(CASE t.direction
              WHEN 'up' THEN format('the upgrade to %s is under way, but it is applied', t.revision)
              ELSE format('the downgrade of %s is under way, but it is not applied', t.revision)
              END, '; ' ORDER BY t.revision) FILTER (WHERE c.contradicts) AS wrong
          FROM retort.intent AS t CROSS JOIN LATERAL (SELECT (t.direction = 'up')
            = EXISTS (SELECT FROM retort.applied AS x WHERE x.revision = t.revision))
            AS c (contradicts)) AS i;
    IF cardinality(wrong) > 0 THEN
      parts := '{rows}';
    END IF;
  ELSE
    parts := '{rows}';
  END IF;
  IF found IS NOT NULL THEN
    parts := 'tables'::text || parts;
    wrong := concat('these tables are missing: ', found) || wrong;
  END IF;
  keyless := ARRAY(SELECT c.relname::text FROM pg_class AS c
    WHERE c.relnamespace = place AND c.relname = ANY (present)
      AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'p')
    ORDER BY c.relname);
  IF keyless <> '{}' THEN
    parts := parts || 'keys'::text;
    wrong := wrong || concat('these tables have no primary key: ',
      array_to_string(keyless, ', '));
  END IF;
  -- Of a row that was restored twice a repair cannot tell which to keep: state is written anew.
  FOR repeated IN SELECT c.relname AS name, c.oid::regclass AS relation, a.attname AS key
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = place AND c.relname = ANY (keyless)
      AND (c.relname, a.attname) IN (('applied', 'revision'), ('log', 'id'))
      AND has_table_privilege(c.oid, 'SELECT') ORDER BY c.relname DESC
  LOOP
    several := format('SELECT %1$I FROM %2$s GROUP BY %1$I HAVING count(*) > 1', repeated.key,
      repeated.relation);
    EXECUTE format('SELECT EXISTS (%s)', several) INTO is_several;
    IF is_several THEN
      wrong := wrong || format('several rows of %s have the same %s', repeated.name, repeated.key);
      by_hand := format('See: SELECT ctid, * FROM %1$s WHERE %2$I IN (%3$s) ORDER BY %2$I; '
        'of each, delete all but one: DELETE FROM %1$s WHERE ctid = ...', repeated.relation,
        repeated.key, several);
    END IF;
  END LOOP;
  found := (SELECT encode(sha256(convert_to(string_agg(
      concat_ws('|', p.proname, l.lanname, p.prosecdef, array_to_string(p.proconfig, ','),
        p.prosrc), chr(10) ORDER BY p.proname COLLATE "C"), 'UTF8')), 'hex')
    FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang WHERE p.pronamespace = place);
  IF found IS DISTINCT FROM procedures THEN
    other := (SELECT min(p.oid::regprocedure::text) FROM pg_proc AS p
      WHERE p.pronamespace = place AND p.proname <> ALL (own));
    IF other IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = format('retort: the schema %s has objects that are not the ledger''s, such as %s',
          place::regnamespace, other),
        HINT = coalesce(replace(apart, '%s', moves), elsewhere);
    END IF;
    parts := parts || 'procedures'::text;
    wrong := wrong || CASE WHEN found IS NULL THEN 'its procedures are missing'
      ELSE 'its procedures are not the expected ones' END;
  END IF;
  -- The rows of log may have come without its sequence.
  IF 'log' = ANY (present) THEN
    sequence := pg_get_serial_sequence('retort.log', 'id');
    IF has_sequence_privilege(sequence, 'SELECT') AND has_table_privilege('retort.log', 'SELECT')
    THEN
      EXECUTE format('SELECT s.last_value + s.is_called::integer <= (SELECT max(l.id) '
        'FROM retort.log AS l) FROM %s AS s', sequence) INTO is_behind;
    END IF;
  END IF;
  IF is_behind THEN
    PERFORM set_config('retort_ledger.behind', format('the ledger %s is inconsistent: '
      'the sequence of log is behind its rows', place::regnamespace), true);
    -- That alone does not stop who only reads: it is so for good where they are replicated.
    IF parts IS NOT NULL OR rights IS NOT NULL OR expected = 'inconsistent' THEN
      parts := parts || 'sequence'::text;
      wrong := wrong || 'the sequence of log is behind its rows'::text;
    END IF;
  END IF;
  found := CASE WHEN parts IS NOT NULL THEN format('the ledger %s is inconsistent: %s',
    place::regnamespace, array_to_string(wrong, '; ')) END;
  -- The rows of applied decide between a step that they contradict and one that they do not;
  -- between others a person must: then nothing can be repaired, and the error has no DETAIL.
  IF is_undecided THEN
    by_hand := 'See: SELECT * FROM retort.intent; find out which of them is true, and delete the '
      'others: DELETE FROM retort.intent WHERE revision = ...';
  END IF;
  IF by_hand IS NOT NULL AND (expected <> 'inconsistent' OR rights IS NOT NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT003', MESSAGE = concat('retort: ', found),
      HINT = concat('Nothing was changed. ', by_hand,
        CASE WHEN cardinality(wrong) > 1 THEN format('; then run: %s repair', migrate) END);
  END IF;
  IF expected = 'inconsistent' AND rights IS NOT NULL THEN
    -- To repair more than its rows: what may be dropped, and created again.
    lacking := concat_ws('; ', nullif(lacking, ''),
      CASE WHEN parts && '{tables, keys, procedures}'::text[]
          AND NOT has_schema_privilege(place, 'CREATE')
        THEN 'CREATE on the schema' END,
      (SELECT format('ownership of %s of its views and routines', count(*)) FROM (
          SELECT c.relowner FROM pg_class AS c WHERE c.relnamespace = place AND c.relkind = 'v'
          UNION ALL SELECT p.proowner FROM pg_proc AS p WHERE p.pronamespace = place) AS o (owner)
        WHERE 'procedures' = ANY (parts) AND NOT pg_has_role(o.owner, 'USAGE')
          AND NOT pg_has_role((SELECT n.nspowner FROM pg_namespace AS n WHERE n.oid = place),
            'USAGE')
        HAVING count(*) > 0),
      (SELECT format('ownership of %s', string_agg(c.relname, ', ' ORDER BY c.relname))
        FROM pg_class AS c WHERE c.relnamespace = place AND c.relname = ANY (keyless)
          AND NOT pg_has_role(c.relowner, 'USAGE') HAVING count(*) > 0),
      CASE WHEN 'sequence' = ANY (parts) AND NOT has_sequence_privilege(sequence, 'UPDATE')
        THEN 'UPDATE on the sequence of log' END);
    IF lacking <> '' THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = format('retort: %s may not repair the ledger %s, and lacks: %s', CURRENT_USER,
          place::regnamespace, lacking),
        HINT = format('Nothing was changed. As the owner of the ledger, run: %s repair --database '
          'URL; or the script that it writes with --sql.', migrate);
    END IF;
  END IF;
  IF expected = 'inconsistent' THEN
    PERFORM set_config('retort_ledger.inconsistent', coalesce(found, ''), true);
  ELSIF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT003',
      DETAIL = format('To be repaired: %s.', array_to_string(parts, ', ')),
      MESSAGE = concat('retort: ', found),
      HINT = concat('Nothing was changed. ', CASE
        WHEN is_empty THEN format('A dump without data (pg_dump --schema-only) or a TRUNCATE '
          'leaves it like this. Restore its rows; or run %1$s repair and record what is applied: '
          '%1$s stamp REVISION', migrate)
        WHEN 'tables' = ANY (parts) THEN format('Restore them from a backup, or create them anew, '
          'empty, with: %s repair', migrate)
        WHEN 'rows' = ANY (parts) THEN format('Rows were changed by hand or restored in part. See: '
          'SELECT * FROM retort.log ORDER BY id DESC; then rebuild the tally with: %s repair',
          migrate)
        WHEN 'keys' = ANY (parts) THEN format('A restore without its post-data section (pg_restore '
          '--section) leaves them out. Restore that section, or create them with: %s repair',
          migrate)
        WHEN 'procedures' = ANY (parts) THEN format('They were changed by hand, omitted from a '
          'restore, or made by another version of migrate. Restore them with: %s repair', migrate)
        ELSE format('A restore of data alone, or logical replication, leaves it behind. Set it '
          'with: %s repair; or, as the owner of the ledger, run: SELECT setval(%L, '
          '(SELECT max(id) FROM %s.log));', migrate, sequence, place::regnamespace) END);
  END IF;
EXCEPTION WHEN OTHERS OR query_canceled THEN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  WHILE releases LOOP
    held := (SELECT l.mode FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid = pg_backend_pid()
        AND (l.classid::bigint << 32 | l.objid::bigint) = key LIMIT 1);
    EXIT WHEN held IS NULL;
    PERFORM CASE held WHEN 'ShareLock' THEN pg_advisory_unlock_shared(key)
      ELSE pg_advisory_unlock(key) END;
  END LOOP;
  -- Only a lock that excludes all others is in the way of who reads; one that is waited for, too.
  IF SQLSTATE = '55P03' THEN
    SELECT nullif(concat(
        regexp_replace(string_agg(DISTINCT
          coalesce('pid ' || concat_ws(', ', l.pid,
              nullif(a.application_name, ''), a.usename, host(a.client_addr),
              CASE WHEN a.state LIKE 'idle%'
                AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END,
              'for ' || date_trunc('second', clock_timestamp() - a.xact_start),
              rtrim(left(nullif(a.query, '<insufficient privilege>'), 60), '; ')),
              'a prepared transaction'),
          '; '), '[[:cntrl:]]+', ' ', 'g')
      ), ''), nullif(concat(
        max(format('Nothing was changed. Wait until it is done and try '
          'again. The session of pid %s is idle: if nobody goes on with it, end it: '
          'SELECT pg_terminate_backend(%1$s);', l.pid))
          FILTER (WHERE
          CASE WHEN a.state LIKE 'idle%'
            AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END
          IS NOT NULL)
      ), '')
      INTO found, way_out
      FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
      WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND l.relation IN (SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = place);
    RAISE EXCEPTION USING ERRCODE = SQLSTATE,
      MESSAGE = format('retort: the ledger %s is locked by %s', place::regnamespace,
        coalesce(found, 'a session that has ended since')),
      HINT = coalesce(way_out, 'Nothing was changed. Wait until it is done and try again.');
  END IF;
  RAISE;
END
$body$;

-- Guard: exactly the expected revisions are applied, and no step is unfinished.
CALL retort.require_state('{}', '{}', 3, 1401614897665169694, 'migrate upgrade %s:c --sql',
  steps => '{a,b,c}',
  codes => '{
  "a": "a9f988b4444cbe189d0f82570a2a4fb7078eb6daa8ff5e96948a7f793d1bfa42",
  "b": "ceec81c55b551fccdd528a83b392bb22b5e4c6e693ff423d0d4b722d02995079",
  "c": "83afaa1f802ebbe68790558d9538895f4deecf619cd66d90a383ecaecc86021d"}');

-- Log: the receipt of this script.
CALL retort.begin_script('98febd1c85422ceb3e8929d4fce69b342bbad373a3cb8a54ea53903042018562',
  'base:c', 3, 1401614897665169694);
COMMIT;

-- ---- 1 of 3: upgrade a, create users; it's `all` they have (0001_users.up.sql) ------------------
\echo 'retort: 1 of 3'
BEGIN \; CALL retort.begin_step('a', 0, 0);

-- Who can sign in.
CREATE TABLE users (id int, tags text[]);

SET CONSTRAINTS ALL IMMEDIATE \; SET SESSION AUTHORIZATION DEFAULT \; RESET ROLE \;
CALL retort.end_upgrade('a', 'b756792e8ca0fc6ce2a5434d1a40a65ff5d56b99f5a5890a109d4e4e0359f068',
  'a9f988b4444cbe189d0f82570a2a4fb7078eb6daa8ff5e96948a7f793d1bfa42', '{}', 'create users; it''s `all` they have') \; COMMIT;

-- ---- 2 of 3: upgrade b, users index (0002_users_index.up.sql) -----------------------------------
-- Not in a transaction. If it stops, check: SELECT * FROM retort.intent;
-- finish the step by hand and record it with its CALL of end_upgrade; or, if none
-- of it is done, discard it: CALL retort.forget_intent();
\echo 'retort: 2 of 3'
BEGIN \; CALL retort.begin_step('b', 1, 912392414677810140) \; CALL retort.intend('b', 'up', 1, 1,
  'd0526ef32056eec792a17317c7e5844279d864cfa2204898df042f4759c37d46',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'create index',
  '{users,users_id}') \; COMMIT;
SET SESSION AUTHORIZATION DEFAULT \; RESET ROLE \; CALL retort.resume_step('b', 1) \;
SET lock_timeout = 0;
\if :ERROR \echo 'retort: stopped' \quit \endif

-- If it fails: check with \d users; drop an INVALID index first:
-- DROP INDEX CONCURRENTLY users_id;
CREATE INDEX CONCURRENTLY users_id ON users (id);
\if :ERROR \echo 'retort: stopped' \quit \endif

BEGIN \; SET SESSION AUTHORIZATION DEFAULT \; RESET ROLE \; CALL retort.resume_step('b', 1) \;
CALL retort.require_done('b', 1) \; SET LOCAL lock_timeout = 0 \;
CALL retort.end_upgrade('b', '5ba83ca33653e0e82755f791e8f94a4cbb9f1ffe1e039ee6466c1fd1a92a0006',
  'ceec81c55b551fccdd528a83b392bb22b5e4c6e693ff423d0d4b722d02995079', '{a}', 'users index') \; COMMIT;

-- ---- 3 of 3: upgrade c, no tags (0003_no_tags.up.sql) -------------------------------------------
\echo 'retort: 3 of 3'
BEGIN \; CALL retort.begin_step('c', 2, 1192247266910753136);

UPDATE users SET tags = tags[1\:id];

ALTER TABLE users DROP tags;

SET CONSTRAINTS ALL IMMEDIATE \; SET SESSION AUTHORIZATION DEFAULT \; RESET ROLE \;
CALL retort.end_upgrade('c', 'a5099f891333fc7507af263f350bc8e0a0ea747624772492a7794a081dc557f9',
  '83afaa1f802ebbe68790558d9538895f4deecf619cd66d90a383ecaecc86021d', '{b}', 'no tags') \; COMMIT;

-- ---- end ----------------------------------------------------------------------------------------
BEGIN TRANSACTION READ ONLY;

-- Check: exactly the revisions that should be applied now are, row by row.
SELECT retort.check(3, 1401614897665169694) AS retort_passed \gset
SELECT revisions AS applied_revisions, 'c' AS current_heads,
  'sha256:98febd1c85422ceb3e8929d4fce69b342bbad373a3cb8a54ea53903042018562' AS receipt FROM retort.state;

-- Durations: what this run of the script has done, as the log of the ledger has it.
SELECT l.event AS step, l.revision, round(date_part('epoch', l.duration) * 1000) AS milliseconds
  FROM retort.log AS l WHERE l.event IN ('upgrade', 'downgrade') AND l.id > (
    SELECT max(s.id) FROM retort.log AS s WHERE s.event = 'script' AND s.checksum =
      '98febd1c85422ceb3e8929d4fce69b342bbad373a3cb8a54ea53903042018562'
      AND s.at > (SELECT retort.session_start()))
  ORDER BY l.id;
COMMIT;
SET SESSION AUTHORIZATION DEFAULT;
RESET ROLE;
RESET ALL;

-- Lock: released.
DO $retort$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  WHILE EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'ExclusiveLock'
      AND locktype = 'advisory' AND objsubid = 1
      AND classid = 1918088461 AND objid = 1243514809) LOOP
    PERFORM pg_advisory_unlock(8238127212073486265);
  END LOOP;
  WHILE EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'ShareLock'
      AND locktype = 'advisory' AND objsubid = 1
      AND classid = 1918088461 AND objid = 1243514809) LOOP
    PERFORM pg_advisory_unlock_shared(8238127212073486265);
  END LOOP;
END
$retort$;

-- The settings of the session are restored.
SELECT pg_catalog.count(pg_catalog.set_config(key, value, false))
  AS retort_restored FROM pg_catalog.json_each_text(pg_catalog.convert_from(pg_catalog.decode(
  :'retort_settings', 'hex'), 'UTF8')::pg_catalog.json) \gset
\endif

-- ---- preflight ----------------------------------------------------------------------------------
-- Only with psql -v preflight=1: reads, shows what the script will meet, and ends.
\set retort_preflight :{?preflight}
\if :{?PREFLIGHT} \set retort_preflight on \endif
\if :retort_preflight
\if :retort_open
DO $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'RT001',
    MESSAGE = 'retort: a transaction is already open in this session',
    HINT = 'Nothing was changed. End it with COMMIT or ROLLBACK, or start psql without -1 '
      '(--single-transaction) and with -X (--no-psqlrc).';
END
$$;
\endif
BEGIN TRANSACTION READ ONLY;
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL standard_conforming_strings = on;
-- What the run would say of this session, in the words of its own check.
DO $body$
DECLARE
  role CONSTANT pg_catalog.text := NULL;
  flags CONSTANT pg_catalog.text := '';
  key bigint;
  roles pg_catalog.name[];
  found pg_catalog.text;
  options pg_catalog.text;
  hint pg_catalog.text;
BEGIN
  PERFORM set_config('retort_script.flags', flags, true);
  -- If a script has stopped in this session, it has left what follows.
  key := ('x' || left(encode(sha256(convert_to('retort ledger retort.applied', 'UTF8')), 'hex'),
    16))::bit(64)::bigint;
  IF EXISTS (SELECT FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid = pg_backend_pid()
        AND (l.classid::bigint << 32 | l.objid::bigint) = key) THEN
    RETURN;
  END IF;

  roles := ARRAY[SESSION_USER, CURRENT_USER];
  RESET SESSION AUTHORIZATION;
  RESET ROLE;
  IF roles <> ARRAY[SESSION_USER, CURRENT_USER] THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: a role is set in this session, %s; objects of the script would '
        'belong to %s', roles[2], coalesce(role, CURRENT_USER)),
      HINT = 'Nothing was changed. Run: RESET SESSION AUTHORIZATION; RESET ROLE; start psql with '
        '-X if ~/.psqlrc sets it; or let the connection start with the role: '
        'PGOPTIONS=''-c role=...''';
  END IF;

  -- That the session is read-only is said elsewhere: no option would help.
  SELECT string_agg(s.name, ', ' ORDER BY s.name),
      string_agg(format('-c %s=%s', s.name, current_setting(s.name)), ' ' ORDER BY s.name)
    INTO found, options FROM pg_settings AS s
    WHERE s.source = 'session' AND s.setting <> s.reset_val
      AND (s.name = 'default_transaction_read_only' AND s.setting = 'off'
        OR s.name IN ('lock_timeout', 'statement_timeout', 'transaction_timeout',
          'idle_in_transaction_session_timeout'));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this session has settings that the script would not keep: %s',
        found),
      HINT = format('Nothing was changed. RESET them; start psql with -X if ~/.psqlrc sets them; '
        'or set them for the whole connection: PGOPTIONS=''%s''', options);
  END IF;

  found := (SELECT string_agg(o.what, ', ') FROM (
      SELECT 'temporary objects' WHERE EXISTS (SELECT FROM pg_class AS c
        WHERE c.relnamespace = pg_my_temp_schema())
      UNION ALL SELECT 'prepared statements' WHERE EXISTS (SELECT FROM pg_prepared_statements AS p
        WHERE p.from_sql)
      UNION ALL SELECT 'cursors' WHERE EXISTS (SELECT FROM pg_cursors AS c WHERE c.is_holdable)
      UNION ALL SELECT 'LISTEN' WHERE EXISTS (SELECT FROM pg_listening_channels())
    ) AS o (what));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this session has state that the script would drop: %s', found),
      HINT = 'Nothing was changed. Run the script in a session of its own, with psql -X if '
        '~/.psqlrc makes that.';
  END IF;
EXCEPTION WHEN SQLSTATE 'RT001' THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  PERFORM set_config('retort_preflight.session', concat(replace(SQLERRM, 'retort: ', ''), '. ',
    replace(hint, 'Nothing was changed. ', '')), true);
END
$body$;
-- A role that is set, which that has told of, is not whom the run would write as.
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL role TO DEFAULT;
SET LOCAL lock_timeout = '1s';
SELECT pg_catalog.set_config('retort.preflight', '{"ledger": "retort",
"lock": "8238127212073486265",
"role": null,
"database": null,
"connected": null,
"minimum": 120000,
"expected": "optional",
"direction": "up",
"unfinished": ", a step of this script",
"resumes": true,
"may": [],
"tables": [],
"needs": [
  {"privilege":"CREATE","on":"schema","name":"public","mustExist":"in any schema","inServersPath":[],
   "text":"CREATE on schema"},
  {"privilege":"USAGE","on":"schema","name":"public","inServersPath":[],"text":"USAGE on schema"}
]}', true)
  AS retort_facts \gset
-- What the run would say of the ledger, in the words of its own guard.
SELECT pg_catalog.set_config('retort.guard', $guard$
DO $body$
DECLARE
  -- needed; or optional: it may be missing; or older: missing, or of an older format; or
  -- inconsistent: about to be repaired, and what does not fit is left in a setting.
  expected CONSTANT pg_catalog.text := 'optional';
  -- Who may own it besides the role that connects, or that the connection started with, the
  -- database's owner and superusers.
  owners CONSTANT pg_catalog.text[] := '{}';
  -- It also stops where this role lacks a right that every run needs, or one of these, which this
  -- run needs besides; null: where the ledger is only read.
  rights CONSTANT pg_catalog.text[] := '{"applied INSERT","intent INSERT"}';
  -- If it stops, it releases the lock, unless it only looks.
  releases CONSTANT boolean := false;
  -- The key of its lock, which is made of its name.
  key CONSTANT bigint := 8238127212073486265;
  -- SHA-256 of its procedures.
  procedures CONSTANT pg_catalog.text := '7260d26296a20f651badfef8db735e82687ea0b2c78e088e77e3dd1e5d8f6c4e';
  -- The names of them.
  own CONSTANT pg_catalog.text[] := '{protect_session, migrate, digest_of, lock_key, '
    'unlock, require_lock, unfinished, resuming, step_name, '
    'unfinished_hint, require_no_intent, require_intent, '
    'has_hole, nothing_to_do, passed_over, discard_hint, '
    'replaced_hint, differences, wrong_place, other_code, '
    'begun_otherwise, state_fault, require_state, '
    'require_unbegun, reset_session, set_session, '
    'take_locks, begin_step, begin_upgrade, begin_downgrade, '
    'is_pending, not_next_hint, names_of, relations_now, '
    'traces, intend, outcome, definition, definition_of, '
    'is_half_detached, is_next, is_undone, cleanup, '
    'resume_step, end_statement, require_outcome, '
    'require_done, step_duration, end_intent, end_upgrade, '
    'end_downgrade, stamp, remove, forget_intent, '
    'changed_rows, accept, fail, session_start, '
    'begin_script, check, '
    'refuse_format_1}';
  -- The columns of its tables: those that have a value in each row, and the others.
  filled CONSTANT pg_catalog.text[] := '{applied.revision, applied.checksum, '
    'applied.code_checksum, applied.parents, '
    'applied.depends_on, applied.message, '
    'applied.applied_at, applied.applied_by, applied.how, '
    'state.format, state.revisions, state.digest, '
    'intent.revision, intent.direction, intent.statement, '
    'intent.of, intent.hash, intent.before, '
    'intent.started_at, intent.started_by, intent.done, '
    'intent.found, log.id, log.at, log.by, '
    'log.event}';
  nullable CONSTANT pg_catalog.text[] := '{applied.duration, intent.kind, intent.names, '
    'intent.path, intent.places, intent.place_names, '
    'intent.present, intent.present_names, intent.error, '
    'log.revision, log.checksum, log.how, log.duration, '
    'log.detail}';
  -- What to do where there is none that is needed; %m stands for the beginning of a command.
  absent CONSTANT pg_catalog.text := 'Nothing was changed. Connect to the right '
    'database.';
  -- What to do where its schema has other objects, with tables of a ledger and without.
  apart CONSTANT pg_catalog.text := 'Nothing was changed. Move them to another schema: '
    'ALTER ... SET SCHEMA '
    '...';
  elsewhere CONSTANT pg_catalog.text := 'Nothing was changed. Move them to another schema: '
    'ALTER ... SET SCHEMA '
    '...';
  -- What to do where others have added something, or changed what is there.
  strange CONSTANT pg_catalog.text := 'Remove it, or find out who put it there and why.';
  changed CONSTANT pg_catalog.text :=
    'Restore it from a backup, or find out who changed it and why.';
  -- Gives all routines of the schema to one role.
  all_routines CONSTANT pg_catalog.text :=
    'BEGIN EXECUTE (SELECT string_agg(format(''ALTER ROUTINE %%s OWNER TO %%I'', '
    'oid::regprocedure, %2$L), ''; '') FROM pg_proc WHERE pronamespace = %1$L::regnamespace); END';
  -- How a command begins that is proposed, as the routine of that name says it.
  migrate pg_catalog.text;
  place pg_catalog.oid;
  is_there boolean;
  present pg_catalog.text[];
  keyless pg_catalog.text[];
  moves pg_catalog.text;
  found pg_catalog.text;
  stranger pg_catalog.name;
  other pg_catalog.text;
  only_reads boolean;
  lacking pg_catalog.text;
  way_out pg_catalog.text;
  wrong pg_catalog.text[];
  parts pg_catalog.text[];
  is_empty boolean;
  is_undecided boolean;
  by_hand pg_catalog.text;
  repeated record;
  several pg_catalog.text;
  is_several boolean;
  sequence pg_catalog.text;
  is_behind boolean;
  format integer;
  held pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  migrate := concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), ''));
  -- In a script its name may have been changed, to make that of one tenant into that of another.
  IF key <> ('x' || left(encode(sha256(convert_to('retort ledger retort.applied', 'UTF8')), 'hex'),
      16))::bit(64)::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this script was changed: it was not written for the ledger %I',
        (parse_ident('retort.state'))[1]),
      HINT = 'Nothing was changed. Write one for that ledger, with the command that wrote this one '
        'and -n with the environment that has that ledger in the config file.';
  END IF;
  -- Who alters a table of the ledger is not waited for without end, to the end of the transaction.
  IF current_setting('lock_timeout') = '0' THEN
    PERFORM set_config('lock_timeout', '5s', true);
  END IF;
  -- The names are not looked up as a statement does, which fails without USAGE.
  place := (SELECT n.oid FROM pg_namespace AS n
    WHERE n.nspname = (parse_ident('retort.state'))[1]);
  is_there := EXISTS (SELECT FROM pg_class AS c
      WHERE c.relnamespace = place AND c.relname IN ('state', 'applied'))
    OR EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = place AND p.proname = 'lock_key');

  -- What reads the contents of the database leaves out the whole schema. Of the ledger's tables
  -- only those can be moved that are there.
  moves := (SELECT string_agg(format('ALTER TABLE %s SET SCHEMA retort;', c.oid::regclass), ' '
      ORDER BY c.relname)
    FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
    WHERE n.nspname = (parse_ident('retort.state'))[1] AND c.relkind = 'r'
      AND c.relname IN ('applied', 'intent', 'log', 'progress', 'state'));
  found := (SELECT min(o.name) FROM (
      SELECT c.oid::regclass::text AS name
        FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
        WHERE n.nspname = (parse_ident('retort.state'))[1]
          AND (c.relkind IN ('r', 'p', 'm', 'f', 'c')
              AND c.relname NOT IN ('applied', 'intent', 'log', 'progress', 'state')
            OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend AS d
              WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
      UNION ALL SELECT t.oid::regtype::text
        FROM pg_namespace AS n JOIN pg_type AS t ON t.typnamespace = n.oid
        WHERE n.nspname = (parse_ident('retort.state'))[1] AND t.typtype IN ('d', 'e', 'r')
      UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = place AND NOT is_there
    ) AS o (name));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the schema %s has objects that are not the ledger''s, such as %s',
        place::regnamespace, found),
      HINT = coalesce(replace(apart, '%s', moves), elsewhere);
  END IF;

  -- One role may be added to those that may own it: where its parts belong to several, the one that
  -- owns most of them gets the others.
  WITH part AS (SELECT o.what, o.object, o.is_routine, r.rolname AS owner FROM (
      SELECT 'its schema', format('SCHEMA %s', place::regnamespace), false, n.nspowner
        FROM pg_namespace AS n WHERE n.oid = place
      UNION ALL SELECT c.relname, CASE WHEN c.relkind IN ('r', 'v')
          THEN format('TABLE %s', c.oid::regclass) END, false, c.relowner
        FROM pg_class AS c WHERE c.relnamespace = place
      UNION ALL SELECT p.proname, 'ROUTINE', true, p.proowner
        FROM pg_proc AS p WHERE p.pronamespace = place
    ) AS o (what, object, is_routine, owner) JOIN pg_roles AS r ON r.oid = o.owner
    WHERE NOT r.rolsuper AND r.rolname NOT IN (SESSION_USER, CURRENT_USER)
      AND r.oid <> (SELECT d.datdba FROM pg_database AS d WHERE d.datname = current_database()))
  SELECT (array_agg(concat(p.what, ' is owned by the role ', p.owner))
      FILTER (WHERE p.owner <> ALL (owners)))[1], m.most,
    string_agg(DISTINCT CASE WHEN p.is_routine THEN m.routines
        ELSE format('ALTER %s OWNER TO %I', p.object, m.most) END, '; ')
      FILTER (WHERE p.owner <> m.most AND p.object IS NOT NULL),
    string_agg(DISTINCT CASE WHEN p.is_routine THEN m.other_routines
        ELSE format('ALTER %s OWNER TO %I', p.object, m.other) END, '; ')
      FILTER (WHERE p.owner <> ALL (owners) AND p.object IS NOT NULL)
    INTO found, stranger, way_out, other
    FROM part AS p, (SELECT q.most, q.other,
        format('DO %L', format(all_routines, place::regnamespace, q.most)) AS routines,
        format('DO %L', format(all_routines, place::regnamespace, q.other)) AS other_routines
      FROM (SELECT mode() WITHIN GROUP (ORDER BY o.owner) AS most,
          coalesce(owners[cardinality(owners)], SESSION_USER::text) AS other
        FROM part AS o) AS q) AS m
    GROUP BY m.most;
  IF found IS NOT NULL THEN
    -- Who may read it and not write to it is not to own it.
    only_reads := EXISTS (SELECT FROM pg_class AS c
      WHERE c.relnamespace = place AND c.relname = 'applied'
        AND has_table_privilege(c.oid, 'SELECT') AND NOT has_table_privilege(c.oid, 'INSERT'));
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', CASE
          WHEN way_out IS NOT NULL THEN 'If ' || stranger || ' may own the ledger, '
          WHEN only_reads THEN 'If ' || stranger || ' is the role that migrates, '
          ELSE format('If migrations are to run as %I, set "role": %s in the config file, or name '
            'the environment that sets it with -n. If others are to migrate, and that role may '
            'own the ledger, ', stranger, to_json(stranger::text)) END,
        'give it the parts of others, as a superuser: ' || way_out || '; and ',
        'name it in the config file: "ledger": {"owner": ', to_json(stranger::text), '}.',
        CASE WHEN NOT only_reads THEN concat(' A script must then be written again.',
          ' If it may not, and nobody migrates as it, as a superuser, run: ' || other) END);
  END IF;

  IF NOT is_there AND expected IN ('optional', 'older') THEN
    RETURN;
  ELSIF NOT is_there THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this database has no ledger: table retort.state does not exist',
      HINT = replace(absent, '%m', migrate);
  END IF;

  -- Its tables have no code that others would run.
  SELECT concat(c.relname, ' ', w.what), w.way_out INTO found, way_out
    FROM pg_class AS c, LATERAL (
      SELECT 'is not a plain table', changed WHERE c.relkind <> 'r'
      UNION ALL SELECT 'is unlogged', format('A crash would empty it. Run: '
          'ALTER TABLE %s SET LOGGED', c.oid::regclass) WHERE c.relpersistence <> 'p'
      UNION ALL SELECT 'has row-level security', strange WHERE c.relrowsecurity
      UNION ALL SELECT concat('has the trigger ', t.tgname), strange FROM pg_trigger AS t
        WHERE t.tgrelid = c.oid
      UNION ALL SELECT concat('has the rule ', r.rulename), strange FROM pg_rewrite AS r
        WHERE r.ev_class = c.oid
      UNION ALL SELECT 'inherits, or is inherited', strange FROM pg_inherits AS i
        WHERE c.oid IN (i.inhrelid, i.inhparent)
      UNION ALL SELECT 'has an expression index', strange FROM pg_index AS x
        WHERE x.indrelid = c.oid AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)
    ) AS w (what, way_out)
    WHERE c.relnamespace = place AND c.relname IN ('applied', 'state', 'intent', 'log') LIMIT 1;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', way_out);
  END IF;

  IF rights IS NOT NULL THEN
    lacking := concat_ws('; ',
      CASE WHEN NOT has_schema_privilege(place, 'USAGE') THEN 'USAGE on the schema' END,
      (SELECT string_agg(format('%s on %s', l.rights, l.name), '; ' ORDER BY l.name) FROM (
        SELECT c.relname AS name, string_agg(n.privilege, ', ' ORDER BY n.privilege) AS rights
        FROM (SELECT split_part(r.name, ' ', 1), split_part(r.name, ' ', 2) FROM unnest(rights || '{
            applied SELECT, intent SELECT, intent UPDATE, intent DELETE, log SELECT, log INSERT,
            state SELECT, state UPDATE}'::text[]) AS r (name)) AS n (name, privilege)
          JOIN pg_class AS c ON c.relnamespace = place AND c.relname = n.name
        WHERE NOT has_table_privilege(c.oid, n.privilege) GROUP BY c.relname) AS l),
      -- A repair calls none of them.
      (SELECT format('EXECUTE on %s of its routines', count(*)) FROM pg_proc AS p
        WHERE p.pronamespace = place AND NOT has_function_privilege(p.oid, 'EXECUTE')
          AND expected <> 'inconsistent' HAVING count(*) > 0));
    -- If a repair can read the rows, these decide what else it lacks: it is told both at once.
    IF lacking <> '' AND NOT (expected = 'inconsistent' AND has_schema_privilege(place, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = place
          AND c.relname IN ('applied', 'intent', 'state')
          AND NOT has_table_privilege(c.oid, 'SELECT'))) THEN
      RAISE EXCEPTION USING ERRCODE = '42501',
        MESSAGE = format('retort: %s may not write to the ledger %s, and lacks: %s', CURRENT_USER,
          place::regnamespace, lacking),
        HINT = format('Nothing was changed. As the owner of the ledger, run: '
          'GRANT USAGE ON SCHEMA %1$s TO %2$I; '
          'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %1$s TO %2$I; '
          'GRANT EXECUTE ON ALL ROUTINES IN SCHEMA %1$s TO %2$I', place::regnamespace,
          CURRENT_USER);
    END IF;
  END IF;

  -- The format is read before its tables: another session may be upgrading the ledger.
  IF to_regclass('retort.state') IS NOT NULL THEN
    format := (SELECT max(s.format) FROM retort.state AS s);
  END IF;
  present := ARRAY(SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = place
    AND c.relname IN ('applied', 'state', 'intent', 'log'));
  -- Format 1 has no intent: the ledger was upgraded since, or the number was changed by hand.
  IF format < 2 AND 'intent' = ANY (present) THEN
    format := 2;
  END IF;
  IF format > 2 OR format < 2 AND expected <> 'older' THEN
    RAISE EXCEPTION USING ERRCODE = 'RT002', DETAIL = format,
      MESSAGE = format('retort: format 2 of the ledger is needed; '
        'the ledger %s has format %s', place::regnamespace, format),
      HINT = CASE WHEN format < 2 THEN concat('Nothing was changed. Upgrade it with: ', migrate,
          ' ensure-version (--sql writes a script)')
        ELSE 'Nothing was changed. Use the version of migrate that upgraded it to that format, or '
          'a newer one: this one supports no format after 2.' END;
  ELSIF format < 2 THEN
    RETURN;
  END IF;

  -- Its columns are those of this format, and have no code either. One that others have added is
  -- left alone where rows are written without it; where one is missing, it may be that, renamed.
  -- Format 1 had defaults and checks of its own.
  SELECT w.what, w.way_out INTO found, way_out
    FROM pg_class AS c, LATERAL (
      SELECT 1, format('the column %s is missing', n.name), changed
        FROM unnest(filled || nullable) AS n (name)
        WHERE split_part(n.name, '.', 1) = c.relname AND NOT EXISTS (SELECT FROM pg_attribute AS a
          WHERE a.attrelid = c.oid AND a.attname = split_part(n.name, '.', 2)::name)
      UNION ALL SELECT 2, concat('the column ', n.name, ' ',
          CASE WHEN NOT f.is_own THEN 'is not the ledger''s, and ' END, f.fault),
        CASE WHEN f.is_own AND f.is_set
          THEN format('Run: ALTER TABLE %s ALTER %I %s', c.oid::regclass, a.attname, f.undo)
          WHEN f.is_own THEN changed
          ELSE concat(format('Remove it: ALTER TABLE %s DROP COLUMN %I', c.oid::regclass,
            a.attname), CASE WHEN f.is_set THEN format('; or keep what it contains: '
              'ALTER TABLE %1$s ALTER %2$I DROP DEFAULT, ALTER %2$I DROP NOT NULL',
              c.oid::regclass, a.attname) END) END
        FROM pg_attribute AS a
          CROSS JOIN LATERAL (SELECT concat(c.relname, '.', a.attname)) AS n (name)
          CROSS JOIN LATERAL (SELECT n.name = ANY (filled || nullable), v.*
            FROM (VALUES (a.attgenerated <> '', 'is generated', false, NULL),
              ((SELECT t.typtype FROM pg_type AS t WHERE t.oid = a.atttypid) = 'd',
                'has a domain as its type', false, NULL),
              (a.atthasdef, 'has a default', true, 'DROP DEFAULT'),
              (a.attnotnull AND a.attidentity = '' AND n.name <> ALL (filled), 'is NOT NULL',
                true, 'DROP NOT NULL')) AS v (is_so, fault, is_set, undo)
            WHERE v.is_so LIMIT 1) AS f (is_own, is_so, fault, is_set, undo)
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT 2, concat(c.relname, ' has the constraint ', k.conname), strange
        FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype NOT IN ('p', 'n')
      UNION ALL SELECT 2, 'log has no identity in its column id', format('A copy of the tables '
          'leaves it out. Add it, with the number after the last: ALTER TABLE %s ALTER id '
          'ADD GENERATED ALWAYS AS IDENTITY (START WITH ...)', c.oid::regclass)
        FROM pg_attribute AS a
        WHERE c.relname = 'log' AND a.attrelid = c.oid AND a.attname = 'id' AND a.attidentity = ''
    ) AS w (rank, what, way_out)
    WHERE c.relnamespace = place AND c.relname = ANY (present) AND 'intent' = ANY (present)
    ORDER BY w.rank LIMIT 1;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', way_out);
  END IF;

  -- What a dump without data, a TRUNCATE or a change by hand leaves behind.
  found := (SELECT string_agg(t.name, ', ')
    FROM unnest('{applied, state, intent, log}'::text[]) AS t (name) WHERE t.name <> ALL (present));
  IF present @> '{applied, state, intent}' THEN
    -- In one query, so of one moment: another session may be migrating.
    SELECT s.n = 0 AND a.n = 0, array_remove(ARRAY[
        CASE WHEN s.n = 0 AND a.n = 0 THEN 'its tables are empty'
          WHEN s.n <> 1 THEN format('state should have 1 row, but has %s', s.n)
          WHEN s.revisions <> a.n
            THEN format('the number of rows in applied should be %s by the tally in state, '
              'but is %s', s.revisions, a.n)
          WHEN s.digest <> a.digest
            THEN 'the revisions in applied do not match the tally in state'
          WHEN s.format < 2
            THEN format('state has format %s, but the tables are those of format 2', s.format) END,
        CASE WHEN i.n > 1 THEN format('intent should have at most 1 row, but has %s', i.n) END,
        i.wrong], NULL), i.possible > 1
      INTO is_empty, wrong, is_undecided
      FROM (SELECT count(*) AS n, max(t.revisions) AS revisions, max(t.digest) AS digest,
          max(t.format) AS format FROM retort.state AS t) AS s,
        (SELECT count(*) AS n, coalesce(sum(('x' || left(encode(sha256(
              convert_to(t.revision, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0) AS digest
          FROM retort.applied AS t) AS a,
        (SELECT count(*) AS n, count(*) FILTER (WHERE NOT c.contradicts) AS possible,
            string_agg(CASE t.direction
              WHEN 'up' THEN format('the upgrade to %s is under way, but it is applied', t.revision)
              ELSE format('the downgrade of %s is under way, but it is not applied', t.revision)
              END, '; ' ORDER BY t.revision) FILTER (WHERE c.contradicts) AS wrong
          FROM retort.intent AS t CROSS JOIN LATERAL (SELECT (t.direction = 'up')
            = EXISTS (SELECT FROM retort.applied AS x WHERE x.revision = t.revision))
            AS c (contradicts)) AS i;
    IF cardinality(wrong) > 0 THEN
      parts := '{rows}';
    END IF;
  ELSE
    parts := '{rows}';
  END IF;
  IF found IS NOT NULL THEN
    parts := 'tables'::text || parts;
    wrong := concat('these tables are missing: ', found) || wrong;
  END IF;
  keyless := ARRAY(SELECT c.relname::text FROM pg_class AS c
    WHERE c.relnamespace = place AND c.relname = ANY (present)
      AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'p')
    ORDER BY c.relname);
  IF keyless <> '{}' THEN
    parts := parts || 'keys'::text;
    wrong := wrong || concat('these tables have no primary key: ',
      array_to_string(keyless, ', '));
  END IF;
  -- Of a row that was restored twice a repair cannot tell which to keep: state is written anew.
  FOR repeated IN SELECT c.relname AS name, c.oid::regclass AS relation, a.attname AS key
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = place AND c.relname = ANY (keyless)
      AND (c.relname, a.attname) IN (('applied', 'revision'), ('log', 'id'))
      AND has_table_privilege(c.oid, 'SELECT') ORDER BY c.relname DESC
  LOOP
    several := format('SELECT %1$I FROM %2$s GROUP BY %1$I HAVING count(*) > 1', repeated.key,
      repeated.relation);
    EXECUTE format('SELECT EXISTS (%s)', several) INTO is_several;
    IF is_several THEN
      wrong := wrong || format('several rows of %s have the same %s', repeated.name, repeated.key);
      by_hand := format('See: SELECT ctid, * FROM %1$s WHERE %2$I IN (%3$s) ORDER BY %2$I; '
        'of each, delete all but one: DELETE FROM %1$s WHERE ctid = ...', repeated.relation,
        repeated.key, several);
    END IF;
  END LOOP;
  found := (SELECT encode(sha256(convert_to(string_agg(
      concat_ws('|', p.proname, l.lanname, p.prosecdef, array_to_string(p.proconfig, ','),
        p.prosrc), chr(10) ORDER BY p.proname COLLATE "C"), 'UTF8')), 'hex')
    FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang WHERE p.pronamespace = place);
  IF found IS DISTINCT FROM procedures THEN
    other := (SELECT min(p.oid::regprocedure::text) FROM pg_proc AS p
      WHERE p.pronamespace = place AND p.proname <> ALL (own));
    IF other IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = format('retort: the schema %s has objects that are not the ledger''s, such as %s',
          place::regnamespace, other),
        HINT = coalesce(replace(apart, '%s', moves), elsewhere);
    END IF;
    parts := parts || 'procedures'::text;
    wrong := wrong || CASE WHEN found IS NULL THEN 'its procedures are missing'
      ELSE 'its procedures are not the expected ones' END;
  END IF;
  -- The rows of log may have come without its sequence.
  IF 'log' = ANY (present) THEN
    sequence := pg_get_serial_sequence('retort.log', 'id');
    IF has_sequence_privilege(sequence, 'SELECT') AND has_table_privilege('retort.log', 'SELECT')
    THEN
      EXECUTE format('SELECT s.last_value + s.is_called::integer <= (SELECT max(l.id) '
        'FROM retort.log AS l) FROM %s AS s', sequence) INTO is_behind;
    END IF;
  END IF;
  IF is_behind THEN
    PERFORM set_config('retort_ledger.behind', format('the ledger %s is inconsistent: '
      'the sequence of log is behind its rows', place::regnamespace), true);
    -- That alone does not stop who only reads: it is so for good where they are replicated.
    IF parts IS NOT NULL OR rights IS NOT NULL OR expected = 'inconsistent' THEN
      parts := parts || 'sequence'::text;
      wrong := wrong || 'the sequence of log is behind its rows'::text;
    END IF;
  END IF;
  found := CASE WHEN parts IS NOT NULL THEN format('the ledger %s is inconsistent: %s',
    place::regnamespace, array_to_string(wrong, '; ')) END;
  -- The rows of applied decide between a step that they contradict and one that they do not;
  -- between others a person must: then nothing can be repaired, and the error has no DETAIL.
  IF is_undecided THEN
    by_hand := 'See: SELECT * FROM retort.intent; find out which of them is true, and delete the '
      'others: DELETE FROM retort.intent WHERE revision = ...';
  END IF;
  IF by_hand IS NOT NULL AND (expected <> 'inconsistent' OR rights IS NOT NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT003', MESSAGE = concat('retort: ', found),
      HINT = concat('Nothing was changed. ', by_hand,
        CASE WHEN cardinality(wrong) > 1 THEN format('; then run: %s repair', migrate) END);
  END IF;
  IF expected = 'inconsistent' AND rights IS NOT NULL THEN
    -- To repair more than its rows: what may be dropped, and created again.
    lacking := concat_ws('; ', nullif(lacking, ''),
      CASE WHEN parts && '{tables, keys, procedures}'::text[]
          AND NOT has_schema_privilege(place, 'CREATE')
        THEN 'CREATE on the schema' END,
      (SELECT format('ownership of %s of its views and routines', count(*)) FROM (
          SELECT c.relowner FROM pg_class AS c WHERE c.relnamespace = place AND c.relkind = 'v'
          UNION ALL SELECT p.proowner FROM pg_proc AS p WHERE p.pronamespace = place) AS o (owner)
        WHERE 'procedures' = ANY (parts) AND NOT pg_has_role(o.owner, 'USAGE')
          AND NOT pg_has_role((SELECT n.nspowner FROM pg_namespace AS n WHERE n.oid = place),
            'USAGE')
        HAVING count(*) > 0),
      (SELECT format('ownership of %s', string_agg(c.relname, ', ' ORDER BY c.relname))
        FROM pg_class AS c WHERE c.relnamespace = place AND c.relname = ANY (keyless)
          AND NOT pg_has_role(c.relowner, 'USAGE') HAVING count(*) > 0),
      CASE WHEN 'sequence' = ANY (parts) AND NOT has_sequence_privilege(sequence, 'UPDATE')
        THEN 'UPDATE on the sequence of log' END);
    IF lacking <> '' THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = format('retort: %s may not repair the ledger %s, and lacks: %s', CURRENT_USER,
          place::regnamespace, lacking),
        HINT = format('Nothing was changed. As the owner of the ledger, run: %s repair --database '
          'URL; or the script that it writes with --sql.', migrate);
    END IF;
  END IF;
  IF expected = 'inconsistent' THEN
    PERFORM set_config('retort_ledger.inconsistent', coalesce(found, ''), true);
  ELSIF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT003',
      DETAIL = format('To be repaired: %s.', array_to_string(parts, ', ')),
      MESSAGE = concat('retort: ', found),
      HINT = concat('Nothing was changed. ', CASE
        WHEN is_empty THEN format('A dump without data (pg_dump --schema-only) or a TRUNCATE '
          'leaves it like this. Restore its rows; or run %1$s repair and record what is applied: '
          '%1$s stamp REVISION', migrate)
        WHEN 'tables' = ANY (parts) THEN format('Restore them from a backup, or create them anew, '
          'empty, with: %s repair', migrate)
        WHEN 'rows' = ANY (parts) THEN format('Rows were changed by hand or restored in part. See: '
          'SELECT * FROM retort.log ORDER BY id DESC; then rebuild the tally with: %s repair',
          migrate)
        WHEN 'keys' = ANY (parts) THEN format('A restore without its post-data section (pg_restore '
          '--section) leaves them out. Restore that section, or create them with: %s repair',
          migrate)
        WHEN 'procedures' = ANY (parts) THEN format('They were changed by hand, omitted from a '
          'restore, or made by another version of migrate. Restore them with: %s repair', migrate)
        ELSE format('A restore of data alone, or logical replication, leaves it behind. Set it '
          'with: %s repair; or, as the owner of the ledger, run: SELECT setval(%L, '
          '(SELECT max(id) FROM %s.log));', migrate, sequence, place::regnamespace) END);
  END IF;
EXCEPTION WHEN OTHERS OR query_canceled THEN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  WHILE releases LOOP
    held := (SELECT l.mode FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid = pg_backend_pid()
        AND (l.classid::bigint << 32 | l.objid::bigint) = key LIMIT 1);
    EXIT WHEN held IS NULL;
    PERFORM CASE held WHEN 'ShareLock' THEN pg_advisory_unlock_shared(key)
      ELSE pg_advisory_unlock(key) END;
  END LOOP;
  -- Only a lock that excludes all others is in the way of who reads; one that is waited for, too.
  IF SQLSTATE = '55P03' THEN
    SELECT nullif(concat(
        regexp_replace(string_agg(DISTINCT
          coalesce('pid ' || concat_ws(', ', l.pid,
              nullif(a.application_name, ''), a.usename, host(a.client_addr),
              CASE WHEN a.state LIKE 'idle%'
                AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END,
              'for ' || date_trunc('second', clock_timestamp() - a.xact_start),
              rtrim(left(nullif(a.query, '<insufficient privilege>'), 60), '; ')),
              'a prepared transaction'),
          '; '), '[[:cntrl:]]+', ' ', 'g')
      ), ''), nullif(concat(
        max(format('Nothing was changed. Wait until it is done and try '
          'again. The session of pid %s is idle: if nobody goes on with it, end it: '
          'SELECT pg_terminate_backend(%1$s);', l.pid))
          FILTER (WHERE
          CASE WHEN a.state LIKE 'idle%'
            AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END
          IS NOT NULL)
      ), '')
      INTO found, way_out
      FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
      WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND l.relation IN (SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = place);
    RAISE EXCEPTION USING ERRCODE = SQLSTATE,
      MESSAGE = format('retort: the ledger %s is locked by %s', place::regnamespace,
        coalesce(found, 'a session that has ended since')),
      HINT = coalesce(way_out, 'Nothing was changed. Wait until it is done and try again.');
  END IF;
  RAISE;
END
$body$;
$guard$, true)
  AS retort_facts \gset
-- What the run would say of what is applied, in the words of its own check.
SELECT pg_catalog.set_config('retort.state', $state$
SELECT * FROM retort.state_fault('{}', '{}', 3, 1401614897665169694, 'migrate upgrade %s:c --sql',
  steps => '{a,b,c}',
  codes => '{
  "a": "a9f988b4444cbe189d0f82570a2a4fb7078eb6daa8ff5e96948a7f793d1bfa42",
  "b": "ceec81c55b551fccdd528a83b392bb22b5e4c6e693ff423d0d4b722d02995079",
  "c": "83afaa1f802ebbe68790558d9538895f4deecf619cd66d90a383ecaecc86021d"}')
$state$, true)
  AS retort_facts \gset
DO $body$
DECLARE
  facts CONSTANT pg_catalog.jsonb :=
    pg_catalog.current_setting('retort.preflight')::pg_catalog.jsonb;
  version CONSTANT pg_catalog.int4 := pg_catalog.current_setting('server_version_num');
  ledger pg_catalog.text;
  migrator pg_catalog.name;
  role_oid pg_catalog.oid;
  who pg_catalog.text;
  asked pg_catalog.text;
  about pg_catalog.text;
  mark pg_catalog.text;
  rights pg_catalog.text;
  all_rights pg_catalog.text[];
  is_allowed boolean;
  own_role record;
  said pg_catalog.jsonb;
  is_done boolean;
  may_set boolean;
  was pg_catalog.text;
  kind pg_catalog.text;
  tables pg_catalog.text[];
  is_looked_up boolean;
  further pg_catalog.jsonb;
  done pg_catalog.text[] := '{}';
  is_begun boolean := false;
  hint pg_catalog.text;
  ok boolean;
  found pg_catalog.text;
  heads pg_catalog.text[];
  unfinished pg_catalog.text;
  is_unknown boolean;
  state record;
  item pg_catalog.jsonb;
  object oid;
  owner oid;
  each record;
  next_schema pg_catalog.text;
  own_path pg_catalog.text[];
  paths pg_catalog.jsonb;
  path pg_catalog.text[];
  lies_in pg_catalog.text;
  label pg_catalog.text;
  report pg_catalog.jsonb := '[]';
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ledger := facts ->> 'ledger';
  migrator := coalesce(facts ->> 'role', CURRENT_USER);
  role_oid := (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = migrator);
  may_set := pg_has_role(CURRENT_USER, role_oid,
    CASE WHEN version < 160000 THEN 'MEMBER' ELSE 'SET' END);

  -- Where am I?
  report := report || jsonb_build_array(
    jsonb_build_array(CASE WHEN pg_is_in_recovery() OR version < (facts ->> 'minimum')::integer
      OR current_setting('default_transaction_read_only') = 'on' THEN 'X' END, 'server',
      concat(format('PostgreSQL %s at %s, %s',
        current_setting('server_version'),
        coalesce(format('%s:%s', host(inet_server_addr()), inet_server_port()), 'a socket'),
        CASE WHEN pg_is_in_recovery() THEN 'a standby, which cannot be changed'
          WHEN current_setting('default_transaction_read_only') = 'on'
            THEN 'the primary, but read-only: default_transaction_read_only is on'
          ELSE 'the primary' END), CASE WHEN version < (facts ->> 'minimum')::integer
          THEN format('; %s or later is needed', (facts ->> 'minimum')::integer / 10000) END)),
    jsonb_build_array(CASE WHEN current_database() <> facts ->> 'database' THEN 'X' END,
      'database', concat(current_database(),
        ', but the script is for ' || nullif(facts ->> 'database', current_database()))),
    jsonb_build_array(CASE WHEN SESSION_USER <> facts ->> 'connected'
      OR may_set IS NOT TRUE THEN 'X' END, 'role',
      concat(SESSION_USER, ', but the script is for ' || nullif(facts ->> 'connected',
        SESSION_USER), '; SQL runs as ' || nullif(migrator, SESSION_USER),
        CASE WHEN may_set IS NULL THEN ', which does not exist'
          WHEN NOT may_set THEN format(', which it may not set; as a superuser, run: '
            'GRANT %I TO %I', migrator, SESSION_USER) END)));
  IF length('
') <> 1 THEN
    report := report || jsonb_build_array(jsonb_build_array('X', 'script', 'was changed: '
      'its line ends were converted. Copy the file in binary mode, not as text.'));
  END IF;
  IF current_setting('retort_preflight.session', true) <> '' THEN
    report := report || jsonb_build_array(
      jsonb_build_array('X', 'session', current_setting('retort_preflight.session')));
  END IF;

  -- The ledger: may it be used, and is it in the state that the script starts from? The guard has
  -- found it to be as the script expects it, if anything is there.
  object := to_regnamespace(ledger);
  IF may_set IS NOT TRUE THEN
    ok := false;
    found := format('cannot be read as %s', migrator);
  ELSE
    was := current_setting('role');
    BEGIN
      PERFORM set_config('role', migrator, true);
      EXECUTE current_setting('retort.guard');
    EXCEPTION WHEN SQLSTATE 'RT001' OR SQLSTATE 'RT002' OR SQLSTATE 'RT003'
        OR insufficient_privilege OR lock_not_available THEN
      GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
      ok := false;
      -- A long hint would make each line of the report as wide; the run says it whole.
      found := concat_ws('. ', replace(SQLERRM, 'retort: ', ''), CASE WHEN length(hint) < 600
        THEN nullif(replace(hint, 'Nothing was changed. ', ''), '')
        ELSE concat_ws(' ', 'What to do is told by the run, or by: migrate',
          nullif(current_setting('retort_script.flags', true), ''), 'status') END);
    END;
    PERFORM set_config('role', was, true);
  END IF;
  tables := ARRAY(SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = object
    AND c.relname IN ('applied', 'intent', 'state', 'log'));
  IF ok IS NOT NULL THEN
    NULL;
  ELSIF 'applied' <> ALL (tables) AND 'state' <> ALL (tables) THEN
    found := 'there is none; the script creates it';
    who := CASE WHEN object IS NULL
      AND NOT has_database_privilege(role_oid, current_database(), 'CREATE') THEN 'the database'
      WHEN NOT has_schema_privilege(role_oid, object, 'CREATE') THEN 'schema ' || ledger END;
    IF who IS NOT NULL THEN
      ok := false;
      found := format('%s, but %s lacks CREATE on %s', found, migrator, who);
    END IF;
  ELSIF cardinality(tables) < 4 THEN
    found := CASE WHEN facts ->> 'expected' = 'older'
      THEN 'of an older format; the script upgrades it' END;
  ELSE
    PERFORM set_config('role', migrator, true);
    EXECUTE format('SELECT ARRAY(SELECT a.revision FROM %1$s.applied AS a WHERE NOT EXISTS (SELECT
        FROM %1$s.applied AS b WHERE a.revision = ANY (b.parents || b.depends_on)) ORDER BY 1)',
      ledger) INTO heads;
    -- What the script asks before its first step, of the same routine: those of a ledger that it is
    -- about to repair may be missing.
    IF current_setting('retort.state') <> '' THEN
      EXECUTE current_setting('retort.state') INTO state;
      EXECUTE format('SELECT %1$s.unfinished(), ARRAY(SELECT m.id
          FROM jsonb_array_elements_text($1) AS m (id) WHERE NOT %1$s.is_pending(m.id, $2))',
        ledger) INTO unfinished, done USING facts -> 'may', facts ->> 'direction';
      is_done := state.is_done;
      ok := state.fault IS NULL;
      IF ok AND unfinished IS NOT NULL AND (facts ->> 'resumes')::boolean THEN
        EXECUTE format('SELECT o.outcome = ''unknown'' AND o.reason IS NULL AND o.remedy IS NULL
          FROM %s.outcome(NULL) AS o', ledger) INTO is_unknown;
        ok := NOT is_unknown;
      END IF;
      -- Of a long list of revisions the beginning is enough here.
      found := concat(CASE WHEN ok AND is_done THEN '; all of it is done already'
          WHEN NOT is_done THEN '; ' || left(state.fault, 600) END,
        CASE WHEN state.fault IS NULL
          THEN '; unfinished: ' || unfinished || (facts ->> 'unfinished') END,
        CASE WHEN is_unknown THEN '; the catalog does not show whether that statement was done, '
          'so that the script stops there: finish the step by hand, and CALL its end_upgrade or '
          'end_downgrade' END,
        '. ' || state.hint);
    END IF;
    PERFORM set_config('role', was, true);
    -- What its first steps take away is needed only where they are to be run.
    is_begun := done <> '{}' OR unfinished IS NOT NULL;
    found := concat('at ', coalesce(nullif(array_to_string(heads, ', '), ''), '<base>'), found);
  END IF;
  IF ok IS NOT FALSE AND facts ->> 'expected' = 'inconsistent' THEN
    found := concat_ws('; ', found, coalesce(
      nullif(current_setting('retort_ledger.inconsistent'), '') || '; the script repairs it',
      'nothing is to be repaired'));
  END IF;
  report := report
    || jsonb_build_array(jsonb_build_array(CASE WHEN NOT ok THEN 'X' END, 'ledger', found));

  -- Names without a schema, where the project sets no search_path, are looked up as the session
  -- begins: of that path, for each role that runs SQL, the schemas that are there and that it may
  -- use.
  own_path := ARRAY(SELECT coalesce(replace(m.part[1], '""', '"'), lower(m.part[2]))
    FROM pg_settings AS s,
      regexp_matches(s.reset_val, '"((?:[^"]|"")*)"|([^",\s]+)', 'g') AS m (part)
    WHERE s.name = 'search_path');
  paths := (SELECT jsonb_object_agg(r.rolname, ARRAY(SELECT n.nspname
      FROM unnest(own_path) WITH ORDINALITY AS p (name, place)
      JOIN pg_namespace AS n ON n.nspname = CASE p.name WHEN '$user' THEN r.rolname::text
        ELSE p.name END
      WHERE has_schema_privilege(r.oid, n.oid, 'USAGE') ORDER BY p.place))
    FROM pg_roles AS r WHERE r.rolname = migrator OR r.rolname::text IN (
      SELECT e ->> 'as' FROM jsonb_array_elements(facts -> 'needs') AS e));

  -- The tables, views and sequences that it touches, if anything is left to do: sizes, estimated
  -- rows, who has them now, invalid indexes.
  FOR item IN SELECT * FROM jsonb_array_elements(facts -> 'tables')
    WHERE is_done IS NOT TRUE LOOP
    path := CASE WHEN item ->> 3 = 'true' AND paths ? migrator
      THEN ARRAY(SELECT jsonb_array_elements_text(paths -> migrator))
      WHEN item ->> 3 = 'true' OR item ->> 3 IS NULL THEN (parse_ident(item ->> 0))[:1]
      ELSE coalesce((SELECT array_agg(p.name ORDER BY p.place) FROM jsonb_array_elements_text(
          to_jsonb((parse_ident(item ->> 0))[:1]) || (item -> 3)) WITH ORDINALITY
          AS p (name, place) JOIN pg_namespace AS n ON n.nspname = p.name
        WHERE has_schema_privilege(role_oid, n.oid, 'USAGE')), (parse_ident(item ->> 0))[:1]) END;
    SELECT c.oid, CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type'
        WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table' END, n.nspname
      INTO object, kind, lies_in
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY (path) AND c.relname = (parse_ident(item ->> 0))[2]
      ORDER BY array_position(path, n.nspname::text) LIMIT 1;
    label := CASE WHEN path = (parse_ident(item ->> 0))[:1] THEN item ->> 0
      ELSE concat(quote_ident(coalesce(lies_in, path[1])) || '.',
        quote_ident((parse_ident(item ->> 0))[2])) END;
    found := concat(label, ': ' || nullif(item ->> 1, ''));
    -- It may be meant in another schema than is thought: where names are looked up in the session's
    -- own path, in those that any of the roles finds there; else in any.
    IF object IS NULL THEN
      -- A step that is still to be done gives it that name.
      CONTINUE WHEN jsonb_array_length(item) = 5 AND item ->> 4 <> ALL (done);
      report := report || jsonb_build_array(jsonb_build_array(
        CASE WHEN NOT is_begun AND (item ->> 2 = 'as named' OR item ->> 2 = 'in any schema'
          AND NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relname = (parse_ident(item ->> 0))[2]
              AND (item ->> 3 IS DISTINCT FROM 'true' OR EXISTS (SELECT FROM jsonb_each(paths) AS p
                WHERE p.value ? n.nspname))))
        THEN 'X' ELSE '!' END, 'relation', label || ' is not there'));
      CONTINUE;
    END IF;
    -- What has no rows of its own is only named.
    IF kind IN ('table', 'materialized view') THEN
      BEGIN
        SELECT concat(found, CASE WHEN item ->> 1 <> '' THEN '; ' ELSE ': ' END,
            CASE WHEN sum(c.reltuples) = 1 THEN 'about 1 row, '
              WHEN sum(c.reltuples) > 0 THEN format('about %s rows, ', sum(c.reltuples)::bigint)
              ELSE 'rows not counted yet, ' END,
            pg_size_pretty(sum(pg_table_size(c.oid))), ', indexes ',
            pg_size_pretty(sum(pg_indexes_size(c.oid)))) INTO found
          FROM pg_class AS c WHERE c.oid = object
            OR c.oid IN (SELECT t.relid FROM pg_partition_tree(object) AS t WHERE t.isleaf);
      EXCEPTION WHEN lock_not_available THEN
        found := concat(found, '; its size cannot be read while it is locked');
      END;
    END IF;
    report := report || jsonb_build_array(jsonb_build_array(NULL, kind, found));
    FOR each IN SELECT string_agg(DISTINCT l.mode, ', ') AS modes,
        coalesce('pid ' || concat_ws(', ', l.pid,
            nullif(a.application_name, ''), a.usename, host(a.client_addr),
            CASE WHEN a.state LIKE 'idle%'
              AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END,
            'for ' || date_trunc('second', clock_timestamp() - a.xact_start),
            rtrim(left(nullif(a.query, '<insufficient privilege>'), 60), '; ')),
            'a prepared transaction')
        AS session
        FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.relation = object AND l.granted
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.pid IS DISTINCT FROM pg_backend_pid()
        GROUP BY 2 ORDER BY 2 LIMIT 5 LOOP
      report := report || jsonb_build_array(jsonb_build_array('!', 'lock',
        format('%s on %s: %s', each.modes, label, each.session)));
    END LOOP;
    report := report || coalesce((SELECT jsonb_agg(jsonb_build_array('!', 'index',
        format('%s is not valid: a build has failed, or is under way', x.indexrelid::regclass)))
      FROM pg_index AS x WHERE x.indrelid = object AND NOT x.indisvalid), '[]');
  END LOOP;

  -- What else may hold it up.
  report := report || coalesce((SELECT jsonb_agg(jsonb_build_array('!', 'migrator',
      concat('the lock of the ledger is held by ',
        coalesce('pid ' || concat_ws(', ', l.pid,
            nullif(a.application_name, ''), a.usename, host(a.client_addr),
            CASE WHEN a.state LIKE 'idle%'
              AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END,
            'for ' || date_trunc('second', clock_timestamp() - a.xact_start),
            rtrim(left(nullif(a.query, '<insufficient privilege>'), 60), '; ')),
            'a prepared transaction'),
        CASE WHEN
        CASE WHEN a.state LIKE 'idle%'
          AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END
        IS NOT NULL THEN format('; if nobody goes on with it, end it: '
          'SELECT pg_terminate_backend(%s);', l.pid) END)))
    FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.mode = 'ExclusiveLock' AND l.pid IS DISTINCT FROM pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint) = (facts ->> 'lock')::bigint), '[]');
  report := report || coalesce((SELECT jsonb_agg(jsonb_build_array('!', 'transaction', t.what))
    FROM (SELECT coalesce('pid ' || concat_ws(', ', l.pid,
        nullif(a.application_name, ''), a.usename, host(a.client_addr),
        CASE WHEN a.state LIKE 'idle%'
          AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END,
        'for ' || date_trunc('second', clock_timestamp() - a.xact_start),
        rtrim(left(nullif(a.query, '<insufficient privilege>'), 60), '; ')),
        'a prepared transaction') AS what
      FROM pg_stat_activity AS a CROSS JOIN LATERAL (SELECT a.pid) AS l
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
        AND a.xact_start < clock_timestamp() - interval '1 minute'
    UNION ALL SELECT format('prepared as %s by %s, for %s', p.gid, p.owner,
        date_trunc('second', clock_timestamp() - p.prepared))
      FROM pg_prepared_xacts AS p WHERE p.database = current_database()
    ORDER BY 1 LIMIT 5) AS t), '[]');
  IF NOT pg_has_role(CURRENT_USER, 'pg_read_all_stats', 'USAGE') THEN
    report := report || jsonb_build_array(jsonb_build_array(NULL, 'transaction', format(
      '%s cannot see how long those of other roles are open (pg_read_all_stats)', CURRENT_USER)));
  END IF;
  report := report || coalesce((SELECT jsonb_agg(jsonb_build_array(
      CASE WHEN r.replay_lag > interval '10 seconds' THEN '!' END, 'replica', concat(
        coalesce(nullif(r.application_name, ''), 'without a name'), CASE WHEN r.state IS NULL
          THEN format(', its lag is not visible to %s (pg_read_all_stats)', CURRENT_USER)
          ELSE concat(', ', r.state, ', ' || date_trunc('milliseconds', r.replay_lag) || ' behind')
          END)))
    FROM pg_stat_replication AS r), jsonb_build_array(jsonb_build_array(NULL, 'replica', 'none')));

  -- Roles, schemas and rights. What is not there is owned by nobody.
  FOR item IN SELECT * FROM jsonb_array_elements(facts -> 'needs')
    WHERE is_done IS NOT TRUE LOOP
    who := coalesce(item ->> 'as', migrator);
    asked := item ->> 'privilege';
    about := item ->> 'on';
    found := item ->> 'name';
    path := ARRAY[item ->> 'schema'];
    mark := CASE WHEN item ? 'maybe' THEN '!' ELSE 'X' END;
    -- PostgreSQL's own are in no path that is set.
    further := coalesce(item -> 'orIn', '[]') - 'pg_catalog';
    is_looked_up := item ? 'inServersPath' OR further <> '[]' AND about <> 'schema';
    IF further <> '[]' AND is_looked_up THEN
      path := coalesce((SELECT array_agg(p.name ORDER BY p.place) FROM jsonb_array_elements_text(
          to_jsonb(path) || further) WITH ORDINALITY AS p (name, place)
          JOIN pg_namespace AS n ON n.nspname = p.name
          JOIN pg_roles AS r ON r.rolname = who AND has_schema_privilege(r.oid, n.oid, 'USAGE')),
        path);
    ELSIF further <> '[]' THEN
      -- A schema of the path that the role may not use is passed over, too.
      CONTINUE WHEN asked = 'USAGE';
    END IF;
    IF item ? 'inServersPath' THEN
      CONTINUE WHEN EXISTS (SELECT
        FROM jsonb_array_elements_text(item -> 'inServersPath') AS m (name)
        WHERE m.name = ANY (own_path));
      IF paths ? who THEN
        path := ARRAY(SELECT jsonb_array_elements_text(paths -> who));
        found := CASE WHEN about = 'schema' THEN path[1] ELSE found END;
      END IF;
      IF found IS NULL THEN
        report := report || CASE WHEN asked = 'CREATE' THEN jsonb_build_array(jsonb_build_array(
          mark, 'schema', concat('search_path', coalesce(
            ' (' || nullif(array_to_string(own_path, ', '), '') || ')', ' is empty, and'),
            ' leads to no schema to make objects in (as ', who, ')'))) ELSE '[]' END;
        CONTINUE;
      END IF;
    END IF;
    -- PostgreSQL passes over the schemas of search_path that are not there.
    IF further <> '[]' AND NOT is_looked_up
      AND NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = found) THEN
      SELECT p.name INTO next_schema FROM jsonb_array_elements_text(item -> 'orIn')
        WITH ORDINALITY AS p (name, place) JOIN pg_namespace AS n ON n.nspname = p.name
        ORDER BY p.place LIMIT 1;
      IF next_schema IS NOT NULL THEN
        report := report || jsonb_build_array(jsonb_build_array('!', 'schema',
          format('%I does not exist; objects would be made in %I', found, next_schema)));
        found := next_schema;
        item := item || jsonb_build_object('text', format('CREATE on schema %I', found));
      END IF;
    END IF;
    label := quote_ident(path[1]) || '.';
    -- What is replaced is that of the schema in which it would be made.
    path := CASE WHEN item ? 'ifThere' THEN path[:1]
      ELSE path || CASE WHEN item -> 'orIn' ? 'pg_catalog' THEN '{pg_catalog}'::text[] END END;
    object := NULL;
    owner := NULL;
    lies_in := NULL;
    CASE about
      WHEN 'relation' THEN SELECT c.oid, c.relowner, n.nspname, c.relkind
        INTO object, owner, lies_in, kind
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relname = found AND n.nspname = ANY (path) AND (asked <> 'USAGE' OR c.relkind = 'S')
        ORDER BY array_position(path, n.nspname::text) LIMIT 1;
      WHEN 'schema' THEN SELECT n.oid, n.nspowner INTO object, owner FROM pg_namespace AS n
        WHERE n.nspname = found;
      WHEN 'type' THEN SELECT t.oid, t.typowner, n.nspname INTO object, owner, lies_in
        FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
        WHERE t.typname = found AND n.nspname = ANY (path)
        ORDER BY array_position(path, n.nspname::text) LIMIT 1;
      -- Of several with one name that which is meant, or that which the role may use.
      WHEN 'routine' THEN SELECT p.oid, p.proowner, n.nspname INTO object, owner, lies_in
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(t.typname ORDER BY a.place), '[]')
            = item -> 'arguments' AS is_meant
          FROM unnest(p.proargtypes) WITH ORDINALITY AS a (id, place)
          JOIN pg_type AS t ON t.oid = a.id) AS f
        WHERE p.proname = found AND n.nspname = ANY (path) AND (f.is_meant OR NOT item ? 'ifThere')
        ORDER BY f.is_meant DESC, CASE asked
            WHEN 'EXECUTE' THEN has_function_privilege(who, p.oid, 'EXECUTE')
            ELSE pg_has_role(who, p.proowner, 'USAGE') END DESC,
          array_position(path, n.nspname::text) LIMIT 1;
      WHEN 'extension' THEN SELECT e.oid, e.extowner INTO object, owner FROM pg_extension AS e
        WHERE e.extname = found;
      WHEN 'database' THEN SELECT d.oid, d.datdba INTO object, owner FROM pg_database AS d
        WHERE d.datname = coalesce(nullif(found, ''), current_database());
      WHEN 'role' THEN SELECT r.oid, r.oid INTO object, owner FROM pg_roles AS r
        WHERE r.rolname = found;
      WHEN 'language' THEN SELECT l.oid, l.lanowner INTO object, owner FROM pg_language AS l
        WHERE l.lanname = found;
      WHEN 'tablespace' THEN SELECT t.oid, t.spcowner INTO object, owner FROM pg_tablespace AS t
        WHERE t.spcname = found;
      ELSE NULL;
    END CASE;
    -- Of a relation that is said above. A name without a schema may be meant in another, and one
    -- that is called may be that of a type or of a column.
    IF object IS NULL AND about NOT IN ('server', 'parameter')
      AND (asked <> 'INSTALL' OR NOT EXISTS (
        SELECT FROM pg_available_extensions AS e WHERE e.name = found)) THEN
      IF asked <> 'INSTALL' THEN
        mark := CASE WHEN item ? 'mustExist' AND NOT is_begun THEN 'X' ELSE '!' END;
      END IF;
      CONTINUE WHEN about = 'relation' OR item ? 'ifThere'
        OR mark = '!' AND asked NOT IN ('CREATE', 'INSTALL') AND about NOT IN ('role', 'language')
        OR item ->> 'mustExist' = 'in any schema' AND CASE about
          WHEN 'type' THEN EXISTS (SELECT FROM pg_type AS t WHERE t.typname = found
            AND (NOT item ? 'inServersPath' OR t.typnamespace = 'pg_catalog'::regnamespace))
          WHEN 'routine' THEN EXISTS (SELECT FROM pg_proc AS p WHERE p.proname = found
            AND (NOT item ? 'inServersPath' OR p.pronamespace = 'pg_catalog'::regnamespace))
          ELSE false END
        OR asked IN ('EXECUTE', 'EXISTS') AND about = 'routine' AND (
          EXISTS (SELECT FROM pg_type AS t WHERE t.typname = found)
          OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attname = found));
      found := concat(label, quote_ident(found), CASE asked
        WHEN 'INSTALL' THEN ' is not available on this server' ELSE ' is not there' END);
      said := jsonb_build_array(jsonb_build_array(mark, about, found));
      report := report || CASE WHEN report @> said THEN '[]' ELSE said END;
      CONTINUE;
    END IF;
    SELECT r.oid, r.rolsuper, r.rolcreaterole, r.rolcreatedb INTO own_role
      FROM pg_roles AS r WHERE r.rolname = who;
    CONTINUE WHEN own_role.rolsuper IS NOT FALSE AND asked <> 'SAME OWNER';
    IF asked = 'DEFAULTS' THEN
      report := report || coalesce((SELECT jsonb_agg(jsonb_build_array(mark, 'missing',
          format('USAGE on %s (as %s)', s.id::regclass, who)) ORDER BY s.place)
        FROM (SELECT a.attname, s.oid AS id,
            dense_rank() OVER (ORDER BY a.attnum) AS place
          FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d
            ON d.adrelid = a.attrelid AND d.adnum = a.attnum
          LEFT JOIN pg_depend AS p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
            AND p.refclassid = 'pg_class'::regclass AND p.refobjid <> a.attrelid
          LEFT JOIN pg_class AS s ON s.oid = p.refobjid AND s.relkind = 'S'
          WHERE a.attrelid = object AND a.attnum > 0 AND NOT a.attisdropped) AS s
        WHERE s.id IS NOT NULL AND NOT has_sequence_privilege(who, s.id, 'USAGE, UPDATE')
          AND (item -> 'given' @> to_jsonb(s.attname) OR item -> 'given' @> to_jsonb(s.place))
            IS NOT TRUE), '[]');
      CONTINUE;
    END IF;
    -- PostgreSQL has one function for each kind of object, and all take the same.
    rights := 'has_' || CASE WHEN about = 'routine' THEN 'function'
      WHEN about <> 'relation' THEN about
      WHEN kind = 'S' AND asked IN ('USAGE', 'GRANT') THEN 'sequence'
      ELSE 'table' END || '_privilege';
    ok := CASE
      -- Before 15 it is enough to be a member of a role of PostgreSQL's own.
      WHEN asked IN ('OWNER', 'DROP', 'GRANT') THEN pg_has_role(who, owner,
        CASE WHEN version < 150000 AND about = 'role' AND found ^@ 'pg_' THEN 'MEMBER'
          ELSE 'USAGE' END)
      WHEN asked = 'SAME OWNER' THEN owner = own_role.oid
      WHEN asked = 'MAINTAIN' THEN pg_has_role(who, owner, 'USAGE')
        OR version >= 170000 AND has_table_privilege(who, object, asked)
      WHEN asked = 'MEMBER' THEN pg_has_role(who, owner,
        CASE WHEN version < 160000 THEN 'MEMBER' ELSE 'SET' END)
      WHEN asked IN ('ADMIN', 'SELF') THEN asked = 'SELF' AND object = own_role.oid
        OR (asked = 'ADMIN' OR own_role.rolcreaterole)
          AND pg_has_role(who, object, 'MEMBER WITH ADMIN OPTION')
        OR version < 160000 AND own_role.rolcreaterole
          AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.oid = object)
      WHEN asked = 'SUPERUSER' OR about = 'parameter' AND version < 150000 THEN false
      WHEN asked = 'CREATEROLE' THEN own_role.rolcreaterole
      WHEN asked = 'CREATEDB' THEN own_role.rolcreatedb
      WHEN asked = 'INSTALL' THEN object IS NOT NULL OR EXISTS (
        SELECT FROM pg_available_extension_versions AS v WHERE v.name = found
          AND (NOT v.superuser OR to_jsonb(v) ->> 'trusted' = 'true'
            AND has_database_privilege(who, current_database(), 'CREATE')))
      WHEN asked = 'EXISTS' THEN true
      WHEN asked = 'CREATE' AND lies_in IS NOT NULL THEN has_schema_privilege(who, lies_in, asked)
      -- That of the database is free.
      WHEN about = 'tablespace' AND object = (SELECT d.dattablespace FROM pg_database AS d
        WHERE d.datname = current_database()) THEN true
      WHEN about = 'language' AND NOT (SELECT l.lanpltrusted FROM pg_language AS l
        WHERE l.oid = object) THEN false
    END;
    IF asked = 'DROP' AND NOT ok THEN
      ok := (SELECT pg_has_role(who, n.nspowner, 'USAGE') FROM pg_namespace AS n
        WHERE n.nspname = lies_in);
    ELSIF asked = 'GRANT' AND NOT ok THEN
      -- With another right on it, PostgreSQL grants nothing, and warns.
      all_rights := CASE rights WHEN 'has_schema_privilege' THEN '{CREATE, USAGE}'
        WHEN 'has_function_privilege' THEN '{EXECUTE}' WHEN 'has_type_privilege' THEN '{USAGE}'
        WHEN 'has_language_privilege' THEN '{USAGE}' WHEN 'has_tablespace_privilege' THEN '{CREATE}'
        WHEN 'has_database_privilege' THEN '{CREATE, CONNECT, TEMPORARY}'
        WHEN 'has_sequence_privilege' THEN '{USAGE, SELECT, UPDATE}'
        ELSE '{SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER}' END;
      EXECUTE format('SELECT %1$I($1, $2, $3), %1$I($1, $2, $4)', rights) INTO ok, is_allowed
        USING who, object, array_to_string(all_rights, ' WITH GRANT OPTION, ')
          || ' WITH GRANT OPTION', array_to_string(all_rights, ', ');
      mark := CASE WHEN is_allowed THEN '!' ELSE mark END;
    ELSIF ok IS NULL AND about = 'parameter' THEN
      EXECUTE format('SELECT %I($1, $2, $3)', rights) INTO ok USING who, found, asked;
    ELSIF ok IS NULL AND object IS NOT NULL THEN
      EXECUTE format('SELECT %I($1, $2, $3)', rights) INTO ok USING who, object,
        array_to_string(asked || ARRAY(SELECT jsonb_array_elements_text(item -> 'or')), ', ');
      ok := ok OR about = 'relation' AND asked IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
        AND has_any_column_privilege(who, object, asked);
    END IF;
    CONTINUE WHEN ok IS NOT FALSE;
    -- Of two names, with the schema and without it, one place may come.
    said := jsonb_build_array(jsonb_build_array(mark, 'missing',
      concat(item ->> 'text',
        CASE WHEN NOT is_looked_up THEN NULL
          WHEN asked = 'CREATE' AND lies_in IS NOT NULL THEN ' ' || quote_ident(lies_in)
          ELSE concat(' ', CASE WHEN about <> 'schema' THEN quote_ident(coalesce(lies_in, path[1]))
            || '.' END, quote_ident(found)) END,
        ' (as ' || who || ')')));
    report := report || CASE WHEN report @> said THEN '[]' ELSE said END;
  END LOOP;
  IF NOT report @> '[["X"]]' THEN
    report := report || jsonb_build_array(jsonb_build_array(NULL, 'result',
      CASE WHEN report @> '[["!", "relation"]]' OR report @> '[["!", "missing"]]'
        THEN 'of what was looked at, nothing is certainly missing; see the lines with !'
        ELSE 'of what was looked at, nothing is missing' END));
  END IF;
  PERFORM set_config('retort.preflight', report::text, true);
END
$body$;
SELECT coalesce(r ->> 0, '') AS " ", r ->> 1 AS about,
  regexp_replace(r ->> 2, '[[:cntrl:]]+', ' ', 'g') AS found
  FROM jsonb_array_elements(current_setting('retort.preflight')::jsonb) AS r;
SELECT count(*) > 0 AS retort_fails
  FROM jsonb_array_elements(current_setting('retort.preflight')::jsonb) AS r
  WHERE r ->> 0 = 'X' \gset
COMMIT;
\endif

-- The settings of psql are restored.
\set ON_ERROR_STOP :retort_ON_ERROR_STOP \set ON_ERROR_ROLLBACK :retort_ON_ERROR_ROLLBACK
\set AUTOCOMMIT :retort_AUTOCOMMIT \set SINGLELINE :retort_SINGLELINE
\set SINGLESTEP :retort_SINGLESTEP \set FETCH_COUNT :retort_FETCH_COUNT \set QUIET :retort_QUIET
\unset retort_ON_ERROR_STOP \unset retort_ON_ERROR_ROLLBACK \unset retort_AUTOCOMMIT
\unset retort_SINGLELINE \unset retort_SINGLESTEP \unset retort_FETCH_COUNT \unset retort_QUIET
\unset retort_settings \unset retort_restored \unset retort_open \unset retort_pending
\unset retort_next \unset retort_facts \unset retort_preflight
\if :{?retort_fails}
\if :retort_fails
\set ON_ERROR_STOP on
DO $$BEGIN RAISE EXCEPTION 'retort: the script would fail: see the lines with X' USING HINT =
  'Nothing was changed.'; END$$;
\endif
\echo 'retort: preflight done, nothing was changed'
\unset retort_fails
\endif
\if :retort_passed \echo 'retort: done' \endif
\unset retort_passed
\endif
