-- revision: a1-users
-- parent: none

CREATE TABLE users (id bigint PRIMARY KEY);
