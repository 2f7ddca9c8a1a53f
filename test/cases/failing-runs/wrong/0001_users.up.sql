-- revision: a1
-- parent: none
-- irreversible: an example

CREATE TABLE users (id integer);
ALTER TABLE usres ADD name text;
