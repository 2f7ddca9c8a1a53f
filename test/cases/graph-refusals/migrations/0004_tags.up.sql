-- revision: d4
-- parent: b2

CREATE TABLE tags (id integer);
