-- revision: b

DROP INDEX CONCURRENTLY users_id;
