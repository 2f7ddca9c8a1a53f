-- revision: 0001

DROP SCHEMA shop CASCADE;
