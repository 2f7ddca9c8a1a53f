-- revision: a1
-- parent: none

CREATE TABLE users (id integer PRIMARY KEY, boss integer REFERENCES users DEFERRABLE INITIALLY DEFERRED);
