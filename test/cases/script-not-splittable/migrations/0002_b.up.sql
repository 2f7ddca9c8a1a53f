-- revision: b
-- parent: a
-- transaction: none

SET maintenance_work_mem = '1GB';
VACUUM pg_class;
