-- revision: f6
-- parent: a1
-- irreversible: an example
-- replaces: b2, c3

CREATE TABLE tags (id integer);
CREATE TABLE notes (id integer);
