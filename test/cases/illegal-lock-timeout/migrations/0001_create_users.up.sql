-- revision: a1
-- parent: none
-- message: create users
-- lock-timeout: 5 seconds

CREATE TABLE users (id bigint PRIMARY KEY);
