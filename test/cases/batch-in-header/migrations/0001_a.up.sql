-- revision: a1
-- parent: none

CREATE TABLE t (id bigint PRIMARY KEY, y int);
