-- revision: a1

DROP SCHEMA shop, blog CASCADE;
