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
