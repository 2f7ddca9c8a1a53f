-- revision: b2
-- parent: a1
-- irreversible: an example

CREATE TABLE tags (id integer);
