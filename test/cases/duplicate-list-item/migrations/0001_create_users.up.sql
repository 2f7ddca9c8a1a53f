-- revision: a1
-- parent: none
-- message: create users
-- depends-on: b2, c3, b2

CREATE TABLE users (id bigint PRIMARY KEY);
