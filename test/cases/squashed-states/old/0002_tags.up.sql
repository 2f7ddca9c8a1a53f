-- revision: b2
-- parent: a1

CREATE TABLE tags (id integer);
