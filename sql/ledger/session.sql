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
  options pg_catalog.text;
BEGIN
  IF pg_catalog.transaction_timestamp()
      OPERATOR(pg_catalog.<>) pg_catalog.statement_timestamp() THEN
    IF is_psql THEN
      /* open_transaction */
    END IF;
    -- In the extended protocol they differ in any case; only an open transaction forbids this.
    COMMIT;
  END IF;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

  /* session_checks */

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
END
$body$;
