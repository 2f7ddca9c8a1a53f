-- revision: a1
-- parent: none
-- irreversible: an example

SELECT pg_terminate_backend(pg_backend_pid());
