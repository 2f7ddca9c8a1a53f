-- revision: a1
-- parent: none
-- message: create users
-- transaction: off

CREATE TABLE users (id bigint PRIMARY KEY);
