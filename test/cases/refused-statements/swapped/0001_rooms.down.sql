-- revision: a1
-- parent: none

CREATE TABLE rooms (id integer);
