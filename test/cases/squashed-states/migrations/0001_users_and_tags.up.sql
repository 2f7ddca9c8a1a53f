-- revision: c3
-- parent: none
-- replaces: a1, b2

CREATE TABLE users (id integer);
CREATE TABLE tags (id integer);
