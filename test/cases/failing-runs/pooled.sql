-- As through a pooler in transaction mode: each statement may reach another session.
CREATE OR REPLACE FUNCTION pg_catalog.pg_backend_pid() RETURNS integer LANGUAGE sql VOLATILE
  AS 'SELECT (1 + random() * 1000000)::integer';
