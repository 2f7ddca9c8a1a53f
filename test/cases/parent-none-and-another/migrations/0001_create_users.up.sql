-- revision: a1
-- parent: none, b2

CREATE TABLE users (id bigint PRIMARY KEY);
