-- revision: a1

DROP SCHEMA shop CASCADE;
