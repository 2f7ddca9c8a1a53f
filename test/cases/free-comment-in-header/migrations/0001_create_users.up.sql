-- revision: a1
-- parent: none
-- message: create users
-- NOTE: ids are never reused

CREATE TABLE users (id bigint PRIMARY KEY);
