-- revision: e5
-- parent: none
-- irreversible: an example
-- replaces: a1, b2

CREATE TABLE users (id integer);
CREATE TABLE tags (id integer);
