-- revision: c3
-- parent: b2
-- irreversible: an example

CREATE TABLE notes (id integer);
