-- revision: a1
-- parent: none
-- message: create users
-- parent: b2

CREATE TABLE users (id bigint PRIMARY KEY);
