-- The relations of a database, with what the open transaction has done to each: the locks it holds, how often it has read
-- it, and the file it lies in.
SELECT c.oid::pg_catalog.int8::pg_catalog.text AS id,
  n.nspname::pg_catalog.text AS schema,
  c.relname::pg_catalog.text AS name,
  c.relfilenode::pg_catalog.int8::pg_catalog.text AS file,
  CASE WHEN c.relkind IN ('r', 'm', 'p') THEN pg_catalog.pg_stat_get_xact_numscans(c.oid) ELSE 0 END::pg_catalog.float8
    AS scans,
  ARRAY(
    SELECT l.mode::pg_catalog.text FROM pg_catalog.pg_locks l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation = c.oid
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  ) AS modes
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'v', 'S', 'f')
  AND n.nspname !~ '^(pg_|information_schema$)'
