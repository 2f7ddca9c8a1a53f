-- revision: a1
-- parent: none
-- message: create users
-- author: Ada

CREATE TABLE users (id bigint PRIMARY KEY);
