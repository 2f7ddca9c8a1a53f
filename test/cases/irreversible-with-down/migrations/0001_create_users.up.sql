-- revision: a1
-- parent: none
-- message: create users
-- irreversible: the old ids are gone

CREATE TABLE users (id bigint PRIMARY KEY);
