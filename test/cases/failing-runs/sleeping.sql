-- Waits until the migration sleeps.
DO $$
BEGIN
  FOR i IN 1..300 LOOP
    EXIT WHEN EXISTS (SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event = 'PgSleep');
    PERFORM pg_stat_clear_snapshot(), pg_sleep(0.1);
  END LOOP;
END $$;
