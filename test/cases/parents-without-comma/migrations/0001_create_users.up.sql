-- revision: a1
-- parent: b2 c3

CREATE TABLE users (id bigint PRIMARY KEY);
