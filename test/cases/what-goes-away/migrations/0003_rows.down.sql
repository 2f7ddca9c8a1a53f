-- revision: rows
SELECT purge(0);
DO $$ BEGIN EXECUTE 'ANALYZE ' || 'users'; END $$;
SELECT pg_stat_reset();
