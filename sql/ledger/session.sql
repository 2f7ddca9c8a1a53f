-- Before a script does anything: stops if its session has anything that the script would end, drop
-- or ignore. What it resets here stays reset: the script resets it, too.

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
      /* open_transaction */
    END IF;
  END IF;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM set_config('retort_script.flags', flags, false);

  /* session_checks */

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
