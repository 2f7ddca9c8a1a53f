-- revision: a1
-- parent: none
-- irreversible: an example

CREATE TABLE users (id integer);
