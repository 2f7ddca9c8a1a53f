-- revision: a1
-- parent: none
-- message: create users
-- depends-on: b2,, c3

CREATE TABLE users (id bigint PRIMARY KEY);
