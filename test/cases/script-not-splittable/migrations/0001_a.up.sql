-- revision: a
-- parent: none
-- transaction: none

CREATE TEMP TABLE list (id int);
VACUUM pg_class;
INSERT INTO list VALUES (1);
