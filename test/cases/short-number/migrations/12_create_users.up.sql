-- revision: a1
-- parent: none
-- message: create users

CREATE TABLE users (id bigint PRIMARY KEY);
