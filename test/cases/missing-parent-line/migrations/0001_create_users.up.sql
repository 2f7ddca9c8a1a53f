-- revision: a1
-- message: create users

CREATE TABLE users (id bigint PRIMARY KEY);
