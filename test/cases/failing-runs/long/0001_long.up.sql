-- revision: a1
-- parent: none
-- irreversible: an example

CREATE TABLE rooms (id integer);
SELECT pg_sleep(600);
