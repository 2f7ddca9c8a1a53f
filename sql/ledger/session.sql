-- Before a script does anything: stops if its session has anything that the script would end, drop
-- or ignore. What it resets here stays reset: the script resets it, too.

DO $body$
DECLARE
  -- psql sends each statement as a message of its own, and in the simple protocol.
  is_psql CONSTANT boolean := true;
  -- The project's.
  role CONSTANT pg_catalog.text := NULL;
  key bigint;
  roles pg_catalog.name[];
  found pg_catalog.text;
BEGIN
  IF pg_catalog.transaction_timestamp()
      OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp() THEN
    IF is_psql THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = 'retort: a transaction is already open in this session',
        HINT = 'Nothing was changed. End it with COMMIT or ROLLBACK, or start psql without -1 '
          '(--single-transaction).';
    END IF;
    -- In the extended protocol they differ in any case; only an open transaction forbids this.
    COMMIT;
  END IF;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

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
      HINT = 'Nothing was changed. Run: RESET SESSION AUTHORIZATION; RESET ROLE; or let the '
        'connection start with the role: PGOPTIONS=''-c role=...''';
  END IF;

  found := (SELECT string_agg(s.name, ', ' ORDER BY s.name) FROM pg_settings AS s
    WHERE s.source = 'session' AND s.setting <> s.reset_val
      AND s.name IN ('lock_timeout', 'statement_timeout', 'transaction_timeout',
        'idle_in_transaction_session_timeout', 'default_transaction_read_only'));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this session has settings that the script would not keep: %s',
        found),
      HINT = 'Nothing was changed. RESET them; or set them for the whole connection: '
        'PGOPTIONS=''-c statement_timeout=1min''';
  END IF;

  IF current_setting('transaction_read_only') = 'on' THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = CASE WHEN pg_is_in_recovery()
        THEN 'retort: this server is a standby, which is read-only'
        ELSE 'retort: this session is read-only: default_transaction_read_only is on' END,
      HINT = CASE WHEN pg_is_in_recovery()
        THEN 'Nothing was changed. Connect to the primary server.'
        ELSE 'Nothing was changed. Turn it off, or only for the connection: '
          'PGOPTIONS=''-c default_transaction_read_only=off''' END;
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
      HINT = 'Nothing was changed. Run the script in a session of its own.';
  END IF;
END
$body$;
