-- revision: a1
-- parent: none

CREATE TABLE users (id integer, name text);
CREATE TABLE tags (id integer);
